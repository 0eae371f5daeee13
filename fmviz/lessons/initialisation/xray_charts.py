"""Charts of a network before its first step: its activations, its gradients, one of its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, marks
from fmviz.charts.marks import rows, tip
from fmviz.charts.scales import run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import (
    GREY,
    LABEL_ROOM,
    PANEL_HEIGHT,
    RUN_COLOURS,
)
from fmviz.lessons.initialisation.charts import yours
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import data, measure
from fmviz.words.numbers import small_percent

ROW_HEIGHT = 74


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
    return bars.mark_rect(color=yours(dark), stroke=None).properties(height=_height(layers))


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
    lanes = base.encode(tooltip=["layer:N", tip("measured", ".2%"), tip("predicted", ".2%"), error])
    bars = lanes.mark_bar(color=yours(dark), cornerRadiusEnd=2, opacity=0.85).encode(
        x=axes.share(alt.X, "measured", title, LABEL_ROOM)
    )
    ranges = lanes.mark_rule(strokeWidth=2, color=GREY).encode(x=alt.X("least:Q"), x2="most:Q")
    ticks = lanes.mark_tick(thickness=3, size=24, color=GREY).encode(x=alt.X("predicted:Q"))
    labels = marks.label(base, align="left", dx=8).encode(
        x=alt.X("outer:Q"), color=alt.value(yours(dark))
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
    title, scale = "gradient norm of the weights", {"nice": True}
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
def units_spec(title: str, dark: bool) -> Any:
    """The units of a layer by the share of images on which they are flat; one can be clicked."""

    def where_chosen(chosen: Any, other: Any) -> Any:
        return alt.condition("datum.chosen", alt.value(chosen), alt.value(other))

    points = rows().encode(
        x=axes.axis(alt.X, "rank", "units, the most often flat first", grid=False, tickMinStep=1),
        y=axes.share(alt.Y, "share", title),
        size=where_chosen(260, 60),
        shape=where_chosen("diamond", "circle"),
        color=where_chosen(RUN_COLOURS[dark][0], yours(dark)),
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
    bars = bars.mark_bar(cornerRadiusEnd=2, color=yours(dark))
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
