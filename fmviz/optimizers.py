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
RHO = 0.9
ADAGRAD_START = 0.1
LION_BETA_2 = 0.99

# TensorFlow ships no type stubs that mypy can use.
Tensor = Any


class Rule(NamedTuple):
    """An update rule.

    `start(weight)` → the slots: what it keeps of a weight between steps, before the first.
    `step(gradient, slots, rate, iteration)` → what to add to the weight, and the new slots.
    `rate` broadcasts against the gradient; `iteration` counts from 1.
    """

    start: Callable[[Tensor], list[Tensor]]
    step: Callable[[Tensor, list[Tensor], Tensor, Tensor], tuple[Tensor, list[Tensor]]]


def _zeros(slots: int) -> Callable[[Tensor], list[Tensor]]:
    return lambda weight: [tf.zeros_like(weight) for _ in range(slots)]


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


def _adagrad(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/adagrad.py: the sum of squares starts at 0.1, ε under the root."""
    total = slots[0] + gradient * gradient
    return -rate * gradient / tf.sqrt(total + EPSILON), [total]


def _rmsprop(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/rmsprop.py, ρ = 0.9, no momentum, not centred, ε under the root."""
    square = RHO * slots[0] + (1 - RHO) * gradient * gradient
    return -rate * gradient / tf.sqrt(square + EPSILON), [square]


def _moments(gradient: Tensor, slots: list[Tensor]) -> tuple[Tensor, Tensor]:
    mean, square = slots[:2]
    mean = mean + (gradient - mean) * (1 - BETA_1)
    return mean, square + (gradient * gradient - square) * (1 - BETA_2)


def _adam(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/adam.py: ε stands outside the bias correction, unlike in the paper."""
    mean, square = _moments(gradient, slots)
    correction = tf.sqrt(1 - tf.pow(BETA_2, iteration)) / (1 - tf.pow(BETA_1, iteration))
    return -(rate * correction) * mean / (tf.sqrt(square) + EPSILON), [mean, square]


def _nadam(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/nadam.py: β₁ warms up as u = β₁ (1 − 0.96ᵗ/2); slots[2] is their
    product."""
    mean, square = _moments(gradient, slots)
    now, following = (BETA_1 * (1 - 0.5 * tf.pow(0.96, t)) for t in (iteration, iteration + 1))
    product = slots[2] * now
    ahead = following / (1 - product * following) * mean + (1 - now) / (1 - product) * gradient
    root = tf.sqrt(square / (1 - tf.pow(BETA_2, iteration)))
    return -rate * ahead / (root + EPSILON), [mean, square, product]


def _lion(gradient: Tensor, slots: list[Tensor], rate: Tensor, iteration: Tensor) -> Any:
    """keras/src/optimizers/lion.py, β₁ = 0.9, β₂ = 0.99; sgn(0) = 0."""
    mean = slots[0]
    change = -rate * tf.sign(BETA_1 * mean + (1 - BETA_1) * gradient)
    return change, [LION_BETA_2 * mean + (1 - LION_BETA_2) * gradient]


RULES = {
    "sgd": Rule(_zeros(0), _sgd),
    "momentum": Rule(_zeros(1), _momentum),
    "nesterov": Rule(_zeros(1), _nesterov),
    "adagrad": Rule(lambda weight: [tf.fill(weight.shape, ADAGRAD_START)], _adagrad),
    "rmsprop": Rule(_zeros(1), _rmsprop),
    "adam": Rule(_zeros(2), _adam),
    "adamw": Rule(_zeros(2), _adam),  # its decay is the penalty's: fmviz.compiled
    "nadam": Rule(lambda weight: [*_zeros(2)(weight), tf.ones(())], _nadam),
    "lion": Rule(_zeros(1), _lion),
}
