"""Overfitting: a network beside its twin that was told the truth, or has other images in number."""

from __future__ import annotations

from typing import Any, Literal

from fmviz.analysis.stopping import Shown
from fmviz.lessons.overfitting.widths import Figure
from fmviz.page.guessing import Span
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Stopping, Taught
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig

TRUTH, MORE, FEWER = "told the truth", "more images", "fewer images"
OWN = "your network"
FACTOR = 10

Section = Literal["memory", "sizes", "widths"]


class OverfittingView(Taught, Stopping):
    """The closer look, and what that of ever wider networks measures on validation images."""

    section: Section = "sizes"
    held_out: Figure = "error"


def twin(config: RunConfig) -> tuple[str, RunConfig]:
    """What stands beside a network: one knob differs, the one that its figures are about.

    With label noise, the same network told the truth. Without, ten times the training images or
    as many as there are; where it has them all already, a tenth.
    """
    if config.label_noise:
        return TRUTH, config.replace(label_noise=0.0)
    most = DATASETS[config.dataset].train
    if config.train_size < most:
        return MORE, config.replace(train_size=min(FACTOR * config.train_size, most))
    return FEWER, config.replace(train_size=most // FACTOR)


def runs(config: RunConfig, view: OverfittingView) -> Runs:
    """The network's twin and the network."""
    role, other = twin(config)
    return {role: other, OWN: config}


# Validation accuracies that the options of the guess lie between, the highest first.
GUESS_EDGES = (0.95, 0.85)


def answer(runs: list[Shown]) -> int:
    """In which range of the guess validation accuracy lies."""
    validation = runs[-1].at("val_accuracy")
    return sum(validation < edge for edge in GUESS_EDGES)


def spans(runs: list[Shown], option: int) -> Span:
    """Which validation accuracies an option of the guess speaks of."""
    high, low = (None, *GUESS_EDGES, None)[option : option + 2]
    return Span("y", low, high)


# What is learnt by heart can be told where labels are wrong; it is also shown beside the chart.
NOISY: dict[str, Any] = {"train_size": 1_000, "section": "memory"}
# Networks that can learn everything by heart: long enough, and with a rate that lets them settle.
WIDER: dict[str, Any] = {
    "train_size": 2_000,
    "label_noise": 0.2,
    "hidden": (512,),
    "learning_rate": 0.003,
    "schedule": "cosine",
    "epochs": 100,
    "section": "widths",
}


LESSON = Lesson(
    name="overfitting",
    title="Overfitting",
    view=OverfittingView,
    runs=runs,
    settings={
        "train_size": 500,
        "hidden": (128,),
        "activation": "relu",
        "initializer": "glorot_uniform",
        "batch_size": 32,
        "epochs": 50,
    },
    presets=(
        Preset("gap"),
        Preset("twenty", {"train_size": 20}),
        Preset("many", {"train_size": 10_000}),
        Preset("noise", NOISY | {"label_noise": 0.2, "hidden": (256,)}, closer=False),
        Preset("narrow", NOISY | {"label_noise": 0.2, "hidden": (8,)}, closer=False),
        Preset("widths", WIDER),
        Preset("all wrong", NOISY | {"label_noise": 1.0, "hidden": (256,)}, closer=False),
    ),
    answer=answer,
    spans=spans,
    knobs=("train_size", "label_noise", "width"),
    row="gap",
)
