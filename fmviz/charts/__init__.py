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
import pandas as pd

from fmviz.measure import TOLERANCES
from fmviz.narrate import points, small_percent
from fmviz.stopping import Shown

# Okabe & Ito: vermilion for the baseline, which comes first, blue for the run beside it. On a
# dark ground their lighter orange and sky blue take over. In a race the others follow.
RUN_COLOURS = {
    False: [
        *("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#8C6D00", "#3E97C9", "#5B3F8C", "#4D4D4D"),
        *("#A3485F", "#2F7F7F", "#7A5230", "#B0368C"),
    ],
    True: [
        *("#E69F00", "#56B4E9", "#2FC79A", "#E5A0C6", "#F0E442", "#8FA8FF", "#D55E00", "#C9D1D9"),
        *("#F28E9D", "#7FD6D6", "#D2A679", "#F07FD0"),
    ],
}
RUN_SHAPES = [
    *("square", "circle", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    *("triangle-left", "stroke", "wedge", "arrow"),
    "M-1,-1L0,-0.3L1,-1L0.3,0L1,1L0,0.3L-1,1L-0.3,0Z",
]
GREY = "#808A94"
SPLITS = ["training", "validation"]
DASHES = [[1, 0], [5, 4]]

CURVES_HEIGHT = 390
PANEL_HEIGHT = 270
# Accuracy axes span at least so much: flat curves should look flat.
MIN_SPAN = 0.06
Rows = pd.DataFrame


def legend_columns(names: tuple[str, ...]) -> int:
    """Columns of a legend of runs: fewer where names are long, which those of readers may be, for
    a telephone has room for some 40 letters."""
    return max(1, min(2 if len(names) in (2, 4) else 3, 42 // max(map(len, names), default=1)))


def legend_height(names: tuple[str, ...]) -> int:
    """Pixels of a legend of runs beyond its first two rows, which every chart has room for."""
    return 24 * max(0, -(-len(names) // legend_columns(names)) - 2)


def run_colour(names: tuple[str, ...], dark: bool, **options: Any) -> alt.Color:
    """A run's colour, by its place among the names."""
    scale = alt.Scale(domain=list(names), range=RUN_COLOURS[dark][: len(names)])
    options.setdefault("legend", alt.Legend(columns=legend_columns(names)))
    return alt.Color("run:N", scale=scale, title=None, **options)


def run_shape(names: tuple[str, ...]) -> alt.Shape:
    """A run's mark, so that colour never speaks alone."""
    scale = alt.Scale(domain=list(names), range=RUN_SHAPES[: len(names)])
    return alt.Shape("run:N", scale=scale, title=None)


def bare(chart: Any) -> dict[str, Any]:
    """The chart's specification without its data."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("data", None)
    spec.pop("datasets", None)
    # A live chart is drawn many times a second: a canvas costs a browser a fraction of an SVG.
    spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}
    return spec


# On the far wall: what is written and drawn on a chart grows by so much.
PROJECTED = 1.4
_GROWING = {"height", "fontSize", "size", "strokeWidth", "dx", "dy"}


def projected(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart for a projector: taller, with larger type, marks and lines. Its width is the page's.
    Of "size" and the like only numbers grow: an encoding of that name is none."""

    def grown(part: Any) -> Any:
        if isinstance(part, list):
            return [grown(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            name: round(value * PROJECTED, 2)
            if name in _GROWING and isinstance(value, int | float)
            else grown(value)
            for name, value in part.items()
        }

    large: dict[str, Any] = grown(spec)
    sizes = {"labelFontSize": 17, "titleFontSize": 18}
    over = {
        "axis": sizes | {"labelPadding": 10},
        "legend": sizes | {"symbolSize": 200},
        "header": sizes,
        "line": {"strokeWidth": 4},
        "point": {"size": 110},
    }
    own = large.get("config", {})
    merged = {name: over[name] | own.get(name, {}) for name in over}
    return large | {"config": own | merged}


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
            if run.stop is not None and run.kept is not None:
                kept = {"kind": "kept", "epoch": run.kept + 1, "accuracy": values[run.kept]}
                rows.append({**common, **kept})
        if run.stop is not None and run.stop.stopped_epoch is not None:
            epoch = run.stop.stopped_epoch + 1
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


@lru_cache(maxsize=64)
def gap_spec(names: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Gap meter: a bar from validation to training accuracy, with ± one standard error at each."""
    base = alt.Chart(Rows({"run": []}))
    y = alt.Y("run:N", title=None, sort=list(names), axis=alt.Axis(labelLimit=260, ticks=False))
    scale = alt.Scale(zero=False, nice=True, padding=12)
    axis = alt.Axis(format=".3~%", tickCount=5)
    colour = run_colour(names, dark, legend=None)
    bar = base.mark_rule(strokeWidth=11, opacity=0.35).encode(
        x=alt.X("validation:Q", title="accuracy", scale=scale, axis=axis),
        x2="training:Q",
        y=y,
        color=colour,
    )
    errors = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X(f"{split}_low:Q"), x2=f"{split}_high:Q", y=y, color=colour
        )
        for split in SPLITS
    ]
    ends = [
        base.mark_point(size=130, filled=split == "training", strokeWidth=2.5).encode(
            x=alt.X(f"{split}:Q"),
            y=y,
            color=colour,
            shape=run_shape(names),
            tooltip=[
                alt.Tooltip("run:N"),
                alt.Tooltip(f"{split}:Q", format=".1%"),
                alt.Tooltip("label:N", title="gap"),
            ],
        )
        for split in SPLITS
    ]
    frame = [
        base.mark_point(opacity=0).encode(x=alt.X(f"{edge}:Q"), y=y) for edge in ("least", "most")
    ]
    label = base.mark_text(dy=-16, fontSize=15, fontWeight="bold").encode(
        x=alt.X("middle:Q"), y=y, text="label:N", color=colour
    )
    chart = alt.layer(bar, *errors, *ends, *frame, label).properties(height=PANEL_HEIGHT)
    return bare(chart.configure_legend(disable=True))


def gap_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `gap_spec`, one a run."""
    rows = []
    for run in runs:
        training = run.record.estimate("train_accuracy", run.kept)
        validation = run.record.estimate("val_accuracy", run.kept)
        gap = run.record.gap(run.kept)
        rows.append(
            {
                "run": run.name,
                "training": training.value,
                "validation": validation.value,
                "training_low": training.value - training.error,
                "training_high": training.value + training.error,
                "validation_low": validation.value - validation.error,
                "validation_high": validation.value + validation.error,
                "middle": (middle := (training.value + validation.value) / 2),
                "least": middle - MIN_SPAN / 2,
                "most": middle + MIN_SPAN / 2,
                "label": points(gap),
            }
        )
    return Rows(rows)


@lru_cache(maxsize=64)
def sparsity_spec(names: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Share of weights with |w| ≤ t against t, with the reader's tolerance as a rule."""
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "tolerance:Q",
        title="tolerance t",
        scale=alt.Scale(type="log", domain=[TOLERANCES[1], TOLERANCES[-1]]),
        axis=alt.Axis(format="~e", values=[1e-6, 1e-4, 1e-2, 1], grid=False),
    )
    y = alt.Y(
        "share:Q",
        title="weights with |w| ≤ t",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x,
        y=y,
        color=run_colour(names, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("tolerance:Q", format="~g"),
            alt.Tooltip("share:Q", format=".2%"),
        ],
    )
    rule = (
        base.transform_filter("datum.kind == 'tolerance'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x)
    )
    chart = alt.layer(
        curve.mark_line(strokeWidth=2.5),
        curve.mark_point(size=44, filled=True, opacity=1).encode(shape=run_shape(names)),
        rule,
    )
    return bare(
        chart.properties(height=PANEL_HEIGHT).configure_legend(orient="top", labelLimit=400)
    )


def sparsity_rows(runs: Sequence[Shown], tolerance: float) -> Rows:
    """Rows for `sparsity_spec`."""
    rows: list[dict[str, Any]] = [
        {
            "kind": "curve",
            "run": run.name,
            "tolerance": t,
            "share": run.record.sparsity(t, run.kept),
        }
        for run in runs
        for t in TOLERANCES[1:]
    ]
    if tolerance > 0:
        rows.append({"kind": "tolerance", "tolerance": tolerance})
    return Rows(rows, columns=["kind", "run", "tolerance", "share"])


@lru_cache(maxsize=64)
def saturation_spec(names: tuple[str, ...], layers: int, dark: bool) -> dict[str, Any]:
    """Share of flat activations by hidden layer: bars for the kept weights, ticks for the start."""
    base = alt.Chart(Rows({"run": []}))
    y = alt.Y(
        "layer:N",
        title=None,
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.35),
        axis=alt.Axis(ticks=False, labelExpr="split(datum.label, '|')"),
    )
    x = alt.X(
        "share:Q",
        title="share of activations",
        # Room for a label beside a full bar.
        scale=alt.Scale(domain=[0, 1.25]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    offset = alt.YOffset("run:N", sort=list(names))
    tooltip = [
        alt.Tooltip("layer:N"),
        alt.Tooltip("run:N"),
        alt.Tooltip("share:Q", format=".2%", title="now"),
        alt.Tooltip("start:Q", format=".2%", title="before training"),
    ]
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=x, y=y, yOffset=offset, color=run_colour(names, dark), tooltip=tooltip
    )
    starts = base.mark_tick(thickness=3, size=24, color=GREY).encode(
        x=alt.X("start:Q"), y=y, yOffset=offset, tooltip=tooltip
    )
    labels = base.mark_text(align="left", dx=6, fontSize=13).encode(
        x=alt.X("outer:Q"), y=y, yOffset=offset, text="label:N", color=run_colour(names, dark)
    )
    height = max(PANEL_HEIGHT, 26 * layers * len(names) + 90)
    chart = alt.layer(bars, starts, labels).properties(height=height)
    return bare(chart.configure_legend(orient="top", labelLimit=400, symbolType="square"))


def saturation_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `saturation_spec`."""
    rows = []
    for run in runs:
        now = run.record.layers_at("saturation", run.kept)
        start = run.record.start_layers["saturation"]
        for index, units in enumerate(run.record.config.hidden):
            rows.append(
                {
                    "run": run.name,
                    "layer": f"layer {index + 1}|{units} units",
                    "share": float(now[index]),
                    "start": float(start[index]),
                    "outer": float(max(now[index], start[index])),
                    "label": small_percent(float(now[index])),
                }
            )
    columns = ["run", "layer", "share", "start", "outer", "label"]
    return Rows(rows, columns=columns)
