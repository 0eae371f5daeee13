"""Charts of a run's figures: gap, sparsity, saturation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    GREY,
    MIN_SPAN,
    PANEL_HEIGHT,
    SPLITS,
    Rows,
    bare,
    run_colour,
    run_shape,
)
from fmviz.run.measure import TOLERANCES
from fmviz.words.numbers import points, small_percent


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
