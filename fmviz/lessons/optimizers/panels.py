"""Panels of the lesson on optimizers."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.optimizers import charts, ravine_says, says
from fmviz.lessons.optimizers.lesson import (
    LABELS,
    RACERS,
    Axis,
    OptimizersView,
    Rates,
    racers_of,
    swept,
)
from fmviz.lessons.optimizers.ravine import Ravine
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.ui import controls, mirrored, state, view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.curves import Warnings
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.told import Told
from fmviz.words.prose import Caption

RATE_LABELS: dict[Rates, str] = {"common": "one η for all", "own": "each its own"}
AXIS_LABELS: dict[Axis, str] = {"epochs": "epochs", "seconds": "seconds"}
CURVATURES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
RAVINE_RATES = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.03,
    0.05,
    0.07,
    0.09,
    0.1,
    0.12,
    0.15,
    0.2,
    0.3,
    0.5,
    1.0,
    2.0,
)


def rates(page: Page[OptimizersView]) -> None:
    """One learning rate for all, or each racer's own; and the one, where it acts."""
    view_controls.choice(page.name, "rates", "Learning rate", RATE_LABELS)
    if state.value(page.name, "rates") == "common":
        controls.setting(page.name, "learning_rate")
    controls.without_effect(page.name, "optimizer", "learning_rate")


def axis(page: Page[OptimizersView]) -> None:
    """What the race runs over."""
    view_controls.choice(page.name, "axis", "Over", AXIS_LABELS)


def racers(page: Page[OptimizersView]) -> None:
    """Who races."""
    mirrored.several(page.name, "racers", "Who races", {name: LABELS[name] for name in RACERS})


class Race(Panel):
    """Training loss beside validation accuracy, the figures, and what they say."""

    pace = LIVE

    def __init__(self, board: Board[OptimizersView]) -> None:
        self.board, self.page = board, board.page
        self.view = board.page.view
        left, right = st.columns(2, gap="medium")
        with left:
            self.losses = Place()
        with right:
            self.accuracies = Place()
        self.told, self.warnings, self.table = Told(board.page), Warnings(board), Place()

    def draw(self, look: Look) -> None:
        """The curves as they grow; figures and captions with them."""
        board, runs, axis = self.board, look.runs, self.view.axis
        names = ", ".join(board.roles)
        for place, measure, what in (
            (self.losses, charts.LOSS, "Training cross-entropy"),
            (self.accuracies, charts.ACCURACY, "Validation accuracy"),
        ):
            place.chart(
                charts.race_rows(runs, measure, axis),
                charts.race_spec(board.roles, measure, axis, board.horizon, board.dark),
                alt=f"{what} over the {axis}: {names}.",
            )
        if runs:
            self.table.markdown(says.table(runs, axis))
        captions: list[Caption] = []
        in_sight: list[Caption] = []
        if look.done:
            captions = says.race(runs, self.view)
            clock = says.clock(runs)
            if clock is not None and axis == "seconds":
                captions.append(clock)
            in_sight = self.page.verdict(runs)
        elif not runs:
            in_sight = [Caption("nothing yet", {})]
        self.told.say(*captions, in_sight=in_sight)
        self.warnings.draw(look)


class Updates(Panel):
    """How large a step is beside the weights."""

    def __init__(self, board: Board[OptimizersView]) -> None:
        self.board, self.page = board, board.page
        layers = len(board.page.config.hidden) + 1
        self.layer = view_controls.layer(board.page.name, layers)
        self.chart, self.told = Place(), Told(board.page)

    def draw(self, look: Look) -> None:
        """The newest figures."""
        board = self.board
        rows = charts.updates_rows(look.runs, self.layer, says.HEALTHY)
        if rows.empty:
            return
        self.chart.chart(
            rows,
            charts.updates_spec(board.roles, board.horizon, board.dark),
            alt=f"Update-to-weight ratio of layer {self.layer} after each epoch.",
        )
        own = self.page.view.rates == "own"
        self.told.say(*says.updates(look.runs, self.layer, own))


class RateSweep(OnRequest):
    """Every racer at every rate."""

    def __init__(self, board: Board[OptimizersView]) -> None:
        super().__init__(board)
        racing = racers_of(self.page.view)
        self.configs = swept(self.page.config, racing)
        self.labels = tuple(LABELS[name] for name in racing)
        self.chart, self.told = Place(), Told(board.page)
        epochs = plural(self.page.config.epochs, "epoch")
        Place().caption(
            f"Validation accuracy in % after {epochs}: this page's network, every racer at every "
            "η. Framed: the highest of its row."
        )
        self.offer("sweep", list(self.configs.values()))

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The results as far as runs have ended, the words at the end."""
        known = dict(zip(self.configs, records, strict=True))
        self.chart.chart(
            charts.sweep_rows(known),
            charts.sweep_spec(self.labels, self.board.dark),
            alt="Validation accuracy of each optimizer at each learning rate.",
        )
        if done:
            self.told.say(*says.sweep(known))


class RavinePaths(Panel):
    """Paths down a ravine: drawn at once, nothing is trained."""

    def __init__(self, board: Board[OptimizersView]) -> None:
        page, dark = board.page, board.dark
        left, right = st.columns([1, 3.2], gap="large")
        with left:
            view_controls.slider(
                page.name, "ravine_rate", "Learning rate there, η", RAVINE_RATES, number
            )
            view_controls.slider(page.name, "curvature", "Curvature across, κ", CURVATURES, number)
            view_controls.toggle(page.name, "tilted", "Turn it by 45°")
        view = page.view
        racing = racers_of(view)
        labels = tuple(LABELS[name] for name in racing)
        rows = charts.ravine_rows(racing, Ravine(view.curvature, view.tilted), view.ravine_rate)
        with right:
            paths, descent = st.columns([1.5, 1], gap="medium")
            with paths:
                draw_chart(
                    rows,
                    charts.ravine_spec(labels, dark),
                    alt="Contours of the ravine and the path of each optimizer.",
                )
            with descent:
                draw_chart(
                    rows,
                    charts.descent_spec(labels, dark),
                    alt="f over the steps of each path.",
                )
        page.say(ravine_says.ravine_rule(view))
        Told(page).say(*ravine_says.on_ravine(racing, view))


def rules(page: Page[OptimizersView]) -> None:
    """The racers' rules with their numbers, two side by side."""
    page.say(Caption("rules", {}))
    columns = st.columns(2, gap="large")
    for index, config in enumerate(page.runs.values()):
        with columns[index % 2]:
            page.say(says.rules(config))
