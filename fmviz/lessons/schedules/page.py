"""Schedules: a learning rate that changes while the network learns."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.schedules import panels, says
from fmviz.lessons.schedules.lesson import LESSON
from fmviz.ui import controls, foot
from fmviz.ui.board import Board
from fmviz.ui.page import open_page


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "optimizer")
        panels.settings(page)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(panels.Twins(board))

    after = panels.closer_look(page)
    st.subheader("The rule, with this run's numbers")
    caption = says.rule(page.config)
    st.markdown(page.text(caption.section, caption.figures))
    foot.draw(page)
    page.save()
    board.run()
    after.run()
