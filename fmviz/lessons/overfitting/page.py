"""Overfitting: training size, label noise and width, and what the network learns by heart."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.overfitting import panels, says
from fmviz.lessons.overfitting.lesson import LESSON, Section
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.card import cards
from fmviz.ui.panels.curves import Curves
from fmviz.ui.panels.memory import Memory
from fmviz.ui.panels.paragraphs import Paragraphs
from fmviz.ui.panels.running import Running
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "memory": CloserLook("What it learnt by heart", Memory),
    "sizes": CloserLook("Gap against training size", panels.sizes),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "train_size")
        controls.setting(page.name, "label_noise")
        mirrored.width(page.name)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(Curves(board, lambda look: says.of_runs(look.runs, page.view, look.done)))
        board.add(Seeds(board))
    labels = panels.Labels if page.config.label_noise else panels.Loss
    cards(board, panels.ToldGap, labels, Running)
    closer_look(board, CLOSER)

    st.subheader("What overfitting is")
    panels.definition(page)

    st.subheader("The rule, with this run's numbers")
    board.add(Paragraphs(board, lambda look: says.rule(look.run)))
    page.say(*says.code(page.config))
    foot.draw(page)
    page.save()
    board.run()
