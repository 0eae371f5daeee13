"""What a network makes of right and wrong labels, and its loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks, series
from fmviz.charts.marks import tip
from fmviz.charts.scales import by_name, run_colour, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CARD_HEIGHT, DASHED, RUN_COLOURS, SOLID

# Series of `labels_spec`, and the names that the history has for them.
LABELS = {
    "told the truth": "clean_accuracy",
    "told a wrong label": "corrupted_accuracy",
    "validation": "val_accuracy",
}


LEAST_LOSS = 1e-4


@specification
def labels_spec(epochs: int, dark: bool) -> Any:
    """One run's answers over the epochs: training images told the truth, training images told a
    wrong label (right is what it was told), and validation. The epoch looked at has a rule."""
    colour, wrong = RUN_COLOURS[dark][1], RUN_COLOURS[dark][3]
    names, legend = list(LABELS), alt.Legend(orient="bottom", columns=1, symbolSize=400)
    dashes = [SOLID, [9, 2], DASHED]
    x = axes.epochs(epochs)
    curve = marks.rows("datum.series != 'epoch'").encode(
        x=x,
        y=axes.share(alt.Y, "accuracy", "answers as told"),
        color=by_name(alt.Color, "series", names, [colour, wrong, colour], legend=legend),
        strokeDash=by_name(alt.StrokeDash, "series", names, dashes, legend=legend),
        tooltip=["series:N", "epoch:Q", tip("accuracy", marks.PERCENT)],
    )
    best = marks.rule(marks.rows("datum.series == 'epoch'"), x=x)
    return alt.layer(marks.line(curve, clip=True), best).properties(height=CARD_HEIGHT)


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


@specification
def loss_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Cross-entropy over the epochs on a logarithmic scale, training solid, validation dashed."""
    nice = {"nice": True}
    curve = marks.rows().encode(
        x=axes.epochs(epochs),
        y=axes.logarithmic(alt.Y, "loss", "cross-entropy", nice, format="~g", tickCount=4),
        color=run_colour(names, dark),
        tooltip=["run:N", "split:N", "epoch:Q", tip("loss", ".3~g")],
    )
    chart = alt.layer(
        marks.line(curve, clip=True).encode(strokeDash=split_dash()),
        marks.points(curve, run_shape(names), size=22),
    )
    return on_top(chart, CARD_HEIGHT, symbolStrokeWidth=2.5)


def loss_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `loss_spec`. A logarithm has no zero: less than `LEAST_LOSS`
    is drawn there."""
    rows = [
        row
        for run in runs
        for row in series.over_epochs(run.name, run.record, "crossentropy", "loss", LEAST_LOSS)
    ]
    return Rows(rows, columns=["run", "split", "epoch", "loss"])
