"""The X-ray against stock Keras, against the start of trained runs, and against many draws."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from fmviz.lessons.initialisation import xray
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS
from fmviz.run.config import RunConfig
from fmviz.training import stock
from tests.support.trained import train

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu"])
def test_far_out_the_gradients_stay_finite(activation: str) -> None:
    config = RunConfig(hidden=(32,) * 6, activation=activation, init_std=10.0)
    found = xray.of(config)
    assert np.isfinite(found.gradient_norms).all()
    assert np.isfinite(found.crossentropy)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer", [0, 1])
def test_a_worked_line_is_what_a_gradient_tape_finds(activation: str, layer: int) -> None:
    config = RunConfig(hidden=(24, 12), activation=activation, init_std=0.3, seed=4)
    reference = stock.as_keras(config)
    images, unit, image = xray.probe("compact"), 7, 3
    pixels, labels = images[image : image + 1].pixels, images.labels[image : image + 1]
    function = keras.activations.get(
        {"leaky_relu": lambda z: keras.ops.leaky_relu(z, 0.2), "gelu": exact_gelu}.get(
            activation, activation
        )
    )
    z = tf.convert_to_tensor(pixels)
    below = z
    with tf.GradientTape(persistent=True) as tape:
        for index in range(layer + 1):
            kernel, bias = reference.get_weights()[2 * index : 2 * index + 2]
            below = z if index == 0 else function(z)
            z = tf.matmul(below, kernel) + bias
        tape.watch(z)
        a = function(z)
        through = a
        for kernel, bias in pairs(reference.get_weights()[2 * layer + 2 :]):
            last = tf.matmul(through, kernel) + bias
            through = function(last)
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=last)
        )
    found = xray.worked(config, layer, unit, image)
    assert found.z == pytest.approx(float(z[0, unit]), rel=1e-4, abs=1e-6)
    near = {"rel": 1e-3, "abs": 1e-7}
    assert found.slope == pytest.approx(float(tape.gradient(a, z)[0, unit]), **near)
    assert found.arriving == pytest.approx(float(tape.gradient(loss, a)[0, unit]), **near)
    assert found.delta == pytest.approx(float(tape.gradient(loss, z)[0, unit]), **near)
    with tf.GradientTape() as whole:
        stock_loss = reference.loss(labels, reference(pixels))
    gradients = whole.gradient(stock_loss, reference.trainable_variables)
    kernel, bias = gradients[2 * layer], gradients[2 * layer + 1]
    assert found.delta == pytest.approx(float(bias[unit]), **near)
    assert found.largest == pytest.approx(float(np.abs(kernel[:, unit]).max()), **near)


def exact_gelu(z: Any) -> Any:
    return keras.ops.gelu(z, approximate=False)


def pairs(weights: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(weights[::2], weights[1::2], strict=True))


def test_the_ends_of_a_unit_are_its_flattest_and_its_steepest_image() -> None:
    config = RunConfig(hidden=(32,), init_std=1.0)
    z = xray.pre_activations(config, 0, 5)
    flattest, nearly, steepest = xray.ends(config, 0, 5)
    assert flattest == np.abs(z).argmax()
    assert steepest == np.abs(z).argmin()
    slopes = 1 - np.tanh(z) ** 2
    assert slopes[nearly] == slopes[slopes > 0].min() < 1e-5
    # Far out the slope of tanh is 0 in 32 bits: nothing of what arrives gets through.
    found = xray.worked(config, 0, 5, flattest)
    assert (found.slope, found.delta, found.largest) == (0, 0, 0)
    assert found.arriving != 0
    # ReLU is open at any z above 0: the nearest to it stands for all.
    relu = config.replace(activation="relu")
    flattest, nearly, steepest = xray.ends(relu, 0, 5)
    assert z[flattest] == z.min()
    assert z[nearly] == z.max()
    assert z[steepest] == z[z > 0].min()
    # Zeros pass nothing on, and no image is open to them.
    zeros = RunConfig(hidden=(4, 4), initializer="zeros", activation="relu")
    assert len(set(xray.ends(zeros, 1, 2))) == 1


def runs() -> list[RunConfig]:
    start: dict[str, Any] = {"hidden": (24, 16), "train_size": 200, "epochs": 1, "batch_size": 50}
    deep: dict[str, Any] = {**start, "hidden": (16, 16, 16), "activation": "relu"}
    return [
        RunConfig(**start, init_std=1.0),
        RunConfig(**start, init_std=0.2, label_noise=0.5, seed=3),
        RunConfig(**start, initializer="glorot_uniform"),
        RunConfig(**start, initializer="zeros"),
        RunConfig(**deep, initializer="he_normal"),
        RunConfig(**deep | {"train_size": 90}, initializer="orthogonal"),
    ]


@pytest.fixture(scope="module")
def records() -> list[Any]:
    return train(runs())


@pytest.mark.parametrize("index", range(6))
def test_the_x_ray_is_the_start_of_the_run(records: list[Any], index: int) -> None:
    record = records[index]
    seen = xray.of(record.config)
    start = record.start_layers
    # A unit on the edge may fall on either side of it by a rounding.
    pairs = seen.probe_images * np.array(record.config.hidden)
    saturation = [layer.saturation for layer in seen.layers]
    assert (np.abs(saturation - start["saturation"]) <= 3.5 / pairs).all()
    assert [layer.dead_units for layer in seen.layers] == pytest.approx(start["dead_units"])
    for layer, counted in zip(seen.layers, start["activation_histogram"]):
        assert layer.histogram.sum() == counted.sum()
        assert np.abs(layer.histogram - counted).sum() <= 8
    np.testing.assert_allclose(seen.gradient_norms, start["gradient_norm"], rtol=1e-4, atol=1e-9)
    assert seen.gradient_images == min(128, record.config.train_size)
    assert seen.probe_images == record.examples["probe"]


def test_the_cross_entropy_is_that_of_keras_on_the_probe() -> None:
    for config in (RunConfig(init_std=1.0), RunConfig(initializer="he_normal", hidden=(64,) * 4)):
        images = xray.probe(config.dataset)
        assert len(images) == data.PROBE_IMAGES
        reference = stock.as_keras(config)
        loss = float(reference.loss(images.labels, reference(images.pixels)))
        assert xray.of(config).crossentropy == pytest.approx(loss, rel=1e-5)


def test_an_unsaturated_start_guesses_and_a_saturated_one_is_sure_and_wrong() -> None:
    small = xray.of(RunConfig(init_std=0.01, hidden=(128, 128)))
    assert small.crossentropy == pytest.approx(math.log(10), abs=0.005)
    assert xray.of(RunConfig(init_std=1.0, hidden=(128, 128))).crossentropy > 5 * math.log(10)


@pytest.mark.parametrize("initializer", sorted(INITIALIZERS))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_wide_layers_are_saturated_as_predicted(activation: str, initializer: str) -> None:
    for sigma in (0.3, 1.0) if initializer == "normal" else (0.05,):
        config = RunConfig(
            hidden=(384, 384), activation=activation, initializer=initializer, init_std=sigma
        )
        for layer in xray.of(config).layers:
            assert layer.as_predicted, (initializer, sigma, layer.saturation, layer.predicted)
            assert layer.scale == pytest.approx(layer.predicted_scale, rel=0.12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_draws_scatter_about_the_prediction_no_wider_than_it_says(activation: str) -> None:
    layers = [
        xray.of(RunConfig(hidden=(30, 30), activation=activation, init_std=0.3, seed=s)).layers
        for s in range(60)
    ]
    for index in (0, 1):
        off = [each[index].saturation - each[index].predicted for each in layers]
        error = np.mean([each[index].predicted_error for each in layers])
        assert np.mean(off) == pytest.approx(0, abs=3 * error / math.sqrt(60))
        assert 0.1 * error < np.std(off) < 1.1 * error


def test_the_prediction_of_the_first_layer_is_the_closed_form_of_the_images() -> None:
    config = RunConfig(init_std=0.2)
    (layer,) = xray.of(config).layers
    norms = np.linalg.norm(xray.probe("compact").pixels.astype(float), axis=1)
    tails = 2 * stats.norm.sf(math.atanh(0.99), scale=0.2 * norms)
    assert layer.predicted == pytest.approx(tails.mean(), rel=1e-6)
    assert layer.predicted_scale == pytest.approx(0.2 * np.sqrt((norms**2).mean()), rel=1e-6)


def test_zeros_tell_all_units_the_same() -> None:
    for activation in ACTIVATIONS:
        config = RunConfig(hidden=(20, 20), activation=activation, initializer="zeros")
        seen = xray.of(config)
        assert seen.gradient_spreads[:2] == (0, 0)
        assert seen.crossentropy == pytest.approx(math.log(10))
        # Only sigmoid is not 0 at 0, and so hands the output layer something to learn from.
        assert (seen.gradient_norms[-1] > 0) == (activation == "sigmoid")
        assert all(layer.scale == 0 for layer in seen.layers)
    drawn = xray.of(RunConfig(hidden=(20, 20), init_std=0.01))
    assert min(drawn.gradient_spreads) > 0.9


def test_the_spread_of_a_kernel_is_hand_worked() -> None:
    column = np.array([[1.0], [-2.0], [3.0]])
    assert xray.spread(np.repeat(column, 4, axis=1)) == 0
    assert xray.spread(np.zeros((3, 4))) == 0
    # Two opposite units: their mean is 0, and all of the weights is apart from it.
    assert xray.spread(np.concatenate([column, -column], axis=1)) == pytest.approx(1)
    # Σ(w − w̄)² = 2 · 1², Σw² = 1² + 3².
    assert xray.spread(np.array([[1.0, 3.0]])) == pytest.approx(math.sqrt(2 / 10))
    rng = np.random.default_rng(0)
    assert xray.spread(rng.normal(size=(50, 100))) == pytest.approx(math.sqrt(0.99), rel=0.01)


def test_a_unit_is_the_column_that_keras_has() -> None:
    config = RunConfig(hidden=(12, 8), init_std=0.4, activation="sigmoid", seed=2)
    reference = stock.as_keras(config)
    pixels = xray.probe("compact").pixels
    kernel, bias = reference.layers[1].get_weights()
    z = np.asarray(reference.layers[0](pixels)) @ kernel + bias
    np.testing.assert_allclose(xray.pre_activations(config, 1, 5), z[:, 5], rtol=1e-4, atol=1e-5)
    shares = xray.of(config).layers[1].flat_shares
    assert shares.shape == (8,)
    assert shares[5] == pytest.approx((np.abs(z[:, 5]) >= math.log(99)).mean(), abs=0.002)


def test_what_matters_only_in_training_makes_no_other_x_ray() -> None:
    config = RunConfig(hidden=(8,))
    other = config.replace(optimizer="sgd", penalty="l2", lam=3.0, epochs=2, dropout=0.5)
    assert xray.of(config) is xray.of(other)


def test_a_network_without_hidden_layers_has_nothing_to_saturate() -> None:
    seen = xray.of(RunConfig(hidden=()))
    assert seen.layers == ()
    assert len(seen.gradient_norms) == 1
