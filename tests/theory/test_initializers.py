"""Initial weights against Keras's own initializers."""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest
from scipy import stats

from fmviz.run.choices import INITIALIZERS
from fmviz.run.config import RunConfig
from fmviz.theory.initializers import initial_sigma, initial_weights

KERAS = {
    "glorot_normal": keras.initializers.GlorotNormal,
    "glorot_uniform": keras.initializers.GlorotUniform,
    "he_normal": keras.initializers.HeNormal,
    "he_uniform": keras.initializers.HeUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
}
# (fan_in, fan_out) 784 × 512, 512 × 384 and 384 × 10.
DEEP = (512, 384)


def kernels(name: str, **changes: object) -> list[np.ndarray]:
    return initial_weights(RunConfig(**{"initializer": name, "hidden": DEEP, **changes}))[::2]


def test_every_initializer_is_held_against_something() -> None:
    assert set(INITIALIZERS) == {*KERAS, "normal", "xavier", "orthogonal", "zeros"}


@pytest.mark.slow
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("name", KERAS)
def test_draws_follow_keras_distribution(name: str, layer: int) -> None:
    kernel = kernels(name)[layer]
    ours, theirs = kernel.ravel(), np.asarray(KERAS[name](seed=3)(kernel.shape)).ravel()
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
    assert ours.std() == pytest.approx(theirs.std(), rel=0.01)
    assert ours.mean() == pytest.approx(0, abs=4 * theirs.std() / np.sqrt(ours.size))
    # Where they end: uniform draws at their bound, truncated ones at two of theirs.
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.005)


@pytest.mark.parametrize(
    ("config", "sigma"),
    [
        (RunConfig(init_std=0.2, hidden=(512,)), 0.2),
        (RunConfig(initializer="xavier", hidden=(512,)), 1 / 28),
    ],
)
def test_normal_draws_have_the_stated_sigma(config: RunConfig, sigma: float) -> None:
    kernel = initial_weights(config)[0].ravel()
    assert stats.kstest(kernel / sigma, "norm").pvalue > 1e-3
    assert np.abs(kernel).max() > 4 * sigma  # not truncated


@pytest.mark.parametrize("hidden", [(512,), (64, 400)], ids=["tall", "wide"])
def test_orthogonal_kernels_are_orthonormal_on_their_short_side(hidden: tuple[int, ...]) -> None:
    for kernel in kernels("orthogonal", hidden=hidden):
        w = kernel.astype(float)
        gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
        np.testing.assert_allclose(gram, np.eye(min(w.shape)), atol=1e-6)


def test_orthogonal_kernels_are_drawn_evenly_as_keras_draws_them() -> None:
    # Without the signs of R a factor Q has columns that lean one way: the diagonal shows it.
    runs = [RunConfig(initializer="orthogonal", hidden=(10,), seed=s) for s in range(400)]
    ours = np.stack([initial_weights(config)[2] for config in runs])
    theirs = np.stack(
        [np.asarray(keras.initializers.Orthogonal(seed=s)((10, 10))) for s in range(400)]
    )
    for pick in (np.diagonal(ours, axis1=1, axis2=2), ours[:, 3, 5], ours[:, 0, 0]):
        assert abs(pick.mean()) < 4 / np.sqrt(10 * pick.size)
    for i, j in ((0, 0), (9, 9), (2, 7)):
        assert stats.ks_2samp(ours[:, i, j], theirs[:, i, j]).pvalue > 1e-3


def test_zeros_are_zeros() -> None:
    assert not any(kernel.any() for kernel in kernels("zeros"))


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_the_closed_form_of_sigma_is_that_of_the_draws(name: str) -> None:
    config = RunConfig(initializer=name, hidden=DEEP, init_std=0.3 if name == "normal" else 0.05)
    for kernel, shape in zip(kernels(name, init_std=config.init_std), pairwise((784, *DEEP))):
        assert kernel.shape == shape
        assert kernel.std() == pytest.approx(initial_sigma(config, *shape), rel=0.01)


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_weights_are_in_keras_order_and_biases_start_at_zero(name: str) -> None:
    weights = initial_weights(RunConfig(initializer=name, hidden=(32, 16)))
    shapes = [w.shape for w in keras.Sequential(
        [keras.Input((784,)), *(keras.layers.Dense(units) for units in (32, 16, 10))]
    ).get_weights()]  # fmt: skip
    assert [w.shape for w in weights] == shapes
    assert {w.dtype for w in weights} == {np.dtype(np.float32)}
    assert not any(bias.any() for bias in weights[1::2])


def test_a_seed_names_one_picture_at_any_contrast() -> None:
    low, high = (kernels("normal", init_std=s)[0] for s in (0.01, 1.0))
    np.testing.assert_allclose(high, 100 * low, rtol=1e-5)
    other = kernels("normal", init_std=1.0, seed=1)[0]
    assert abs(np.corrcoef(high.ravel(), other.ravel())[0, 1]) < 0.02
    glorot, lecun = kernels("glorot_uniform")[0], kernels("lecun_uniform")[0]
    np.testing.assert_allclose(glorot * np.sqrt(1296 / (2 * 784)), lecun, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(INITIALIZERS.keys() - {"zeros"}))
def test_layers_of_one_size_and_other_seeds_do_not_share_their_draws(name: str) -> None:
    first, second = kernels(name, hidden=(64, 64, 64))[1:3]
    again = kernels(name, hidden=(64, 64, 64))[1]
    other = kernels(name, hidden=(64, 64, 64), seed=1)[1]
    np.testing.assert_array_equal(first, again)
    for apart in (second, other):
        assert abs(np.corrcoef(first.ravel(), apart.ravel())[0, 1]) < 0.07
