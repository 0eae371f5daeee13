"""Which words of the glossary the texts of a page say, and which text says a word first.

A page's texts are not drawn in the order in which they stand: the rule at its foot is there before
the caption at its head, which waits for a run. So a text that comes later may take a mark away
from one that was drawn before; that one is then drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fmviz.words import glossary

# Draws a text; whether there is HTML in it.
Draw = Callable[[str, bool], None]


@dataclass
class _Text:
    """A text, what draws it, and which of its words were marked when it was last drawn."""

    text: str
    draw: Draw
    marked: frozenset[str] | None = None

    @property
    def words(self) -> list[str]:
        """The words of the glossary that it says, in their order."""
        return [mention.name for mention in glossary.said(self.text)]

    def redraw(self, marked: frozenset[str]) -> None:
        """Draw it, if its marks have changed."""
        if marked != self.marked:
            self.marked = marked
            self.draw(glossary.marked(self.text, marked), bool(marked))


class Spoken:
    """The texts of one run of a page, by the order of their places on it."""

    def __init__(self) -> None:
        self._texts: dict[float, _Text] = {}
        self._listed: tuple[str, ...] | None = None
        self._list: Callable[[tuple[str, ...]], None] | None = None

    def say(self, place: float, text: str, draw: Draw) -> None:
        """Draw a text in a place, with its words marked that no text before it says."""
        before = self._texts.get(place)
        self._texts[place] = said = _Text(text, draw)
        if before is not None and before.marked is not None and before.words == said.words:
            # Captions of a run that grows: other figures, the same words.
            said.redraw(before.marked)
        else:
            self._settle()

    def unsay(self, place: float) -> None:
        """The place has no text any more."""
        if self._texts.pop(place, None) is not None:
            self._settle()

    def listed(self, draw: Callable[[tuple[str, ...]], None]) -> None:
        """Have all words of the page listed, in the order in which it says them."""
        self._list, self._listed = draw, None
        self._settle()

    @property
    def first(self) -> dict[str, float]:
        """Word → the place that says it first, in the order of the page."""
        found: dict[str, float] = {}
        for place in sorted(self._texts):
            for name in self._texts[place].words:
                found.setdefault(name, place)
        return found

    def _settle(self) -> None:
        first = self.first
        for place, text in list(self._texts.items()):
            text.redraw(frozenset(name for name, at in first.items() if at == place))
        if self._list is not None and tuple(first) != self._listed:
            self._listed = tuple(first)
            self._list(self._listed)
