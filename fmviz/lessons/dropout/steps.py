"""The masks of a run's first steps, drawn again: which units were missing, for which image.

The trainer draws a mask for every image of a step from the run's seed, the step and the layer
alone (`fmviz.training.stock`, `fmviz.training.compiled`), and sees the images in an order that is
known too. So what happened to the first image of each batch can be told without training, and
without TensorFlow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.theory.philox import uniform

# Of each step there are so many seeds for layers: see `fmviz.training.compiled`.
LAYERS_A_STEP = 8
STEPS = 16


class Step(NamedTuple):
    """One step of a run, as its first image met it.

    Attributes:
        image: its place among the training images.
        kept: of each hidden layer which units were there, (units,).
    """

    image: int
    kept: list[npt.NDArray[np.bool_]]


def first_steps(config: RunConfig, steps: int = STEPS) -> list[Step]:
    """The first steps of a run, those of the next epochs too where it has few images."""
    return [_step(config, step) for step in range(steps)]


def _step(config: RunConfig, step: int) -> Step:
    epoch, batch = divmod(step, config.steps_per_epoch)
    image = int(data.epoch_order(config.train_size, epoch)[batch * config.batch_size])
    kept = [
        uniform(units, (config.seed, step * LAYERS_A_STEP + layer)) >= np.float32(config.dropout)
        for layer, units in enumerate(config.hidden)
    ]
    return Step(image, kept)
