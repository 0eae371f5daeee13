"""A sweep as a table: a row a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fmviz.analysis.sweeps import MEASURES, Outcome, measured
from fmviz.export import csv_files
from fmviz.run.settings import written


def as_csv(knobs: Sequence[str], found: Sequence[Outcome], tolerance: float) -> bytes:
    """A CSV file of one line a run, with all measures; empty where a run has none.

    Args:
        knobs: what is swept.
        tolerance: up to which a weight counts as zero, one of `measure.TOLERANCES`.
    """
    names = [
        f"{split}_{name}" if split else name
        for name, measure in MEASURES.items()
        for split in measure.splits
    ]
    names[names.index("sparsity")] = f"sparsity_at_{tolerance:g}"
    rows: list[dict[str, Any]] = []
    for outcome in found:
        at = [written(knob, value) for knob, value in zip(knobs, outcome.cell.at, strict=True)]
        for config, record in zip(outcome.cell.configs, outcome.records, strict=True):
            row = {"run": config.key, **dict(zip(knobs, at, strict=True)), "seed": config.seed}
            rows.append(row)
            if record is None or not record.complete:
                continue
            row["epochs"] = record.epochs
            if record.diverged is not None:
                row["diverged_in_epoch"] = record.diverged.epoch
                continue
            figures = [v for name in MEASURES for v in measured(record, name, tolerance)]
            row |= dict(zip(names, figures, strict=True))
    return csv_files.content(["run", *knobs, "seed", "epochs", "diverged_in_epoch", *names], rows)
