"""Learning rates against Keras's schedules, and the plateau rule against its callback."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fmviz.run.choices import SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.theory import schedules
from fmviz.theory.schedules import Plateau, learning_rates
from fmviz.training import stock as model

FOLLOWING_KERAS = sorted(SCHEDULES.keys() - {"constant", "plateau"})


def places(config: RunConfig) -> list[int]:
    """Steps worth a look: the ends, both sides of every change, and some between."""
    total, boundaries, cycle, warmup = schedules.steps(config)
    changes = [*boundaries, warmup, *range(cycle, total, cycle), total - 1]
    near = {step + shift for step in changes for shift in (-1, 0, 1)}
    return sorted(s for s in near | {0, 1, total // 3, total // 2} if 0 <= s < total)


ONE_STEP: dict[str, Any] = {
    "epochs": 1,
    "train_size": 10,
    "batch_size": 10,
    "learning_rate": 0.1,
    "final_rate": 0.1,
    "periods": 10,
    "power": 1.0,
    "warmup": 0.999,
}


@given(
    schedule=st.sampled_from(FOLLOWING_KERAS),
    epochs=st.integers(1, 12),
    train_size=st.integers(10, 400),
    batch_size=st.integers(8, 64),
    learning_rate=st.floats(1e-6, 100),
    final_rate=st.floats(1e-6, 1),
    periods=st.integers(2, 10),
    power=st.floats(0.01, 10),
    warmup=st.floats(1e-6, 1, exclude_max=True),
)
@example(schedule="step", **ONE_STEP)  # more stretches than steps
@example(schedule="cosine_restarts", **ONE_STEP)
@example(schedule="warmup", **ONE_STEP)  # all of it climbing
@example(schedule="warmup", **ONE_STEP | {"epochs": 9})
@example(schedule="polynomial", **ONE_STEP | {"epochs": 9, "final_rate": 1.0})
@settings(max_examples=80, deadline=None)
def test_learning_rates_are_those_of_keras(schedule: str, **changes: Any) -> None:
    config = RunConfig(schedule=schedule, **changes)
    rates = learning_rates(config)
    total = config.epochs * math.ceil(config.train_size / config.batch_size)
    assert rates.shape == (total,)
    stock = model._keras_schedule(config)
    assert isinstance(stock, keras.optimizers.schedules.LearningRateSchedule)
    looked_at = places(config)
    theirs = [float(stock(step)) for step in looked_at]
    # Keras reckons in float32, in which 1 + cos is 0 to 1e-7 where the rate is lowest.
    np.testing.assert_allclose(
        rates[looked_at], theirs, rtol=5e-5, atol=3e-7 * config.learning_rate
    )


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_a_rate_is_positive_but_for_the_first_of_a_warm_up_and_never_above_eta(
    schedule: str,
) -> None:
    config = RunConfig(schedule=schedule, learning_rate=0.3, train_size=100, epochs=7)
    rates = learning_rates(config)
    assert rates.max() <= 0.3 * (1 + 1e-12)
    assert (rates[int(schedule == "warmup") :] > 0).all()
    if schedule != "warmup":
        assert rates[0] == pytest.approx(0.3)


def test_hand_worked_rates() -> None:
    # 10 images, one batch: a step an epoch.
    def rates(schedule: str, epochs: int, **changes: Any) -> list[float]:
        return list(
            learning_rates(
                RunConfig(
                    **{
                        "schedule": schedule,
                        "learning_rate": 1.0,
                        "train_size": 10,
                        "epochs": epochs,
                        "final_rate": 0.01,
                        **changes,
                    }
                )
            )
        )

    assert rates("constant", 3) == [1, 1, 1]
    assert rates("plateau", 3) == [1, 1, 1]
    assert rates("step", 6) == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert rates("step", 4, periods=2) == pytest.approx([1, 1, 0.01, 0.01])
    assert rates("exponential", 4) == pytest.approx([1, 10**-0.5, 0.1, 10**-1.5])
    assert rates("inverse_time", 2, final_rate=0.2) == pytest.approx([1, 1 / 3])
    assert rates("polynomial", 4) == pytest.approx([1, 0.7525, 0.505, 0.2575])
    assert rates("polynomial", 2, power=2.0) == pytest.approx([1, 0.2575])
    assert rates("cosine", 2) == pytest.approx([1, 0.505])
    assert rates("cosine_restarts", 4, periods=2) == pytest.approx([1, 0.505, 1, 0.505])
    assert rates("warmup", 8, warmup=0.5) == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1, *(0.01 + 0.99 * (1 + np.cos(np.pi * k / 4)) / 2 for k in (1, 2, 3))]
    )


# Plateau


def by_keras(losses: list[float], factor: float, patience: int) -> list[float]:
    """The rate after every epoch, as Keras's callback leaves it, starting from 1."""
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        factor=factor,
        patience=patience,
        min_delta=schedules.PLATEAU_MIN_DELTA,
    )
    optimizer = keras.optimizers.SGD(1.0)
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rates.append(float(optimizer.learning_rate.numpy()))
    return rates


def replayed(losses: list[float], factor: float, patience: int) -> list[float]:
    plateau = Plateau(
        RunConfig(schedule="plateau", plateau_factor=factor, plateau_patience=patience)
    )
    factors = []
    for loss in losses:
        plateau.after_epoch(loss)
        factors.append(plateau.factor)
    return factors


# Losses that differ by about min_delta, so that falls just large enough and just too small occur.
NEARLY_FLAT = st.integers(0, 12).map(lambda i: 0.7 + i * 3.1e-5)
# min_delta apart but for rounding: Keras compares in single precision, in which such falls tie.
TIES = st.builds(
    lambda k, ulps: float(np.float32(0.5001369714736938 - k * 1e-4) + ulps * np.float32(2**-24)),
    st.integers(0, 5),
    st.integers(-1, 1),
)


@pytest.mark.slow
@given(
    losses=st.lists(st.floats(0, 20), max_size=30)
    | st.lists(NEARLY_FLAT, max_size=30)
    | st.lists(TIES, max_size=30)
    | st.lists(st.sampled_from([0.1, 0.5, 1.0, 1e4, 1e30]), max_size=30),
    factor=st.sampled_from([0.1, 0.5, 0.9]) | st.floats(0.01, 0.99),
    patience=st.integers(1, 6),
)
@example([0.5] * 9, 0.5, 2)
@example([0.5001369714736938, 0.5000369548797607], 0.5, 1)
@settings(max_examples=200, deadline=None)
def test_the_plateau_rule_is_keras_callback(
    losses: list[float], factor: float, patience: int
) -> None:
    expected = by_keras(losses, factor, patience)
    np.testing.assert_allclose(replayed(losses, factor, patience), expected, rtol=1e-5, atol=1e-37)


def test_a_hand_worked_plateau() -> None:
    # Best 1.0, two waits, half; 0.99995 is no fall of 1e-4; 0.5 is; two waits, half again.
    losses = [1.0, 1.1, 1.0, 0.99995, 0.5, 0.5, 0.6, 0.4]
    assert replayed(losses, 0.5, 2) == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert replayed([1.0, 1.0, 1.0], 0.1, 1) == pytest.approx([1, 0.1, 0.01])


@pytest.mark.parametrize("schedule", sorted(SCHEDULES.keys() - {"plateau"}))
def test_no_other_schedule_looks_at_the_loss(schedule: str) -> None:
    plateau = Plateau(RunConfig(schedule=schedule))
    for _ in range(50):
        plateau.after_epoch(1.0)
    assert plateau.factor == 1
