"""What Keras reports of a run while it trains, beside what was measured after each epoch."""

from __future__ import annotations

from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CARD_HEIGHT, DASHES, FINE, GREY, RUN_COLOURS

# What Keras calls accuracy while it trains, and what its weights turn out to know.
RUNNING = ("Keras's accuracy", "training, measured", "validation, measured")


@specification
def running_spec(epochs: int, dark: bool) -> Any:
    """Keras's running training accuracy beside the measured accuracies of one run."""
    colour = RUN_COLOURS[dark][1]
    legend = alt.Legend(orient="bottom", columns=1, symbolSize=400, labelLimit=300)
    curve = marks.rows().encode(
        x=axes.epochs(epochs),
        y=axes.accuracy(alt.Y, ticks=5),
        color=by_name(alt.Color, "series", RUNNING, [GREY, colour, colour], legend=legend),
        strokeDash=by_name(alt.StrokeDash, "series", RUNNING, [FINE, *DASHES], legend=legend),
        tooltip=["series:N", "epoch:Q", marks.tip("accuracy", marks.PERCENT)],
    )
    return marks.line(curve, clip=True).properties(height=CARD_HEIGHT)


def running_rows(run: Shown) -> Rows:
    """Rows for `running_spec`."""
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
