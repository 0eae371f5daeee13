"""Schedules: a learning rate that changes while the network learns."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.schedules import panels, says
from fmviz.lessons.schedules.lesson import LESSON, Section
from fmviz.ui import controls, foot
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "race": CloserLook("All schedules", panels.Race),
    "rates": CloserLook("Schedule and η", panels.Rates),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "optimizer")
        panels.settings(page)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(panels.Twins(board))
        board.add(Seeds(board))

    closer_look(board, CLOSER)

    st.subheader("The rule, with this run's numbers")
    page.say(*says.letters(page.config), says.rule(page.config))
    foot.draw(page)
    page.save()
    board.run()
