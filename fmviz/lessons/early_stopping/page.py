"""Early stopping: one long run, replayed under every rule."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.early_stopping import says
from fmviz.lessons.early_stopping.lesson import LESSON, Section
from fmviz.lessons.early_stopping.panels import calibration, stopping
from fmviz.ui import controls, foot, view_controls
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_look
from fmviz.ui.page import open_page
from fmviz.ui.panels.paragraphs import Paragraphs

CLOSER: dict[Section, CloserLook] = {
    "patience": CloserLook("Every patience", stopping.Patiences),
    "monitors": CloserLook("Three monitors", stopping.Monitors),
    "epochs": CloserLook("Through the epochs", stopping.Epochs),
    "calibration": CloserLook("Sure for good reason?", calibration.Sure),
}


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        view_controls.patience(page.name, range(page.values["epochs"] + 1))
        view_controls.monitor(page.name)
        view_controls.restore(page.name)
        view_controls.early_stopping(page.name, page.values["epochs"])
    if not page.guessing:
        with stage.side:
            view_controls.test(page.name)
    with stage.more:
        controls.more(page.name)

    page.guess()
    board = Board(page)
    board.place_status()
    with stage.side:
        board.add(stopping.Moments(board))
    board.add(stopping.Machine(board))
    with stage.under:
        board.add(stopping.Stops(board))
    closer_look(board, CLOSER)

    st.header("The rule, with this run's numbers")
    board.add(
        Paragraphs(board, lambda look: says.rule_in_figures(look.run, stopping.rule_of(board)))
    )
    foot.draw(page, follow=stopping.end_and_kept)
    page.save()
    board.run()
