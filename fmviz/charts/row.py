"""The outcome against a slider, below it: a point for each position that has been trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import marks
from fmviz.charts.marks import of_kind
from fmviz.charts.series import PREFIXES, Row, Rows, with_error
from fmviz.charts.specification import specification
from fmviz.charts.style import BORDER, INK, ROW_HEIGHT, RUN_COLOURS, SPLITS
from fmviz.words.numbers import points

# From the ends of a slider to those of its track, in pixels: points stand under its thumb.
THUMB = 7
# What can be clicked of a position, in pixels across.
BAND = 18
# From the ends of the axis of accuracies to what is drawn at them: half a point.
PADDING = 5
# The chart is as wide as the slider, with no room beside it. The ends of its axis have their labels
# beyond the points, above and below them, with this much of the chart's height each, in pixels.
LABEL_SIZE, LABEL_ROOM = 11, 13
COLUMNS = ["kind", "position", "run", "split", "accuracy", "low", "high", "other", "at", "told"]
COLUMNS += ["label", "end"]


@specification
def row_spec(names: tuple[str, ...], drawn: tuple[str, ...], last: int, dark: bool) -> Any:
    """Accuracy ± one standard error at each position of a slider: training filled, validation
    hollow, the gap between them; a cross for a run that diverged; a rule at the present position. A
    line at either end of the axis, with its accuracy at the left. A click picks the "position" of
    what has been trained.

    Args:
        names: of all runs of the page, which have their colours by them.
        drawn: of these, the ones that are drawn.
        last: the last position, counted from 0.
    """
    palette = RUN_COLOURS[dark]
    colours = [palette[names.index(name)] for name in drawn]
    x = alt.X(
        "position:Q",
        scale=alt.Scale(domain=[0, last], nice=False, padding=THUMB),
        axis=None,
    )
    colour = alt.Color("run:N", scale=alt.Scale(domain=list(drawn), range=colours), legend=None)
    # Streamlit takes some of the height for the chart's margins.
    bottom = alt.ExprRef(f"height - {LABEL_ROOM}")
    scale = alt.Scale(zero=False, nice=False, padding=PADDING, range=[bottom, LABEL_ROOM])
    y, low = (alt.Y(f"{field}:Q", scale=scale, axis=None) for field in ("accuracy", "low"))
    tooltip: marks.Tips = [alt.Tooltip("at:N", title="setting"), "told:N"]
    runs = of_kind("run").encode(x=x, color=colour, tooltip=["run:N", *tooltip])
    training, validation = (
        runs.transform_filter(f"datum.split == '{split}'").encode(y=y) for split in SPLITS
    )
    looks: marks.Style = {"size": 45, "strokeWidth": 1.8, "opacity": 1, "cursor": "pointer"}
    trained = of_kind("trained").encode(x=x, tooltip=tooltip)
    ends = of_kind("tick").encode(x=x, y=y)
    written = (
        marks.label(
            ends.transform_filter(f"datum.end == '{end}'"),
            align="left",
            dx=-THUMB,
            dy=off * (PADDING + 1),
            baseline=baseline,
            fontSize=LABEL_SIZE,
            color=INK[dark],
        )
        for end, off, baseline in (("highest", -1, "bottom"), ("lowest", 1, "top"))
    )
    chart = alt.layer(
        of_kind("tick").mark_rule(color=BORDER[dark]).encode(y=y),
        *written,
        trained.mark_rule(strokeWidth=BAND, opacity=0.001, cursor="pointer").add_params(
            marks.picked("position")
        ),
        training.encode(y2="other:Q").mark_area(opacity=0.14),
        runs.mark_line(strokeWidth=1, opacity=0.5).encode(y=y, detail="split:N"),
        marks.whiskers(runs, x=x).encode(y=low),
        marks.rule("present", x=x),
        of_kind("gone")
        .mark_text(text="×", fontSize=18, fontWeight="bold")
        .encode(
            x=x,
            y=alt.value(alt.ExprRef(f"{bottom.expr} - {PADDING}")),
            color=colour,
            tooltip=["run:N", *tooltip],
        ),
        training.mark_point(filled=True, **looks),
        validation.mark_point(filled=False, **looks),
    )
    return chart.properties(
        height=ROW_HEIGHT, padding={"top": 0, "bottom": 5, "left": 0, "right": 0}
    )


def row_rows(
    labels: Sequence[str],
    drawn: Sequence[str],
    found: Mapping[tuple[int, str], Shown],
    at: int,
    *,
    gap: bool,
) -> Rows:
    """Rows for `row_spec`. A position that has not been trained breaks the lines.

    Args:
        labels: of the positions.
        drawn: the runs.
        found: finished runs by position and name.
        at: the present position.
        gap: whether training is drawn too.
    """
    rows: list[Row] = []
    for position, label in enumerate(labels):
        told = []
        for name in drawn:
            run = found.get((position, name))
            own = _of_run(run, gap)
            rows += [{"position": position, "run": name, "at": label, **row} for row in own]
            if run is not None:
                told.append((f"{name}: " if len(drawn) > 1 else "") + said(run, gap))
        if told:
            row = {"kind": "trained", "position": position, "at": label}
            rows.append({**row, "told": "; ".join(told)})
    rows.append({"kind": "present", "position": at})
    return Rows(_ticks(rows) + rows, columns=COLUMNS)


def _ticks(rows: Sequence[Row]) -> list[Row]:
    """The ends of the axis: the whole percentages about all that the rows draw, errors included."""
    drawn = [row for row in rows if row.get("accuracy") is not None]
    if not drawn:
        return []
    low = math.floor(100 * max(0.0, min(row["low"] for row in drawn)) + 1e-9)
    high = math.ceil(100 * min(1.0, max(row["high"] for row in drawn)) - 1e-9)
    ends = {"lowest": min(low, high - 1), "highest": high}
    return [
        {"kind": "tick", "position": 0, "accuracy": n / 100, "label": f"{n}%", "end": end}
        for end, n in ends.items()
    ]


def _of_run(run: Shown | None, gap: bool) -> list[Row]:
    splits = SPLITS if gap else SPLITS[1:]
    if run is None or not run.finite:
        missing: list[Row] = [{"kind": "run", "split": split} for split in splits]
        return missing if run is None else [*missing, {"kind": "gone", "told": said(run, gap)}]
    ends = {split: run.accuracy(prefix) for split, prefix in zip(SPLITS, PREFIXES, strict=True)}
    return [
        {
            "kind": "run",
            "split": split,
            **with_error(ends[split]),
            "other": ends[SPLITS[1]].value,
            "told": said(run, gap),
        }
        for split in splits
    ]


def said(run: Shown, gap: bool) -> str:
    """The outcome of a finished run in words."""
    if run.record.diverged is not None:
        return f"diverged in epoch {run.record.diverged.epoch}"
    validation = f"validation {points(run.accuracy())}%"
    return f"training {points(run.accuracy('train'))}%, {validation}" if gap else validation
