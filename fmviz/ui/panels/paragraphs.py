"""Captions that follow the runs."""

from __future__ import annotations

from fmviz.ui.board import Board
from fmviz.ui.look import Captions, Look, Panel
from fmviz.ui.place import Place


class Paragraphs(Panel):
    """Captions on the page's runs, a paragraph each.

    Args:
        captions: what can be said of the runs as they stand.
    """

    def __init__(self, board: Board, captions: Captions) -> None:
        self.page, self.captions = board.page, captions
        self.place = Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        self.place.markdown("\n\n".join(self.page.words(c) for c in self.captions(look)))
