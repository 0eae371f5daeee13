"""Closed forms that stand beside the measurements: NumPy only.

Penalty strengths follow Nielsen, *Neural Networks and Deep Learning*, chapter 3, as the lecture
does: C = C₀ + (λ/2n) Σw² for L2 and C = C₀ + (λ/n) Σ|w| for L1, over all kernels, biases free.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.config import RunConfig

# |z| beyond which an activation is saturated: tanh(2.647) = 0.99, sigmoid(4.595) = 0.99.
SATURATED_BEYOND = {"tanh": math.atanh(0.99), "sigmoid": math.log(0.99 / 0.01)}


class Coefficients(NamedTuple):
    """What is added to the mean cross-entropy: l1 · Σ|w| + l2 · Σw², as Keras spells it."""

    l1: float
    l2: float


def coefficients(config: RunConfig) -> Coefficients:
    """The notes' λ as Keras's `L1(l1)` and `L2(l2)`: λ/n and λ/2n, n the training images."""
    l1 = config.lam / config.train_size if config.penalty == "l1" else 0.0
    l2 = config.lam / (2 * config.train_size) if config.penalty == "l2" else 0.0
    return Coefficients(l1, l2)


def pytorch_weight_decay(config: RunConfig) -> float:
    """`weight_decay` of torch.optim.SGD for the same L2 penalty: λ/n, twice Keras's c."""
    return 2 * coefficients(config).l2


def pull(config: RunConfig) -> float:
    """ηλ/n: what a plain gradient step on the penalty takes off a weight. For L1 that is an
    amount, for L2 a share of the weight."""
    return config.learning_rate * config.lam / config.train_size


def shrink(weight: float, config: RunConfig) -> float:
    """One weight after one plain gradient step on the penalty alone.

    L2: (1 − ηλ/n) w. L1: w − (ηλ/n) sgn(w), sgn(0) = 0.
    """
    rate = pull(config)
    if config.penalty == "l2":
        return (1 - rate) * weight
    if config.penalty == "l1":
        return weight - rate * float(np.sign(weight))
    return weight


class Prediction(NamedTuple):
    """A predicted share of saturated activations, and the σ it was predicted for."""

    share: float
    sigma: float


def initial_sigma(config: RunConfig, fan_in: int, fan_out: int) -> float:
    """Standard deviation of a layer's initial weights.

    normal: the run's own σ. The notes' Xavier: 1/√fan_in. Glorot: √(2/(fan_in + fan_out)). He:
    √(2/fan_in).
    """
    if config.initializer == "normal":
        return config.init_std
    family = config.initializer.split("_")[0]
    variances = {"xavier": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}
    return math.sqrt(variances[family])


def predicted_saturation(activation: str, scale: float | npt.NDArray[np.floating]) -> float:
    """P(saturated) for pre-activations z ~ N(0, s²), averaged over `scale`.

    P(|z| > t) = erfc(t / (s√2)), t = 2.647 for tanh and 4.595 for sigmoid. Over random weights
    of standard deviation σ, an image x gives s = σ√Σx².

    Args:
        scale: s, one value or one an image, (images,).

    Raises:
        ValueError: an activation without two flat ends.
    """
    if activation not in SATURATED_BEYOND:
        raise ValueError(
            f"activation must be one of {', '.join(SATURATED_BEYOND)}, not {activation!r}"
        )
    threshold = SATURATED_BEYOND[activation]
    shares = [
        math.erfc(threshold / (s * math.sqrt(2))) if s > 0 else 0.0
        for s in np.atleast_1d(scale).astype(float)
    ]
    return float(np.mean(shares))


def learning_rates(config: RunConfig) -> npt.NDArray[np.float64]:
    """The learning rate at every step of the run, (epochs · steps_per_epoch,).

    constant: η. exponential: keras ExponentialDecay(η, steps, 0.01). cosine:
    keras CosineDecay(η, steps). Both decay over the whole run.
    """
    steps = config.epochs * config.steps_per_epoch
    progress = np.arange(steps) / steps
    factors = {
        "constant": np.ones(steps),
        "exponential": 0.01**progress,
        "cosine": (1 + np.cos(np.pi * progress)) / 2,
    }
    return config.learning_rate * factors[config.schedule]
