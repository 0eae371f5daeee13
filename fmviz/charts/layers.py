"""What happens layer by layer: measures over the epochs, distributions, and the answers' matrix."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts.style import Rows, bare
from fmviz.run import measure
from fmviz.run.data import CLASS_NAMES
from fmviz.run.record import RunRecord

HEIGHT = 360
# measure → title, whether its axis is logarithmic.
MEASURES = {
    "gradient_norm": ("norm of the gradient", True),
    "update_ratio": ("update ÷ weights", True),
    "saturation": ("flat activations", False),
}


def _layer(layers: int) -> alt.Color:
    names = [f"layer {k + 1}" for k in range(layers)]
    # From the input to the output dark to light, so that depth reads as an order.
    scale = alt.Scale(domain=names, scheme="viridis")
    return alt.Color("layer:N", scale=scale, title=None, legend=alt.Legend(columns=3))


@lru_cache(maxsize=64)
def over_epochs_spec(name: str, layers: int) -> dict[str, Any]:
    """A measure of `MEASURES` over the epochs, a line a layer; epoch 0 is the start."""
    title, logarithmic = MEASURES[name]
    if logarithmic:
        scale, axis = alt.Scale(type="log"), alt.Axis(format="~e", tickCount=5)
    else:
        scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5)
    chart = (
        alt.Chart(Rows({"layer": []}))
        .mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=22))
        .encode(
            x=alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y("value:Q", title=title, scale=scale, axis=axis),
            color=_layer(layers),
            tooltip=[
                alt.Tooltip("layer:N"),
                alt.Tooltip("epoch:Q"),
                alt.Tooltip("value:Q", format=".3g" if logarithmic else ".1%"),
            ],
        )
        .properties(height=HEIGHT)
        .configure_legend(orient="top", symbolSize=120)
    )
    return bare(chart)


def over_epochs_rows(record: RunRecord, name: str) -> Rows:
    """Rows for `over_epochs_spec`; what a logarithm cannot show is left out."""
    values = np.concatenate([record.start_layers[name][None], record.layers[name]])
    logarithmic = MEASURES[name][1]
    rows = [
        {"layer": f"layer {layer + 1}", "epoch": epoch, "value": float(value)}
        for epoch, row in enumerate(values)
        for layer, value in enumerate(row)
        if np.isfinite(value) and (value > 0 or not logarithmic)
    ]
    return Rows(rows, columns=["layer", "epoch", "value"])


@lru_cache(maxsize=8)
def matrix_spec(dark: bool) -> dict[str, Any]:
    """True class (rows) against the class answered: the share of each row, the count in it."""
    base = alt.Chart(Rows({"truth": []})).encode(
        x=alt.X("answer:N", sort=list(CLASS_NAMES), title="answer", axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("truth:N", sort=list(CLASS_NAMES), title="true class"),
        tooltip=[
            alt.Tooltip("truth:N", title="true class"),
            alt.Tooltip("answer:N"),
            alt.Tooltip("count:Q"),
            alt.Tooltip("share:Q", format=".1%"),
        ],
    )
    scale = alt.Scale(domain=[0, 1], scheme="blues", reverse=dark)
    squares = base.mark_rect().encode(color=alt.Color("share:Q", scale=scale, legend=None))
    strong = "#10161D" if dark else "#FFFFFF"
    weak = "#E8EDF2" if dark else "#1B2631"
    counts = (
        base.transform_filter("datum.count > 0")
        .mark_text(fontSize=13)
        .encode(
            text="count:Q",
            color=alt.condition("datum.share > 0.5", alt.value(strong), alt.value(weak)),
        )
    )
    return bare(alt.layer(squares, counts).properties(height=460))


def matrix_rows(matrix: npt.NDArray[np.integer]) -> Rows:
    """Rows for `matrix_spec`, of `measure.confusion`'s (10, 10)."""
    truth, answer = np.indices(matrix.shape)
    names = np.array(CLASS_NAMES)
    return Rows(
        {
            "truth": names[truth.ravel()],
            "answer": names[answer.ravel()],
            "count": matrix.ravel(),
            "share": (matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)).ravel(),
        }
    )


@lru_cache(maxsize=64)
def activations_spec(layers: int) -> dict[str, Any]:
    """Distribution of each hidden layer's activations: density, so that areas are shares."""
    chart = (
        alt.Chart(Rows({"layer": []}))
        .mark_area(interpolate="step-after", opacity=0.45, line=True)
        .encode(
            x=alt.X("activation:Q", title="activation", axis=alt.Axis(grid=False)),
            y=alt.Y("density:Q", title="density", stack=None),
            color=_layer(layers),
            tooltip=[
                alt.Tooltip("layer:N"),
                alt.Tooltip("activation:Q", format=".2f", title="from"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(height=HEIGHT)
        .configure_legend(orient="top", symbolType="square")
    )
    return bare(chart)


def activations_rows(record: RunRecord, epoch: int) -> Rows:
    """Rows for `activations_spec`, after so many epochs."""
    edges = measure.activation_edges(record.config.activation)
    rows: list[dict[str, Any]] = []
    for layer, counts in enumerate(record.layers_at("activation_histogram", epoch)):
        shares = counts / max(int(counts.sum()), 1)
        filled = np.flatnonzero(counts)
        if not len(filled):
            continue
        # From the first bin with anything in it to the last, and the end of that one.
        shown = slice(int(filled[0]), int(filled[-1]) + 1)
        densities = shares / np.diff(edges)
        rows += [
            {"layer": f"layer {layer + 1}", "activation": a, "density": d, "share": s}
            for a, d, s in zip(edges[shown], densities[shown], shares[shown], strict=False)
        ]
        rows.append(
            {
                "layer": f"layer {layer + 1}",
                "activation": float(edges[shown.stop]),
                "density": 0.0,
                "share": 0.0,
            }
        )
    return Rows(rows, columns=["layer", "activation", "density", "share"])
