"""Dropout: a network without and with, and both again under a penalty."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Image, Stopping, Taught
from fmviz.run.config import RunConfig

NONE, DROPOUT, PENALTY, BOTH = "no dropout", "dropout", "penalty alone", "dropout + penalty"
DRAWS = 20
Section = Literal["mask", "rates"]


class DropoutView(Taught, Stopping):
    """The closer look, and the image and the draw of its mask."""

    section: Section = "mask"
    image: Image = 0
    draw: Annotated[int, Field(ge=1, le=DRAWS)] = 1


def runs(config: RunConfig, view: DropoutView) -> Runs:
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
    view=DropoutView,
    runs=runs,
    settings={
        "train_size": 5_000,
        "hidden": (128, 128),
        "activation": "relu",
        "initializer": "glorot_uniform",
        "dropout": 0.5,
        "batch_size": 64,
        "epochs": 30,
    },
    presets=(
        Preset("half"),
        Preset("little", {"dropout": 0.2}),
        Preset("much", {"dropout": 0.8}),
        Preset("narrow", {"hidden": (64, 64)}),
        Preset("penalty", {"lam": 2.0}),
    ),
    weights=True,
    answer=answer,
)
