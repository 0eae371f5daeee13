"""The race from every start: how well, how fast, and how flat."""

from __future__ import annotations

import streamlit as st

from fmviz.charts import film
from fmviz.lessons.initialisation import charts, says, xray_says
from fmviz.lessons.initialisation.lesson import InitialisationView
from fmviz.lessons.initialisation.panels.layer import choose_layer
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.panels.curves import Warnings
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen, controls, telling
from fmviz.ui.told import Told
from fmviz.words import diagnosis
from fmviz.words.prose import Caption


class Race(Panel):
    """Validation accuracy from every start, and the epochs to the target."""

    pace = LIVE

    def __init__(self, board: Board[InitialisationView]) -> None:
        self.board, self.page = board, board.page
        left, right = st.columns([2.2, 1], gap="medium")
        with left:
            self.screen = Screen(self.page, "race")
            with self.screen.stand_in():
                self.curves = Place()
            controls(self.page)
        with right:
            self.reach = Place()
        with telling():
            self.told = Told(self.page)
        self.warnings = Warnings(board)

    def draw(self, look: Look) -> None:
        """The curves as they grow, and what they say."""
        board, runs = self.board, look.runs
        self.curves.chart(
            charts.race_rows(runs),
            charts.race_spec(board.roles, board.horizon, board.dark),
            alt=(
                alt := "Validation accuracy after each epoch, and the target: "
                f"{', '.join(board.roles)}."
            ),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(clock, "lines", alt, charts.race_reel(runs, board.horizon)),
            # The guess is about saturation, which the X-ray shows.
            begins=True,
        )
        self.reach.chart(
            charts.reach_rows(runs),
            charts.reach_spec(board.roles, board.horizon, board.dark),
            alt="Epochs until the target, for each start.",
        )
        if look.whole and look.run.kept:
            captions = list(says.race(runs, look.done))
            if look.done and (verdict := self.page.verdict(runs)):
                self.page.stage.guessed(" ".join(self.page.words(*verdict).split()))
            if (why := diagnosis.stuck(look.run)) is not None:
                captions.append(why)
            self.told.say(*captions)
        elif not runs:
            self.told.say(Caption("nothing yet", {}))
        self.warnings.draw(look)


class Training(Panel):
    """A layer's flat share over the epochs, for every start."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        self.board, self.page = board, board.page
        self.layer = choose_layer(self.page)
        self.chart, self.told = Place(), Told(self.page)

    def draw(self, look: Look) -> None:
        """The newest figures."""
        board = self.board
        title = xray_says.flat_title(self.page.config.activation)
        self.chart.chart(
            charts.training_rows(look.runs, self.layer),
            charts.training_spec(board.roles, board.horizon, title, board.dark),
            alt=f"Share of {title} of the layer after each epoch, for each start.",
        )
        self.told.say(says.training(look.runs, self.layer))
