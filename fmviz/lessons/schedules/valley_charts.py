"""The rate over the steps, and below it what steps at that rate do in a valley, as one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.lessons.schedules.charts import POINTS, RATE_HEIGHT
from fmviz.lessons.schedules.valley import (
    LAST,
    NOISE,
    STEPS,
    epochs_at,
    of_run,
    rates_of,
    unrest,
)
from fmviz.words.numbers import significant

# The part of the valley that is drawn: so far from its lowest place.
REACH = 0.7
NOTE = f"f(w) = w², gradient 2w + {NOISE} ξ: an illustration"


def valley_reel(runs: Sequence[Shown], horizon: int) -> film.Reel:
    """Each run's rate, and a dot that takes steps at it.

    Args:
        runs: that have ended.
        horizon: epochs of the longest run, over which the `STEPS` of the dot are spread.
    """
    parts = [_run(run) for run in runs]
    return {
        "runs": parts,
        "horizon": horizon,
        "y": {
            "ends": [0.0, max(max(part["rates"]["y"]) for part in parts)],
            "title": "learning rate",
        },
        "steps": STEPS,
        "last": LAST,
        "reach": REACH,
        "note": NOTE,
        "height": RATE_HEIGHT,
    }


def _run(run: Shown) -> film.Reel:
    record = run.record
    config, rates, places = record.config, rates_of(record.config, record), of_run(record)
    steps = np.arange(0, len(rates), max(1, len(rates) // POINTS))
    # Before the first step, and in the last of each epoch.
    ends = [0, *(config.steps_in(epoch) - 1 for epoch in range(1, record.epochs + 1))]
    settled = unrest(places)
    return {
        "rates": {
            "x": film.significant(epochs_at(config, [*steps, len(rates)]), 5),
            "y": film.significant([*rates[steps], rates[-1]], 4),
        },
        "labels": [significant(float(rates[min(end, len(rates) - 1)])) for end in ends],
        "walk": film.rounded(places, 3),
        "unrest": "it has left" if settled is None else f"|w| ≈ {significant(settled)}",
    }
