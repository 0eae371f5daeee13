"""Lottery tickets: accuracy against the share of weights that stay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import altair as alt

from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name, run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import DASHED, SOLID
from fmviz.lessons.regularisation import tickets
from fmviz.lessons.regularisation.tickets import SHARES, Floats, Lottery
from fmviz.lessons.regularisation.tickets_says import LARGEST, PRUNED, RANDOM, WHOLE
from fmviz.run.measure import Estimate

LINES = (WHOLE, LARGEST, RANDOM, PRUNED)
HEIGHT = 330
# The axis begins at a multiple of this.
STEP = 0.05
# Half of a 95% interval in standard errors of one network's accuracy.
NORMAL = 1.96


@specification
def tickets_spec(floor: float, pruned: bool, dark: bool) -> Any:
    """Validation accuracy against the share of a hidden layer's weights that stay, on a logarithmic
    axis: means over the seeds with their 95% intervals; the whole network's goes across.

    Args:
        floor: where the axis begins; what is lower is cut off.
        pruned: whether the network that is not trained again is in the picture.
    """
    ends = {"domain": [SHARES[0], SHARES[-1]], "nice": False, "padding": 14}
    title = "share of each hidden layer's weights that stay"
    x = axes.logarithmic(alt.X, "kept", title, ends, values=list(SHARES), format=".0%", grid=False)
    above = {"domainMin": floor}
    y, low = (axes.accuracy(alt.Y, field, scale=above) for field in ("accuracy", "low"))
    names = LINES if pruned else LINES[:-1]
    colour = run_colour(names, dark)
    dashes = [SOLID, SOLID, SOLID, DASHED][: len(names)]
    dash = by_name(alt.StrokeDash, "run", names, dashes, legend=None)
    accuracy = tip("accuracy", marks.PERCENT)
    interval: marks.Tips = [tip("low", marks.PERCENT, "95% from"), tip("high", marks.PERCENT, "to")]
    curve = of_kind("ticket").encode(
        x=x, color=colour, tooltip=["run:N", tip("kept", ".0%", "stay"), accuracy, *interval]
    )
    across = of_kind("whole").encode(color=colour, tooltip=["run:N", accuracy, *interval])
    chart = alt.layer(
        across.mark_rect(opacity=0.15, clip=True).encode(
            y=low, y2="high:Q", stroke=alt.value(None)
        ),
        across.mark_rule(strokeWidth=2.5).encode(y=y),
        marks.whiskers(of_kind("ticket"), x=x, strokeWidth=1.8, clip=True).encode(color=colour),
        marks.line(curve, clip=True).encode(y=y, strokeDash=dash),
        marks.points(curve, run_shape(names), size=50, opacity=1, clip=True).encode(y=y),
    )
    return on_top(chart, HEIGHT, symbolOpacity=1)


def floor(found: Lottery) -> float:
    """A round accuracy below all means that are trained to the end, and their intervals."""
    trained = [
        found.whole,
        *(row for share in found.shares for row in (share.largest, share.random)),
    ]
    lowest = min(_over_seeds(values)["low"] for values in trained)
    return round(math.floor(lowest / STEP) * STEP, 2)


def tickets_rows(found: Lottery, pruned: Mapping[float, Estimate]) -> Rows:
    """Rows for `tickets_spec`.

    Args:
        pruned: share kept → accuracy without training again; may be empty.
    """
    rows: list[dict[str, Any]] = [{"kind": "whole", "run": WHOLE, **_over_seeds(found.whole)}]
    for share in found.shares:
        for name, values in ((LARGEST, share.largest), (RANDOM, share.random)):
            rows.append({"kind": "ticket", "run": name, "kept": share.kept, **_over_seeds(values)})
    for kept, one in pruned.items():
        rows.append({"kind": "ticket", "run": PRUNED, "kept": kept, **_of(one, NORMAL * one.error)})
    return Rows(rows, columns=["kind", "run", "kept", "accuracy", "low", "high"])


def _over_seeds(values: Floats) -> dict[str, float]:
    mean = tickets.mean(values)
    return _of(Estimate(mean.value, mean.error), mean.margin)


def _of(mean: Estimate, margin: float) -> dict[str, float]:
    """An accuracy and the ends of its interval, which no share goes beyond."""
    low, high = max(mean.value - margin, 0.0), min(mean.value + margin, 1.0)
    return {"accuracy": mean.value, "low": low, "high": high}
