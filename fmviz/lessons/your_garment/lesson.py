"""Your garment: a picture that a reader draws, uploads or holds to the camera, and two networks."""

from __future__ import annotations

from typing import Literal

from fmviz.analysis.replies import replies
from fmviz.analysis.stopping import Shown
from fmviz.lessons.your_garment.drawings import DRAWINGS
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Stopping, Taught
from fmviz.pictures.own import of_drawing
from fmviz.run.config import RunConfig
from fmviz.run.data import CLASS_NAMES

BASELINE, PENALISED = "no penalty", "with penalty"
Source = Literal["draw", "upload", "camera"]
# What is on the paper: what the reader has drawn, or one of `DRAWINGS`.
Example = Literal[
    "yours",
    "outline",
    "t_shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "mirrored",
    "bag",
    "boot",
    "house",
]


class YourGarmentView(Taught, Stopping):
    """How the picture is given, and which drawing is on the paper."""

    source: Source = "draw"
    example: Example = "outline"


def runs(config: RunConfig, view: YourGarmentView) -> Runs:
    """The run and its twin without a penalty, which is the run itself where it has none."""
    if config.penalty == "none":
        return {BASELINE: config}
    return {BASELINE: config.baseline, PENALISED: config}


def answer(runs: list[Shown]) -> int:
    """Whether both networks take the outline of a T-shirt for one, one of them does, or neither."""
    pixels = of_drawing(DRAWINGS["outline"]).prepared.pixels
    right = [CLASS_NAMES[reply.answer] == "T-shirt/top" for reply in replies(runs, pixels)]
    return 0 if right and all(right) else 1 if any(right) else 2


LESSON = Lesson(
    name="your_garment",
    title="Your garment",
    view=YourGarmentView,
    runs=runs,
    settings={
        "train_size": 10_000,
        "hidden": (128, 128),
        "activation": "relu",
        "initializer": "glorot_uniform",
        "dropout": 0.5,
        "batch_size": 64,
        "epochs": 16,
        "penalty": "l2",
        "lam": 20.0,
    },
    presets=(
        Preset("outline"),
        Preset("filled", {"example": "t_shirt"}),
        Preset("mirrored", {"example": "mirrored"}),
        Preset("house", {"example": "house"}),
    ),
    weights=True,
    answer=answer,
)
