"""What a reader has given, from one picture to the next."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from fmviz.pictures.own import Own
from fmviz.pictures.strokes import Stroke

LINE = (Stroke(points=(200, 500, 800, 500)),)


def png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def dark_square() -> bytes:
    return png(np.pad(np.full((30, 20), 30, np.uint8), 15, constant_values=255))


def test_what_was_given_last_is_the_latest() -> None:
    own = Own()
    assert own.latest is None
    own.draw(LINE)
    drawn = own.latest
    assert drawn is not None
    own.take(dark_square(), "a.png")
    assert own.file is not None
    assert own.latest is own.file.prepared
    assert own.drawing == LINE
    own.draw((*LINE, *LINE))
    assert own.latest is not own.file.prepared


def test_a_file_that_cannot_be_used_leaves_none() -> None:
    own = Own()
    own.take(dark_square(), "a.png")
    own.take(b"no picture", "b.png")
    assert own.file is None
    assert own.latest is None
    assert "no picture" in own.problem
    own.take(dark_square(), "a.png")
    assert own.problem == ""
    own.forget()
    assert own.file is None
    assert own.latest is None


def test_a_picture_of_nothing_is_a_problem_and_empty_paper_is_none() -> None:
    own = Own()
    own.take(png(np.full((40, 40), 200, np.uint8)), "a.png")
    assert "nothing to be seen" in own.problem
    own.draw(LINE)
    own.draw(())
    assert own.latest is None
