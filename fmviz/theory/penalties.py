"""Closed forms that stand beside the measurements: NumPy only.

Penalty strengths follow Nielsen, *Neural Networks and Deep Learning*, chapter 3, as the lecture
does: C = C₀ + (λ/2n) Σw² for L2 and C = C₀ + (λ/n) Σ|w| for L1, over all kernels, biases free.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig


class Coefficients(NamedTuple):
    """A penalty's strength, each part where it acts.

    Attributes:
        l1, l2: l1 · Σ|w| + l2 · Σw² joins the mean cross-entropy, as Keras's `L1L2(l1, l2)`.
        weight_decay: w ← (1 − η · weight_decay) w before each step, as the argument of that name
            of Keras's and PyTorch's optimizers.
        threshold: w ← S(w, η · threshold) after each step; S(w, t) = sgn(w) max(|w| − t, 0).
    """

    l1: float
    l2: float
    weight_decay: float
    threshold: float


def coefficients(config: RunConfig) -> Coefficients:
    """The notes' λ in Keras's spelling: λ/n for L1, λ/2n for L2, n the training images.

    Weight decay is λ/n too: with plain SGD it shrinks a weight as the L2 penalty of the same λ.
    """
    share = config.lam / config.train_size
    l1, l2 = {
        "l1": (share, 0.0),
        "l2": (0.0, share / 2),
        "l1_l2": (config.l1_share * share, (1 - config.l1_share) * share / 2),
    }.get(config.penalty, (0.0, 0.0))
    return Coefficients(
        l1,
        l2,
        share if config.penalty == "weight_decay" else 0.0,
        share if config.penalty == "l1_proximal" else 0.0,
    )


def pytorch_weight_decay(config: RunConfig) -> float:
    """`weight_decay` of torch.optim.SGD for the same L2 penalty: λ/n, twice Keras's c."""
    return 2 * coefficients(config).l2


def pull(config: RunConfig) -> float:
    """ηλ/n: what a plain gradient step on the penalty takes off a weight. For L1 that is an
    amount, for L2 and weight decay a share of the weight."""
    return config.learning_rate * config.lam / config.train_size


def shrink(weight: float, config: RunConfig) -> float:
    """One weight after one plain gradient step on the penalty alone.

    L2 and weight decay: (1 − ηλ/n) w. L1: w − (ηλ/n) sgn(w), sgn(0) = 0. L1 + L2: each with its
    share of λ. Proximal L1: S(w, ηλ/n) = sgn(w) max(|w| − ηλ/n, 0).
    """
    eta, sign = config.learning_rate, float(np.sign(weight))
    l1, l2, decay, threshold = coefficients(config)
    shrunk = (1 - eta * decay) * weight - eta * (l1 * sign + 2 * l2 * weight)
    return float(np.sign(shrunk)) * max(abs(shrunk) - eta * threshold, 0.0)


def shrink_path(
    weight: float, config: RunConfig, steps: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """One weight after so many plain gradient steps on the penalty alone: `shrink`, repeated.

    A step is w ← f w − a sgn(w), with f = 1 − ηλ/n and a = 0 for L2, f = 1 and a = ηλ/n for L1. So
    L2 leaves fᵗ w, a share of the weight, and L1 |w| − t a, as long as that is above zero. From
    there on L1 throws the weight across zero in every step, by no more than a. The proximal step
    stops at zero.

    Args:
        steps: (k,) how many steps, each at least 0.

    Returns:
        (k,) the weight, with its sign.
    """
    eta, start, t = config.learning_rate, abs(weight), np.asarray(steps, np.float64)
    l1, l2, decay, threshold = coefficients(config)
    factor, amount = 1 - eta * (decay + 2 * l2), eta * l1
    if threshold:
        return np.sign(weight) * np.maximum(start - t * eta * threshold, 0.0)
    if not amount or not weight:
        return weight * factor**t
    if factor <= 0:
        # L2's part throws the weight across zero, and L1's pushes on the same way.
        stretch = abs(factor)
        pushed = t if stretch == 1 else (stretch**t - 1) / (stretch - 1)
        return np.sign(weight) * (-1.0) ** t * (stretch**t * start + amount * pushed)
    crossing = _steps_before_crossing(start, factor, amount)
    falling = np.minimum(t, crossing)
    size = _fallen(start, factor, amount, falling)
    # Thrown across: |w| ← a − f|w|, which closes in on a/(1 + f).
    resting = amount / (1 + factor)
    thrown = t - falling
    hops = np.where(size > 0, resting + (-factor) ** thrown * (size - resting), 0.0)
    return np.sign(weight) * (-1.0) ** thrown * hops


def _fallen(
    start: float, factor: float, amount: float, t: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """|w| ← f|w| − a, t times: fᵗ|w| − a (1 − fᵗ)/(1 − f)."""
    if factor == 1:
        return start - amount * t
    left = np.exp(t * math.log(factor))
    return left * start + amount * np.expm1(t * math.log(factor)) / (1 - factor)


def _steps_before_crossing(start: float, factor: float, amount: float) -> int:
    """How often |w| ← f|w| − a can be taken before it would be below zero."""
    if factor == 1:
        return math.floor(start / amount)
    # fᵗ (|w| + b) = b with b = a/(1 − f) is where it meets zero.
    level = amount / (1 - factor)
    return math.floor(-math.log1p(start / level) / math.log(factor))


# A strength can be named in any of these, and they say the same.
SPELLINGS = {
    "lam": "λ in the notes",
    "keras_l2": "Keras L2(c), c = λ/2n",
    "keras_l1": "Keras L1(c), c = λ/n",
    "weight_decay": "PyTorch weight_decay, λ/n",
    "pull": "taken off in a plain step, ηλ/n",
}


def lam_of(spelling: str, amount: float, n: int, learning_rate: float) -> float:
    """The notes' λ behind a strength that is given in another spelling.

    λ = 2nc for Keras's L2(c), nc for its L1(c), n·wd for PyTorch's `weight_decay` (SGD and AdamW),
    and n·s/η where a plain step takes s off a weight: a share of it for L2, which leaves the factor
    1 − s, and that amount for L1.

    Args:
        spelling: one of `SPELLINGS`.
        n: training images.
        learning_rate: η.

    Raises:
        ValueError: no such spelling.
    """
    if spelling not in SPELLINGS:
        raise ValueError(f"spelling must be one of {', '.join(SPELLINGS)}, not {spelling!r}")
    times = {"lam": 1, "keras_l2": 2 * n, "keras_l1": n, "weight_decay": n}
    return amount * times.get(spelling, n / learning_rate)


def spellings(lam: float, n: int, learning_rate: float) -> dict[str, float]:
    """λ in all of `SPELLINGS`, by name; the inverse of `lam_of`."""
    share = lam / n
    return {
        "lam": lam,
        "keras_l2": share / 2,
        "keras_l1": share,
        "weight_decay": share,
        "pull": learning_rate * share,
    }
