"""Charts of the lesson on optimizers: race, update ratio, sweep, ravine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import (
    CELL_RAMP,
    CELL_TEXT,
    CLEAR,
    CURVES_HEIGHT,
    DASHED,
    GREY,
    PANEL_HEIGHT,
    RUN_COLOURS,
    RUN_SHAPES,
    SOLID,
)
from fmviz.lessons.optimizers.lesson import LABELS, SWEPT_RATES
from fmviz.lessons.optimizers.ravine import STEPS, Ravine
from fmviz.run.record import RunRecord
from fmviz.run.settings import number

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
# Of a logarithmic scale: no further than there are values, but a few pixels.
FITTED = {"nice": False, "padding": 8}
ROW_HEIGHT = 42
# The scale of the sweep's cells begins here: what has learnt next to nothing is all alike.
LOWEST, HIGHEST = 0.5, 0.86


def racer_colour(shown: Sequence[str], dark: bool, **options: Any) -> alt.Color:
    """A racer's colour, whoever else runs; the legend has those that do."""
    options.setdefault("legend", alt.Legend(values=list(shown), columns=COLUMNS))
    return by_name(alt.Color, "run", NAMES, RUN_COLOURS[dark][: len(NAMES)], **options)


def racer_shape(shown: Sequence[str], **options: Any) -> alt.Shape:
    """A racer's mark."""
    options.setdefault("legend", alt.Legend(values=list(shown), columns=COLUMNS))
    return by_name(alt.Shape, "run", NAMES, RUN_SHAPES[: len(NAMES)], **options)


def _along(axis: str, epochs: int) -> alt.X:
    if axis == "epochs":
        return axes.counts(alt.X, "x", (min(1, epochs - 1), epochs), "epoch")
    title = "seconds of this run's gradient steps"
    return axes.axis(alt.X, "x", title, alt.Scale(zero=True), tickCount=6, grid=False)


@specification
def race_spec(shown: tuple[str, ...], measure: str, axis: str, epochs: int, dark: bool) -> Any:
    """Training loss (solid) or validation accuracy (dashed) over epochs or seconds.

    Args:
        measure: `LOSS` or `ACCURACY`.
        axis: "epochs" or "seconds".
    """
    loss = measure == LOSS
    y = axes.accuracy(alt.Y, "value", "validation accuracy", format=".0%")
    if loss:
        y = axes.logarithmic(alt.Y, "value", "training loss", FITTED, tickCount=6, gridOpacity=0.4)
    value = tip("value", ".3f" if loss else marks.PERCENT)
    curve = marks.rows().encode(
        x=_along(axis, epochs),
        y=y,
        color=racer_colour(shown, dark),
        tooltip=["run:N", "epoch:Q", tip("seconds", ".2f"), value],
    )
    line = marks.line(curve, strokeDash=SOLID if loss else DASHED, clip=True)
    chart = alt.layer(line, marks.points(curve, racer_shape(shown)))
    return on_top(chart, RACE_HEIGHT, labelLimit=200, symbolSize=120)


def race_rows(runs: Sequence[Shown], measure: str, axis: str) -> Rows:
    """Rows for `race_spec`."""
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


@specification
def updates_spec(shown: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Update-to-weight ratio of a layer over the epochs, with the rule of thumb."""
    looks: dict[str, Any] = {"format": "~e", "tickCount": 5, "gridOpacity": 0.4}
    y = axes.logarithmic(alt.Y, "ratio", "‖ΔW‖ / ‖W‖ of a step", FITTED, **looks)
    curve = of_kind("curve").encode(
        x=axes.epochs(epochs),
        y=y,
        color=racer_colour(shown, dark),
        tooltip=["run:N", "epoch:Q", tip("ratio", ".2~e")],
    )
    label = marks.label(of_kind("healthy"), "run:N", align="left", dx=6, dy=-8, color=GREY)
    chart = alt.layer(
        marks.line(curve, clip=True),
        marks.points(curve, racer_shape(shown)),
        marks.rule("healthy", y=y),
        label.encode(x=alt.value(0), y=y),
    )
    return on_top(chart, PANEL_HEIGHT, labelLimit=200)


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


@specification
def sweep_spec(shown: tuple[str, ...], dark: bool) -> Any:
    """Validation accuracy of every racer at every rate; each row's best is framed."""
    rates = [number(rate) for rate in SWEPT_RATES]
    base = marks.rows().encode(
        x=alt.X("rate:O", title="learning rate η", sort=rates, axis=alt.Axis(labelAngle=0)),
        y=axes.names(alt.Y, "run", shown, labelLimit=160),
    )
    rate, accuracy = (
        alt.Tooltip("rate:N", title="η"),
        alt.Tooltip("label:N", title="validation accuracy"),
    )
    tooltip: marks.Tips = ["run:N", rate, accuracy, tip("loss", ".3f", "training loss")]
    scale = alt.Scale(domain=[LOWEST, HIGHEST], range=list(CELL_RAMP[dark]), clamp=True)
    colour = alt.Color("accuracy:Q", scale=scale, legend=None)
    full = f"datum.accuracy > {(LOWEST + HIGHEST) / 2}"
    chart = alt.layer(
        base.mark_rect(stroke=GREY, strokeWidth=0.3).encode(
            tooltip=tooltip,
            color=alt.condition("isValid(datum.accuracy)", colour, alt.value(CLEAR)),
        ),
        base.transform_filter("datum.best").mark_rect(
            filled=False, stroke=RUN_COLOURS[dark][0], strokeWidth=3
        ),
        marks.cell_text(base, "label:N", full, CELL_TEXT[dark]),
    )
    # The axis and its title take their part of the height.
    return chart.properties(height=ROW_HEIGHT * len(shown) + 80)


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
            accuracy = record.at_end("val_accuracy")
            row |= {"accuracy": accuracy, "label": f"{100 * accuracy:.1f}"}
            row["loss"] = record.at_end("train_crossentropy")
            if record.complete:
                tops[name] = max(tops.get(name, 0.0), accuracy)
        rows.append({**row, "name": name})
    for row in rows:
        row["best"] = row["accuracy"] is not None and row["accuracy"] == tops.get(row.pop("name"))
    return Rows(rows, columns=["run", "rate", "label", "accuracy", "loss", "best"])


@specification
def ravine_spec(shown: tuple[str, ...], dark: bool) -> Any:
    """Contours of the ravine, the minimum, and the paths."""
    looks: dict[str, Any] = {"grid": False, "tickCount": 5}
    x = axes.axis(alt.X, "x", "first parameter", axes.span(-ALONG, ALONG), **looks)
    y = axes.axis(alt.Y, "y", "second parameter", axes.span(-ACROSS, ACROSS), **looks)
    contours = of_kind("contour").encode(x=x, y=y, order="step:Q", detail="level:N")
    path = of_kind("path").encode(
        x=x,
        y=y,
        color=racer_colour(shown, dark),
        order="step:Q",
        tooltip=["run:N", "step:Q", tip("value", ".3~g", "f")],
    )
    goal = of_kind("minimum").mark_point(shape="cross", size=160, filled=True, color=GREY)
    chart = alt.layer(
        contours.mark_line(strokeWidth=1, color=GREY, opacity=0.55, clip=True),
        goal.encode(x=x, y=y),
        marks.line(path, strokeWidth=2, clip=True),
        marks.points(path, racer_shape(shown), size=40, clip=True),
    )
    return on_top(chart, CURVES_HEIGHT, labelLimit=200, symbolSize=120)


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


@specification
def descent_spec(shown: tuple[str, ...], dark: bool) -> Any:
    """f over the steps of each path, from the rows of the ravine."""
    scale = {"domain": [FLOOR, 100], "clamp": True}
    looks: dict[str, Any] = {"format": "~e", "tickCount": 5, "gridOpacity": 0.4}
    curve = of_kind("path").encode(
        x=axes.axis(alt.X, "step", "step", axes.span(0, STEPS), grid=False, tickCount=6),
        y=axes.logarithmic(alt.Y, "drawn", "f", scale, **looks),
        color=racer_colour(shown, dark, legend=None),
        tooltip=["run:N", "step:Q", tip("value", ".3~g")],
    )
    dots = curve.mark_point(size=26, filled=True).encode(shape=racer_shape(shown, legend=None))
    chart = alt.layer(marks.line(curve, strokeWidth=2), dots)
    return chart.properties(height=CURVES_HEIGHT)
