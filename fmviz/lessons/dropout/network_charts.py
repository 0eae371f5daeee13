"""The network of a run with its units vanishing, step by step."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.charts import film, marks
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import GREY, RUN_COLOURS
from fmviz.lessons.dropout.lesson import DROPOUT
from fmviz.lessons.dropout.steps import Step
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.words.numbers import rounded

NETWORK_HEIGHT = 380
# Of each layer there is room for so many units.
UNITS = 12
# Slow enough to see which units are gone.
SECONDS_A_STEP = 0.6


def network_reel(config: RunConfig, steps: Sequence[Step], alt_text: str) -> film.Reel:
    """The first units of each hidden layer, at each step those that are there; before the first
    step all of them, as where the network is used.

    `pixels` are those of the images that the steps are of, a byte each; `kept` has a letter a unit,
    0 where it is dropped.
    """
    seconds = SECONDS_A_STEP * len(steps)
    clock = film.steps("dropout network", config.key, {DROPOUT: 1}, len(steps), seconds)
    train, shown = data.load(config.dataset).train, [step.image for step in steps]
    told, _ = data.with_noise(train.labels[: config.train_size], config.label_noise, config.seed)
    factor = 1 / (1 - config.dropout)
    layers = [
        {
            "units": units,
            "kept": ["".join("01"[int(k)] for k in step.kept[layer][:UNITS]) for step in steps],
            "left": [int(step.kept[layer].sum()) for step in steps],
        }
        for layer, units in enumerate(config.hidden)
    ]
    parts = {
        "shape": list(data.SHAPE),
        "pixels": base64.b64encode(train.grey[shown].tobytes()).decode(),
        "told": [data.CLASS_NAMES[label] for label in told[shown]],
        "layers": layers,
        "room": UNITS,
        "classes": list(data.CLASS_NAMES),
        "factor": factor,
        "counts": f"× {rounded(factor, 3)}",
        "height": NETWORK_HEIGHT,
    }
    return film.reel(clock, "thinned", alt_text, parts)


@specification
def network_spec(dark: bool) -> Any:
    """The same for one step: a dot a unit, filled where it is there, a cross where it is not."""
    x = alt.X("layer:O", title="hidden layer", axis=alt.Axis(labelAngle=0, ticks=False))
    y = alt.Y("unit:O", title=f"first {UNITS} units", axis=alt.Axis(labels=False, ticks=False))
    base = marks.rows().encode(x=x, y=y, tooltip=["layer:O", "unit:O", "state:N"])
    kept = base.transform_filter("datum.state == 'kept'")
    dropped = base.transform_filter("datum.state == 'dropped'")
    chart = alt.layer(
        kept.mark_point(filled=True, size=160, color=RUN_COLOURS[dark][1], opacity=1),
        dropped.mark_text(text="×", fontSize=16, color=GREY),
    )
    return chart.properties(height=NETWORK_HEIGHT)


def network_rows(step: Step) -> Rows:
    """Rows for `network_spec`."""
    rows = [
        {"layer": layer, "unit": unit, "state": "kept" if kept else "dropped"}
        for layer, units in enumerate(step.kept, start=1)
        for unit, kept in enumerate(units[:UNITS], start=1)
    ]
    return Rows(rows, columns=["layer", "unit", "state"])
