"""Charts of the lesson on early stopping: the monitored curve, `wait` beneath it, every patience,
the three monitors, the weights at one epoch.

Long because the first of them stands twice: as a chart, and as the reels that lie over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Outcome, Rule, Shown, Stop
from fmviz.charts import axes, film, marks, series
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name, split_dash
from fmviz.charts.series import Row, Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import FINE, GREY, PANEL_HEIGHT, RUN_COLOURS, SOLID, SPLITS
from fmviz.charts.weights import reach_of
from fmviz.run.measure import weight_density
from fmviz.run.record import RunRecord
from fmviz.words.numbers import percent, points

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
# One above the other they are as high as other pages' main picture.
CURVE_HEIGHT = 236
SMALL_HEIGHT = 250
WAIT_HEIGHT = 92
# Charts that stand above each other share their x axis: room for the labels of y is fixed.
Y_ROOM = axes.room(48)
TRAINED, NOT_RUN = "trained", "not run"
# How opaque what would not have been trained is.
PALE = 0.28
KINDS = ["validation", "test"]
WHEN = ["before training", "at this epoch"]


def _epochs(epochs: int, title: str | None) -> alt.X:
    return axes.counts(alt.X, "epoch", (0.4, epochs + 0.6), title)


def _value(monitor: str) -> alt.Y:
    if monitor == "val_accuracy":
        return axes.accuracy(alt.Y, "value", **Y_ROOM)
    scale = alt.Scale(zero=False, nice=True)
    return axes.axis(alt.Y, "value", TITLES[monitor], scale, format="~g", tickCount=6, **Y_ROOM)


@specification
def monitor_spec(monitor: str, epochs: int, dark: bool, *, small: bool = False) -> Any:
    """The monitored value over the epochs, dashed, and the same of training, solid. Epochs that
    would not have been trained are pale. Marked: improvements, the stop, the weights kept.

    Args:
        small: one of several side by side, without a legend.
    """
    colour = RUN_COLOURS[dark][0]
    x, y = _epochs(epochs, "epoch"), _value(monitor)
    value = tip("value", marks.PERCENT if monitor == "val_accuracy" else ".4f")
    place: dict[str, Any] = {"x": x, "y": y, "tooltip": ["split:N", "epoch:Q", value, "note:N"]}
    curve = marks.line(of_kind("curve"), color=colour).encode(
        strokeDash=split_dash(None if small else "top", symbolStrokeColor=colour),
        opacity=alt.condition(f"datum.phase == '{TRAINED}'", alt.value(1.0), alt.value(PALE)),
        detail="phase:N",
        **place,
    )
    dots: dict[str, Any] = {"color": colour, "opacity": 1}
    chart = alt.layer(
        curve,
        of_kind("penalty").mark_line(strokeWidth=2, color=GREY).encode(**place),
        of_kind("improved").mark_point(size=46, filled=True, **dots).encode(**place),
        marks.ring(of_kind("kept"), size=260, strokeWidth=3, **dots).encode(**place),
        of_kind("stop").mark_rule(strokeWidth=2, color=colour).encode(x=x, tooltip=["note:N"]),
        marks.rule("scrub", x=x, tooltip=["note:N"]),
        marks.rule("baseline", y=y, tooltip=["note:N"]),
        marks.frame(x, y),
    )
    chart = alt.layer(chart, *_stop_notes(x, monitor == "val_accuracy", colour))
    chart = chart.properties(height=SMALL_HEIGHT if small else CURVE_HEIGHT)
    return chart.configure_legend(labelLimit=400)


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
    rows = _curve_rows(record, rule, stop, training)
    if stop is not None:
        rows += _stop_rows(record, rule, stop, kept)
    if scrub is not None:
        rows.append({"kind": "scrub", "epoch": scrub, "note": f"epoch {scrub}"})
    if penalty:
        rows += [
            _mark("penalty", epoch, value, "penalty", "what the penalty adds to val_loss")
            for epoch, value in enumerate(record.history["penalty"], start=1)
        ]
    if rule.monitor == "val_accuracy" and len(values):
        rows += series.frame_rows(float(np.median(values)), "value", epoch=1)
    columns = ["kind", "split", "epoch", "value", "phase", "note", "side"]
    return Rows(rows, columns=columns)


# Beside the moving curve there is room for a figure, and beneath it for the word on `wait`.
FIGURE_ROOM = 84


def monitor_reel(run: Shown, rule: Rule, horizon: int) -> film.Reel:
    """The monitored value and the same of training as a picture that moves; improvements appear as
    the film reaches them."""
    record, share = run.record, rule.monitor == "val_accuracy"
    beside = record.history[TRAINING[rule.monitor]]
    if rule.monitor == "val_loss":
        beside = beside + record.history["penalty"]
    write = percent if share else _four_digits
    stopped = None if run.stop is None else run.stop.stopped
    drawn = [
        film.line(0, values, write, name=split, dash=film.SPLIT_DASHES[split], until=stopped)
        for split, values in zip(SPLITS, (beside, record.history[rule.monitor]), strict=True)
    ]
    drawn[0]["ringless"] = True
    keys = [film.key(split, 0, dash=dash) for split, dash in film.SPLIT_DASHES.items()]
    reel = film.lines(
        drawn, horizon, keys=keys, title=TITLES[rule.monitor], kind="share" if share else "number"
    )
    improved = [] if run.stop is None else rule.improvements(record)
    last = 0 if run.stop is None else len(run.stop.waits)
    reel["events"] = [{"line": 1, "epoch": epoch} for epoch in improved if epoch <= last]
    if run.stop is not None:
        reel["level"] = rule.baseline
    looks = {"pad": 0.5, "right": FIGURE_ROOM, "named": False, "height": CURVE_HEIGHT}
    return reel | looks


def wait_reel(run: Shown, patience: int, horizon: int) -> film.Reel:
    """`wait` after each epoch that ran, counting up to patience, beneath `monitor_reel`."""
    if run.stop is None:
        raise ValueError("without early stopping nothing waits")
    limit = max(patience, 1)
    return {
        "values": list(run.stop.waits),
        "stopped": run.stop.stopped,
        "patience": limit,
        "top": 1.35 * max(limit, *run.stop.waits, 1),
        "note": f"patience {patience}",
        "horizon": horizon,
        "pad": 0.5,
        "right": FIGURE_ROOM,
        "height": WAIT_HEIGHT,
    }


def _four_digits(value: float) -> str:
    return f"{value:.4f}"


def _curve_rows(record: RunRecord, rule: Rule, stop: Stop | None, training: bool) -> list[Row]:
    """The monitored value and its like in training; what would not have run is another phase."""
    beside = record.history[TRAINING[rule.monitor]]
    if rule.monitor == "val_loss":
        beside = beside + record.history["penalty"]
    curves = dict(zip(SPLITS, (beside, record.history[rule.monitor]), strict=True))
    if not training:
        del curves["training"]
    stopped = None if stop is None else stop.stopped
    rows: list[Row] = []
    for split, curve in curves.items():
        for epoch, value in enumerate(curve, start=1):
            row = {"kind": "curve", "split": split, "epoch": epoch, "value": value}
            if stopped is None or epoch <= stopped:
                rows.append({**row, "phase": TRAINED})
            # The last epoch that ran begins the pale stretch too, so that the line is whole.
            if stopped is not None and epoch >= stopped:
                rows.append({**row, "phase": NOT_RUN})
    return rows


def _stop_rows(record: RunRecord, rule: Rule, stop: Stop, kept: int) -> list[Row]:
    """What the rule saw and did: improvements, the baseline, the stop, the weights kept."""
    values = record.history[rule.monitor]
    rows = [
        _mark("improved", epoch, values[epoch - 1], "validation", "the best so far")
        for epoch in rule.improvements(record)
        if epoch <= len(stop.waits)
    ]
    if kept:
        rows.append(_mark("kept", kept, values[kept - 1], "validation", "these weights are kept"))
    if stop.stopped is not None:
        note = f"stops after epoch {stop.stopped}"
        # Beside the rule, on the side that has more room.
        side = "left" if stop.stopped - 1 < record.config.epochs / 2 else "right"
        rows.append({"kind": "stop", "epoch": stop.stopped, "note": note, "side": side})
    if rule.baseline is not None:
        rows.append({"kind": "baseline", "value": rule.baseline, "note": "baseline"})
    return rows


def _mark(kind: str, epoch: int, value: float, split: str, note: str) -> Row:
    return {"kind": kind, "epoch": epoch, "value": value, "split": split, "note": note}


def _stop_notes(x: alt.X, rises: bool, colour: str) -> list[alt.Chart]:
    """What the rule of a stop says, on that side of it where there is more room and at that end
    where the curve is not: losses end low, accuracies high."""
    looks: dict[str, Any] = {"baseline": "bottom" if rises else "top"}
    place: dict[str, Any] = {"x": x, "y": alt.value("height" if rises else 0)}
    return [
        marks.label(
            marks.rows(f"datum.kind == 'stop' && datum.side == '{side}'"),
            "note:N",
            align=side,
            dx=dx,
            **looks,
        ).encode(color=alt.value(colour), **place)
        for side, dx in (("left", 6), ("right", -6))
    ]


@specification
def wait_spec(epochs: int, dark: bool) -> Any:
    """`wait` after each epoch that ran, against patience."""
    colour = RUN_COLOURS[dark][0]
    x, scale = _epochs(epochs, None), alt.Scale(zero=True, nice=False)
    y = axes.axis(alt.Y, "wait", "wait", scale, tickCount=4, tickMinStep=1, format="d", **Y_ROOM)
    bars = of_kind("wait").encode(
        color=alt.condition("datum.fires", alt.value(colour), alt.value(GREY)),
        tooltip=["epoch:Q", "wait:Q"],
    )
    note: dict[str, Any] = {"align": "right", "baseline": "bottom", "dy": -4, "color": colour}
    chart = alt.layer(
        bars.mark_bar(width=5).encode(x=x, y=y),
        marks.rule("patience", color=colour, dash=[4, 3], y=y),
        marks.label(of_kind("patience"), "note:N", **note).encode(x=x, y=y),
        of_kind("room").mark_point(opacity=0).encode(x=x, y=y),
    )
    return chart.properties(height=WAIT_HEIGHT)


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
    return axes.counts(alt.X, "patience", (-0.6, epochs + 0.6), title)


@specification
def patience_spec(epochs: int, test: bool, dark: bool) -> Any:
    """Accuracy of the weights handed back, ± one standard error, under each patience.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    x, y = _patience(epochs, None), axes.accuracy(alt.Y, ticks=5, **Y_ROOM)
    legend = alt.Legend(orient="top", symbolSize=120) if test else None
    colours = [RUN_COLOURS[dark][0], GREY]
    colour = by_name(alt.Color, "split", KINDS, colours, legend=legend)
    shape = by_name(alt.Shape, "split", KINDS, ["circle", "diamond"], legend=legend)
    accuracy = alt.Tooltip("label:N", title="accuracy")
    weights = tip("weights", title="weights of epoch")
    outcome = of_kind("outcome").encode(color=colour)
    points = outcome.encode(x=x, y=y, tooltip=["patience:Q", "split:N", accuracy, weights])
    chart = alt.layer(
        marks.whiskers(outcome, x=x, strokeWidth=1.5, opacity=0.45),
        marks.points(points, shape, size=46, opacity=1),
        marks.rule("here", x=x),
        marks.frame(x, y),
    )
    return chart.properties(height=PANEL_HEIGHT)


@specification
def cost_spec(epochs: int, dark: bool) -> Any:
    """Epochs trained under each patience, and the epoch whose weights are kept."""
    x, scale = _patience(epochs, "patience"), axes.span(0, epochs)
    y = axes.axis(alt.Y, "trained", "epoch", scale, tickCount=4, format="d", **Y_ROOM)
    trained, back = tip("trained", title="epochs trained"), tip("weights", title="weights of epoch")
    cost = marks.rows("datum.kind == 'outcome' && datum.split == 'validation'").encode(
        x=x, tooltip=["patience:Q", trained, back]
    )
    weights: dict[str, Any] = {"filled": True, "opacity": 1, "color": RUN_COLOURS[dark][0]}
    chart = alt.layer(
        cost.mark_bar(width=5, color=GREY, opacity=0.7).encode(y=y),
        cost.mark_point(size=46, **weights).encode(y=alt.Y("weights:Q")),
        marks.rule("here", x=x),
    )
    return chart.properties(height=200)


def patience_rows(found: Sequence[Outcome], patience: int | None, test: bool) -> Rows:
    """Rows for `patience_spec` and `cost_spec`.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    rows: list[dict[str, Any]] = []
    for outcome in found:
        kinds = {"validation": outcome.val_accuracy}
        if test and outcome.test_accuracy is not None:
            kinds["test"] = outcome.test_accuracy
        for split, accuracy in kinds.items():
            rows.append(
                {
                    "kind": "outcome",
                    "patience": outcome.patience,
                    "split": split,
                    **series.with_error(accuracy),
                    "label": f"{points(accuracy)}%",
                    "trained": outcome.trained,
                    "weights": outcome.kept,
                }
            )
    if rows:
        middle = float(np.median([row["accuracy"] for row in rows]))
        rows += series.frame_rows(middle, "accuracy", patience=0)
    if patience is not None:
        rows.append({"kind": "here", "patience": patience})
    values = ["accuracy", "low", "high", "label", "trained", "weights"]
    return Rows(rows, columns=["kind", "patience", "split", *values])


@specification
def weights_spec(dark: bool) -> Any:
    """Density of the first layer's weights: as they start, and at one epoch."""
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=300)
    scale, title = alt.Scale(nice=False, zero=False), "weight w of the first layer"
    colours = [GREY, RUN_COLOURS[dark][0]]
    curve = marks.rows().encode(
        x=axes.axis(alt.X, "w", title, scale, grid=False, tickCount=7),
        y=axes.axis(alt.Y, "density", "density", tickCount=4),
        color=by_name(alt.Color, "when", WHEN, colours, legend=legend),
        strokeDash=by_name(alt.StrokeDash, "when", WHEN, [FINE, SOLID]),
    )
    line = marks.line(curve, strokeWidth=2.2, interpolate="step-after", clip=True)
    return line.properties(height=PANEL_HEIGHT)


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
