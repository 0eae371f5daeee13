"""What Keras reports of a run while it trains, beside what was measured after each epoch."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import CARD_HEIGHT, DASHES, GREY, RUN_COLOURS, Rows, bare

# What Keras calls accuracy while it trains, and what its weights turn out to know.
RUNNING = ("Keras's accuracy", "training, measured", "validation, measured")


@lru_cache(maxsize=16)
def running_spec(epochs: int, dark: bool) -> dict[str, Any]:
    """Keras's running training accuracy beside the measured accuracies of one run."""
    base = alt.Chart(Rows({"series": []}))
    own = RUN_COLOURS[dark][1]
    legend = alt.Legend(orient="bottom", columns=1, symbolSize=400, labelLimit=300)
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(RUNNING), range=[GREY, own, own]),
        title=None,
        legend=legend,
    )
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=list(RUNNING), range=[[2, 2], *DASHES]),
        title=None,
        legend=legend,
    )
    chart = base.mark_line(strokeWidth=2.5, clip=True).encode(
        x=alt.X(
            "epoch:Q",
            title="epoch",
            scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False),
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        ),
        y=alt.Y(
            "accuracy:Q",
            title="accuracy",
            scale=alt.Scale(zero=False, nice=True),
            axis=alt.Axis(format=".3~%", tickCount=5),
        ),
        color=colour,
        strokeDash=dash,
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("accuracy:Q", format=".1%"),
        ],
    )
    return bare(chart.properties(height=CARD_HEIGHT))


def running_rows(run: Shown) -> Rows:
    """Rows for `running_spec`, epochs counted from 1."""
    history = run.record.history
    names = ("running_accuracy", "train_accuracy", "val_accuracy")
    return Rows(
        [
            {"series": series, "epoch": epoch, "accuracy": float(accuracy)}
            for series, name in zip(RUNNING, names, strict=True)
            for epoch, accuracy in enumerate(history[name], start=1)
        ],
        columns=["series", "epoch", "accuracy"],
    )
