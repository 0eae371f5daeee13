"""What networks answer to a picture of no data set, beside stock Keras."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from fmviz.analysis import replies
from fmviz.analysis.kept import KeptWeights
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.measure import accuracy
from fmviz.training import stock as model
from tests.support.records import synthetic, tiny

PICTURE = np.random.default_rng(0).random(784).astype(np.float32)


def shown(**changes: object) -> Shown:
    record = synthetic(tiny(**changes))
    small = tuple(w / 30 for w in record.weights)
    record = replace(record, weights=small, best_weights=small)
    return Shown("a network", record, None, record.epochs)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_reply_is_what_keras_predicts(activation: str) -> None:
    run = shown(activation=activation)
    network = model.as_keras(run.record.config)
    network.set_weights(list(run.record.weights))
    logits = np.asarray(network(PICTURE[None]))
    (reply,) = replies.replies([run], PICTURE)
    expected = np.asarray(keras.ops.softmax(logits))[0]
    np.testing.assert_allclose(reply.off, expected, rtol=1e-4, atol=1e-6)
    assert reply.answer == expected.argmax()
    assert reply.sure == pytest.approx(float(expected.max()), rel=1e-4)
    assert reply.off.sum() == pytest.approx(1)
    assert reply.on is None


def test_with_dropout_on_it_is_a_mean_over_masks_with_its_error() -> None:
    run = shown(dropout=0.5, hidden=(40, 30))
    (reply,) = replies.replies([run], PICTURE)
    assert reply.on is not None
    assert reply.on.votes.sum() == replies.MASKS
    network = model.as_keras(run.record.config)
    network.set_weights(list(run.record.weights))
    draws = 400
    logits = np.asarray(network(np.tile(PICTURE, (draws, 1)), training=True))
    shares = np.asarray(keras.ops.softmax(logits)).astype(float)
    error = np.hypot(reply.on.errors, shares.std(axis=0, ddof=1) / np.sqrt(draws))
    assert (np.abs(reply.on.means - shares.mean(axis=0)) <= 4 * error).all()
    # Errors of means over that many masks.
    expected = shares.std(axis=0, ddof=1) / np.sqrt(replies.MASKS)
    np.testing.assert_allclose(reply.on.errors, expected, rtol=0.5, atol=1e-4)


def test_a_network_without_weights_or_with_broken_ones_does_not_answer() -> None:
    run = shown()
    brief = run._replace(record=run.record.brief())
    broken = tuple(np.full_like(w, np.inf) for w in run.record.weights)
    lost = run._replace(record=replace(run.record, weights=broken, best_weights=broken))
    assert replies.replies([brief], PICTURE) == []
    with np.errstate(all="ignore"):
        assert replies.replies([lost], PICTURE) == []


def test_two_answer_by_weights_of_their_own_epochs_or_both_by_the_last() -> None:
    early = shown()
    record = replace(early.record, best_weights=tuple(w * 2 for w in early.record.weights))
    best = record.best_epoch
    assert best < record.epochs
    first = Shown("first", record, None, best)
    (alone,) = replies.replies([first], PICTURE)
    assert alone.by.weights is record.best_weights
    other = Shown("other", record, None, next(e for e in (1, 2) if e != best))
    both = replies.replies([first, other], PICTURE)
    assert all(reply.by.weights is record.weights for reply in both)


def test_weights_are_the_same_where_run_and_values_are() -> None:
    run = shown()
    config, weights = run.record.config, run.record.weights
    copied = tuple(w.copy() for w in weights)
    assert KeptWeights(config, weights) == KeptWeights(config, copied)
    assert KeptWeights(config, weights) != KeptWeights(config.replace(seed=9), weights)
    assert KeptWeights(config, weights) != KeptWeights(config, tuple(w + 1 for w in weights))
    assert KeptWeights(config, ()) != KeptWeights(config, weights)


@pytest.mark.slow
def test_how_right_it_is_where_it_is_as_sure() -> None:
    run = shown(hidden=(30,), activation="relu")
    (reply,) = replies.replies([run], PICTURE)
    images = data.load().validation
    network = model.as_keras(run.record.config)
    network.set_weights(list(run.record.weights))
    shares = np.asarray(keras.ops.softmax(network.predict(images.pixels, verbose=0)))
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == images.labels
    for share in (float(np.median(sure)), 0.0):
        asked = reply._replace(off=np.array([share, *(0.0,) * 9]))
        found = replies.as_sure(asked)
        chosen = right[sure >= share]
        assert found.images == pytest.approx(len(chosen), abs=2)
        assert found.right is not None
        expected = accuracy(float(chosen.mean()), len(chosen))
        assert found.right.value == pytest.approx(expected.value, abs=0.002)
        assert found.right.error == pytest.approx(expected.error, rel=0.02)
    never = replies.as_sure(reply._replace(off=np.array([1.1, *(0.0,) * 9])))
    assert never == (0, None)
