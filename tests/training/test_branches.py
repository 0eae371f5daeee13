"""Branches: what the trainer makes of them against stock Keras, and against the run itself."""

from __future__ import annotations

import math
import pickle
from collections.abc import Generator
from functools import cache
from itertools import islice
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from fmviz.run import data
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.run.groups import begins_anew, kinds_of
from fmviz.run.record import RunRecord
from fmviz.run.settings import BRANCHING, parts
from fmviz.theory.initializers import initial_weights
from fmviz.training import group as group_module
from fmviz.training import stock
from fmviz.training.backend import KerasBackend
from fmviz.training.group import Group
from fmviz.training.train import train, weights_after, weights_of_epochs
from tests.support.trained import eagerly
from tests.training.test_train import RATES, soft_threshold

pytestmark = pytest.mark.slow

# Ten steps an epoch, none of them smaller; 30 after the branch, 60 in batches of half the size. Few
# epochs, as each is measured: eagerly that takes longer than its steps.
BRANCH = 1
SMALL = RunConfig(train_size=320, batch_size=32, epochs=4, hidden=(12,), penalty="l2", lam=1.0)


def branched(changes: dict[str, Any], **settings: Any) -> RunConfig:
    return SMALL.replace(**{"branch_epoch": BRANCH, **settings}, branch=changes)


def of(optimizer: str) -> dict[str, Any]:
    """The settings of a run with an optimizer; AdamW is what Adam is called under weight decay."""
    decay = {"penalty": "weight_decay", "lam": 5.0} if optimizer == "adamw" else {}
    return {"optimizer": optimizer, "learning_rate": RATES[optimizer], **decay}


NAMES = list(OPTIMIZERS)
# All numbers at once under each optimizer, whose slots go on.
NUMBERS = [
    branched(
        {
            "penalty": "weight_decay" if name == "adamw" else "l1_l2",
            "lam": 3.0,
            "l1_share": 0.3,
            "learning_rate": RATES[name] / 2,
            "schedule": "exponential",
            "dropout": 0.4,
        },
        **of(name),
    )
    for name in NAMES
]
# Batches of another size under each, and another optimizer than each.
SIZES = [branched({"batch_size": 16}, **of(name), schedule="cosine") for name in NAMES]
OTHERS = [
    branched({**of(other), "penalty": "l2", "lam": 2.0}, **of(name), dropout=0.2)
    for name, other in zip(NAMES, [*NAMES[3:], *NAMES[:3]], strict=True)
]
PLATEAU = {"schedule": "plateau", "plateau_patience": 1, "plateau_factor": 0.3}
# A plateau takes epochs, before a branch and after it.
JUMPY = {
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "train_size": 192,
    "epochs": 7,
    "branch_epoch": 2,
}
# Each thing that can be changed by itself.
SINGLE = [
    branched({"lam": 30.0}),
    branched({"penalty": "none"}),
    branched({"penalty": "l1"}),
    branched({"penalty": "weight_decay"}),
    branched({"penalty": "none"}, penalty="weight_decay"),
    branched({"penalty": "l1_proximal", "lam": 0.5}, schedule="cosine"),
    branched({"l1_share": 0.9}, penalty="l1_l2"),
    branched({"learning_rate": 0.01}),
    branched({"dropout": 0.5}),
    branched({"dropout": 0.0}, dropout=0.5),
    branched({"schedule": "cosine"}),
    branched({"schedule": "constant"}, schedule="exponential"),
    branched({"final_rate": 0.5}, schedule="polynomial"),
    branched({"power": 3.0}, schedule="polynomial"),
    branched({"periods": 5}, schedule="step"),
    branched({"schedule": "warmup", "warmup": 0.5}),
    branched({"warmup": 0.4}, schedule="warmup", batch_size=16),
    branched({"schedule": "cosine_restarts", "periods": 4}, schedule="inverse_time"),
    branched(PLATEAU, **JUMPY),
    branched({"learning_rate": 0.3}, **JUMPY, **PLATEAU),
    branched({"lam": 0.1}, **JUMPY, **PLATEAU),
    branched({"plateau_factor": 0.6, "plateau_patience": 2}, **JUMPY, **PLATEAU),
    branched({"batch_size": 16, "schedule": "inverse_time"}, schedule="exponential"),
    branched({"batch_size": 64}, schedule="step"),
]
CASES = [*NUMBERS, *SIZES, *OTHERS, *SINGLE]


def named(config: RunConfig) -> str:
    changes = "-".join(str(value) for _, value in config.branch)
    return f"{config.optimizer}-{config.schedule}-{changes}"


@cache
def trained() -> dict[RunConfig, RunRecord]:
    """All cases, those side by side that can be. That the compiler makes the same of them is shown
    below."""
    with eagerly():
        return dict(zip(CASES, train(CASES), strict=True))


# Stock Keras


class Masked(keras.layers.Layer):
    """Dropout by masks that are handed to it."""

    mask: Any = 1.0

    def call(self, x: Any, training: bool = False) -> Any:
        return x * self.mask if training else x


@cache
def plain_network(
    hidden: tuple[int, ...], activation: str
) -> tuple[keras.Sequential, list[Masked]]:
    """A network for one run after another, each of which sets its weights and its penalty."""
    masks, layers = [Masked() for _ in hidden], [keras.Input((784,))]
    for units, mask in zip(hidden, masks, strict=True):
        layers += [keras.layers.Dense(units, activation), mask]
    return keras.Sequential([*layers, keras.layers.Dense(10)]), masks


class StockRun:
    """A plain Keras network that is trained step by step, and changed in the middle."""

    def __init__(self, config: RunConfig) -> None:
        self.config, self.step = config, 0
        self.images = data.load(config.dataset)
        self.network, self.masks = plain_network(config.hidden, config.activation)
        self.network.set_weights(list(initial_weights(config)))
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.plateau = self._plateau(config.trunk)
        self._take_up(config.trunk, stock._keras_optimizer(config.trunk))

    def _plateau(self, settings: RunConfig) -> Any:
        plateau = keras.callbacks.ReduceLROnPlateau(
            factor=settings.plateau_factor, patience=settings.plateau_patience
        )
        # All that the callback wants of a model is its optimizer.
        plateau.set_model(self)
        plateau.on_train_begin()
        return plateau

    def _take_up(self, settings: RunConfig, optimizer: Any) -> None:
        """Go on with some settings and an optimizer: a new one, or the one that there is."""
        self.settings, self.optimizer = settings, optimizer
        optimizer.build(self.network.trainable_variables)
        self.traced = tf.function(self._take_step)
        regularizer = stock.as_keras(settings).layers[0].kernel_regularizer
        for layer in self.network.layers:
            if hasattr(layer, "kernel"):
                layer.kernel.regularizer = regularizer

    def branch(self) -> None:
        """Change what the branch changes, and nothing else."""
        optimizer, other = self.optimizer, stock._keras_optimizer(self.config)
        if begins_anew(self.config):
            optimizer = other
        else:
            optimizer.weight_decay = other.weight_decay
            # It has been told before its first step that biases do not decay.
            optimizer._exclude_from_weight_decay = {"bias"}
            if {"learning_rate", *parts("schedule"), "schedule"} & dict(self.config.branch).keys():
                self._set_rate(optimizer, other)
        self._take_up(self.config.after, optimizer)
        self.plateau = self._plateau(self.config.after)

    def _set_rate(self, optimizer: Any, other: Any) -> None:
        """Give an optimizer the rate or the schedule of another."""
        rate, changes = other._learning_rate, dict(self.config.branch)
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            optimizer.learning_rate = rate
        elif not {"learning_rate", "schedule"} & changes.keys():
            return  # the callback is another, and the rate what it was
        elif hasattr(optimizer._learning_rate, "assign"):
            optimizer.learning_rate = self.config.after.learning_rate
        else:  # Keras exchanges a schedule for another or for a function, not for a number
            optimizer.learning_rate = lambda: self.config.after.learning_rate

    def epoch(self, number: int) -> float:
        """Train an epoch; the rate of its last step."""
        settings, rate = self.settings, math.nan
        order = data.epoch_order(settings.train_size, number)
        train = self.images.train
        for start in range(0, settings.train_size, settings.batch_size):
            batch = order[start : start + settings.batch_size]
            rate = float(np.asarray(self.optimizer.learning_rate))
            masks = self._draw(len(batch)) if settings.dropout else []
            self.traced(tf.constant(train[batch].pixels), tf.constant(train.labels[batch]), masks)
            if settings.penalty == "l1_proximal":
                dense = [layer for layer in self.network.layers if hasattr(layer, "kernel")]
                soft_threshold(keras.Sequential(dense), settings, rate)
            self.step += 1
        if settings.schedule == "plateau":
            self.plateau.on_epoch_end(number, {"val_loss": self.val_loss()})
        return rate

    def _draw(self, images: int) -> list[Any]:
        """The masks of a step, of each hidden layer."""
        settings, masks = self.settings, []
        for index, units in enumerate(settings.hidden):
            key = tf.constant([settings.seed, self.step * 8 + index])
            kept = tf.random.stateless_uniform((images, units), key) >= settings.dropout
            masks.append(tf.cast(kept, tf.float32) / (1 - settings.dropout))
        return masks

    def _take_step(self, images: Any, labels: Any, masks: list[Any]) -> None:
        for layer, mask in zip(self.masks, masks or [1.0] * len(self.masks), strict=True):
            layer.mask = mask
        with tf.GradientTape() as tape:
            outputs = self.network(images, training=True)
            loss = self.loss(labels, outputs) + sum(self.network.losses)
        weights = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)

    def val_loss(self) -> float:
        part = self.images.validation
        return float(self.loss(part.labels, self.network(part.pixels)) + sum(self.network.losses))


@pytest.mark.parametrize("config", CASES, ids=named)
def test_a_branch_is_what_stock_keras_makes_of_it(config: RunConfig) -> None:
    record = trained()[config]
    assert record.diverged is None
    run, rates = StockRun(config), []
    for epoch in range(config.epochs):
        if epoch == config.branch_epoch:
            run.branch()
        rates.append(run.epoch(epoch))
    assert run.step == config.steps
    assert config.steps - config.steps_in(config.branch_epoch) >= 15
    np.testing.assert_allclose(record.history["learning_rate"], rates, rtol=2e-5)
    for ours, theirs in zip(record.weights, run.network.get_weights(), strict=True):
        apart = np.abs(ours - theirs)
        if "lion" in (config.optimizer, config.after.optimizer):
            # Where a momentum is 0 but for rounding its sign is chance, and a step of η with it.
            assert np.quantile(apart, 0.99) < 1e-5
        else:
            assert apart.max() < 5e-4
    assert record.at_end("val_loss") == pytest.approx(run.val_loss(), rel=1e-3)


def test_the_cases_leave_out_nothing_that_can_change() -> None:
    assert {field for config in CASES for field, _ in config.branch} == set(BRANCHING)
    for cases in (NUMBERS, SIZES, OTHERS):
        assert {config.optimizer for config in cases} == set(OPTIMIZERS)
    assert {config.after.optimizer for config in OTHERS} >= set(OPTIMIZERS) - {"adamw"}
    after = [
        config.steps - config.steps_in(config.branch_epoch)
        for config in (*NUMBERS, *SIZES, *OTHERS)
    ]
    assert min(after) >= 30


# The run itself

# Compiled: the programs of two shapes, with room for three members.
COMPILED = {"train_size": 200, "epochs": 5, "hidden": (16,), "batch_size": 32}
PLAIN = RunConfig(**COMPILED, optimizer="momentum", learning_rate=0.05)
LATER = PLAIN.replace(branch={"penalty": "l2", "lam": 20.0}, branch_epoch=2)
DROPPED = PLAIN.replace(branch={"dropout": 0.5, "learning_rate": 0.01}, branch_epoch=3)
OTHER = PLAIN.replace(branch={"optimizer": "adam", "learning_rate": 0.002}, branch_epoch=2)


def kinds(config: RunConfig) -> tuple[Any, ...]:
    """Programs that serve all of these."""
    return tuple(
        kind._replace(features=kinds_of([DROPPED])[0].features) for kind in kinds_of([config], 3)
    )


def run(configs: list[RunConfig]) -> list[RunRecord]:
    """Runs trained as one model."""
    members = Group(configs, kinds=kinds(configs[0]))
    for _ in members.parts():
        pass
    return members.records()


@cache
def compiled() -> dict[RunConfig, RunRecord]:
    return {record.config: record for record in [*run([PLAIN, LATER, DROPPED]), *run([OTHER])]}


def same_so_far(one: RunRecord, other: RunRecord, epochs: int) -> None:
    """Bit for bit the same up to the end of an epoch."""
    for name in set(one.history) - {"seconds"}:
        np.testing.assert_array_equal(one.history[name][:epochs], other.history[name][:epochs])
    for name in one.layers:
        np.testing.assert_array_equal(one.layers[name][:epochs], other.layers[name][:epochs])
    rows = slice(epochs + 1)
    np.testing.assert_array_equal(one.val_predictions[rows], other.val_predictions[rows])


@pytest.mark.parametrize("config", [LATER, DROPPED, OTHER], ids=named)
def test_up_to_its_branch_a_run_is_its_trunk_bit_for_bit(config: RunConfig) -> None:
    record, trunk = compiled()[config], compiled()[PLAIN]
    same_so_far(record, trunk, config.branch_epoch)
    after = config.branch_epoch
    assert record.history["val_loss"][after] != trunk.history["val_loss"][after]
    assert (record.history["penalty"][:after] == 0).all()


def test_what_the_compiler_makes_of_a_branch_is_the_same() -> None:
    """Of masks it draws others."""
    with eagerly():
        eager = [*train([PLAIN, LATER]), *train([OTHER])]
    for record in eager:
        for ours, theirs in zip(record.weights, compiled()[record.config].weights, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("config", [LATER, OTHER], ids=named)
def test_a_branch_goes_on_elsewhere_as_if_nothing_had_happened(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An epoch of seven steps has three parts: the second ends with part 7, where the branch is.
    monkeypatch.setattr(group_module, "STEPS_AT_ONCE", 3)
    (expected,) = run([config])
    for parts_done in (1, 4, 7, 8, 10, 14):
        group = Group([config], kinds=kinds(config))
        assert len(list(islice(group.parts(), parts_done))) == parts_done
        resumed = Group.resumed(pickle.loads(pickle.dumps(group.kept())))
        for _ in resumed.parts():
            pass
        (record,) = resumed.records()
        assert record.complete
        same_so_far(record, expected, config.epochs)
        np.testing.assert_equal(record.weights, expected.weights)


def returned(going_on: Generator[None, None, Any]) -> Any:
    """What a generator returns in the end."""
    while True:
        try:
            next(going_on)
        except StopIteration as stop:
            return stop.value


def test_weights_of_any_epoch_are_those_of_the_branch() -> None:
    with eagerly():
        (record,) = train([OTHER])
        every = list(weights_of_epochs(OTHER))
        trunk = list(islice(weights_of_epochs(PLAIN), 3))
        again = returned(weights_after(OTHER, 4))
    assert len(every) == OTHER.epochs + 1
    np.testing.assert_equal(every[-1], list(record.weights))
    np.testing.assert_equal(every[2], trunk[2])
    np.testing.assert_equal(again, every[4])


def test_a_run_may_diverge_after_its_branch() -> None:
    wild = PLAIN.replace(
        branch={"penalty": "l2", "lam": 10_000.0, "learning_rate": 50.0}, branch_epoch=2
    )
    record, calm, _ = run([wild, PLAIN, LATER])
    assert record.diverged is not None
    assert record.diverged.epoch > 2
    assert record.epochs == record.diverged.epoch - 1
    same_so_far(calm, compiled()[PLAIN], PLAIN.epochs)


def test_programs_at_hand_serve_a_branch_where_all_of_them_are() -> None:
    compiled()
    backend, others = KerasBackend(), [OTHER, OTHER.replace(seed=1)]
    assert backend.at_hand(others, 3) == 3
    assert backend.at_hand(others, 2) == 0
    assert backend.at_hand([c.replace(branch={"optimizer": "nadam"}) for c in others], 3) == 0
