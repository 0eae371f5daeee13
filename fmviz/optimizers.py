"""Update rules on tensors with a member axis, equal to Keras's step for step.

Keras's own optimizers hold one learning rate for all their variables; here every member of a
group has its own, as a tensor, so that another rate never compiles again. Each rule says which
Keras file it follows, and the tests hold it against that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

MOMENTUM = 0.9
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7

# TensorFlow ships no type stubs that mypy can use.
Tensor = Any


class Rule(NamedTuple):
    """An update rule.

    `slots`: how many arrays of a weight's shape it keeps between steps, zero at first.
    `step(gradient, slots, rate, iteration)` → what to add to the weight, and the new slots.
    `rate` broadcasts against the gradient; `iteration` counts from 1.
    """

    slots: int
    step: Callable[[Tensor, list[Tensor], Tensor, Tensor], tuple[Tensor, list[Tensor]]]


def _sgd(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/sgd.py, momentum 0."""
    return -rate * gradient, slots


def _momentum(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/sgd.py, momentum 0.9: v ← 0.9 v − ηg; w ← w + v."""
    velocity = MOMENTUM * slots[0] - rate * gradient
    return velocity, [velocity]


def _nesterov(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/sgd.py, nesterov=True: w ← w + 0.9 v − ηg with the new v."""
    velocity = MOMENTUM * slots[0] - rate * gradient
    return MOMENTUM * velocity - rate * gradient, [velocity]


def _adam(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/adam.py: ε stands outside the bias correction, unlike in the paper."""
    mean, square = slots
    correction = tf.sqrt(1 - tf.pow(BETA_2, iteration)) / (1 - tf.pow(BETA_1, iteration))
    mean = mean + (gradient - mean) * (1 - BETA_1)
    square = square + (gradient * gradient - square) * (1 - BETA_2)
    return -(rate * correction) * mean / (tf.sqrt(square) + EPSILON), [mean, square]


RULES = {
    "adam": Rule(2, _adam),
    "sgd": Rule(0, _sgd),
    "momentum": Rule(1, _momentum),
    "nesterov": Rule(1, _nesterov),
}
