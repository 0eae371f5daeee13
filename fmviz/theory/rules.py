"""The optimizers' update rules, equal to Keras's step for step, in arithmetic alone.

A rule does not say what its arrays are: `bind` gives it the few functions that arithmetic lacks,
TensorFlow's where networks train (`fmviz.training.optimizers`), NumPy's where a page draws paths
(the optimizers' ravine). So a picture of an optimizer moves by the very formulas that train. Each
rule says which Keras file it follows, and the tests hold both bindings against that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

MOMENTUM = 0.9
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
RHO = 0.9
ADAGRAD_START = 0.1
LION_BETA_2 = 0.99

# Of TensorFlow or of NumPy.
Array = Any


class Maths(NamedTuple):
    """What the rules need beside + − · /, in the words of one library."""

    sqrt: Callable[[Array], Array]
    sign: Callable[[Array], Array]
    power: Callable[[float, Array], Array]
    full: Callable[[Sequence[int], float], Array]  # shape, value → an array of it


class Rule(NamedTuple):
    """An update rule.

    `start(weight)` → the slots: what it keeps of a weight between steps, before the first.
    `step(gradient, slots, rate, iteration)` → what to add to the weight, and the new slots.
    `rate` broadcasts against the gradient; `iteration` counts from 1.
    """

    start: Callable[[Array], list[Array]]
    step: Callable[[Array, list[Array], Array, Array], tuple[Array, list[Array]]]


def _sgd(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/sgd.py, momentum 0."""
    return -rate * gradient, slots


def _momentum(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/sgd.py, momentum 0.9: v ← 0.9 v − ηg; w ← w + v."""
    velocity = MOMENTUM * slots[0] - rate * gradient
    return velocity, [velocity]


def _nesterov(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/sgd.py, nesterov=True: w ← w + 0.9 v − ηg with the new v."""
    velocity = MOMENTUM * slots[0] - rate * gradient
    return MOMENTUM * velocity - rate * gradient, [velocity]


def _adagrad(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/adagrad.py: the sum of squares starts at 0.1, ε under the root."""
    total = slots[0] + gradient * gradient
    return -rate * gradient / m.sqrt(total + EPSILON), [total]


def _rmsprop(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/rmsprop.py, ρ = 0.9, no momentum, not centred, ε under the root."""
    square = RHO * slots[0] + (1 - RHO) * gradient * gradient
    return -rate * gradient / m.sqrt(square + EPSILON), [square]


def _moments(gradient: Array, slots: list[Array]) -> tuple[Array, Array]:
    mean, square = slots[:2]
    mean = mean + (gradient - mean) * (1 - BETA_1)
    return mean, square + (gradient * gradient - square) * (1 - BETA_2)


def _adam(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/adam.py: ε stands outside the bias correction, unlike in the paper."""
    mean, square = _moments(gradient, slots)
    correction = m.sqrt(1 - m.power(BETA_2, iteration)) / (1 - m.power(BETA_1, iteration))
    return -(rate * correction) * mean / (m.sqrt(square) + EPSILON), [mean, square]


def _nadam(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/nadam.py: β₁ warms up as u = β₁ (1 − 0.96ᵗ/2); slots[2] is their
    product."""
    mean, square = _moments(gradient, slots)
    now, following = (BETA_1 * (1 - 0.5 * m.power(0.96, t)) for t in (iteration, iteration + 1))
    product = slots[2] * now
    ahead = following / (1 - product * following) * mean + (1 - now) / (1 - product) * gradient
    root = m.sqrt(square / (1 - m.power(BETA_2, iteration)))
    return -rate * ahead / (root + EPSILON), [mean, square, product]


def _lion(m: Maths, gradient: Array, slots: list[Array], rate: Array, iteration: Array) -> Any:
    """keras/src/optimizers/lion.py, β₁ = 0.9, β₂ = 0.99; sgn(0) = 0."""
    mean = slots[0]
    change = -rate * m.sign(BETA_1 * mean + (1 - BETA_1) * gradient)
    return change, [LION_BETA_2 * mean + (1 - LION_BETA_2) * gradient]


# Name → the step, and what each slot of a weight starts from.
_RULES: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "sgd": (_sgd, ()),
    "momentum": (_momentum, (0.0,)),
    "nesterov": (_nesterov, (0.0,)),
    "adagrad": (_adagrad, (ADAGRAD_START,)),
    "rmsprop": (_rmsprop, (0.0,)),
    "adam": (_adam, (0.0, 0.0)),
    "adamw": (_adam, (0.0, 0.0)),  # its decay is the penalty's: see training/compiled.py
    "nadam": (_nadam, (0.0, 0.0)),
    "lion": (_lion, (0.0,)),
}


def bind(maths: Maths) -> dict[str, Rule]:
    """The rules on one library's arrays, by their names in `choices.OPTIMIZERS`."""

    def start(name: str, weight: Array) -> list[Array]:
        slots = [maths.full(weight.shape, value) for value in _RULES[name][1]]
        # Nadam's product of β₁s is one number for all weights.
        return [*slots, maths.full((), 1.0)] if name == "nadam" else slots

    return {
        name: Rule(partial(start, name), partial(step, maths)) for name, (step, _) in _RULES.items()
    }
