"""What tells the marks of a chart apart: colours, shapes and dashes with their legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import altair as alt

from fmviz.charts.style import DASHED, DASHES, HOLLOW, RUN_COLOURS, RUN_SHAPES, SOLID, SPLITS

# Letters that fit beside each other in a legend on a telephone, and those that a symbol takes.
ROOM, SYMBOL = 34, 5
Channel = TypeVar("Channel", alt.Color, alt.Fill, alt.Shape, alt.StrokeDash)


def by_name(
    channel: type[Channel], field: str, names: Sequence[str], values: Sequence[Any], **options: Any
) -> Channel:
    """Each name of a column has its value of a channel: a colour, a shape, a dash.

    Args:
        options: of the channel; `legend` above all, which has no title.
    """
    scale = alt.Scale(domain=list(names), range=list(values))
    return channel(f"{field}:N", **({"scale": scale, "title": None} | options))


def legend_columns(names: tuple[str, ...]) -> int:
    """Columns of a legend of runs: fewer where names are long, which those of readers may be, for
    a telephone has little room."""
    most = 2 if len(names) in (2, 4) else 3
    for columns in range(most, 1, -1):
        widest = (max(map(len, names[k::columns]), default=0) for k in range(columns))
        if sum(widest) + columns * SYMBOL <= ROOM:
            return columns
    return 1


def legend_height(names: tuple[str, ...]) -> int:
    """Pixels of a legend of runs beyond its first two rows, which every chart has room for."""
    return 24 * max(0, -(-len(names) // legend_columns(names)) - 2)


def run_colour(names: tuple[str, ...], dark: bool, **options: Any) -> alt.Color:
    """A run's colour, by its place among the names."""
    options.setdefault("legend", alt.Legend(columns=legend_columns(names)))
    return by_name(alt.Color, "run", names, RUN_COLOURS[dark][: len(names)], **options)


def run_shape(names: tuple[str, ...], **options: Any) -> alt.Shape:
    """A run's mark, so that colour never speaks alone."""
    return by_name(alt.Shape, "run", names, RUN_SHAPES[: len(names)], **options)


def split_dash(orient: str | None = "bottom", **legend: Any) -> alt.StrokeDash:
    """Training solid, validation dashed.

    Args:
        orient: where the legend is; at the bottom it leaves room for that of the runs, on a
            telephone too. None for no legend.
        legend: more of `alt.Legend`.
    """
    return by_name(alt.StrokeDash, "split", SPLITS, DASHES, legend=_of_splits(orient, legend))


def dashed_split() -> alt.StrokeDashValue:
    """The same by itself, of lines through points whose legend is that of `split_fill`: with a
    scale of the same names theirs and that one would become one, whose circles are dashed. Encode
    "split" as a detail beside it."""
    _, validation = SPLITS
    dashed = {"test": f"datum.split == {validation!r}", "value": DASHED}
    return alt.StrokeDashValue(SOLID, condition=dashed)


def split_fill(colour: str, orient: str | None = "bottom", **legend: Any) -> alt.Fill:
    """Training filled, validation hollow; the arguments are those of `split_dash`."""
    colours = [colour, HOLLOW]
    looks = {"symbolSize": 100, "symbolStrokeColor": colour, "symbolStrokeWidth": 2.5, **legend}
    return by_name(alt.Fill, "split", SPLITS, colours, legend=_of_splits(orient, looks))


def _of_splits(orient: str | None, legend: Mapping[str, Any]) -> alt.Legend | None:
    looks = {"orient": orient, "symbolSize": 400, **legend}
    return None if orient is None else alt.Legend(**looks)
