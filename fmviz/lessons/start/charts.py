"""Charts of the first page: small curves for its cards, and one image's way through a network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts.style import DASHES, GREY, RUN_COLOURS, SPLITS, Rows, bare, run_colour
from fmviz.run.data import CLASS_NAMES
from fmviz.run.record import RunRecord

Array = npt.NDArray[np.floating[Any]]

UNITS_HEIGHT = 380
UNITS_A_ROW = 16


@lru_cache(maxsize=64)
def small_spec(names: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """Accuracy over the epochs without axes: solid for training, dashed for validation."""
    chart = (
        alt.Chart(Rows({"run": []}))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", axis=None, scale=alt.Scale(nice=False)),
            y=alt.Y("accuracy:Q", axis=None, scale=alt.Scale(zero=False)),
            color=run_colour(names, dark, legend=None),
            strokeDash=alt.StrokeDash(
                "split:N", scale=alt.Scale(domain=SPLITS, range=DASHES), legend=None
            ),
        )
        .properties(height=92)
        .configure_view(stroke=None)
    )
    return bare(chart)


def small_rows(records: Mapping[str, RunRecord]) -> Rows:
    """Rows for `small_spec`, by role."""
    rows = [
        {"run": run, "split": split, "epoch": epoch, "accuracy": value}
        for run, record in records.items()
        for split, name in zip(SPLITS, ("train_accuracy", "val_accuracy"), strict=True)
        for epoch, value in enumerate(record.history[name], start=1)
    ]
    return Rows(rows, columns=["run", "split", "epoch", "accuracy"])


@lru_cache(maxsize=8)
def units_spec(dark: bool) -> dict[str, Any]:
    """Activations of the hidden layer, a square a unit; the brighter, the more active."""
    scale = alt.Scale(scheme="blues", reverse=dark)
    chart = (
        alt.Chart(Rows({"unit": []}))
        .mark_rect(stroke=GREY, strokeWidth=0.4)
        .encode(
            x=alt.X("column:O", axis=None),
            y=alt.Y("row:O", axis=None),
            color=alt.Color("activation:Q", scale=scale, title="activation"),
            tooltip=[alt.Tooltip("unit:Q"), alt.Tooltip("activation:Q", format=".2f")],
        )
        .properties(height=UNITS_HEIGHT)
        .configure_legend(orient="bottom", gradientLength=140)
        .configure_view(stroke=None)
    )
    return bare(chart)


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


@lru_cache(maxsize=8)
def answer_spec(dark: bool) -> dict[str, Any]:
    """Shares of the ten classes; the true class has the colour of the run."""
    colours = alt.Scale(domain=["true class", "other"], range=[RUN_COLOURS[dark][1], GREY])
    base = alt.Chart(Rows({"class": []})).encode(
        y=alt.Y(
            "class:N",
            sort=list(CLASS_NAMES),
            title=None,
            axis=alt.Axis(ticks=False, labelOverlap=False),
        ),
        tooltip=[alt.Tooltip("class:N"), alt.Tooltip("share:Q", format=".1%")],
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X(
            "share:Q",
            title="share that the network gives",
            scale=alt.Scale(domain=[0, 1.15]),
            axis=alt.Axis(format=".0%", values=[0, 0.5, 1]),
        ),
        color=alt.Color("kind:N", scale=colours, title=None),
    )
    labels = base.mark_text(align="left", dx=5, fontSize=13, color=GREY).encode(
        x="share:Q", text=alt.Text("share:Q", format=".1%")
    )
    chart = alt.layer(bars, labels).properties(height=UNITS_HEIGHT)
    return bare(chart.configure_legend(orient="bottom"))


def answer_rows(shares: Array, truth: int) -> Rows:
    """Rows for `answer_spec`.

    Args:
        shares: (10,) softmax of one image's logits.
    """
    kinds = ["true class" if label == truth else "other" for label in range(len(shares))]
    return Rows({"class": CLASS_NAMES, "share": shares.astype(float), "kind": kinds})
