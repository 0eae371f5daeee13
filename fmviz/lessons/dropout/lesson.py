"""Dropout: a network without and with, and both again under a penalty."""

from __future__ import annotations

from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import Lesson, Preset, Runs, start
from fmviz.page.permalink import View
from fmviz.run.config import RunConfig

NONE, DROPOUT, PENALTY, BOTH = "no dropout", "dropout", "penalty alone", "dropout + penalty"

SECTIONS = ("mask", "rates")


def runs(config: RunConfig, view: View) -> Runs:
    """Two by two: dropout and penalty, each without and with, where they are not 0."""
    without = config.replace(dropout=0.0)
    found = {
        NONE: without.baseline,
        DROPOUT: config.baseline,
        PENALTY: without,
        BOTH: config,
    }
    if not config.dropout:
        del found[DROPOUT], found[BOTH]
    if config.penalty == "none":
        found = {role: found[role] for role in found if role in (NONE, DROPOUT)}
    return found


def answer(runs: list[Shown]) -> int:
    """In how many epochs Keras's training accuracy lies below validation accuracy."""
    history = runs[-1].record.history
    below = int((history["running_accuracy"] < history["val_accuracy"]).sum())
    return 0 if below == 0 else 1 if 3 * below < runs[-1].record.epochs else 2


LESSON = Lesson(
    name="dropout",
    title="Dropout",
    start=start(
        {
            "train_size": 5_000,
            "hidden": (128, 128),
            "activation": "relu",
            "initializer": "glorot_uniform",
            "penalty": "l2",
            "lam": 0.0,
            "dropout": 0.5,
            "batch_size": 64,
            "epochs": 30,
        },
        {"section": "mask", "image": 0, "draw": 1},
    ),
    runs=runs,
    presets=(
        Preset("half"),
        Preset("little", {"dropout": 0.2}),
        Preset("much", {"dropout": 0.8}),
        Preset("narrow", {"hidden": (64, 64)}),
        Preset("penalty", {"lam": 2.0}),
    ),
    choices={"section": SECTIONS},
    weights=True,
    answer=answer,
)
