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
from fmviz.ui.panels.running import Running
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "mask": CloserLook("What one mask does", panels.Mask),
    "rates": CloserLook("Every rate", panels.rates),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "dropout")
        controls.lam(page.name)
        mirrored.width(page.name)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(Curves(board, lambda look: says.of_runs(look.runs, page.view, look.done)))
        board.add(Seeds(board, (NONE, DROPOUT)))
    cards(board, Gap, lambda board: Running(board, DROPOUT), panels.OnOff)
    closer_look(board, CLOSER)

    st.subheader("The rule, with this run's numbers")
    page.say(says.rule(page.config))
    foot.draw(page)
    page.save()
    board.run()
