"""The figures of many runs that differ in a knob or two. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.ranking import rank
from fmviz.run.knobs import Cell
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord, n_weights


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


def weight_rms(record: RunRecord, epoch: int) -> float:
    """Root mean square of the kernel weights, biases left out, after so many epochs."""
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
        end = record.epochs
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


class Measure(NamedTuple):
    """A figure of a run that a sweep can show.

    Attributes:
        label: on axes and in lists.
        splits: what it is measured on, where that is more than one thing.
        is_share: whether it is a share, told in percent.
    """

    label: str
    splits: tuple[str, ...] = ("",)
    is_share: bool = True


SPLITS = ("training", "validation")
MEASURES = {
    "accuracy": Measure("accuracy", SPLITS),
    "gap": Measure("accuracy gap"),
    "crossentropy": Measure("cross-entropy", SPLITS, is_share=False),
    "sparsity": Measure("sparsity"),
    "saturation": Measure("saturation"),
}


def measured(record: RunRecord, measure: str, tolerance: float) -> tuple[float, ...]:
    """A figure of a run after its last epoch, one for each split of the measure.

    Saturation is the mean over the hidden layers, NaN where there is none.

    Args:
        measure: one of `MEASURES`.
        tolerance: below which a weight counts as zero, one of `measure.TOLERANCES`.
    """
    end = record.epochs
    if measure == "gap":
        return (record.gap(end).value,)
    if measure == "sparsity":
        return (record.sparsity(tolerance, end),)
    if measure == "saturation":
        shares = record.layers_at("saturation", end)
        return (float(shares.mean()) if len(shares) else math.nan,)
    return tuple(record.at(f"{split}_{measure}", end) for split in ("train", "val"))


class Outcome(NamedTuple):
    """What is known of a cell: one record a seed, None where nothing is known yet."""

    cell: Cell
    records: tuple[RunRecord | None, ...]

    @property
    def finite(self) -> list[RunRecord]:
        """The runs with an epoch behind them that have not diverged."""
        return [r for r in self.records if r is not None and r.diverged is None and r.epochs]

    @property
    def diverged(self) -> list[RunRecord]:
        """The runs that did not stay finite."""
        return [r for r in self.records if r is not None and r.diverged is not None]

    @property
    def whole(self) -> bool:
        """Whether all of its runs have ended, and stayed finite."""
        ended = [record is not None and record.complete for record in self.records]
        return all(ended) and len(self.finite) == len(self.records)

    def values(self, measure: str, tolerance: float) -> list[tuple[float, ...]]:
        """A measure of each finite run: one value a split."""
        return [measured(record, measure, tolerance) for record in self.finite]


def outcomes(cells: Sequence[Cell], records: Sequence[RunRecord | None]) -> list[Outcome]:
    """The cells with their records, which come cell by cell."""
    given = iter(records)
    return [Outcome(cell, tuple(next(given) for _ in cell.configs)) for cell in cells]


def mean_accuracy(runs: Sequence[RunRecord]) -> Estimate:
    """Mean validation accuracy over the seeds, as an estimate for other images and other seeds:
    √(v/m + s²/S), with v the variance over the m images of the share of seeds that are right, and
    s the standard deviation over the S seeds. Ended runs, of one cell."""
    if len(runs) == 1:
        return runs[0].estimate("val_accuracy", runs[0].epochs)
    return _over_seeds(np.stack([_right(run) for run in runs]))


def lead(best: Sequence[RunRecord], other: Sequence[RunRecord]) -> Estimate:
    """Mean validation accuracy of one cell − that of another, image by image and seed by seed:
    they were told the same images, and runs of one seed begin alike. Its error is that of
    `mean_accuracy`, of the differences."""
    ones, others = (np.stack([_right(run) for run in runs]) for runs in (best, other))
    return _over_seeds(ones - others)


def _right(run: RunRecord) -> Any:
    found = comparing.right(run, "val", run.epochs)
    assert found is not None
    return found.astype(float)


def _over_seeds(values: Any) -> Estimate:
    """The mean of (seeds, images) with its error from both."""
    seeds, images = values.shape
    variance = values.mean(axis=0).var() / images
    if seeds > 1:
        variance += values.mean(axis=1).var(ddof=1) / seeds
    return Estimate(float(values.mean()), math.sqrt(variance))


class Best(NamedTuple):
    """The best cell of a sweep by validation accuracy.

    Attributes:
        outcome: the cell.
        accuracy: its mean over the seeds.
        level: the other cells that cannot be told from it.
        compared: how many others there are.
    """

    outcome: Outcome
    accuracy: Estimate
    level: list[Outcome]
    compared: int


def best(found: Sequence[Outcome]) -> Best | None:
    """The best of the cells whose runs have all ended and stayed finite; None without any."""
    whole = [outcome for outcome in found if outcome.whole]
    if not whole:
        return None
    ranking = rank(
        dict(enumerate(outcome.finite for outcome in whole)),
        lambda runs: float(np.mean([record.at_end("val_accuracy") for record in runs])),
        lead,
    )
    first = whole[ranking.best]
    level = [whole[index] for index in ranking.level]
    return Best(first, mean_accuracy(first.finite), level, len(ranking.behind))
