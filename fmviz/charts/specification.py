"""From a chart to its Vega-Lite specification, which a page keeps while it exchanges the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, cast

import altair as alt

P = ParamSpec("P")
Spec = dict[str, Any]


def specification(build: Callable[P, Any]) -> Callable[P, Spec]:
    """Decorates a function that builds a chart: it returns its specification without data, built
    once for the same arguments, which must be hashable."""

    @lru_cache(maxsize=64)
    @wraps(build)
    def kept(*args: P.args, **kwargs: P.kwargs) -> Spec:
        spec: Spec = build(*args, **kwargs).to_dict()
        spec.pop("data", None)
        spec.pop("datasets", None)
        # A live chart is drawn many times a second: a canvas costs a browser a fraction of an SVG.
        spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}
        return spec

    return cast(Callable[P, Spec], kept)


def on_top(chart: Any, height: int, **legend: Any) -> Any:
    """The chart with its legends above it, where names of any length have room.

    Args:
        legend: more of Vega-Lite's `config.legend`.
    """
    looks = {"orient": "top", "labelLimit": 400} | legend
    return chart.properties(height=height).configure_legend(**looks)


def square(chart: Any, side: int) -> Any:
    """The chart with both sides as long as that, axes and titles apart."""
    return chart.properties(height=side, width=side, autosize=alt.AutoSizeParams(type="pad"))


# On the far wall: what is written and drawn on a chart grows by so much; by less where it has no
# more room for that.
PROJECTED, PROJECTED_IN_PLACE = 1.4, 1.2
_GROWING = {"fontSize", "size", "strokeWidth", "dx", "dy"}


def projected(spec: Spec, *, taller: bool = True) -> Spec:
    """A chart for a projector, with larger type, marks and lines. Its width is the page's. Of
    "size" and the like only numbers grow: an encoding of that name is none.

    Args:
        taller: whether it is higher, too.
    """
    growing, by = (_GROWING | {"height"}, PROJECTED) if taller else (_GROWING, PROJECTED_IN_PLACE)

    def grown(part: Any) -> Any:
        if isinstance(part, list):
            return [grown(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            name: round(value * by, 2)
            if name in growing and isinstance(value, int | float)
            # Larger names need wider columns, or the last one is cut off.
            else max(1, int(value / by))
            if name == "columns" and isinstance(value, int)
            else grown(value)
            for name, value in part.items()
        }

    large: Spec = grown(spec)
    sizes = {"labelFontSize": 17, "titleFontSize": 18}
    over = {
        "axis": sizes | {"labelPadding": 10},
        "legend": sizes | {"symbolSize": 200},
        "header": sizes,
        "line": {"strokeWidth": 4},
        "point": {"size": 110},
    }
    config = large.get("config", {})
    merged = {name: over[name] | config.get(name, {}) for name in over}
    return large | {"config": config | merged}
