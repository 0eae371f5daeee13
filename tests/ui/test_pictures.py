"""Arrays as pictures that are their own addresses."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from fmviz.ui.pictures import png

SIDES = st.tuples(st.integers(1, 6), st.integers(1, 6))
SHAPES = st.one_of(SIDES, SIDES.map(lambda sides: (*sides, 3)))


def read(address: str) -> npt.NDArray[np.uint8]:
    head, content = address.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@given(SHAPES.flatmap(lambda shape: arrays.arrays(np.uint8, shape)))
def test_a_picture_has_its_values_whatever_was_drawn_before(values: npt.NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(read(png(values)), values)
    # The same bytes in another order are another picture.
    turned = values.swapaxes(0, 1)
    np.testing.assert_array_equal(read(png(turned)), turned)


def test_a_picture_that_another_viewer_has_been_shown_is_not_made_again() -> None:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert png(values) is png(values.copy())
