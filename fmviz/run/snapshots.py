"""Pictures of a network's first weights, a byte a weight: what a record keeps of every epoch.

A weight w becomes the whole number k from −127 to 127 next to 127 w/s, on a scale s of its epoch,
and is read as s k/127. The scale is the lowest of …, 2^−½, 2^−¼, 1, 2^¼, 2^½, … that no |w| is
beyond: of one epoch and the next it is mostly the same, and so are most of the numbers, which then
take little room as differences.

The error is at most s/254, and s is less than 2^¼ times the largest |w|: it is under 0.47% of that.
Of runs that ship without their weights the numbers are coarser; see `coarse`.
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
# Between numbers of `coarse`, and how far a weight may be from where it was last seen.
STEP, LAG = 4, 3


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


def coarse(numbers: Array, scales: Array) -> Array:
    """Snapshots in steps of `STEP`, which pack into less than half the room.

    A number stays where it is until the weight is more than `LAG` from it, and then takes the step
    next to that: one that trembles between two steps neither takes room nor flickers. So each is
    off by `LAG` at most. Where the scale changes, all are taken anew.

    Args:
        numbers: (epochs, 784, units) int8.
        scales: (epochs,).
    """
    most = FULL // STEP
    steps = np.rint(numbers / np.float32(STEP)).clip(-most, most)
    found = steps.astype(np.int8) * np.int8(STEP)
    for epoch in range(1, len(found)):
        if scales[epoch] == scales[epoch - 1]:
            before = found[epoch - 1].astype(np.int16)
            found[epoch] = np.where(np.abs(numbers[epoch] - before) <= LAG, before, found[epoch])
    return found
