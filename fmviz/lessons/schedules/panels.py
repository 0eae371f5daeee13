"""Panels of the lesson on schedules."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.charts import film
from fmviz.lessons.schedules import charts, says, thumbnails, valley_charts
from fmviz.lessons.schedules.lesson import SchedulesView, raced, swept
from fmviz.run.groups import begins_anew
from fmviz.run.record import RunRecord
from fmviz.run.settings import parts
from fmviz.ui import controls
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.curves import below, of_branch
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told
from fmviz.words.prose import Caption


def settings(page: Page[SchedulesView]) -> DeltaGenerator:
    """All schedules as small pictures, one click each; the rate that they change, and the settings
    that the chosen one has; the place below the rate."""
    with st.container(key=thumbnails.KEY):
        controls.all_choices(page.name, "schedule", "Schedule", thumbnails.breakable)
    controls.setting(page.name, "learning_rate")
    below = st.container()
    for field in parts("schedule"):
        controls.setting(page.name, field)
    return below


def pictures(page: Page[SchedulesView]) -> None:
    """The small pictures, once all settings of the page are known."""
    st.html(f"<style>{thumbnails.style(page.config)}</style>")


class Twins(Panel):
    """The loss, and beside it the rate over the steps, with what steps at it do in a valley."""

    pace = LIVE

    def __init__(self, board: Board[SchedulesView]) -> None:
        self.board, self.page = board, board.page
        stage = board.page.stage
        with stage.picture:
            self.screen = Screen(board.page, "loss")
            with self.screen.stand_in():
                self.loss = Place()
        with stage.side:
            self.valley = Screen(board.page, "valley")
            with self.valley.stand_in():
                self.rate = Place()
        self.told, self.warnings = below(board)

    def draw(self, look: Look) -> None:
        """The rate as far as it is known, the loss as far as it has come."""
        board, runs, drawn = self.board, look.runs, look.drawn
        # The dot goes by one rule all the way.
        walking = [run for run in drawn if not begins_anew(run.record.config)]
        names = ", ".join(board.names)
        self.rate.chart(
            charts.rate_rows(drawn, self.page.all_runs),
            charts.rate_spec(board.names, board.horizon, board.dark),
            alt=f"Learning rate at every step: {names}.",
        )
        self.valley.draw(
            look,
            lambda clock: film.reel(
                clock,
                "valley",
                f"Learning rate at every step, and a dot that takes steps at it down a valley, "
                f"over the epochs: {names}.",
                valley_charts.valley_reel(walking, board.horizon),
            ),
        )
        self.loss.chart(
            charts.loss_rows(drawn),
            charts.loss_spec(board.names, board.horizon, board.dark),
            alt=(
                alt := "Cross-entropy on training images (solid) and validation images (dashed) "
                f"after each epoch: {names}."
            ),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "lines",
                f"{alt} Validation accuracy in figures at the validation lines.",
                charts.loss_reel(drawn, board.horizon),
            ),
            judged=True,
        )
        captions: list[Caption] = []
        in_sight: list[Caption] = []
        if look.done:
            captions = [*of_branch(look, gap_seen=False), *says.of_runs(runs)]
            # It comes after a verdict, and is none.
            captions += [says.valley(runs)] if captions else []
            in_sight = [*says.why(runs), *self.page.verdict(look.asked)]
        elif not runs:
            in_sight = [Caption("nothing yet", {})]
        self.told.say(*captions, in_sight=in_sight)
        self.warnings.draw(look)


class Race(OnRequest):
    """The same run under every schedule."""

    def __init__(self, board: Board[SchedulesView]) -> None:
        super().__init__(board)
        self.configs = raced(self.page.config)
        self.chart, self.told = Place(), Told(board.page)
        Place().caption(self.page.text("race"))
        self.offer("race", list(self.configs.values()))

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The result of each as far as it has ended, the words at the end."""
        known = dict(zip(self.configs, records, strict=True))
        self.chart.chart(
            charts.race_rows(known),
            charts.race_spec(self.page.config.schedule, self.board.dark),
            alt="Validation accuracy after the last epoch under each schedule.",
        )
        if done:
            self.told.say(*says.race(known))


class Rates(OnRequest):
    """Without and with the schedule at rates around the page's."""

    def __init__(self, board: Board[SchedulesView]) -> None:
        super().__init__(board)
        self.configs = swept(self.page.config)
        self.chart, self.told = Place(), Told(board.page)
        Place().caption(self.page.text("rates"))
        self.offer("rates", list(self.configs.values()))

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The result at each rate as far as it has ended, the words at the end."""
        known = dict(zip(self.configs, records, strict=True))
        self.chart.chart(
            charts.sweep_rows(known),
            charts.sweep_spec(self.board.roles, self.board.dark),
            alt="Validation accuracy after the last epoch against the learning rate.",
        )
        if done:
            self.told.say(*says.sweep(known))
