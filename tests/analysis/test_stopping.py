"""Early stopping replayed, against Keras's own callback."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fmviz.analysis.stopping import (
    BETTER,
    Rule,
    Shown,
    by_monitor,
    look,
    outcomes,
    replay,
    shown_weights,
)
from tests.support.records import synthetic, tiny


class StandIn:
    """A model whose weights are the number of the epoch it has reached."""

    def __init__(self) -> None:
        self.stop_training = False
        self.weights: int | None = None

    def get_weights(self) -> int | None:
        return self.weights

    def set_weights(self, weights: int) -> None:
        self.weights = weights


class KerasOutcome(NamedTuple):
    stopped: int | None
    best: int | None
    weights: int | None
    waits: tuple[int, ...]


def by_keras(values: list[float], **parameters: Any) -> KerasOutcome:
    """What Keras's callback does, called as `model.fit` calls it."""
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", **parameters)
    model = StandIn()
    callback.set_model(model)
    callback.on_train_begin()
    waits = []
    for epoch, value in enumerate(values):
        model.weights = epoch
        callback.on_epoch_end(epoch, {"val_loss": value})
        waits.append(callback.wait)
        if model.stop_training:
            break
    callback.on_train_end()
    return KerasOutcome(
        stopped=callback.stopped_epoch if model.stop_training else None,
        # Before anything was looked at Keras's best_epoch is 0, which says nothing.
        best=None if callback.best is None else callback.best_epoch,
        weights=model.weights,
        waits=tuple(waits),
    )


# Few values, so that they tie and so that differences meet min_delta exactly, and any others.
VALUES = st.one_of(
    st.sampled_from([0.0, 0.1, 0.2, 0.25, 0.3, 0.5, 1.0, -0.1, -1.0]),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-30),
)
# Apart in double precision, many of them the same in single, in which Keras compares.
CLOSE = st.integers(0, 12).map(lambda i: 0.5 + i * 1.2e-8)


@given(
    values=st.lists(VALUES, max_size=14) | st.lists(CLOSE, max_size=14),
    patience=st.integers(0, 6),
    min_delta=st.sampled_from([0, 0.0, 0.1, -0.1, 0.05, 1e-8])
    | st.floats(0, 2).map(lambda x: x if x > 1e-30 else 0.0),
    mode=st.sampled_from(["min", "max"]),
    baseline=st.none() | VALUES,
    restore_best_weights=st.booleans(),
    start_from_epoch=st.integers(0, 5),
)
@example([math.nan, 1.0, 2.0], 1, 0.0, "min", None, True, 0)
@example([1.0, math.nan, 0.5], 1, 0.0, "min", None, True, 0)
@example([math.inf, math.inf, 1.0], 2, 0.0, "min", None, True, 0)
@example([-math.inf, 0.0, 1.0], 2, 0.0, "max", None, False, 0)
@example([1.0, 0.9, 0.8, 0.7], 2, 0.0, "min", 0.5, True, 0)
@example([0.5, 0.6, 0.7, 0.8], 1, 0.0, "min", None, True, 9)
@example([0.5 + 1.2e-8, 0.5, 0.4], 1, 0.0, "min", None, True, 0)
@example([0.3, 0.2, 0.1], 0, 0.1, "min", None, True, 0)
@settings(max_examples=400, deadline=None)
def test_replay_does_what_keras_does(
    values: list[float],
    patience: int,
    min_delta: float,
    mode: str,
    baseline: float | None,
    restore_best_weights: bool,
    start_from_epoch: int,
) -> None:
    parameters = {
        "patience": patience,
        "min_delta": min_delta,
        "mode": mode,
        "baseline": baseline,
        "restore_best_weights": restore_best_weights,
        "start_from_epoch": start_from_epoch,
    }
    expected = by_keras(values, **parameters)
    stop = replay(values, **parameters)
    assert stop.waits == expected.waits
    assert stop.stopped_epoch == expected.stopped
    assert stop.best_epoch == expected.best
    assert stop.weights_epoch == expected.weights


def test_a_hand_worked_case() -> None:
    # Best at epoch 2; epochs 3 and 4 do not beat it by more than 0.01: two waits, and stop.
    values = [1.0, 0.8, 0.5, 0.495, 0.6, 0.1]
    kept = replay(values, patience=2, min_delta=0.01)
    assert kept == (4, 2, 4, (0, 0, 0, 1, 2), 0)
    assert kept.looked_at == 5
    restored = replay(values, patience=2, min_delta=0.01, restore_best_weights=True)
    assert restored == (4, 2, 2, (0, 0, 0, 1, 2), 0)


def test_patience_0_and_1_behave_alike() -> None:
    values = [0.5, 0.4, 0.45, 0.3]
    assert replay(values, patience=0) == replay(values, patience=1)
    assert replay(values, patience=0).stopped_epoch == 2


def test_the_best_weights_come_back_even_where_stopping_never_fired() -> None:
    stop = replay([0.5, 0.1, 0.2], patience=9, restore_best_weights=True)
    assert stop.stopped_epoch is None
    assert stop.weights_epoch == 1
    assert replay([0.5, 0.1, 0.2], patience=9).weights_epoch == 2


def test_a_run_of_no_epochs_has_neither_best_nor_weights() -> None:
    assert replay([], patience=3, restore_best_weights=True) == (None, None, None, (), 0)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'auto'"):
        replay([1.0], patience=1, mode="auto")


# A run as pages look at it

RISES_THEN_FALLS = {
    "val_accuracy": [0.7, 0.9, 0.8, 0.6, 0.5],
    "val_loss": [0.5, 0.4, 0.3, 0.35, 0.36],
    "val_crossentropy": [0.9, 0.8, 0.7, 0.6, 0.5],
}


@pytest.mark.parametrize(
    ("monitor", "stopped", "best"),
    [("val_accuracy", 4, 2), ("val_loss", 5, 3), ("val_crossentropy", None, 5)],
)
def test_accuracy_is_better_large_and_losses_small(
    monitor: str, stopped: int | None, best: int
) -> None:
    record = synthetic(tiny(epochs=5), **RISES_THEN_FALLS)
    shown = look(record, "a", patience=2, monitor=monitor, restore_best_weights=True)
    assert shown.stop is not None
    assert shown.stop.stopped == stopped
    assert shown.kept == best
    unrestored = look(record, "a", patience=2, monitor=monitor, restore_best_weights=False)
    assert unrestored.kept == (5 if stopped is None else stopped)


def test_without_early_stopping_the_last_epoch_is_kept() -> None:
    record = synthetic(tiny(epochs=5))
    shown = look(record, "a", patience=None, monitor="val_loss", restore_best_weights=True)
    assert shown.stop is None
    assert shown.kept == 5


def test_a_run_that_still_goes_on_shows_its_present_weights() -> None:
    record = synthetic(tiny(epochs=9), epochs=4, val_loss=[0.5, 0.1, 0.2, 0.3])
    shown = look(record, "a", patience=5, monitor="val_loss", restore_best_weights=True)
    assert shown.kept == 4


def test_a_run_before_its_first_epoch_keeps_nothing() -> None:
    record = synthetic(tiny(epochs=9), epochs=0)
    shown = look(record, "a", patience=5, monitor="val_loss", restore_best_weights=True)
    assert (shown.stop, shown.kept) == (None, 0)


def test_look_hands_every_argument_on() -> None:
    record = synthetic(tiny(epochs=6), val_loss=[0.9, 0.5, 0.49, 0.3, 0.6, 0.7])
    arguments: dict[str, Any] = {
        "patience": 2,
        "min_delta": 0.05,
        "mode": "min",
        "baseline": 0.4,
        "restore_best_weights": True,
        "start_from_epoch": 1,
    }
    stop = look(record, "a", monitor="val_loss", **arguments).stop
    assert stop == replay(record.history["val_loss"].tolist(), **arguments)
    assert stop == (2, 1, 1, (0, 1, 2), 1)
    assert stop.looked_at == 2


def test_a_mode_against_the_grain_keeps_the_worst_epoch() -> None:
    record = synthetic(tiny(epochs=4), val_loss=[0.9, 0.5, 0.4, 0.3])
    shown = look(record, "a", patience=3, monitor="val_loss", mode="max", restore_best_weights=True)
    assert (shown.kept, shown.stop and shown.stop.stopped) == (1, 4)
    assert not Rule("val_loss", mode="max").right_way
    assert Rule("val_loss", mode="min").right_way


def test_a_run_that_goes_on_after_it_was_stopped_has_been_restored() -> None:
    record = synthetic(tiny(epochs=9), epochs=4, val_loss=[0.5, 0.1, 0.2, 0.3])
    shown = look(record, "a", patience=2, monitor="val_loss", restore_best_weights=True)
    assert shown.stop is not None
    assert (shown.stop.stopped, shown.kept) == (4, 2)


# The rule as Keras spells it


def test_auto_comes_to_what_keras_makes_of_it() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            "accuracy",
            keras.metrics.SparseCategoricalCrossentropy(name="crossentropy", from_logits=True),
        ],
    )
    history = model.fit(
        np.zeros((4, 2)), np.zeros(4), validation_data=(np.zeros((4, 2)), np.zeros(4)), verbose=0
    )
    for monitor, better in BETTER.items():
        assert monitor in history.history
        callback = keras.callbacks.EarlyStopping(monitor=monitor)
        callback.set_model(model)
        callback._set_monitor_op()
        assert callback.monitor_op is {"min": keras.ops.less, "max": keras.ops.greater}[better]
        assert Rule(monitor).direction == better


# Every patience at once, and every monitor


@given(
    values=st.lists(VALUES, min_size=1, max_size=12) | st.lists(CLOSE, min_size=1, max_size=12),
    more_epochs=st.integers(0, 3),
    min_delta=st.sampled_from([0.0, 0.1]),
    mode=st.sampled_from(["min", "max"]),
    baseline=st.none() | VALUES,
    restore_best_weights=st.booleans(),
    start_from_epoch=st.integers(0, 13),
)
@settings(max_examples=60, deadline=None)
def test_one_pass_gives_what_keras_does_under_each_patience(
    values: list[float], more_epochs: int, **parameters: Any
) -> None:
    config = tiny(epochs=len(values) + more_epochs)
    record = synthetic(config, epochs=len(values), val_loss=values)
    found = outcomes(record, Rule(**parameters))
    assert [outcome.patience for outcome in found] == list(range(config.epochs + 1))
    for outcome in found:
        expected = by_keras(values, patience=outcome.patience, **parameters)
        # Keras counts epochs from 0.
        assert outcome.stopped == (None if expected.stopped is None else expected.stopped + 1)
        assert outcome.kept == expected.weights + 1
        assert outcome.trained == len(expected.waits)
        fired = expected.stopped is not None
        assert outcome.saved == (config.epochs - len(expected.waits) if fired else 0)


def test_an_outcome_tells_what_its_weights_are_worth() -> None:
    record = synthetic(tiny(epochs=5), **RISES_THEN_FALLS)
    at_once, _, second, *_, last = outcomes(record, Rule("val_accuracy", restore_best_weights=True))
    assert (at_once.stopped, at_once.kept, at_once.saved) == (3, 2, 2)
    assert (second.stopped, second.kept, second.saved) == (4, 2, 1)
    assert (last.stopped, last.kept, last.saved) == (None, 2, 0)
    assert second.val_accuracy == record.estimate("val_accuracy", 2)
    assert second.val_crossentropy == record.history["val_crossentropy"][1]
    assert second.test_accuracy == record.estimate("test_accuracy", 2)
    kept = outcomes(record, Rule("val_accuracy"))[2]
    assert (kept.stopped, kept.kept) == (4, 4)


def test_the_three_monitors_each_in_their_own_direction_and_units() -> None:
    record = synthetic(tiny(epochs=5), **RISES_THEN_FALLS)
    rule = Rule(
        "val_loss", patience=2, mode="max", min_delta=9, baseline=-9, restore_best_weights=True
    )
    found = {outcome.monitor: outcome for outcome in by_monitor(record, rule)}
    assert list(found) == ["val_loss", "val_crossentropy", "val_accuracy"]
    stops = [(o.stopped, o.kept) for o in found.values()]
    assert stops == [(5, 3), (None, 5), (4, 2)]
    unrestored = by_monitor(record, rule._replace(restore_best_weights=False, start_from_epoch=3))
    assert [o.kept for o in unrestored] == [5, 5, 5]


def test_before_the_first_epoch_and_without_patience_there_is_no_outcome() -> None:
    record = synthetic(tiny(epochs=9), epochs=0)
    assert outcomes(record, Rule()) == []
    assert by_monitor(record, Rule()) == []
    assert by_monitor(synthetic(tiny()), Rule(patience=None)) == []


def test_runs_side_by_side_show_the_weights_that_were_kept_of_each_or_of_all_the_last() -> None:
    # The first is best at its end, the second after epoch 2 of 3.
    ended = synthetic(tiny(), val_crossentropy=[0.5, 0.3, 0.1])
    turned = synthetic(tiny(), val_crossentropy=[0.5, 0.1, 0.3])
    own = [Shown("a", ended, None, 3), Shown("b", turned, None, 2)]
    assert shown_weights(own) == [(ended.weights, 3), (turned.best_weights, 2)]
    # Of epoch 1 nothing was kept: then the other is shown at its end too.
    for kept in (1, 0):
        runs = [Shown("b", turned, None, 2), Shown("a", ended, None, kept)]
        assert shown_weights(runs) == [(turned.weights, 3), (ended.weights, 3)]
