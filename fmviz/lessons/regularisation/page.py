"""L2 and L1: what a penalty and its λ do to one network."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.regularisation import panels
from fmviz.lessons.regularisation.lesson import LESSON
from fmviz.lessons.regularisation.says import twins
from fmviz.ui import controls, foot
from fmviz.ui.board import Board, cards
from fmviz.ui.page import open_page
from fmviz.ui.panels.figures import Curves, Gap, Sparsity
from fmviz.words import shared


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.penalty(page.name)
        controls.lam(page.name)
        controls.setting(page.name, "l1_share")
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(Curves(board, lambda look: twins(look.runs, page.view, look.done)))
    cards(board, Gap, Sparsity, panels.Distribution)
    closer = panels.closer(page, board)

    st.subheader("The rule, with this run's numbers")
    for caption in shared.rule(page.config):
        st.markdown(page.text(caption.section, caption.figures))
    foot.draw(page)
    page.save()
    board.run()
    closer.run()
