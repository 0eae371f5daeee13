"""What happens layer by layer: measures over the epochs, distributions, and the answers' matrix."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, marks
from fmviz.charts.marks import rows, tip
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import GROUND, INK, SCHEME, SHARES_SCHEME
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
    scale = alt.Scale(domain=names, scheme=SCHEME)
    return alt.Color("layer:N", scale=scale, title=None, legend=alt.Legend(columns=3))


@specification
def over_epochs_spec(name: str, layers: int) -> Any:
    """A measure of `MEASURES` over the epochs, a line a layer; epoch 0 is the start."""
    title, logarithmic = MEASURES[name]
    y = axes.share(alt.Y, "value", title)
    if logarithmic:
        y = axes.logarithmic(alt.Y, "value", title, format="~e", tickCount=5)
    value = tip("value", ".3g" if logarithmic else marks.PERCENT)
    curve = rows().encode(
        x=axes.axis(alt.X, "epoch", "epoch", tickMinStep=1, format="d", grid=False),
        y=y,
        color=_layer(layers),
        tooltip=["layer:N", "epoch:Q", value],
    )
    chart = marks.line(curve, strokeWidth=2.2, point=alt.OverlayMarkDef(size=22))
    return chart.properties(height=HEIGHT).configure_legend(orient="top", symbolSize=120)


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


@specification
def matrix_spec(dark: bool) -> Any:
    """True class (rows) against the class answered: the share of each row, the count in it."""
    truth, count = alt.Tooltip("truth:N", title="true class"), tip("count")
    base = rows().encode(
        x=alt.X("answer:N", sort=list(CLASS_NAMES), title="answer", axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("truth:N", sort=list(CLASS_NAMES), title="true class"),
        tooltip=[truth, "answer:N", count, tip("share", marks.PERCENT)],
    )
    scale = alt.Scale(domain=[0, 1], scheme=SHARES_SCHEME, reverse=dark)
    squares = base.mark_rect().encode(color=alt.Color("share:Q", scale=scale, legend=None))
    some = base.transform_filter("datum.count > 0")
    counts = marks.cell_text(some, "count:Q", "datum.share > 0.5", (INK[dark], GROUND[dark]))
    return alt.layer(squares, counts).properties(height=460)


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


@specification
def activations_spec(layers: int) -> Any:
    """Distribution of each hidden layer's activations: density, so that areas are shares."""
    chart = (
        rows()
        .mark_area(interpolate="step-after", opacity=0.45, line=True)
        .encode(
            x=axes.axis(alt.X, "activation", "activation", grid=False),
            y=alt.Y("density:Q", title="density", stack=None),
            color=_layer(layers),
            tooltip=["layer:N", tip("activation", ".2f", "from"), tip("share", marks.PERCENT)],
        )
    )
    return chart.properties(height=HEIGHT).configure_legend(orient="top", symbolType="square")


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
