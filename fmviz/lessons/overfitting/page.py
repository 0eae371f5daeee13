"""Overfitting: training size, label noise and width, and what the network learns by heart."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.overfitting import panels
from fmviz.lessons.overfitting.lesson import LESSON
from fmviz.lessons.overfitting.says import code, twins
from fmviz.ui import controls, foot, mirrored
from fmviz.ui.board import Board, cards
from fmviz.ui.page import open_page
from fmviz.ui.panels.figures import Curves
from fmviz.ui.panels.running import Running


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
        board.add(Curves(board, lambda look: twins(look.runs, page.view, look.done)))
    labels = panels.Labels if page.config.label_noise else panels.Loss
    cards(board, panels.ToldGap, labels, Running)

    chosen = page.section(
        {"memory": "What it learnt by heart", "sizes": "Gap against training size"}
    )
    sweep = None
    if chosen == "memory":
        board.add(panels.Memory(board))
    else:
        sweep = panels.sizes(page, board.dark)

    st.subheader("The rule, with this run's numbers")
    board.add(panels.Rule(board))
    for caption in code(page.config):
        st.markdown(page.text(caption.section, caption.figures))
    foot.draw(page)
    page.save()
    board.run()
    if sweep is not None:
        sweep.run()
