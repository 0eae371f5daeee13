"""Why small weights help, on images: nudge the pixels and see whether the answer stays. NumPy only.

Every pixel x of an image, 0 for black to 1 for white, becomes x + εz with z ~ N(0, 1). The draws z
are made once, from a fixed seed: each ε stretches the same noise, and all networks get the same.
A hidden unit's pre-activation then moves by ε Σ z_i w_i, whose standard deviation is ε √Σ w_i²:
small weights, small deviations.

What is counted is whether the answer, the class with the largest share, changes. Dividing all of
the last layer's weights and biases by a number changes no answer, so a network does not look steady
for being unsure; how far the shares themselves move would make it look so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.run.choices import N_PIXELS
from fmviz.run.data import Images
from fmviz.run.measure import Estimate, accuracy

Array = npt.NDArray[Any]

SEED = 28_28
# The first so many validation images are nudged: enough for an error of a point or two.
NUDGED_IMAGES = 1_000
STRONGEST = 0.5
EPSILONS = tuple(k / 20 for k in range(11))  # 0 to STRONGEST


class Nudged(NamedTuple):
    """A network's answers to nudged images.

    Attributes:
        epsilon: standard deviation of the noise, in pixel values.
        moved: (m,) whether the answer is another than without noise.
        right: (m,) whether it is the true class.
    """

    epsilon: float
    moved: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]

    @property
    def share_moved(self) -> Estimate:
        """The share of answers that change, with its error over images."""
        return accuracy(float(self.moved.mean()), len(self.moved))

    @property
    def share_right(self) -> Estimate:
        """Accuracy on the nudged images."""
        return accuracy(float(self.right.mean()), len(self.right))


@lru_cache(maxsize=2)
def noise(images: int) -> npt.NDArray[np.float32]:
    """The draws z of the first so many images, (images, 784): those of an image are the same
    however many there are."""
    draws = np.random.default_rng(SEED).standard_normal((images, N_PIXELS), np.float32)
    draws.setflags(write=False)
    return draws


def nudge(pixels: Array, epsilon: float) -> Array:
    """The first images, (m, 784), nudged: x + εz, not cut off at black and white.

    Raises:
        ValueError: a negative ε.
    """
    if not epsilon >= 0:
        raise ValueError(f"epsilon must be at least 0, not {epsilon}")
    return pixels + np.float32(epsilon) * noise(NUDGED_IMAGES)[: len(pixels)]


def first(images: Images) -> Images:
    """Those that are nudged."""
    return images[:NUDGED_IMAGES]


def curve(
    weights: Sequence[Array],
    activation: str,
    images: Images,
    epsilons: Sequence[float] = EPSILONS,
) -> list[Nudged]:
    """A network's answers at each ε.

    Args:
        weights: kernels and biases in Keras's order.
        activation: of the hidden layers.
        images: at most `NUDGED_IMAGES`.
    """
    pixels = images.pixels
    calm = network.predict(weights, activation, pixels)
    found = []
    for epsilon in epsilons:
        answers = network.predict(weights, activation, nudge(pixels, epsilon))
        found.append(Nudged(epsilon, answers != calm, answers == images.labels))
    return found


class Certainty(NamedTuple):
    """How sure a network is of its answers to images as they are.

    Attributes:
        mean: share that its answer gets, over the images, with its error.
        classes: how many different classes it answers.
    """

    mean: Estimate
    classes: int


def certainty(weights: Sequence[Array], activation: str, images: Images) -> Certainty:
    """The share that a network gives its answer, and how many classes it answers at all."""
    shares = network.softmax(network.forward(weights, activation, images.pixels).logits)
    top = shares.max(axis=1).astype(float)
    mean = Estimate(float(top.mean()), float(top.std() / np.sqrt(len(top))))
    return Certainty(mean, len(np.unique(shares.argmax(axis=1))))
