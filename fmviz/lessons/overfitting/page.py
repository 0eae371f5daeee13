"""Overfitting: training size, label noise and width, and what the network learns by heart."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.overfitting import panels, says
from fmviz.lessons.overfitting.garments import Garments
from fmviz.lessons.overfitting.lesson import LESSON, Section
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.card import cards
from fmviz.ui.panels.curves import Curves
from fmviz.ui.panels.figures import Gap
from fmviz.ui.panels.memory import Memory
from fmviz.ui.panels.paragraphs import Paragraphs
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.running import Running
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "memory": CloserLook("What it learnt by heart", Memory),
    "sizes": CloserLook("Gap against training size", panels.sizes),
    "widths": CloserLook("Ever wider", panels.Widths),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        controls.setting(page.name, "train_size")
        row = st.container()
        controls.setting(page.name, "label_noise")
        mirrored.width(page.name)
    with stage.more:
        controls.more(page.name)

    page.guess()
    board = Board(page)
    board.place_status()
    noisy = bool(page.config.label_noise)
    with stage.side:
        board.add(Garments(board))
    board.add(Curves(board, lambda look: says.of_runs(look.runs, page.view, look.done)))
    with stage.under:
        board.add(Seeds(board))
    with row:
        board.add(Row(board))
    cards(board, Gap, panels.Labels if noisy else panels.Loss, Running)
    closer_look(board, CLOSER)

    st.header("What overfitting is")
    panels.definition(page)

    st.header("The rule, with this run's numbers")
    board.add(Paragraphs(board, lambda look: says.rule(look.run)))
    page.say(*says.code(page.config))
    foot.draw(page)
    page.save()
    board.run()
