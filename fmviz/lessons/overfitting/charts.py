"""What a network makes of right and wrong labels, and its loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    CARD_HEIGHT,
    DASHES,
    GREY,
    RUN_COLOURS,
    SPLITS,
    Rows,
    bare,
    run_colour,
    run_shape,
)

# Series of `labels_spec`, and the names that the history has for them.
LABELS = {
    "told the truth": "clean_accuracy",
    "told a wrong label": "corrupted_accuracy",
    "validation": "val_accuracy",
}


LEAST_LOSS = 1e-4


def _epochs(epochs: int) -> alt.X:
    return alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )


@lru_cache(maxsize=16)
def labels_spec(epochs: int, dark: bool) -> dict[str, Any]:
    """One run's answers over the epochs: training images told the truth, training images told a
    wrong label (right is what it was told), and validation. The epoch looked at has a rule."""
    base = alt.Chart(Rows({"series": []}))
    own = RUN_COLOURS[dark][1]
    names, legend = list(LABELS), alt.Legend(orient="bottom", columns=1, symbolSize=400)
    x = _epochs(epochs)
    lines = (
        base.transform_filter("datum.series != 'epoch'")
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(
            x=x,
            y=alt.Y(
                "accuracy:Q",
                title="answers as told",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=[own, RUN_COLOURS[dark][3], own]),
                title=None,
                legend=legend,
            ),
            strokeDash=alt.StrokeDash(
                "series:N",
                scale=alt.Scale(domain=names, range=[DASHES[0], [9, 2], DASHES[1]]),
                title=None,
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("series:N"),
                alt.Tooltip("epoch:Q"),
                alt.Tooltip("accuracy:Q", format=".1%"),
            ],
        )
    )
    best = (
        base.transform_filter("datum.series == 'epoch'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x)
    )
    return bare(alt.layer(lines, best).properties(height=CARD_HEIGHT))


def labels_rows(run: Shown) -> Rows:
    """Rows for `labels_spec`, epochs counted from 1; a series that has no images is left out. The
    rule stands at the epoch with the lowest validation cross-entropy."""
    history = run.record.history
    rows: list[dict[str, Any]] = [
        {"series": series, "epoch": epoch, "accuracy": float(accuracy)}
        for series, name in LABELS.items()
        for epoch, accuracy in enumerate(history[name], start=1)
        if accuracy == accuracy  # NaN where no image of the sample is of that kind
    ]
    if run.record.best_epoch:
        rows.append({"series": "epoch", "epoch": run.record.best_epoch})
    return Rows(rows, columns=["series", "epoch", "accuracy"])


@lru_cache(maxsize=16)
def loss_spec(names: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Cross-entropy over the epochs on a logarithmic scale, training solid, validation dashed."""
    curve = alt.Chart(Rows({"run": []})).encode(
        x=_epochs(epochs),
        y=alt.Y(
            "loss:Q",
            title="cross-entropy",
            scale=alt.Scale(type="log", nice=True),
            axis=alt.Axis(format="~g", tickCount=4),
        ),
        color=run_colour(names, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("loss:Q", format=".3~g"),
        ],
    )
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=alt.Legend(orient="bottom", symbolSize=400),
    )
    chart = alt.layer(
        curve.mark_line(strokeWidth=2.5, clip=True).encode(strokeDash=dash),
        curve.mark_point(size=22, filled=True, opacity=0.9).encode(shape=run_shape(names)),
    )
    chart = chart.properties(height=CARD_HEIGHT)
    return bare(chart.configure_legend(orient="top", labelLimit=400, symbolStrokeWidth=2.5))


def loss_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `loss_spec`, epochs counted from 1. A logarithm has no zero: less than `LEAST_LOSS`
    is drawn there."""
    return Rows(
        [
            {
                "run": run.name,
                "split": split,
                "epoch": epoch,
                "loss": max(float(loss), LEAST_LOSS),
            }
            for run in runs
            for split, name in zip(SPLITS, ("train_crossentropy", "val_crossentropy"), strict=True)
            for epoch, loss in enumerate(run.record.history[name], start=1)
        ],
        columns=["run", "split", "epoch", "loss"],
    )
