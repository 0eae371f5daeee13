"""Garments as pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image, ImageDraw

from fmviz.run.data import SHAPE

Pixels = npt.NDArray[np.floating[Any]]
# A garment's edge on the page, and how many screen pixels each of its own takes.
EDGE = 84
SCALE = 4
# So many are kept; a sheet of kernels, the largest, takes some 150 kB with its values.
PICTURES = 48


def png(values: npt.NDArray[np.uint8]) -> str:
    """Grey values (height, width) or colours (height, width, 3) as a PNG that is its own address.

    Streamlit would serve an array from a file of its own, which it forgets as soon as the page has
    run again without it: a browser on a slow line then asks for a picture that is gone.
    """
    return _png(values.tobytes(), values.shape)


@lru_cache(maxsize=PICTURES)
def _png(values: bytes, shape: tuple[int, ...]) -> str:
    """A class looks at the same runs: what one viewer is shown the next need not wait for."""
    file = io.BytesIO()
    picture = np.frombuffer(values, np.uint8).reshape(shape)
    # Pictures of weights hardly compress: the lowest level is ten times faster, and 3% larger.
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def picture(pixels: Pixels, scale: int = SCALE) -> str:
    """One image, (784,) in [0, 1], in grey, with sharp pixels of `scale` screen pixels each."""
    wide = pixels.reshape(SHAPE).repeat(scale, 0).repeat(scale, 1)
    return png(np.asarray(np.clip(np.round(255 * wide), 0, 255), np.uint8))


def framed(colours: npt.NDArray[np.uint8], box: tuple[int, int, int, int]) -> str:
    """A picture in colours with a frame around a part of it.

    Args:
        colours: (height, width, 3).
        box: left, upper, right and lower edge of the part, in pixels.
    """
    shown = Image.fromarray(colours)
    left, upper, right, lower = box
    pen = ImageDraw.Draw(shown)
    # Light beside dark: one of them is seen on any picture.
    pen.rectangle((left, upper, right - 1, lower - 1), outline="white", width=3)
    pen.rectangle((left + 1, upper + 1, right - 2, lower - 2), outline="black", width=1)
    return png(np.asarray(shown))


def gallery(
    pixels: Pixels, names: Sequence[str], captions: Sequence[str] | None = None, edge: int = EDGE
) -> None:
    """Images in rows that wrap, each with a caption of Markdown below it.

    Args:
        pixels: (images, 784) in [0, 1].
        names: what each shows, for those who do not see it.
    """
    with st.container(horizontal=True, gap="small"):
        for index, image in enumerate(pixels):
            with st.container(width=edge + 26 if captions else edge, gap=None):
                st.image(picture(image), alt=names[index], width=edge)
                if captions:
                    st.caption(captions[index])
