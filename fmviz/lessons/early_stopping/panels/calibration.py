"""A closer look at how sure the network is, and how often right."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis.seeds import SEEDS, repeated
from fmviz.charts import film
from fmviz.lessons.early_stopping import calibration_charts as charts
from fmviz.lessons.early_stopping import calibration_says as says
from fmviz.lessons.early_stopping import tables
from fmviz.lessons.early_stopping.lesson import EarlyStoppingView
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.panels.card import Card
from fmviz.ui.panels.own_guess import OwnGuess, made
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.told import Told


class Reliability(Card):
    """How often answers are right against how sure they are."""

    def draw(self, look: Look) -> None:
        """At every epoch."""
        run, board = look.run, self.board
        self.metric.metric(
            label := "Expected calibration error",
            charts.ece_figure(run, run.kept),
            help=(
                meaning := "How far, on average, the share of right answers is from how sure the "
                "network is, over ten bins of how sure; ± one standard error over the images."
            ),
        )
        alt = (
            "Share of right answers against how sure the network is, in ten bins; on the diagonal "
            "it is as often right as it is sure."
        )
        self.chart.chart(charts.reliability_rows(run), charts.reliability_spec(board.dark), alt=alt)
        head = film.head(look.runs, label, meaning, charts.ece_figure)
        self.screen.draw(
            look,
            lambda clock: film.reel(clock, "reliability", alt, charts.reliability_reel(run), head),
        )
        self.told.say(says.at_epoch(run.record, run.kept))


class Ece(Card):
    """Expected calibration error over the epochs, beside what luck would show."""

    def draw(self, look: Look) -> None:
        """At every epoch."""
        run, board = look.run, self.board
        self.metric.metric(
            label := "Too sure by",
            charts.excess_figure(run, run.kept),
            help=(
                meaning := "Mean probability of the answers less the share that is right; below 0 "
                "the network is not sure enough. ± one standard error over the images."
            ),
        )
        alt = (
            "Expected calibration error after each epoch with its error, beside what a calibrated "
            "network shows by luck; marked where it and where cross-entropy are lowest."
        )
        self.chart.chart(
            charts.ece_rows(run.record), charts.ece_spec(board.horizon, board.dark), alt=alt
        )
        head = film.head(look.runs, label, meaning, charts.excess_figure)
        self.screen.draw(
            look, lambda clock: film.reel(clock, "lines", alt, charts.ece_reel(run), head)
        )
        self.told.say(*says.over_epochs(run.record))


class Costs(Card):
    """What of the cross-entropy comes from wrong answers."""

    def draw(self, look: Look) -> None:
        """At every epoch."""
        run, board = look.run, self.board
        self.metric.metric(
            label := "How sure of wrong answers",
            charts.sure_figure(run, run.kept),
            help=(
                meaning := "Mean probability that the network gives those of its answers that are "
                "wrong; ± one standard error over them."
            ),
        )
        alt = (
            "Validation cross-entropy after each epoch (dashed), what of it comes from wrong "
            "answers (solid) and from right ones (dotted)."
        )
        self.chart.chart(
            charts.parts_rows(run.record), charts.parts_spec(board.horizon, board.dark), alt=alt
        )
        head = film.head(look.runs, label, meaning, charts.sure_figure)
        self.screen.draw(
            look, lambda clock: film.reel(clock, "lines", alt, charts.parts_reel(run), head)
        )
        self.told.say(*says.parts(run.record))


class OverSeeds(Seeds):
    """The same from other initial weights."""

    name = "calibration seeds"
    section = "one training"

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        super().__init__(board, ("the best epoch", "the end"))

    def wanted(self) -> list[list[RunConfig]]:
        """One run a seed, which has both epochs."""
        return [repeated(self.page.config, SEEDS - 1)]

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """ECE of each, and whether it rises."""
        if not done:
            return
        known = [r for r in records if r is not None and r.diverged is None and r.epochs]
        self._chart.markdown(tables.markdown(tables.ece_of_seeds(known)))
        self._caption.markdown(self.page.words(*says.seeds(known)))


class Sure(Panel):
    """A guess first; then the pictures."""

    pace = END

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.page = board.page
        self.told = Told(self.page)
        self.guess: OwnGuess | None = None
        self.panels: list[Panel] = []
        if made(self.page, says.GUESS) is None:
            self.guess = OwnGuess(self.page, says.GUESS, aloud=False)
            return
        kinds = (Reliability, Ece, Costs)
        for column, kind in zip(st.columns(len(kinds)), kinds, strict=True):
            with column:
                self.panels.append(kind(board))
        self.panels.append(OverSeeds(board))

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        record = look.run.record
        if not record.epochs:
            return
        if self.guess is not None:
            self.told.say(says.question(record))
            self.guess.ask()
            return
        self.told.say(*says.solved(record, made(self.page, says.GUESS)))
        for panel in self.panels:
            panel.draw(look)

    def run(self) -> None:
        """The seeds, where they were asked for."""
        for panel in self.panels:
            panel.run()
