"""Ever wider networks: what they get wrong, on images they have trained on and on others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.significance import of_draws
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import run_colour, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CURVES_HEIGHT, SPLITS
from fmviz.lessons.overfitting.widths import WIDTHS, Descent, Figure

TITLES: dict[Figure, str] = {"error": "error", "crossentropy": "validation cross-entropy"}


@specification
def widths_spec(names: tuple[str, ...], figure: Figure, dark: bool) -> Any:
    """A figure against the width, on a logarithmic axis, a colour a share of wrong labels: the mean
    over the seeds and its 95% interval. A rule where each has first learnt everything by heart.

    Args:
        names: what the networks were told.
    """
    ends = {"domain": [WIDTHS[0], WIDTHS[-1]], "nice": False, "padding": 14}
    title = "units of the hidden layer"
    x = axes.logarithmic(alt.X, "units", title, ends, values=list(WIDTHS), format="d", grid=False)
    written = ".3~%" if figure == "error" else "~g"
    scale = alt.Scale(zero=figure == "error", nice=True)
    y = axes.axis(alt.Y, "value", TITLES[figure], scale, format=written, tickCount=6)
    colour = run_colour(names, dark)
    interval: marks.Tips = [tip("low", written, "95% from"), tip("high", written, "to")]
    mean = tip("value", ".1%" if figure == "error" else ".3f", "mean over the seeds")
    points = of_kind("width").encode(
        x=x, y=y, color=colour, tooltip=["run:N", "split:N", "units:Q", mean, *interval]
    )
    bars = marks.whiskers(of_kind("width"), x=x, strokeWidth=1.8)
    chart = alt.layer(
        marks.rule("threshold", color=None, x=x).encode(color=colour),
        bars.encode(color=colour),
        marks.line(points).encode(strokeDash=split_dash()),
        marks.points(points, run_shape(names), size=40, opacity=1),
    )
    return on_top(chart, CURVES_HEIGHT, symbolOpacity=1)


def widths_rows(found: Mapping[float, Descent], names: Mapping[float, str], figure: Figure) -> Rows:
    """Rows for `widths_spec`; training is drawn where the figure is the error.

    Args:
        names: share of wrong labels → what the networks were told.
    """
    rows: list[dict[str, Any]] = []
    for noise, descent in found.items():
        run = names[noise]
        for width in descent.widths:
            drawn = {SPLITS[1]: width.held_out}
            if figure == "error":
                drawn[SPLITS[0]] = 1 - width.training
            rows += [
                {"kind": "width", "run": run, "split": split, "units": width.units, **_mean(values)}
                for split, values in drawn.items()
            ]
        if descent.threshold is not None:
            rows.append({"kind": "threshold", "run": run, "units": descent.threshold.units})
    return Rows(rows, columns=["kind", "run", "split", "units", "value", "low", "high"])


def _mean(values: npt.NDArray[np.float64]) -> dict[str, float]:
    """The mean over the seeds and the ends of its 95% interval, by Student's t; no error and no
    share is below 0."""
    mean = of_draws(values)
    return {
        "value": mean.value,
        "low": max(mean.value - mean.margin, 0.0),
        "high": mean.value + mean.margin,
    }
