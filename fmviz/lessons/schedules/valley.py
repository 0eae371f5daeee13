"""A dot in a valley: noisy steps down f(w) = w² at a run's learning rates, NumPy only.

An illustration, not the network: one weight, with the gradient 2w + σξ, ξ ~ N(0, 1), in place of
the gradient of a batch. The step is the update rule of the run, of `fmviz.theory.rules`, and the
rates are the run's own, so that what a schedule is for can be seen: at a constant rate the dot
keeps jumping about the lowest place, at a distance that grows with η (under plain SGD its variance
tends to σ²η/(4(1 − η))); at a rate that falls it settles; at one that falls too soon it stops on
the slope.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory import schedules
from fmviz.theory.numpy_rules import RULES

Array = npt.NDArray[np.float64]

# Where the dot sets out, and σ, the noise of its gradient.
START, NOISE = -0.6, 0.3
# As many as the opening network takes. A run of more or of fewer steps has its rates spread over
# them.
STEPS = 1_000
# The last of them, over which it is said how far the dot still moves.
LAST = 100
# Beyond this the dot has left the valley for good, and its walk ends.
FAR = 1e3


def rates_of(config: RunConfig, record: RunRecord | None) -> Array:
    """The learning rate at every step of a run; of a plateau as far as it is known, and before
    its first epoch that of the first step."""
    if "plateau" not in (config.schedule, config.after.schedule):
        return schedules.learning_rates(config)
    known = np.empty(0) if record is None else record.history["learning_rate"]
    if not len(known):
        return np.array([config.learning_rate])
    ends = [config.steps_in(epoch) for epoch in range(len(known) + 1)]
    return np.repeat(known, np.diff(ends))


def epochs_at(config: RunConfig, steps: Sequence[int] | npt.NDArray[np.integer]) -> Array:
    """How many epochs have gone by after so many steps, with a fraction."""
    epochs = np.arange(config.epochs + 1)
    ends = [config.steps_in(int(epoch)) for epoch in epochs]
    return np.asarray(np.interp(steps, ends, epochs))


def walk(optimizer: str, rates: Array, seed: int) -> Array:
    """The places that the dot comes through, the start first: (at most `STEPS` + 1,).

    Args:
        optimizer: a name in `choices.OPTIMIZERS`.
        rates: of all steps of the run, (steps,).
        seed: draws the noise; walks of the same seed have the same.
    """
    rule, place = RULES[optimizer], np.array(START)
    slots, places = rule.start(place), [START]
    noise = NOISE * np.random.default_rng(seed).normal(size=STEPS)
    spread = rates[np.arange(STEPS) * len(rates) // STEPS]
    for step in range(STEPS):
        change, slots = rule.step(2 * place + noise[step], slots, spread[step], step + 1)
        place = place + change
        places.append(float(place))
        if abs(place) > FAR:
            break
    return np.array(places)


@lru_cache(maxsize=32)
def of_run(record: RunRecord) -> Array:
    """The walk at the rates of a run, by its rule and with its seed."""
    config = record.config
    return walk(config.optimizer, rates_of(config, record), config.seed)


def unrest(places: Array) -> float | None:
    """How far from the lowest place the dot was over the last `LAST` steps, as a root mean square;
    None of one that has left."""
    if len(places) <= STEPS:
        return None
    return float(np.sqrt(np.mean(places[-LAST:] ** 2)))
