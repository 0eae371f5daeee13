"""Charts of the lesson on schedules: the rate and the loss, the race, the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, ends, film, marks, series
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import run_colour, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHED,
    GREY,
    LABEL_SIZE,
    PANEL_HEIGHT,
    RUN_COLOURS,
    RUN_SHAPES,
    SPLITS,
)
from fmviz.lessons.schedules.lesson import CONSTANT, LABELS, SCHEDULED
from fmviz.lessons.schedules.says import fired
from fmviz.lessons.schedules.valley import epochs_at, rates_of
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.record import RunRecord
from fmviz.words.numbers import percent, points, significant

# The rate and the valley below it, as high as the picture and its player.
RATE_HEIGHT = 385
LOSS_HEIGHT = CURVES_HEIGHT
# So many points a curve are as good as all steps.
POINTS = 400
# A logarithmic axis has no zero: what is less is drawn here.
LEAST_LOSS = 1e-6
ROLES = (CONSTANT, SCHEDULED)
NAMES = tuple(LABELS.values())


@specification
def rate_spec(roles: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """The learning rate at every step, in epochs."""
    scale = alt.Scale(zero=True, nice=True)
    curve = marks.rows().encode(
        x=axes.epochs(epochs, first=0, title=None),
        y=axes.axis(alt.Y, "rate", "learning rate", scale, tickCount=4, format="~g"),
        # Beside the loss, which names the runs of both.
        color=run_colour(roles, dark, legend=None),
        tooltip=["run:N", "step:Q", tip("rate", ".3~g")],
    )
    return marks.line(curve, interpolate="step-after").properties(height=RATE_HEIGHT)


def rate_rows(runs: Sequence[Shown], configs: Mapping[str, RunConfig]) -> Rows:
    """Rows for `rate_spec`: of a schedule all that is to come, too; of a plateau what was.

    Args:
        configs: role → the run, of all that the page asked for.
    """
    records = {run.name: run.record for run in runs}
    rows: list[dict[str, Any]] = []
    for role, config in configs.items():
        rates = rates_of(config, records.get(role))
        steps = np.arange(0, len(rates), max(1, len(rates) // POINTS))
        epochs = epochs_at(config, steps)
        rows += [
            {"run": role, "step": int(i), "epoch": float(epoch), "rate": float(rates[i])}
            for i, epoch in zip(steps, epochs, strict=True)
        ]
        end = {"run": role, "step": len(rates), "epoch": float(epochs_at(config, [len(rates)])[0])}
        rows.append({**end, "rate": float(rates[-1])})
    return Rows(rows, columns=["run", "step", "epoch", "rate"])


@specification
def loss_spec(roles: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Cross-entropy after each epoch, training solid, validation dashed; a plateau's cuts."""
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=ends.room((0, epochs)),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False, labelFlush=False),
    )
    colour = run_colour(roles, dark, legend=None)
    scale = {"nice": False, "padding": 8}
    looks: dict[str, Any] = {"tickCount": 6, "format": "~g", "gridOpacity": 0.4}
    y = axes.logarithmic(alt.Y, "loss", "cross-entropy", scale, **looks)
    curve = of_kind("curve").encode(
        x=x,
        y=y,
        color=colour,
        tooltip=["run:N", "split:N", "epoch:Q", tip("loss", ".3f")],
    )
    shapes = alt.Scale(domain=list(roles), range=RUN_SHAPES[: len(roles)])
    chart = alt.layer(
        marks.line(curve).encode(strokeDash=split_dash(None)),
        marks.points(curve, alt.Shape("run:N", scale=shapes, legend=None)),
        marks.rule("cut", color=None, x=x).encode(color=colour, tooltip=["label:N"]),
        marks.rule("branch", x=x),
        ends.labels(x, y, colour),
    )
    return chart.properties(height=LOSS_HEIGHT)


def loss_reel(runs: Sequence[Shown], horizon: int) -> film.Reel:
    """The same as a picture that moves. Validation accuracy, which the lesson's question and its
    verdict are about, stands beside the loss of each run's validation."""
    drawn = film.both_splits(runs, "crossentropy", significant, least=LEAST_LOSS)
    for line in drawn:
        if line["name"] == SPLITS[1]:
            shares = runs[line["run"]].record.history["val_accuracy"]
            told = [f"{loss}, {percent(share)}" for loss, share in zip(line["labels"][1:], shares)]
            line["labels"] = ["", *told]
    return film.lines(drawn, horizon, keys=film.legend(runs), kind="log", title="cross-entropy")


def loss_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `loss_spec`."""
    rows: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    for run in runs:
        curves = series.over_epochs(run.name, run.record, "crossentropy", "loss", LEAST_LOSS)
        rows += [{"kind": "curve", **row} for row in curves]
        of_split = {row["split"]: row for row in curves}
        last += [{**row, **ends.named(run.name, split)} for split, row in of_split.items()]
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
    seen = [row["loss"] for row in rows if row["kind"] == "curve"]
    rows += ends.logarithmic_rows(last, "loss", seen, LOSS_HEIGHT - ends.BARE)
    rows += series.branch_rows(runs)
    return Rows(rows, columns=["kind", "run", "split", "epoch", "loss", "label", "short"])


@specification
def race_spec(present: str, dark: bool) -> Any:
    """Final validation accuracy of every schedule with its error, the best on top; the constant
    rate and the page's schedule in their colours."""
    shown = [LABELS["constant"], *([LABELS[present]] if present != "constant" else [])]
    colours = dict(zip(shown, RUN_COLOURS[dark]))
    scale = alt.Scale(domain=list(NAMES), range=[colours.get(name, GREY) for name in NAMES])
    colour = alt.Color("run:N", scale=scale, legend=None)
    y = alt.Y(
        "run:N",
        title=None,
        sort=alt.SortField("place"),
        axis=alt.Axis(labelLimit=190, labelFlush=False),
    )
    # Whole on a telephone too.
    title = "validation accuracy at the end"
    label = alt.Tooltip("label:N", title="validation accuracy, %")
    known = marks.rows("isValid(datum.accuracy)").encode(color=colour)
    missing = marks.rows("!isValid(datum.accuracy)").mark_text(
        align="left", fontSize=LABEL_SIZE, color=GREY
    )
    dots = known.mark_point(size=130, filled=True, opacity=1)
    chart = alt.layer(
        marks.whiskers(known, y=y),
        dots.encode(
            x=axes.accuracy(alt.X, title=title, scale={"padding": 12}),
            y=y,
            tooltip=["run:N", label, tip("loss", ".3f", "training loss")],
        ),
        missing.encode(x=alt.value(8), y=y, text="label:N"),
    )
    return chart.properties(height=PANEL_HEIGHT + 60)


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
            row |= series.with_error(estimate) | {"label": points(estimate)}
            row["loss"] = record.at_end("train_crossentropy")
        rows.append(row)
    rows.sort(key=lambda row: -(row["accuracy"] or 0.0))
    columns = ["run", "label", "accuracy", "low", "high", "loss", "place"]
    return Rows([{**row, "place": i} for i, row in enumerate(rows)], columns=columns)


def _estimate(record: RunRecord) -> Estimate:
    share = record.at_end("val_accuracy")
    return accuracy(share, record.examples["validation"])


@specification
def sweep_spec(roles: tuple[str, ...], dark: bool) -> Any:
    """Final validation accuracy against η, without and with the schedule; diverged runs hang
    from the top."""
    scale, colour = {"nice": False, "padding": 14}, run_colour(roles, dark)
    title = "learning rate η"
    x = axes.logarithmic(alt.X, "rate", title, scale, format="~g", grid=False, tickCount=6)
    y = axes.accuracy(alt.Y, title="validation accuracy")
    label = alt.Tooltip("label:N", title="validation accuracy, %")
    known = marks.rows("isValid(datum.accuracy)").encode(color=colour)
    lost = marks.rows("datum.label == 'diverged'").mark_text(
        text="✕ diverged", angle=90, align="left", fontSize=LABEL_SIZE
    )
    curve = known.encode(x=x, y=y)
    dots = marks.points(curve, run_shape(roles), size=90, opacity=1)
    chart = alt.layer(
        marks.line(curve, strokeDash=DASHED),
        marks.whiskers(known, x=x),
        dots.encode(tooltip=["run:N", tip("rate", "~g", "η"), label]),
        lost.encode(x=x, y=alt.value(6), color=colour),
    )
    return on_top(chart, PANEL_HEIGHT + 60, labelLimit=300)


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
            row |= series.with_error(estimate) | {"label": points(estimate)}
        rows.append(row)
    return Rows(rows, columns=["run", "rate", "label", "accuracy", "low", "high"])
