"""Panels of the lesson on schedules."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.schedules import charts, says
from fmviz.lessons.schedules.lesson import raced, swept
from fmviz.run.record import RunRecord
from fmviz.run.settings import parts
from fmviz.ui import controls
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look
from fmviz.ui.page import Page
from fmviz.ui.panels.figures import Warnings
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.place import Place
from fmviz.ui.session import is_dark
from fmviz.words import diagnosis
from fmviz.words.prose import Caption

SECTIONS = {"race": "All schedules", "rates": "Schedule and η"}


def settings(page: Page) -> None:
    """The schedule, and the settings that it has."""
    controls.setting(page.name, "schedule")
    controls.setting(page.name, "learning_rate")
    for field in parts("schedule"):
        controls.setting(page.name, field)


class Twins:
    """The rate over the steps, above the loss that it gives."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.board = board
        self.rate, self.loss, self.caption = Place(), Place(), Place()
        self.warnings = Warnings(board)

    def draw(self, look: Look) -> None:
        """The rate as far as it is known, the loss as far as it has come."""
        board, runs = self.board, look.runs
        names = ", ".join(board.roles)
        self.rate.chart(
            charts.rate_rows(runs, board.page.runs),
            charts.rate_spec(board.roles, board.horizon, board.dark),
            alt=f"Learning rate at every step: {names}.",
        )
        self.loss.chart(
            charts.loss_rows(runs),
            charts.loss_spec(board.roles, board.horizon, board.dark),
            alt="Cross-entropy on training images (solid) and validation images (dashed) after "
            f"each epoch: {names}.",
        )
        captions: list[Caption] = []
        if look.done:
            captions = says.twins(runs)
            why = diagnosis.stuck(look.run)
            captions += [why] if why is not None else []
        elif not runs:
            captions = [Caption("nothing yet", {})]
        texts = [board.text(caption) for caption in captions]
        if look.done:
            texts.append(board.page.verdict(runs))
        self.caption.markdown(" ".join(filter(None, texts)))
        self.warnings.draw(look)


def race(page: Page) -> Sweep:
    """The same run under every schedule, on request."""
    configs = raced(page.config)
    chart, caption = Place(), Place()
    dark = is_dark()

    def draw(records: list[RunRecord | None], done: bool) -> None:
        known = dict(zip(configs, records, strict=True))
        chart.chart(
            charts.race_rows(known),
            charts.race_spec(page.config.schedule, dark),
            alt="Validation accuracy after the last epoch under each schedule.",
        )
        if done:
            said = [page.text(c.section, c.figures) for c in says.race(known)]
            caption.markdown(" ".join(said))

    st.caption(page.text("race"))
    return Sweep(page, "race", list(configs.values()), draw)


def rates(page: Page) -> Sweep:
    """Without and with the schedule at rates around the page's, on request."""
    configs = swept(page.config)
    chart, caption = Place(), Place()
    dark, roles = is_dark(), tuple(page.runs)

    def draw(records: list[RunRecord | None], done: bool) -> None:
        known = dict(zip(configs, records, strict=True))
        chart.chart(
            charts.sweep_rows(known),
            charts.sweep_spec(roles, dark),
            alt="Validation accuracy after the last epoch against the learning rate.",
        )
        if done:
            said = [page.text(c.section, c.figures) for c in says.sweep(known)]
            caption.markdown(" ".join(said))

    st.caption(page.text("rates"))
    return Sweep(page, "rates", list(configs.values()), draw)


def closer_look(page: Page) -> Sweep:
    """The chosen sweep, to be run after the board."""
    return race(page) if page.section(SECTIONS) == "race" else rates(page)
