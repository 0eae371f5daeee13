"""Charts of the lesson on initialisation: the X-ray, the race, one unit, the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHES,
    GREY,
    PANEL_HEIGHT,
    RUN_COLOURS,
    Rows,
    bare,
    run_colour,
    run_shape,
)
from fmviz.lessons.initialisation.lesson import MAP_DEPTHS, MAP_SIGMAS, NAMED, TARGET
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import data, measure
from fmviz.run.config import RunConfig
from fmviz.run.naming import number
from fmviz.run.record import RunRecord
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


@lru_cache(maxsize=64)
def histogram_spec(layers: int, activation: str, dark: bool) -> dict[str, Any]:
    """Activation histograms, a row a layer, the first on top."""
    base = alt.Chart(Rows({"layer": []}))
    bounded = measure.saturates(activation)
    edges = measure.activation_edges(activation)
    scale = (
        alt.Scale(domain=[float(edges[0]), float(edges[-1])], nice=False)
        if bounded
        # Even bins of such an activation are even in its signed root.
        else alt.Scale(type="pow", exponent=0.5, zero=False, nice=False)
    )
    y = alt.Y(
        "bottom:Q",
        title=None,
        scale=alt.Scale(domain=[0, layers], nice=False),
        axis=alt.Axis(
            values=list(range(layers)),
            labelExpr=f"'layer ' + ({layers} - datum.value)",
            labelBaseline="bottom",
            labelOffset=-6,
            grid=True,
            ticks=False,
            domain=False,
        ),
    )
    bars = base.mark_rect(color=_yours(dark), stroke=None).encode(
        x=alt.X("low:Q", title="activation a", scale=scale, axis=alt.Axis(grid=False)),
        x2="high:Q",
        y=y,
        y2="top:Q",
        tooltip=[
            alt.Tooltip("layer:N"),
            alt.Tooltip("low:Q", format=".3~g", title="from"),
            alt.Tooltip("high:Q", format=".3~g", title="to"),
            alt.Tooltip("share:Q", format=".2%", title="activations"),
        ],
    )
    return bare(bars.properties(height=_height(layers)))


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


@lru_cache(maxsize=64)
def flat_spec(layers: int, title: str, dark: bool) -> dict[str, Any]:
    """Share of flat activations by layer: bars measured, ticks predicted, ± one deviation."""
    base = alt.Chart(Rows({"layer": []}))
    y = alt.Y("layer:N", title=None, sort=None, axis=alt.Axis(ticks=False))
    x = alt.X(
        "measured:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1.25]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    tooltip = [
        alt.Tooltip("layer:N"),
        alt.Tooltip("measured:Q", format=".2%"),
        alt.Tooltip("predicted:Q", format=".2%"),
        alt.Tooltip("error:Q", format=".2%", title="± one standard deviation"),
    ]
    bars = base.mark_bar(color=_yours(dark), cornerRadiusEnd=2, opacity=0.85).encode(
        x=x, y=y, tooltip=tooltip
    )
    ranges = base.mark_rule(strokeWidth=2, color=GREY).encode(
        x=alt.X("least:Q"), x2="most:Q", y=y, tooltip=tooltip
    )
    ticks = base.mark_tick(thickness=3, size=24, color=GREY).encode(
        x=alt.X("predicted:Q"), y=y, tooltip=tooltip
    )
    labels = base.mark_text(align="left", dx=8, fontSize=13).encode(
        x=alt.X("outer:Q"), y=y, text="label:N", color=alt.value(_yours(dark))
    )
    chart = alt.layer(bars, ranges, ticks, labels)
    return bare(chart.properties(height=_height(layers)))


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


@lru_cache(maxsize=64)
def gradients_spec(names: tuple[str, ...], layers: int, dark: bool) -> dict[str, Any]:
    """Gradient norm of each kernel before the first step, one line a start; log scale."""
    base = alt.Chart(Rows({"run": []}))
    order = [*(_layer(index) for index in range(layers)), "output"]
    lines = base.encode(
        x=alt.X(
            "layer:N",
            title=None,
            sort=order,
            scale=alt.Scale(domain=order),
            axis=alt.Axis(labelAngle=0, labelOverlap=True),
        ),
        y=alt.Y(
            "norm:Q",
            title="gradient norm of the kernel",
            scale=alt.Scale(type="log", nice=True),
            axis=alt.Axis(format="~g", tickCount=5),
        ),
        color=run_colour(names, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("layer:N"),
            alt.Tooltip("norm:Q", format=".3~g"),
        ],
    )
    chart = alt.layer(
        lines.mark_line(strokeWidth=2.5),
        lines.mark_point(size=70, filled=True, opacity=1).encode(shape=run_shape(names)),
    )
    return bare(
        chart.properties(height=PANEL_HEIGHT).configure_legend(orient="top", labelLimit=400)
    )


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


def _epochs(epochs: int, first: int = 1) -> alt.X:
    return alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[min(first, epochs - 1), epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


@lru_cache(maxsize=64)
def race_spec(names: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Validation accuracy over the epochs, the target, and where each run first reaches it."""
    base = alt.Chart(Rows({"kind": []}))
    y = alt.Y(
        "accuracy:Q",
        title="validation accuracy",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(format=".3~%", tickCount=6),
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("epoch:Q"),
        alt.Tooltip("accuracy:Q", format=".1%"),
    ]
    x, colour, shape = _epochs(epochs), run_colour(names, dark), run_shape(names)
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x, y=y, color=colour, tooltip=tooltip
    )
    lines = curve.mark_line(strokeWidth=2.5, strokeDash=DASHES[1], clip=True)
    marks = curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=shape)
    hits = (
        base.transform_filter("datum.kind == 'hit'")
        .mark_point(size=230, filled=False, strokeWidth=2.5)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    )
    target = (
        base.transform_filter("datum.kind == 'target'")
        .mark_rule(strokeWidth=1.5, strokeDash=[2, 3], color=GREY)
        .encode(y=y)
    )
    chart = alt.layer(target, lines, marks, hits).properties(height=CURVES_HEIGHT)
    return bare(chart.configure_legend(orient="top", labelLimit=400, symbolSize=120))


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


@lru_cache(maxsize=64)
def reach_spec(names: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Epochs until the target; pale where it is not reached."""
    base = alt.Chart(Rows({"run": []}))
    y = alt.Y("run:N", title=None, sort=list(names), axis=alt.Axis(ticks=False))
    colour = run_colour(names, dark, legend=None)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X(
            "epochs:Q",
            title=f"epochs to {percent(TARGET, 0)}",
            # Room for a label beside a full bar.
            scale=alt.Scale(domain=[0, 1.5 * epochs], nice=False),
            axis=alt.Axis(format="d", values=_ticks(epochs)),
        ),
        y=y,
        color=colour,
        opacity=alt.condition("datum.reached", alt.value(0.9), alt.value(0.18)),
        tooltip=[alt.Tooltip("run:N"), alt.Tooltip("label:N", title="reaches it")],
    )
    labels = base.mark_text(align="left", dx=6, fontSize=13, fontWeight="bold").encode(
        x=alt.X("epochs:Q"), y=y, text="label:N", color=colour
    )
    chart = alt.layer(bars, labels).properties(height=CURVES_HEIGHT - 60)
    return bare(chart)


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


@lru_cache(maxsize=64)
def training_spec(names: tuple[str, ...], epochs: int, title: str, dark: bool) -> dict[str, Any]:
    """Share of flat activations of a layer over the epochs, from the start on."""
    base = alt.Chart(Rows({"run": []})).encode(
        x=_epochs(epochs, first=0),
        y=alt.Y(
            "share:Q",
            title=title,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=run_colour(names, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("share:Q", format=".2%"),
        ],
    )
    chart = alt.layer(
        base.mark_line(strokeWidth=2.5),
        base.mark_point(size=34, filled=True, opacity=0.9).encode(shape=run_shape(names)),
    )
    return bare(
        chart.properties(height=PANEL_HEIGHT + 40).configure_legend(orient="top", labelLimit=400)
    )


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


@lru_cache(maxsize=8)
def units_spec(title: str, dark: bool) -> dict[str, Any]:
    """The units of a layer by the share of images on which they are flat; one can be clicked."""
    picked = alt.selection_point(name="picked", fields=["unit"], on="click", empty=False)
    points = (
        alt.Chart(Rows({"unit": []}))
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x=alt.X(
                "rank:Q",
                title="units, the most often flat first",
                axis=alt.Axis(grid=False, tickMinStep=1),
            ),
            y=alt.Y(
                "share:Q",
                title=title,
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            size=alt.condition("datum.chosen", alt.value(260), alt.value(60)),
            shape=alt.condition("datum.chosen", alt.value("diamond"), alt.value("circle")),
            color=alt.condition(
                "datum.chosen", alt.value(RUN_COLOURS[dark][0]), alt.value(_yours(dark))
            ),
            tooltip=[
                alt.Tooltip("unit:Q"),
                alt.Tooltip("share:Q", format=".1%", title="flat on"),
            ],
        )
        .add_params(picked)
    )
    return bare(points.properties(height=PANEL_HEIGHT))


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


@lru_cache(maxsize=8)
def classes_spec(title: str, dark: bool) -> dict[str, Any]:
    """Share of each class's images on which a unit is flat."""
    bars = (
        alt.Chart(Rows({"name": []}))
        .mark_bar(cornerRadiusEnd=2, color=_yours(dark))
        .encode(
            x=alt.X(
                "share:Q",
                title=title,
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            y=alt.Y(
                "name:N", title=None, sort=None, axis=alt.Axis(ticks=False, labelOverlap=False)
            ),
            tooltip=[
                alt.Tooltip("name:N", title="class"),
                alt.Tooltip("share:Q", format=".0%"),
                alt.Tooltip("images:Q"),
            ],
        )
    )
    return bare(bars.properties(height=PANEL_HEIGHT + 60))


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


@lru_cache(maxsize=4)
def map_spec(dark: bool) -> dict[str, Any]:
    """Validation accuracy by σ and depth, printed in its cell; the reader's cell is framed."""
    base = alt.Chart(Rows({"sigma": []})).encode(
        x=alt.X(
            "sigma:N",
            title="initial std, σ",
            sort=None,
            scale=alt.Scale(domain=[number(s) for s in MAP_SIGMAS]),
            axis=alt.Axis(labelAngle=0, ticks=False),
        ),
        y=alt.Y(
            "depth:N",
            title="hidden layers",
            sort=None,
            scale=alt.Scale(domain=[str(d) for d in MAP_DEPTHS]),
            axis=alt.Axis(ticks=False),
        ),
        tooltip=[
            alt.Tooltip("sigma:N", title="σ"),
            alt.Tooltip("depth:N", title="hidden layers"),
            alt.Tooltip("tip:N", title="validation accuracy"),
            alt.Tooltip("epochs:Q"),
        ],
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "accuracy:Q",
            title="validation accuracy",
            scale=alt.Scale(scheme="viridis", domain=[0.1, 0.9]),
            legend=alt.Legend(format=".0%", orient="top", gradientLength=220, titleLimit=300),
        )
    )
    frame = base.transform_filter("datum.own").mark_rect(
        filled=False, strokeWidth=4, stroke=RUN_COLOURS[dark][0], cornerRadius=3
    )
    texts = base.mark_text(fontSize=14, fontWeight="bold").encode(
        text="label:N",
        color=alt.condition("datum.accuracy > 0.55", alt.value("#101820"), alt.value("#FFFFFF")),
    )
    return bare(alt.layer(cells, frame, texts).properties(height=64 * len(MAP_DEPTHS) + 90))


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
