"""Magnitude pruning, against Keras on weights that were zeroed by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fmviz.analysis.significance import normal
from fmviz.lessons.regularisation import pruning
from fmviz.run.data import Images
from fmviz.run.measure import Estimate, sparsity


def some_weights(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [(6, 5), (5,), (5, 4), (4,), (4, 3), (3,)]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def test_the_smallest_of_all_kernels_go_and_biases_stay() -> None:
    weights = some_weights()
    left = pruning.pruned(weights, 0.5)
    every = np.sort(np.abs(np.concatenate([k.ravel() for k in weights[::2]])))
    median = every[len(every) // 2]
    for before, after in zip(weights[::2], left[::2], strict=True):
        expected = np.where(np.abs(before) < median, 0, before)
        np.testing.assert_array_equal(after, expected)
    for before, after in zip(weights[1::2], left[1::2], strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("share", [0.0, 0.01, 1 / 3, 0.99, 1.0])
def test_as_many_go_as_were_asked_for_even_where_all_are_equal(share: float) -> None:
    for weights in (some_weights(), [np.ones_like(w) for w in some_weights()]):
        before = [w.copy() for w in weights]
        left = pruning.pruned(weights, share)
        n = sum(k.size for k in weights[::2])
        assert sparsity(left[::2], 0.0) == pytest.approx(round(share * n) / n)
        for a, b in zip(weights, before, strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_that_are_zero_go_first() -> None:
    weights = some_weights()
    weights[0][:3] = 0
    n = sum(k.size for k in weights[::2])
    for a, b in zip(pruning.pruned(weights, 15 / n), weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"share must be from 0 to 1, not 1\.5"):
        pruning.pruned(some_weights(), 1.5)


def test_the_curve_is_keras_accuracy_with_those_weights_zeroed() -> None:
    weights = some_weights()
    layers = [keras.layers.Dense(5, "relu"), keras.layers.Dense(4, "relu"), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    rng = np.random.default_rng(1)
    images = Images(
        rng.integers(0, 256, (200, 6)).astype(np.uint8), rng.integers(0, 3, 200).astype(np.int32)
    )
    shares = (0.0, 0.3, 0.6, 0.9, 1.0)
    points = pruning.curve(weights, "relu", images, shares)
    right = []
    for share in shares:
        model.set_weights(pruning.pruned(weights, share))
        right.append(np.asarray(model(images.pixels)).argmax(axis=1) == images.labels)
    assert [p.share for p in points] == list(shares)
    assert [p.accuracy.value for p in points] == pytest.approx([r.mean() for r in right])
    assert [p.lost.value for p in points] == pytest.approx(
        [right[0].mean() - r.mean() for r in right]
    )
    # Everything gone: the biases answer alone, and every image gets the same.
    assert points[-1].accuracy.value == (images.labels == weights[-1].argmax()).mean()


def point(share: float, lost: float) -> pruning.Pruned:
    return pruning.Pruned(share, Estimate(0.8 - lost, 0.01), normal(lost, 0.01))


def test_prunable_ends_before_the_first_loss_beyond_noise() -> None:
    points = [point(0, 0), point(0.5, -0.05), point(0.7, 0.019), point(0.8, 0.03), point(0.9, 0)]
    assert pruning.prunable(points) == 0.7
    assert pruning.prunable(points[:3]) == 0.7
    assert pruning.prunable([points[0], points[3]]) == 0


def test_surviving_weights_are_counted_by_input_in_the_kernels_own_precision() -> None:
    kernel = np.array([[0.01, -0.01, 0.0], [0.02, -0.5, 0.01], [0, 0, 0]], np.float32)
    assert pruning.surviving(kernel, 0.01).tolist() == [0, 2, 0]
    assert pruning.surviving(kernel, 0.0).tolist() == [2, 3, 0]
