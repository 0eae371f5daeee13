"""The draws in NumPy against TensorFlow's, compiled by XLA as the trainer's are."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from fmviz.theory.philox import uniform


@pytest.mark.parametrize("seed", [(0, 0), (0, 1), (7, 8), (3, 17), (2**31 - 1, 2**31 - 1)])
def test_the_draws_are_tensorflow_s(seed: tuple[int, int]) -> None:
    shape = (3, 7)
    draw = tf.function(lambda key: tf.random.stateless_uniform(shape, key), jit_compile=True)
    theirs = draw(tf.constant(seed, tf.int32)).numpy().reshape(-1)
    np.testing.assert_array_equal(uniform(21, seed), theirs)
    # The first draws are those of more.
    np.testing.assert_array_equal(uniform(5, seed), theirs[:5])


def test_the_draws_are_spread_evenly() -> None:
    draws = uniform(40_000, (1, 2))
    assert draws.dtype == np.float32
    assert draws.min() >= 0
    assert draws.max() < 1
    assert np.histogram(draws, 10, (0, 1))[0] == pytest.approx(np.full(10, 4_000), rel=0.1)
