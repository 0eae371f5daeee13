"""Initial weights: NumPy only, so that a page can show them without a worker.

Keras's own initializers (keras/src/initializers/random_initializers.py) in distribution, and the
notes' Xavier, a plain normal. The draws are NumPy's: they are the same whatever stands beside a
run, and scale with σ.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig
from fmviz.run.record import layer_sizes

Array = npt.NDArray[np.float32]

# Standard deviation of a standard normal truncated at ±2, by which Keras rescales its
# `*_normal` draws (VarianceScaling).
TRUNCATED_STD = 0.87962566103423978
# Beside a run's seed: initial weights have a stream of draws of their own.
STREAM = 0


def initial_weights(config: RunConfig) -> list[Array]:
    """Kernels (fan_in, fan_out) and zero biases of a run, in Keras's order.

    Layer i of seed s always starts from the same standard draws, scaled by what the initializer
    asks for: two runs that differ in σ start from one picture at two contrasts.
    """
    weights = []
    for index, (fan_in, fan_out) in enumerate(pairwise(layer_sizes(config))):
        rng = np.random.default_rng([config.seed, STREAM, index])
        weights.append(_kernel(config, fan_in, fan_out, rng).astype(np.float32))
        weights.append(np.zeros(fan_out, np.float32))
    return weights


def _kernel(
    config: RunConfig, fan_in: int, fan_out: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    shape = (fan_in, fan_out)
    name = config.initializer
    sigma = initial_sigma(config, fan_in, fan_out)
    if name == "orthogonal":
        return _orthogonal(fan_in, fan_out, rng)
    if name.endswith("_uniform"):
        return np.sqrt(3) * sigma * rng.uniform(-1, 1, shape)
    draws = rng.standard_normal(shape)
    if name.endswith("_normal"):
        while (outside := np.abs(draws) > 2).any():
            draws[outside] = rng.standard_normal(int(outside.sum()))
        draws /= TRUNCATED_STD
    return sigma * draws


def _orthogonal(fan_in: int, fan_out: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A random matrix with orthonormal columns, or rows where there are more columns."""
    long, short = max(fan_in, fan_out), min(fan_in, fan_out)
    q, r = np.linalg.qr(rng.standard_normal((long, short)))
    q *= np.sign(np.diag(r))  # else the draws would not be uniform over such matrices
    return q if fan_in >= fan_out else q.T


def initial_sigma(config: RunConfig, fan_in: int, fan_out: int) -> float:
    """Standard deviation of a layer's initial weights.

    normal: the run's own σ. The notes' Xavier and LeCun: 1/√fan_in. Glorot:
    √(2/(fan_in + fan_out)). He: √(2/fan_in). Orthogonal: 1/√max(fan_in, fan_out). Zeros: 0.
    """
    if config.initializer == "normal":
        return config.init_std
    variances = {
        "xavier": 1 / fan_in,
        "lecun": 1 / fan_in,
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "orthogonal": 1 / max(fan_in, fan_out),
        "zeros": 0.0,
    }
    return math.sqrt(variances[config.initializer.split("_")[0]])
