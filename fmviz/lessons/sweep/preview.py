"""Beside a sweep, in the same chart: accuracy over the epochs of the run that the pointer is on, or
of the one that is chosen. The browser draws it by itself.

Both share one view, of which each has a part: a view of its own each would not be as wide as the
page. On a telephone the second part is below the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.sweeps import Outcome
from fmviz.charts import axes, marks, series
from fmviz.charts.marks import of_kind
from fmviz.charts.scales import dashed_split, split_dash
from fmviz.charts.series import Row
from fmviz.charts.style import GROUND, INK, RUN_COLOURS, SPLITS
from fmviz.words.numbers import percent

# What the pointer is on, of the marks of a sweep.
HOVERED = "hovered"
# A view that is narrower than this has its parts below each other.
NARROW = 560
# Shares of the view: where the sweep ends and where the curves begin, side by side; and, from the
# top, below each other.
SWEEP_ENDS, CURVES_BEGIN = 0.58, 0.66
SWEEP_ABOVE, CURVES_BELOW = 0.48, 0.65
# Above the curves: two lines of words.
WORDS = 46
# More points than these do not make a small curve any finer.
MOST_POINTS = 30
# What training accuracy is scored against where labels are wrong.
AS_TOLD = "as told"
COLUMNS = ["chosen", "epoch", "accuracy"]


def _either(narrow: str, wide: str) -> alt.ExprRef:
    return alt.ExprRef(f"width < {NARROW} ? {narrow} : {wide}")


def across() -> list[Any]:
    """The range of the sweep's axis along the page."""
    return [0, _either("width", f"{SWEEP_ENDS} * width")]


def upwards(*, from_top: bool = False) -> list[Any]:
    """The range of its upright axis."""
    ends = [_either(f"{SWEEP_ABOVE} * height", "height"), 0]
    return ends[::-1] if from_top else ends


def lift() -> alt.ExprRef:
    """How far the axis along the page stands from the foot of the view."""
    return _either(f"-{1 - SWEEP_ABOVE} * height", "0")


def foot(pixels: float) -> alt.ExprRef:
    """A height so many pixels above the foot of the sweep."""
    return _either(f"{SWEEP_ABOVE} * height - {pixels}", f"height - {pixels}")


def hovered() -> alt.Parameter:
    """The run under the pointer; the last one, once it has left."""
    return alt.selection_point(
        name=HOVERED, fields=["run"], on="pointerover", clear=False, empty=False
    )


def panel(dark: bool, *, named: bool) -> Any:
    """The curves of one run of the sweep: the one under the pointer, else the chosen one.

    Args:
        named: whether a legend says which line is which; else the sweep's own does.
    """
    colour = RUN_COLOURS[dark][1]
    shown = f"isValid({HOVERED}.run) ? datum.run == {HOVERED}.run[0] : datum.chosen"
    left, top = _either("0", f"{CURVES_BEGIN} * width"), _either(f"{CURVES_BELOW} * height", "0")
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(range=[left, alt.ExprRef("width")], zero=False, nice=False),
        axis=alt.Axis(tickMinStep=1, tickCount=6, format="d", grid=False, orient="bottom"),
    )
    words = _either(f"{CURVES_BELOW} * height + {WORDS}", str(WORDS))
    scale = {"range": [alt.ExprRef("height"), words], "padding": 2}
    y = axes.accuracy(alt.Y, title="accuracy", ticks=4, scale=scale, orient="right", grid=False)
    # It lies on the sweep's grid; on a telephone, where there is no room, on the title of its axis
    # too: the knob is named above.
    ground = of_kind("panel").mark_rect(
        x=_either("0", f"{SWEEP_ENDS} * width + 2"),
        x2=alt.ExprRef("width"),
        y=_either(f"{SWEEP_ABOVE} * height + 44", "0"),
        y2=alt.ExprRef("height"),
        color=GROUND[dark],
        opacity=1,
    )
    curves = of_kind("epoch").transform_filter(shown)
    dash = split_dash("top") if named else dashed_split()
    line = curves.mark_line(color=colour, strokeWidth=2.2).encode(
        x=x, y=y, strokeDash=dash, detail=["name:N", "split:N"]
    )
    titles = of_kind("title").transform_filter(shown)
    at: dict[str, Any] = {"align": "left", "baseline": "top", "x": left, "color": INK[dark]}
    name = titles.mark_text(fontSize=15, fontWeight="bold", y=top, **at).encode(text="name:N")
    below = titles.mark_text(fontSize=13.5, y=top, dy=21, **at).encode(text="tip:N")
    # The axes stay as they are while the pointer moves.
    return alt.layer(ground, marks.frame(x, y), line, name, below)


def rows(
    found: Sequence[Outcome],
    names: Sequence[str],
    chosen: int | None,
    *,
    by_cell: bool,
) -> list[Row]:
    """Rows for `panel`.

    Args:
        names: of all runs, counted over all cells; or of all cells.
        chosen: the number of a run.
        by_cell: whether the runs of a cell are shown together, under the number of its first.
    """
    made: list[Row] = [{"kind": "panel"}, *_frame(found)]
    number = 0
    for cell, outcome in enumerate(found):
        first, number = number, number + len(outcome.records)
        groups = (
            [(first, names[cell], outcome.records)]
            if by_cell
            else [
                (first + k, names[first + k], (record,)) for k, record in enumerate(outcome.records)
            ]
        )
        for run, name, records in groups:
            known = [record for record in records if record is not None and record.epochs]
            if not known:
                continue
            mine = {"run": run, "chosen": chosen is not None and run <= chosen < run + len(records)}
            ends = [
                f"{split} {percent(float(np.mean([r.at_end(measure) for r in known])))}"
                for split in SPLITS
                for measure in [series.measured(split, "accuracy")]
            ]
            if any(record.config.label_noise for record in known):
                ends[0] += f" {AS_TOLD}"
            made.append({**mine, "kind": "title", "name": name, "tip": ", ".join(ends)})
            for index, record in enumerate(known):
                made += [
                    {**mine, "kind": "epoch", "name": f"{name} {index}", "split": split, **point}
                    for split in SPLITS
                    for point in points(record.history[series.measured(split, "accuracy")])
                ]
    return made


def _frame(found: Sequence[Outcome]) -> list[Row]:
    """The corners of all curves."""
    records = [r for outcome in found for r in outcome.records if r is not None and r.epochs]
    if not records:
        return []
    ends = [
        (float(values.min()), float(values.max()))
        for record in records
        for values in (record.history[series.measured(s, "accuracy")] for s in SPLITS)
    ]
    last = max(record.epochs for record in records)
    corners = ((1, min(low for low, _ in ends)), (last, max(high for _, high in ends)))
    return [{"kind": "frame", "epoch": epoch, "accuracy": value} for epoch, value in corners]


def points(values: Any) -> list[Row]:
    """Some epochs, the first and the last among them."""
    count = min(len(values), MOST_POINTS)
    chosen = np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))
    return [{"epoch": int(k) + 1, "accuracy": float(values[k])} for k in chosen]
