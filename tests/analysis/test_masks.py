"""Dropout switched on, against keras.layers.Dropout."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fmviz.analysis import masks, network
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.training import stock as model
from tests.support.records import synthetic, tiny

CONFIG = RunConfig(hidden=(48, 32), activation="relu", initializer="he_normal", dropout=0.4)


@pytest.fixture(scope="module")
def trained() -> tuple[keras.Sequential, list[np.ndarray]]:
    """A network of stock layers that has learnt something."""
    network_ = model.as_keras(CONFIG)
    train = data.load().train
    network_.fit(train[:2_000].pixels, train.labels[:2_000], epochs=2, verbose=0)
    return network_, network_.get_weights()


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.95])
def test_factors_are_those_of_keras(rate: float) -> None:
    drawn = masks.factors((400, 500), rate, np.random.default_rng(0))
    layer = keras.layers.Dropout(rate, seed=1)
    keras_drawn = np.asarray(layer(np.ones((400, 500), np.float32), training=True))
    assert drawn.dtype == keras_drawn.dtype == np.float32
    np.testing.assert_allclose(np.unique(drawn), np.unique(keras_drawn), rtol=1e-6)
    # Both shares within four standard errors of the rate, both means of 1.
    error = np.sqrt(rate * (1 - rate) / drawn.size)
    for factors in (drawn, keras_drawn):
        assert abs((factors == 0).mean() - rate) <= 4 * error
        assert abs(factors.mean() - 1) <= 4 * error / (1 - rate) + 1e-6


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_that_leaves_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be from 0"):
        masks.factors((2, 2), rate, np.random.default_rng(0))


@pytest.mark.slow
def test_without_a_rate_a_pass_is_inference(trained: tuple[keras.Sequential, list]) -> None:
    weights, pixels = trained[1], data.load().validation[:50].pixels
    thinned = masks.forward(weights, "relu", pixels, 0.0, np.random.default_rng(0))
    passed = network.forward(weights, "relu", pixels)
    np.testing.assert_allclose(thinned.logits, passed.logits, rtol=1e-5, atol=1e-5)
    for a, b in zip(thinned.activations, passed.activations, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_pass_is_what_keras_computes_with_the_same_masks(
    trained: tuple[keras.Sequential, list],
) -> None:
    stock, weights = trained
    pixels = data.load().validation[:50].pixels
    thinned = masks.forward(weights, "relu", pixels, 0.4, np.random.default_rng(3))
    dense = [layer for layer in stock.layers if isinstance(layer, keras.layers.Dense)]
    x = pixels
    for layer, factors, a in zip(dense, thinned.factors, thinned.activations):
        before = np.asarray(layer(x))
        np.testing.assert_allclose(a, before, rtol=1e-4, atol=1e-4)
        x = before * factors
    np.testing.assert_allclose(thinned.logits, np.asarray(dense[-1](x)), rtol=1e-4, atol=1e-4)
    assert [f.shape for f in thinned.factors] == [(50, 48), (50, 32)]


def test_every_image_and_layer_has_a_mask_of_its_own(
    trained: tuple[keras.Sequential, list],
) -> None:
    pixels = data.load().validation[:20].pixels
    first, second = masks.forward(trained[1], "relu", pixels, 0.5, np.random.default_rng(0)).factors
    assert len({row.tobytes() for row in first}) == 20
    assert not np.array_equal(first[:, :32], second)


def test_accuracy_with_dropout_on_is_that_of_keras(
    trained: tuple[keras.Sequential, list],
) -> None:
    stock, weights = trained
    images = data.load().validation
    pixels, labels = images[:1_000].pixels, images.labels[:1_000]
    measured = masks.on_and_off(weights, "relu", pixels, labels, 0.4, draws=12)
    keras_off = (np.asarray(stock(pixels)).argmax(1) == labels).mean()
    keras_on = [
        (np.asarray(stock(pixels, training=True)).argmax(1) == labels).mean() for _ in range(12)
    ]
    assert measured.off == pytest.approx(keras_off, abs=0.0011)  # an image on the edge
    error = np.hypot(measured.spread, np.std(keras_on, ddof=1)) / np.sqrt(12)
    assert abs(measured.mean - np.mean(keras_on)) <= 4 * error
    assert measured.mean < measured.off
    assert 0 < measured.spread < 0.03


def test_draws_are_the_same_again_and_others_with_another_seed(
    trained: tuple[keras.Sequential, list],
) -> None:
    images = data.load().validation
    arguments = (trained[1], "relu", images[:100].pixels, images.labels[:100], 0.5)
    once = masks.on_and_off(*arguments, draws=3)
    np.testing.assert_array_equal(once.on, masks.on_and_off(*arguments, draws=3).on)
    assert not np.array_equal(once.on, masks.on_and_off(*arguments, draws=3, seed=1).on)


def test_a_single_draw_has_no_spread() -> None:
    assert masks.OnOff(0.9, np.array([0.8])).spread == 0
    several = masks.OnOff(0.9, np.array([0.7, 0.8, 0.9]))
    assert several.mean == pytest.approx(0.8)
    assert several.spread == pytest.approx(0.1)


def test_shares_with_dropout_on_are_those_of_keras(
    trained: tuple[keras.Sequential, list],
) -> None:
    stock, weights = trained
    image, draws = data.load().validation[7].pixels, 200
    shares = masks.shares_on(weights, "relu", image, 0.4, draws=draws)
    assert shares.means.sum() == pytest.approx(1)
    assert shares.votes.sum() == draws
    keras_logits = np.asarray(stock(np.tile(image, (draws, 1)), training=True))
    keras_shares = network.softmax(keras_logits.astype(np.float64))
    errors = np.hypot(shares.errors, keras_shares.std(axis=0, ddof=1) / np.sqrt(draws))
    assert (np.abs(shares.means - keras_shares.mean(axis=0)) <= 4 * errors + 1e-6).all()
    off = network.softmax(network.forward(weights, "relu", image[None]).logits)[0]
    without = masks.shares_on(weights, "relu", image, 0.0, draws=2)
    np.testing.assert_allclose(without.means, off, atol=1e-5)
    assert without.errors == pytest.approx(np.zeros(10))


def test_weights_are_known_of_the_last_and_the_best_epoch_only() -> None:
    record = synthetic(tiny(), val_crossentropy=[0.5, 0.4, 0.6])
    assert record.best_epoch == 2
    assert record.weights_after(3) is record.weights
    assert record.weights_after(2) is record.best_weights
    assert record.weights_after(1) == ()
    assert record.weights_after(0) == ()
    assert record.brief().weights_after(3) == ()
