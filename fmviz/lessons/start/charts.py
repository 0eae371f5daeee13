"""Charts of the first page: small curves for its cards, and one image's way through a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, marks, series
from fmviz.charts.marks import tip
from fmviz.charts.scales import by_name, run_colour
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import DASHES, GREY, RUN_COLOURS, SHARES_SCHEME, SPLITS
from fmviz.run.data import CLASS_NAMES
from fmviz.run.record import RunRecord

Array = npt.NDArray[np.floating[Any]]

UNITS_HEIGHT = 380
UNITS_A_ROW = 16


@specification
def small_spec(names: tuple[str, ...], dark: bool) -> Any:
    """Accuracy over the epochs without axes: solid for training, dashed for validation."""
    dashes = alt.Scale(domain=SPLITS, range=DASHES)
    curve = marks.rows().encode(
        x=alt.X("epoch:Q", axis=None, scale=alt.Scale(nice=False)),
        y=alt.Y("accuracy:Q", axis=None, scale=alt.Scale(zero=False)),
        color=run_colour(names, dark, legend=None),
        strokeDash=alt.StrokeDash("split:N", scale=dashes, legend=None),
    )
    line = marks.line(curve, strokeWidth=2)
    return line.properties(height=92).configure_view(stroke=None)


def small_rows(records: Mapping[str, RunRecord]) -> Rows:
    """Rows for `small_spec`, by role."""
    rows = [
        row
        for run, record in records.items()
        for row in series.over_epochs(run, record, "accuracy", "accuracy")
    ]
    return Rows(rows, columns=["run", "split", "epoch", "accuracy"])


@specification
def units_spec(dark: bool) -> Any:
    """Activations of the hidden layer, a square a unit; the brighter, the more active."""
    scale = alt.Scale(scheme=SHARES_SCHEME, reverse=dark)
    squares = marks.rows().encode(
        x=alt.X("column:O", axis=None),
        y=alt.Y("row:O", axis=None),
        color=alt.Color("activation:Q", scale=scale, title="activation"),
        tooltip=["unit:Q", tip("activation", ".2f")],
    )
    chart = squares.mark_rect(stroke=GREY, strokeWidth=0.4).properties(height=UNITS_HEIGHT)
    return chart.configure_legend(orient="bottom", gradientLength=140).configure_view(stroke=None)


def units_rows(activations: Array) -> Rows:
    """Rows for `units_spec`.

    Args:
        activations: (units,) of one image in the first hidden layer.
    """
    units = np.arange(len(activations))
    return Rows(
        {
            "unit": units,
            "row": units // UNITS_A_ROW,
            "column": units % UNITS_A_ROW,
            "activation": activations.astype(float),
        }
    )


@specification
def answer_spec(dark: bool) -> Any:
    """Shares of the ten classes; the true class has the colour of the run."""
    colours, title = [RUN_COLOURS[dark][1], GREY], "probability that the network gives"
    base = marks.rows().encode(
        y=axes.names(alt.Y, "class", CLASS_NAMES, labelOverlap=False),
        tooltip=["class:N", tip("share", marks.PERCENT)],
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=axes.share(alt.X, "share", title, 1.15, values=[0, 0.5, 1]),
        color=by_name(alt.Color, "kind", ["true class", "other"], colours),
    )
    labels = marks.label(base, align="left", dx=5, color=GREY).encode(
        x="share:Q", text=alt.Text("share:Q", format=marks.PERCENT)
    )
    chart = alt.layer(bars, labels).properties(height=UNITS_HEIGHT)
    return chart.configure_legend(orient="bottom")


def answer_rows(shares: Array, truth: int) -> Rows:
    """Rows for `answer_spec`.

    Args:
        shares: (10,) softmax of one image's logits.
    """
    kinds = ["true class" if label == truth else "other" for label in range(len(shares))]
    return Rows({"class": CLASS_NAMES, "share": shares.astype(float), "kind": kinds})
