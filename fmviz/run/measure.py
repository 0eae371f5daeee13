"""Arrays in, figures out: accuracy and its error, sparsity, saturation. NumPy only.

Every figure that a page shows is one of these, taken in inference mode on the run it describes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Counts = npt.NDArray[np.int64]

# Tolerances at which near-zero weights are counted in every epoch. Zero counts exact zeros.
TOLERANCES = (
    0.0,
    1e-6,
    1e-5,
    1e-4,
    2e-4,
    5e-4,
    1e-3,
    2e-3,
    5e-3,
    1e-2,
    2e-2,
    5e-2,
    0.1,
    0.2,
    0.5,
    1.0,
)

# A unit is flat where its pre-activation z is at or below the first edge, or at or above the
# second. tanh: |a| > 0.99. sigmoid: a < 0.01 or a > 0.99. ReLU: a = 0. Of the others, the part far
# below zero in which the derivative stays within ±0.01; leaky ReLU has none, its slope is 0.2.
FLAT = {
    "tanh": (-math.atanh(0.99), math.atanh(0.99)),
    "sigmoid": (-math.log(99), math.log(99)),
    "relu": (0.0, math.inf),
    "leaky_relu": (-math.inf, math.inf),
    "elu": (math.log(0.01), math.inf),
    "selu": (math.log(0.01 / 1.7580993408473766), math.inf),
    "gelu": (-3.067427203908819, math.inf),
    "silu": (-6.261388848819979, math.inf),
}

# Weight histograms: two bins an octave of |w| from 2⁻¹⁴ to 2⁴, on either side of one bin around 0.
_OCTAVES = range(-14, 4)
_POSITIVE_EDGES = np.array([m * 2.0**e for e in _OCTAVES for m in (1.0, 1.5)] + [16.0])
WEIGHT_EDGES = np.concatenate(
    [
        [-np.inf],
        -_POSITIVE_EDGES[:0:-1],
        [-_POSITIVE_EDGES[0]],
        _POSITIVE_EDGES[:-1],
        [16.0, np.inf],
    ]
)
_BINS_A_SIDE = len(_POSITIVE_EDGES)  # the last one reaches to infinity
_SIDE = np.clip(np.arange(512) - 2 * (127 + _OCTAVES.start) + 1, 0, _BINS_A_SIDE)
_BIN_OF_HALF_OCTAVE = _BINS_A_SIDE + np.concatenate([_SIDE, -_SIDE])

# Activation histograms: even bins where the activation is bounded, else even in sgn(a)√|a|.
ACTIVATION_BINS = 40
_BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
_ROOT_BOUNDS = (-7.0, 7.0)


class Estimate(NamedTuple):
    """A measured figure and its standard error, both as shares (0.01 is one point)."""

    value: float
    error: float

    @property
    def size(self) -> Estimate:
        """How large it is, whichever way."""
        return Estimate(abs(self.value), self.error)


def finite_population(measured: int, population: int | None) -> float:
    """√((N − m)/(N − 1)), by which the error of a mean over m images shrinks where there are only N
    of them: 0 where all are measured; 1 where N is None, for images that stand for any others."""
    if population is None:
        return 1.0
    if measured >= population:
        return 0.0
    return math.sqrt((population - measured) / (population - 1))


def accuracy(share: float, examples: int, population: int | None = None) -> Estimate:
    """A share of right answers p with its standard error √(p(1−p)/m) over m examples.

    At p = 0 or 1 that formula gives 0, which would claim certainty; there the error is that of
    Agresti and Coull's adjusted share, (p·m + 2)/(m + 4) over m + 4 examples.

    Args:
        population: how many examples there are in all, of which these were drawn; None where they
            stand for any others. A share of all of them has no error.

    Raises:
        ValueError: no examples, or a share outside [0, 1].
    """
    if examples < 1 or not 0 <= share <= 1:
        raise ValueError(f"need examples >= 1 and share in [0, 1], not {examples} and {share}")
    plain = math.sqrt(share * (1 - share) / examples)
    if share in (0, 1):
        adjusted = (share * examples + 2) / (examples + 4)
        plain = math.sqrt(adjusted * (1 - adjusted) / (examples + 4))
    return Estimate(share, plain * finite_population(examples, population))


class Flips(NamedTuple):
    """Images on which two networks differ in being right, as indices in rising order.

    Attributes:
        gained: the first is wrong, the second right.
        lost: the first is right, the second wrong.
    """

    gained: npt.NDArray[np.intp]
    lost: npt.NDArray[np.intp]


def flips(
    before: npt.NDArray[np.integer],
    after: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
) -> Flips:
    """Which images turn right and which turn wrong from one network to another.

    Args:
        before, after: (m,) the classes that the two networks answer.
        labels: (m,) the true ones.
    """
    was, now = before == labels, after == labels
    return Flips(np.flatnonzero(~was & now), np.flatnonzero(was & ~now))


def confusion(
    truth: npt.NDArray[np.integer], answers: npt.NDArray[np.integer], classes: int
) -> npt.NDArray[np.int64]:
    """How often each true class (rows) was given each answer (columns): (classes, classes)."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (truth.astype(int), answers.astype(int)), 1)
    return table


def accuracy_gap(training: Estimate, held_out: Estimate) -> Estimate:
    """Training accuracy − held-out accuracy, same weights, inference mode, with its error: the
    images of the two are separate."""
    return Estimate(training.value - held_out.value, math.hypot(training.error, held_out.error))


def reached(values: npt.NDArray[np.floating], target: float) -> int | None:
    """Epochs trained until a value, one an epoch, is at least `target`; None where none is."""
    there = np.flatnonzero(np.asarray(values) >= target)
    return int(there[0]) + 1 if len(there) else None


def near_zeros(kernel: Array, tolerances: tuple[float, ...] = TOLERANCES) -> npt.NDArray[np.int64]:
    """How many weights have |w| ≤ tolerance, for each tolerance: (len(tolerances),)."""
    magnitudes = np.abs(kernel).ravel()
    # Compare in the kernel's own precision: float32(0.01) is a little below 0.01.
    limits = np.asarray(tolerances, magnitudes.dtype)
    return np.array([np.count_nonzero(magnitudes <= limit) for limit in limits], np.int64)


def sparsity(kernels: list[Array], tolerance: float) -> float:
    """Share of kernel weights, biases left out, with |w| ≤ tolerance."""
    total = sum(k.size for k in kernels)
    return sum(int(near_zeros(k, (tolerance,))[0]) for k in kernels) / total


def weight_histogram(kernel: Array) -> npt.NDArray[np.int64]:
    """How many weights lie in each bin of `WEIGHT_EDGES`: (len(WEIGHT_EDGES) − 1,).

    Bins are closed towards zero: a weight of magnitude 0.125 is in the bin that begins there.
    """
    # The first ten bits of a float32 are its sign, its exponent and half an octave of its mantissa:
    # counting those and adding the counts up is ten times as fast as np.histogram.
    bits = np.ascontiguousarray(kernel, np.float32).ravel().view(np.uint32)
    halves = np.bincount(bits >> np.uint32(22), minlength=1024)
    return np.bincount(_BIN_OF_HALF_OCTAVE, halves, 2 * _BINS_A_SIDE + 1).astype(np.int64)


def weight_density(
    counts: npt.NDArray[np.integer], narrowest: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A weight histogram as a density, so that bins of unequal width tell the truth.

    The share of weights in a bin over the bin's width: its integral is the share of all weights
    within ±16.

    Args:
        counts: (len(WEIGHT_EDGES) − 1,), of `weight_histogram`.
        narrowest: of the bins near zero so many are joined that each is at least so wide.

    Returns:
        edges (k + 1,) and density (k,), per unit of w.
    """
    side: list[float] = []
    for edge in _POSITIVE_EDGES:
        # The bin around zero reaches as far to its other side.
        if (2 * edge if not side else edge - side[-1]) >= narrowest:
            side.append(float(edge))
    edges = np.array([-edge for edge in reversed(side)] + side)
    below = np.concatenate([[0], np.cumsum(counts)])
    inside = np.diff(below[np.searchsorted(WEIGHT_EDGES, edges)])
    return edges, inside / (np.sum(counts) * np.diff(edges))


def roughness(kernel: Array, shape: tuple[int, int]) -> float:
    """How much weights to neighbouring pixels differ: 1 for speckle, near 0 for smooth areas.

    Half the mean squared difference of neighbours, up and down and side by side, over the mean
    square of a weight. Of independent weights with mean 0 it is 1; NaN where all weights are 0.

    Args:
        kernel: (pixels, units), of the first layer.
        shape: rows and columns of an image.
    """
    pictures = np.asarray(kernel, np.float64).T.reshape(-1, *shape)
    total = [np.square(np.diff(pictures, axis=axis)) for axis in (1, 2)]
    half = sum(float(d.sum()) for d in total) / sum(d.size for d in total) / 2
    power = float(np.square(pictures).mean())
    return half / power if power else math.nan


def activation_edges(activation: str) -> npt.NDArray[np.float64]:
    """Edges of the bins of `activation_histogram`, (ACTIVATION_BINS + 1,).

    tanh and sigmoid: even over their range. The others: even in sgn(a)√|a| from −49 to 49; what
    lies beyond is in the first and the last bin.
    """
    if activation in _BOUNDS:
        return np.linspace(*_BOUNDS[activation], ACTIVATION_BINS + 1)
    roots = np.linspace(*_ROOT_BOUNDS, ACTIVATION_BINS + 1)
    return np.asarray(np.sign(roots) * roots**2)


def activation_histogram(activations: Array, activation: str) -> npt.NDArray[np.int64]:
    """How many activations lie in each bin of `activation_edges`: (ACTIVATION_BINS,)."""
    low, high = _BOUNDS.get(activation, _ROOT_BOUNDS)
    values = activations.ravel()
    if activation not in _BOUNDS:
        values = np.copysign(np.sqrt(np.abs(values)), values)
    bins = ((values - low) * (ACTIVATION_BINS / (high - low))).astype(np.intp)
    return np.bincount(np.clip(bins, 0, ACTIVATION_BINS - 1), minlength=ACTIVATION_BINS)


def saturates(activation: str) -> bool:
    """Whether an activation function is flat at both ends."""
    return all(map(math.isfinite, FLAT[activation]))


def flat(pre_activations: Array, activation: str) -> npt.NDArray[np.bool_]:
    """Where units are in the flat part of their activation function, the edges of `FLAT`.

    Args:
        pre_activations: z = xW + b, (images, units).
    """
    low, high = FLAT[activation]
    if activation == "relu":
        return pre_activations <= low
    # In the units' own precision, so that an infinite edge is never reached by a finite z.
    z = pre_activations
    return (z <= z.dtype.type(low)) | (z >= z.dtype.type(high))


def saturation(is_flat: npt.NDArray[np.bool_]) -> float:
    """Share of (image, unit) pairs in which the unit is flat, of `flat`'s (images, units)."""
    return float(is_flat.mean())


def dead_units(is_flat: npt.NDArray[np.bool_]) -> float:
    """Share of units that are flat on every image: they pass no gradient on any of them.

    For ReLU those are the units that are zero on every image.
    """
    return float(is_flat.all(axis=0).mean())
