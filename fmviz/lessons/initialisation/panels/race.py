"""The race from every start: how well, how fast, and how flat."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.initialisation import charts, says, xray_says
from fmviz.lessons.initialisation.lesson import (
    MAP_DEPTHS,
    MAP_EPOCHS,
    MAP_SIGMAS,
    InitialisationView,
    map_runs,
)
from fmviz.lessons.initialisation.panels.layer import choose_layer
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.panels.curves import Warnings
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
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
            self.curves = Place()
        with right:
            self.reach = Place()
        self.told, self.warnings = Told(self.page), Warnings(board)

    def draw(self, look: Look) -> None:
        """The curves as they grow, and what they say."""
        board, runs = self.board, look.runs
        self.curves.chart(
            charts.race_rows(runs),
            charts.race_spec(board.roles, board.horizon, board.dark),
            alt=f"Validation accuracy after each epoch, and the target: {', '.join(board.roles)}.",
        )
        self.reach.chart(
            charts.reach_rows(runs),
            charts.reach_spec(board.roles, board.horizon, board.dark),
            alt="Epochs until the target, for each start.",
        )
        if look.whole and look.run.kept:
            captions = self.page.verdict(runs) if look.done else []
            captions += says.race(runs, look.done)
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


class SigmaDepthMap(OnRequest):
    """σ against depth."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        super().__init__(board)
        configs = map_runs(self.page.config)
        figures = {
            "runs": str(len(configs)),
            "sigmas": str(len(MAP_SIGMAS)),
            "depths": str(len(MAP_DEPTHS)),
            "width": plural(configs[0].hidden[0], "unit"),
            "train": f"{configs[0].train_size:,}",
            "epochs": plural(MAP_EPOCHS, "epoch"),
        }
        self.page.say(Caption("map before", figures))
        self.chart, self.told = Place(), Told(self.page)
        self.offer("map", configs)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The map as far as runs have ended, the words at the end."""
        self.chart.chart(
            charts.map_rows(records, self.page.config),
            charts.map_spec(self.board.dark),
            alt="Validation accuracy by initial std and number of hidden layers.",
        )
        if done:
            ended = [record for record in records if record is not None]
            self.told.say(*says.sigma_depth_map(ended))
