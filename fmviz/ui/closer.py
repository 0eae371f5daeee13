"""Closer looks: of several panels below a page's main picture, the one that the reader chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TypeVar

import streamlit as st

from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.panels.card import cards

Name = TypeVar("Name", bound=str)


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
            board.add(self.panels[0](board))
        else:
            cards(board, *self.panels)


def closer_look(board: Board, offered: Mapping[Name, CloserLook], *, framed: bool = False) -> None:
    """A choice of closer looks, of which only the chosen one is drawn.

    Args:
        offered: by the names that the lesson's view has for "section".
        framed: whether what is chosen stands in a frame.
    """
    chosen = st.segmented_control(
        "Look closer",
        list(offered),
        format_func=lambda name: offered[name].label,
        **state.widget(board.page.name, "section"),
        required=True,
    )
    with st.container(border=True) if framed else nullcontext():
        offered[chosen].place(board)
