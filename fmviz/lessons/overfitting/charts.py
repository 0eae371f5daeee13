"""What a network makes of right and wrong labels, and its loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, film, marks, series
from fmviz.charts.marks import tip
from fmviz.charts.scales import by_name, run_colour, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CARD_HEIGHT, DASHED, PANEL_HEIGHT, RUN_COLOURS, SOLID
from fmviz.words.numbers import percent, significant

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
    return alt.layer(marks.line(curve), best).properties(height=CARD_HEIGHT)


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


def labels_reel(runs: Sequence[Shown]) -> film.Reel:
    """The same as a picture that moves, of the last run, with the same rule."""
    own, record = len(runs) - 1, runs[-1].record
    dashes = dict(zip(LABELS, ("solid", "fine", "dashed"), strict=True))
    colours = [[RUN_COLOURS[dark][index] for dark in (False, True)] for index in (1, 3, 1)]
    looks = dict(zip(LABELS, colours, strict=True))
    drawn = [
        film.line(own, record.history[name], percent, dash=dashes[series], colours=looks[series])
        for series, name in LABELS.items()
        if np.isfinite(record.history[name]).any()
    ]
    keys = [film.key(name, dash=dashes[name], colours=looks[name]) for name in LABELS]
    reel = film.lines(drawn, record.config.epochs, keys=keys, ends=(0, 1), small=True)
    return reel | {"upright": record.best_epoch}


@specification
def loss_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Cross-entropy over the epochs on a logarithmic scale, training solid, validation dashed."""
    nice = {"nice": True}
    curve = marks.rows().encode(
        x=axes.epochs(epochs),
        y=axes.logarithmic(alt.Y, "loss", "cross-entropy", nice, format="~g", tickCount=4),
        # Beside the accuracies, whose lines are named.
        color=run_colour(names, dark, legend=None),
        tooltip=["run:N", "split:N", "epoch:Q", tip("loss", ".3~g")],
    )
    line = marks.line(curve).encode(strokeDash=split_dash(None))
    return line.properties(height=PANEL_HEIGHT)


def loss_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `loss_spec`. A logarithm has no zero: less than `LEAST_LOSS`
    is drawn there."""
    rows = [
        row
        for run in runs
        for row in series.over_epochs(run.name, run.record, "crossentropy", "loss", LEAST_LOSS)
    ]
    return Rows(rows, columns=["run", "split", "epoch", "loss"])


def loss_reel(runs: Sequence[Shown], horizon: int) -> film.Reel:
    """The same as a picture that moves."""
    drawn = film.both_splits(runs, "crossentropy", significant, least=LEAST_LOSS)
    return film.lines(drawn, horizon, keys=film.legend(runs), kind="log", small=True)
