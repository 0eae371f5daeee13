"""The race from five starts, and what training makes of a start."""

from __future__ import annotations

import numpy as np
import streamlit as st

from fmviz.charts.weights import kernel_pictures
from fmviz.lessons.initialisation import charts, says, xray, xray_says
from fmviz.lessons.initialisation.lesson import (
    MAP_DEPTHS,
    MAP_EPOCHS,
    MAP_SIGMAS,
    InitialisationView,
    map_runs,
)
from fmviz.lessons.initialisation.panels.before import PIXEL, has_hidden, layer
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.ui import live
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.panels.curves import Warnings
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.pictures import png
from fmviz.ui.place import Place
from fmviz.ui.session import is_dark
from fmviz.words import diagnosis

PICTURES_SHOWN = 8


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
        self.caption, self.warnings = Place(), Warnings(board)

    def draw(self, look: Look) -> None:
        """The curves as they grow, and what they say."""
        board, runs = self.board, look.runs
        names = ", ".join(board.roles)
        self.curves.chart(
            charts.race_rows(runs),
            charts.race_spec(board.roles, board.horizon, board.dark),
            alt=f"Validation accuracy after each epoch, and the target: {names}.",
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
            self.caption.markdown(self.page.words(*captions))
        elif not runs:
            self.caption.markdown(self.page.text("nothing yet"))
        self.warnings.draw(look)


class Training(Panel):
    """A layer's flat share over the epochs, for every start."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        self.board, self.page = board, board.page
        self.shown = has_hidden(board.page)
        if not self.shown:
            return
        self.layer = layer(board.page)
        self.chart, self.caption = Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        if not self.shown:
            return
        board = self.board
        title = xray_says.flat_title(board.page.config.activation)
        self.chart.chart(
            charts.training_rows(look.runs, self.layer),
            charts.training_spec(board.roles, board.horizon, title, board.dark),
            alt=f"Share of {title} of the layer after each epoch, for each start.",
        )
        self.caption.markdown(self.page.words(says.training(look.runs, self.layer)))


class SigmaDepthMap(OnRequest):
    """σ against depth."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        super().__init__(board)
        configs = map_runs(self.page.config)
        figures = {
            "runs": str(len(configs)),
            "sigmas": str(len(MAP_SIGMAS)),
            "depths": str(len(MAP_DEPTHS)),
            "width": str(configs[0].hidden[0]),
            "train": f"{configs[0].train_size:,}",
            "epochs": plural(MAP_EPOCHS, "epoch"),
        }
        st.markdown(self.page.text("map before", figures))
        self.chart, self.caption = Place(), Place()
        self.offer("map", configs)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The cells as far as runs have ended, the words at the end."""
        self.chart.chart(
            charts.map_rows(records, self.page.config),
            charts.map_spec(self.board.dark),
            alt="Validation accuracy by initial std and number of hidden layers.",
        )
        if done:
            whole = [record for record in records if record is not None]
            self.caption.markdown(self.page.words(*says.sigma_depth_map(whole)))


class Symmetry(Panel):
    """Whether anything tells the units of a layer apart: the first gradient, and after training.

    It wants the weights, which the race goes without: `run` asks for that one run whole.
    """

    def __init__(self, board: Board[InitialisationView]) -> None:
        self.page = page = board.page
        self.shown = has_hidden(page)
        if not self.shown:
            return
        page.say(says.told_alike(page.config, xray.of(page.config)))
        self.status, self.caption, self.pictures, self.note = (Place() for _ in range(4))

    def run(self) -> None:
        """Draw the trained units."""
        if not self.shown:
            return
        page = self.page
        for update in live.live([page.config]):
            if update.state == "failed":
                self.status.error(update.message)
                return
            if update.state == "training":
                self.status.progress(update.progress([page.config]))
        self.status.clear()
        record = update.records[0]
        if record is None or not record.epochs:
            return
        self.caption.markdown(page.words(says.symmetry(record)))
        shown = record.snapshots[-1][:, :PICTURES_SHOWN].astype(float)
        limit, dark = float(np.abs(shown).max()), is_dark()
        self.pictures.image(
            [
                png(kernel_pictures(unit, limit, dark, scale=PIXEL))
                for unit in np.hsplit(shown, shown.shape[1])
            ],
            captions=[f"unit {i}" for i in range(shown.shape[1])],
            width=28 * PIXEL // 2,
        )
        figures = {"shown": str(shown.shape[1]), "epoch": str(record.snapshot_epochs[-1])}
        self.note.caption(page.text("symmetry pictures", figures))
