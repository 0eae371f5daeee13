"""Panels of the lesson on optimizers."""

from __future__ import annotations

import streamlit as st

from fmviz.charts import film
from fmviz.lessons.optimizers import charts, ravine_charts, ravine_says, rules_says, says
from fmviz.lessons.optimizers.lesson import (
    LABELS,
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
from fmviz.ui.panels.curves import below, of_branch
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.player.screen import Screen, standing
from fmviz.ui.player.screen import controls as player
from fmviz.ui.session import is_dark
from fmviz.ui.told import Told
from fmviz.words.prose import Caption

RATE_LABELS: dict[Rates, str] = {"common": "one η for all", "own": "each its own"}
AXIS_LABELS: dict[Axis, str] = {"epochs": "epochs", "seconds": "seconds"}
MEASURES = {charts.LOSS: "Training cross-entropy", charts.ACCURACY: "Validation accuracy"}
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
    with st.container(key="racers"):
        mirrored.several(page.name, "racers", "Who races", LABELS)


class Measure(Panel):
    """One measure of all racers, over epochs or seconds.

    Args:
        measure: `charts.ACCURACY` or `charts.LOSS`.
    """

    pace = LIVE
    shows_branch = True

    def __init__(self, board: Board[OptimizersView], measure: str) -> None:
        self.board, self.page, self.measure = board, board.page, measure
        self.screen = Screen(self.page, measure, charts.PLACES)
        with self.screen.stand_in():
            self.chart = Place()

    def draw(self, look: Look) -> None:
        """The curves as they grow."""
        board, axis, measure = self.board, self.page.view.axis, self.measure
        alt = f"{MEASURES[measure]} over the {axis}: {', '.join(board.names)}."
        self.chart.chart(
            charts.race_rows(look.drawn, measure, axis),
            charts.race_spec(board.names, measure, axis, board.horizon, board.dark),
            alt=alt,
        )
        # Over seconds the runs have no epoch in common to be at.
        if axis == "epochs":
            self.screen.draw(
                look,
                lambda clock: film.reel(
                    clock, "lines", alt, charts.race_reel(look.drawn, measure, board.horizon)
                ),
                judged=measure == charts.ACCURACY,
            )


def loss(board: Board[OptimizersView]) -> Measure:
    """What the rules are to make small."""
    return Measure(board, charts.LOSS)


class Race(Panel):
    """Validation accuracy as it grows, the figures, and what they say."""

    pace = LIVE

    def __init__(self, board: Board[OptimizersView]) -> None:
        self.board, self.page = board, board.page
        self.view = board.page.view
        stage = board.page.stage
        with stage.picture:
            self.accuracy = Measure(board, charts.ACCURACY)
        self.told, self.warnings = below(board)
        with stage.under:
            self.table = Place()

    def draw(self, look: Look) -> None:
        """The curves as they grow; figures and captions with them."""
        runs, axis = look.runs, self.view.axis
        self.accuracy.draw(look)
        if runs:
            self.table.markdown(says.table(look.drawn, axis))
        captions: list[Caption] = []
        in_sight: list[Caption] = []
        if look.done:
            captions = [*of_branch(look, gap_seen=False), *says.race(runs, self.view)]
            clock = says.clock(runs)
            if clock is not None and axis == "seconds":
                captions.append(clock)
            in_sight = self.page.verdict(look.asked)
        elif not runs:
            in_sight = [Caption("nothing yet", {})]
        self.told.say(*captions, in_sight=in_sight)
        self.warnings.draw(look)


class Updates(Panel):
    """How large a step is beside the weights."""

    shows_branch = True

    def __init__(self, board: Board[OptimizersView]) -> None:
        self.board, self.page = board, board.page
        layers = len(board.page.config.hidden) + 1
        self.layer = view_controls.layer(board.page.name, layers)
        self.chart, self.told = Place(), Told(board.page)

    def draw(self, look: Look) -> None:
        """The newest figures."""
        board = self.board
        rows = charts.updates_rows(look.drawn, self.layer, says.HEALTHY)
        if not rows:
            return
        self.chart.chart(
            rows,
            charts.updates_spec(board.names, board.horizon, board.dark),
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


def ravine(page: Page[OptimizersView]) -> None:
    """The page's image: the racers on their way down a ravine, and what makes it steep. Nothing is
    trained for it, so it is there before the first guess."""
    with page.stage.player:
        player(page)
    with page.stage.side:
        screen = Screen(page, "ravine")
        with screen.stand_in():
            chart = Place()
        _ravine_controls(page)
        with standing():
            Place().caption(page.text("ravine map"))
        # Not the page's view, which asks for its runs: other controls are still to come.
        view = page.values.view
        racing = racers_of(view)
        here, rate = Ravine(view.curvature, view.tilted), view.ravine_rate
        labels = tuple(LABELS[name] for name in racing)
        alt = f"A ravine as a map, and the way of each optimizer down it: {', '.join(labels)}."
        chart.chart(
            ravine_charts.ravine_rows(racing, here, rate),
            ravine_charts.ravine_spec(labels, is_dark()),
            alt=alt,
        )
        screen.show(ravine_charts.ravine_reel(racing, here, rate, alt))


def _ravine_controls(page: Page[OptimizersView]) -> None:
    rate, curvature, tilt = st.columns(3, gap="small", vertical_alignment="center")
    with rate:
        view_controls.slider(page.name, "ravine_rate", "η on the map", RAVINE_RATES, number)
    with curvature:
        view_controls.slider(page.name, "curvature", "Curvature κ", CURVATURES, number)
    with tilt:
        view_controls.toggle(page.name, "tilted", "Tilted")


class Descent(Panel):
    """How high each walker of the ravine is after each step, and what can be known beforehand."""

    def __init__(self, board: Board[OptimizersView]) -> None:
        page = board.page
        view = page.view
        racing = racers_of(view)
        labels = tuple(LABELS[name] for name in racing)
        chart, told = st.columns([1.5, 1], gap="large")
        with chart:
            here = Ravine(view.curvature, view.tilted)
            draw_chart(
                ravine_charts.ravine_rows(racing, here, view.ravine_rate),
                ravine_charts.descent_spec(labels, board.dark),
                alt="f over the steps of each path.",
            )
        with told:
            page.say(ravine_says.ravine_rule(view))
            Told(page).say(*ravine_says.on_ravine(racing, view))


def rules(page: Page[OptimizersView]) -> None:
    """The racers' rules with their numbers: the first in sight, the others folded."""
    page.say(Caption("rules", {}))
    first, *others = page.runs.items()
    page.say(*rules_says.rules(first[1]))
    for name, config in others:
        with st.expander(name, icon=":material/function:"):
            page.say(*rules_says.rules(config))
