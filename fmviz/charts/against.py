"""Accuracy of many runs against the one setting in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.charts.style import CURVES_HEIGHT, DASHES, GREY, RUN_COLOURS, SPLITS, Rows, bare
from fmviz.run.record import RunRecord


@lru_cache(maxsize=16)
def against_spec(title: str, values: tuple[float, ...], log: bool, dark: bool) -> dict[str, Any]:
    """Training and validation accuracy against a setting, ± one standard error; what lies between
    them is the gap. A rule marks the reader's value.

    Args:
        title: of the setting's axis.
        values: of the setting, where the axis has its ticks.
    """
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(
            type="log" if log else "linear", domain=[values[0], values[-1]], nice=False, padding=14
        ),
        axis=alt.Axis(values=list(values), format=",~g" if log else "~g", grid=False),
    )
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(format=".3~%", tickCount=6)
    y = alt.Y("accuracy:Q", title="accuracy", scale=scale, axis=axis)
    colour = RUN_COLOURS[dark][1]
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=alt.Legend(orient="top", symbolSize=400),
    )
    tooltip = [
        alt.Tooltip("value:Q", title=title, format=",~g"),
        alt.Tooltip("split:N"),
        alt.Tooltip("accuracy:Q", format=".1%"),
        alt.Tooltip("gap:N"),
    ]
    points = base.transform_filter("datum.kind == 'run'")
    between = points.transform_filter("datum.split == 'training'").mark_area(
        opacity=0.12, color=colour
    )
    curve = points.encode(x=x, y=y, tooltip=tooltip)
    chart = alt.layer(
        between.encode(x=x, y=y, y2="other:Q"),
        curve.mark_line(strokeWidth=2.5, color=colour).encode(strokeDash=dash),
        points.mark_rule(strokeWidth=2, color=colour).encode(
            x=x, y=alt.Y("low:Q", title="accuracy", scale=scale, axis=axis), y2="high:Q"
        ),
        curve.mark_point(size=90, strokeWidth=2.5, opacity=1, color=colour).encode(
            fill=alt.Fill(
                "split:N",
                scale=alt.Scale(domain=SPLITS, range=[colour, "transparent"]),
                legend=None,
            )
        ),
        base.transform_filter("datum.kind == 'present'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x),
    )
    return bare(chart.properties(height=CURVES_HEIGHT))


def against_rows(
    field: str, records: Sequence[RunRecord], present: float, gaps: Sequence[str]
) -> Rows:
    """Rows for `against_spec`, after the last epoch of each run.

    Args:
        field: of `RunConfig`, the setting in which the runs differ.
        present: its value on the page.
        gaps: each run's gap in words.
    """
    rows: list[dict[str, Any]] = []
    for record, gap in zip(records, gaps, strict=True):
        last = record.epochs
        ends = [record.estimate(name, last) for name in ("train_accuracy", "val_accuracy")]
        for split, accuracy, other in zip(SPLITS, ends, ends[::-1], strict=True):
            rows.append(
                {
                    "kind": "run",
                    "value": record.config[field],
                    "split": split,
                    "accuracy": accuracy.value,
                    # An axis that shows more than 100% would only puzzle.
                    "low": max(accuracy.value - accuracy.error, 0.0),
                    "high": min(accuracy.value + accuracy.error, 1.0),
                    "other": other.value,
                    "gap": gap,
                }
            )
    rows.append({"kind": "present", "value": present})
    columns = ["kind", "value", "split", "accuracy", "low", "high", "other", "gap"]
    return Rows(rows, columns=columns)
