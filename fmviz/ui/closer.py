"""Closer looks: of several panels below a page's main picture, the one that the reader chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from math import inf
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.mirrored import mirror
from fmviz.ui.panels.card import cards, place
from fmviz.ui.session import session

Name = TypeVar("Name", bound=str)
COUNTER = count()
# What stands above it may still be growing for a moment, and a reader who scrolls has the say.
GO = """
(() => {
  const go = () => document.querySelector(".st-key-closer")?.scrollIntoView({ block: "start" });
  const timers = [0, 300, 900].map((later) => setTimeout(go, later));
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(kind, () => timers.forEach(clearTimeout), { once: true, capture: true });
  }
})();
"""


class CloserLook:
    """One that a page offers.

    Args:
        label: what the reader chooses it by.
        panels: what it is made of, when it is chosen: one, or several side by side. A panel
            may draw itself as it is made, draw the page's runs, and ask for others in `run`.
    """

    def __init__(self, label: str, *panels: Callable[[Board], Panel]) -> None:
        self.label, self.panels = label, panels

    def place(self, board: Board) -> None:
        """Have it drawn here."""
        if len(self.panels) == 1:
            place(board, *self.panels)
        else:
            cards(board, *self.panels)


def closer_look(board: Board, offered: Mapping[Name, CloserLook]) -> None:
    """A choice of closer looks, of which only the chosen one is drawn.

    Args:
        offered: by the names that the lesson's view has for "section".
    """
    with st.container(key="closer"):
        chosen = st.segmented_control(
            "Look closer",
            list(offered),
            format_func=lambda name: offered[name].label,
            wrap=True,
            **state.widget(board.page.name, "section"),
            required=True,
        )
        with _room(board, chosen):
            _place(board, offered[chosen])
    _go(board)


def closer_looks(
    board: Board, offered: Mapping[Name, CloserLook], questions: Mapping[str, Sequence[Name]]
) -> None:
    """`closer_look` where there are many: those that answer one question stand together.

    Args:
        questions: each with some of those offered; every one belongs to one question.
    """
    page = board.page.name
    chosen: Name = state.value(page, "section")
    with st.container(key="closer"):
        _choices(page, chosen, offered, questions)
        with _room(board, chosen, border=True):
            _place(board, offered[chosen])
    _go(board)


def _place(board: Board, look: CloserLook) -> None:
    """Have the chosen one drawn here. Where the step of the story is about it, what it says leads,
    be that said now or when its runs have ended."""
    page = board.page
    if not page.is_about_closer:
        look.place(board)
        return
    start = session().next_place()
    page.closer = start, inf
    look.place(board)
    page.closer = start, session().next_place()


def _room(board: Board, chosen: str, *, border: bool = False) -> DeltaGenerator:
    """Where the chosen one stands: beside where another one stood, of which nothing is left. In the
    same place, that would stay, pale, wherever this one draws what it has to show at the end."""
    memory = session().page(board.page.name)
    before, side = memory.closer or (chosen, 0)
    side = side if before == chosen else 1 - side
    memory.closer = chosen, side
    sides = [st.container(border=border) if each == side else st.empty() for each in (0, 1)]
    return sides[side]


def _go(board: Board) -> None:
    """Bring the closer look into sight, where a step of the story has just opened it."""
    memory = session().page(board.page.name)
    if memory.goes_closer:
        memory.goes_closer = False
        # The browser runs a script again where its text is another.
        st.html(f"<script>/* {next(COUNTER)} */ {GO}</script>", unsafe_allow_javascript=True)


def _choices(
    page: str,
    chosen: Name,
    offered: Mapping[Name, CloserLook],
    questions: Mapping[str, Sequence[Name]],
) -> None:
    for column, (question, names) in zip(st.columns(len(questions)), questions.items()):
        with column:
            st.segmented_control(
                question,
                names,
                format_func=lambda name: offered[name].label,
                wrap=True,
                # A second click on the chosen one takes it away: then it stays.
                **mirror(
                    page,
                    "section",
                    f"section of {names[0]}",
                    chosen if chosen in names else None,
                    lambda name: name or chosen,
                ),
            )
