"""Dropout switched on, in NumPy: a trained network with masks, as it was in training.

Inverted dropout as `keras.layers.Dropout` does it (Srivastava et al. 2014): in training every
activation a of a hidden layer becomes a·m/(1 − rate), m ~ Bernoulli(1 − rate), drawn afresh for
every image and step; in inference a stays as it is. The expectation is the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.run.measure import Estimate

Array = npt.NDArray[np.floating[Any]]


def factors(shape: tuple[int, ...], rate: float, rng: np.random.Generator) -> Array:
    """What activations are multiplied by: 0 with probability `rate`, else 1/(1 − rate); float32.

    Raises:
        ValueError: a rate outside [0, 1).
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be from 0 up to, not including, 1, not {rate}")
    kept = rng.random(shape, np.float32) >= rate
    return kept.astype(np.float32) / np.float32(1 - rate)


class Thinned(NamedTuple):
    """Images on their way through a network with one mask each.

    Attributes:
        activations: of each hidden layer before its mask, (images, units).
        factors: what each of them is multiplied by, likewise: see `factors`.
        logits: (images, classes).
    """

    activations: list[Array]
    factors: list[Array]
    logits: Array


def forward(
    weights: Sequence[Array],
    activation: str,
    pixels: Array,
    rate: float,
    rng: np.random.Generator,
) -> Thinned:
    """A pass with dropout on after every hidden layer.

    Args:
        weights: kernels (fan_in, fan_out) and biases in Keras's order.
        pixels: (images, 784).
    """
    a = _first(weights, activation, pixels)
    return _on_from(a, weights, activation, rate, rng)


def _first(weights: Sequence[Array], activation: str, pixels: Array) -> Array:
    """What comes out of the first hidden layer, which no mask has touched yet."""
    first: Array = network.FUNCTIONS[activation](pixels @ weights[0] + weights[1])
    return first


def _on_from(
    a: Array, weights: Sequence[Array], activation: str, rate: float, rng: np.random.Generator
) -> Thinned:
    activations, drawn = [a], [factors(a.shape, rate, rng)]
    for kernel, bias in zip(weights[2:-2:2], weights[3:-2:2], strict=True):
        activations.append(network.FUNCTIONS[activation](a * drawn[-1] @ kernel + bias))
        a = activations[-1]
        drawn.append(factors(a.shape, rate, rng))
    return Thinned(activations, drawn, a * drawn[-1] @ weights[-2] + weights[-1])


class OnOff(NamedTuple):
    """Accuracy of the same weights on the same images with dropout on and off.

    Attributes:
        off: in inference mode.
        on: with dropout on, one a draw, (draws,).
    """

    off: float
    on: Array

    @property
    def mean(self) -> float:
        """Mean accuracy with dropout on."""
        return float(self.on.mean())

    @property
    def spread(self) -> float:
        """Standard deviation from draw to draw; 0 for a single draw."""
        return float(self.on.std(ddof=1)) if len(self.on) > 1 else 0.0

    @property
    def error(self) -> float:
        """Standard error of `mean`, the spread over √draws."""
        return self.spread / math.sqrt(len(self.on))


def on_and_off(
    weights: Sequence[Array],
    activation: str,
    pixels: Array,
    labels: npt.NDArray[np.integer],
    rate: float,
    *,
    draws: int = 20,
    seed: int = 0,
) -> OnOff:
    """Measure a network with hidden layers both ways; in each draw every image has its own mask.

    Args:
        labels: (images,).
    """
    rng = np.random.default_rng(seed)
    off = network.predict(weights, activation, pixels) == labels
    # The images reach the first mask the same way in every draw.
    a = _first(weights, activation, pixels)
    on = [
        (_on_from(a, weights, activation, rate, rng).logits.argmax(axis=1) == labels).mean()
        for _ in range(draws)
    ]
    return OnOff(float(off.mean()), np.array(on))


class Shares(NamedTuple):
    """What a network gives each class of one image with dropout on, a mask a draw.

    Attributes:
        means: (10,) mean of the softmax over the draws, adding up to 1.
        errors: (10,) standard errors of these means, the spread over √draws.
        votes: (10,) how many draws have each class for their answer.
    """

    means: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]
    votes: npt.NDArray[np.intp]

    def estimate(self, label: int) -> Estimate:
        """The share of one class with its error."""
        return Estimate(float(self.means[label]), float(self.errors[label]))


def shares_on(
    weights: Sequence[Array],
    activation: str,
    pixels: Array,
    rate: float,
    *,
    draws: int = 50,
    seed: int = 0,
) -> Shares:
    """One image through as many masks: Monte-Carlo dropout (Gal & Ghahramani 2016,
    arXiv:1506.02142).

    Args:
        pixels: (784,).
        draws: at least 2.
    """
    rng = np.random.default_rng(seed)
    copies = np.tile(pixels, (draws, 1))
    logits = forward(weights, activation, copies, rate, rng).logits
    shares = network.softmax(logits.astype(np.float64))
    return Shares(
        shares.mean(axis=0),
        shares.std(axis=0, ddof=1) / math.sqrt(draws),
        np.bincount(shares.argmax(axis=1), minlength=shares.shape[1]),
    )
