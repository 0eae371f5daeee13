"""Optimizers: one network, raced under different update rules."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.optimizers import panels
from fmviz.lessons.optimizers.lesson import LESSON, Section
from fmviz.ui import controls, foot
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.place import Place
from fmviz.words import prose, seeds

CLOSER: dict[Section, CloserLook] = {
    "update": CloserLook("Size of a step", panels.Updates),
    "sweep": CloserLook("Fair comparison: η against result", panels.RateSweep),
    "ravine": CloserLook("A ravine of two parameters", panels.RavinePaths),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        panels.racers(page)
        panels.rates(page)
        panels.axis(page)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(panels.Race(board))
        if len(board.roles) == 2:
            board.add(Seeds(board))
        elif len(board.roles) > 2:
            Place().caption(prose.text(seeds.WORDS, "several trainings, one each"))

    closer_look(board, CLOSER)

    st.subheader("The rules, with these runs' numbers")
    panels.rules(page)
    foot.draw(page)
    page.save()
    board.run()
