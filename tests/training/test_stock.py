"""The member-axis network and its way out into stock Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS
from fmviz.run.config import RunConfig
from fmviz.theory.initializers import initial_weights
from fmviz.training import stock as model
from fmviz.words import taking_home

pytestmark = pytest.mark.slow


def built(configs: list[RunConfig]) -> model.MemberMLP:
    first = configs[0]
    network = model.build(len(configs), first.hidden, first.activation)
    for variable, value in zip(
        network.trainable_variables,
        model.stack([initial_weights(c) for c in configs]),
        strict=True,
    ):
        variable.assign(value)
    return network


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("hidden", [(), (32,), (32, 16)])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_member_predicts_what_its_stock_network_predicts(
    members: int, hidden: tuple[int, ...], activation: str
) -> None:
    configs = [RunConfig(hidden=hidden, activation=activation, seed=s) for s in range(members)]
    network = built(configs)
    images = data.load().test[:50].pixels
    logits, pre_activations, activations = network(images)
    for k, config in enumerate(configs):
        taken = model.take(network.trainable_variables, k)
        stock = model.as_keras(config, taken)
        np.testing.assert_allclose(logits[k], stock(images), rtol=1e-4, atol=1e-5)
        for index, layer in enumerate(stock.layers[:-1]):
            before = images if index == 0 else activations[index - 1][k]
            z = before @ layer.kernel + layer.bias
            np.testing.assert_allclose(pre_activations[index][k], z, rtol=1e-4, atol=1e-5)
            a = keras.Sequential(stock.layers[: index + 1])(images)
            np.testing.assert_allclose(activations[index][k], a, rtol=1e-4, atol=1e-5)
        for before, after in zip(initial_weights(config), taken, strict=True):
            np.testing.assert_array_equal(before, after)


# What Keras 3.15 knows to say of these; an older one knows less, and does not open such a file.
KNOWN = {
    "Dense": "name trainable dtype units activation use_bias kernel_initializer bias_initializer "
    "kernel_regularizer bias_regularizer kernel_constraint bias_constraint quantization_config",
    "Dropout": "name trainable dtype rate seed noise_shape",
    "GlorotUniform": "seed input_axes output_axes",
    "Zeros": "",
}


def test_a_saved_network_says_nothing_that_the_keras_it_is_said_to_need_does_not_know() -> None:
    """If Keras has more to say: find by trying which version opens its files, and say that one."""
    assert taking_home.KERAS_NEEDED == "3.15"
    stock = model.as_keras(RunConfig(dropout=0.3))
    first = stock.layers[0]
    said = [*stock.layers, first.kernel_initializer, first.bias_initializer]
    for each in said:
        name = type(each).__name__
        assert set(each.get_config()) <= set(KNOWN[name].split()), name


def test_a_stock_network_survives_saving(tmp_path: Path) -> None:
    config = RunConfig(penalty="l1", lam=2.0, dropout=0.3, hidden=(32, 16), activation="relu")
    stock = model.as_keras(config, initial_weights(config))
    stock.save(tmp_path / "run.keras")
    again = keras.models.load_model(tmp_path / "run.keras")
    images = data.load().test[:20].pixels
    np.testing.assert_array_equal(
        stock.predict(images, verbose=0), again.predict(images, verbose=0)
    )
    assert float(again.layers[0].kernel_regularizer.l1) == pytest.approx(2.0 / 5_000)


def keys(*seeds: int, step: int = 0) -> tf.Tensor:
    return tf.constant([[seed, 8 * step] for seed in seeds], tf.int32)


def test_dropout_draws_apart_for_members_steps_and_layers() -> None:
    network = model.build(2, (64, 64), "relu")
    rates = tf.constant([0.5, 0.5])
    shape = (2, 32, 64)
    first = network._mask(shape, rates, keys(0, 1), 0)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, network._mask(shape, rates, keys(0, 1, step=1), 0))
    assert not np.array_equal(first, network._mask(shape, rates, keys(0, 1), 1))
    np.testing.assert_array_equal(first, network._mask(shape, rates, keys(0, 1), 0))


def test_dropout_masks_do_not_depend_on_company() -> None:
    alone = model.build(1, (64,), "relu")._mask((1, 32, 64), tf.constant([0.3]), keys(7), 0)
    beside = model.build(2, (64,), "relu")._mask(
        (2, 32, 64), tf.constant([0.6, 0.3]), keys(1, 7), 0
    )
    np.testing.assert_array_equal(alone[0], beside[1])


def test_dropout_keeps_the_mean_and_leaves_inference_alone() -> None:
    rates = tf.constant([0.0, 0.25, 0.8])
    network = built([RunConfig(hidden=(512,), seed=s) for s in range(3)])
    mask = network._mask((3, 400, 512), rates, keys(0, 1, 2), 0).numpy()
    np.testing.assert_allclose(mask.mean(axis=(1, 2)), 1, atol=0.02)
    np.testing.assert_allclose((mask == 0).mean(axis=(1, 2)), rates, atol=0.005)
    np.testing.assert_allclose(mask[1].max(), 1 / 0.75, rtol=1e-6)
    images = data.load().test[:20].pixels
    plain = network(images).logits
    trained, _, activations = network(images, rates=rates, keys=keys(0, 1, 2))
    np.testing.assert_allclose(plain[0], trained[0], rtol=1e-6)
    assert not np.allclose(plain[1], trained[1])
    # What is handed out are the activations themselves, before their masks.
    np.testing.assert_array_equal(activations[0], network(images).activations[0])


def test_an_elastic_net_reaches_keras_with_both_its_parts() -> None:
    config = RunConfig(penalty="l1_l2", lam=2.0, l1_share=0.25, hidden=(8,))
    for layer in model.as_keras(config).layers:
        # α λ/n = 1e-4; (1 − α) λ/2n = 1.5e-4.
        assert float(layer.kernel_regularizer.l1) == pytest.approx(1e-4)
        assert float(layer.kernel_regularizer.l2) == pytest.approx(1.5e-4)


@pytest.mark.parametrize("penalty", ["l1_proximal", "weight_decay", "none"])
def test_a_penalty_outside_the_loss_is_no_regularizer(penalty: str) -> None:
    stock = model.as_keras(RunConfig(penalty=penalty, lam=3.0, hidden=(8,)))
    assert stock.losses == []
    decay = stock.optimizer.weight_decay
    assert decay == (pytest.approx(3.0 / 5_000) if penalty == "weight_decay" else None)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "nadam", "lion", "rmsprop"])
def test_weight_decay_spares_the_biases(optimizer: str) -> None:
    config = RunConfig(penalty="weight_decay", lam=1_000.0, optimizer=optimizer, hidden=(8,))
    stock = model.as_keras(config)
    stock.set_weights([np.ones(w.shape) for w in stock.get_weights()])
    # Without a gradient only the decay acts: 1 − ηλ/n = 1 − 0.001 · 1,000 / 5,000.
    variables = stock.trainable_variables
    stock.optimizer.apply_gradients([(tf.zeros(v.shape), v) for v in variables])
    for index, weight in enumerate(stock.get_weights()):
        np.testing.assert_allclose(weight, 1.0 if index % 2 else 0.9998, rtol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": "weight_decay", "lam": 5.0, "schedule": "warmup"},
        {"penalty": "l1_l2", "lam": 5.0, "optimizer": "nadam", "schedule": "step"},
        {"optimizer": "lion", "schedule": "cosine_restarts", "activation": "leaky_relu"},
        {"optimizer": "adagrad", "schedule": "inverse_time", "activation": "gelu"},
        {"optimizer": "rmsprop", "schedule": "polynomial", "activation": "selu"},
        {"optimizer": "nesterov", "schedule": "plateau", "penalty": "l1_proximal", "lam": 1.0},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_a_saved_network_goes_on_training_as_it_was(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    config = RunConfig(hidden=(8,), train_size=64, batch_size=32, epochs=4, **changes)
    stock = model.as_keras(config, initial_weights(config))
    images = data.load().train
    x, y = images[:32].pixels, images.labels[:32]
    stock.train_on_batch(x, y)
    stock.save(tmp_path / "run.keras")
    again = keras.models.load_model(tmp_path / "run.keras")
    for network in (stock, again):
        network.train_on_batch(x, y)
    for a, b in zip(stock.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)
