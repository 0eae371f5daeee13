"""Cards: small panels side by side, each a figure with its chart."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told


class Card(Panel):
    """A metric and a chart, which may move, and below them a note or what captions say, framed."""

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self.box = st.container(border=True, height="stretch")
        with self.box:
            self.screen = Screen(board.page, type(self).__name__.lower())
            with self.screen.stand_in():
                self.metric, self.chart = Place(), Place()
            self.note = Place()
            self.told = Told(self.page, small=True)


def cards(board: Board, *panels: Callable[[Board], Panel]) -> None:
    """Panels side by side."""
    for column, panel in zip(st.columns(len(panels)), panels, strict=True):
        with column:
            board.add(panel(board))
