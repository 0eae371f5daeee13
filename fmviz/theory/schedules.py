"""Learning rates over the steps of a run: NumPy only.

Each is the schedule of the same name in keras/src/optimizers/schedules/learning_rate_schedule.py,
spread over the whole run: T steps in all, t the step from 0, f = `final_rate`. `Plateau` is
keras/src/callbacks/reduce_lr_on_plateau.py, which alone looks at what the run does.

After a branch it is as in Keras, where a schedule is a function of `optimizer.iterations`:

- The optimizer goes on (another λ, η, schedule, dropout rate or batch size): it goes on counting
  its steps, t with it, and so does its bias correction. T stays that of the run without the branch.
  A schedule that is exchanged is therefore entered where the step count stands, and batches of
  another size go through a schedule at another pace; smaller ones past its end, where it does what
  Keras's does.
- Another optimizer begins anew, its slots and its count at 0, and its schedule with it: T is then
  the steps that are left.
- `Plateau` begins to watch anew, as with every call of `fit`. What it has taken off η stays off,
  unless the branch sets η, a schedule or an optimizer.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig
from fmviz.run.groups import begins_anew

Array = npt.NDArray[np.float64]

# Keras's default: val_loss must fall by more than this to count as better.
PLATEAU_MIN_DELTA = 1e-4


class Steps(NamedTuple):
    """Where a schedule changes, in steps, as Keras's classes are told it."""

    total: int
    boundaries: tuple[int, ...]  # last step of each stretch of a step schedule but the last
    cycle: int  # length of a cosine cycle
    warmup: int  # steps in which the rate climbs


def steps(config: RunConfig, total: int | None = None) -> Steps:
    """The step counts behind the shares and numbers of a config without a branch.

    Args:
        total: T, all steps of the run by default.
    """
    total = config.steps if total is None else total
    return Steps(
        total,
        tuple(total * k // config.periods - 1 for k in range(1, config.periods)),
        math.ceil(total / config.periods),
        min(max(1, round(config.warmup * total)), total),
    )


class Course(NamedTuple):
    """What the learning rate follows from some step of a run on.

    Attributes:
        config: the settings in force, without a branch.
        first: t of the first step, those that the optimizer has taken before.
        length: how many steps it has.
        total: T.
    """

    config: RunConfig
    first: int
    length: int
    total: int

    @property
    def steps(self) -> Steps:
        """The step counts of its schedule."""
        return steps(self.config, self.total)


def courses(config: RunConfig) -> tuple[Course, ...]:
    """The courses of a run: one, or one before its branch and one after."""
    trunk, after = config.trunk, config.after
    before = config.steps_in(config.branch_epoch)
    left = config.steps - before
    if not config.branch:
        return (Course(config, 0, left, left),)
    begun = Course(trunk, 0, before, trunk.steps)
    if begins_anew(config):
        return begun, Course(after, 0, left, left)
    return begun, Course(after, before, left, trunk.steps)


def stretch_rates(config: RunConfig) -> Array:
    """Rates of the stretches of a step schedule, η f^(k / (periods − 1)), (periods,)."""
    return config.learning_rate * config.final_rate ** np.linspace(0, 1, config.periods)


def learning_rates(config: RunConfig) -> Array:
    """The learning rate at every step, (steps,).

    Under `plateau` that is η throughout: what `Plateau` takes off depends on the run.
    """
    return np.concatenate([_rates(course) for course in courses(config)])


def _rates(course: Course) -> Array:
    config = course.config
    total, boundaries, cycle, warmup = course.steps
    t = np.arange(course.first, course.first + course.length)
    final, eta = config.final_rate, config.learning_rate
    if config.schedule == "step":
        stretch = np.searchsorted(np.array(boundaries), t, side="left")
        return np.asarray(stretch_rates(config)[stretch])
    # Past the end, which smaller batches after a branch come to, these two go on.
    through = t / total
    progress = np.minimum(through, 1.0)
    if config.schedule == "cosine_restarts":
        progress = t / cycle % 1
    elif config.schedule == "warmup":
        progress = np.minimum(np.maximum(t - warmup, 0) / max(total - warmup, 1), 1.0)
    cosine = final + (1 - final) * (1 + np.cos(np.pi * progress)) / 2
    factors = {
        "constant": np.ones(len(t)),
        "plateau": np.ones(len(t)),
        "exponential": final**through,
        "inverse_time": 1 / (1 + (1 / final - 1) * through),
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
        self._epoch = 0
        self._watch()

    def _watch(self) -> None:
        self._best = math.inf
        self._wait = 0

    def after_epoch(self, val_loss: float) -> None:
        """Look at an epoch's val_loss."""
        self._epoch += 1
        self._look(val_loss, self.config.in_epoch(self._epoch))
        if self._epoch == self.config.branch_epoch:
            self._watch()
            if sets_rate(self.config):
                self.factor = 1.0

    def _look(self, val_loss: float, settings: RunConfig) -> None:
        if settings.schedule != "plateau":
            return
        # Keras adds min_delta in double precision and then compares in float32.
        if np.float32(val_loss + PLATEAU_MIN_DELTA) < np.float32(self._best):
            self._best = val_loss
            self._wait = 0
            return
        self._wait += 1
        if self._wait >= settings.plateau_patience:
            self.factor *= settings.plateau_factor
            self._wait = 0


def sets_rate(config: RunConfig) -> bool:
    """Whether the branch of a run says what η is from there on."""
    return bool({"learning_rate", "schedule"} & dict(config.branch).keys()) or begins_anew(config)
