"""Garments as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.data import SHAPE

Pixels = npt.NDArray[np.floating[Any]]
# A garment's edge on the page, and how many screen pixels each of its own takes.
EDGE = 84
SCALE = 4


def picture(pixels: Pixels, scale: int = SCALE) -> npt.NDArray[np.uint8]:
    """One image, (784,) in [0, 1], as grey values with sharp pixels: (28·scale, 28·scale)."""
    wide = pixels.reshape(SHAPE).repeat(scale, 0).repeat(scale, 1)
    return np.asarray(np.clip(np.round(255 * wide), 0, 255), np.uint8)


def gallery(pixels: Pixels, captions: Sequence[str] | None = None, edge: int = EDGE) -> None:
    """Images in rows that wrap, each with a caption of Markdown below it.

    Args:
        pixels: (images, 784) in [0, 1].
    """
    with st.container(horizontal=True, gap="small"):
        for index, image in enumerate(pixels):
            with st.container(width=edge + 26 if captions else edge, gap=None):
                st.image(picture(image), width=edge, output_format="PNG")
                if captions:
                    st.caption(captions[index])
