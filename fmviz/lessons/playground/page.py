"""Playground: every knob of a run, all the panels, and a diagnosis where it goes wrong."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.playground import panels
from fmviz.lessons.playground.lesson import LESSON
from fmviz.lessons.regularisation.says import twins
from fmviz.ui import controls, foot, view_controls
from fmviz.ui.board import Board, cards
from fmviz.ui.page import open_page
from fmviz.ui.panels.figures import Curves, Gap, Saturation, Sparsity
from fmviz.words import shared


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.penalty(page.name)
        controls.lam(page.name)
        controls.setting(page.name, "l1_share")
        controls.init_std(page.name)
        view_controls.patience(page.name)
    controls.more(page.name, unfolded=True)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(Curves(board, lambda look: twins(look.runs, page.view, look.done)))
    cards(board, Gap, Sparsity, Saturation)

    panels.closer_look(page, board)

    st.subheader("The rule, with this run's numbers")
    for caption in shared.rule(page.config):
        st.markdown(page.text(caption.section, caption.figures))

    foot.draw(page)
    page.save()
    board.run()
