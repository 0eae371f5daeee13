"""Initialisation: an X-ray before training, then a race from five starts."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.initialisation import panels, says
from fmviz.lessons.initialisation.lesson import LESSON
from fmviz.lessons.initialisation.xray import of as x_ray_of
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board
from fmviz.ui.page import open_page


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
        panels.x_ray(page)

    st.subheader("The race")
    board = Board(page)
    board.place_status()
    board.add(panels.Race(board))
    after = panels.closer_look(page, board)

    st.subheader("The rule, with this network's numbers")
    for caption in says.rule(page.config, x_ray_of(page.config)):
        st.markdown(page.text(caption.section, caption.figures))
    foot.draw(page)
    page.save()
    board.run()
    if after is not None:
        after.run()
