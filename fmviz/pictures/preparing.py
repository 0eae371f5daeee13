"""From a picture to what a network of this course takes: 28 × 28 grey pixels, bright on black.

The images of Fashion-MNIST were made from photographs on white paper by seven steps (Xiao, Rasul &
Vollgraf 2017, arXiv:1708.07747, section 2): a PNG file; trimmed of what is as light as its corner,
to within 5%; its longest edge 28 pixels by leaving out rows and columns; sharpened; its other edge
brought to 28, with the garment in the middle; negated; grey. Here every step has its counterpart.
Three go another way, for what readers give is no studio's photograph:

- *The paper is measured, not assumed.* It is a plane of light, fitted to the picture's edge, so
  that a shaded table counts as white, and a dark one as black.
- *Every pixel counts.* Rows are averaged, not left out: between two that are kept, a pen's line on
  a photograph would be lost.
- *Nothing is sharpened.* Averaged pixels are nearer to the data set's without, and the answers no
  farther.

`make bench-garments` measures what each of that is worth: of 500 validation images, how many get
the same answer after they were made into pictures by program and prepared again (the page's network
without a penalty, ± one standard error).

    prepared                    enlarged on white    photographed-like
    as here                          94.0 ± 1.1%          90.0 ± 1.3%
    as the data set was              93.8 ± 1.1%          17.0 ± 1.7%
    as here, on even ground          94.0 ± 1.1%          49.2 ± 2.2%
    as here, rows left out           94.4 ± 1.0%          89.6 ± 1.4%
    as here, sharpened by 50%        94.8 ± 1.0%          90.0 ± 1.3%
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from fmviz.pictures.reading import Colours, PictureError
from fmviz.run.data import SHADES, SHAPE, Floats

Shares: TypeAlias = npt.NDArray[np.floating[Any]]
Mask: TypeAlias = npt.NDArray[np.bool_]

EDGE = SHAPE[0]
# What differs from the paper by less of the whole range is paper, as in the data set.
LIKE_PAPER = 0.05
# Or by less than so many standard deviations of the paper's own grain, once that is averaged.
GRAINS = 5.0
AVERAGED = 3
# The part of the shorter edge, on each side, that shows the paper.
RING = 0.04
# What is farther from the edge's middle shade is no paper: the garment may reach the edge.
FAR_FROM_PAPER = 0.25
ROUNDS = 3
# A part of the garment has at least so much of the area of its largest; else it is dust.
DUST = 0.02
# As the eye weighs colours: ITU-R BT.601, as Pillow does.
LUMA = np.array([0.299, 0.587, 0.114])


class Prepared(NamedTuple):
    """A picture as a network sees it.

    Attributes:
        grey: (28, 28) uint8; 0 is the background.
        box: left, upper, right and lower edge of what was kept of the picture, in its pixels.
        negated: whether light and dark were exchanged: the paper was light.
    """

    grey: npt.NDArray[np.uint8]
    box: tuple[int, int, int, int]
    negated: bool

    @property
    def pixels(self) -> Floats:
        """(784,) in [0, 1], as networks take it."""
        return SHADES[self.grey.reshape(-1)]


def prepare(colours: Colours) -> Prepared:
    """A picture as the data set would have it.

    Args:
        colours: (height, width, 3), red, green and blue.

    Raises:
        PictureError: there is nothing on it.
    """
    picture = colours / 255.0
    paper, grain = paper_of(picture)
    garment = garment_of(picture, paper, grain)
    if not garment.any():
        raise PictureError("There is nothing to be seen: all of the picture is as its edge is.")
    values, negated = inked(picture @ LUMA, paper @ LUMA, garment)
    box = bounds(garment)
    left, upper, right, lower = box
    return Prepared(centred(values[upper:lower, left:right]), box, negated)


def paper_of(picture: Shares) -> tuple[Shares, float]:
    """The light of the empty paper at every pixel, and its grain: a plane a colour, by least
    squares over the picture's edge, without what is no paper there.

    Args:
        picture: (height, width, 3) in [0, 1].

    Returns:
        The paper, likewise, and the standard deviation of the edge's pixels about it.
    """
    height, width, _ = picture.shape
    ring = np.ones((height, width), np.bool_)
    deep = max(1, round(RING * min(height, width)))
    ring[deep:-deep, deep:-deep] = False
    rows, columns = np.mgrid[:height, :width]
    plane = np.stack([np.ones_like(rows), rows / height - 0.5, columns / width - 0.5], axis=-1)
    edge, at = picture[ring], plane[ring]
    off = np.abs(edge - np.median(edge, axis=0)).max(axis=1)
    # At least half of the edge, or there is no plane to speak of.
    kept = off <= max(FAR_FROM_PAPER, float(np.median(off)))
    for _ in range(ROUNDS):
        slopes = np.linalg.lstsq(at[kept], edge[kept], rcond=None)[0]
        off = np.abs(edge - at @ slopes).max(axis=1)
        kept = off <= max(0.02, 3 * _deviation(off[kept]), float(np.median(off)))
    grain = _deviation(np.abs(edge - at @ slopes)[kept])
    return np.clip(plane @ slopes, 0.0, 1.0), grain


def _deviation(off: Shares) -> float:
    """The standard deviation of normal errors, by the median of their sizes."""
    return 1.4826 * float(np.median(off))


def garment_of(picture: Shares, paper: Shares, grain: float) -> Mask:
    """Where the picture is no paper, dust left out: (height, width)."""
    differs = np.abs(picture - paper).max(axis=2)
    least = max(LIKE_PAPER, GRAINS * grain / AVERAGED)
    # Grain is averaged away; where the garment ends, each pixel says for itself.
    found = (ndimage.uniform_filter(differs, AVERAGED) > least) & (differs > least)
    parts, count = ndimage.label(found, np.ones((3, 3)))
    if not count:
        return found
    areas = np.bincount(parts.ravel())
    areas[0] = 0
    kept: Mask = (areas >= DUST * areas.max())[parts]
    return kept


def inked(grey: Shares, paper: Shares, garment: Mask) -> tuple[Shares, bool]:
    """How far each pixel is from the paper, in shares of the way to black, or on dark paper to
    white; 0 beyond the garment. Says too whether that negates the picture.

    Args:
        grey, paper: (height, width) in [0, 1].
    """
    lit = float(np.median(paper))
    negated = lit >= 0.5 or float(grey[garment].mean()) < lit
    far = paper - grey if negated else grey - paper
    room = paper if negated else 1 - paper
    values = np.clip(far / np.maximum(room, 1 / 255), 0, 1)
    near = ndimage.binary_dilation(garment, iterations=2)
    return np.where(near, values, 0), negated


def bounds(garment: Mask) -> tuple[int, int, int, int]:
    """Left, upper, right and lower edge of what is true."""
    rows, columns = np.flatnonzero(garment.any(axis=1)), np.flatnonzero(garment.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def centred(values: Shares) -> npt.NDArray[np.uint8]:
    """Shares with their longest edge 28 pixels long, amid 28 × 28."""
    height, width = values.shape
    scale = EDGE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    bytes_ = np.rint(255 * values).astype(np.uint8)
    small = np.asarray(Image.fromarray(bytes_).resize(size, Image.Resampling.BOX))
    grey = np.zeros(SHAPE, np.uint8)
    upper, left = (EDGE - size[1]) // 2, (EDGE - size[0]) // 2
    grey[upper : upper + size[1], left : left + size[0]] = small
    return grey
