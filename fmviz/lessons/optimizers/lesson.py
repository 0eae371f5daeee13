"""Optimizers: one network, one start, the same batches, a different rule for the step."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.page.guessing import Span
from fmviz.page.lesson import NETWORK, Lesson, Preset, Runs
from fmviz.page.view import Layer, Stopping, Taught
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig

# Without weight decay AdamW is Adam: the lesson on L2 has the two side by side. In this order, so
# that a racer has its colour whoever else runs.
Racer = Literal["sgd", "adam", "momentum", "rmsprop", "nesterov", "adagrad", "nadam", "lion"]
RACERS: tuple[Racer, ...] = get_args(Racer)


LABELS: dict[str, str] = {name: OPTIMIZERS[name].label for name in RACERS}


# The sweep's rates: half a decade apart.
SWEPT_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)


# Of these the one with the highest validation accuracy after the last epoch of the opening
# network, seed 0. Another network may want others: the page says so, and sweeps.
OWN_RATES = {
    "sgd": 0.1,
    "momentum": 0.1,
    "nesterov": 0.1,
    "adagrad": 0.03,
    "rmsprop": 3e-3,
    "adam": 1e-3,
    "nadam": 1e-3,
    "lion": 3e-4,
}


# Who races where nobody is chosen.
OPENING_RACERS: tuple[Racer, ...] = ("sgd", "adam", "momentum", "rmsprop")

Section = Literal["loss", "update", "sweep", "ravine"]
Rates = Literal["common", "own"]
Axis = Literal["epochs", "seconds"]


class OptimizersView(Taught, Stopping):
    """Who races, how, and the closer look.

    Attributes:
        rates: one learning rate for all, or each racer's own.
        axis: what the race runs over.
        layer: whose steps are measured.
        curvature: of the ravine, where it is steeper.
        ravine_rate: of those who walk there.
        tilted: whether the ravine is turned by 45° against the parameters.
    """

    racers: tuple[Racer, ...] = OPENING_RACERS
    rates: Rates = "common"
    axis: Axis = "epochs"
    section: Section = "loss"
    layer: Layer = 1
    curvature: Annotated[float, Field(ge=1, le=1_000)] = 20.0
    ravine_rate: Annotated[float, Field(gt=0, le=10)] = 0.09
    tilted: bool = False


def racers_of(view: OptimizersView) -> tuple[Racer, ...]:
    """Who races, in the order of `RACERS`."""
    return tuple(name for name in RACERS if name in (view.racers or OPENING_RACERS))


def raced(config: RunConfig, optimizer: str, rate: float) -> RunConfig:
    """The run of one racer."""
    return config.replace(optimizer=optimizer, learning_rate=rate)


def runs(config: RunConfig, view: OptimizersView) -> Runs:
    """The racers, each at the common η or at its own."""
    own = view.rates == "own"
    return {
        LABELS[name]: raced(config, name, OWN_RATES[name] if own else config.learning_rate)
        for name in racers_of(view)
    }


def swept(config: RunConfig, racers: tuple[str, ...]) -> dict[tuple[str, float], RunConfig]:
    """The runs of the sweep, by racer and rate."""
    return {(name, rate): raced(config, name, rate) for name in racers for rate in SWEPT_RATES}


def own_rates_fit(config: RunConfig) -> bool:
    """Whether `OWN_RATES` were found on this very network; its seed is not looked at."""
    neutral = {"optimizer": "sgd", "learning_rate": 1.0, "seed": 0}
    return config.replace(**neutral) == RunConfig(**NETWORK).replace(**neutral)


# How far behind Adam, between which the options of the guess lie.
GUESS_EDGES = (0.02, 0.1)


def answer(runs: list[Shown]) -> int:
    """How far plain SGD is behind Adam on validation images, as the guess's options have it."""
    sgd, adam = (next(r for r in runs if r.name == LABELS[name]) for name in ("sgd", "adam"))
    behind = comparing.change(adam, sgd, "val").value
    least, most = GUESS_EDGES
    return 0 if behind < least else 1 if behind <= most else 2


def spans(runs: list[Shown], option: int) -> Span:
    """Where validation accuracy of plain SGD ends if it is as far behind as an option has it."""
    adam = next(r for r in runs if r.name == LABELS["adam"]).accuracy().value
    high, low = (None if b is None else adam - b for b in (None, *GUESS_EDGES, None)[option:][:2])
    return Span("y", low, high)


LESSON = Lesson(
    name="optimizers",
    title="Optimizers",
    view=OptimizersView,
    runs=runs,
    settings={**NETWORK, "learning_rate": 1e-3},
    presets=(
        Preset("one rate"),
        Preset("own rates", {"rates": "own"}),
        Preset("too much", {"learning_rate": 0.1}),
        Preset("seconds", {"rates": "own", "axis": "seconds"}),
        Preset("sweep", {"rates": "own", "section": "sweep"}),
        # The map itself is in sight.
        Preset("ravine", {"rates": "own", "ravine_rate": 0.1, "section": "ravine"}, goes=False),
        Preset("tilted", {"rates": "own", "tilted": True, "section": "ravine"}, goes=False),
        Preset(
            "handed over",
            {
                "rates": "own",
                "racers": ("sgd", "adam"),
                "branch": (("optimizer", "sgd"), ("learning_rate", 0.1)),
                "branch_epoch": 10,
            },
        ),
    ),
    answer=answer,
    spans=spans,
    knobs=("learning_rate",),
    row="accuracy",
    branching="beside",
    story=("racers", "rates"),
    trunk=LABELS["adam"],
)
