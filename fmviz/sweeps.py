"""The figures of many runs that differ in λ, for charts. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fmviz.record import RunRecord, n_weights


class Swept(NamedTuple):
    """One figure at one λ: its mean over the seeds, and its range.

    `split` is "training" or "validation" where the figure is an accuracy, else empty; λ = 0 is the
    run without a penalty.
    """

    run: str
    split: str
    lam: float
    value: float
    low: float
    high: float


def weight_rms(record: RunRecord, epoch: int | None) -> float:
    """Root mean square of the kernel weights, biases left out, after an epoch."""
    norms = record.layers_at("kernel_norm", epoch)
    return math.sqrt(float(np.square(norms).sum()) / n_weights(record.config))


def points_of_sweep(
    named: Sequence[tuple[str, RunRecord | None]], figure: str, tolerance: float
) -> list[Swept]:
    """One figure of a sweep for its chart: the mean over the seeds and its range.

    Args:
        named: the finished runs, by name; a diverged one is left out.
        figure: "accuracy", "gap", "sparsity" or "rms".
    """
    together: dict[tuple[str, str, float], list[float]] = {}
    for name, record in named:
        if record is None or record.diverged is not None or not record.epochs:
            continue
        end = record.epochs - 1
        values = {
            "accuracy": {
                "training": record.at("train_accuracy", end),
                "validation": record.at("val_accuracy", end),
            },
            "gap": {"": record.gap(end).value},
            "sparsity": {"": record.sparsity(tolerance, end)},
            "rms": {"": weight_rms(record, end)},
        }[figure]
        for split, value in values.items():
            together.setdefault((name, split, record.config.lam), []).append(value)
    return [
        Swept(name, split, lam, float(np.mean(values)), min(values), max(values))
        for (name, split, lam), values in together.items()
    ]
