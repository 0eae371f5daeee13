"""Optimizers: one network, raced under different update rules."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.optimizers import panels
from fmviz.lessons.optimizers.lesson import LESSON, Section
from fmviz.ui import branch, controls, foot
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.place import Place
from fmviz.words import prose, seeds

CLOSER: dict[Section, CloserLook] = {
    "loss": CloserLook("Training loss", panels.loss),
    "update": CloserLook("Size of a step", panels.Updates),
    "sweep": CloserLook("Fair comparison: η against result", panels.RateSweep),
    "ravine": CloserLook("Down the ravine, in figures", panels.Descent),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        panels.racers(page)
        panels.rates(page)
        row = st.container()
        panels.axis(page)
    panels.ravine(page)
    with stage.more:
        controls.more(page.name)

    page.guess()
    board = Board(page)
    board.place_status()
    board.add(panels.Race(board))
    with stage.under:
        if len(board.roles) == 2 or page.branched is not None:
            board.add(Seeds(board))
        elif len(board.roles) > 2:
            Place().caption(prose.text(seeds.WORDS, "several trainings, one each"))
    with row:
        board.add(Row(board))

    closer_look(board, CLOSER)

    st.header("The rules, with these runs' numbers")
    panels.rules(page)
    branch.left_out(page)
    foot.draw(page)
    page.save()
    board.run()
