"""The trainer against stock Keras, and the lesson's figures on real runs."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from fmviz import data, measure, model, theory
from fmviz import train as trainer
from fmviz.config import RunConfig
from fmviz.record import RunRecord, same_figures
from fmviz.train import train

# 16 steps an epoch, the last one with 20 images; 48 steps in all.
SMALL: dict[str, Any] = {"train_size": 500, "batch_size": 32, "epochs": 3, "hidden": (32, 16)}


@cache
def trained(config: RunConfig) -> RunRecord:
    return train([config])[0]


def stock_run(config: RunConfig) -> tuple[keras.Sequential, list[float], list[float]]:
    """The same run by stock Keras: the network, and loss and accuracy of every epoch as
    `History` has them."""
    network = model.as_keras(config, model.initial_weights(config))
    images = data.load(config.dataset).train
    labels, _ = data.with_noise(images.labels[: config.train_size], config.label_noise, config.seed)
    losses, accuracies = [], []
    for epoch in range(config.epochs):
        order = data.epoch_order(config.train_size, epoch)
        logs = network.fit(
            images.pixels[order],
            labels[order],
            batch_size=config.batch_size,
            shuffle=False,
            verbose=0,
        ).history
        losses.append(logs["loss"][0])
        accuracies.append(logs["accuracy"][0])
    return network, losses, accuracies


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"penalty": "l1", "lam": 0.5},
        {"penalty": "l2", "lam": 5.0},
        {"penalty": "l2", "lam": 5.0, "optimizer": "sgd", "learning_rate": 0.1},
        {"penalty": "l1", "lam": 0.5, "optimizer": "momentum", "learning_rate": 0.02},
        {"penalty": "l2", "lam": 5.0, "optimizer": "nesterov", "learning_rate": 0.02},
        {"schedule": "cosine", "optimizer": "sgd", "learning_rate": 0.2},
        {"schedule": "exponential", "learning_rate": 0.005},
        {"activation": "relu", "initializer": "he_normal", "label_noise": 0.3},
        {"activation": "sigmoid", "initializer": "glorot_uniform", "hidden": (32,)},
        {"hidden": (), "penalty": "l2", "lam": 2.0},
    ],
    ids=lambda changes: "-".join(str(v) for v in changes.values()) or "plain",
)
def test_a_run_is_what_stock_keras_makes_of_it(changes: dict[str, Any]) -> None:
    config = RunConfig(**(SMALL | changes))
    # Beside a member that differs in every number, as on the page.
    neighbour = config.replace(penalty="l1", lam=0.1, seed=5, init_std=0.2)
    record = train([config, neighbour])[0]
    network, losses, accuracies = stock_run(config)
    for ours, theirs in zip(record.weights, network.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    np.testing.assert_allclose(record.history["running_loss"], losses, rtol=2e-4)
    np.testing.assert_allclose(record.history["running_accuracy"], accuracies, atol=2.1 / 500)
    penalty = float(sum(network.losses)) if network.losses else 0.0
    assert record.at("penalty", -1) == pytest.approx(penalty, rel=1e-3)


def test_measures_are_those_of_the_final_weights() -> None:
    config = RunConfig(**SMALL, penalty="l1", lam=2.0)
    record = trained(config)
    network = model.as_keras(config, record.weights)
    images = data.load()
    for name, part in (("val", images.validation), ("test", images.test)):
        loss, accuracy = network.evaluate(part.pixels, part.labels, verbose=0)
        assert record.at(f"{name}_accuracy", -1) == pytest.approx(accuracy, abs=1.1 / len(part))
        crossentropy = loss - float(sum(network.losses))
        assert record.at(f"{name}_crossentropy", -1) == pytest.approx(crossentropy, rel=1e-4)
        if name == "val":
            assert record.at("val_loss", -1) == pytest.approx(loss, rel=1e-4)
    _, accuracy = network.evaluate(images.train.pixels[:500], images.train.labels[:500], verbose=0)
    assert record.at("train_accuracy", -1) == pytest.approx(accuracy, abs=1.1 / 500)
    assert record.examples["train"] == 500

    predicted = network.predict(images.test.pixels, verbose=0).argmax(axis=1)
    assert (record.test_predictions[-1] != predicted).sum() <= 2
    kernels = [w for w in record.weights if w.ndim == 2]
    share = sum((np.abs(k) <= np.float32(0.01)).sum() for k in kernels) / sum(
        k.size for k in kernels
    )
    assert record.sparsity(0.01, -1) == pytest.approx(share, abs=0)

    probe = images.validation.pixels[: record.examples["probe"]]
    for layer in (0, 1):
        hidden = keras.Sequential(network.layers[: layer + 1])(probe).numpy()
        saturated = (np.abs(hidden) > 0.99).mean()
        assert record.layers["saturation"][-1][layer] == pytest.approx(saturated, abs=1e-4)
    norms = [np.linalg.norm(k) for k in kernels]
    np.testing.assert_allclose(record.layers["kernel_norm"][-1], norms, rtol=1e-6)


def test_dropout_acts_in_training_only() -> None:
    plain, dropped = (trained(RunConfig(**SMALL, dropout=d)) for d in (0.0, 0.5))
    assert dropped.at("running_accuracy", -1) < dropped.at("train_accuracy", -1) - 0.05
    assert dropped.at("running_accuracy", -1) < plain.at("running_accuracy", -1)
    network = model.as_keras(dropped.config, dropped.weights)
    test = data.load().test
    _, accuracy = network.evaluate(test.pixels, test.labels, verbose=0)
    assert dropped.at("test_accuracy", -1) == pytest.approx(accuracy, abs=1e-3)


def test_history_has_one_figure_an_epoch() -> None:
    record = trained(RunConfig(**SMALL))
    assert {len(v) for v in record.history.values()} == {3}
    assert {len(v) for v in record.layers.values()} == {3}
    assert record.complete
    assert record.test_predictions.shape == (4, 5_000)


def test_lambda_zero_is_the_baseline_bit_for_bit() -> None:
    baseline = RunConfig(**SMALL)
    for penalty in ("l1", "l2"):
        zero = RunConfig(**SMALL, penalty=penalty, lam=0.0)
        assert zero.key == baseline.key
        assert same_figures(train([zero])[0], trained(baseline))


def test_the_same_run_twice_is_the_same_bit_for_bit() -> None:
    configs = [RunConfig(**SMALL, penalty="l2", lam=v, dropout=0.2) for v in (1.0, 3.0)]
    for first, second in zip(train(configs), train(configs), strict=True):
        assert same_figures(first, second)


def test_company_changes_nothing_beyond_rounding() -> None:
    config = RunConfig(**SMALL, penalty="l2", lam=1.0)
    others = [
        config.replace(seed=4, init_std=1.0),
        config.replace(lam=50.0),
        config.replace(seed=9),
    ]
    alone, beside = trained(config), train([*others, config])[-1]
    for a, b in zip(alone.weights, beside.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    np.testing.assert_allclose(
        alone.history["val_accuracy"], beside.history["val_accuracy"], atol=1e-3
    )


def test_no_number_compiles_again() -> None:
    config = RunConfig(**SMALL, dropout=0.1, label_noise=0.1)
    train([config])
    compiled = trainer.compiled(trainer.shape_of(config), 1)
    before = compiled.traces
    for changes in (
        {"penalty": "l1", "lam": 3.0},
        {"penalty": "l2", "lam": 0.01},
        {"init_std": 0.7},
        {"initializer": "he_normal"},
        {"dropout": 0.6},
        {"label_noise": 0.5},
        {"learning_rate": 0.01},
        {"schedule": "cosine"},
        {"seed": 77},
        {"train_size": 300},
        {"epochs": 2},
    ):
        train([config.replace(**changes)])
    assert compiled.traces == before


def test_a_diverging_member_ends_early_and_alone() -> None:
    good = RunConfig(**SMALL, optimizer="sgd", learning_rate=0.05)
    # Each step multiplies the weights by 1 − ηλ/n = −19: float32 overflows within 30 steps.
    bad = good.replace(penalty="l2", lam=10_000.0, learning_rate=1.0)
    kept, ended = train([good, bad])
    assert kept.diverged is None
    for a, b in zip(kept.weights, trained(good).weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)

    where = ended.diverged
    assert where is not None
    assert ended.complete
    assert ended.epochs == where.epoch
    assert all(np.isfinite(v).all() for v in ended.layers.values())
    assert all(np.isfinite(w).all() for w in ended.weights)
    # Stock Keras, step by step, stops being finite at the same place.
    network = model.as_keras(bad, model.initial_weights(bad))
    images = data.load().train
    step = 0
    for epoch in range(bad.epochs):
        order = data.epoch_order(bad.train_size, epoch)
        for start in range(0, bad.train_size, bad.batch_size):
            batch = order[start : start + bad.batch_size]
            loss = network.train_on_batch(images.pixels[batch], images.labels[batch])[0]
            if not np.isfinite(loss):
                assert where.epoch * bad.steps_per_epoch + where.step == step
                assert where.where == "loss"
                return
            step += 1
    pytest.fail("stock Keras did not diverge")


def test_a_run_can_be_stopped_between_epochs() -> None:
    seen: list[int] = []
    config = RunConfig(**SMALL)
    records = train([config], lambda r: seen.append(r[0].epochs), lambda: len(seen) >= 2)
    assert seen == [0, 1]
    assert not records[0].complete
    assert records[0].weights == ()


def test_groups_advance_together_and_come_back_in_order() -> None:
    small = SMALL | {"epochs": 2}
    configs = [
        RunConfig(**small, seed=1),
        RunConfig(**(small | {"hidden": (16,)})),
        RunConfig(**small, seed=2),
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
    assert record.at("clean_accuracy", -1) > record.at("corrupted_accuracy", -1) + 0.2
    assert math.isnan(trained(RunConfig(**SMALL)).at("corrupted_accuracy", -1))


def test_a_fresh_unsaturated_network_starts_at_ln_10() -> None:
    record = trained(RunConfig(**(SMALL | {"epochs": 1}), init_std=0.001))
    assert record.at("train_crossentropy", None) == pytest.approx(math.log(10), abs=0.001)
    loud = trained(RunConfig(**(SMALL | {"epochs": 1}), init_std=1.0))
    assert loud.at("train_crossentropy", None) > 2 * math.log(10)


def test_twenty_images_are_learnt_by_heart() -> None:
    record = trained(
        RunConfig(train_size=20, epochs=100, hidden=(64,), learning_rate=0.005, batch_size=20)
    )
    assert record.at("train_crossentropy", -1) < 0.01
    assert record.at("train_accuracy", -1) == 1


def test_sigma_one_saturates_tanh_as_predicted() -> None:
    record = trained(RunConfig(init_std=1.0, hidden=(512,), epochs=1))
    probe = data.load().validation.pixels[: data.PROBE_IMAGES].astype(float)
    predicted = theory.predicted_saturation("tanh", np.sqrt((probe**2).sum(axis=1)))
    assert predicted > 0.75
    # 512 units drawn at random: their share varies by about √(p(1−p)/512) ≈ 0.02.
    assert record.start_layers["saturation"][0] == pytest.approx(predicted, abs=0.05)
    quiet = trained(RunConfig(init_std=0.05, hidden=(512,), epochs=1))
    assert quiet.start_layers["saturation"][0] < 0.01


def test_l1_is_far_sparser_than_l2_at_like_test_accuracy() -> None:
    l1, l2 = train([RunConfig(penalty="l1", lam=2.0), RunConfig(penalty="l2", lam=50.0)])
    right = [r.test_predictions[-1] == data.load().test.labels for r in (l1, l2)]
    assert measure.paired_difference(*right).value > -0.015
    assert l1.sparsity(1e-3, -1) > 4 * l2.sparsity(1e-3, -1)
    assert l1.sparsity(0.0, -1) < 0.01  # near zero, not zero: Keras's subgradient
