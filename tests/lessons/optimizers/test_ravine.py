"""The ravine: paths against Keras's own optimizers, and the closed forms against the paths."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.lessons.optimizers.ravine import FAR, START, STEPS, Ravine, best_sgd, largest_rate
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.training import stock as model


def by_keras(optimizer: str, rate: float, ravine: Ravine, steps: int) -> np.ndarray:
    """The path of a stock optimizer, with TensorFlow's own gradient of f written anew."""
    stock = model._keras_optimizer(RunConfig(optimizer=optimizer, learning_rate=rate))
    place = keras.Variable(ravine.start.astype(np.float32))
    turn = np.pi / 4 if ravine.tilted else 0.0
    stock.build([place])
    places = [np.asarray(place)]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            x, y = place[0], place[1]
            along = np.cos(turn) * x + np.sin(turn) * y
            across = -np.sin(turn) * x + np.cos(turn) * y
            value = 0.5 * along**2 + 0.5 * ravine.curvature * across**2
        stock.apply_gradients([(tape.gradient(value, place.value), place)])
        places.append(np.asarray(place))
    return np.array(places)


@pytest.mark.slow
@pytest.mark.parametrize("tilted", [False, True])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS.keys() - {"adamw"}))
def test_paths_are_those_of_keras(optimizer: str, tilted: bool) -> None:
    ravine, rate = Ravine(10.0, tilted), 0.05
    ours = ravine.path(optimizer, rate, 25)
    assert ours.shape == (26, 2)
    np.testing.assert_allclose(ours, by_keras(optimizer, rate, ravine, 25), rtol=0, atol=2e-4)


@pytest.mark.parametrize("tilted", [False, True])
def test_the_gradient_is_that_of_the_value(tilted: bool) -> None:
    ravine, place, h = Ravine(7.0, tilted), np.array([0.3, -1.1]), 1e-6
    slopes = [
        (ravine.value(place + h * e) - ravine.value(place - h * e)) / (2 * h) for e in np.eye(2)
    ]
    np.testing.assert_allclose(ravine.gradient(place), slopes, rtol=1e-6)
    assert ravine.value(ravine.start) == pytest.approx(
        (START[0] ** 2 + ravine.curvature * START[1] ** 2) / 2
    )
    assert ravine.value(np.zeros((5, 3, 2))).shape == (5, 3)


@given(
    optimizer=st.sampled_from(["sgd", "momentum", "nesterov"]),
    curvature=st.floats(1, 1_000),
    tilted=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_beyond_the_largest_rate_and_only_there_a_path_leaves(
    optimizer: str, curvature: float, tilted: bool
) -> None:
    limit = largest_rate(optimizer, curvature)
    assert limit is not None
    ravine = Ravine(curvature, tilted)

    inside, outside = (
        ravine.path(optimizer, f * limit, 2_000) @ ravine.axes.T for f in (0.98, 1.02)
    )
    assert abs(inside[-1, 1]) < 1e-3
    assert np.abs(outside[-1]).max() > FAR / 2
    assert np.abs(outside[-1, 1]) > 1_000


@pytest.mark.parametrize("optimizer", ["adagrad", "rmsprop", "adam", "nadam", "lion"])
@pytest.mark.parametrize("rate", [0.01, 1.0, 10.0])
def test_the_others_never_leave(optimizer: str, rate: float) -> None:
    assert largest_rate(optimizer, 20.0) is None
    for tilted in (False, True):
        path = Ravine(1_000.0, tilted).path(optimizer, rate, 500)
        assert len(path) == 501
        assert np.abs(path).max() < 30 * rate + 3


def test_a_path_that_leaves_ends() -> None:
    path = Ravine(1_000.0).path("sgd", 1.0)
    assert 2 < len(path) < STEPS
    assert np.isfinite(path).all()
    assert np.abs(path[-2]).max() <= FAR < np.abs(path[-1]).max()


@pytest.mark.parametrize("curvature", [1.0, 5.0, 100.0])
def test_no_rate_beats_the_best_of_sgd(curvature: float) -> None:
    rate, factor = best_sgd(curvature)
    ravine = Ravine(curvature)

    def slowest(eta: float) -> float:
        moved = ravine.path("sgd", eta, 1)[1] / ravine.start
        return float(np.abs(moved).max())

    assert slowest(rate) == pytest.approx(factor)
    assert slowest(rate) <= min(map(slowest, np.geomspace(1e-4, 2, 200))) + 1e-9


def test_a_tilt_changes_the_path_of_those_that_scale_each_parameter() -> None:
    for optimizer in OPTIMIZERS:
        plain, tilted = (Ravine(20.0, t) for t in (False, True))
        a = plain.path(optimizer, 0.05) @ plain.axes.T
        b = tilted.path(optimizer, 0.05) @ tilted.axes.T
        same = np.allclose(a, b, atol=1e-9)
        assert same == (optimizer in ("sgd", "momentum", "nesterov")), optimizer
