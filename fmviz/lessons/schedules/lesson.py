"""Schedules: one network with a learning rate that stays, and with one that changes."""

from __future__ import annotations

from typing import Literal

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import NETWORK, Lesson, Preset, Runs
from fmviz.page.view import Stopping, Taught
from fmviz.run.choices import SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.settings import parts

CONSTANT, SCHEDULED = "constant η", "with schedule"
LABELS: dict[str, str] = {name: choice.label for name, choice in SCHEDULES.items()}

# Rates at which a schedule and a constant rate are compared: a factor about 3 apart, around the
# page's own.
SWEPT_FACTORS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# Four ReLU layers under a rate that their start cannot bear.
DEEP = {"hidden": (128,) * 4, "activation": "relu", "initializer": "he_normal"}

# Adam at a rate that is too large to settle at, until val_loss stands still.
PLATEAU = {"optimizer": "adam", "learning_rate": 0.01, "schedule": "plateau"}

Section = Literal["race", "rates"]


class SchedulesView(Taught, Stopping):
    """The closer look."""

    section: Section = "race"


def runs(config: RunConfig, view: SchedulesView) -> Runs:
    """The run at a constant rate and under the schedule; one run where that is constant."""
    if config.schedule == "constant":
        return {CONSTANT: config}
    return {CONSTANT: config.replace(schedule="constant"), SCHEDULED: config}


def raced(config: RunConfig) -> dict[str, RunConfig]:
    """The same run under every schedule, each with the settings that the page has for it."""
    return {name: config.replace(schedule=name) for name in SCHEDULES}


def swept(config: RunConfig) -> dict[tuple[str, float], RunConfig]:
    """The run without and with its schedule, by role and rate."""
    rates = [float(f"{config.learning_rate * factor:.1g}") for factor in SWEPT_FACTORS]
    return {
        (role, rate): run.replace(learning_rate=min(rate, 100.0))
        for role, run in runs(config, SchedulesView()).items()
        for rate in rates
    }


def answer(runs: list[Shown]) -> int:
    """Whether the schedule's validation accuracy is higher, within the noise, or lower."""
    change = comparing.change(runs[-1], runs[0], "val")
    if change.could_be_noise:
        return 1
    return 0 if change.value > 0 else 2


LESSON = Lesson(
    name="schedules",
    title="Schedules",
    view=SchedulesView,
    runs=runs,
    settings={**NETWORK, "optimizer": "sgd", "learning_rate": 0.3, "schedule": "cosine"},
    presets=(
        Preset("falls"),
        Preset("rescued", {"optimizer": "adam", "learning_rate": 0.01}),
        Preset("nothing to win", {"optimizer": "adam", "learning_rate": 1e-3}),
        Preset(
            "too soon",
            {"optimizer": "adam", "learning_rate": 1e-3, "schedule": "exponential"},
        ),
        Preset(
            "no warm-up",
            {**DEEP, "optimizer": "momentum", "learning_rate": 0.2, "schedule": "cosine"},
        ),
        Preset(
            "warm-up",
            {**DEEP, "optimizer": "momentum", "learning_rate": 0.2, "schedule": "warmup"},
        ),
        Preset("plateau", {**PLATEAU}),
        Preset("by hand", {**PLATEAU, "branch": (("learning_rate", 0.001),), "branch_epoch": 5}),
    ),
    answer=answer,
    knobs=("learning_rate", "schedule", *parts("schedule"), "optimizer"),
    row="accuracy",
    branching="beside",
    trunk=CONSTANT,
)
