"""Dropout: a network without and with, and both again under a penalty."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Image, Stopping, Taught
from fmviz.run.config import RunConfig

NONE, DROPOUT, PENALTY, BOTH = "no dropout", "dropout", "penalty alone", "dropout + penalty"
DRAWS = 20
Section = Literal["rates", "mask"]


class DropoutView(Taught, Stopping):
    """The closer look, and the image and the draw of its mask."""

    section: Section = "rates"
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
    """Whether validation accuracy is higher with dropout, within the noise, or lower."""
    change = comparing.change(runs[-1], runs[0], "val")
    if change.could_be_noise:
        return 1
    return 0 if change.value > 0 else 2


def epochs_below(run: Shown) -> int:
    """In how many epochs Keras's training accuracy lies below validation accuracy."""
    history = run.record.history
    return int((history["running_accuracy"] < history["val_accuracy"]).sum())


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
        Preset("taken away", {"branch": (("dropout", 0.0),), "branch_epoch": 25}),
    ),
    weights=True,
    answer=answer,
    knobs=("dropout", "lam", "width"),
    row="gap",
    branching="beside",
)
