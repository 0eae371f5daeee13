"""A reader's own picture: what was given, and what networks see of it. It lives in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fmviz.pictures import reading, strokes
from fmviz.pictures.preparing import Prepared, prepare
from fmviz.pictures.reading import Colours, PictureError
from fmviz.pictures.strokes import Drawing


class Given(NamedTuple):
    """A picture before and after its preparation.

    Attributes:
        colours: (height, width, 3) uint8.
    """

    colours: Colours
    prepared: Prepared


@lru_cache(maxsize=64)
def of_drawing(drawing: Drawing) -> Given:
    """A drawing and what networks see of it.

    Raises:
        PictureError: there is nothing on the paper.
    """
    colours = strokes.drawn(drawing)
    return Given(colours, prepare(colours))


def of_file(content: bytes, name: str) -> Given:
    """A file and what networks see of it.

    Raises:
        PictureError: it cannot be used; the message says why.
    """
    colours = reading.read(content, name)
    return Given(colours, prepare(colours))


@dataclass
class Own:
    """What a reader has drawn and has sent.

    Attributes:
        drawing: on the paper.
        file: the picture sent last; None where there is none, or it could not be used.
        problem: why not.
        latest: what networks see of whichever was given last; None before any was.
    """

    drawing: Drawing = ()
    file: Given | None = None
    problem: str = ""
    latest: Prepared | None = None

    def draw(self, drawing: Drawing) -> None:
        """Have another drawing on the paper."""
        self.drawing = drawing
        try:
            self.latest = of_drawing(drawing).prepared
        except PictureError:
            self.latest = None

    def take(self, content: bytes, name: str) -> None:
        """Take a file in place of the one before."""
        self.forget()
        try:
            self.file = of_file(content, name)
        except PictureError as error:
            self.problem = str(error)
        else:
            self.latest = self.file.prepared

    def forget(self) -> None:
        """Let go of the file."""
        if self.file is not None and self.latest is self.file.prepared:
            self.latest = None
        self.file, self.problem = None, ""
