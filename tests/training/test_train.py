"""The trainer against stock Keras, and the lesson's figures on real runs."""

from __future__ import annotations

import math
import os
from functools import cache
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import significance
from fmviz.run import archive, data, groups, measure
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory.initializers import initial_weights
from fmviz.theory.saturation import predicted_saturation
from fmviz.training import stock as model
from fmviz.training.group import Group
from fmviz.training.programs import programs
from fmviz.training.train import train, weights_after
from tests.support.records import same_figures
from tests.support.trained import eagerly

pytestmark = pytest.mark.slow

# 16 steps an epoch, the last one with 20 images; 48 steps in all.
SMALL: dict[str, Any] = {"train_size": 500, "batch_size": 32, "epochs": 3, "hidden": (32, 16)}
# One hidden layer, which compiles in half the time.
THIN: dict[str, Any] = SMALL | {"hidden": (16,)}


@cache
def trained(config: RunConfig) -> RunRecord:
    return train([config], test=True)[0]


# Stock Keras

# Under which each optimizer moves weights far in 48 steps, and does not leap about.
RATES = {
    "sgd": 0.1,
    "momentum": 0.02,
    "nesterov": 0.02,
    "adagrad": 0.02,
    "rmsprop": 0.001,
    "adam": 0.001,
    "adamw": 0.001,
    "nadam": 0.001,
    "lion": 0.0003,
}
# Their val_loss goes up and down by much more than rounding, and their rate falls, with patience 1
# three times. The second shrinks to a network that guesses, so that rounding errors shrink too.
PLATEAUS: list[dict[str, Any]] = [
    {
        "schedule": "plateau",
        "plateau_factor": 0.3,
        "plateau_patience": patience,
        "penalty": "l2",
        "lam": lam,
        "learning_rate": rate,
        "epochs": 12,
    }
    for patience, rate, lam in ((1, 0.02, 50.0), (2, 0.03, 150.0))
]
# Each pair of an optimizer and an activation is compiled for itself: some activations ride with an
# optimizer that has no other cases.
RIDERS = {
    "nesterov": "leaky_relu",
    "adagrad": "elu",
    "rmsprop": "selu",
    "nadam": "gelu",
    "lion": "silu",
}


def moved_by(optimizer: str) -> dict[str, Any]:
    """The settings of a run with this optimizer."""
    rides = {"activation": RIDERS[optimizer]} if optimizer in RIDERS else {}
    return {"optimizer": optimizer, "learning_rate": RATES[optimizer], **rides}


BY_ACTIVATION: dict[str, dict[str, Any]] = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "relu": {
        "activation": "relu",
        "hidden": (32,),
        "initializer": "he_normal",
        "label_noise": 0.3,
    },
    **{name: moved_by(optimizer) for optimizer, name in RIDERS.items()},
}
# What changes no program goes together: a schedule with an initializer.
FALLING = [name for name in SCHEDULES if name != "plateau"]
DRAWN = [name for name in INITIALIZERS if name not in ("normal", "zeros")]
assert len(FALLING) == len(DRAWN)

CASES: list[dict[str, Any]] = [
    {},
    *({"penalty": p, "lam": 5.0} for p in ("l1", "l2", "l1_l2", "weight_decay", "l1_proximal")),
    {"penalty": "l1_l2", "lam": 5.0, "l1_share": 0.1},
    {"initializer": "zeros"},
    *(
        {"schedule": schedule, "learning_rate": 0.003, "initializer": initializer}
        for schedule, initializer in zip(FALLING, DRAWN, strict=True)
    ),
    {"schedule": "step", "periods": 2, "final_rate": 0.3, "learning_rate": 0.003},
    {"schedule": "polynomial", "power": 2.0, "final_rate": 0.2, "learning_rate": 0.003},
    {"schedule": "warmup", "warmup": 0.5, "penalty": "l2", "lam": 5.0, "learning_rate": 0.003},
    {"schedule": "cosine", "penalty": "weight_decay", "lam": 50.0, "learning_rate": 0.003},
    {"schedule": "cosine", "penalty": "l1_proximal", "lam": 5.0, "learning_rate": 0.003},
    {"label_noise": 0.3, "seed": 3},
    *PLATEAUS,
    *map(moved_by, RATES),
    *(
        {**moved_by(name), "penalty": penalty, "lam": 5.0}
        for name in ("sgd", "momentum", "lion")
        for penalty in ("l2", "weight_decay", "l1_proximal")
    ),
    {**moved_by("nesterov"), "penalty": "l1", "lam": 0.5},
    {**moved_by("adagrad"), "penalty": "l1_l2", "lam": 0.5},
    {"optimizer": "sgd", "learning_rate": 0.2, "schedule": "exponential"},
    *BY_ACTIVATION.values(),
    {"activation": "sigmoid", "initializer": "zeros", "learning_rate": 0.01},
    {"hidden": (), "penalty": "l2", "lam": 2.0},
]


def config_of(changes: dict[str, Any]) -> RunConfig:
    return RunConfig(**(SMALL | changes))


def named(changes: dict[str, Any]) -> str:
    return "-".join(str(value) for value in changes.values()) or "plain"


# What members of one model may have of their own.
OF_MEMBERS = {
    "label_noise",
    "initializer",
    "init_std",
    "penalty",
    "lam",
    "l1_share",
    "dropout",
    "seed",
    "learning_rate",
    "schedule",
    "final_rate",
    "periods",
    "power",
    "warmup",
    "plateau_factor",
    "plateau_patience",
}
NEIGHBOURS: list[dict[str, Any]] = [
    {"penalty": "weight_decay", "lam": 11.0, "learning_rate": 0.0017, "schedule": "inverse_time"},
    {"penalty": "l1_proximal", "lam": 0.7, "learning_rate": 0.0007, "dropout": 0.4},
]


@cache
def company(way: tuple[groups.Stretch, ...]) -> tuple[list[RunConfig], tuple[groups.Kind, ...]]:
    """Who is trained beside the cases of a way, one or two runs that differ from those in every
    number and bring weight decay, soft-thresholding and dropout; and the program of them all."""
    configs = [c for c in map(config_of, CASES) if groups.way_of(c) == way]
    members = min(len({*configs}) + 1, groups.MEMBERS_AT_ONCE)
    one, other = (
        RunConfig(
            **{name: value for name, value in configs[0] if name not in OF_MEMBERS},
            **{"init_std": 0.2, "label_noise": 0.2, "seed": 50, **changes},
        )
        for changes in NEIGHBOURS
    )
    # Only where there are many: dropout takes long to compile.
    neighbours = [one, other] if members == groups.MEMBERS_AT_ONCE else [one]
    return neighbours, groups.kinds_of([*neighbours, *configs], members)


def beside(configs: list[RunConfig]) -> list[RunRecord]:
    """Runs of one way, as they are trained beside others by the program of its cases."""
    neighbours, kinds = company(groups.way_of(configs[0]))
    room = kinds[0].members - len(neighbours)
    records = []
    for first in range(0, len(configs), room):
        some = configs[first : first + room]
        group = Group([*some, *neighbours], kinds=kinds, test=True)
        for _ in group.parts():
            pass
        records += group.records()[: len(some)]
    return records


@cache
def of_way(way: tuple[groups.Stretch, ...]) -> dict[RunConfig, RunRecord]:
    """All cases of a way."""
    cases = dict.fromkeys(map(config_of, CASES))
    configs = [config for config in cases if groups.way_of(config) == way]
    return dict(zip(configs, beside(configs), strict=True))


def together(config: RunConfig) -> RunRecord:
    """A case as it is trained beside others."""
    return of_way(groups.way_of(config))[config]


class Stock(NamedTuple):
    """What stock Keras made of a run: the network, figures of every epoch, and ‖ΔW‖/‖W‖ of each
    kernel in one step more, on the first 128 training images, where the rate stays as it is."""

    weights: list[npt.NDArray[np.float32]]
    crossentropies: list[float]
    accuracies: list[float]
    rates: list[float]
    penalty: float
    update_ratio: list[float]


def told_labels(config: RunConfig) -> npt.NDArray[np.integer]:
    labels = data.load(config.dataset).train.labels[: config.train_size]
    return data.with_noise(labels, config.label_noise, config.seed)[0]


def soft_threshold(network: keras.Sequential, config: RunConfig, rate: float) -> None:
    """S(w, ηλ/n) on every kernel, in NumPy."""
    threshold = np.float32(rate * config.lam / config.train_size)
    for layer in network.layers:
        w = np.asarray(layer.kernel)
        layer.kernel.assign(np.sign(w) * np.maximum(np.abs(w) - threshold, 0))


def one_step_more(network: keras.Sequential, config: RunConfig, rate: float) -> list[float]:
    """‖ΔW‖/‖W‖ of each kernel in a step on the first 128 training images, which is taken."""
    before = network.get_weights()[::2]
    images = data.load(config.dataset).train[: min(128, config.train_size)].pixels
    # One step is not worth another trace.
    network.run_eagerly = True
    network.make_train_function(force=True)
    network.train_on_batch(images, told_labels(config)[:128])
    if config.penalty == "l1_proximal":
        soft_threshold(network, config, rate)
    return [
        float(np.linalg.norm(b - a) / np.linalg.norm(a)) if a.any() else math.nan
        for a, b in zip(before, network.get_weights()[::2], strict=True)
    ]


def stock_network(config: RunConfig, *, eagerly: bool = False) -> keras.Sequential:
    """`model.as_keras`, which also reports the cross-entropy without its penalty."""
    network = model.as_keras(config, initial_weights(config))
    network.compile(
        optimizer=network.optimizer,
        loss=network.loss,
        metrics=[
            "accuracy",
            keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="crossentropy"),
        ],
        run_eagerly=eagerly,
        jit_compile=False,
    )
    return network


def rate_at(network: keras.Sequential, step: int) -> float:
    schedule = network.optimizer._learning_rate
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return float(schedule(step))
    return float(network.optimizer.learning_rate.numpy())


def stock_run(config: RunConfig) -> Stock:
    """A run by stock Keras, without shuffling: `fit`, and where soft-thresholding follows each
    step, a loop of `train_on_batch`."""
    network = stock_network(config)
    images, labels = data.load(config.dataset), told_labels(config)
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        factor=config.plateau_factor,
        patience=config.plateau_patience,
        min_delta=1e-4,
    )
    plateau.set_model(network)
    plateau.on_train_begin()
    crossentropies, accuracies, rates = [], [], []
    for epoch in range(config.epochs):
        order = data.epoch_order(config.train_size, epoch)
        x, y = images.train[order].pixels, labels[order]
        steps = config.steps_per_epoch
        last_step = (epoch + 1) * steps - 1
        if config.penalty == "l1_proximal":
            logs = {"crossentropy": 0.0, "accuracy": 0.0}
            for step in range(steps):
                batch = slice(step * config.batch_size, (step + 1) * config.batch_size)
                rate = rate_at(network, epoch * steps + step)
                network.reset_metrics()
                found = network.train_on_batch(x[batch], y[batch], return_dict=True)
                logs = {k: v + found[k] * len(y[batch]) / len(y) for k, v in logs.items()}
                soft_threshold(network, config, rate)
        else:
            history = network.fit(
                x, y, batch_size=config.batch_size, shuffle=False, verbose=0
            ).history
            logs = {name: values[0] for name, values in history.items()}
        crossentropies.append(float(logs["crossentropy"]))
        accuracies.append(float(logs["accuracy"]))
        rates.append(rate_at(network, last_step))
        if config.schedule == "plateau":
            part = images.validation
            val_loss = network.evaluate(part.pixels, part.labels, verbose=0)[0]
            plateau.on_epoch_end(epoch, {"val_loss": val_loss})
    weights = network.get_weights()
    penalty = float(sum(network.losses)) if network.losses else 0.0
    # Of a schedule that step would have the rate of a step that is not taken.
    held = config.schedule in ("constant", "plateau")
    ratio = one_step_more(network, config, rates[-1]) if held else []
    return Stock(weights, crossentropies, accuracies, rates, penalty, ratio)


# Some cases are others' too: the plain one, and what rides with an optimizer.
DIFFERENT = list({config_of(changes): changes for changes in reversed(CASES)}.values())[::-1]


@pytest.mark.parametrize("changes", DIFFERENT, ids=named)
def test_a_run_is_what_stock_keras_makes_of_it(changes: dict[str, Any]) -> None:
    config = config_of(changes)
    record, stock = together(config), stock_run(config)
    assert record.diverged is None
    moved = [
        np.abs(a - b).max() for a, b in zip(record.weights, initial_weights(config), strict=True)
    ]
    assert max(moved) > 0.002
    for ours, theirs in zip(record.weights, stock.weights, strict=True):
        apart = np.abs(ours - theirs)
        if config.optimizer == "lion":
            # Where a momentum is 0 but for rounding its sign is chance, and a step of η with it.
            assert np.quantile(apart, 0.99) < 1e-6
            assert apart.max() < 48 * 2 * config.learning_rate
        else:
            assert apart.max() < (2e-3 if config.epochs > 3 else 2e-4)
    np.testing.assert_allclose(
        record.history["running_crossentropy"], stock.crossentropies, rtol=2e-4
    )
    np.testing.assert_allclose(record.history["running_accuracy"], stock.accuracies, atol=2.1 / 500)
    np.testing.assert_allclose(record.history["learning_rate"], stock.rates, rtol=2e-5)
    assert record.at_end("penalty") == pytest.approx(stock.penalty, rel=1e-3)
    if stock.update_ratio:
        # What the optimizer keeps between steps is the same too: so is the next step.
        rate_fell = config.schedule == "plateau"
        np.testing.assert_allclose(
            record.layers["update_ratio"][-1],
            stock.update_ratio,
            rtol=0.01 if config.optimizer == "lion" or rate_fell else 2e-3,
        )
    if config.schedule == "plateau":
        falls = len(set(record.history["learning_rate"])) - 1
        assert falls >= (3 if config.plateau_patience == 1 else 1)


def test_the_cases_leave_no_choice_out() -> None:
    configs = list(map(config_of, CASES))
    for field, choices in (
        ("penalty", ("none", "l1", "l2", "l1_l2", "weight_decay", "l1_proximal")),
        ("activation", ACTIVATIONS),
        ("initializer", INITIALIZERS),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
    ):
        assert {config[field] for config in configs} == set(choices)
    together_with_adamw = [c for c in configs if c.optimizer == "adamw"]
    assert all(c.penalty == "weight_decay" for c in together_with_adamw)


# Penalties beside each other


def test_soft_thresholding_gives_exact_zeros_and_l1_none() -> None:
    sgd = {"lam": 5.0, "optimizer": "sgd", "learning_rate": 0.1}
    proximal, l1 = beside([config_of(sgd | {"penalty": p}) for p in ("l1_proximal", "l1")])
    assert proximal.sparsity(0.0, proximal.epochs) > 0.2
    assert proximal.at_end("penalty") == 0
    assert l1.sparsity(0.0, l1.epochs) < 0.001
    # Zero is exactly zero, and not one of many small numbers.
    magnitudes = np.abs(np.concatenate([k.ravel() for k in proximal.kernels]))
    assert (magnitudes[magnitudes > 0] > 1e-9).all()


def test_weight_decay_with_sgd_is_l2_and_with_adam_is_not() -> None:
    def weights(**changes: Any) -> npt.NDArray[np.float32]:
        return np.concatenate([w.ravel() for w in together(config_of(changes)).weights])

    sgd = {"optimizer": "sgd", "learning_rate": 0.1, "lam": 5.0}
    decayed, penalised = (weights(**sgd, penalty=p) for p in ("weight_decay", "l2"))
    plain = weights(optimizer="sgd", learning_rate=0.1)
    np.testing.assert_allclose(decayed, penalised, atol=1e-5)
    assert np.abs(decayed - plain).max() > 1e-3
    momentum = {"optimizer": "momentum", "learning_rate": 0.02, "lam": 5.0}
    apart = weights(**momentum, penalty="weight_decay") - weights(**momentum, penalty="l2")
    assert np.abs(apart).max() > 1e-3
    adamw, adam = (weights(penalty=p, lam=5.0) for p in ("weight_decay", "l2"))
    assert np.abs(adamw - adam).max() > 1e-3
    assert config_of({"penalty": "weight_decay", "lam": 5.0}).optimizer == "adamw"


def test_penalties_leave_biases_alone_where_nothing_else_pulls_at_them() -> None:
    # λ so large that kernels go to 0 at once; biases then learn the classes' shares and stay.
    large = {"lam": 500.0, "optimizer": "sgd", "learning_rate": 0.5}
    penalties = ("l2", "weight_decay", "l1_proximal")
    for record in beside([config_of({**large, "penalty": penalty}) for penalty in penalties]):
        kernels, biases = (record.weights[i::2] for i in (0, 1))
        assert max(np.abs(k).max() for k in kernels) < 0.05
        assert np.abs(biases[-1]).max() > 0.01


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_from_zeros_the_units_of_a_layer_stay_alike(activation: str) -> None:
    changes = {"activation": activation, "initializer": "zeros"}
    if activation == "sigmoid":
        changes["learning_rate"] = 0.01
    record = together(config_of(changes))
    for layer in (0, 1):
        kernel, bias = record.weights[2 * layer : 2 * layer + 2]
        np.testing.assert_allclose(kernel, np.repeat(kernel[:, :1], kernel.shape[1], 1), atol=1e-6)
        np.testing.assert_allclose(bias, np.full_like(bias, bias[0]), atol=1e-6)
    # tanh(0) = 0 passes nothing at all: only the last bias learns. sigmoid(0) = 1/2 does.
    learns = [bool(np.abs(w).max() > 1e-3) for w in record.weights]
    assert learns == ([True] * 6 if activation == "sigmoid" else [False] * 5 + [True])


# Measures


def hidden_outputs(
    config: RunConfig, weights: Any, images: npt.NDArray[np.float32]
) -> tuple[list[npt.NDArray[np.float64]], list[npt.NDArray[np.float64]]]:
    """Pre-activations and activations of each hidden layer, in double precision."""
    activation = keras.activations.get(config.activation)
    x, zs, activations = images.astype(float), [], []
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        zs.append(x @ kernel.astype(float) + bias)
        x = np.asarray(activation(tf.constant(zs[-1], tf.float64)))
        activations.append(x)
    return zs, activations


def data_gradients(config: RunConfig, weights: Any) -> list[npt.NDArray[np.float32]]:
    """∂C₀/∂W of each kernel on the first 128 training images, by a tape over stock layers."""
    network = model.as_keras(config.replace(dropout=0.0), weights)
    size = min(128, config.train_size)
    images, labels = data.load(config.dataset).train[:size].pixels, told_labels(config)[:size]
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, network(images))
    kernels = [layer.kernel for layer in network.layers]
    return [np.asarray(g) for g in tape.gradient(loss, kernels)]


def test_measures_are_those_of_the_final_weights() -> None:
    config = RunConfig(**SMALL, penalty="l1", lam=2.0, label_noise=0.1)
    record = trained(config)
    network = model.as_keras(config, record.weights)
    images = data.load()
    for name, part in (("val", images.validation), ("test", images.test)):
        loss, accuracy = network.evaluate(part.pixels, part.labels, verbose=0)
        assert record.at_end(f"{name}_accuracy") == pytest.approx(accuracy, abs=1.1 / len(part))
        crossentropy = loss - float(sum(network.losses))
        assert record.at_end(f"{name}_crossentropy") == pytest.approx(crossentropy, rel=1e-4)
        if name == "val":
            assert record.at_end("val_loss") == pytest.approx(loss, rel=1e-4)
        predicted = network.predict(part.pixels, verbose=0).argmax(axis=1)
        predictions = getattr(record, f"{name}_predictions")
        assert predictions.shape == (4, len(part))
        assert (predictions[-1] != predicted).sum() <= 2
        right = (predictions == part.labels).mean(axis=1)
        figures = [record.at(f"{name}_accuracy", epoch) for epoch in range(4)]
        np.testing.assert_allclose(figures, right, atol=1e-7)
    loss, accuracy = network.evaluate(images.train[:500].pixels, told_labels(config), verbose=0)
    assert record.at_end("train_accuracy") == pytest.approx(accuracy, abs=1.1 / 500)
    crossentropy = loss - float(sum(network.losses))
    assert record.at_end("train_crossentropy") == pytest.approx(crossentropy, rel=1e-4)
    assert record.examples == {
        "train": 500,
        "corrupted": 50,
        "validation": 2_500,
        "test": 5_000,
        "probe": 500,
    }

    kernels = [w for w in record.weights if w.ndim == 2]
    share = sum((np.abs(k) <= np.float32(0.01)).sum() for k in kernels) / sum(
        k.size for k in kernels
    )
    assert record.sparsity(0.01, record.epochs) == pytest.approx(share, abs=0)
    norms = [np.linalg.norm(k) for k in kernels]
    np.testing.assert_allclose(record.layers["kernel_norm"][-1], norms, rtol=1e-6)


def test_no_more_training_images_are_measured_than_the_sample_has() -> None:
    record = trained(RunConfig(**(SMALL | {"train_size": 2_000, "epochs": 1}), label_noise=0.2))
    assert record.examples["train"] == 1_250
    network = model.as_keras(record.config, record.weights)
    images, labels = data.load().train[:1_250].pixels, told_labels(record.config)[:1_250]
    loss, accuracy = network.evaluate(images, labels, verbose=0)
    assert record.at_end("train_accuracy") == pytest.approx(accuracy, abs=1.1 / 1_250)
    assert record.at_end("train_crossentropy") == pytest.approx(loss, rel=1e-4)
    wrong = labels != data.load().train.labels[:1_250]
    assert record.examples["corrupted"] == wrong.sum()


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_hidden_layers_are_measured_on_the_probe_images(activation: str) -> None:
    config = config_of(BY_ACTIVATION[activation])
    record = together(config)
    probe = data.load().validation.pixels[: record.examples["probe"]]
    assert len(probe) == data.PROBE_IMAGES
    low, high = measure.FLAT[activation]
    edges = measure.activation_edges(activation)
    for epoch, weights in ((0, initial_weights(config)), (record.epochs, record.weights)):
        for layer, (z, a) in enumerate(zip(*hidden_outputs(config, weights, probe), strict=True)):
            flat = (z <= low) | (z >= high)
            saturation = record.layers_at("saturation", epoch)[layer]
            assert saturation == pytest.approx(flat.mean(), abs=2e-4)
            dead = record.layers_at("dead_units", epoch)[layer]
            assert dead == pytest.approx(flat.all(axis=0).mean(), abs=1e-9)
            counts = record.layers_at("activation_histogram", epoch)[layer]
            expected = np.histogram(np.clip(a, edges[0], edges[-1]), edges)[0]
            assert counts.sum() == a.size
            # Few activations are so close to an edge that rounding decides.
            if activation == "relu":  # -0.0 and 0.0 lie on one
                zero = int(np.flatnonzero(edges[:-1] <= 0)[-1])
                counts, expected = (
                    np.append(np.delete(c, [zero - 1, zero]), c[zero - 1 : zero + 1].sum())
                    for c in (counts, expected)
                )
            assert np.abs(counts - expected).sum() <= 2e-3 * a.size


@pytest.mark.parametrize("epoch", [0, 3])
def test_weights_are_binned_as_numpy_bins_them(epoch: int) -> None:
    config = config_of({"penalty": "l1_proximal", "lam": 5.0})
    record = together(config)
    kernels = (record.weights if epoch else initial_weights(config))[::2]
    for kernel, counts in zip(kernels, record.layers_at("weight_histogram", epoch), strict=True):
        assert counts.sum() == kernel.size
        # Bins are closed towards zero: above it as NumPy's are, below it as NumPy's of −w.
        above = np.histogram(kernel[kernel > 0], measure.WEIGHT_EDGES)[0]
        below = np.histogram(-kernel[kernel < 0], measure.WEIGHT_EDGES)[0][::-1]
        expected = above + below
        expected[len(expected) // 2] += (kernel == 0).sum()
        np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": "l2", "lam": 5.0},
        {"penalty": "l1_l2", "lam": 5.0},
        {"label_noise": 0.3, "seed": 3},
        {"optimizer": "sgd", "learning_rate": 0.1},
        BY_ACTIVATION["relu"],
        {"hidden": (), "penalty": "l2", "lam": 2.0},
    ],
    ids=named,
)
def test_gradients_are_those_of_the_data_alone(changes: dict[str, Any]) -> None:
    config = config_of(changes)
    record = together(config)
    for epoch, weights in ((0, initial_weights(config)), (record.epochs, record.weights)):
        norms = [np.linalg.norm(g) for g in data_gradients(config, weights)]
        np.testing.assert_allclose(record.layers_at("gradient_norm", epoch), norms, rtol=1e-4)


def test_gradients_are_measured_without_dropout_and_on_the_runs_own_images_alone() -> None:
    for changes in ({"dropout": 0.5}, {"train_size": 40, "epochs": 1}):
        config = RunConfig(**(THIN | changes))
        record = trained(config)
        for epoch, weights in ((0, initial_weights(config)), (record.epochs, record.weights)):
            norms = [np.linalg.norm(g) for g in data_gradients(config, weights)]
            np.testing.assert_allclose(record.layers_at("gradient_norm", epoch), norms, rtol=1e-4)


def test_an_update_is_rate_times_gradient_with_its_penalty() -> None:
    config = config_of({"optimizer": "sgd", "learning_rate": 0.1, "penalty": "l2", "lam": 5.0})
    record = together(config)
    for epoch, weights in ((0, initial_weights(config)), (record.epochs, record.weights)):
        expected = [
            0.1 * np.linalg.norm(g + 5.0 / 500 * w) / np.linalg.norm(w)
            for g, w in zip(data_gradients(config, weights), weights[::2], strict=True)
        ]
        np.testing.assert_allclose(record.layers_at("update_ratio", epoch), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        *map(moved_by, RATES),
        *(changes for changes in CASES if changes.get("optimizer") == "lion"),
        *({"penalty": p, "lam": 5.0} for p in ("l1_l2", "weight_decay", "l1_proximal")),
        {"schedule": "warmup", "warmup": 0.5, "penalty": "l2", "lam": 5.0, "learning_rate": 0.003},
        {"initializer": "zeros"},
        {"label_noise": 0.3, "seed": 3},
        {"hidden": (), "penalty": "l2", "lam": 2.0},
    ],
    ids=named,
)
def test_the_first_row_is_the_network_before_its_first_step(changes: dict[str, Any]) -> None:
    config = config_of(changes)
    record, weights = together(config), initial_weights(config)
    norms = [np.linalg.norm(k) for k in weights[::2]]
    np.testing.assert_allclose(record.layers_at("kernel_norm", 0), norms, rtol=1e-5)
    network = stock_network(config, eagerly=True)
    rate = rate_at(network, 0)
    assert record.at("learning_rate", 0) == pytest.approx(rate, rel=1e-5)
    images = data.load().validation
    loss, _, crossentropy = network.evaluate(
        images.pixels, images.labels, batch_size=len(images), verbose=0
    )
    assert record.at("val_crossentropy", 0) == pytest.approx(crossentropy, rel=1e-4)
    assert record.at("val_loss", 0) == pytest.approx(loss, rel=1e-4)
    assert math.isnan(record.at("running_accuracy", 0))
    assert math.isnan(record.at("running_crossentropy", 0))
    assert record.at("seconds", 0) == 0
    ratios = one_step_more(network, config, rate)
    np.testing.assert_allclose(
        record.layers_at("update_ratio", 0), ratios, rtol=2e-3, atol=1e-7, equal_nan=True
    )


def test_the_best_weights_are_those_of_the_best_epoch() -> None:
    # Wrong labels learnt by heart: what comes at the end is much worse than the best, whatever a
    # CPU's rounding makes of so many steps.
    by_heart = {"hidden": (16,), "label_noise": 0.4, "learning_rate": 0.01, "epochs": 20}
    record = trained(config_of(by_heart))
    best = record.best_epoch
    assert 1 <= best < record.epochs
    assert record.history["val_crossentropy"].min() == record.at("val_crossentropy", best)
    network = model.as_keras(record.config, record.best_weights)
    part = data.load().validation
    crossentropy, accuracy = network.evaluate(part.pixels, part.labels, verbose=0)
    assert record.at("val_crossentropy", best) == pytest.approx(crossentropy, rel=1e-4)
    assert record.at("val_accuracy", best) == pytest.approx(accuracy, abs=1.1 / len(part))
    norms = [np.linalg.norm(k) for k in record.best_weights[::2]]
    np.testing.assert_allclose(record.layers_at("kernel_norm", best), norms, rtol=1e-6)


def test_where_the_last_epoch_is_the_best_both_weights_are_the_same() -> None:
    record = trained(RunConfig(**SMALL))
    assert record.best_epoch == 3
    for last, best in zip(record.weights, record.best_weights, strict=True):
        np.testing.assert_array_equal(last, best)


def test_pictures_of_weights_are_the_first_kernel_as_it_was() -> None:
    record = together(config_of({}))
    assert record.snapshots.shape == (4, 784, 16)
    # A run of one epoch ends where this one was after its first.
    short = trained(config_of({"epochs": 1}))
    start = initial_weights(record.config)
    for epoch, weights in ((0, start), (1, short.weights), (3, record.weights)):
        kernel = weights[0][:, :16]
        error = np.abs(record.snapshot(epoch) - kernel).max()
        assert error < 0.006 * np.abs(kernel).max()


def test_pictures_of_weights_are_of_their_own_epoch_each() -> None:
    record = trained(config_of({"hidden": (16,), "epochs": 12, "learning_rate": 0.01}))
    # A picture of 16 units is the whole kernel here, and its norm is that of its epoch alone.
    norms = [float(np.linalg.norm(record.snapshot(epoch))) for epoch in range(1, 13)]
    np.testing.assert_allclose(norms, record.layers["kernel_norm"][:, 0], rtol=1e-3)
    assert (np.diff(norms) > 2e-3 * norms[0]).all()


def test_confidences_are_stock_keras_probabilities_of_the_answers() -> None:
    record = trained(config_of({}))
    for epoch, weights in ((0, initial_weights(record.config)), (3, record.weights)):
        network = model.as_keras(record.config, weights)
        logits = network.predict(data.load().validation.pixels, verbose=0)
        probabilities = np.asarray(keras.ops.softmax(logits.astype(np.float64)))
        np.testing.assert_allclose(
            record.confidences(epoch), probabilities.max(axis=1), atol=0.5 / 255 + 1e-4
        )
        # So the cross-entropy of the images that are answered rightly follows from them, all of
        # which round alike before the first step.
        truth = data.load().validation.labels
        right = record.answers("val", epoch) == truth
        nats = -np.log(probabilities[np.arange(len(truth)), truth])
        assert -np.log(record.confidences(epoch)[right]).mean() == pytest.approx(
            nats[right].mean(), abs=0.002 if epoch else 0.02
        )


def test_dropout_acts_in_training_only() -> None:
    plain, dropped = (trained(RunConfig(**THIN, dropout=d)) for d in (0.0, 0.8))
    assert dropped.at_end("running_accuracy") < dropped.at_end("train_accuracy") - 0.05
    assert dropped.at_end("running_accuracy") < plain.at_end("running_accuracy")
    network = model.as_keras(dropped.config, dropped.weights)
    test = data.load().test
    _, accuracy = network.evaluate(test.pixels, test.labels, verbose=0)
    assert dropped.at_end("test_accuracy") == pytest.approx(accuracy, abs=1e-3)


def test_history_has_one_figure_an_epoch() -> None:
    record = trained(RunConfig(**SMALL))
    assert {len(v) for v in record.history.values()} == {3}
    assert {len(v) for v in record.layers.values()} == {3}
    assert record.complete
    assert record.val_predictions.shape == (4, 2_500)
    assert record.test_predictions.shape == (4, 5_000)


def test_lambda_zero_is_the_baseline_bit_for_bit() -> None:
    baseline = RunConfig(**SMALL)
    for penalty in ("l1", "l2"):
        zero = RunConfig(**SMALL, penalty=penalty, lam=0.0)
        assert zero.key == baseline.key
        assert same_figures(train([zero], test=True)[0], trained(baseline))


ALL_FEATURES = [
    RunConfig(**THIN, penalty="l2", lam=3.0, dropout=0.2),
    RunConfig(**THIN, penalty="weight_decay", lam=3.0, schedule="plateau", plateau_patience=1),
    RunConfig(**THIN, penalty="l1_proximal", lam=3.0, label_noise=0.2),
    RunConfig(**THIN, ticket="random", kept=0.5),
]


@cache
def with_all_features() -> list[RunRecord]:
    return train([*ALL_FEATURES, RunConfig(**THIN)], test=True)


def test_the_same_run_twice_is_the_same_bit_for_bit() -> None:
    again = train([*ALL_FEATURES, RunConfig(**THIN)], test=True)
    for first, second in zip(with_all_features(), again, strict=True):
        assert same_figures(first, second)


def assert_close(a: RunRecord, b: RunRecord) -> None:
    assert a.config == b.config
    for ours, theirs in zip(a.weights, b.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for name in ("val_accuracy", "train_accuracy", "running_accuracy"):
        np.testing.assert_allclose(a.history[name], b.history[name], atol=2.1 / 500)
    for name in ("val_crossentropy", "running_crossentropy", "penalty"):
        np.testing.assert_allclose(a.history[name], b.history[name], rtol=1e-4)
    np.testing.assert_array_equal(a.history["learning_rate"], b.history["learning_rate"])
    for name in ("gradient_norm", "update_ratio", "kernel_norm"):
        np.testing.assert_allclose(a.layers[name], b.layers[name], rtol=1e-3)


@pytest.mark.parametrize(
    "place",
    range(len(ALL_FEATURES)),
    ids=lambda i: f"{ALL_FEATURES[i].penalty} {ALL_FEATURES[i].ticket}",
)
def test_a_feature_that_a_neighbour_brings_changes_nothing_beyond_rounding(place: int) -> None:
    config = ALL_FEATURES[place]
    assert sum(groups.features_of([config])) == 1
    assert_close(trained(config), with_all_features()[place])


def test_features_that_only_neighbours_have_change_nothing_beyond_rounding() -> None:
    config = RunConfig(**THIN)
    assert not any(groups.features_of([config]))
    assert all(groups.features_of(ALL_FEATURES))
    assert_close(trained(config), with_all_features()[-1])


def test_more_members_than_fit_one_model_come_back_in_order_and_as_alone() -> None:
    configs = [
        RunConfig(**(THIN | {"epochs": 2}), seed=i, penalty="l2", lam=9.0 * i) for i in range(12)
    ]
    # The same start beside another penalty, and another start.
    configs[5:7] = [configs[0].replace(lam=50.0), configs[4].replace(init_std=1.0)]
    assert len(configs) > groups.MEMBERS_AT_ONCE
    records = train(configs)
    assert [record.config for record in records] == configs
    for place in (0, 5, 6, 11):
        assert_close(records[place], trained(configs[place]))


KINDS = [
    {},
    {"epochs": 4},
    {"train_size": 501},
    {"hidden": (16,)},
    {"activation": "relu"},
    {"optimizer": "sgd"},
    {"batch_size": 33},
]
# None of these makes another model.
NUMBERS = [
    *({"lam": 1.0, "penalty": p} for p in ("l1", "l2", "l1_l2", "weight_decay", "l1_proximal")),
    {"dropout": 0.5},
    {"schedule": "plateau"},
    {"initializer": "zeros"},
    {"optimizer": "adamw"},
    {"learning_rate": 1.0},
]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NUMBERS)), max_size=60))
@settings(max_examples=150, deadline=None)
def test_groups_share_a_model_and_are_dealt_out_evenly(
    drawn: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    # An optimizer of the kind is not to be overwritten.
    configs = [RunConfig(**(SMALL | number | kind)) for kind, number in drawn]
    found = groups.group(configs)
    assert sorted(i for indices in found for i in indices) == list(range(len(configs)))
    assert all(indices == sorted(indices) for indices in found)

    def kind_of(index: int) -> tuple[Any, ...]:
        c = configs[index]
        adam = c.optimizer.replace("adamw", "adam")
        return (c.hidden, c.activation, adam, c.batch_size, c.train_size, c.epochs)

    alike: dict[Any, list[list[int]]] = {}
    for indices in found:
        assert len({kind_of(i) for i in indices}) == 1
        alike.setdefault(kind_of(indices[0]), []).append(indices)
    for parts in alike.values():
        sizes = [len(indices) for indices in parts]
        assert max(sizes) <= groups.MEMBERS_AT_ONCE
        assert len(sizes) == math.ceil(sum(sizes) / groups.MEMBERS_AT_ONCE)
        assert max(sizes) - min(sizes) <= 1
        in_order = [i for indices in parts for i in indices]
        assert in_order == sorted(in_order)
    firsts = [min(min(p) for p in parts) for parts in alike.values()]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("count", range(1, 42))
def test_any_number_of_members_is_dealt_out_evenly(count: int) -> None:
    sizes = [len(p) for p in groups.group([RunConfig(**SMALL, seed=i) for i in range(count)])]
    assert sum(sizes) == count
    assert len(sizes) == math.ceil(count / groups.MEMBERS_AT_ONCE)
    assert max(sizes) - min(sizes) <= 1


def test_no_number_compiles_again() -> None:
    frame = THIN | {"epochs": 1}
    # Between them these need all that is left out of a program where nobody needs it.
    decayed = RunConfig(**frame, penalty="weight_decay", lam=1.0, dropout=0.1)
    thresholded = RunConfig(**frame, penalty="l1_proximal", lam=1.0)
    config = RunConfig(**frame, dropout=0.1, label_noise=0.1)
    configs = [config, decayed, thresholded]
    train(configs)
    program = programs.get(*groups.kinds_of(configs))
    before = program.traces
    assert before == 2  # an epoch and an evaluation
    kinds = len(programs)
    for changes in (
        {"penalty": "l1", "lam": 3.0},
        {"penalty": "l2", "lam": 0.01},
        {"penalty": "l1_l2", "lam": 3.0, "l1_share": 0.2},
        {"penalty": "l1_l2", "lam": 3.0, "l1_share": 0.7},
        {"penalty": "weight_decay", "lam": 7.0},
        {"penalty": "l1_proximal", "lam": 7.0},
        {"init_std": 0.7},
        *({"initializer": name} for name in INITIALIZERS),
        {"dropout": 0.6},
        {"dropout": 0.0},
        {"label_noise": 0.5},
        {"learning_rate": 0.01},
        *({"schedule": name} for name in SCHEDULES),
        {"schedule": "cosine", "final_rate": 0.5},
        {"schedule": "step", "periods": 5},
        {"schedule": "polynomial", "power": 3.0},
        {"schedule": "warmup", "warmup": 0.4},
        {"schedule": "plateau", "plateau_factor": 0.7, "plateau_patience": 1},
        {"seed": 77},
    ):
        train([config.replace(**changes), decayed.replace(lam=2.0), thresholded.replace(lam=0.3)])
    for changes in ({"train_size": 300}, {"train_size": 50}, {"epochs": 2}):
        train([c.replace(**changes) for c in configs])
    assert program.traces == before
    assert len(programs) == kinds


def test_each_group_is_told_its_phases_and_compiles_once() -> None:
    configs = [RunConfig(**SMALL | {"hidden": (), "batch_size": size}) for size in (21, 22, 21)]
    told: list[tuple[list[int], str]] = []

    def on_phase(indices: list[int], phase: str) -> None:
        told.append((indices, phase))

    records = train(configs, on_phase=on_phase)
    two, one = [0, 2], [1]
    epoch = [(two, "training"), (one, "training")]
    assert told == [
        *((indices, "preparing") for indices in (two, one)),
        *((indices, "compiling") for indices in (two, one)),
        *(3 * epoch),
    ]
    told.clear()
    again = train([config.replace(seed=5) for config in configs], on_phase=on_phase)
    assert told == [*(2 * [(two, "preparing"), (one, "preparing")]), *(3 * epoch)]
    # Who listens changes nothing.
    assert same_figures(train(configs)[0], records[0])
    assert not same_figures(again[0], records[0])


def after(config: RunConfig, epoch: int) -> list[npt.NDArray[Any]]:
    """The weights of a run after so many epochs."""
    parts = weights_after(config, epoch)
    while True:
        try:
            next(parts)
        except StopIteration as stop:
            return list(stop.value)


def test_a_run_can_be_trained_again_up_to_an_epoch_for_its_weights() -> None:
    # Under a schedule, the rates of a shorter run would be others.
    config = RunConfig(**THIN, schedule="cosine", dropout=0.3)
    record = trained(config)
    kept = {record.epochs: record.weights, record.best_epoch: record.best_weights}
    for epoch, expected in kept.items():
        for a, b in zip(after(config, epoch), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    network = model.as_keras(config, after(config, 1))
    answers = network.predict(data.load().test.pixels, verbose=0).argmax(1)
    assert np.count_nonzero(answers != record.test_predictions[1]) <= 2


def test_weights_that_a_run_never_had_are_refused() -> None:
    config = RunConfig(**THIN, optimizer="sgd")
    with pytest.raises(ValueError, match=f"epoch must be from 1 to {config.epochs}, not 0"):
        after(config, 0)
    bad = config.replace(penalty="l2", lam=10_000.0, learning_rate=1.0)
    with eagerly(), pytest.raises(ValueError, match="the run diverges in epoch"):
        after(bad, bad.epochs)


def test_a_diverging_member_ends_early_and_alone() -> None:
    good = RunConfig(**SMALL, optimizer="sgd", learning_rate=0.05)
    # Each step multiplies the weights by 1 − ηλ/n = −19: float32 overflows within 30 steps.
    bad = good.replace(penalty="l2", lam=10_000.0, learning_rate=1.0)
    kept, ended = beside([good, bad])
    assert kept.diverged is None
    (alone,) = beside([good])
    for a, b in zip(kept.weights, alone.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)

    where = ended.diverged
    assert where is not None
    assert ended.complete
    assert ended.epochs == where.epoch - 1
    assert all(np.isfinite(v).all() for v in ended.layers.values())
    assert all(np.isfinite(w).all() for w in ended.weights)
    # Stock Keras, step by step, stops being finite at the same place.
    network = model.as_keras(bad, initial_weights(bad))
    images = data.load().train
    step = 0
    for epoch in range(bad.epochs):
        order = data.epoch_order(bad.train_size, epoch)
        for start in range(0, bad.train_size, bad.batch_size):
            batch = order[start : start + bad.batch_size]
            loss = network.train_on_batch(images[batch].pixels, images.labels[batch])[0]
            if not np.isfinite(loss):
                assert (where.epoch - 1) * bad.steps_per_epoch + where.step == step
                assert where.where == "loss"
                return
            step += 1
    pytest.fail("stock Keras did not diverge")


def test_a_run_that_diverges_in_its_first_epoch_keeps_its_start_and_survives_bytes() -> None:
    config = config_of(
        {"optimizer": "sgd", "penalty": "l2", "lam": 10_000.0, "learning_rate": 100.0}
    )
    (record,) = beside([config])
    assert record.diverged is not None
    assert record.diverged.epoch == 1
    assert (record.epochs, record.complete, record.best_epoch) == (0, True, 0)
    for kept in (record.weights, record.best_weights):
        for ours, start in zip(kept, initial_weights(config), strict=True):
            np.testing.assert_array_equal(ours, start)
    assert record.val_predictions.shape == (1, 2_500)
    assert record.snapshots.shape == (1, 784, 16)
    back = archive.unpack(archive.pack(record))
    assert same_figures(back, record)
    assert back.diverged == record.diverged
    assert len(back.best_weights) == len(record.best_weights) == 6


def test_a_run_can_be_stopped_between_epochs() -> None:
    seen: list[int] = []
    config = RunConfig(**SMALL)
    records = train([config], lambda r: seen.append(r[0].epochs), lambda: len(seen) >= 2)
    assert seen == [0, 1]
    assert not records[0].complete
    assert records[0].weights == records[0].best_weights == ()
    assert records[0].snapshots.size == records[0].val_predictions.size == 0


def test_groups_advance_together_and_come_back_in_order() -> None:
    # Of the two programs that have been compiled above.
    small = SMALL | {"hidden": (), "epochs": 2}
    configs = [
        RunConfig(**small | {"batch_size": size}, seed=seed)
        for seed, size in enumerate((21, 22, 21))
    ]
    seen: list[list[int]] = []
    records = train(configs, lambda r: seen.append([record.epochs for record in r]))
    assert [r.config for r in records] == configs
    assert seen == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]


def test_label_noise_is_measured_apart() -> None:
    record = trained(RunConfig(**(SMALL | {"epochs": 10}), label_noise=0.4, learning_rate=0.003))
    assert record.examples["corrupted"] == 200
    whole = 0.6 * record.history["clean_accuracy"] + 0.4 * record.history["corrupted_accuracy"]
    np.testing.assert_allclose(record.history["train_accuracy"], whole, atol=1e-6)
    assert record.at_end("clean_accuracy") > record.at_end("corrupted_accuracy") + 0.2
    assert math.isnan(trained(RunConfig(**SMALL)).at_end("corrupted_accuracy"))


def test_a_fresh_unsaturated_network_starts_at_ln_10() -> None:
    record = trained(RunConfig(**(SMALL | {"epochs": 1}), init_std=0.001))
    assert record.at("train_crossentropy", 0) == pytest.approx(math.log(10), abs=0.001)
    loud = trained(RunConfig(**(SMALL | {"epochs": 1}), init_std=1.0))
    assert loud.at("train_crossentropy", 0) > 2 * math.log(10)


def test_twenty_images_are_learnt_by_heart() -> None:
    record = trained(
        RunConfig(train_size=20, epochs=100, hidden=(64,), learning_rate=0.005, batch_size=32)
    )
    assert record.at_end("train_crossentropy") < 0.01
    assert record.at_end("train_accuracy") == 1


def test_sigma_one_saturates_tanh_as_predicted() -> None:
    loud, quiet = (RunConfig(init_std=s, hidden=(512,), epochs=1) for s in (1.0, 0.05))
    # Both are measured before their first step, where no program is worth its compilation.
    with eagerly():
        record, small = train([loud, quiet], should_stop=lambda: True)
    probe = data.load().validation[: data.PROBE_IMAGES].pixels.astype(float)
    predicted = predicted_saturation("tanh", np.sqrt((probe**2).sum(axis=1)))
    assert predicted > 0.75
    # 512 units drawn at random: their share varies by about √(p(1−p)/512) ≈ 0.02.
    assert record.start_layers["saturation"][0] == pytest.approx(predicted, abs=0.05)
    assert small.start_layers["saturation"][0] < 0.01


def test_l1_is_far_sparser_than_l2_at_like_test_accuracy() -> None:
    l1, l2 = train([RunConfig(penalty="l1", lam=2.0), RunConfig(penalty="l2", lam=50.0)], test=True)
    right = [r.test_predictions[-1] == data.load().test.labels for r in (l1, l2)]
    assert significance.paired(*right).value > -0.015
    assert l1.sparsity(1e-3, l1.epochs) > 4 * l2.sparsity(1e-3, l2.epochs)
    assert l1.sparsity(0.0, l1.epochs) < 0.01  # near zero, not zero: Keras's subgradient


def test_the_whole_set_reaches_what_the_tensorflow_tutorial_reaches() -> None:
    """784-128-10 ReLU, Adam, batch 32, 10 epochs: 0.91 in training, 0.88 on test. The tutorial
    trains on all 60,000 images, here 5,000 of them validate."""
    if "full" not in data.available():
        assert not os.environ.get("CI"), "CI must have the full set"
        pytest.skip("needs full Fashion-MNIST: apt install dataset-fashion-mnist")
    config = RunConfig(
        dataset="full",
        train_size=55_000,
        activation="relu",
        initializer="glorot_uniform",
        batch_size=32,
        epochs=10,
    )
    record = trained(config)
    assert record.at_end("running_accuracy") == pytest.approx(0.91, abs=0.005)
    assert record.at_end("test_accuracy") == pytest.approx(0.88, abs=0.01)
