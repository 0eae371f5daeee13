"""Charts of the lesson on optimizers: race, update ratio, sweep, ravine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHES,
    GREY,
    PANEL_HEIGHT,
    RUN_COLOURS,
    RUN_SHAPES,
    Rows,
    bare,
)
from fmviz.lessons.optimizers.lesson import LABELS, SWEPT_RATES
from fmviz.lessons.optimizers.ravine import STEPS, Ravine
from fmviz.run.naming import number
from fmviz.run.record import RunRecord

NAMES = tuple(LABELS.values())
# What the two curves of a race show: column of the history → axis title, dash, whether logarithmic.
LOSS, ACCURACY = "train_crossentropy", "val_accuracy"
RACE_HEIGHT = 330
# Of a legend, so that it fits half of the page.
COLUMNS = 2
# The part of the plane that is drawn of the ravine.
ALONG, ACROSS = 2.4, 1.7
LEVELS = tuple(4.0**k for k in range(-4, 4))
# f below this is drawn at it.
FLOOR = 1e-8
ROW_HEIGHT = 42
# The scale of the sweep's cells begins here: what has learnt next to nothing is all alike.
LOWEST, HIGHEST = 0.5, 0.86


def racer_colour(shown: Sequence[str], dark: bool, **options: Any) -> alt.Color:
    """A racer's colour, whoever else runs; the legend has those that do."""
    scale = alt.Scale(domain=list(NAMES), range=RUN_COLOURS[dark][: len(NAMES)])
    options.setdefault("legend", alt.Legend(values=list(shown), columns=COLUMNS))
    return alt.Color("run:N", scale=scale, title=None, **options)


def racer_shape(shown: Sequence[str], **options: Any) -> alt.Shape:
    """A racer's mark."""
    scale = alt.Scale(domain=list(NAMES), range=RUN_SHAPES[: len(NAMES)])
    options.setdefault("legend", alt.Legend(values=list(shown), columns=COLUMNS))
    return alt.Shape("run:N", scale=scale, title=None, **options)


@lru_cache(maxsize=128)
def race_spec(
    shown: tuple[str, ...], measure: str, axis: str, epochs: int, dark: bool
) -> dict[str, Any]:
    """Training loss (solid) or validation accuracy (dashed) over epochs or seconds.

    Args:
        measure: `LOSS` or `ACCURACY`.
        axis: "epochs" or "seconds".
    """
    base = alt.Chart(Rows({"run": []}))
    over_epochs = axis == "epochs"
    x = alt.X(
        "x:Q",
        title="epoch" if over_epochs else "seconds of this run's gradient steps",
        scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False)
        if over_epochs
        else alt.Scale(zero=True),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False)
        if over_epochs
        else alt.Axis(tickCount=6, grid=False),
    )
    loss = measure == LOSS
    y = alt.Y(
        "value:Q",
        title="training loss" if loss else "validation accuracy",
        scale=alt.Scale(type="log", nice=False, padding=8)
        if loss
        else alt.Scale(zero=False, nice=True),
        axis=alt.Axis(tickCount=6, gridOpacity=0.4)
        if loss
        else alt.Axis(format=".0%", tickCount=6),
    )
    curve = base.encode(
        x=x,
        y=y,
        color=racer_colour(shown, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("seconds:Q", format=".2f"),
            alt.Tooltip("value:Q", format=".3f" if loss else ".1%"),
        ],
    )
    lines = curve.mark_line(strokeWidth=2.5, strokeDash=DASHES[0 if loss else 1], clip=True)
    marks = curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=racer_shape(shown))
    chart = alt.layer(lines, marks).properties(height=RACE_HEIGHT)
    return bare(chart.configure_legend(orient="top", labelLimit=200, symbolSize=120))


def race_rows(runs: Sequence[Shown], measure: str, axis: str) -> Rows:
    """Rows for `race_spec`, epochs counted from 1."""
    rows = []
    for run in runs:
        seconds = run.record.history["seconds"]
        for epoch, value in enumerate(run.record.history[measure], start=1):
            spent = float(seconds[epoch - 1])
            x = epoch if axis == "epochs" else spent
            # A loss of exactly 0 has no place on a logarithmic axis.
            shown = max(float(value), 1e-6) if measure == LOSS else float(value)
            rows.append({"run": run.name, "epoch": epoch, "seconds": spent, "x": x, "value": shown})
    return Rows(rows, columns=["run", "epoch", "seconds", "x", "value"])


@lru_cache(maxsize=64)
def updates_spec(shown: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Update-to-weight ratio of a layer over the epochs, with the rule of thumb."""
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    y = alt.Y(
        "ratio:Q",
        title="‖ΔW‖ / ‖W‖ of a step",
        scale=alt.Scale(type="log", nice=False, padding=8),
        axis=alt.Axis(format="~e", tickCount=5, gridOpacity=0.4),
    )
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x,
        y=y,
        color=racer_colour(shown, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("ratio:Q", format=".2~e"),
        ],
    )
    healthy = base.transform_filter("datum.kind == 'healthy'")
    rule = healthy.mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY).encode(y=y)
    label = healthy.mark_text(align="left", dx=6, dy=-8, fontSize=13, color=GREY).encode(
        x=alt.value(0), y=y, text="run:N"
    )
    chart = alt.layer(
        curve.mark_line(strokeWidth=2.5, clip=True),
        curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=racer_shape(shown)),
        rule,
        label,
    )
    return bare(
        chart.properties(height=PANEL_HEIGHT).configure_legend(orient="top", labelLimit=200)
    )


def updates_rows(runs: Sequence[Shown], layer: int, healthy: float) -> Rows:
    """Rows for `updates_spec`; `layer` is counted from 1."""
    rows: list[dict[str, Any]] = [
        {"kind": "curve", "run": run.name, "epoch": epoch, "ratio": float(ratios[layer - 1])}
        for run in runs
        for epoch, ratios in enumerate(run.record.layers["update_ratio"], start=1)
        # All weights at zero have no ratio, and a step of nothing no logarithm.
        if np.isfinite(ratios[layer - 1]) and ratios[layer - 1] > 0
    ]
    if rows:
        rows.append({"kind": "healthy", "ratio": healthy, "run": "rule of thumb, 10⁻³"})
    return Rows(rows, columns=["kind", "run", "epoch", "ratio"])


@lru_cache(maxsize=32)
def sweep_spec(shown: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Validation accuracy of every racer at every rate; each row's best is framed."""
    base = alt.Chart(Rows({"run": []}))
    y = alt.Y("run:N", title=None, sort=list(shown), axis=alt.Axis(labelLimit=160, ticks=False))
    rates = [number(rate) for rate in SWEPT_RATES]
    x = alt.X("rate:O", title="learning rate η", sort=rates, axis=alt.Axis(labelAngle=0))
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("rate:N", title="η"),
        alt.Tooltip("label:N", title="validation accuracy"),
        alt.Tooltip("loss:Q", format=".3f", title="training loss"),
    ]
    low, high = ("#22303C", "#56B4E9") if dark else ("#EEF3F7", "#0072B2")
    cells = base.mark_rect(stroke=GREY, strokeWidth=0.3).encode(
        x=x,
        y=y,
        tooltip=tooltip,
        color=alt.condition(
            "isValid(datum.accuracy)",
            alt.Color(
                "accuracy:Q",
                scale=alt.Scale(domain=[LOWEST, HIGHEST], range=[low, high], clamp=True),
                legend=None,
            ),
            alt.value("#00000000"),
        ),
    )
    best = (
        base.transform_filter("datum.best")
        .mark_rect(filled=False, stroke=RUN_COLOURS[dark][0], strokeWidth=3)
        .encode(x=x, y=y)
    )
    middle = (LOWEST + HIGHEST) / 2
    light_text, dark_text = "#FFFFFF", "#16202A"
    above, below = (dark_text, light_text) if dark else (light_text, dark_text)
    labels = base.mark_text(fontSize=13).encode(
        x=x,
        y=y,
        text="label:N",
        color=alt.condition(f"datum.accuracy > {middle}", alt.value(above), alt.value(below)),
    )
    # The axis and its title take their part of the height.
    height = ROW_HEIGHT * len(shown) + 80
    return bare(alt.layer(cells, best, labels).properties(height=height))


def sweep_rows(records: Mapping[tuple[str, float], RunRecord | None]) -> Rows:
    """Rows for `sweep_spec`: cells that are still to come are empty, diverged ones say so."""
    rows: list[dict[str, Any]] = []
    tops: dict[str, float] = {}
    for (name, rate), record in records.items():
        row: dict[str, Any] = {
            "run": LABELS[name],
            "rate": number(rate),
            "label": "…",
            "best": False,
        }
        row |= {"accuracy": None, "loss": None}
        if record is not None and record.diverged is not None:
            row["label"] = "diverged"
        elif record is not None and record.epochs:
            accuracy = float(record.history["val_accuracy"][-1])
            row |= {"accuracy": accuracy, "label": f"{100 * accuracy:.1f}"}
            row["loss"] = float(record.history["train_crossentropy"][-1])
            if record.complete:
                tops[name] = max(tops.get(name, 0.0), accuracy)
        rows.append({**row, "name": name})
    for row in rows:
        row["best"] = row["accuracy"] is not None and row["accuracy"] == tops.get(row.pop("name"))
    return Rows(rows, columns=["run", "rate", "label", "accuracy", "loss", "best"])


@lru_cache(maxsize=64)
def ravine_spec(shown: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Contours of the ravine, the minimum, and the paths."""
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "x:Q",
        title="first parameter",
        scale=alt.Scale(domain=[-ALONG, ALONG], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    y = alt.Y(
        "y:Q",
        title="second parameter",
        scale=alt.Scale(domain=[-ACROSS, ACROSS], nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    contours = (
        base.transform_filter("datum.kind == 'contour'")
        .mark_line(strokeWidth=1, color=GREY, opacity=0.55, clip=True)
        .encode(x=x, y=y, order="step:Q", detail="level:N")
    )
    path = base.transform_filter("datum.kind == 'path'").encode(
        x=x,
        y=y,
        color=racer_colour(shown, dark),
        order="step:Q",
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("step:Q"),
            alt.Tooltip("value:Q", format=".3~g", title="f"),
        ],
    )
    lines = path.mark_line(strokeWidth=2, clip=True)
    marks = path.mark_point(size=40, filled=True, opacity=0.9, clip=True).encode(
        shape=racer_shape(shown)
    )
    goal = (
        base.transform_filter("datum.kind == 'minimum'")
        .mark_point(shape="cross", size=160, filled=True, color=GREY)
        .encode(x=x, y=y)
    )
    chart = alt.layer(contours, goal, lines, marks).properties(height=CURVES_HEIGHT)
    return bare(chart.configure_legend(orient="top", labelLimit=200, symbolSize=120))


def ravine_rows(racers: Sequence[str], ravine: Ravine, rate: float) -> Rows:
    """Rows for `ravine_spec` and `descent_spec`."""
    rows: list[dict[str, Any]] = [{"kind": "minimum", "x": 0.0, "y": 0.0}]
    turn = np.linspace(0, 2 * np.pi, 121)
    for level in LEVELS:
        half = np.sqrt(2 * level)
        ellipse = np.stack([half * np.cos(turn), half / np.sqrt(ravine.curvature) * np.sin(turn)])
        places = ellipse.T @ ravine.axes
        rows += [
            {"kind": "contour", "level": f"{level:g}", "step": i, "x": x, "y": y}
            for i, (x, y) in enumerate(places.tolist())
        ]
    for name in racers:
        path = ravine.path(name, rate)
        # Far outside of the picture a line only needs its direction.
        places = np.clip(path, -50, 50)
        values = ravine.value(path)
        rows += [
            {
                "kind": "path",
                "run": LABELS[name],
                "step": i,
                "x": x,
                "y": y,
                "value": float(value),
                "drawn": float(max(value, FLOOR)),
            }
            for i, ((x, y), value) in enumerate(zip(places.tolist(), values))
        ]
    columns = ["kind", "level", "run", "step", "x", "y", "value", "drawn"]
    return Rows(rows, columns=columns)


@lru_cache(maxsize=64)
def descent_spec(shown: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """f over the steps of each path, from the rows of the ravine."""
    base = alt.Chart(Rows({"kind": []})).transform_filter("datum.kind == 'path'")
    curve = base.encode(
        x=alt.X(
            "step:Q",
            title="step",
            scale=alt.Scale(domain=[0, STEPS], nice=False),
            axis=alt.Axis(grid=False, tickCount=6),
        ),
        y=alt.Y(
            "drawn:Q",
            title="f",
            scale=alt.Scale(type="log", domain=[FLOOR, 100], clamp=True),
            axis=alt.Axis(format="~e", tickCount=5, gridOpacity=0.4),
        ),
        color=racer_colour(shown, dark, legend=None),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("step:Q"),
            alt.Tooltip("value:Q", format=".3~g"),
        ],
    )
    marks = curve.mark_point(size=26, filled=True).encode(shape=racer_shape(shown, legend=None))
    chart = alt.layer(curve.mark_line(strokeWidth=2), marks).properties(height=CURVES_HEIGHT)
    return bare(chart)
