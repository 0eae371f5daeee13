"""The ravine of the lesson on optimizers: as a map with paths, and f along each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.charts import axes, film, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CURVES_HEIGHT, GREY
from fmviz.lessons.optimizers.charts import PLACES, racer_colour, racer_shape
from fmviz.lessons.optimizers.lesson import LABELS
from fmviz.lessons.optimizers.ravine import STEPS, Ravine

# The part of the plane that is drawn: so far from the minimum.
ALONG, ACROSS = 2.4, 1.6
AXES = ("first parameter", "second parameter")
LEVELS = tuple(4.0**k for k in range(-4, 4))
# f below this is drawn at it.
FLOOR = 1e-8
# Beside the main picture there is room below it for the sliders.
MAP_HEIGHT = 285
# Outside of the picture a line only needs its direction.
OUTSIDE = 50


@specification
def ravine_spec(shown: tuple[str, ...], dark: bool) -> Any:
    """Contours of the ravine, the minimum, and the paths."""
    looks: dict[str, Any] = {"grid": False, "tickCount": 5}
    x = axes.axis(alt.X, "x", AXES[0], axes.span(-ALONG, ALONG), **looks)
    y = axes.axis(alt.Y, "y", AXES[1], axes.span(-ACROSS, ACROSS), **looks)
    contours = of_kind("contour").encode(x=x, y=y, order="step:Q", detail="level:N")
    path = of_kind("path").encode(
        x=x,
        y=y,
        color=racer_colour(shown, dark),
        order="step:Q",
        tooltip=["run:N", "step:Q", tip("value", ".3~g", "f")],
    )
    goal = of_kind("minimum").mark_point(shape="cross", size=160, filled=True, color=GREY)
    chart = alt.layer(
        contours.mark_line(strokeWidth=1, color=GREY, opacity=0.55, clip=True),
        goal.encode(x=x, y=y),
        marks.line(path, strokeWidth=2, clip=True),
        marks.points(path, racer_shape(shown), size=40, clip=True),
    )
    return on_top(chart, MAP_HEIGHT, labelLimit=200, symbolSize=120)


def ravine_rows(racers: Sequence[str], ravine: Ravine, rate: float) -> Rows:
    """Rows for `ravine_spec` and `descent_spec`."""
    rows: list[dict[str, Any]] = [{"kind": "minimum", "x": 0.0, "y": 0.0}]
    turn = np.linspace(0, 2 * np.pi, 121)
    for level in LEVELS:
        half = np.sqrt(2 * level)
        ellipse = np.stack([half * np.cos(turn), half / np.sqrt(ravine.curvature) * np.sin(turn)])
        places = ellipse.T @ ravine.axes
        rows += [
            {"kind": "contour", "level": f"{level:g}", "step": i, "x": x, "y": y}
            for i, (x, y) in enumerate(places.tolist())
        ]
    for name in racers:
        path = ravine.path(name, rate)
        places = np.clip(path, -OUTSIDE, OUTSIDE)
        values = ravine.value(path)
        rows += [
            {
                "kind": "path",
                "run": LABELS[name],
                "step": i,
                "x": x,
                "y": y,
                "value": float(value),
                "drawn": float(max(value, FLOOR)),
            }
            for i, ((x, y), value) in enumerate(zip(places.tolist(), values))
        ]
    columns = ["kind", "level", "run", "step", "x", "y", "value", "drawn"]
    return Rows(rows, columns=columns)


def ravine_reel(racers: Sequence[str], ravine: Ravine, rate: float, alt_text: str) -> film.Reel:
    """The same as a picture that moves: the map, and everybody's place after each step.

    Contours are sent as the numbers that make them: half as long as √(2f), half as wide as
    √(2f/κ), turned by so many degrees.
    """
    paths = [np.clip(ravine.path(name, rate), -OUTSIDE, OUTSIDE) for name in racers]
    labels = {LABELS[name]: PLACES[LABELS[name]] for name in racers}
    key = f"{ravine.curvature}/{ravine.tilted}/{rate}/{','.join(racers)}"
    clock = film.steps("optimizers ravine", key, labels, STEPS)
    parts = {
        "paths": [[film.rounded(place, 3) for place in path.tolist()] for path in paths],
        "levels": sorted(LEVELS, reverse=True),
        "curvature": ravine.curvature,
        "turn": 45 if ravine.tilted else 0,
        "reach": [ALONG, ACROSS],
        "axes": list(AXES),
        "height": MAP_HEIGHT,
    }
    return film.reel(clock, "ravine", alt_text, parts)


@specification
def descent_spec(shown: tuple[str, ...], dark: bool) -> Any:
    """f over the steps of each path, from the rows of the ravine."""
    scale = {"domain": [FLOOR, 100], "clamp": True}
    looks: dict[str, Any] = {"format": "~e", "tickCount": 5, "gridOpacity": 0.4}
    curve = of_kind("path").encode(
        x=axes.axis(alt.X, "step", "step", axes.span(0, STEPS), grid=False, tickCount=6),
        y=axes.logarithmic(alt.Y, "drawn", "f", scale, **looks),
        color=racer_colour(shown, dark, legend=None),
        tooltip=["run:N", "step:Q", tip("value", ".3~g")],
    )
    dots = curve.mark_point(size=26, filled=True).encode(shape=racer_shape(shown, legend=None))
    chart = alt.layer(marks.line(curve, strokeWidth=2), dots)
    return chart.properties(height=CURVES_HEIGHT)
