"""Charts of why small weights help: nudged images, a line through ten points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name, run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import DASHES, FINE, GREY, RUN_COLOURS
from fmviz.lessons.regularisation import nudge, wiggle
from fmviz.lessons.regularisation.nudge import Nudged
from fmviz.run.measure import Estimate

HEIGHT = 270
MOVED, RIGHT = "answers that change", "accuracy"


# Nudge
@specification
def nudge_spec(names: tuple[str, ...], title: str, dark: bool) -> Any:
    """A share of the nudged images against ε, ± one standard error; the reader's ε as a rule."""
    x = axes.axis(
        alt.X, "epsilon", "noise ε, in pixel values", axes.span(0, nudge.STRONGEST), grid=False
    )
    tooltip: marks.Tips = ["run:N", tip("epsilon", ".2~f", "ε"), tip("share", marks.PERCENT, title)]
    curve = of_kind("curve").encode(x=x, color=run_colour(names, dark), tooltip=tooltip)
    scale = alt.Scale(zero=title == MOVED, nice=True)
    measured = curve.encode(y=axes.axis(alt.Y, "share", title, scale, format=".0%", tickCount=5))
    chart = alt.layer(
        curve.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q"),
        marks.line(measured),
        marks.points(measured, run_shape(names), size=44, opacity=1),
        marks.rule("here", x=x),
    )
    return on_top(chart, HEIGHT, symbolOpacity=1)


def nudge_rows(curves: Mapping[str, Sequence[tuple[float, Estimate]]], epsilon: float) -> Rows:
    """Rows for `nudge_spec`.

    Args:
        curves: by run, a share at each ε.
        epsilon: the reader's.
    """
    rows: list[dict[str, Any]] = [
        {
            "kind": "curve",
            "run": name,
            "epsilon": at,
            "share": share.value,
            "low": max(share.value - share.error, 0.0),
            "high": min(share.value + share.error, 1.0),
        }
        for name, points in curves.items()
        for at, share in points
    ]
    return Rows([*rows, {"kind": "here", "epsilon": epsilon}])


def moved(points: Sequence[Nudged]) -> list[tuple[float, Estimate]]:
    """The share of answers that change at each ε."""
    return [(point.epsilon, point.share_moved) for point in points]


def right(points: Sequence[Nudged]) -> list[tuple[float, Estimate]]:
    """The accuracy at each ε."""
    return [(point.epsilon, point.share_right) for point in points]


# A wiggly line
WHAT = ("the true curve", "the line", "its ten points")
TALLEST = 2.0  # what is drawn either way: a line may leave it
MEASURED_ON = ("its ten points", "new points")


@specification
def line_spec(dark: bool) -> Any:
    """The true curve, the ten points and the line."""
    colours = [GREY, RUN_COLOURS[dark][1], RUN_COLOURS[dark][0]]
    x = axes.axis(alt.X, "x", "x", axes.span(-1.05, 1.05), grid=False, tickCount=5)
    y = axes.axis(alt.Y, "y", "y", axes.span(-TALLEST, TALLEST), tickCount=5)
    colour = by_name(alt.Color, "what", WHAT, colours, legend=alt.Legend(columns=2))

    def part(kind: str) -> Any:
        return of_kind(kind).encode(x=x, y=y, color=colour)

    chart = alt.layer(
        part("truth").mark_line(strokeWidth=2, strokeDash=FINE),
        part("line").mark_line(strokeWidth=2.5, clip=True),
        part("point").mark_point(filled=True, size=90, opacity=1, clip=True),
    )
    return on_top(chart, HEIGHT, symbolOpacity=1)


def line_rows(lam: float, number: int) -> Rows:
    """Rows for `line_spec`.

    Args:
        lam: of the line.
        number: of the set of points.
    """
    values = wiggle.points(number)
    x = np.linspace(-1, 1, 201)
    parts = (
        ("truth", x, wiggle.truth(x)),
        ("line", x, wiggle.fit(lam, values).at(x)),
        ("point", wiggle.X, values),
    )
    return Rows(
        [
            {"kind": kind, "what": what, "x": float(at), "y": float(y)}
            for what, (kind, xs, ys) in zip(WHAT, parts, strict=True)
            for at, y in zip(xs, ys, strict=True)
        ]
    )


@specification
def errors_spec(dark: bool) -> Any:
    """A line's errors against λ, which begins at 0; the present λ as a rule."""
    # Linear up to about the constant, logarithmic from there: a logarithm has no zero.
    scale = alt.Scale(type="symlog", constant=3e-7, domain=[0, wiggle.STRONGEST], nice=False)
    ticks = [0, *(10.0**e for e in range(-6, 3, 2))]
    small = "datum.value && datum.value < 1e-3 ? format(datum.value, '~e') : toString(datum.value)"
    x = axes.axis(alt.X, "lam", "λ", scale, values=ticks, labelExpr=small, grid=False)
    y = axes.axis(alt.Y, "error", "root mean square error", alt.Scale(zero=True), tickCount=5)
    dash = by_name(alt.StrokeDash, "on", MEASURED_ON, DASHES)
    tooltip: marks.Tips = ["on:N", tip("lam", "~g", "λ"), tip("error", ".2f")]
    curve = of_kind("error").encode(x=x, y=y, strokeDash=dash, tooltip=tooltip)
    chart = alt.layer(
        curve.mark_line(strokeWidth=2.5, color=RUN_COLOURS[dark][1]), marks.rule("present", x=x)
    )
    return on_top(chart, HEIGHT, symbolSize=400)


def errors_rows(lam: float, number: int) -> Rows:
    """Rows for `errors_spec`; the arguments are those of `line_rows`."""
    values = wiggle.points(number)
    rows: list[dict[str, Any]] = [
        {"kind": "error", "on": on, "lam": strength, "error": error}
        for strength in sorted({*wiggle.LAMBDAS, lam})
        for on, error in zip(MEASURED_ON, wiggle.errors(strength, values), strict=True)
    ]
    return Rows([*rows, {"kind": "present", "lam": lam}])
