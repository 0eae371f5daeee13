"""Which weights of a network stay where it is trained again without the others: a lottery ticket.

Frankle & Carbin 2019 (arXiv:1803.03635) train a network, keep the weights that have become largest,
set the others to zero, put those that stay back to their initial values and train again. A network
that comes out as good as the whole one is a *winning ticket*. A random choice of as many weights is
the control. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fmviz.run.config import RunConfig
from fmviz.run.record import layer_sizes

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Beside a run's seed: a random choice has a stream of draws of its own.
STREAM = 2


def masks(config: RunConfig, trained: Sequence[Array] = ()) -> list[Mask]:
    """Which weights of each kernel stay, (fan_in, fan_out) each; biases all do.

    Of a kernel of N weights round(share · N) stay, see `layer_share`: of the ticket "magnitude"
    those that are largest in size after the parent's training, of equals the earlier; of "random"
    any; of none all.

    Layer by layer, not over all of them: so a ticket and its control have as many weights in each
    layer and differ in nothing but which, and no layer is cut through because another one's
    weights began larger.

    Args:
        trained: the final weights of `config.parent`, in Keras's order; of "magnitude" alone.

    Raises:
        ValueError: they are wanting.
    """
    shapes = list(pairwise(layer_sizes(config)))
    shares = [layer_share(config, layer) for layer in range(len(shapes))]
    if config.ticket == "none":
        return [np.ones(shape, bool) for shape in shapes]
    if config.ticket == "random":
        draws = [
            np.random.default_rng([config.seed, STREAM, layer]).random(shape)
            for layer, shape in enumerate(shapes)
        ]
        return list(map(_largest, draws, shares))
    if len(trained) != 2 * len(shapes):
        raise ValueError("which weights are largest is known of a network that has been trained")
    return list(map(_largest, map(np.abs, trained[::2]), shares))


def layer_share(config: RunConfig, layer: int) -> float:
    """Share of a kernel's weights that stay, layers counted from 0 at the input: `kept`, and √kept
    of the output layer. Frankle & Carbin prune that at half the rate, since it has few weights and
    each class needs some: where others keep 2% it keeps 14%."""
    return math.sqrt(config.kept) if layer == len(config.hidden) else config.kept


def _largest(sizes: npt.NDArray[np.floating], share: float) -> Mask:
    """Where the largest so many of some sizes are."""
    order = np.argsort(-sizes, axis=None, kind="stable")
    mask = np.zeros(sizes.size, bool)
    mask[order[: round(share * sizes.size)]] = True
    return mask.reshape(sizes.shape)


def masked(weights: Sequence[Array], masks: Sequence[Mask]) -> list[Array]:
    """Weights in Keras's order of which the kernels have only what a mask lets stay."""
    kernels = [kernel * mask for kernel, mask in zip(weights[::2], masks, strict=True)]
    return [array for pair in zip(kernels, weights[1::2], strict=True) for array in pair]
