"""The figures of many runs that differ in a knob or two. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing
from fmviz.analysis.ranking import Key, Ranking, by_accuracy, by_seeds
from fmviz.analysis.significance import Comparison, against_chance, of_seeds
from fmviz.analysis.stopping import Shown
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
        figure: "accuracy", "gap" (on true labels), "sparsity" or "rms".
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
            "gap": {"": gap.value} if (gap := comparing.gap_after(record, end)) else {},
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
        of_layers: whether it is told of what was measured layer by layer, which outlines lack.
    """

    label: str
    splits: tuple[str, ...] = ("",)
    is_share: bool = True
    of_layers: bool = False


SPLITS = ("training", "validation")
MEASURES = {
    "accuracy": Measure("accuracy", SPLITS),
    "gap": Measure("accuracy gap"),
    "crossentropy": Measure("cross-entropy", SPLITS, is_share=False),
    "sparsity": Measure("sparsity", of_layers=True),
    "saturation": Measure("saturation", of_layers=True),
}


def measured(record: RunRecord, measure: str, tolerance: float) -> tuple[float, ...]:
    """A figure of a run after its last epoch, one for each split of the measure.

    Saturation is the mean over the hidden layers, NaN where there is none. So is what an outline
    lacks.

    Args:
        measure: one of `MEASURES`.
        tolerance: below which a weight counts as zero, one of `measure.TOLERANCES`.
    """
    end = record.epochs
    if measure == "gap":
        return (record.gap(end).value,)
    if MEASURES[measure].of_layers and record.is_outline:
        return (math.nan,)
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
    """Mean validation accuracy of a cell with its error: over other seeds, s/√S with s the standard
    deviation over the S seeds; of one run, over other images. Ended runs."""
    if len(runs) == 1:
        return runs[0].estimate("val_accuracy", runs[0].epochs)
    return _mean(_ends(runs))


def mean_gap(runs: Sequence[RunRecord]) -> Estimate | None:
    """Mean accuracy gap of a cell on true labels, with its error as `mean_accuracy` has it; None
    where no label of one is true."""
    gaps = [gap for run in runs if (gap := comparing.gap_after(run, run.epochs)) is not None]
    if len(gaps) < len(runs):
        return None
    return gaps[0] if len(runs) == 1 else _mean(np.array([gap.value for gap in gaps]))


def _mean(values: npt.NDArray[np.float64]) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def _ends(runs: Sequence[RunRecord]) -> npt.NDArray[np.float64]:
    """Validation accuracy at the end of each run."""
    return np.array([run.at_end("val_accuracy") for run in runs])


def ranked(cells: Mapping[Key, Sequence[RunRecord]]) -> Ranking[Key]:
    """Rank cells by validation accuracy: of one run each image by image, of several seeds by their
    means, seed by seed.

    Args:
        cells: the ended, finite runs of each, one a seed, of the same seeds.

    Raises:
        ValueError: no cells.
    """
    if all(len(runs) == 1 for runs in cells.values()):
        return by_accuracy({key: Shown.at_end(runs[0]) for key, runs in cells.items()})
    images = min(run.examples["validation"] for runs in cells.values() for run in runs)
    return by_seeds({key: _ends(runs) for key, runs in cells.items()}, images)


def change(runs: Sequence[RunRecord], others: Sequence[RunRecord]) -> Comparison:
    """Validation accuracy of one cell − that of another, as `ranked` compares two; "same" where
    they answer alike with every seed."""
    pairs = zip(runs, others, strict=True)
    changes = [comparing.change(Shown.at_end(a), Shown.at_end(b), "val") for a, b in pairs]
    if len(changes) == 1 or all(change.same for change in changes):
        return changes[0]
    images = min(run.examples["validation"] for run in (*runs, *others))
    return of_seeds(_ends(runs) - _ends(others), images)


class Best(NamedTuple):
    """The best cell of a sweep by validation accuracy.

    Attributes:
        outcome: the cell.
        accuracy: its mean over the seeds.
        level: the other cells that cannot be told from it.
        compared: how many others there are.
        learnt: whether it does better than guessing.
    """

    outcome: Outcome
    accuracy: Estimate
    level: list[Outcome]
    compared: int
    learnt: bool


def best(found: Sequence[Outcome]) -> Best | None:
    """The best of the cells whose runs have all ended and stayed finite; None without any.

    One run a cell: compared image by image. Several seeds: their means, seed by seed.
    """
    whole = {index: outcome for index, outcome in enumerate(found) if outcome.whole}
    if not whole:
        return None
    ranking = ranked({index: outcome.finite for index, outcome in whole.items()})
    first = whole[ranking.best]
    accuracy = mean_accuracy(first.finite)
    return Best(
        first,
        accuracy,
        [whole[index] for index in ranking.level],
        len(ranking.behind),
        against_chance(accuracy.value, first.finite[0].examples["validation"]).real,
    )
