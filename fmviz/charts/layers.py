"""What happens layer by layer: measures over the epochs, distributions, and the answers' matrix."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, film, marks
from fmviz.charts.marks import rows, tip
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import (
    CELL_RAMP,
    CELL_TEXT,
    GROUND,
    INK,
    SCHEME,
    SCHEME_ANCHORS,
    SHARES_SCHEME,
    rgb,
)
from fmviz.run import measure
from fmviz.run.choices import N_CLASSES
from fmviz.run.data import CLASS_NAMES
from fmviz.run.record import RunRecord
from fmviz.words.numbers import percent, significant

HEIGHT, MATRIX_HEIGHT = 360, 460
# What of `SCHEME` is told from the ground: a light one, a dark one.
SCHEME_SEEN = ((0.0, 0.6), (0.45, 1.0))
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


def over_epochs_reel(run: int, record: RunRecord, name: str) -> film.Reel:
    """The same as a picture that moves.

    Args:
        run: which of the page's runs it is.
    """
    title, logarithmic = MEASURES[name]
    values = np.concatenate([record.start_layers[name][None], record.layers[name]])
    layers = values.shape[1]
    shares = np.linspace(0, 1, layers) if layers > 1 else [0.5]
    colours = [
        [scheme_colour(low + share * (high - low)) for low, high in SCHEME_SEEN] for share in shares
    ]
    names = [f"layer {k + 1}" for k in range(layers)]
    drawn = [
        film.line(
            run, values[:, k], significant if logarithmic else percent, first=0, colours=colour
        )
        for k, colour in enumerate(colours)
    ]
    keys = [film.key(n, colours=colour) for n, colour in zip(names, colours, strict=True)]
    ends = None if logarithmic else (0.0, 1.0)
    kind = "log" if logarithmic else "share"
    parts = film.lines(
        drawn, record.epochs, keys=keys, title=title, kind=kind, ends=ends, first=0, small=True
    )
    return parts | {"height": HEIGHT}


def scheme_colour(share: float) -> str:
    """A colour of `SCHEME`, from its dark end, 0, to its light one, 1."""
    anchors = np.array([rgb(colour) for colour in SCHEME_ANCHORS], float)
    places = np.linspace(0, 1, len(anchors))
    mixed = [round(float(np.interp(share, places, anchors[:, k]))) for k in range(3)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


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
    return alt.layer(squares, counts).properties(height=MATRIX_HEIGHT)


def matrix_reel(
    run: int, truth: npt.NDArray[np.integer], answers: npt.NDArray[np.integer]
) -> film.Reel:
    """The same after each epoch.

    Args:
        run: which of the page's runs it is.
        truth: (images,) the true classes.
        answers: (epochs + 1, images) the classes answered.
    """
    counts = [measure.confusion(truth, row, N_CLASSES).ravel().tolist() for row in answers]
    return {
        "run": run,
        "counts": counts,
        "names": list(CLASS_NAMES),
        "ramp": [list(CELL_RAMP[dark]) for dark in (False, True)],
        "text": [list(CELL_TEXT[dark]) for dark in (False, True)],
        "x": "answer",
        "y": "true class",
        "height": MATRIX_HEIGHT,
    }


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
