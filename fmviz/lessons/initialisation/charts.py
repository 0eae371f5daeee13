"""Charts of the lesson on initialisation: the X-ray, the race, one unit, the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, rows, tip
from fmviz.charts.scales import run_colour, run_shape
from fmviz.charts.specification import Rows, on_top, specification
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHED,
    GREY,
    LABEL_ROOM,
    PANEL_HEIGHT,
    RUN_COLOURS,
    SCHEME,
    SCHEME_TEXT,
)
from fmviz.lessons.initialisation.lesson import MAP_DEPTHS, MAP_SIGMAS, NAMED, TARGET
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import data, measure
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words.numbers import percent, small_percent

# The reader's network has the colour of its place in the race on every chart.
PLACE_OF_YOURS = len(NAMED)
ROW_HEIGHT = 74


def _yours(dark: bool) -> str:
    return RUN_COLOURS[dark][PLACE_OF_YOURS]


def _height(layers: int) -> int:
    return max(210, ROW_HEIGHT * layers + 50)


def _layer(index: int) -> str:
    return f"layer {index + 1}"


@specification
def histogram_spec(layers: int, activation: str, dark: bool) -> Any:
    """Activation histograms, a row a layer, the first on top."""
    edges = measure.activation_edges(activation)
    # Even bins of an activation without bounds are even in its signed root.
    scale = alt.Scale(type="pow", exponent=0.5, zero=False, nice=False)
    if measure.saturates(activation):
        scale = alt.Scale(domain=[float(edges[0]), float(edges[-1])], nice=False)
    lanes = alt.Axis(
        values=list(range(layers)),
        labelExpr=f"'layer ' + ({layers} - datum.value)",
        labelBaseline="bottom",
        labelOffset=-6,
        grid=True,
        ticks=False,
        domain=False,
    )
    low, high = tip("low", ".3~g", "from"), tip("high", ".3~g", "to")
    bars = rows().encode(
        x=axes.axis(alt.X, "low", "activation a", scale, grid=False),
        x2="high:Q",
        y=alt.Y("bottom:Q", title=None, scale=axes.span(0, layers), axis=lanes),
        y2="top:Q",
        tooltip=["layer:N", low, high, tip("share", ".2%", "activations")],
    )
    return bars.mark_rect(color=_yours(dark), stroke=None).properties(height=_height(layers))


def histogram_rows(seen: XRay, activation: str) -> Rows:
    """Rows for `histogram_spec`. Each layer is drawn up to its own highest bar."""
    edges = measure.activation_edges(activation)
    rows = []
    for index, layer in enumerate(seen.layers):
        shares = layer.histogram / layer.histogram.sum()
        bottom = len(seen.layers) - 1 - index
        rows += [
            {
                "layer": _layer(index),
                "low": float(low),
                "high": float(high),
                "share": float(share),
                "bottom": bottom,
                "top": bottom + 0.88 * float(share / shares.max()),
            }
            for low, high, share in zip(edges, edges[1:], shares)
            if share > 0
        ]
    return Rows(rows, columns=["layer", "low", "high", "share", "bottom", "top"])


@specification
def flat_spec(layers: int, title: str, dark: bool) -> Any:
    """Share of flat activations by layer: bars measured, ticks predicted, ± one deviation."""
    base = rows().encode(y=axes.names(alt.Y, "layer"))
    error = tip("error", ".2%", "± one standard deviation")
    told = base.encode(tooltip=["layer:N", tip("measured", ".2%"), tip("predicted", ".2%"), error])
    bars = told.mark_bar(color=_yours(dark), cornerRadiusEnd=2, opacity=0.85).encode(
        x=axes.share(alt.X, "measured", title, LABEL_ROOM)
    )
    ranges = told.mark_rule(strokeWidth=2, color=GREY).encode(x=alt.X("least:Q"), x2="most:Q")
    ticks = told.mark_tick(thickness=3, size=24, color=GREY).encode(x=alt.X("predicted:Q"))
    labels = marks.label(base, align="left", dx=8).encode(
        x=alt.X("outer:Q"), color=alt.value(_yours(dark))
    )
    return alt.layer(bars, ranges, ticks, labels).properties(height=_height(layers))


def flat_rows(seen: XRay) -> Rows:
    """Rows for `flat_spec`."""
    rows = []
    for index, layer in enumerate(seen.layers):
        low = max(layer.predicted - layer.predicted_error, 0.0)
        high = min(layer.predicted + layer.predicted_error, 1.0)
        rows.append(
            {
                "layer": _layer(index),
                "measured": layer.saturation,
                "predicted": layer.predicted,
                "error": layer.predicted_error,
                "least": low,
                "most": high,
                "outer": max(layer.saturation, high),
                "label": small_percent(layer.saturation),
            }
        )
    columns = ["layer", "measured", "predicted", "error", "least", "most", "outer", "label"]
    return Rows(rows, columns=columns)


@specification
def gradients_spec(names: tuple[str, ...], layers: int, dark: bool) -> Any:
    """Gradient norm of each kernel before the first step, one line a start; log scale."""
    order = [*(_layer(index) for index in range(layers)), "output"]
    axis = alt.Axis(labelAngle=0, labelOverlap=True)
    title, scale = "gradient norm of the kernel", {"nice": True}
    curve = rows().encode(
        x=alt.X("layer:N", title=None, sort=order, scale=alt.Scale(domain=order), axis=axis),
        y=axes.logarithmic(alt.Y, "norm", title, scale, format="~g", tickCount=5),
        color=run_colour(names, dark),
        tooltip=["run:N", "layer:N", tip("norm", ".3~g")],
    )
    dots = marks.points(curve, run_shape(names), size=70, opacity=1)
    return on_top(alt.layer(marks.line(curve), dots), PANEL_HEIGHT)


def gradients_rows(seen: Mapping[str, XRay]) -> Rows:
    """Rows for `gradients_spec`. A norm of 0 has no place on a log scale and is left out."""
    rows = [
        {
            "run": name,
            "layer": _layer(index) if index < len(each.layers) else "output",
            "norm": norm,
        }
        for name, each in seen.items()
        for index, norm in enumerate(each.gradient_norms)
        if norm > 0
    ]
    return Rows(rows, columns=["run", "layer", "norm"])


@specification
def race_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Validation accuracy over the epochs, the target, and where each run first reaches it."""
    x, y = axes.epochs(epochs), axes.accuracy(alt.Y, title="validation accuracy")
    shape = run_shape(names)
    run: dict[str, Any] = {
        "x": x,
        "y": y,
        "color": run_colour(names, dark),
        "tooltip": ["run:N", "epoch:Q", tip("accuracy", marks.PERCENT)],
    }
    curve = of_kind("curve").encode(**run)
    chart = alt.layer(
        marks.rule("target", y=y),
        marks.line(curve, strokeDash=DASHED, clip=True),
        marks.points(curve, shape),
        marks.ring(of_kind("hit"), size=230).encode(shape=shape, **run),
    )
    return on_top(chart, CURVES_HEIGHT, symbolSize=120)


def race_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `race_spec`, epochs counted from 1."""
    rows: list[dict[str, Any]] = [{"kind": "target", "accuracy": TARGET}]
    for run in runs:
        values = run.record.history["val_accuracy"]
        rows += [
            {"kind": "curve", "run": run.name, "epoch": epoch, "accuracy": value}
            for epoch, value in enumerate(values, start=1)
        ]
        first = measure.reached(values, TARGET)
        if first is not None:
            hit = {"kind": "hit", "epoch": first, "accuracy": run.record.at("val_accuracy", first)}
            rows.append({**hit, "run": run.name})
    return Rows(rows, columns=["kind", "run", "epoch", "accuracy"])


def _ticks(epochs: int) -> list[int]:
    """About four whole numbers from 0 to the last epoch."""
    step = max(1, epochs // 4)
    return [*range(0, epochs + 1, step)]


@specification
def reach_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Epochs until the target; pale where it is not reached."""
    colour = run_colour(names, dark, legend=None)
    base = rows().encode(y=axes.names(alt.Y, "run", names), color=colour)
    # Room for a label beside a full bar.
    scale, title = axes.span(0, 1.5 * epochs), f"epochs to {percent(TARGET, 0)}"
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=axes.axis(alt.X, "epochs", title, scale, format="d", values=_ticks(epochs)),
        opacity=alt.condition("datum.reached", alt.value(0.9), alt.value(0.18)),
        tooltip=["run:N", alt.Tooltip("label:N", title="reaches it")],
    )
    labels = marks.label(base, align="left", dx=6, fontWeight="bold").encode(x=alt.X("epochs:Q"))
    return alt.layer(bars, labels).properties(height=CURVES_HEIGHT - 60)


def reach_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `reach_spec`."""
    rows = []
    for run in runs:
        first = measure.reached(run.record.history["val_accuracy"], TARGET)
        epochs = run.record.config.epochs
        diverged = run.record.diverged is not None
        missing = "diverged" if diverged else "not reached" if run.record.complete else "not yet"
        rows.append(
            {
                "run": run.name,
                "epochs": epochs if first is None else first,
                "reached": first is not None,
                "label": missing if first is None else f"epoch {first}",
            }
        )
    return Rows(rows, columns=["run", "epochs", "reached", "label"])


@specification
def training_spec(names: tuple[str, ...], epochs: int, title: str, dark: bool) -> Any:
    """Share of flat activations of a layer over the epochs, from the start on."""
    curve = rows().encode(
        x=axes.epochs(epochs, first=0),
        y=axes.share(alt.Y, "share", title),
        color=run_colour(names, dark),
        tooltip=["run:N", "epoch:Q", tip("share", ".2%")],
    )
    chart = alt.layer(marks.line(curve), marks.points(curve, run_shape(names)))
    return on_top(chart, PANEL_HEIGHT + 40)


def training_rows(runs: Sequence[Shown], layer: int) -> Rows:
    """Rows for `training_spec`; `layer` counted from 0."""
    rows = [
        {"run": run.name, "epoch": epoch, "share": float(row[layer])}
        for run in runs
        for epoch, row in enumerate(
            [run.record.start_layers["saturation"], *run.record.layers["saturation"]]
        )
    ]
    return Rows(rows, columns=["run", "epoch", "share"])


@specification
def units_spec(title: str, dark: bool) -> Any:
    """The units of a layer by the share of images on which they are flat; one can be clicked."""

    def where_chosen(chosen: Any, other: Any) -> Any:
        return alt.condition("datum.chosen", alt.value(chosen), alt.value(other))

    points = rows().encode(
        x=axes.axis(alt.X, "rank", "units, the most often flat first", grid=False, tickMinStep=1),
        y=axes.share(alt.Y, "share", title),
        size=where_chosen(260, 60),
        shape=where_chosen("diamond", "circle"),
        color=where_chosen(RUN_COLOURS[dark][0], _yours(dark)),
        tooltip=["unit:Q", tip("share", marks.PERCENT, "flat on")],
    )
    points = points.mark_point(filled=True, opacity=0.85)
    return points.add_params(marks.picked("unit")).properties(height=PANEL_HEIGHT)


def units_rows(flat_shares: npt.NDArray[np.floating[Any]], chosen: int) -> Rows:
    """Rows for `units_spec`."""
    order = np.argsort(-flat_shares, kind="stable")
    return Rows(
        {
            "rank": np.arange(1, len(order) + 1),
            "unit": order,
            "share": flat_shares[order],
            "chosen": order == chosen,
        }
    )


@specification
def classes_spec(title: str, dark: bool) -> Any:
    """Share of each class's images on which a unit is flat."""
    bars = rows().encode(
        x=axes.share(alt.X, "share", title),
        y=axes.names(alt.Y, "name", labelOverlap=False),
        tooltip=[alt.Tooltip("name:N", title="class"), tip("share", ".0%"), "images:Q"],
    )
    bars = bars.mark_bar(cornerRadiusEnd=2, color=_yours(dark))
    return bars.properties(height=PANEL_HEIGHT + 60)


def classes_rows(is_flat: npt.NDArray[np.bool_], labels: npt.NDArray[np.integer[Any]]) -> Rows:
    """Rows for `classes_spec`; both arguments (images,)."""
    rows = [
        {
            "name": name,
            "share": float(is_flat[labels == index].mean()),
            "images": int((labels == index).sum()),
        }
        for index, name in enumerate(data.CLASS_NAMES)
    ]
    return Rows(rows)


@specification
def map_spec(dark: bool) -> Any:
    """Validation accuracy by σ and depth, printed in its cell; the reader's cell is framed."""
    sigmas, depths = [number(s) for s in MAP_SIGMAS], [str(d) for d in MAP_DEPTHS]
    base = rows().encode(
        x=axes.cells(alt.X, "sigma", "initial std, σ", sigmas, labelAngle=0),
        y=axes.cells(alt.Y, "depth", "hidden layers", depths),
        tooltip=[
            alt.Tooltip("sigma:N", title="σ"),
            alt.Tooltip("depth:N", title="hidden layers"),
            alt.Tooltip("tip:N", title="validation accuracy"),
            "epochs:Q",
        ],
    )
    scale = alt.Scale(scheme=SCHEME, domain=[0.1, 0.9])
    legend = alt.Legend(format=".0%", orient="top", gradientLength=220, titleLimit=300)
    colour = alt.Color("accuracy:Q", title="validation accuracy", scale=scale, legend=legend)
    chart = alt.layer(
        base.mark_rect(cornerRadius=3).encode(color=colour),
        marks.framed(base, "datum.own", RUN_COLOURS[dark][0]),
        marks.cell_text(
            base, "label:N", "datum.accuracy > 0.55", SCHEME_TEXT, fontSize=14, fontWeight="bold"
        ),
    )
    return chart.properties(height=64 * len(MAP_DEPTHS) + 90)


def map_rows(records: Sequence[RunRecord | None], own: RunConfig) -> Rows:
    """Rows for `map_spec`.

    Args:
        own: the reader's network, whose cell is framed where the map has it.
    """
    rows = []
    for record in records:
        if record is None or not record.epochs:
            continue
        config = record.config
        accuracy = record.estimate("val_accuracy", record.epochs)
        rows.append(
            {
                "sigma": number(config.init_std),
                "depth": str(len(config.hidden)),
                "accuracy": accuracy.value,
                "label": percent(accuracy.value, 0),
                "tip": f"{percent(accuracy.value)} ± {100 * accuracy.error:.1f} points",
                "epochs": record.epochs,
                "own": own.initializer == "normal"
                and own.init_std == config.init_std
                and len(own.hidden) == len(config.hidden),
            }
        )
    columns = ["sigma", "depth", "accuracy", "label", "tip", "epochs", "own"]
    return Rows(rows, columns=columns)
