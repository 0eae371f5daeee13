"""The first page: the images, a network that has learnt them, and the way to the lessons."""

from __future__ import annotations

from fmviz.page.lesson import Lesson, Runs, start
from fmviz.page.permalink import View
from fmviz.run.config import RunConfig


def runs(config: RunConfig, view: View) -> Runs:
    """One network."""
    return {"the network": config}


LESSON = Lesson(
    name="start",
    title="Start",
    start=start(
        {
            "train_size": 10_000,
            "activation": "relu",
            "initializer": "glorot_uniform",
            "epochs": 10,
        },
        {"label": None, "image": 0},
        taught=False,
    ),
    runs=runs,
    weights=True,
)
