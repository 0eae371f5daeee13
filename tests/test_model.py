"""The member-axis network and its way out into stock Keras."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from fmviz import data, model
from fmviz.config import INITIALIZERS, RunConfig

KERAS_INITIALIZERS = {
    "glorot_normal": keras.initializers.GlorotNormal,
    "glorot_uniform": keras.initializers.GlorotUniform,
    "he_normal": keras.initializers.HeNormal,
    "he_uniform": keras.initializers.HeUniform,
}


def built(configs: list[RunConfig]) -> model.MemberMLP:
    first = configs[0]
    network = model.build(len(configs), first.hidden, first.activation)
    for variable, value in zip(
        network.trainable_variables,
        model.stack([model.initial_weights(c) for c in configs]),
        strict=True,
    ):
        variable.assign(value)
    return network


@pytest.mark.parametrize("name", KERAS_INITIALIZERS)
def test_draws_follow_keras_distribution(name: str) -> None:
    ours = model.initial_weights(RunConfig(initializer=name, hidden=(512,)))[0].ravel()
    theirs = np.asarray(KERAS_INITIALIZERS[name](seed=3)((784, 512))).ravel()
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    assert ours.std() == pytest.approx(theirs.std(), rel=0.01)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)


@pytest.mark.parametrize(
    ("config", "sigma"),
    [
        (RunConfig(init_std=0.2, hidden=(512,)), 0.2),
        (RunConfig(initializer="xavier", hidden=(512,)), 1 / 28),
    ],
)
def test_normal_draws_have_the_stated_sigma(config: RunConfig, sigma: float) -> None:
    kernel = model.initial_weights(config)[0].ravel()
    assert stats.kstest(kernel / sigma, "norm").pvalue > 1e-3


def test_a_seed_names_one_picture_at_any_contrast() -> None:
    low, high = (model.initial_weights(RunConfig(init_std=s))[0] for s in (0.01, 1.0))
    np.testing.assert_allclose(high, 100 * low, rtol=1e-5)
    other = model.initial_weights(RunConfig(init_std=1.0, seed=1))[0]
    assert abs(np.corrcoef(high.ravel(), other.ravel())[0, 1]) < 0.02


def test_layers_of_one_size_do_not_share_their_draws() -> None:
    weights = model.initial_weights(RunConfig(hidden=(64, 64, 64)))
    assert not np.allclose(weights[2], weights[4])


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_biases_start_at_zero(initializer: str) -> None:
    assert not any(b.any() for b in model.initial_weights(RunConfig(initializer=initializer))[1::2])


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("hidden", [(), (32,), (32, 16)])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_member_predicts_what_its_stock_network_predicts(
    members: int, hidden: tuple[int, ...], activation: str
) -> None:
    configs = [RunConfig(hidden=hidden, activation=activation, seed=s) for s in range(members)]
    network = built(configs)
    images = data.load().test.pixels[:50]
    logits, _ = network(images)
    for k, config in enumerate(configs):
        taken = model.take(network.trainable_variables, k)
        stock = model.as_keras(config, taken)
        np.testing.assert_allclose(logits[k], stock(images), rtol=1e-4, atol=1e-5)
        for before, after in zip(model.initial_weights(config), taken, strict=True):
            np.testing.assert_array_equal(before, after)


def test_a_stock_network_survives_saving(tmp_path: Path) -> None:
    config = RunConfig(penalty="l1", lam=2.0, dropout=0.3, hidden=(32, 16), activation="relu")
    stock = model.as_keras(config, model.initial_weights(config))
    stock.save(tmp_path / "run.keras")
    again = keras.models.load_model(tmp_path / "run.keras")
    images = data.load().test.pixels[:20]
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
    images = data.load().test.pixels[:20]
    plain, _ = network(images)
    trained, _ = network(images, rates=rates, keys=keys(0, 1, 2))
    np.testing.assert_allclose(plain[0], trained[0], rtol=1e-6)
    assert not np.allclose(plain[1], trained[1])
