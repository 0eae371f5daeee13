"""Differences of two settings, a dot a seed, with their mean and its 95% interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.seeds import OverSeeds
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import RUN_COLOURS

LABELS = {"validation": "validation", "gap": "gap"}
HEIGHT = 150


@specification
def seeds_spec(title: str, dark: bool) -> Any:
    """Dots along a line for each figure; a diamond and a bar for the mean and its interval; a rule
    at no difference.

    Args:
        title: of the axis: what less what.
    """
    colour = RUN_COLOURS[dark][1]
    x = axes.axis(alt.X, "points", title)
    y = axes.names(alt.Y, "figure", list(LABELS.values()))
    seed = of_kind("seed").encode(x=x, y=y, tooltip=["seed:N", tip("points", "+.1f")])
    mean = of_kind("mean").encode(
        x=x, y=y, tooltip=[tip("points", "+.2f", "mean"), tip("low", "+.2f"), tip("high", "+.2f")]
    )
    chart = alt.layer(
        marks.rule("none", x=x),
        marks.whiskers(of_kind("mean"), y=y, strokeWidth=4, color=colour, opacity=0.6),
        seed.mark_point(size=70, filled=True, opacity=0.9, color=colour),
        mean.mark_point(size=160, shape="diamond", strokeWidth=2.5, color=colour, opacity=1),
    )
    return chart.properties(height=HEIGHT)


def seeds_rows(found: Sequence[OverSeeds], seeds: Sequence[int]) -> Rows:
    """Rows for `seeds_spec`, in percentage points.

    Args:
        seeds: those of the differences, in order.
    """
    rows: list[dict[str, Any]] = [{"kind": "none", "points": 0.0}]
    for each in found:
        figure, mean = LABELS[each.of], each.mean
        rows += [
            {"kind": "seed", "figure": figure, "seed": f"seed {seed}", "points": 100 * difference}
            for seed, difference in zip(seeds, each.differences, strict=True)
        ]
        rows.append(
            {
                "kind": "mean",
                "figure": figure,
                "points": 100 * mean.value,
                "low": 100 * (mean.value - mean.margin),
                "high": 100 * (mean.value + mean.margin),
            }
        )
    return Rows(rows, columns=["kind", "figure", "seed", "points", "low", "high"])
