"""Dropout on and off, and what one mask does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, marks, series
from fmviz.charts.marks import tip
from fmviz.charts.scales import by_name, split_fill
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import GREY, PANEL_HEIGHT, RUN_COLOURS, SPLITS
from fmviz.run.data import CLASS_NAMES
from fmviz.run.measure import Estimate

# What is measured of the same run, from Keras's figure to the accuracies that the page compares.
WAYS = ("Keras's accuracy", "dropout on", "dropout off")
GRID_COLUMNS = 32


@specification
def on_off_spec(place: int, dark: bool) -> Any:
    """Accuracy by how it was measured: training filled, validation hollow, with whiskers.

    Args:
        place: of the run among the page's.
    """
    colour = RUN_COLOURS[dark][place]
    y = axes.names(alt.Y, "way", WAYS, labelLimit=260)
    base = marks.rows()
    measured = base.encode(x=axes.accuracy(alt.X, ticks=5, scale={"padding": 14}), y=y)
    # Two that are alike would lie on each other: training above its mark, validation below.
    labels = [
        marks.label(
            measured.transform_filter(alt.datum.split == split), dy=dy, color=colour
        ).encode(text=alt.Text("accuracy:Q", format=marks.PERCENT))
        for split, dy in zip(SPLITS, (-16, 18), strict=True)
    ]
    chart = alt.layer(
        marks.whiskers(base, y=y, color=colour),
        measured.mark_point(size=130, strokeWidth=2.5, color=colour, opacity=1).encode(
            fill=split_fill(colour),
            tooltip=["way:N", "split:N", tip("accuracy", marks.PERCENT)],
        ),
        *labels,
    )
    return chart.properties(height=PANEL_HEIGHT)


def on_off_rows(measured: Sequence[tuple[str, str, Estimate]]) -> Rows:
    """Rows for `on_off_spec`.

    Args:
        measured: way of `WAYS`, split, accuracy with half the length of its whisker.
    """
    rows = [
        {"way": way, "split": split, **series.with_error(accuracy)}
        for way, split, accuracy in measured
    ]
    return Rows(rows, columns=["way", "split", "accuracy", "low", "high"])


@specification
def units_spec(units: int, dark: bool) -> Any:
    """The units of one hidden layer in one draw: a square each, filled where the unit is kept,
    the stronger the more it says; an empty one with a cross where it is dropped."""
    columns = min(GRID_COLUMNS, units)
    lines = -(-units // columns)
    before, after = tip("before", ".3~f", "activation"), tip("after", ".3~f", "after the mask")
    base = marks.rows().encode(
        x=alt.X("column:O", axis=None, scale=alt.Scale(domain=list(range(columns)))),
        y=alt.Y("line:O", axis=None, scale=alt.Scale(domain=list(range(lines)))),
        tooltip=["unit:Q", "state:N", before, after],
    )
    strength = alt.Scale(domain=[0, 1], range=[0.06, 1])
    squares = base.mark_rect(stroke=GREY, strokeWidth=0.5, strokeOpacity=0.6).encode(
        color=alt.value(RUN_COLOURS[dark][1]),
        fillOpacity=alt.FillOpacity("strength:Q", scale=strength, legend=None),
    )
    dropped = base.transform_filter("datum.state == 'dropped'")
    crosses = dropped.mark_text(text="×", fontSize=15, color=GREY)
    return alt.layer(squares, crosses).properties(height=22 * lines + 10)


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


@specification
def answers_spec(dark: bool) -> Any:
    """Probability of each class, with and without the mask."""
    colours, legend = [GREY, RUN_COLOURS[dark][1]], alt.Legend(orient="top", columns=2)
    bars = marks.rows().encode(
        x=axes.share(alt.X, "probability", "probability"),
        y=axes.names(alt.Y, "class", CLASS_NAMES, labelOverlap=False),
        yOffset=alt.YOffset("network:N", sort=list(ANSWERS)),
        color=by_name(alt.Color, "network", ANSWERS, colours, legend=legend),
        tooltip=["class:N", "network:N", tip("probability", marks.PERCENT)],
    )
    return bars.mark_bar(cornerRadiusEnd=2).properties(height=360)


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
