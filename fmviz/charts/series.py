"""Rows that several charts share: curves over the epochs, figures with an error, frames.

A chart's rows are a table with a column "kind" where its layers differ in what they draw.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from fmviz.charts.style import MIN_SPAN, SPLITS
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord

Rows = pd.DataFrame
Row = dict[str, Any]

# A split's part of a name of the history, in the order of `SPLITS`.
PREFIXES = ("train", "val")


def measured(split: str, measure: str) -> str:
    """The history's name for a measure, "accuracy" or "crossentropy", of a split."""
    return f"{PREFIXES[SPLITS.index(split)]}_{measure}"


def over_epochs(
    run: str, record: RunRecord, measure: str, column: str, least: float | None = None
) -> list[Row]:
    """A run's curves of training and validation after each epoch, in a column of that name.

    Args:
        least: drawn for all that is less: a logarithmic axis has no zero.
    """
    return [
        {
            "run": run,
            "split": split,
            "epoch": epoch,
            column: float(value) if least is None else max(float(value), least),
        }
        for split in SPLITS
        for epoch, value in enumerate(record.history[measured(split, measure)], start=1)
    ]


def with_error(accuracy: Estimate) -> Row:
    """An accuracy and the ends of its whiskers, ± one standard error."""
    low, high = accuracy.value - accuracy.error, accuracy.value + accuracy.error
    return {"accuracy": accuracy.value, "low": low, "high": high}


def frame_rows(middle: float, column: str, **place: Any) -> list[Row]:
    """Rows for `marks.frame` around the middle of what is drawn."""
    return [{"kind": "frame", column: middle + side * MIN_SPAN / 2, **place} for side in (-1, 1)]
