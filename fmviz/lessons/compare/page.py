"""Compare: the runs that a reader has pinned, side by side."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.compare.lesson import PARALLEL_FROM
from fmviz.lessons.compare.panels import pins
from fmviz.lessons.compare.panels.difference import Difference
from fmviz.lessons.compare.panels.overview import Overlay, Parallel, PinBoard, Table
from fmviz.lessons.compare.panels.repeats import Repeats
from fmviz.ui import foot
from fmviz.ui.board import Board
from fmviz.ui.place import Place


def show() -> None:
    """The page, top to bottom."""
    page = pins.open_page()
    pins.tools(page)
    board = _board(page) if page.runs else None
    foot.draw(page, pins=False, home=False)
    page.save()
    if board is not None:
        board.run()


def _board(page: pins.ComparePage) -> Board:
    """All of them, two of them, and some with more seeds."""
    board = PinBoard(page)
    board.place_status()
    board.add(Table(board))
    board.add(Overlay(board))
    if len(board.roles) > 1:
        st.subheader("Two of them")
        board.add(Difference(board))
    if len(board.roles) >= PARALLEL_FROM:
        st.subheader("Settings and outcomes")
        board.add(Parallel(board))
    st.subheader("Over seeds")
    Place().markdown(page.text("repeat"))
    board.add(Repeats(board))
    return board
