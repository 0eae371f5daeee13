"""Accuracy of many runs against the one setting in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis import comparing
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind
from fmviz.charts.scales import dashed_split, split_fill
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CURVES_HEIGHT, RUN_COLOURS, SPLITS
from fmviz.run.record import RunRecord


@specification
def against_spec(title: str, values: tuple[float, ...], log: bool, dark: bool) -> Any:
    """Training accuracy on true labels and validation accuracy against a setting, ± one standard
    error; what lies between them is the gap. A rule marks the reader's value.

    Args:
        title: of the setting's axis.
        values: of the setting, where the axis has its ticks.
    """
    colour, written = RUN_COLOURS[dark][1], ",~g" if log else "~g"
    kind: Any = "log" if log else "linear"
    scale = alt.Scale(type=kind, domain=[values[0], values[-1]], nice=False, padding=14)
    # In two lines it is whole on a telephone too.
    lines = [title, "± one standard error"]
    x = axes.axis(alt.X, "value", lines, scale, values=list(values), format=written, grid=False)
    y, low = axes.accuracy(alt.Y), axes.accuracy(alt.Y, "low")
    accuracy = marks.tip("accuracy", marks.PERCENT)
    tooltip: marks.Tips = [marks.tip("value", ",~g", title), "split:N", accuracy, "gap:N"]
    runs = of_kind("run")
    curve = runs.encode(x=x, y=y, tooltip=tooltip)
    between = runs.transform_filter("datum.split == 'training'").encode(x=x, y=y, y2="other:Q")
    chart = alt.layer(
        between.mark_area(opacity=0.12, color=colour),
        marks.line(curve, color=colour).encode(strokeDash=dashed_split(), detail="split:N"),
        runs.mark_rule(strokeWidth=2, color=colour).encode(x=x, y=low, y2="high:Q"),
        curve.mark_point(size=90, strokeWidth=2.5, opacity=1, color=colour).encode(
            fill=split_fill(colour, "top")
        ),
        marks.rule("present", x=x),
    )
    return chart.properties(height=CURVES_HEIGHT)


def against_rows(
    field: str, records: Sequence[RunRecord], present: float, gaps: Sequence[str]
) -> Rows:
    """Rows for `against_spec`, after the last epoch of each run; no training where no label is
    true.

    Args:
        field: of `RunConfig`, the setting in which the runs differ.
        present: its value on the page.
        gaps: each run's gap in words.
    """
    rows: list[dict[str, Any]] = []
    for record, gap in zip(records, gaps, strict=True):
        last = record.epochs
        ends = comparing.ends_of_gap(record, last)
        for split, accuracy, other in zip(SPLITS, ends, ends[::-1], strict=True):
            if accuracy is None:
                continue
            rows.append(
                {
                    "kind": "run",
                    "value": record.config[field],
                    "split": split,
                    "accuracy": accuracy.value,
                    # An axis that shows more than 100% would only puzzle.
                    "low": max(accuracy.value - accuracy.error, 0.0),
                    "high": min(accuracy.value + accuracy.error, 1.0),
                    "other": other and other.value,
                    "gap": gap,
                }
            )
    rows.append({"kind": "present", "value": present})
    columns = ["kind", "value", "split", "accuracy", "low", "high", "other", "gap"]
    return Rows(rows, columns=columns)
