"""A closer look at how sure the network is, and how often right."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis.seeds import SEEDS, repeated
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
        run = look.run
        self.show(
            look,
            "Too sure by",
            "Mean probability of the answers less the share that is right; below 0 the network is "
            "not sure enough. ± one standard error over the images.",
            charts.excess_figure,
            rows=charts.reliability_rows(run),
            spec=charts.reliability_spec(self.board.dark),
            kind="reliability",
            alt="Share of right answers against how sure the network is, in ten bins; on the "
            "diagonal it is as often right as it is sure.",
            reel=lambda: charts.reliability_reel(run),
        )
        self.told.say(says.at_epoch(run.record, run.kept))


class Ece(Card):
    """Expected calibration error over the epochs, beside what luck would show."""

    def draw(self, look: Look) -> None:
        """At every epoch."""
        run = look.run
        self.show(
            look,
            "Expected calibration error",
            "How far, on average, the share of right answers is from how sure the network is, over "
            "ten bins of how sure; ± one standard error over the images.",
            charts.ece_figure,
            rows=charts.ece_rows(run.record),
            spec=charts.ece_spec(self.board.horizon, self.board.dark),
            kind="lines",
            alt="Expected calibration error after each epoch with its error, beside what a "
            "calibrated network shows by luck; marked where it and where cross-entropy are lowest.",
            reel=lambda: charts.ece_reel(run),
        )
        self.told.say(*says.over_epochs(run.record))


class Costs(Card):
    """What of the cross-entropy comes from wrong answers."""

    def draw(self, look: Look) -> None:
        """At every epoch."""
        run = look.run
        self.show(
            look,
            "How sure of wrong answers",
            "Mean probability that the network gives those of its answers that are wrong; ± one "
            "standard error over them.",
            charts.sure_figure,
            rows=charts.parts_rows(run.record),
            spec=charts.parts_spec(self.board.horizon, self.board.dark),
            kind="lines",
            alt="Validation cross-entropy after each epoch (dashed), what of it comes from wrong "
            "answers (solid) and from right ones (dotted).",
            reel=lambda: charts.parts_reel(run),
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
