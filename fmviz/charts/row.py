"""The outcome against a slider, below it: a point for each position that has been trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import inside, marks
from fmviz.charts.inside import OFF
from fmviz.charts.marks import of_kind
from fmviz.charts.series import PREFIXES, Row, Rows, with_error
from fmviz.charts.specification import specification
from fmviz.charts.style import BORDER, INK, ROW_HEIGHT, RUN_COLOURS, SPLITS
from fmviz.words.numbers import points

# From the ends of a slider to those of its track, in pixels: points stand under its thumb.
THUMB = 7
# What can be clicked of a position, in pixels across.
BAND = 18
# From the ends of the axis of accuracies to the chart's own: half a point.
PADDING = 5
# The axis has its labels within the chart, which is as wide as the slider, where no point is.
LABEL_SIZE = 11
# What a label takes with half a point around it, that half, and how wide the chart is at least, in
# pixels.
LABEL, AIR, WIDTH = (38, 20), 5, 250
COLUMNS = ["kind", "position", "run", "split", "accuracy", "low", "high", "other", "at", "told"]
COLUMNS += ["label", "above"]


@specification
def row_spec(names: tuple[str, ...], drawn: tuple[str, ...], last: int, dark: bool) -> Any:
    """Accuracy ± one standard error at each position of a slider: training filled, validation
    hollow, the gap between them; a cross for a run that diverged; a rule at the present position.
    A click picks the "position" of what has been trained.

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
    scale = alt.Scale(zero=False, nice=False, padding=PADDING)
    y, low = (alt.Y(f"{field}:Q", scale=scale, axis=None) for field in ("accuracy", "low"))
    tooltip: marks.Tips = [alt.Tooltip("at:N", title="setting"), "told:N"]
    runs = of_kind("run").encode(x=x, color=colour, tooltip=["run:N", *tooltip])
    training, validation = (
        runs.transform_filter(f"datum.split == '{split}'").encode(y=y) for split in SPLITS
    )
    looks: marks.Style = {"size": 45, "strokeWidth": 1.8, "opacity": 1, "cursor": "pointer"}
    trained = of_kind("trained").encode(x=x, tooltip=tooltip)
    above: marks.Style = {
        "dy": _either(-OFF - AIR, OFF + AIR),
        "baseline": _either("bottom", "top"),
    }
    written = marks.label(
        of_kind("tick"), align="left", dx=AIR - THUMB, fontSize=LABEL_SIZE, color=INK[dark], **above
    )
    chart = alt.layer(
        of_kind("tick").mark_rule(color=BORDER[dark]).encode(y=y),
        written.encode(x=x, y=y),
        trained.mark_rule(strokeWidth=BAND, opacity=0.001, cursor="pointer").add_params(
            marks.picked("position")
        ),
        training.encode(y2="other:Q").mark_area(opacity=0.14),
        runs.mark_line(strokeWidth=1, opacity=0.5).encode(y=y, detail="split:N"),
        marks.whiskers(runs, x=x).encode(y=low),
        marks.rule("present", x=x),
        of_kind("gone")
        .mark_text(text="×", fontSize=18, fontWeight="bold")
        .encode(x=x, y=alt.value(ROW_HEIGHT - 8), color=colour, tooltip=["run:N", *tooltip]),
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
    return Rows(_ticks(rows, len(labels) - 1) + rows, columns=COLUMNS)


def _ticks(rows: Sequence[Row], last: int) -> list[Row]:
    """Round accuracies, each with its label where none of the rows' points is."""
    drawn = [row for row in rows if row.get("accuracy") is not None]
    if not drawn:
        return []
    low, high = min(row["low"] for row in drawn), max(row["high"] for row in drawn)
    step = (WIDTH - 2 * THUMB) / max(last, 1)
    starts = [p for p in range(last + 1) if p * step + LABEL[0] <= WIDTH]

    def down(accuracy: float) -> float:
        share = (high - accuracy) / (high - low) if high > low else 0.5
        return PADDING + share * (ROW_HEIGHT - 2 * PADDING)

    values = inside.round_values(low, high)
    found = inside.labels(
        [(THUMB + row["position"] * step, down(row["accuracy"])) for row in drawn],
        [down(value) for value in values],
        [p * step for p in starts],
        LABEL,
        ROW_HEIGHT,
    )
    return [
        {
            "kind": "tick",
            "position": starts[label.start],
            "accuracy": value,
            "label": f"{100 * value:.3g}%",
            "above": label.above,
        }
        for value, label in zip(values, found, strict=True)
    ]


def _either(above: float | str, below: float | str) -> dict[str, str]:
    """What a label's mark has above its line, and below."""
    return {"expr": f"datum.above ? {json.dumps(above)} : {json.dumps(below)}"}


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
