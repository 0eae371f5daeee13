"""Pictures of a network's first weights, a byte a weight: what a record keeps of every epoch.

A weight w becomes the whole number k from −127 to 127 next to 127 w/s, on a scale s of its epoch,
and is read as s k/127. The scale is the lowest of …, 2^−½, 2^−¼, 1, 2^¼, 2^½, … that no |w| is
beyond: of one epoch and the next it is mostly the same, and so are most of the numbers, which then
take little room as differences.

The error is at most s/254, and s is less than 2^¼ times the largest |w|: it is under 0.47% of that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Of the first so many units.
SNAPSHOT_UNITS = 16
# The number of the weight s.
FULL = 127
# Scales between a number and its double.
SCALES = 4


def taken(kernel: Array) -> tuple[Array, float]:
    """A snapshot of a finite kernel, (784, units): its numbers, (784, at most `SNAPSHOT_UNITS`)
    int8, and their scale, which is 0 where all weights are."""
    shown = kernel[:, :SNAPSHOT_UNITS].astype(np.float64)
    largest = np.abs(shown).max(initial=0.0)
    if not largest:
        return shown.astype(np.int8), 0.0
    scale = float(np.exp2(np.ceil(np.log2(largest) * SCALES) / SCALES))
    return np.rint(shown * (FULL / scale)).astype(np.int8), scale


def weights(numbers: Array, scale: float) -> Array:
    """The weights that a snapshot stands for, float32."""
    return numbers * np.float32(scale / FULL)
