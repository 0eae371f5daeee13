"""Closed forms against the lesson's figures, SciPy's tails and Keras's own schedules."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import scipy.stats

from fmviz import measure, theory
from fmviz.config import RunConfig


@pytest.mark.parametrize(
    ("activation", "scale", "share"),
    [
        ("tanh", math.sqrt(501), "90.6%"),
        ("sigmoid", math.sqrt(501), "83.7%"),
        ("tanh", math.sqrt(1.5), "3.1%"),
    ],
)
def test_nielsens_case_is_saturated_as_the_lesson_says(
    activation: str, scale: float, share: str
) -> None:
    assert f"{100 * theory.predicted_saturation(activation, scale):.1f}%" == share


def test_nielsens_cure_leaves_sigmoid_units_unsaturated() -> None:
    predicted = theory.predicted_saturation("sigmoid", math.sqrt(1.5))
    assert f"{100 * predicted:.2f}%" == "0.02%"


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0, 10.0, 1_000.0])
@pytest.mark.parametrize(("activation", "threshold"), [("tanh", 2.6466524), ("sigmoid", 4.5951199)])
def test_predicted_saturation_is_the_tails_of_a_normal(
    activation: str, threshold: float, scale: float
) -> None:
    expected = 2 * scipy.stats.norm.sf(threshold, scale=scale)
    assert theory.predicted_saturation(activation, scale) == pytest.approx(expected, rel=1e-6)


def test_predicted_saturation_of_many_images_is_their_mean() -> None:
    scales = np.array([0.0, 1.0, 5.0], np.float32)
    expected = (0 + 2 * scipy.stats.norm.sf([2.6466524, 2.6466524 / 5]).sum()) / 3
    assert theory.predicted_saturation("tanh", scales) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_what_is_predicted_is_what_is_measured_on_random_weights(activation: str) -> None:
    rng = np.random.default_rng(0)
    images = rng.random((40, 300)) * (rng.random((40, 300)) < 0.5)
    z = images @ rng.normal(0, 0.5, (300, 6_000))
    activations = np.tanh(z) if activation == "tanh" else 1 / (1 + np.exp(-z))
    predicted = theory.predicted_saturation(activation, 0.5 * np.sqrt((images**2).sum(axis=1)))
    assert 0.1 < predicted < 0.9
    assert measure.saturation(activations, activation) == pytest.approx(predicted, abs=0.01)


def test_no_initial_weights_saturate_nothing() -> None:
    assert theory.predicted_saturation("tanh", 0.0) == 0.0


def test_relu_has_no_prediction() -> None:
    with pytest.raises(ValueError, match="tanh, sigmoid, not 'relu'"):
        theory.predicted_saturation("relu", 1.0)


@pytest.mark.parametrize("name", ["glorot_normal", "glorot_uniform", "he_normal", "he_uniform"])
def test_the_initial_sigma_is_that_of_keras_initialisers(name: str) -> None:
    sample = keras.initializers.get({"class_name": name, "config": {"seed": 1}})((700, 300))
    sigma = theory.initial_sigma(RunConfig(initializer=name), 700, 300)
    assert sigma == pytest.approx(np.std(np.asarray(sample)), rel=0.01)


def test_the_initial_sigma_of_the_notes_is_hand_worked() -> None:
    assert theory.initial_sigma(RunConfig(initializer="xavier"), 784, 128) == pytest.approx(1 / 28)
    assert theory.initial_sigma(RunConfig(init_std=0.7), 784, 128) == 0.7


# λ


def test_the_same_strength_on_a_larger_set_takes_a_larger_lambda() -> None:
    small = RunConfig(penalty="l2", lam=0.1, train_size=1_000)
    large = RunConfig(penalty="l2", lam=5, train_size=50_000, dataset="full")
    for config in (small, large):
        assert theory.coefficients(config).l2 == pytest.approx(5e-5, rel=1e-12)
        assert theory.coefficients(config).l1 == 0
        assert theory.pytorch_weight_decay(config) == pytest.approx(1e-4, rel=1e-12)


def test_no_penalty_has_no_coefficient() -> None:
    assert theory.coefficients(RunConfig()) == (0, 0)
    assert theory.pytorch_weight_decay(RunConfig()) == 0


def test_the_l1_coefficient_is_lambda_over_n_and_no_weight_decay() -> None:
    config = RunConfig(penalty="l1", lam=2.0, train_size=4_000)
    assert theory.coefficients(config) == (pytest.approx(5e-4, rel=1e-12), 0)
    assert theory.pytorch_weight_decay(config) == 0


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_keras_regularisers_with_these_coefficients_are_the_notes_penalty(penalty: str) -> None:
    config = RunConfig(penalty=penalty, lam=7.0, train_size=200)
    kernel = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    if penalty == "l1":
        notes = 7.0 / 200 * np.abs(kernel).sum()
    else:
        notes = 7.0 / (2 * 200) * (kernel**2).sum()
    l1, l2 = theory.coefficients(config)
    assert float(keras.regularizers.L1L2(l1, l2)(kernel)) == pytest.approx(notes, rel=1e-5)


@pytest.mark.parametrize(
    ("penalty", "weight", "after"),
    [
        # ηλ/n = 0.5 · 100 / 1,000 = 0.05
        ("l2", 2.0, 1.9),
        ("l2", -2.0, -1.9),
        ("l2", 0.0, 0.0),
        ("l1", 2.0, 1.95),
        ("l1", -2.0, -1.95),
        ("l1", 0.01, -0.04),
        ("l1", 0.0, 0.0),
        ("none", 2.0, 2.0),
    ],
)
def test_one_weight_shrinks_by_hand_worked_steps(penalty: str, weight: float, after: float) -> None:
    config = RunConfig(penalty=penalty, lam=100.0, train_size=1_000, learning_rate=0.5)
    assert theory.shrink(weight, config) == pytest.approx(after, abs=1e-15)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("weight", [0.7, -0.3])
def test_a_shrink_is_a_gradient_step_on_the_penalty(penalty: str, weight: float) -> None:
    config = RunConfig(penalty=penalty, lam=3.0, train_size=50, learning_rate=0.2)
    l1, l2 = theory.coefficients(config)

    def cost(w: float) -> float:
        return l1 * abs(w) + l2 * w * w

    slope = (cost(weight + 1e-6) - cost(weight - 1e-6)) / 2e-6
    assert theory.shrink(weight, config) == pytest.approx(weight - 0.2 * slope, rel=1e-6)


# Schedules


@pytest.mark.parametrize("schedule", ["exponential", "cosine"])
@pytest.mark.parametrize(("epochs", "train_size", "batch_size"), [(3, 1_000, 128), (1, 50, 50)])
def test_learning_rates_are_those_of_keras(
    schedule: str, epochs: int, train_size: int, batch_size: int
) -> None:
    config = RunConfig(
        schedule=schedule,
        learning_rate=0.3,
        epochs=epochs,
        train_size=train_size,
        batch_size=batch_size,
    )
    steps = epochs * math.ceil(train_size / batch_size)
    stock = {
        "exponential": keras.optimizers.schedules.ExponentialDecay(0.3, steps, 0.01),
        "cosine": keras.optimizers.schedules.CosineDecay(0.3, steps),
    }[schedule]
    rates = theory.learning_rates(config)
    assert rates.shape == (steps,)
    np.testing.assert_allclose(rates, [float(stock(step)) for step in range(steps)], rtol=2e-5)


def test_a_constant_learning_rate_stays() -> None:
    rates = theory.learning_rates(RunConfig(train_size=1_000, epochs=2, learning_rate=0.02))
    assert rates.tolist() == [0.02] * 16
