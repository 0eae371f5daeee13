"""Drawings: from what a browser sends to ink on paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.pictures import strokes
from fmviz.pictures.strokes import EDGE, Stroke

LINE = Stroke(points=(200, 500, 800, 500), width=100, shade=40)


def test_a_drawing_goes_to_a_browser_and_back() -> None:
    drawing = (LINE, Stroke(points=(1, 2), filled=True))
    assert strokes.read(strokes.written(drawing)) == drawing


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "strokes",
        7,
        {"points": [1, 2]},
        [1],
        [{}],
        [{"points": []}],
        [{"points": [1, "x"]}],
        [{"points": [math.nan, 2]}],
        [{"points": [1, 10**9]}],
        [{"points": [1, 2], "width": 0}],
        [{"points": [1, 2], "shade": 256}],
        [{"points": [1, 2], "colour": "red"}],
        [{"points": [1, 2] * strokes.MAX_NUMBERS}],
        [{"points": [1, 2]}] * (strokes.MAX_STROKES + 1),
    ],
)
def test_anything_else_is_refused(sent: Any) -> None:
    with pytest.raises(ValueError, match="a drawing has at most 200 strokes"):
        strokes.read(sent)


def ink(*drawing: Stroke) -> np.ndarray:
    return strokes.drawn(drawing)[..., 0]


def test_no_strokes_are_white_paper() -> None:
    assert (ink() == 255).all()
    assert ink().shape == (EDGE, EDGE)


def test_a_line_has_its_place_width_and_shade() -> None:
    dark = ink(LINE) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    unit = EDGE / 1000
    assert rows[0] == pytest.approx(450 * unit, abs=1.5)
    assert rows[-1] == pytest.approx(550 * unit, abs=1.5)
    # Round ends go beyond the line's by half of its width.
    assert columns[0] == pytest.approx(150 * unit, abs=1.5)
    assert columns[-1] == pytest.approx(850 * unit, abs=1.5)
    assert ink(LINE)[EDGE // 2, EDGE // 2] == 40
    # A rectangle and two half circles.
    area = 600 * 100 + math.pi * 50**2
    assert dark.mean() == pytest.approx(area / 1000**2, rel=0.02)


def test_a_filled_stroke_is_an_area() -> None:
    square = (200, 200, 800, 200, 800, 800, 200, 800)
    outline, filled = (Stroke(points=square, width=20, filled=f) for f in (False, True))
    middle = EDGE // 2
    assert ink(outline)[middle, middle] == 255
    assert ink(filled)[middle, middle] == filled.shade
    assert (ink(filled) < 128).mean() == pytest.approx(0.62**2, rel=0.02)


def test_a_touch_is_a_dot() -> None:
    dot = ink(Stroke(points=(500, 500), width=100)) < 128
    assert dot.mean() == pytest.approx(math.pi * 50**2 / 1000**2, rel=0.05)


def test_later_ink_covers_earlier() -> None:
    rubber = LINE.model_copy(update={"shade": 255})
    assert (ink(LINE, rubber) == 255).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            Stroke,
            points=st.lists(st.integers(-1000, 2000), min_size=2, max_size=9).map(tuple),
            width=st.integers(1, 500),
            shade=st.integers(0, 255),
            filled=st.booleans(),
        ),
        max_size=5,
    ).map(tuple)
)
def test_any_drawing_is_drawn(drawing: strokes.Drawing) -> None:
    assert strokes.read(strokes.written(drawing)) == drawing
    colours = strokes.drawn(drawing)
    assert colours.shape == (EDGE, EDGE, 3)
    assert colours.min() >= min([255, *(stroke.shade for stroke in drawing)])
