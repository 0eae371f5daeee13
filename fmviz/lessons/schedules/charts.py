"""Charts of the lesson on schedules: the rate above the loss, the race, the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    DASHES,
    GREY,
    PANEL_HEIGHT,
    RUN_COLOURS,
    RUN_SHAPES,
    SPLITS,
    Rows,
    bare,
    run_colour,
    run_shape,
)
from fmviz.lessons.schedules.lesson import CONSTANT, LABELS, SCHEDULED
from fmviz.lessons.schedules.says import fired
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.record import RunRecord
from fmviz.theory import schedules
from fmviz.words.numbers import points

RATE_HEIGHT = 170
LOSS_HEIGHT = 300
# The same room for the labels of both y axes: one chart stands exactly above the other.
ROOM = 58
# So many points a curve are as good as all steps.
POINTS = 400
ROLES = (CONSTANT, SCHEDULED)
NAMES = tuple(LABELS.values())


def _epochs(epochs: int, title: str | None) -> alt.X:
    return alt.X(
        "epoch:Q",
        title=title,
        scale=alt.Scale(domain=[0, epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


@lru_cache(maxsize=64)
def rate_spec(roles: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """The learning rate at every step, in epochs."""
    base = alt.Chart(Rows({"run": []}))
    lines = base.mark_line(strokeWidth=2.5, clip=True, interpolate="step-after").encode(
        x=_epochs(epochs, None),
        y=alt.Y(
            "rate:Q",
            title="learning rate",
            scale=alt.Scale(zero=True, nice=True),
            axis=alt.Axis(tickCount=4, format="~g", minExtent=ROOM, maxExtent=ROOM),
        ),
        color=run_colour(roles, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("step:Q"),
            alt.Tooltip("rate:Q", format=".3~g"),
        ],
    )
    chart = lines.properties(height=RATE_HEIGHT)
    return bare(chart.configure_legend(orient="top", labelLimit=300, symbolStrokeWidth=2.5))


def rate_rows(runs: Sequence[Shown], configs: Mapping[str, Any]) -> Rows:
    """Rows for `rate_spec`: of a schedule all that is to come, too; of a plateau what was.

    Args:
        configs: role → the run, of all that the page asked for.
    """
    records = {run.name: run.record for run in runs}
    rows: list[dict[str, Any]] = []
    for role, config in configs.items():
        per_epoch = config.steps_per_epoch
        if config.schedule == "plateau":
            record = records.get(role)
            known = record.history["learning_rate"] if record is not None else np.empty(0)
            rates = np.repeat(known, per_epoch) if len(known) else np.array([config.learning_rate])
        else:
            rates = schedules.learning_rates(config)
        steps = range(0, len(rates), max(1, len(rates) // POINTS))
        rows += [
            {"run": role, "step": i, "epoch": i / per_epoch, "rate": float(rates[i])} for i in steps
        ]
        end = {"run": role, "step": len(rates), "epoch": len(rates) / per_epoch}
        rows.append({**end, "rate": float(rates[-1])})
    return Rows(rows, columns=["run", "step", "epoch", "rate"])


@lru_cache(maxsize=64)
def loss_spec(roles: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Cross-entropy after each epoch, training solid, validation dashed; a plateau's cuts."""
    base = alt.Chart(Rows({"kind": []}))
    x = _epochs(epochs, "epoch")
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x,
        y=alt.Y(
            "loss:Q",
            title="cross-entropy",
            scale=alt.Scale(type="log", nice=False, padding=8),
            axis=alt.Axis(
                tickCount=6, format="~g", gridOpacity=0.4, minExtent=ROOM, maxExtent=ROOM
            ),
        ),
        color=run_colour(roles, dark, legend=None),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("loss:Q", format=".3f"),
        ],
    )
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=alt.Legend(orient="bottom", symbolSize=400),
    )
    shape = alt.Shape(
        "run:N",
        scale=alt.Scale(domain=list(roles), range=RUN_SHAPES[: len(roles)]),
        legend=None,
    )
    cuts = (
        base.transform_filter("datum.kind == 'cut'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5)
        .encode(x=x, color=run_colour(roles, dark, legend=None), tooltip=[alt.Tooltip("label:N")])
    )
    chart = alt.layer(
        curve.mark_line(strokeWidth=2.5, clip=True).encode(strokeDash=dash),
        curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=shape),
        cuts,
    )
    return bare(chart.properties(height=LOSS_HEIGHT))


def loss_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `loss_spec`, epochs counted from 1."""
    rows: list[dict[str, Any]] = []
    for run in runs:
        for split, name in zip(SPLITS, ("train_crossentropy", "val_crossentropy"), strict=True):
            rows += [
                {
                    "kind": "curve",
                    "run": run.name,
                    "split": split,
                    "epoch": float(epoch),
                    "loss": max(float(value), 1e-6),
                }
                for epoch, value in enumerate(run.record.history[name], start=1)
            ]
        if run.record.config.schedule == "plateau":
            rows += [
                {
                    "kind": "cut",
                    "run": run.name,
                    "epoch": float(epoch),
                    "label": f"rate cut after epoch {epoch}",
                }
                for epoch in fired(run.record)
            ]
    return Rows(rows, columns=["kind", "run", "split", "epoch", "loss", "label"])


@lru_cache(maxsize=32)
def race_spec(present: str, dark: bool) -> dict[str, Any]:
    """Final validation accuracy of every schedule with its error, the best on top; the constant
    rate and the page's schedule in their colours."""
    base = alt.Chart(Rows({"run": []}))
    y = alt.Y("run:N", title=None, sort=alt.SortField("place"), axis=alt.Axis(labelLimit=190))
    own = [LABELS["constant"], *([LABELS[present]] if present != "constant" else [])]
    colours = dict(zip(own, RUN_COLOURS[dark]))
    colour = alt.Color(
        "run:N",
        scale=alt.Scale(domain=list(NAMES), range=[colours.get(name, GREY) for name in NAMES]),
        legend=None,
    )
    x = alt.X(
        "accuracy:Q",
        title="validation accuracy after the last epoch",
        scale=alt.Scale(zero=False, nice=True, padding=12),
        axis=alt.Axis(format=".3~%", tickCount=6),
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("label:N", title="validation accuracy, %"),
        alt.Tooltip("loss:Q", format=".3f", title="training loss"),
    ]
    known = base.transform_filter("isValid(datum.accuracy)")
    errors = known.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    dots = known.mark_point(size=130, filled=True, opacity=1).encode(
        x=x, y=y, color=colour, tooltip=tooltip
    )
    missing = (
        base.transform_filter("!isValid(datum.accuracy)")
        .mark_text(align="left", fontSize=13, color=GREY)
        .encode(x=alt.value(8), y=y, text="label:N")
    )
    return bare(alt.layer(errors, dots, missing).properties(height=PANEL_HEIGHT + 60))


def race_rows(records: Mapping[str, RunRecord | None]) -> Rows:
    """Rows for `race_spec`: those still to come and those that diverged say so."""
    rows: list[dict[str, Any]] = []
    for name, record in records.items():
        row: dict[str, Any] = {"run": LABELS[name], "label": "…", "accuracy": None}
        row |= {"low": None, "high": None, "loss": None}
        if record is not None and record.diverged is not None:
            row["label"] = "diverged"
        elif record is not None and record.epochs:
            estimate = _estimate(record)
            row |= {"accuracy": estimate.value, "label": points(estimate)}
            row |= {"low": estimate.value - estimate.error, "high": estimate.value + estimate.error}
            row["loss"] = float(record.history["train_crossentropy"][-1])
        rows.append(row)
    rows.sort(key=lambda row: -(row["accuracy"] or 0.0))
    columns = ["run", "label", "accuracy", "low", "high", "loss", "place"]
    return Rows([{**row, "place": i} for i, row in enumerate(rows)], columns=columns)


def _estimate(record: RunRecord) -> Estimate:
    share = float(record.history["val_accuracy"][-1])
    return accuracy(share, record.examples["validation"])


@lru_cache(maxsize=32)
def sweep_spec(roles: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Final validation accuracy against η, without and with the schedule; diverged runs hang
    from the top."""
    base = alt.Chart(Rows({"run": []}))
    x = alt.X(
        "rate:Q",
        title="learning rate η",
        scale=alt.Scale(type="log", nice=False, padding=14),
        axis=alt.Axis(format="~g", grid=False, tickCount=6),
    )
    y = alt.Y(
        "accuracy:Q",
        title="validation accuracy",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(format=".3~%", tickCount=6),
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("rate:Q", format="~g", title="η"),
        alt.Tooltip("label:N", title="validation accuracy, %"),
    ]
    known = base.transform_filter("isValid(datum.accuracy)")
    colour = run_colour(roles, dark)
    chart = alt.layer(
        known.mark_line(strokeWidth=2.5, strokeDash=DASHES[1]).encode(x=x, y=y, color=colour),
        known.mark_rule(strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        known.mark_point(size=90, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=run_shape(roles), tooltip=tooltip
        ),
        base.transform_filter("datum.label == 'diverged'")
        .mark_text(text="✕ diverged", angle=90, align="left", fontSize=13)
        .encode(x=x, y=alt.value(6), color=colour),
    )
    return bare(
        chart.properties(height=PANEL_HEIGHT + 60).configure_legend(orient="top", labelLimit=300)
    )


def sweep_rows(records: Mapping[tuple[str, float], RunRecord | None]) -> Rows:
    """Rows for `sweep_spec`."""
    rows: list[dict[str, Any]] = []
    for (role, rate), record in records.items():
        row: dict[str, Any] = {"run": role, "rate": rate, "label": "…", "accuracy": None}
        row |= {"low": None, "high": None}
        if record is not None and record.diverged is not None:
            row["label"] = "diverged"
        elif record is not None and record.epochs:
            estimate = _estimate(record)
            row |= {"accuracy": estimate.value, "label": points(estimate)}
            row |= {"low": estimate.value - estimate.error, "high": estimate.value + estimate.error}
        rows.append(row)
    return Rows(rows, columns=["run", "rate", "label", "accuracy", "low", "high"])
