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
    board = None
    if page.runs:
        board = _board(page)
    else:
        pins.offer(page)
    foot.draw(page, pins=False, home=False)
    page.save()
    if board is not None:
        board.run()


def _board(page: pins.ComparePage) -> Board:
    """All of them, two of them, and some with more seeds."""
    page.set(side=False, controls=False)
    board = PinBoard(page)
    board.place_status()
    board.add(Overlay(board))
    board.add(Table(board))
    pins.tools(page)
    if len(board.roles) > 1:
        st.header("Two of them")
        board.add(Difference(board))
    if len(board.roles) >= PARALLEL_FROM:
        st.header("Settings and outcomes")
        board.add(Parallel(board))
    st.header("Over seeds")
    Place().markdown(page.text("repeat"))
    board.add(Repeats(board))
    return board
