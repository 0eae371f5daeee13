"""Tickets against stock Keras: a parent, a mask, and the mask again after every step."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import numpy.typing as npt
import pytest

from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory import tickets
from fmviz.theory.initializers import initial_weights
from fmviz.training import stock
from fmviz.training.group import Group
from fmviz.training.train import train, weights_after
from tests.support.records import same_figures

pytestmark = pytest.mark.slow

# 16 steps an epoch, 48 in all.
PARENT = RunConfig(train_size=500, batch_size=32, epochs=3, hidden=(32, 16), learning_rate=0.003)
LARGEST = PARENT.replace(ticket="magnitude", kept=0.2)
RANDOM = PARENT.replace(ticket="random", kept=0.2)
# Another optimizer, and with it a penalty that acts after the step.
MOVING = {"optimizer": "momentum", "learning_rate": 0.02}
OTHERS = (
    LARGEST.replace(**MOVING),
    RANDOM.replace(**MOVING, penalty="l1_proximal", lam=5.0),
)


@cache
def trained() -> dict[RunConfig, RunRecord]:
    """A parent and its tickets, as members of one model."""
    configs = [PARENT, LARGEST, RANDOM, LARGEST.replace(kept=0.05)]
    return dict(zip(configs, train(configs), strict=True))


def fitted(config: RunConfig, masks: list[tickets.Mask]) -> list[npt.NDArray[np.float32]]:
    """The final weights of stock Keras: from masked first weights, masked after each step."""
    network = stock.as_keras(config, tickets.masked(initial_weights(config), masks))
    network.compile(optimizer=network.optimizer, loss=network.loss, jit_compile=False)
    images = data.load(config.dataset).train
    rate = config.learning_rate * config.lam / config.train_size
    for epoch in range(config.epochs):
        order = data.epoch_order(config.train_size, epoch)
        for first in range(0, len(order), config.batch_size):
            batch = order[first : first + config.batch_size]
            network.train_on_batch(images[batch].pixels, images.labels[batch])
            for layer, mask in zip(network.layers, masks, strict=True):
                w = np.asarray(layer.kernel)
                if config.penalty == "l1_proximal":
                    w = np.sign(w) * np.maximum(np.abs(w) - np.float32(rate), 0)
                layer.kernel.assign(w * mask)
    weights: list[npt.NDArray[np.float32]] = network.get_weights()
    keras.backend.clear_session()
    return weights


@cache
def fitted_parent() -> list[npt.NDArray[np.float32]]:
    return fitted(PARENT, tickets.masks(PARENT))


def assert_close(ours: RunRecord, theirs: list[npt.NDArray[np.float32]]) -> None:
    for a, b in zip(ours.weights, theirs, strict=True):
        assert np.abs(a - b).max() < 2e-4


@pytest.mark.parametrize("config", [LARGEST, RANDOM], ids=["largest", "random"])
def test_a_ticket_is_what_stock_keras_makes_of_it(config: RunConfig) -> None:
    record, parent = trained()[config], trained()[PARENT]
    theirs = fitted_parent()
    assert_close(parent, theirs)
    # The mask is the one that the parent's own weights give, whoever trained those.
    masks = tickets.masks(config, parent.weights)
    agree = [np.mean(a == b) for a, b in zip(masks, tickets.masks(config, theirs), strict=True)]
    assert min(agree) > 0.999
    assert_close(record, fitted(config, masks))
    for kernel, mask, first in zip(
        record.kernels, masks, initial_weights(config)[::2], strict=True
    ):
        assert not kernel[~mask].any()
        assert np.abs(kernel - first)[mask].max() > 0.01


def test_other_rules_are_masked_too() -> None:
    *records, parent = train([*OTHERS, OTHERS[0].parent])
    for record in records:
        masks = tickets.masks(record.config, parent.weights)
        assert_close(record, fitted(record.config, masks))


def test_a_ticket_is_measured_as_it_starts() -> None:
    record = trained()[LARGEST]
    masks = tickets.masks(LARGEST, trained()[PARENT].weights)
    zeros = 1 - sum(mask.sum() for mask in masks) / sum(mask.size for mask in masks)
    for epoch in range(record.epochs + 1):
        assert record.sparsity(0.0, epoch) == pytest.approx(zeros)


def test_a_ticket_that_keeps_all_is_its_parent_and_a_parent_pays_nothing() -> None:
    assert LARGEST.replace(kept=1) == PARENT
    assert LARGEST.parent == RANDOM.parent == PARENT
    (alone,) = train([PARENT])
    # Beside tickets it has a mask of ones.
    for a, b in zip(alone.weights, trained()[PARENT].weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert not Group([PARENT]).numbers.masks


def test_a_ticket_goes_on_where_another_process_stood() -> None:
    (whole,) = train([LARGEST])
    group = Group([LARGEST])
    parts = group.parts()
    # While its parent is trained nothing can be handed over: it begins again.
    assert not next(parts)
    assert group.kept() is None
    measured = 0
    while measured < 2:
        measured += next(parts)
    kept = group.kept()
    assert kept is not None
    resumed = Group.resumed(kept)
    for _ in resumed.parts():
        pass
    (record,) = resumed.records()
    assert same_figures(record, whole)


def test_a_ticket_can_be_trained_again_up_to_an_epoch() -> None:
    (whole,) = train([LARGEST])
    again = weights_after(LARGEST, 3)
    try:
        while True:
            next(again)
    except StopIteration as stop:
        for ours, theirs in zip(stop.value, whole.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
