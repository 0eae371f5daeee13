"""How every chart of the app looks: colours, dashes, shapes, sizes."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

# Okabe & Ito: vermilion for the baseline, which comes first, blue for the run beside it. On a
# dark ground their lighter orange and sky blue take over. In a race the others follow.
RUN_COLOURS = {
    False: [
        *("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#8C6D00", "#3E97C9", "#5B3F8C", "#4D4D4D"),
        *("#A3485F", "#2F7F7F", "#7A5230", "#B0368C"),
    ],
    True: [
        *("#E69F00", "#56B4E9", "#2FC79A", "#E5A0C6", "#F0E442", "#8FA8FF", "#D55E00", "#C9D1D9"),
        *("#F28E9D", "#7FD6D6", "#D2A679", "#F07FD0"),
    ],
}


RUN_SHAPES = [
    *("square", "circle", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"),
    *("triangle-left", "stroke", "wedge", "arrow"),
    "M-1,-1L0,-0.3L1,-1L0.3,0L1,1L0,0.3L-1,1L-0.3,0Z",
]


GREY = "#808A94"


SPLITS = ["training", "validation"]


DASHES = [[1, 0], [5, 4]]


CURVES_HEIGHT = 390


PANEL_HEIGHT = 270


# Accuracy axes span at least so much: flat curves should look flat.
MIN_SPAN = 0.06


Rows = pd.DataFrame


def legend_columns(names: tuple[str, ...]) -> int:
    """Columns of a legend of runs: fewer where names are long, which those of readers may be, for
    a telephone has room for some 40 letters."""
    return max(1, min(2 if len(names) in (2, 4) else 3, 42 // max(map(len, names), default=1)))


def legend_height(names: tuple[str, ...]) -> int:
    """Pixels of a legend of runs beyond its first two rows, which every chart has room for."""
    return 24 * max(0, -(-len(names) // legend_columns(names)) - 2)


def run_colour(names: tuple[str, ...], dark: bool, **options: Any) -> alt.Color:
    """A run's colour, by its place among the names."""
    scale = alt.Scale(domain=list(names), range=RUN_COLOURS[dark][: len(names)])
    options.setdefault("legend", alt.Legend(columns=legend_columns(names)))
    return alt.Color("run:N", scale=scale, title=None, **options)


def run_shape(names: tuple[str, ...]) -> alt.Shape:
    """A run's mark, so that colour never speaks alone."""
    scale = alt.Scale(domain=list(names), range=RUN_SHAPES[: len(names)])
    return alt.Shape("run:N", scale=scale, title=None)


def bare(chart: Any) -> dict[str, Any]:
    """The chart's specification without its data."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("data", None)
    spec.pop("datasets", None)
    # A live chart is drawn many times a second: a canvas costs a browser a fraction of an SVG.
    spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}
    return spec


# On the far wall: what is written and drawn on a chart grows by so much.
PROJECTED = 1.4


_GROWING = {"height", "fontSize", "size", "strokeWidth", "dx", "dy"}


def projected(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart for a projector: taller, with larger type, marks and lines. Its width is the page's.
    Of "size" and the like only numbers grow: an encoding of that name is none."""

    def grown(part: Any) -> Any:
        if isinstance(part, list):
            return [grown(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            name: round(value * PROJECTED, 2)
            if name in _GROWING and isinstance(value, int | float)
            else grown(value)
            for name, value in part.items()
        }

    large: dict[str, Any] = grown(spec)
    sizes = {"labelFontSize": 17, "titleFontSize": 18}
    over = {
        "axis": sizes | {"labelPadding": 10},
        "legend": sizes | {"symbolSize": 200},
        "header": sizes,
        "line": {"strokeWidth": 4},
        "point": {"size": 110},
    }
    own = large.get("config", {})
    merged = {name: over[name] | own.get(name, {}) for name in over}
    return large | {"config": own | merged}


# Of a chart with legends above and below it in a third of the page's width.
CARD_HEIGHT = 390
