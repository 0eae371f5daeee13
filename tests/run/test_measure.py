"""Figures against hand-worked ones and against independent formulas."""

from __future__ import annotations

import math

import keras
import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import significance
from fmviz.run import measure
from fmviz.run.choices import ACTIVATIONS


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
    gap = measure.accuracy_gap(measure.accuracy(0.9, 900), measure.accuracy(0.8, 1_600))
    assert gap.value == pytest.approx(0.1)
    assert gap.error == pytest.approx(math.sqrt(2) / 100)


def test_the_error_of_a_difference_is_what_sampling_shows() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(500, 0.9, 40_000) / 500 - rng.binomial(200, 0.7, 40_000) / 200
    gap = measure.accuracy_gap(measure.accuracy(0.9, 500), measure.accuracy(0.7, 200))
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
    assert significance.normal(value, error).could_be_noise is noise


def test_a_sample_of_few_there_are_is_surer_and_all_of_them_are_certain() -> None:
    """Beside draws without replacement."""
    rng = np.random.default_rng(0)
    right = np.arange(400) < 320
    draws = np.stack([rng.permutation(right)[:250] for _ in range(4_000)]).mean(axis=1)
    assert measure.accuracy(0.8, 250, 400).error == pytest.approx(draws.std(), rel=0.05)
    for share in (0.0, 0.8, 1.0):
        assert measure.accuracy(share, 400, 400) == (share, 0.0)
    assert measure.accuracy(0.8, 250) == measure.accuracy(0.8, 250, None)


def test_the_paired_error_is_mcnemars() -> None:
    # 1,000 images: 60 that only A gets right, 40 that only B does.
    right_a = np.arange(1_000) < 860
    right_b = np.concatenate([right_a[:800], np.zeros(60, bool), np.ones(40, bool), right_a[900:]])
    estimate = significance.paired(right_a, right_b)
    b, c, m = 60, 40, 1_000
    assert estimate.value == pytest.approx((b - c) / m)
    assert estimate.error == pytest.approx(math.sqrt(b + c - (b - c) ** 2 / m) / m)


def test_the_paired_error_is_smaller_where_mistakes_go_together() -> None:
    rng = np.random.default_rng(0)
    right_a = rng.random(5_000) < 0.85
    flipped = rng.random(5_000) < 0.05
    paired = significance.paired(right_a, right_a ^ flipped)
    apart = significance.separate(
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


# Histograms of weights


@given(
    st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False)
        | st.sampled_from([0.0, -0.0, 16.0, -16.0, 2.0**-14, 1.5 * 2.0**-14, 0.125, -0.1875, 12.0])
        | st.floats(2.0**-16, 32, width=32).flatmap(lambda x: st.sampled_from([x, -x])),
        min_size=1,
        max_size=60,
    )
)
@settings(max_examples=200, deadline=None)
def test_weights_are_counted_as_numpy_counts_them(values: list[float]) -> None:
    kernel = np.array(values, np.float32)
    # Bins are closed towards zero, so magnitudes are what NumPy's are: closed below. A bin of
    # np.histogram's is open above but for its last, which must not exist here: so up to infinity.
    edges = measure.WEIGHT_EDGES
    half = len(edges) // 2
    sides = [
        np.histogram(part, [*edges[half:-1], np.finfo(np.float64).max])[0]
        for part in (kernel[kernel >= 0].astype(float), -kernel[kernel < 0].astype(float))
    ]
    positive, negative = sides
    middle = np.count_nonzero(np.abs(kernel) < edges[half])
    counts = measure.weight_histogram(kernel.reshape(1, -1))
    np.testing.assert_array_equal(counts, [*negative[::-1], middle, *positive])
    assert counts.sum() == kernel.size


def test_the_weight_bins_are_half_octaves_around_a_middle_bin() -> None:
    edges = measure.WEIGHT_EDGES
    np.testing.assert_array_equal(edges, -edges[::-1])
    positive = edges[edges > 0][:-1]
    assert (positive[0], positive[-1]) == (2.0**-14, 16.0)
    np.testing.assert_allclose(positive[1:] / positive[:-1], [1.5, 4 / 3] * 18)
    assert len(measure.weight_histogram(np.zeros((2, 3), np.float32))) == len(edges) - 1 == 75


def test_a_histogram_leaves_its_weights_alone_and_takes_views_and_doubles() -> None:
    kernel = np.random.default_rng(0).normal(size=(40, 30))
    before = kernel.copy()
    whole = measure.weight_histogram(kernel)
    np.testing.assert_array_equal(kernel, before)
    np.testing.assert_array_equal(whole, measure.weight_histogram(kernel.T.astype(np.float32)))
    parts = measure.weight_histogram(kernel[:, ::2]) + measure.weight_histogram(kernel[:, 1::2])
    np.testing.assert_array_equal(whole, parts)


# Histograms of activations


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_activations_are_counted_as_numpy_counts_them(activation: str) -> None:
    z = np.random.default_rng(1).normal(0, 6, (500, 40)).astype(np.float32)
    a = np.asarray(keras.activations.get(activation)(z))
    edges = measure.activation_edges(activation)
    counts = measure.activation_histogram(a, activation)
    # What lies at an edge but for rounding may be counted on either side of it.
    clipped = np.clip(a.astype(float), edges[0], edges[-1])
    inner = np.abs(clipped[..., None] - edges[1:-1]).min(axis=-1) > 1e-5
    expected = np.histogram(clipped[inner], edges)[0]
    np.testing.assert_array_equal(measure.activation_histogram(a[inner], activation), expected)
    assert counts.sum() == a.size
    assert len(edges) == len(counts) + 1 == measure.ACTIVATION_BINS + 1


def test_activations_beyond_the_edges_are_in_the_outer_bins() -> None:
    far = np.array([-1e9, -49.0, 49.0, 1e9], np.float32)
    counts = measure.activation_histogram(far, "elu")
    assert (counts[0], counts[-1], counts.sum()) == (2, 2, 4)
    ends = measure.activation_histogram(np.array([-1.0, 1.0, 1.0], np.float32), "tanh")
    assert (ends[0], ends[-1], ends.sum()) == (1, 2, 3)
    zeros = measure.activation_histogram(np.zeros(5, np.float32), "relu")
    edges = measure.activation_edges("relu")
    place = int(np.flatnonzero(zeros)[0])
    assert zeros[place] == 5
    assert edges[place] <= 0 <= edges[place + 1]


# Saturation


def slope(activation: str, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keras's own activation, differentiated numerically in double precision."""
    h = 1e-6

    def a(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        tensor = tf.constant(values, tf.float64)
        return np.asarray(keras.activations.get(activation)(tensor))

    return (a(z + h) - a(z - h)) / (2 * h)


# tanh' = 1 − 0.99², sigmoid' = 0.01 · 0.99.
@pytest.mark.parametrize(
    ("activation", "limit"),
    [
        *((name, 0.01) for name in ("elu", "selu", "gelu", "silu")),
        ("tanh", 0.0199),
        ("sigmoid", 0.0099),
    ],
)
def test_an_edge_of_the_flat_part_is_where_the_slope_passes_its_limit(
    activation: str, limit: float
) -> None:
    low, high = measure.FLAT[activation]
    below = low - np.concatenate([[1e-4, 1e-3], np.linspace(0.01, 30, 1_000)])
    assert (np.abs(slope(activation, below)) <= limit).all()
    above = np.array([low + 1e-4, low + 1e-3])
    assert (np.abs(slope(activation, above)) > limit).all()
    if math.isfinite(high):
        assert (np.abs(slope(activation, -below)) <= limit).all()
        assert (np.abs(slope(activation, -above)) > limit).all()
    else:  # nowhere above is a unit flat: the slope tends to 1, or to SELU's scale
        assert (slope(activation, np.linspace(4, 60, 200)) > 0.9).all()


def test_relu_is_flat_where_it_is_zero_and_leaky_relu_nowhere() -> None:
    sizes = np.geomspace(1e-30, 1e30, 61)
    z = np.concatenate([-sizes, [0.0, -0.0], sizes]).astype(np.float32)[:, None]
    zero = np.asarray(keras.activations.relu(z)) == 0
    np.testing.assert_array_equal(measure.flat(z, "relu"), zero)
    assert not measure.flat(z, "leaky_relu").any()
    np.testing.assert_allclose(slope("leaky_relu", -np.geomspace(0.01, 100, 9)), 0.2, rtol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_flat_is_where_the_lesson_says_it_is(activation: str) -> None:
    z = np.linspace(-9, 9, 20_001).astype(np.float32)[:, None]
    a = np.asarray(keras.activations.get(activation)(z.astype(np.float64)))
    told = np.abs(a) > 0.99 if activation == "tanh" else (a < 0.01) | (a > 0.99)
    np.testing.assert_array_equal(measure.flat(z, activation), told)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_has_its_flat_part(activation: str) -> None:
    assert measure.saturates(activation) == (activation in ("tanh", "sigmoid"))
    z = np.array([[-100.0, 0.1, 100.0]], np.float32)
    ends = {"tanh": [1, 0, 1], "sigmoid": [1, 0, 1], "leaky_relu": [0, 0, 0]}
    assert measure.flat(z, activation)[0].tolist() == ends.get(activation, [1, 0, 0])


def test_saturation_is_the_share_of_flat_pairs() -> None:
    z = np.array([[2.65, -2.65, 2.64, -2.64, 0.0]], np.float32)
    assert measure.saturation(measure.flat(z, "tanh")) == pytest.approx(0.4)
    assert measure.saturation(measure.flat(z.T, "tanh")) == pytest.approx(0.4)
    z = np.array([[4.6, -4.6, 4.59, -4.59, 0.0]], np.float32)
    assert measure.saturation(measure.flat(z, "sigmoid")) == pytest.approx(0.4)


def test_a_dead_unit_is_flat_on_every_image() -> None:
    z = np.array([[0.0, -0.5, 1.0, 2.0], [-7.0, 3.0, 1.0, 0.0]])
    flat = measure.flat(z, "relu")
    assert measure.dead_units(flat) == 0.25
    assert measure.saturation(flat) == pytest.approx(0.5)


def test_a_unit_stuck_at_either_end_is_dead_for_tanh() -> None:
    z = np.array([[4.0, -4.0, 0.5], [-4.0, -4.0, 4.0]])
    assert measure.dead_units(measure.flat(z, "tanh")) == pytest.approx(2 / 3)


def test_a_density_adds_up_to_all_weights_and_is_numpys_where_no_bins_are_joined() -> None:
    kernel = np.random.default_rng(0).normal(0, 0.1, (300, 200)).astype(np.float32)
    counts = measure.weight_histogram(kernel)
    for narrowest in (1e-9, 0.001, 0.02, 0.3):
        edges, density = measure.weight_density(counts, narrowest)
        widths = np.diff(edges)
        assert (density * widths).sum() == pytest.approx(1)
        assert widths.min() >= min(narrowest, 2.0**-15)
        expected, _ = np.histogram(kernel, edges, density=True)
        # NumPy counts a weight on an edge to the right of it, the record away from zero.
        assert density == pytest.approx(expected, abs=0.01)


def test_a_density_tells_the_truth_of_a_normal_in_unequal_bins() -> None:
    sigma = 0.2
    kernel = np.random.default_rng(1).normal(0, sigma, 1_000_000).astype(np.float32)
    edges, density = measure.weight_density(measure.weight_histogram(kernel), 0.01)
    exact = np.diff(scipy.stats.norm.cdf(edges, scale=sigma)) / np.diff(edges)
    assert density == pytest.approx(exact, abs=0.06)
    assert density.max() == pytest.approx(1 / (sigma * np.sqrt(2 * np.pi)), rel=0.05)


def test_weights_beyond_the_last_edge_are_missing_from_the_density() -> None:
    kernel = np.array([0.1, 0.1, -20.0, 30.0], np.float32)
    edges, density = measure.weight_density(measure.weight_histogram(kernel), 0.01)
    assert (density * np.diff(edges)).sum() == pytest.approx(0.5)


def test_flips_are_told_apart_by_their_direction() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5])
    before = np.array([0, 1, 9, 9, 4, 9])
    after = np.array([0, 9, 2, 8, 9, 5])
    gained, lost = measure.flips(before, after, labels)
    assert gained.tolist() == [2, 5]
    assert lost.tolist() == [1, 4]
    change = significance.paired(after == labels, before == labels)
    assert change.value == pytest.approx((len(gained) - len(lost)) / len(labels))


def test_speckle_is_rough_and_a_slope_is_smooth() -> None:
    rng = np.random.default_rng(0)
    speckle = rng.normal(0, 0.3, (784, 50))
    assert measure.roughness(speckle, (28, 28)) == pytest.approx(1, abs=0.02)
    rows, columns = np.divmod(np.arange(784), 28)
    wave = np.sin(rows / 6)[:, None] * np.cos(columns / 6)[:, None]
    assert measure.roughness(wave, (28, 28)) < 0.03
    # A chequerboard is as rough as can be: neighbours differ by twice their size.
    board = (1.0 - 2 * ((rows + columns) % 2))[:, None]
    assert measure.roughness(board, (28, 28)) == pytest.approx(2)
    # One hand-worked picture: differences 1, 1, 3, 3 over a mean square of 21/4.
    assert measure.roughness(np.array([[0], [1], [2], [4]]), (2, 2)) == pytest.approx(
        ((1 + 4 + 4 + 9) / 4 / 2) / (21 / 4)
    )
    assert math.isnan(measure.roughness(np.zeros((784, 3)), (28, 28)))
