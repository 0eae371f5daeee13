"""Schedules: a learning rate that changes while the network learns."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.schedules import panels, says
from fmviz.lessons.schedules.lesson import LESSON, Section
from fmviz.ui import branch, controls, foot
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "race": CloserLook("All schedules", panels.Race),
    "rates": CloserLook("Schedule and η", panels.Rates),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        row = panels.settings(page)
        controls.setting(page.name, "optimizer")
    with stage.more:
        controls.more(page.name)
    panels.pictures(page)

    page.guess()
    board = Board(page)
    board.place_status()
    board.add(panels.Twins(board))
    with stage.under:
        board.add(Seeds(board))
    with row:
        board.add(Row(board))

    closer_look(board, CLOSER)

    st.header("The rule, with this run's numbers")
    page.say(*says.letters(page.config), says.rule(page.config))
    branch.left_out(page)
    foot.draw(page)
    page.save()
    board.run()
