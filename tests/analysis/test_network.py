"""A network forwards and backwards in NumPy against stock Keras, TensorFlow and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from fmviz.analysis import network
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS
from fmviz.run.config import RunConfig
from fmviz.theory.initializers import initial_weights
from fmviz.training import stock
from tests.support.records import tiny

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (7,), (9, 5)])
def test_a_network_answers_as_its_keras_twin(activation: str, hidden: tuple[int, ...]) -> None:
    config = tiny(activation=activation, hidden=hidden, initializer="he_normal")
    rng = np.random.default_rng(3)
    weights = [w + rng.normal(0, 0.1, w.shape).astype(np.float32) for w in initial_weights(config)]
    pixels = data.load().validation[:40].pixels
    twin = stock.as_keras(config, weights)
    passed = network.forward(weights, config.activation, pixels)
    expected = twin.predict(pixels, verbose=0)
    if not np.allclose(expected.sum(axis=1), 1, atol=1e-5):  # the twin answers with logits
        np.testing.assert_allclose(passed.logits, expected, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose(network.softmax(passed.logits), expected, rtol=1e-4, atol=1e-6)
    answers = network.predict(weights, config.activation, pixels)
    np.testing.assert_array_equal(answers, expected.argmax(axis=1))
    assert [a.shape for a in passed.activations] == [(40, units) for units in hidden]
    assert passed.logits.dtype == np.float32


def test_special_functions_are_scipys() -> None:
    z = np.linspace(-9, 9, 4001)
    np.testing.assert_allclose(network.erf(z), special.erf(z), atol=1.5e-7)
    np.testing.assert_allclose(network.expit(z), special.expit(z), rtol=0, atol=1e-15)
    assert network.expit(np.array([-1e4, 1e4])).tolist() == [0, 1]
    rows = np.array([[1000.0, 1001.0], [0.0, 0.0]])
    np.testing.assert_allclose(network.softmax(rows), special.softmax(rows, axis=1))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_a_gradient_tape(activation: str) -> None:
    config = RunConfig(hidden=(24, 12), activation=activation, init_std=0.2, seed=4)
    reference = stock.as_keras(config)
    images = data.load().train
    pixels, labels = images[:60].pixels, images.labels[:60]
    with tf.GradientTape() as tape:
        loss = reference.loss(labels, reference(pixels))
    expected = tape.gradient(loss, reference.trainable_variables)
    weights = reference.get_weights()
    found = network.gradients(weights, activation, pixels, labels)
    assert len(found) == len(expected) == 6
    for ours, theirs in zip(found, expected):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * scale)
    logits = network.forward(weights, activation, pixels).logits
    assert network.crossentropy(logits, labels) == pytest.approx(float(loss), rel=1e-5)
