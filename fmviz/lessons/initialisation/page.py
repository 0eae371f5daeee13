"""Initialisation: an X-ray before training, then a race of yours and four known starts."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.initialisation import says, xray
from fmviz.lessons.initialisation.lesson import GLOROT, LESSON, YOURS, Section
from fmviz.lessons.initialisation.panels.layer import of_hidden_layers
from fmviz.lessons.initialisation.panels.map import SigmaDepthMap
from fmviz.lessons.initialisation.panels.race import Race, Training
from fmviz.lessons.initialisation.panels.symmetry import Symmetry
from fmviz.lessons.initialisation.panels.unit import Unit
from fmviz.lessons.initialisation.panels.xray import Gradients, x_ray
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.seeds import Seeds

CLOSER: dict[Section, CloserLook] = {
    "gradients": CloserLook("Gradients", of_hidden_layers(Gradients)),
    "training": CloserLook("Saturation over training", of_hidden_layers(Training)),
    "unit": CloserLook("One unit, its images", of_hidden_layers(Unit)),
    "symmetry": CloserLook("Symmetry", of_hidden_layers(Symmetry)),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        controls.setting(page.name, "initializer")
        controls.setting(page.name, "init_std")
        row = st.container()
        mirrored.depth(page.name)
    with stage.more:
        controls.more(page.name)

    page.guess()
    board = Board(page)
    board.place_status()
    with stage.side:
        map_of_both = board.add(SigmaDepthMap(board))
    x_ray_moves = x_ray(page)
    with stage.under:
        map_of_both.tells_here()

    st.header("The race")
    with row:
        board.add(Row(board))
    board.add(Race(board))
    board.add(Seeds(board, (GLOROT, YOURS)))
    closer_look(board, CLOSER)

    st.header("The rule, with this network's numbers")
    page.say(*says.rule(page.config, xray.of(page.config)))
    foot.draw(page)
    page.save()
    x_ray_moves()
    board.run()
