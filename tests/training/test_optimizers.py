"""Update rules step for step against Keras's own optimizers, on the same gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.training import optimizers
from fmviz.training import stock as model

pytestmark = pytest.mark.slow

MEMBERS = 3
RATES = np.array([0.001, 0.1, 3.0], np.float32)
STEPS = 40


def gradients(shape: tuple[int, ...]) -> list[np.ndarray]:
    """Of all sizes, zeros and whole silent stretches among them."""
    rng = np.random.default_rng(0)
    drawn = [
        (rng.normal(size=shape) * 10.0 ** rng.integers(-8, 3, shape)).astype(np.float32)
        for _ in range(STEPS)
    ]
    for step in (3, 4, 5, 20):
        drawn[step][:] = 0
    for gradient in drawn:
        gradient[:, 0] = 0  # a weight that never has a gradient
    return drawn


def stock(name: str, rate: float) -> Any:
    """Keras's optimizer; AdamW's decay is the penalty's, and off here."""
    if name == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=0.0)
    return model._keras_optimizer(RunConfig(optimizer=name, learning_rate=rate))


def test_every_optimizer_has_a_rule() -> None:
    assert set(optimizers.RULES) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_rule_is_keras_optimizer_for_members_of_any_rate(name: str) -> None:
    start = np.random.default_rng(1).normal(size=(MEMBERS, 7)).astype(np.float32)
    rule = optimizers.RULES[name]
    weight = tf.constant(start)
    slots = rule.start(weight)
    variables = [keras.Variable(row) for row in start]
    stocks = [stock(name, float(rate)) for rate in RATES]
    for each, variable in zip(stocks, variables, strict=True):
        each.build([variable])
    for step, gradient in enumerate(gradients(start.shape), start=1):
        change, slots = rule.step(
            tf.constant(gradient),
            slots,
            tf.constant(RATES[:, None]),
            tf.constant(float(step)),
        )
        weight += change
        for row, each, variable in zip(gradient, stocks, variables, strict=True):
            each.apply_gradients([(tf.constant(row), variable)])
        theirs = np.stack([np.asarray(variable) for variable in variables])
        # In units of what may have been added up so far.
        size = np.maximum(np.abs(theirs - start), np.abs(start)) + RATES[:, None]
        assert (np.abs(weight.numpy() - theirs) / size).max() < 2e-5, step
    moved = np.abs(theirs - start)
    assert (moved[:, 1:] > 0).all()
    np.testing.assert_array_equal(moved[:, 0], 0)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_member_does_not_see_its_neighbours(name: str) -> None:
    rule = optimizers.RULES[name]
    first, second = gradients((MEMBERS, 7))[:2]

    def run(members: slice) -> np.ndarray:
        weight = tf.zeros_like(first[members])
        slots = rule.start(weight)
        for step, gradient in enumerate((first, second), start=1):
            rate = tf.constant(RATES[members, None])
            change, slots = rule.step(
                tf.constant(gradient[members]), slots, rate, tf.constant(float(step))
            )
            weight += change
        return weight.numpy()

    together = run(slice(None))
    for k in range(MEMBERS):
        np.testing.assert_array_equal(together[k : k + 1], run(slice(k, k + 1)))
