"""Accuracy over the epochs, the chart that every lesson on runs begins with.

A chart is built once with Altair and kept as a Vega-Lite specification; while a run is live only
its rows are exchanged. The two runs of a comparison keep their colour, shape and order on every
chart, and training and validation their dash, so that colour never speaks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks, series
from fmviz.charts.marks import of_kind
from fmviz.charts.scales import legend_height, run_colour, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CURVES_HEIGHT


@specification
def curves_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Accuracy over the epochs, one line a run and split; where early stopping acts, a mark."""
    x, y = axes.epochs(epochs), axes.accuracy(alt.Y)
    colour, shape = run_colour(names, dark), run_shape(names)
    tooltip: marks.Tips = ["run:N", "split:N", "epoch:Q", marks.tip("accuracy", marks.PERCENT)]
    curve = of_kind("curve").encode(x=x, y=y, color=colour, tooltip=tooltip)
    kept = marks.ring(of_kind("kept").encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip))
    upper = alt.layer(
        marks.line(curve, clip=True).encode(strokeDash=split_dash()),
        marks.points(curve, shape),
        marks.rule("stop", color=None, x=x).encode(color=colour, tooltip=["label:N"]),
        kept,
        marks.frame(x, y),
    )
    slot = alt.Y("slot:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    stops = marks.label(of_kind("stop"), align="right", dx=-6, baseline="top")
    chart = alt.layer(upper, stops.encode(x=x, y=slot, color=colour))
    chart = chart.resolve_scale(y="independent")
    height = CURVES_HEIGHT + legend_height(names)
    return on_top(chart, height, symbolSize=120, symbolStrokeWidth=2.5)


def curves_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `curves_spec`.

    The start is left out: its 10% would squeeze all that follows into the upper tenth."""
    rows: list[dict[str, Any]] = []
    for slot, run in enumerate(runs):
        curves = series.over_epochs(run.name, run.record, "accuracy", "accuracy")
        rows += [{"kind": "curve", **row} for row in curves]
        if run.stop is not None and run.kept:
            rows += [{**row, "kind": "kept"} for row in curves if row["epoch"] == run.kept]
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
        rows += series.frame_rows((min(seen) + max(seen)) / 2, "accuracy", epoch=1)
    columns = ["kind", "run", "split", "epoch", "accuracy", "slot", "label"]
    return Rows(rows, columns=columns)
