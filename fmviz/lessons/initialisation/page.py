"""Initialisation: an X-ray before training, then a race from five starts."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.initialisation import says
from fmviz.lessons.initialisation.lesson import LESSON, Section
from fmviz.lessons.initialisation.panels import before, race
from fmviz.lessons.initialisation.xray import of as x_ray_of
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page

CLOSER: dict[Section, CloserLook] = {
    "gradients": CloserLook("Gradients", before.Gradients),
    "training": CloserLook("Saturation over training", race.Training),
    "unit": CloserLook("One unit, its images", before.Unit),
    "map": CloserLook("Map of σ and depth", race.SigmaDepthMap),
    "symmetry": CloserLook("Symmetry", race.Symmetry),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "initializer")
        controls.setting(page.name, "init_std")
        mirrored.depth(page.name)
    controls.more(page.name)

    with right:
        page.guess()
        st.subheader("X-ray before training")
        before.x_ray(page)

    st.subheader("The race")
    board = Board(page)
    board.place_status()
    board.add(race.Race(board))
    closer_look(board, CLOSER)

    st.subheader("The rule, with this network's numbers")
    for caption in says.rule(page.config, x_ray_of(page.config)):
        page.say(caption)
    foot.draw(page)
    page.save()
    board.run()
