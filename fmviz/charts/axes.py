"""The axes of the app: epochs and other counts, accuracies, shares, logarithms.

Each function makes one for either side, `alt.X` or `alt.Y`. A field is quantitative and named
without its type. What an axis lets alone is Vega-Lite's, or Streamlit's looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import altair as alt

Side = TypeVar("Side", alt.X, alt.Y)

Options = dict[str, Any]


def room(pixels: int) -> Options:
    """The same room for an axis's labels, whatever they are, so that of two charts one stands
    exactly above the other."""
    return {"minExtent": pixels, "maxExtent": pixels}


def span(low: float, high: float) -> alt.Scale:
    """A scale from exactly here to there."""
    return alt.Scale(domain=[low, high], nice=False)


def axis(
    side: type[Side],
    field: str,
    title: str | list[str] | None,
    scale: alt.Scale | None = None,
    **options: Any,
) -> Side:
    """Any axis of a quantity.

    Args:
        title: a line, or several.
        options: of `alt.Axis`.
    """
    given: Options = {} if scale is None else {"scale": scale}
    # Flush labels stand beside the place that they name.
    looks: Options = {"labelFlush": False} | options
    return side(f"{field}:Q", title=title, axis=alt.Axis(**looks), **given)


def counts(
    side: type[Side], field: str, ends: tuple[float, float], title: str | None, **options: Any
) -> Side:
    """Whole numbers from one end to the other, without a grid."""
    looks = {"tickMinStep": 1, "format": "d", "grid": False} | options
    return axis(side, field, title, span(*ends), **looks)


def epochs(last: int, first: int = 1, title: str | None = "epoch") -> alt.X:
    """Epochs trained along the x axis; a run of one epoch has an axis too."""
    return counts(alt.X, "epoch", (min(first, last - 1), last), title)


def accuracy(
    side: type[Side],
    field: str = "accuracy",
    title: str = "accuracy",
    ticks: int = 6,
    scale: Options | None = None,
    **options: Any,
) -> Side:
    """Accuracies as percentages, as far as there are any.

    Args:
        scale: more of `alt.Scale`.
    """
    given: Options = {"zero": False, "nice": True} | (scale or {})
    fitted = alt.Scale(**given)
    looks: Options = {"format": ".3~%", "tickCount": ticks} | options
    return axis(side, field, title, fitted, **looks)


def share(side: type[Side], field: str, title: str | None, top: float = 1, **options: Any) -> Side:
    """Shares from none to all.

    Args:
        top: where the axis ends; beyond 1 it has room for labels, but no ticks.
    """
    ticks: Options = {"values": [0, 0.25, 0.5, 0.75, 1]} if top > 1 else {"tickCount": 5}
    looks = {"format": ".0%"} | ticks | options
    return axis(side, field, title, alt.Scale(domain=[0, top]), **looks)


def logarithmic(
    side: type[Side], field: str, title: str, scale: Options | None = None, **options: Any
) -> Side:
    """A logarithmic axis.

    Args:
        scale: more of `alt.Scale`.
    """
    return axis(side, field, title, alt.Scale(type="log", **(scale or {})), **options)


def names(side: type[Side], field: str, order: Sequence[str] | None = None, **options: Any) -> Side:
    """Names without ticks and title, in that order, else in that of the rows."""
    looks = {"ticks": False} | options
    return side(
        f"{field}:N",
        title=None,
        sort=None if order is None else list(order),
        axis=alt.Axis(**looks),
    )


def cells(
    side: type[Side],
    field: str,
    title: str,
    order: Sequence[str],
    ends: Sequence[Any] | None = None,
    **options: Any,
) -> Side:
    """The columns or lines of a map, in that order.

    Args:
        ends: where it begins and ends, in pixels; else it is as long as the chart.
    """
    looks = {"ticks": False} | options
    given: Options = {} if ends is None else {"range": list(ends)}
    scale = alt.Scale(domain=list(order), **given)
    return side(f"{field}:N", title=title, sort=None, scale=scale, axis=alt.Axis(**looks))
