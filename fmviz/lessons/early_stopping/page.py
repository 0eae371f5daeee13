"""Early stopping: one long run, replayed under every rule."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.early_stopping import panels
from fmviz.lessons.early_stopping.lesson import LESSON
from fmviz.ui import controls, foot, view_controls
from fmviz.ui.board import Board
from fmviz.ui.page import open_page


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    folded, figures = st.container(), st.container()
    with left:
        view_controls.patience(page.name, range(page.values["epochs"] + 1))
        view_controls.monitor(page.name)
        view_controls.restore(page.name)
        view_controls.early_stopping(page.name, page.values["epochs"])
    if not page.guessing:
        with figures:
            view_controls.test(page.name)
    with folded:
        controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(panels.Machine(board))
    with figures:
        board.add(panels.Moments(board))
    panels.closer(board)

    st.subheader("The rule, with this run's numbers")
    board.add(panels.RuleInFigures(board))
    foot.draw(page)
    page.save()
    board.run()
