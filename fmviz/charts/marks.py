"""The marks of the app: a line with its points, rules and their labels, whiskers, maps of cells.

A chart's rows are of several kinds, told apart by their column "kind"; each layer takes its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt

from fmviz.charts.style import DOTTED, GREY, LABEL_SIZE

# Tooltips of accuracies.
PERCENT = ".1%"
# The selection of a chart that can be clicked.
PICKED = "picked"
Tips: TypeAlias = list[str | alt.Tooltip]
Style: TypeAlias = dict[str, Any]
# A specification holds no data: it goes where every layer has the same.
NO_ROWS = alt.NamedData("rows")


def rows(where: str | None = None) -> alt.Chart:
    """What a layer is made of: all rows, or those where a Vega expression holds."""
    base = alt.Chart(NO_ROWS)
    return base if where is None else base.transform_filter(where)


def of_kind(kind: str) -> alt.Chart:
    """The rows of a kind."""
    return rows(f"datum.kind == '{kind}'")


def tip(field: str, format: str | None = None, title: str | None = None) -> alt.Tooltip:
    """A line of a tooltip with a figure."""
    given: Style = {"format": format, "title": title}
    return alt.Tooltip(f"{field}:Q", **{k: v for k, v in given.items() if v is not None})


def line(curve: alt.Chart, **style: Any) -> alt.Chart:
    """A run's line."""
    looks: Style = {"strokeWidth": 2.5} | style
    return curve.mark_line(**looks)


def points(curve: alt.Chart, shape: alt.Shape, **style: Any) -> alt.Chart:
    """A run's points upon its line, one an epoch."""
    looks: Style = {"size": 34, "filled": True, "opacity": 0.9} | style
    return curve.mark_point(**looks).encode(shape=shape)


def ring(base: alt.Chart, **style: Any) -> alt.Chart:
    """A hollow mark around a point of a line."""
    looks: Style = {"size": 190, "strokeWidth": 2.5, "filled": False} | style
    return base.mark_point(**looks)


def rule(
    base: str | alt.Chart,
    *,
    color: str | None = GREY,
    dash: Sequence[int] = DOTTED,
    **encoding: Any,
) -> alt.Chart:
    """Dotted rules to read a place off, across the chart where `y` is given, upright where `x`.

    Args:
        base: the rows, or their kind.
        color: None where the encoding has it.
    """
    of = of_kind(base) if isinstance(base, str) else base
    looks: Style = {} if color is None else {"color": color}
    return of.mark_rule(strokeDash=list(dash), strokeWidth=1.5, **looks).encode(**encoding)


def label(base: alt.Chart, text: str = "label:N", **style: Any) -> alt.Chart:
    """Text beside a mark; places and colours are encoded by the caller."""
    looks: Style = {"fontSize": LABEL_SIZE} | style
    return base.mark_text(**looks).encode(text=text)


def whiskers(
    base: alt.Chart, *, x: alt.X | None = None, y: alt.Y | None = None, **style: Any
) -> alt.Chart:
    """From "low" to "high", such as ± one standard error, upright at an `x`, along at a `y`."""
    looks: Style = {"strokeWidth": 2} | style
    rules = base.mark_rule(**looks)
    if x is not None:
        return rules.encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    return rules.encode(x=alt.X("low:Q"), x2="high:Q", y=y)


def frame(x: alt.X, y: alt.Y) -> alt.Chart:
    """Marks that nobody sees, so that an axis spans `MIN_SPAN` or more: see `series.frame_rows`."""
    return of_kind("frame").mark_point(opacity=0).encode(x=x, y=y)


def framed(base: alt.Chart, where: str, colour: str, **style: Any) -> alt.Chart:
    """A frame around the cells of a map where a Vega expression holds."""
    looks: Style = {"filled": False, "strokeWidth": 4, "stroke": colour, "cornerRadius": 3} | style
    return base.transform_filter(where).mark_rect(**looks)


def cell_text(
    base: alt.Chart, text: str, full: str, colours: tuple[str, str], **style: Any
) -> alt.Chart:
    """The text in each cell of a map.

    Args:
        full: a Vega expression: where the cell has the strong half of its colours.
        colours: of the text upon the weak half, and upon the strong.
    """
    weak, strong = colours
    colour = alt.condition(full, alt.value(strong), alt.value(weak))
    return label(base, text, **style).encode(color=colour)


def picked(field: str) -> alt.Parameter:
    """What a click on a mark picks, by that column."""
    return alt.selection_point(name=PICKED, fields=[field], on="click", empty=False)
