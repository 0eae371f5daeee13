"""Cards: small panels side by side, each a figure with its chart."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.place import Place
from fmviz.ui.told import Told


class Card(Panel):
    """A metric, a chart, and below them a note or what captions say, framed."""

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        with st.container(border=True, height="stretch"):
            self.metric, self.chart, self.note = Place(), Place(), Place()
            self.told = Told(self.page, small=True)


def cards(board: Board, *panels: Callable[[Board], Panel]) -> None:
    """Panels side by side."""
    for column, panel in zip(st.columns(len(panels)), panels, strict=True):
        with column:
            board.add(panel(board))
