"""Dropout: a network that trains with a share of its units missing."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.dropout import panels
from fmviz.lessons.dropout.lesson import DROPOUT, LESSON
from fmviz.lessons.dropout.says import rule, twins
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board, cards
from fmviz.ui.page import open_page
from fmviz.ui.panels.figures import Curves, Gap
from fmviz.ui.panels.running import Running


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    left, right = page.columns()
    with left:
        controls.setting(page.name, "dropout")
        controls.lam(page.name)
        mirrored.width(page.name)
    controls.more(page.name)

    with right:
        page.guess()
        board = Board(page)
        board.place_status()
        board.add(Curves(board, lambda look: twins(look.runs, page.view, look.done)))
    cards(board, Gap, lambda board: Running(board, DROPOUT), panels.OnOff)

    chosen = page.section({"mask": "What one mask does", "rates": "Every rate"})
    sweep = None
    if chosen == "mask":
        board.add(panels.Mask(board))
    else:
        sweep = panels.rates(page, board.dark)

    st.subheader("The rule, with this run's numbers")
    caption = rule(page.config)
    st.markdown(page.text(caption.section, caption.figures))
    foot.draw(page)
    page.save()
    board.run()
    if sweep is not None:
        sweep.run()
