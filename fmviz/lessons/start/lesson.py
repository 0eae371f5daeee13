"""The first page: the images, a network that has learnt them, and the way to the lessons."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fmviz.page.lesson import Lesson, Runs
from fmviz.page.view import Image, Stopping
from fmviz.run.config import RunConfig


class StartView(Stopping):
    """Which images are in sight: a class, and one validation image."""

    label: Annotated[int | None, Field(ge=0, le=9)] = None
    image: Image = 0


def runs(config: RunConfig, view: StartView) -> Runs:
    """One network."""
    return {"the network": config}


LESSON = Lesson(
    name="start",
    title="Start",
    view=StartView,
    runs=runs,
    settings={
        "train_size": 10_000,
        "activation": "relu",
        "initializer": "glorot_uniform",
        "epochs": 10,
    },
    weights=True,
)
