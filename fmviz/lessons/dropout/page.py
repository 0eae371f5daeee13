"""Dropout: a network that trains with a share of its units missing."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.dropout import panels, says
from fmviz.lessons.dropout.lesson import DROPOUT, LESSON, NONE, Section
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.card import cards
from fmviz.ui.panels.curves import Curves
from fmviz.ui.panels.figures import Gap
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "rates": CloserLook("Every rate", panels.rates),
    "mask": CloserLook("What one mask does", panels.Mask),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        controls.setting(page.name, "dropout")
        row = st.container()
        controls.lam(page.name)
        mirrored.width(page.name)
    with stage.more:
        controls.more(page.name)
    panels.network(page)

    page.guess()
    board = Board(page)
    board.place_status()
    board.add(Curves(board, lambda look: says.of_runs(look.runs, page.view, look.done)))
    with stage.under:
        board.add(Seeds(board, (NONE, DROPOUT)))
    with row:
        board.add(Row(board))
    cards(board, Gap, lambda board: panels.Reported(board, DROPOUT), panels.Riddle)
    closer_look(board, CLOSER)

    st.header("The rule, with this run's numbers")
    page.say(says.rule(page.config))
    foot.draw(page)
    page.save()
    board.run()
