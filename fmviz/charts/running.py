"""What Keras reports of a run while it trains, beside what was measured after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, film, marks
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CARD_HEIGHT, DASHES, FINE, GREY, RUN_COLOURS
from fmviz.words.numbers import percent

# What Keras calls accuracy while it trains, and what its weights turn out to know.
RUNNING = ("Keras's accuracy", "training, measured", "validation, measured")


@specification
def running_spec(epochs: int, place: int, dark: bool) -> Any:
    """Keras's running training accuracy beside the measured accuracies of one run.

    Args:
        place: of the run among the page's.
    """
    colour = RUN_COLOURS[dark][place]
    legend = alt.Legend(orient="bottom", columns=1, symbolSize=400, labelLimit=300)
    curve = marks.rows().encode(
        x=axes.epochs(epochs),
        y=axes.accuracy(alt.Y, ticks=5),
        color=by_name(alt.Color, "series", RUNNING, [GREY, colour, colour], legend=legend),
        strokeDash=by_name(alt.StrokeDash, "series", RUNNING, [FINE, *DASHES], legend=legend),
        tooltip=["series:N", "epoch:Q", marks.tip("accuracy", marks.PERCENT)],
    )
    return marks.line(curve).properties(height=CARD_HEIGHT)


NAMES = ("running_accuracy", "train_accuracy", "val_accuracy")


def running_reel(runs: Sequence[Shown], run: Shown) -> film.Reel:
    """The same as a picture that moves, of one of a page's runs."""
    index = runs.index(run)
    grey, own = [GREY, GREY], [RUN_COLOURS[dark][index] for dark in (False, True)]
    dashes, colours = ("fine", "solid", "dashed"), (grey, own, own)
    looks = list(zip(dashes, colours, strict=True))
    drawn = [
        film.line(index, run.record.history[name], percent, dash=dash, colours=colour)
        for name, (dash, colour) in zip(NAMES, looks, strict=True)
    ]
    keys = [
        film.key(name, dash=dash, colours=colour)
        for name, (dash, colour) in zip(RUNNING, looks, strict=True)
    ]
    return film.lines(drawn, run.record.config.epochs, keys=keys, small=True)


def running_rows(run: Shown) -> Rows:
    """Rows for `running_spec`."""
    history = run.record.history
    return Rows(
        [
            {"series": series, "epoch": epoch, "accuracy": float(accuracy)}
            for series, name in zip(RUNNING, NAMES, strict=True)
            for epoch, accuracy in enumerate(history[name], start=1)
        ],
        columns=["series", "epoch", "accuracy"],
    )
