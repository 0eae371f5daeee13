"""Playground: every knob of a run, all the panels, and a diagnosis where it goes wrong."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.playground.lesson import LESSON, Section
from fmviz.ui import branch, controls, foot, view_controls
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.card import cards
from fmviz.ui.panels.curves import penalty_curves
from fmviz.ui.panels.figures import Gap, Saturation, Sparsity
from fmviz.ui.panels.layers import Answers, Distributions, Layers
from fmviz.ui.panels.memory import Memory
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.running import Running
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.panels.weights import Distribution, Pictures
from fmviz.words import shared

CLOSER: dict[Section, CloserLook] = {
    "layers": CloserLook("Layers", Layers),
    "answers": CloserLook("Answers", Answers),
    "distributions": CloserLook("Weights and activations", Distribution, Distributions),
    "pictures": CloserLook("First-layer weights", Pictures),
    "memory": CloserLook("Learnt by heart", Memory),
    "running": CloserLook("Keras's accuracy", Running),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set(stays=True)
    with stage.controls:
        controls.penalty(page.name)
        controls.lam(page.name)
        row = st.container()
        controls.setting(page.name, "l1_share")
        controls.init_std(page.name)
        view_controls.patience(page.name)
    with stage.more:
        controls.more(page.name, unfolded=True)

    page.guess()
    board = Board(page)
    board.place_status()
    with stage.side:
        board.add(Gap(board))
    board.add(penalty_curves(board, at_bench=True))
    with stage.under:
        board.add(Seeds(board))
    with row:
        board.add(Row(board))
    with stage.rest:
        cards(board, Sparsity, Saturation)
        closer_look(board, CLOSER)
        st.header("The rule, with this run's numbers")
        page.say(*shared.rule(page.config))
        branch.left_out(page)
    foot.draw(page)
    page.save()
    board.run()
