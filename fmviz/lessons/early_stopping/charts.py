"""Charts of the lesson on early stopping: the monitored curve, `wait` beneath it, every patience,
the three monitors, the weights at one epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Outcome, Rule, Shown, Stop
from fmviz.charts.style import DASHES, GREY, MIN_SPAN, PANEL_HEIGHT, RUN_COLOURS, SPLITS, Rows, bare
from fmviz.charts.weights import reach_of
from fmviz.run.measure import weight_density
from fmviz.run.record import RunRecord

# Solid beside each monitored value: the same of the training images, penalty included where the
# monitor has it.
TRAINING = {
    "val_loss": "train_crossentropy",
    "val_crossentropy": "train_crossentropy",
    "val_accuracy": "train_accuracy",
}
TITLES = {
    "val_loss": "loss",
    "val_crossentropy": "cross-entropy",
    "val_accuracy": "accuracy",
}
CURVE_HEIGHT = 370
SMALL_HEIGHT = 250
WAIT_HEIGHT = 135
# Charts that stand above each other share their x axis: room for the labels of y is fixed.
Y_ROOM = 48
TRAINED, SPARED = "trained", "spared"
PHASES = alt.Scale(domain=[TRAINED, SPARED], range=[1.0, 0.28])
KINDS = ["validation", "test"]
WHEN = ["before training", "at this epoch"]


def _epochs(epochs: int, title: str | None) -> alt.X:
    return alt.X(
        "epoch:Q",
        title=title,
        scale=alt.Scale(domain=[0.4, epochs + 0.6], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


def _amount(field: str, monitor: str) -> alt.Y:
    accuracy = monitor == "val_accuracy"
    return alt.Y(
        f"{field}:Q",
        title=TITLES[monitor],
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(
            format=".3~%" if accuracy else "~g", tickCount=6, minExtent=Y_ROOM, maxExtent=Y_ROOM
        ),
    )


@lru_cache(maxsize=64)
def monitor_spec(monitor: str, epochs: int, dark: bool, *, small: bool = False) -> dict[str, Any]:
    """The monitored value over the epochs, dashed, and the same of training, solid. Epochs that
    stopping spares are pale. Marked: improvements, the stop, the weights that come back.

    Args:
        small: one of several side by side, without a legend.
    """
    colour = RUN_COLOURS[dark][0]
    rises = monitor == "val_accuracy"
    base = alt.Chart(Rows({"kind": []}))
    x, y = _epochs(epochs, "epoch"), _amount("value", monitor)
    tooltip = [
        alt.Tooltip("split:N"),
        alt.Tooltip("epoch:Q"),
        alt.Tooltip("value:Q", format=".1%" if monitor == "val_accuracy" else ".4f"),
        alt.Tooltip("note:N"),
    ]
    phase = alt.Opacity("phase:N", scale=PHASES, legend=None)
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=None
        if small
        else alt.Legend(orient="top", symbolSize=400, symbolStrokeColor=colour),
    )
    lines = (
        base.transform_filter("datum.kind == 'curve'")
        .mark_line(strokeWidth=2.5, color=colour)
        .encode(x=x, y=y, strokeDash=dash, opacity=phase, tooltip=tooltip)
    )
    penalty = (
        base.transform_filter("datum.kind == 'penalty'")
        .mark_line(strokeWidth=2, color=GREY)
        .encode(x=x, y=y, tooltip=tooltip)
    )
    improved = (
        base.transform_filter("datum.kind == 'improved'")
        .mark_point(size=46, filled=True, color=colour, opacity=1)
        .encode(x=x, y=y, tooltip=tooltip)
    )
    kept = (
        base.transform_filter("datum.kind == 'kept'")
        .mark_point(size=260, strokeWidth=3, filled=False, color=colour, opacity=1)
        .encode(x=x, y=y, tooltip=tooltip)
    )
    rules = (
        base.transform_filter("datum.kind == 'stop'")
        .mark_rule(strokeWidth=2, color=colour)
        .encode(x=x, tooltip=[alt.Tooltip("note:N")])
    )
    scrubbed = (
        base.transform_filter("datum.kind == 'scrub'")
        .mark_rule(strokeWidth=1.5, strokeDash=[2, 3], color=GREY)
        .encode(x=x, tooltip=[alt.Tooltip("note:N")])
    )
    baseline = (
        base.transform_filter("datum.kind == 'baseline'")
        .mark_rule(strokeWidth=1.5, strokeDash=[2, 3], color=GREY)
        .encode(y=y, tooltip=[alt.Tooltip("note:N")])
    )
    frame = base.transform_filter("datum.kind == 'frame'").mark_point(opacity=0).encode(x=x, y=y)
    upper = alt.layer(lines, penalty, improved, kept, rules, scrubbed, baseline, frame)
    notes = [
        base.transform_filter(f"datum.kind == 'stop' && datum.side == '{side}'")
        .mark_text(
            align=side,
            dx=6 if side == "left" else -6,
            baseline="bottom" if rises else "top",
            fontSize=13,
        )
        .encode(
            x=x,
            # Where the curve is not: losses end low, accuracies high.
            y=alt.value("height" if rises else 0),
            text="note:N",
            color=alt.value(colour),
        )
        for side in ("left", "right")
    ]
    chart = alt.layer(upper, *notes)
    chart = chart.properties(height=SMALL_HEIGHT if small else CURVE_HEIGHT)
    return bare(chart.configure_legend(labelLimit=400))


def monitor_rows(
    record: RunRecord,
    rule: Rule,
    stop: Stop | None,
    kept: int,
    *,
    scrub: int | None = None,
    training: bool = True,
    penalty: bool = False,
) -> Rows:
    """Rows for `monitor_spec`.

    Args:
        scrub: an epoch to mark.
        training: whether to draw the same value of the training images.
        penalty: whether to draw the penalty beside a loss.
    """
    values = record.history[rule.monitor]
    beside = record.history[TRAINING[rule.monitor]]
    if rule.monitor == "val_loss":
        beside = beside + record.history["penalty"]
    stopped = None if stop is None else stop.stopped
    rows: list[dict[str, Any]] = []
    for split, curve in zip(SPLITS, (beside, values), strict=True):
        if split == "training" and not training:
            continue
        for epoch, value in enumerate(curve, start=1):
            common = {"kind": "curve", "split": split, "epoch": epoch, "value": value}
            if stopped is None or epoch <= stopped:
                rows.append({**common, "phase": TRAINED})
            # The last epoch that ran begins the pale stretch too, so that the line is whole.
            if stopped is not None and epoch >= stopped:
                rows.append({**common, "phase": SPARED})
    if stop is not None:
        rows += [
            _mark("improved", epoch, values[epoch - 1], "validation", "the best so far")
            for epoch in rule.improvements(record)
            if epoch <= len(stop.waits)
        ]
    if kept and stop is not None:
        rows.append(_mark("kept", kept, values[kept - 1], "validation", "these weights come back"))
    if stopped is not None:
        note = f"stops after epoch {stopped}"
        # Beside the rule, on the side that has more room.
        side = "left" if stopped - 1 < record.config.epochs / 2 else "right"
        rows.append({"kind": "stop", "epoch": stopped, "note": note, "side": side})
    if scrub is not None:
        rows.append({"kind": "scrub", "epoch": scrub, "note": f"epoch {scrub}"})
    if rule.baseline is not None and stop is not None:
        rows.append({"kind": "baseline", "value": rule.baseline, "note": "baseline"})
    if penalty:
        rows += [
            _mark("penalty", epoch, value, "penalty", "what the penalty adds to val_loss")
            for epoch, value in enumerate(record.history["penalty"], start=1)
        ]
    if rule.monitor == "val_accuracy" and len(values):
        middle = float(np.median(values))
        rows += [
            {"kind": "frame", "epoch": 1, "value": middle + side * MIN_SPAN / 2} for side in (-1, 1)
        ]
    columns = ["kind", "split", "epoch", "value", "phase", "note", "side"]
    return Rows(rows, columns=columns)


def _mark(kind: str, epoch: int, value: float, split: str, note: str) -> dict[str, Any]:
    return {"kind": kind, "epoch": epoch, "value": value, "split": split, "note": note}


@lru_cache(maxsize=64)
def wait_spec(epochs: int, dark: bool) -> dict[str, Any]:
    """`wait` after each epoch that ran, against patience."""
    colour = RUN_COLOURS[dark][0]
    base = alt.Chart(Rows({"kind": []}))
    x = _epochs(epochs, None)
    y = alt.Y(
        "wait:Q",
        title="wait",
        scale=alt.Scale(zero=True, nice=False),
        axis=alt.Axis(tickCount=4, tickMinStep=1, format="d", minExtent=Y_ROOM, maxExtent=Y_ROOM),
    )
    bars = (
        base.transform_filter("datum.kind == 'wait'")
        .mark_bar(width=5)
        .encode(
            x=x,
            y=y,
            color=alt.condition("datum.fires", alt.value(colour), alt.value(GREY)),
            tooltip=[alt.Tooltip("epoch:Q"), alt.Tooltip("wait:Q")],
        )
    )
    limit = (
        base.transform_filter("datum.kind == 'patience'")
        .mark_rule(strokeWidth=1.5, strokeDash=[4, 3], color=colour)
        .encode(y=y)
    )
    label = (
        base.transform_filter("datum.kind == 'patience'")
        .mark_text(align="right", baseline="bottom", dy=-4, fontSize=13, color=colour)
        .encode(x=x, y=y, text="note:N")
    )
    room = base.transform_filter("datum.kind == 'room'").mark_point(opacity=0).encode(x=x, y=y)
    return bare(alt.layer(bars, limit, label, room).properties(height=WAIT_HEIGHT))


def wait_rows(run: Shown, patience: int | None) -> Rows:
    """Rows for `wait_spec`; `wait` meets the line where training stops."""
    stop = run.stop
    rows: list[dict[str, Any]] = []
    if stop is not None and patience is not None:
        rows += [
            {
                "kind": "wait",
                "epoch": epoch,
                "wait": wait,
                "fires": epoch == stop.stopped,
            }
            for epoch, wait in enumerate(stop.waits, start=1)
        ]
        # Keras stops where wait ≥ patience after an epoch without improvement: not before 1.
        limit = max(patience, 1)
        epochs = run.record.config.epochs
        note = f"patience {patience}"
        rows.append({"kind": "patience", "wait": limit, "epoch": epochs, "note": note})
        top = max(limit, *stop.waits, 1) if stop.waits else limit
        rows.append({"kind": "room", "epoch": 1, "wait": 1.35 * top})
    return Rows(rows, columns=["kind", "epoch", "wait", "fires", "note"])


def _patience(epochs: int, title: str | None) -> alt.X:
    return alt.X(
        "patience:Q",
        title=title,
        scale=alt.Scale(domain=[-0.6, epochs + 0.6], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


@lru_cache(maxsize=64)
def patience_spec(epochs: int, test: bool, dark: bool) -> dict[str, Any]:
    """Accuracy of the weights handed back, ± one standard error, under each patience.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    base = alt.Chart(Rows({"kind": []}))
    x = _patience(epochs, None)
    axis = alt.Axis(format=".3~%", tickCount=5, minExtent=Y_ROOM, maxExtent=Y_ROOM)
    y = alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(zero=False, nice=True), axis=axis)
    scale = alt.Scale(domain=KINDS, range=[RUN_COLOURS[dark][0], GREY])
    legend = alt.Legend(orient="top", symbolSize=120) if test else None
    colour = alt.Color("split:N", scale=scale, title=None, legend=legend)
    shapes = alt.Scale(domain=KINDS, range=["circle", "diamond"])
    shape = alt.Shape("split:N", scale=shapes, title=None, legend=legend)
    tooltip = [
        alt.Tooltip("patience:Q"),
        alt.Tooltip("split:N"),
        alt.Tooltip("label:N", title="accuracy"),
        alt.Tooltip("weights:Q", title="weights of epoch"),
    ]
    outcome = base.transform_filter("datum.kind == 'outcome'")
    errors = outcome.mark_rule(strokeWidth=1.5, opacity=0.45).encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour
    )
    points = outcome.mark_point(size=46, filled=True, opacity=1).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=tooltip
    )
    here = base.transform_filter("datum.kind == 'here'").mark_rule(
        strokeWidth=1.5, strokeDash=[2, 3], color=GREY
    )
    frame = base.transform_filter("datum.kind == 'frame'").mark_point(opacity=0).encode(x=x, y=y)
    chart = alt.layer(errors, points, here.encode(x=x), frame).properties(height=PANEL_HEIGHT)
    return bare(chart)


@lru_cache(maxsize=64)
def cost_spec(epochs: int, dark: bool) -> dict[str, Any]:
    """Epochs trained under each patience, and the epoch whose weights come back."""
    base = alt.Chart(Rows({"kind": []}))
    colour = RUN_COLOURS[dark][0]
    x = _patience(epochs, "patience")
    y = alt.Y(
        "trained:Q",
        title="epoch",
        scale=alt.Scale(domain=[0, epochs], nice=False),
        axis=alt.Axis(tickCount=4, format="d", minExtent=Y_ROOM, maxExtent=Y_ROOM),
    )
    tooltip = [
        alt.Tooltip("patience:Q"),
        alt.Tooltip("trained:Q", title="epochs trained"),
        alt.Tooltip("weights:Q", title="weights of epoch"),
    ]
    cost = base.transform_filter("datum.kind == 'outcome' && datum.split == 'validation'")
    bars = cost.mark_bar(width=5, color=GREY, opacity=0.7).encode(x=x, y=y, tooltip=tooltip)
    weights = cost.mark_point(size=46, filled=True, opacity=1, color=colour).encode(
        x=x, y=alt.Y("weights:Q"), tooltip=tooltip
    )
    here = (
        base.transform_filter("datum.kind == 'here'")
        .mark_rule(strokeWidth=1.5, strokeDash=[2, 3], color=GREY)
        .encode(x=x)
    )
    return bare(alt.layer(bars, weights, here).properties(height=200))


def patience_rows(found: Sequence[Outcome], patience: int | None, test: bool) -> Rows:
    """Rows for `patience_spec` and `cost_spec`.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    rows: list[dict[str, Any]] = []
    for outcome in found:
        kinds = {"validation": outcome.val_accuracy}
        if test:
            kinds["test"] = outcome.test_accuracy
        for split, accuracy in kinds.items():
            rows.append(
                {
                    "kind": "outcome",
                    "patience": outcome.patience,
                    "split": split,
                    "accuracy": accuracy.value,
                    "low": accuracy.value - accuracy.error,
                    "high": accuracy.value + accuracy.error,
                    "label": f"{100 * accuracy.value:.1f} ± {100 * accuracy.error:.1f}%",
                    "trained": outcome.trained,
                    "weights": outcome.kept,
                }
            )
    if rows:
        middle = float(np.median([row["accuracy"] for row in rows]))
        rows += [
            {"kind": "frame", "patience": 0, "accuracy": middle + side * MIN_SPAN / 2}
            for side in (-1, 1)
        ]
    if patience is not None:
        rows.append({"kind": "here", "patience": patience})
    columns = [
        *("kind", "patience", "split", "accuracy", "low", "high", "label", "trained", "weights")
    ]
    return Rows(rows, columns=columns)


@lru_cache(maxsize=64)
def weights_spec(dark: bool) -> dict[str, Any]:
    """Density of the first layer's weights: as they start, and at one epoch."""
    base = alt.Chart(Rows({"when": []}))
    colour = alt.Color(
        "when:N",
        scale=alt.Scale(domain=WHEN, range=[GREY, RUN_COLOURS[dark][0]]),
        title=None,
        legend=alt.Legend(orient="top", symbolType="stroke", symbolSize=300),
    )
    dashes = alt.Scale(domain=WHEN, range=[[2, 2], [1, 0]])
    chart = base.mark_line(strokeWidth=2.2, interpolate="step-after", clip=True).encode(
        x=alt.X(
            "w:Q",
            title="weight w of the first layer",
            scale=alt.Scale(nice=False, zero=False),
            axis=alt.Axis(grid=False, tickCount=7),
        ),
        y=alt.Y("density:Q", title="density", axis=alt.Axis(tickCount=4)),
        color=colour,
        strokeDash=alt.StrokeDash("when:N", scale=dashes, title=None),
    )
    return bare(chart.properties(height=PANEL_HEIGHT))


def weights_rows(record: RunRecord, epoch: int) -> Rows:
    """Rows for `weights_spec`, over the range that holds all but a thousandth of the weights at
    every epoch, so that the axis stands still while the epoch moves."""
    name = "weight_histogram"
    all_counts = np.concatenate([record.start_layers[name][:1], record.layers[name][:, 0]])
    reach = max(reach_of(counts, 0.999) for counts in all_counts)
    rows: list[dict[str, Any]] = []
    for when, at in zip(WHEN, (0, epoch), strict=True):
        edges, density = weight_density(record.layers_at(name, at)[0], reach / 40)
        heights = [0.0, *density.tolist(), 0.0]
        starts = [-reach, *edges.tolist()]
        rows += [
            {"when": when, "w": float(w), "density": height}
            for w, height in zip(starts, heights)
            if -reach <= w <= reach
        ]
    return Rows(rows, columns=["when", "w", "density"])
