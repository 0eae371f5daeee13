"""Dropout: a network that trains with a share of its units missing."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.dropout import panels, says
from fmviz.lessons.dropout.lesson import BOTH, DROPOUT, LESSON, Section
from fmviz.ui import branch, controls, foot, mirrored
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
        # Of four, what the penalty adds to dropout.
        board.add(Seeds(board, (DROPOUT, BOTH) if BOTH in board.roles else None))
    with row:
        board.add(Row(board))
    # Without dropout there is nothing to switch on.
    cards(board, Gap, panels.Reported, *[panels.Riddle] * bool(page.config.dropout))
    closer_look(board, CLOSER)

    st.header("The rule, with this run's numbers")
    page.say(*says.rule(page.config))
    branch.left_out(page)
    foot.draw(page)
    page.save()
    board.run()
