"""Histograms of a network's activations before its first step, a row a layer: as a chart, and as a
picture that the slider of σ moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, ends, film, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CURVES_HEIGHT, DIVERGING
from fmviz.lessons.initialisation.charts import PLACE_OF_YOURS, yours
from fmviz.lessons.initialisation.xray import Layer, XRay
from fmviz.lessons.initialisation.xray_charts import layer_name
from fmviz.run import measure
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.settings import number
from fmviz.words.numbers import rounded, small_percent

# What one layer's histogram needs at least; more of it beside the others.
ROW_HEIGHT = 34
# Of a layer's lane, what its highest bar takes.
FILLED = 0.88
# Heights of bars as whole numbers, in a picture that moves.
HIGHEST = 250
# Where the signed roots of an axis without bounds have their ticks.
ROOT_TICKS = (1.0, 4.0, 16.0, 36.0)
ALT = (
    "Histogram of the activations of each hidden layer before training, and the share of them that "
    "is flat, measured and predicted."
)
# The film that the slider of σ moves.
ALONG_SIGMA = "initialisation-sigma"


def _height(layers: int) -> int:
    return max(CURVES_HEIGHT, ROW_HEIGHT * layers + 50)


def flat_word(activation: str) -> str:
    """What a flat activation is called."""
    if measure.saturates(activation):
        return "saturated"
    return "zero" if activation == "relu" else "flat"


def _parts(activation: str) -> dict[str, tuple[str, str]]:
    """What is told apart in a histogram, and its colours on light ground and on dark: blue where a
    unit learns, vermilion where it cannot."""
    steep, flat = ((DIVERGING[False][end], DIVERGING[True][end]) for end in (0, 2))
    return {f"not {flat_word(activation)}": steep, flat_word(activation): flat}


def _said(layer: Layer) -> tuple[str, str]:
    """The flat share of a layer as it is, and as it was predicted."""
    return small_percent(layer.saturation), f"predicted {small_percent(layer.predicted)}"


@specification
def chart_spec(layers: int, activation: str, dark: bool) -> Any:
    """Activation histograms, a row a layer, the first on top; what is flat has a colour of its own,
    and its share stands at the end of the row."""
    edges = measure.activation_edges(activation)
    width: dict[str, Any] = {"range": [0, ends.until()], "nice": False}
    # Even bins of an activation without bounds are even in its signed root.
    scale = alt.Scale(type="pow", exponent=0.5, zero=False, **width)
    if measure.saturates(activation):
        scale = alt.Scale(domain=[float(edges[0]), float(edges[-1])], **width)
    lanes = alt.Axis(
        values=list(range(layers)),
        labelExpr=f"'layer ' + ({layers} - datum.value)",
        labelBaseline="bottom",
        labelOffset=-6,
        grid=True,
        ticks=False,
        domain=False,
    )
    parts = _parts(activation)
    low, high = tip("low", ".3~g", "from"), tip("high", ".3~g", "to")
    y = alt.Y("bottom:Q", title=None, scale=axes.span(0, layers), axis=lanes)
    colours = [colour[dark] for colour in parts.values()]
    bars = of_kind("bar").encode(
        x=axes.axis(alt.X, "low", "activation a", scale, grid=False, tickCount=5),
        x2="high:Q",
        y=y,
        y2="top:Q",
        color=by_name(alt.Color, "part", list(parts), colours),
        tooltip=["layer:N", "part:N", low, high, tip("share", ".2%", "activations")],
    )
    shares = of_kind("share").transform_calculate(
        label=f"width < {ends.NARROW} ? datum.short : datum.label"
    )
    told = marks.label(shares, align="left", dx=8, fontWeight="bold").encode(
        x=alt.value(ends.until()), y=alt.Y("bottom:Q")
    )
    return on_top(alt.layer(bars.mark_rect(stroke=None), told), _height(layers))


def chart_rows(seen: XRay, activation: str) -> Rows:
    """Rows for `chart_spec`. Each layer is drawn up to its own highest bar; within a bar what is
    flat stands below the rest."""
    edges = measure.activation_edges(activation)
    steep, flat = _parts(activation)
    rows: list[dict[str, Any]] = []
    for index, layer in enumerate(seen.layers):
        bottom, total = len(seen.layers) - 1 - index, layer.histogram.sum()
        scale = FILLED / layer.histogram.max()
        for low, high, count, below in zip(
            edges, edges[1:], layer.histogram, layer.flat_histogram, strict=False
        ):
            parts = ((flat, below, 0), (steep, count - below, below))
            rows += [
                {
                    "kind": "bar",
                    "layer": layer_name(index),
                    "part": part,
                    "low": float(low),
                    "high": float(high),
                    "share": float(own / total),
                    "bottom": bottom + scale * float(start),
                    "top": bottom + scale * float(start + own),
                }
                for part, own, start in parts
                if own
            ]
        share, predicted = _said(layer)
        rows.append(
            {
                "kind": "share",
                "layer": layer_name(index),
                "bottom": bottom + FILLED / 2,
                "label": f"{share} ({predicted})",
                "short": share,
            }
        )
    columns = ["kind", "layer", "part", "low", "high", "share", "bottom", "top", "label", "short"]
    return Rows(rows, columns=columns)


def reel_along(
    config: RunConfig,
    along: Mapping[float, Sequence[Layer]],
    title: str,
    follows: str,
    guess: tuple[float, float] | None = None,
) -> film.Reel:
    """The same as a picture that moves with σ: in place of epochs its clock counts the positions of
    the slider.

    Args:
        config: the run, one of whose σ is its own.
        along: σ → the hidden layers, in the order of the positions.
        title: what is counted as flat.
        follows: the class of the slider on the page.
        guess: between which flat shares of the first layer the reader expects the run's own.
    """
    sigmas, seen = list(along), list(along.values())
    at, last = sigmas.index(config.init_std), len(along) - 1
    activation = config.activation
    clock = {
        "name": ALONG_SIGMA,
        "key": f"{config.replace(init_std=sigmas[0]).key}/{at}",
        "first": 0,
        "last": last,
        "rest": at,
        "reveal": None,
        "runs": [
            {
                "name": "yours",
                "place": PLACE_OF_YOURS,
                "colours": [yours(dark) for dark in (False, True)],
                "epochs": last,
                "kept": at,
                "stop": None,
            }
        ],
    }
    filled = np.flatnonzero(sum(layer.histogram for layers in seen for layer in layers))
    bounded = measure.saturates(activation)
    first, last_bin = (0, measure.ACTIVATION_BINS - 1) if bounded else (filled[0], filled[-1])
    shown = slice(int(first), int(last_bin) + 1)
    drawn = {
        "title": title,
        "parts": [
            {"text": text, "colours": list(colours)} for text, colours in _parts(activation).items()
        ],
        "at": [f"σ = {number(sigma)}" for sigma in sigmas] if last else None,
        "ticks": _ticks(activation, shown),
        "bins": shown.stop - shown.start,
        "x": "activation a",
        "layers": [
            _moving([layers[index] for layers in seen], index, shown)
            for index in range(len(seen[at]))
        ],
        "follows": follows if last else None,
        "guess": None if guess is None else list(guess),
        "height": _height(len(seen[at])),
    }
    return film.reel(clock, "layers", ALT, drawn)


def _ticks(activation: str, shown: slice) -> list[tuple[float, str]]:
    """Places on the axis, counted in bins from the first one, and the activations there."""
    edges = measure.activation_edges(activation)[shown.start : shown.stop + 1]
    if measure.saturates(activation):
        values = np.linspace(edges[0], edges[-1], 5)
    else:
        values = np.array([-tick for tick in ROOT_TICKS[::-1]] + [0.0, *ROOT_TICKS])
        values = values[(edges[0] <= values) & (values <= edges[-1])]
    low, high = _even(activation, edges[[0, -1]])
    places = (_even(activation, values) - low) / (high - low) * (len(edges) - 1)
    return [
        (round(float(place), 3), f"{round(float(value), 6):g}".replace("-", "−"))
        for place, value in zip(places, values, strict=True)
    ]


def _even(activation: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Activations where bins of `measure.activation_edges` are even."""
    if measure.saturates(activation):
        return values
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _moving(along: Sequence[Layer], index: int, shown: slice) -> dict[str, Any]:
    """One layer at every position."""
    heights = [HIGHEST / max(int(layer.histogram.max()), 1) for layer in along]
    bars = [
        [
            np.rint(scale * counts[shown]).astype(int).tolist()
            for counts in (layer.flat_histogram, layer.histogram)
        ]
        for layer, scale in zip(along, heights, strict=True)
    ]
    said = [_said(layer) for layer in along]
    return {
        "name": layer_name(index),
        "note": plural(along[0].units, "unit"),
        "bars": bars,
        "shares": film.rounded((layer.saturation for layer in along), 4),
        "predicted": film.rounded((layer.predicted for layer in along), 4),
        "errors": film.rounded((layer.predicted_error for layer in along), 4),
        "labels": [share for share, _ in said],
        "notes": [predicted for _, predicted in said],
        "sizes": [f"receives {rounded(layer.scale)}" for layer in along],
    }
