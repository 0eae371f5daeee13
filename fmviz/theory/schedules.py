"""Learning rates over the steps of a run: NumPy only.

Each is the schedule of the same name in keras/src/optimizers/schedules/learning_rate_schedule.py,
spread over the whole run: T steps in all, t the step from 0, f = `final_rate`. `Plateau` is
keras/src/callbacks/reduce_lr_on_plateau.py, which alone looks at what the run does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig

Array = npt.NDArray[np.float64]

# Keras's default: val_loss must fall by more than this to count as better.
PLATEAU_MIN_DELTA = 1e-4


class Steps(NamedTuple):
    """Where a schedule changes, in steps, as Keras's classes are told it."""

    total: int
    boundaries: tuple[int, ...]  # last step of each stretch of a step schedule but the last
    cycle: int  # length of a cosine cycle
    warmup: int  # steps in which the rate climbs


def steps(config: RunConfig) -> Steps:
    """The step counts behind the shares and numbers of a config."""
    total = config.epochs * config.steps_per_epoch
    return Steps(
        total,
        tuple(total * k // config.periods - 1 for k in range(1, config.periods)),
        math.ceil(total / config.periods),
        min(max(1, round(config.warmup * total)), total),
    )


def stretch_rates(config: RunConfig) -> Array:
    """Rates of the stretches of a step schedule, η f^(k / (periods − 1)), (periods,)."""
    return config.learning_rate * config.final_rate ** np.linspace(0, 1, config.periods)


def learning_rates(config: RunConfig) -> Array:
    """The learning rate at every step, (epochs · steps_per_epoch,).

    Under `plateau` that is η throughout: what `Plateau` takes off depends on the run.
    """
    total, boundaries, cycle, warmup = steps(config)
    t = np.arange(total)
    final, eta = config.final_rate, config.learning_rate
    if config.schedule == "step":
        stretch = np.searchsorted(np.array(boundaries), t, side="left")
        return np.asarray(stretch_rates(config)[stretch])
    progress = t / total
    if config.schedule == "cosine_restarts":
        progress = t / cycle % 1
    elif config.schedule == "warmup":
        progress = np.maximum(t - warmup, 0) / max(total - warmup, 1)
    cosine = final + (1 - final) * (1 + np.cos(np.pi * progress)) / 2
    factors = {
        "constant": np.ones(total),
        "plateau": np.ones(total),
        "exponential": final**progress,
        "inverse_time": 1 / (1 + (1 / final - 1) * progress),
        "polynomial": final + (1 - final) * (1 - progress) ** config.power,
        "cosine": cosine,
        "cosine_restarts": cosine,
        "warmup": np.where(t < warmup, t / warmup, cosine),
    }
    return np.asarray(eta * factors[config.schedule])


class Plateau:
    """`keras.callbacks.ReduceLROnPlateau(monitor="val_loss")` for one run.

    `factor` is what η is to be multiplied by: it starts at 1 and is multiplied by the config's
    `plateau_factor` each time that val_loss has not fallen by more than `PLATEAU_MIN_DELTA` for
    `plateau_patience` epochs. Under any other schedule it stays 1.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.factor = 1.0
        self._best = math.inf
        self._wait = 0

    def after_epoch(self, val_loss: float) -> None:
        """Look at an epoch's val_loss."""
        if self.config.schedule != "plateau":
            return
        # Keras adds min_delta in double precision and then compares in float32.
        if np.float32(val_loss + PLATEAU_MIN_DELTA) < np.float32(self._best):
            self._best = val_loss
            self._wait = 0
            return
        self._wait += 1
        if self._wait >= self.config.plateau_patience:
            self.factor *= self.config.plateau_factor
            self._wait = 0
