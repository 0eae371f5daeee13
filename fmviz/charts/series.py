"""Rows that several charts share: curves over the epochs, figures with an error, frames.

A chart's rows are a table with a column "kind" where its layers differ in what they draw. It is an
Arrow table, which is what browsers get: one of a few hundred rows is made in a fifth of the time
that a DataFrame and its conversion take, and a class has a hundred of them a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import MIN_SPAN, SPLITS
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord

Row = dict[str, Any]


class Rows:
    """What a chart draws.

    Args:
        rows: by their columns' names, where one may lack any; or the columns by their names.
        columns: in their order; those of the rows without.

    Attributes:
        table: as browsers get it. What is no number is missing in it, and whole numbers beside
            missing ones are floats.
    """

    def __init__(
        self,
        rows: Iterable[Row] | Mapping[str, Iterable[Any]],
        columns: Sequence[str] | None = None,
    ) -> None:
        if isinstance(rows, Mapping):
            by_name = {name: _column(values) for name, values in rows.items()}
        else:
            rows = list(rows)
            names = columns or dict.fromkeys(name for row in rows for name in row)
            by_name = {name: _column([row.get(name) for row in rows]) for name in names}
        self.table = pa.table(by_name)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def values(self) -> list[Row]:
        """The rows as JSON has them: it knows no infinity."""
        return [
            {
                name: None if isinstance(value, float) and not isfinite(value) else value
                for name, value in row.items()
            }
            for row in self.table.to_pylist()
        ]


def _column(values: Iterable[Any]) -> Any:
    column = pa.array(values, from_pandas=True)
    if column.null_count and pa.types.is_integer(column.type):
        return column.cast(pa.float64())
    return column


# A split's part of a name of the history, in the order of `SPLITS`.
PREFIXES = ("train", "val")


def measured(split: str, measure: str) -> str:
    """The history's name for a measure, "accuracy" or "crossentropy", of a split."""
    return f"{PREFIXES[SPLITS.index(split)]}_{measure}"


def over_epochs(
    run: str,
    record: RunRecord,
    measure: str,
    column: str,
    least: float | None = None,
    **others: Any,
) -> list[Row]:
    """A run's curves of training and validation after each epoch, in a column of that name.

    Args:
        least: drawn for all that is less: a logarithmic axis has no zero.
        others: cells that all of these rows have.
    """
    rows: list[Row] = []
    for split in SPLITS:
        values = record.history[measured(split, measure)].tolist()
        if least is not None:
            values = [max(value, least) for value in values]
        rows += [
            {"run": run, "split": split, "epoch": epoch, column: value, **others}
            for epoch, value in enumerate(values, start=1)
        ]
    return rows


def with_error(accuracy: Estimate) -> Row:
    """An accuracy and the ends of its whiskers, ± one standard error."""
    low, high = accuracy.value - accuracy.error, accuracy.value + accuracy.error
    return {"accuracy": accuracy.value, "low": low, "high": high}


def frame_rows(middle: float, column: str, **place: Any) -> list[Row]:
    """Rows for `marks.frame` around the middle of what is drawn."""
    return [{"kind": "frame", column: middle + side * MIN_SPAN / 2, **place} for side in (-1, 1)]


def branch_epoch(runs: Sequence[Shown]) -> int | None:
    """After which epoch one of some runs branches; None where none does."""
    return next((run.record.config.branch_epoch or None for run in runs[::-1]), None)


def branch_rows(runs: Sequence[Shown]) -> list[dict[str, Any]]:
    """The row of a rule where one of some runs branches."""
    epoch = branch_epoch(runs)
    return [] if epoch is None else [{"kind": "branch", "epoch": epoch, "x": epoch}]
