"""Dropout on and off, and what one mask does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts.style import GREY, PANEL_HEIGHT, RUN_COLOURS, SPLITS, Rows, bare
from fmviz.run.data import CLASS_NAMES
from fmviz.run.measure import Estimate

# What is measured of the same run, from Keras's figure to the accuracies that the page compares.
WAYS = ("Keras's accuracy", "dropout on", "dropout off")
GRID_COLUMNS = 32


@lru_cache(maxsize=4)
def on_off_spec(dark: bool) -> dict[str, Any]:
    """Accuracy by how it was measured: training filled, validation hollow, with whiskers."""
    base = alt.Chart(Rows({"way": []}))
    colour = RUN_COLOURS[dark][1]
    y = alt.Y("way:N", title=None, sort=list(WAYS), axis=alt.Axis(labelLimit=260, ticks=False))
    x = alt.X(
        "accuracy:Q",
        title="accuracy",
        scale=alt.Scale(zero=False, nice=True, padding=14),
        axis=alt.Axis(format=".3~%", tickCount=5),
    )
    whiskers = base.mark_rule(strokeWidth=2, color=colour).encode(
        x=alt.X("low:Q"), x2="high:Q", y=y
    )
    points = base.mark_point(size=130, strokeWidth=2.5, color=colour, opacity=1).encode(
        x=x,
        y=y,
        fill=alt.Fill(
            "split:N",
            scale=alt.Scale(domain=SPLITS, range=[colour, "transparent"]),
            title=None,
            legend=alt.Legend(orient="bottom", symbolStrokeColor=colour, symbolStrokeWidth=2.5),
        ),
        tooltip=[
            alt.Tooltip("way:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("accuracy:Q", format=".1%"),
        ],
    )
    labels = base.mark_text(dy=-16, fontSize=13, color=colour).encode(
        x=x, y=y, text=alt.Text("accuracy:Q", format=".1%")
    )
    return bare(alt.layer(whiskers, points, labels).properties(height=PANEL_HEIGHT))


def on_off_rows(measured: Sequence[tuple[str, str, Estimate]]) -> Rows:
    """Rows for `on_off_spec`.

    Args:
        measured: way of `WAYS`, split, accuracy with half the length of its whisker.
    """
    return Rows(
        [
            {
                "way": way,
                "split": split,
                "accuracy": accuracy.value,
                "low": accuracy.value - accuracy.error,
                "high": accuracy.value + accuracy.error,
            }
            for way, split, accuracy in measured
        ],
        columns=["way", "split", "accuracy", "low", "high"],
    )


@lru_cache(maxsize=16)
def units_spec(units: int, dark: bool) -> dict[str, Any]:
    """The units of one hidden layer in one draw: a square each, filled where the unit is kept,
    the stronger the more it says; an empty one with a cross where it is dropped."""
    base = alt.Chart(Rows({"column": []}))
    colour = RUN_COLOURS[dark][1]
    columns = min(GRID_COLUMNS, units)
    lines = -(-units // columns)
    place: dict[str, Any] = {
        "x": alt.X("column:O", axis=None, scale=alt.Scale(domain=list(range(columns)))),
        "y": alt.Y("line:O", axis=None, scale=alt.Scale(domain=list(range(lines)))),
        "tooltip": [
            alt.Tooltip("unit:Q"),
            alt.Tooltip("state:N"),
            alt.Tooltip("before:Q", format=".3~f", title="activation"),
            alt.Tooltip("after:Q", format=".3~f", title="after the mask"),
        ],
    }
    squares = base.mark_rect(stroke=GREY, strokeWidth=0.5, strokeOpacity=0.6).encode(
        **place,
        color=alt.value(colour),
        fillOpacity=alt.FillOpacity(
            "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None
        ),
    )
    crosses = (
        base.transform_filter("datum.state == 'dropped'")
        .mark_text(text="×", fontSize=15, color=GREY)
        .encode(**place)
    )
    return bare(alt.layer(squares, crosses).properties(height=22 * lines + 10))


def units_rows(
    activations: npt.NDArray[np.floating[Any]], factors: npt.NDArray[np.floating[Any]]
) -> Rows:
    """Rows for `units_spec`, units counted from 1.

    Args:
        activations: (units,) of one image before its mask.
        factors: (units,) 0 where the unit is dropped, else 1/(1 − rate).
    """
    after = activations * factors
    largest = float(np.abs(after).max()) or 1.0
    columns = min(GRID_COLUMNS, len(activations))
    return Rows(
        [
            {
                "unit": unit + 1,
                "column": unit % columns,
                "line": unit // columns,
                "state": "kept" if factors[unit] else "dropped",
                "before": float(activations[unit]),
                "after": float(after[unit]),
                "strength": abs(float(after[unit])) / largest,
            }
            for unit in range(len(activations))
        ]
    )


ANSWERS = ("without a mask", "with this mask")


@lru_cache(maxsize=4)
def answers_spec(dark: bool) -> dict[str, Any]:
    """Probability of each class, with and without the mask."""
    return bare(
        alt.Chart(Rows({"class": []}))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "probability:Q",
                title="probability",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            y=alt.Y(
                "class:N",
                title=None,
                sort=list(CLASS_NAMES),
                axis=alt.Axis(ticks=False, labelOverlap=False),
            ),
            yOffset=alt.YOffset("network:N", sort=list(ANSWERS)),
            color=alt.Color(
                "network:N",
                scale=alt.Scale(domain=list(ANSWERS), range=[GREY, RUN_COLOURS[dark][1]]),
                title=None,
                legend=alt.Legend(orient="top", columns=2),
            ),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("network:N"),
                alt.Tooltip("probability:Q", format=".1%"),
            ],
        )
        .properties(height=360)
    )


def answers_rows(
    without: npt.NDArray[np.floating[Any]], masked: npt.NDArray[np.floating[Any]]
) -> Rows:
    """Rows for `answers_spec`; the arguments are probabilities, (10,) each."""
    return Rows(
        [
            {"class": name, "network": network, "probability": float(p)}
            for network, shares in zip(ANSWERS, (without, masked), strict=True)
            for name, p in zip(CLASS_NAMES, shares, strict=True)
        ]
    )
