"""What sparsity is worth: take the smallest weights away and measure again. NumPy only.

Magnitude pruning (Han et al. 2015, arXiv:1506.02626, without their training afterwards): over
all kernels of a network together, biases left alone, the weights with the smallest |w| are set to
zero, share by share, and the accuracy on held-out images is measured anew. A network whose small
weights really are idle keeps its accuracy for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.analysis.significance import Comparison, paired
from fmviz.run.data import Images
from fmviz.run.measure import Estimate, accuracy

Array = npt.NDArray[Any]

# Shares of weights at which a pruning curve is measured: even at first, finer where it falls.
SHARES = (*(k / 10 for k in range(8)), 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.98, 0.99, 1.0)


class Pruned(NamedTuple):
    """A network from which a share of its weights is gone.

    Attributes:
        share: of all kernel weights, those that are zero now.
        accuracy: what is left.
        lost: what the whole network has more, judged on the same images.
    """

    share: float
    accuracy: Estimate
    lost: Comparison


def pruned(weights: Sequence[Array], share: float) -> list[Array]:
    """A network's weights with the smallest of all kernels set to zero.

    Args:
        weights: kernels and biases in Keras's order.
        share: of N kernel weights, round(share · N) become zero, zeros first; of equals, the
            earlier.

    Raises:
        ValueError: a share outside [0, 1].
    """
    return next(_pruned(weights, [share]))


def _pruned(weights: Sequence[Array], shares: Sequence[float]) -> Iterator[list[Array]]:
    """`pruned` for shares that grow."""
    kernels = weights[::2]
    flat = np.concatenate([kernel.ravel() for kernel in kernels])
    order = np.argsort(np.abs(flat), kind="stable")
    ends = np.cumsum([kernel.size for kernel in kernels])[:-1]
    for share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"share must be from 0 to 1, not {share}")
        flat[order[: round(share * flat.size)]] = 0
        left = [part.reshape(k.shape) for part, k in zip(np.split(flat, ends), kernels)]
        yield [array.copy() for pair in zip(left, weights[1::2], strict=True) for array in pair]


def curve(
    weights: Sequence[Array], activation: str, images: Images, shares: Sequence[float] = SHARES
) -> list[Pruned]:
    """Accuracy at each share of zeroed weights.

    Args:
        activation: of the hidden layers.
        shares: from small to large; the losses are against the first.
    """
    points: list[Pruned] = []
    pixels = images.pixels
    whole: npt.NDArray[np.bool_] | None = None
    for share, left in zip(shares, _pruned(weights, shares), strict=True):
        right = network.predict(left, activation, pixels) == images.labels
        whole = right if whole is None else whole
        points.append(
            Pruned(
                share,
                accuracy(float(right.mean()), len(images)),
                paired(whole, right),
            )
        )
    return points


def prunable(points: Sequence[Pruned]) -> float:
    """The largest measured share before the first that costs accuracy beyond noise."""
    kept = points[0].share
    for point in points:
        if point.lost.value > 0 and not point.lost.could_be_noise:
            break
        kept = point.share
    return kept


def surviving(kernel: Array, tolerance: float) -> npt.NDArray[np.int64]:
    """How many of each input's weights have |w| > tolerance: (fan_in,).

    In the first layer an input is a pixel: one without any such weight has no say.
    """
    # In the kernel's own precision: float32(0.01) is a little below 0.01.
    limit = np.asarray(tolerance, kernel.dtype)
    return np.count_nonzero(np.abs(kernel) > limit, axis=1).astype(np.int64)
