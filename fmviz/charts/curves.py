"""Arrays to charts. Every colour, dash, shape and axis title of the app is decided here.

A chart is built once with Altair and kept as a Vega-Lite specification; while a run is live only
its rows are exchanged. The two runs of a comparison keep their colour, shape and order on every
chart, and training and validation their dash, so that colour never speaks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHES,
    MIN_SPAN,
    SPLITS,
    Rows,
    bare,
    legend_height,
    run_colour,
    run_shape,
)


@lru_cache(maxsize=64)
def curves_spec(names: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Accuracy over the epochs, one line a run and split; where early stopping acts, a mark."""
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    y = alt.Y(
        "accuracy:Q",
        title="accuracy",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(format=".3~%", tickCount=6),
    )
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        # Below the chart, so that on a telephone both legends have room.
        legend=alt.Legend(orient="bottom", symbolSize=400),
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("split:N"),
        alt.Tooltip("epoch:Q"),
        alt.Tooltip("accuracy:Q", format=".1%"),
    ]
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x, y=y, color=run_colour(names, dark), tooltip=tooltip
    )
    lines = curve.mark_line(strokeWidth=2.5, clip=True).encode(strokeDash=dash)
    marks = curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=run_shape(names))
    stops = (
        base.transform_filter("datum.kind == 'stop'")
        .mark_rule(strokeWidth=1.5, strokeDash=[2, 3])
        .encode(x=x, color=run_colour(names, dark), tooltip=[alt.Tooltip("label:N")])
    )
    stop_labels = (
        base.transform_filter("datum.kind == 'stop'")
        .mark_text(align="right", dx=-6, baseline="top", fontSize=13)
        .encode(
            x=x,
            y=alt.Y("slot:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
            text="label:N",
            color=run_colour(names, dark),
        )
    )
    kept = (
        base.transform_filter("datum.kind == 'kept'")
        .mark_point(size=190, strokeWidth=2.5, filled=False)
        .encode(x=x, y=y, color=run_colour(names, dark), shape=run_shape(names), tooltip=tooltip)
    )
    frame = base.transform_filter("datum.kind == 'frame'").mark_point(opacity=0).encode(x=x, y=y)
    upper = alt.layer(lines, marks, stops, kept, frame)
    chart = alt.layer(upper, stop_labels).resolve_scale(y="independent")
    return bare(
        chart.properties(height=CURVES_HEIGHT + legend_height(names)).configure_legend(
            orient="top", labelLimit=400, symbolSize=120, symbolStrokeWidth=2.5
        )
    )


def curves_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `curves_spec`, epochs counted from 1.

    The start is left out: its 10% would squeeze all that follows into the upper tenth."""
    rows: list[dict[str, Any]] = []
    for slot, run in enumerate(runs):
        record = run.record
        for split, name in zip(SPLITS, ("train_accuracy", "val_accuracy"), strict=True):
            values = record.history[name]
            common = {"run": run.name, "split": split}
            rows += [
                {**common, "kind": "curve", "epoch": epoch, "accuracy": value}
                for epoch, value in enumerate(values, start=1)
            ]
            if run.stop is not None and run.kept:
                kept = {"kind": "kept", "epoch": run.kept, "accuracy": record.at(name, run.kept)}
                rows.append({**common, **kept})
        if run.stop is not None and run.stop.stopped is not None:
            epoch = run.stop.stopped
            rows.append(
                {
                    "kind": "stop",
                    "run": run.name,
                    "epoch": epoch,
                    "slot": 0.16 - 0.09 * slot,
                    "label": f"stop: epoch {epoch}",
                }
            )
    seen = [row["accuracy"] for row in rows if row["kind"] == "curve"]
    if seen:
        middle = (min(seen) + max(seen)) / 2
        rows += [
            {"kind": "frame", "epoch": 1, "accuracy": middle + side * MIN_SPAN / 2}
            for side in (-1, 1)
        ]
    columns = ["kind", "run", "split", "epoch", "accuracy", "slot", "label"]
    return Rows(rows, columns=columns)
