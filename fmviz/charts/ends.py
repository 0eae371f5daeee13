"""Labels at the ends of lines, in place of a legend: each beside its line, none upon another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.charts import marks
from fmviz.charts.marks import Style, of_kind

# Pixels to the right of the lines' area, on a wide chart and on a telephone.
ROOM, NARROW_ROOM = 160, 104
# Of a chart; one that is narrower has short labels.
NARROW = 460
SIZE = 13.0
SHORT = {"training": "train.", "validation": "val."}
# From one to the next.
BETWEEN = 16
# Of a chart's height, what its axis and its padding take.
BARE = 70


def room(ends: tuple[float, float] | None = None) -> alt.Scale:
    """A scale that leaves room for labels at its right.

    Args:
        ends: it goes from exactly here to there; without, from 0 as far as there are values.
    """
    given: Style = {"zero": True} if ends is None else {"domain": list(ends)}
    return alt.Scale(nice=False, range=[0, until()], **given)


def until() -> alt.ExprRef:
    """Where what is drawn ends, and the room for labels begins, in pixels from the left."""
    return alt.ExprRef(f"width - (width < {NARROW} ? {NARROW_ROOM} : {ROOM})")


def labels(x: alt.X, y: alt.Y, colour: alt.Color) -> alt.Chart:
    """The labels, of rows of kind "end" with a "label" and a "short" one."""
    fitting = f"width < {NARROW} ? datum.short : datum.label"
    base = of_kind("end").transform_calculate(label=fitting)
    text = marks.label(base, align="left", dx=8, fontSize=SIZE, limit=ROOM)
    return text.encode(x=x, y=y, color=colour)


def named(run: str, split: str) -> dict[str, str]:
    """What a run's line of a split is called, on a telephone too."""
    return {"label": f"{run}, {split}", "short": f"{run}, {SHORT[split]}"}


def apart(places: Sequence[float], least: float) -> list[float]:
    """Places in the same order, at least so far from each other, moved as little as may be: the sum
    of the squares of the moves is the least."""
    order = sorted(range(len(places)), key=places.__getitem__)
    # Less `least` for each place below, they must only not decrease: pools of equals.
    pools: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        mean, count = places[index] - rank * least, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        pools.append((mean, count))
    level = [mean for mean, count in pools for _ in range(count)]
    found = dict(zip(order, (mean + rank * least for rank, mean in enumerate(level)), strict=True))
    return [found[index] for index in range(len(places))]


def rows(
    ends: Sequence[dict[str, Any]], column: str, least: float, top: float
) -> list[dict[str, Any]]:
    """Rows for `labels`: those of the ends, their places in a column apart.

    Args:
        least: how far, in the units of the column.
        top: the end of the axis, above which there is no room.
    """
    placed = apart([min(end[column], top - least / 2) for end in ends], least)
    over = max([0.0, *(at - (top - least / 2) for at in placed)])
    placed = [at - over for at in placed]
    return [{**end, "kind": "end", column: at} for end, at in zip(ends, placed, strict=True)]


def logarithmic_rows(
    ends: Sequence[dict[str, Any]], column: str, seen: Sequence[float], pixels: float
) -> list[dict[str, Any]]:
    """`rows` where the axis is logarithmic and as long as what is seen.

    Args:
        seen: all that is drawn, more than 0.
        pixels: the length of the axis.
    """
    if not ends:
        return []
    low, high = math.log10(min(seen)), math.log10(max(seen))
    logs = [{**end, column: math.log10(end[column])} for end in ends]
    least = BETWEEN * max(high - low, 1e-6) / pixels
    return [{**row, column: 10 ** row[column]} for row in rows(logs, column, least, high)]
