"""Drawings as strokes: what a page's paper sends, and what examples are kept as."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fmviz.pictures.reading import Colours

# The paper's edge in the units of a stroke, and in pixels; those are drawn four times as fine.
UNITS = 1000
EDGE = 336
FINE = 4
MAX_STROKES = 200
MAX_NUMBERS = 4000

Place = Annotated[int, Field(ge=-UNITS, le=2 * UNITS)]


class Stroke(BaseModel):
    """One line of a pen, or the area that it goes around.

    Attributes:
        points: x, y, x, y, … in `UNITS` of the paper's edge, from its upper left corner.
        width: of the pen, likewise.
        shade: of its ink, 0 is black, 255 white.
        filled: whether the area within is inked too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Annotated[tuple[Place, ...], Field(min_length=2, max_length=MAX_NUMBERS)]
    width: Annotated[int, Field(ge=1, le=UNITS // 2)] = 40
    shade: Annotated[int, Field(ge=0, le=255)] = 30
    filled: bool = False

    @property
    def places(self) -> list[tuple[int, int]]:
        """Its points in pairs."""
        return [*zip(self.points[::2], self.points[1::2])]


Drawing: TypeAlias = tuple[Stroke, ...]
_DRAWING = TypeAdapter(Annotated[Drawing, Field(max_length=MAX_STROKES)])


def read(given: Any) -> Drawing:
    """A drawing as a browser sends it.

    Args:
        given: a list of mappings with the fields of `Stroke`.

    Raises:
        ValueError: it is none; at most `MAX_STROKES` strokes are taken, of `MAX_NUMBERS` numbers.
    """
    try:
        return _DRAWING.validate_python(given)
    except ValidationError as error:
        raise ValueError(
            f"a drawing has at most {MAX_STROKES} strokes with at most {MAX_NUMBERS // 2} points "
            f"each on the paper"
        ) from error


def written(drawing: Drawing) -> list[dict[str, Any]]:
    """A drawing as a browser takes it."""
    return [stroke.model_dump() for stroke in drawing]


@lru_cache(maxsize=64)
def drawn(drawing: Drawing) -> Colours:
    """The drawing, ink on white paper: (EDGE, EDGE, 3), red, green and blue."""
    paper = Image.new("L", (EDGE * FINE, EDGE * FINE), 255)
    pen = ImageDraw.Draw(paper)
    for stroke in drawing:
        _ink(pen, stroke)
    grey = np.asarray(paper.reduce(FINE))
    colours = np.repeat(grey[..., None], 3, axis=2)
    colours.setflags(write=False)
    return colours


def _ink(pen: ImageDraw.ImageDraw, stroke: Stroke) -> None:
    size = EDGE * FINE / UNITS
    places = [(x * size, y * size) for x, y in stroke.places]
    if stroke.filled and len(places) > 2:
        pen.polygon(places, fill=stroke.shade)
        places.append(places[0])
    _line(pen, places, stroke.width * size, stroke.shade)


def _line(
    pen: ImageDraw.ImageDraw, places: Sequence[tuple[float, float]], width: float, shade: int
) -> None:
    """A line with round ends and joints."""
    if len(places) > 1:
        pen.line(places, fill=shade, width=max(1, round(width)))
    for x, y in places:
        half = width / 2
        pen.ellipse((x - half, y - half, x + half, y + half), fill=shade)
