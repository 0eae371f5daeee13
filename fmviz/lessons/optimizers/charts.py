"""Charts of the lesson on optimizers: race, update ratio, sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, ends, film, marks, series
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
    MIN_SPAN,
    PANEL_HEIGHT,
    RUN_COLOURS,
    RUN_SHAPES,
    SOLID,
)
from fmviz.lessons.optimizers.lesson import LABELS, SWEPT_RATES
from fmviz.page.lesson import BRANCHED
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words.numbers import percent, significant

# A racer that branches has its place after all of them.
NAMES = (*LABELS.values(), BRANCHED)
# What the two curves of a race show: column of the history → axis title, dash, whether logarithmic.
LOSS, ACCURACY = "train_crossentropy", "val_accuracy"
RACE_HEIGHT = CURVES_HEIGHT
# Of a legend, so that it fits half of the page.
COLUMNS = 2
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
        looks: dict[str, Any] = {"tickMinStep": 1, "format": "d"}
        title, scale = "epoch", ends.room((min(1, epochs - 1), epochs))
    else:
        looks, title, scale = {"tickCount": 6}, "seconds of this run's gradient steps", ends.room()
    return axes.axis(alt.X, "x", title, scale, grid=False, **looks)


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
    x = _along(axis, epochs)
    colour = racer_colour(shown, dark, legend=None)
    curve = of_kind("curve").encode(
        x=x,
        y=y,
        color=colour,
        tooltip=["run:N", "epoch:Q", tip("seconds", ".2f"), value],
    )
    line = marks.line(curve, strokeDash=SOLID if loss else DASHED)
    points = marks.points(curve, racer_shape(shown, legend=None))
    rule = [marks.rule("branch", x=x)] * (axis == "epochs")
    chart = alt.layer(line, points, *rule, ends.labels(x, y, colour))
    return chart.properties(height=RACE_HEIGHT)


def race_reel(runs: Sequence[Shown], measure: str, horizon: int) -> film.Reel:
    """The same over the epochs, as a picture that moves."""
    loss = measure == LOSS
    drawn = [
        film.line(
            index,
            run.record.history[measure],
            significant if loss else percent,
            dash="solid" if loss else "dashed",
            least=1e-6 if loss else 0.0,
        )
        for index, run in enumerate(runs)
    ]
    keys = film.legend(runs, splits=False)
    title, kind = ("training loss", "log") if loss else ("validation accuracy", "share")
    reel = film.lines(drawn, horizon, keys=keys, title=title, kind=kind)
    return reel | {"height": RACE_HEIGHT}


# The place of each racer among all, by the name that it races under.
PLACES = {name: place for place, name in enumerate(NAMES)}


def race_rows(runs: Sequence[Shown], measure: str, axis: str) -> Rows:
    """Rows for `race_spec`."""
    rows: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    for run in runs:
        seconds = run.record.history["seconds"]
        for epoch, value in enumerate(run.record.history[measure], start=1):
            spent = float(seconds[epoch - 1])
            x = epoch if axis == "epochs" else spent
            # A loss of exactly 0 has no place on a logarithmic axis.
            shown = max(float(value), 1e-6) if measure == LOSS else float(value)
            row = {"run": run.name, "epoch": epoch, "seconds": spent, "x": x, "value": shown}
            rows.append({"kind": "curve", **row})
        if run.record.epochs:
            last.append({**row, "label": run.name, "short": run.name})
    seen, pixels = [row["value"] for row in rows], RACE_HEIGHT - ends.BARE
    if measure == LOSS:
        rows += ends.logarithmic_rows(last, "value", seen, pixels)
    elif seen:
        # The axis goes on to round numbers, a little further than what is seen.
        least = 1.2 * ends.BETWEEN * max(max(seen) - min(seen), MIN_SPAN) / pixels
        rows += ends.rows(last, "value", least, max(seen) + least)
    rows += series.branch_rows(runs)
    columns = ["kind", "run", "epoch", "seconds", "x", "value", "label", "short"]
    return Rows(rows, columns=columns)


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
        marks.line(curve),
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
