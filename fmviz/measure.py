"""Arrays in, figures out: accuracy and its error, sparsity, saturation. NumPy only.

Every figure that a page shows is one of these, taken in inference mode on the run it describes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

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

# Where an activation counts as flat: outside these values the derivative is below 0.02 (tanh)
# and below 0.01 (sigmoid).
FLAT_BELOW = {"tanh": -0.99, "sigmoid": 0.01}
FLAT_ABOVE = {"tanh": 0.99, "sigmoid": 0.99}


class Estimate(NamedTuple):
    """A measured figure and its standard error, both as shares (0.01 is one point)."""

    value: float
    error: float

    @property
    def could_be_noise(self) -> bool:
        """Whether zero lies within two standard errors, about a 95% interval."""
        return not abs(self.value) > 2 * self.error


def accuracy(share: float, examples: int) -> Estimate:
    """A share of right answers p with its standard error √(p(1−p)/m) over m examples.

    At p = 0 or 1 that formula gives 0, which would claim certainty; there the error is that of
    Agresti and Coull's adjusted share, (p·m + 2)/(m + 4) over m + 4 examples.

    Raises:
        ValueError: no examples, or a share outside [0, 1].
    """
    if examples < 1 or not 0 <= share <= 1:
        raise ValueError(f"need examples >= 1 and share in [0, 1], not {examples} and {share}")
    plain = math.sqrt(share * (1 - share) / examples)
    if share in (0, 1):
        adjusted = (share * examples + 2) / (examples + 4)
        plain = math.sqrt(adjusted * (1 - adjusted) / (examples + 4))
    return Estimate(share, plain)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """a − b with the error √(a.error² + b.error²).

    That is exact for separate examples. For two networks judged on the same images it is on the
    careful side, because their mistakes go together; `paired_difference` is exact there.
    """
    return Estimate(a.value - b.value, math.hypot(a.error, b.error))


def paired_difference(right_a: npt.NDArray[np.bool_], right_b: npt.NDArray[np.bool_]) -> Estimate:
    """Difference in accuracy of two networks on the same m images, with its paired error.

    With d = right_a − right_b per image, in {−1, 0, 1}: mean(d) ± std(d)/√m, which is the error
    behind McNemar's test.

    Args:
        right_a, right_b: (m,) whether each network is right.
    """
    d = right_a.astype(float) - right_b.astype(float)
    return Estimate(float(d.mean()), float(d.std() / math.sqrt(len(d))))


def accuracy_gap(
    train_share: float, train_examples: int, held_out_share: float, held_out_examples: int
) -> Estimate:
    """Training accuracy − held-out accuracy, same weights, inference mode, with its error."""
    return difference(
        accuracy(train_share, train_examples), accuracy(held_out_share, held_out_examples)
    )


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


def _flat(activations: Array, activation: str) -> npt.NDArray[np.bool_]:
    if activation in FLAT_BELOW:
        return (activations < FLAT_BELOW[activation]) | (activations > FLAT_ABOVE[activation])
    return activations == 0


def saturation(activations: Array, activation: str) -> float:
    """Share of (image, unit) activations in the flat part of the activation function.

    tanh: |a| > 0.99; sigmoid: a < 0.01 or a > 0.99; ReLU: a = 0.

    Args:
        activations: (images, units).
    """
    return float(_flat(activations, activation).mean())


def dead_units(activations: Array, activation: str) -> float:
    """Share of units that are flat on every image: they pass no gradient on any of them.

    For ReLU those are the units that are zero on every image.

    Args:
        activations: (images, units).
    """
    return float(_flat(activations, activation).all(axis=0).mean())
