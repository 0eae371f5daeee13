"""Figures against hand-worked ones and against independent formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz import measure
from fmviz.measure import Estimate


@pytest.mark.parametrize(
    ("share", "examples", "error"),
    [(0.89, 10_000, 0.0031289), (0.89, 1_000, 0.0098944), (0.5, 4, 0.25), (0.2, 16, 0.1)],
)
def test_the_standard_error_of_an_accuracy(share: float, examples: int, error: float) -> None:
    estimate = measure.accuracy(share, examples)
    assert estimate.value == share
    assert estimate.error == pytest.approx(error, rel=1e-4)


@given(st.integers(1, 10_000), st.integers(2, 10_000))
@settings(max_examples=100, deadline=None)
def test_the_standard_error_is_that_of_a_binomial_share(right: int, examples: int) -> None:
    right = min(right, examples - 1)
    expected = scipy.stats.binom(examples, right / examples).std() / examples
    assert measure.accuracy(right / examples, examples).error == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_right_or_all_wrong_is_not_certain(share: float) -> None:
    # (96 + 2) / (96 + 4) = 0.98, and √(0.98 · 0.02 / 100) = 0.014.
    estimate = measure.accuracy(share, 96)
    assert estimate.value == share
    assert estimate.error == pytest.approx(0.014)


@pytest.mark.parametrize(
    ("share", "examples"), [(-0.1, 10), (1.1, 10), (0.5, 0), (0.5, -1), (math.nan, 10)]
)
def test_an_accuracy_that_cannot_be_is_refused(share: float, examples: int) -> None:
    with pytest.raises(ValueError, match="share in"):
        measure.accuracy(share, examples)


def test_the_gap_is_training_minus_held_out_with_both_errors() -> None:
    # √(0.9·0.1/900 + 0.8·0.2/1600) = √(0.0001 + 0.0001)
    gap = measure.accuracy_gap(0.9, 900, 0.8, 1_600)
    assert gap.value == pytest.approx(0.1)
    assert gap.error == pytest.approx(math.sqrt(2) / 100)


def test_the_error_of_a_difference_is_what_sampling_shows() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(500, 0.9, 40_000) / 500 - rng.binomial(200, 0.7, 40_000) / 200
    gap = measure.accuracy_gap(0.9, 500, 0.7, 200)
    assert gap.value == pytest.approx(draws.mean(), abs=0.001)
    assert gap.error == pytest.approx(draws.std(), rel=0.02)


@pytest.mark.parametrize(
    ("value", "error", "noise"),
    [
        (0.03, 0.01, False),
        (-0.03, 0.01, False),
        (0.019, 0.01, True),
        (-0.019, 0.01, True),
        (0.0, 0.0, True),
        (1e-9, 0.0, False),
        (math.nan, 0.01, True),
    ],
)
def test_within_two_standard_errors_a_difference_could_be_noise(
    value: float, error: float, noise: bool
) -> None:
    assert Estimate(value, error).could_be_noise is noise


def test_the_paired_error_is_mcnemars() -> None:
    # 1,000 images: 60 that only A gets right, 40 that only B does.
    right_a = np.arange(1_000) < 860
    right_b = np.concatenate([right_a[:800], np.zeros(60, bool), np.ones(40, bool), right_a[900:]])
    estimate = measure.paired_difference(right_a, right_b)
    b, c, m = 60, 40, 1_000
    assert estimate.value == pytest.approx((b - c) / m)
    assert estimate.error == pytest.approx(math.sqrt(b + c - (b - c) ** 2 / m) / m)


def test_the_paired_error_is_smaller_where_mistakes_go_together() -> None:
    rng = np.random.default_rng(0)
    right_a = rng.random(5_000) < 0.85
    flipped = rng.random(5_000) < 0.05
    paired = measure.paired_difference(right_a, right_a ^ flipped)
    apart = measure.difference(
        measure.accuracy(right_a.mean(), 5_000), measure.accuracy((right_a ^ flipped).mean(), 5_000)
    )
    assert paired.value == pytest.approx(apart.value)
    assert paired.error < 0.7 * apart.error


# Sparsity


def test_zeros_are_counted_up_to_and_with_the_tolerance() -> None:
    kernel = np.array([[0.0, -0.0, 1e-3], [-1e-3, 2e-3, 0.5]], np.float32)
    counts = measure.near_zeros(kernel, (0.0, 1e-6, 1e-3, 1.9e-3, 2e-3, 1.0))
    assert counts.tolist() == [2, 2, 4, 4, 5, 6]


def test_a_float32_weight_of_a_tolerance_counts_under_it() -> None:
    for tolerance in measure.TOLERANCES:
        kernel = np.array([tolerance, -tolerance], np.float32)
        assert measure.near_zeros(kernel, (tolerance,)).tolist() == [2]
        if tolerance:
            beyond = np.nextafter(kernel, np.float32([9, -9]), dtype=np.float32)
            assert measure.near_zeros(beyond, (tolerance,)).tolist() == [0]


def test_sparsity_weighs_layers_by_their_weights() -> None:
    kernels = [np.zeros((3, 2)), np.ones((2, 1)), np.full((1, 2), 0.01)]
    assert measure.sparsity(kernels, 0.0) == pytest.approx(6 / 10)
    assert measure.sparsity(kernels, 0.01) == pytest.approx(8 / 10)
    assert measure.sparsity(kernels, 1.0) == 1.0


@pytest.mark.parametrize("tolerance", [1e-3, 0.1, 0.5, 1.0])
def test_sparsity_of_normal_weights_is_the_normal_distributions(tolerance: float) -> None:
    kernel = np.random.default_rng(0).normal(0, 0.3, (1_000, 400)).astype(np.float32)
    expected = 1 - 2 * scipy.stats.norm.sf(tolerance, scale=0.3)
    assert measure.sparsity([kernel], tolerance) == pytest.approx(expected, abs=0.002)


def test_tolerances_start_at_exact_zeros_and_rise() -> None:
    assert measure.TOLERANCES[0] == 0
    assert list(measure.TOLERANCES) == sorted(set(measure.TOLERANCES))


# Saturation


@pytest.mark.parametrize(
    ("activation", "values", "share"),
    [
        ("tanh", [0.991, -0.991, 0.98, -0.98, 0.0], 0.4),
        ("sigmoid", [0.009, 0.991, 0.5, 0.011, 0.0], 0.6),
        ("relu", [0.0, 0.0, 1e-30, 3.0, 0.0], 0.6),
    ],
)
def test_saturation_is_the_share_in_the_flat_part(
    activation: str, values: list[float], share: float
) -> None:
    activations = np.array(values, np.float32)[:, None]
    assert measure.saturation(activations, activation) == pytest.approx(share)
    assert measure.saturation(activations.T, activation) == pytest.approx(share)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_flat_is_where_the_derivative_is_small(activation: str) -> None:
    z = np.linspace(-8, 8, 4_001)[:, None]
    if activation == "tanh":
        a, slope, limit = np.tanh(z), 1 - np.tanh(z) ** 2, 0.0199
    else:
        a = 1 / (1 + np.exp(-z))
        slope, limit = a * (1 - a), 0.0099
    expected = (slope < limit).mean()
    assert measure.saturation(a, activation) == pytest.approx(expected, abs=1e-9)


def test_a_dead_unit_is_flat_on_every_image() -> None:
    activations = np.array([[0.0, 0.0, 1.0, 2.0], [0.0, 3.0, 1.0, 0.0]])
    assert measure.dead_units(activations, "relu") == 0.25
    assert measure.saturation(activations, "relu") == pytest.approx(0.5)


def test_a_unit_stuck_at_either_end_is_dead_for_tanh() -> None:
    activations = np.array([[0.999, -0.999, 0.5], [-0.999, -0.999, 0.999]])
    assert measure.dead_units(activations, "tanh") == pytest.approx(2 / 3)
