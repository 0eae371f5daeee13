"""A sweep as curves over one knob, or as a map of two."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis.sweeps import MEASURES, Outcome
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind
from fmviz.charts.scales import dashed_split, split_fill
from fmviz.charts.series import Row, Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DOTTED,
    GREY,
    RUN_COLOURS,
    SCHEME,
    SCHEME_TEXT,
    SPLITS,
)
from fmviz.lessons.sweep import preview, says
from fmviz.run import knobs
from fmviz.run.knobs import KNOBS
from fmviz.run.naming import value_name

# On a telephone two pictures, one below the other.
HEIGHT = CURVES_HEIGHT + 50
CELL_HEIGHT = 40
# Legend, axis and title of a map, in pixels.
AROUND = 175
# Labels of cells are shortened where there are more columns than this.
ROOMY = 7
# Digits of a place on an axis, so that a place finds its label again.
DIGITS = 6
# A run that diverged has no value: it is marked below all others.
GONE = "diverged"

Ticks = tuple[tuple[float, str], ...]


def ticks(knob: str, values: Sequence[Any]) -> Ticks:
    """Where the values of a knob stand on its axis, and how they are called.

    On a logarithmic axis log₁₀ of the value is its place; 0, which has none, stands apart, as far
    before the first as the usual two neighbours are from each other. Words stand in a row.
    """
    names = [value_name(knob, value) for value in values]
    if knobs.is_choice(knob):
        places = [float(index) for index in range(len(values))]
    elif KNOBS[knob].log:
        logs = [math.log10(value) for value in values if value > 0]
        gap = float(np.median(np.diff(logs))) if len(logs) > 1 else 1.0
        before = (logs[0] if logs else 0.0) - gap
        places = [math.log10(value) if value > 0 else before for value in values]
    else:
        places = [float(value) for value in values]
    return tuple((round(place, DIGITS), name) for place, name in zip(places, names, strict=True))


def _axis(found: Ticks) -> alt.Axis:
    places, names = [place for place, _ in found], [name for _, name in found]
    place = f"round(datum.value * 1e{DIGITS}) / 1e{DIGITS}"
    return alt.Axis(
        values=places,
        # A tick's place is looked up among all.
        labelExpr=f"{json.dumps(names)}[indexof({json.dumps(places)}, {place})]",
        grid=False,
        labelOverlap="greedy",
        orient="bottom",
        offset=preview.lift(),
    )


@specification
def curves_spec(knob: str, found: Ticks, measure: str, told: bool, dark: bool) -> Any:
    """A measure against one knob: a point a run, which can be clicked; the mean over the seeds and
    ± one standard deviation; a cross for a run that diverged; a rule at the best. Beside it the
    curves of a run.

    Args:
        found: as `ticks` makes them.
        told: whether some labels are wrong, and training is scored against them.
    """
    shown, colour, hovered = MEASURES[measure], RUN_COLOURS[dark][1], preview.hovered()
    first, last = found[0][0], found[-1][0]
    margin = (last - first) * 0.03 or 0.5
    scale = alt.Scale(domain=[first - margin, last + margin], nice=False, range=preview.across())
    x = alt.X("place:Q", title=KNOBS[knob].label, scale=scale, axis=_axis(found))
    several = len(shown.splits) > 1
    run = alt.Tooltip("name:N", title="run")
    splits = ["split:N"] if several else []
    tooltip: marks.Tips = [run, *splits, alt.Tooltip("tip:N", title=shown.label)]
    # Beside such points the lines need no legend.
    names = {"labelExpr": _as_told()} if told else {}
    fill = split_fill(colour, "top", **names) if several else alt.value(colour)
    points = of_kind("run").encode(x=x, y=_figure(measure), tooltip=tooltip, fill=fill)
    points = points.mark_point(strokeWidth=2, opacity=1, color=colour, cursor="pointer")
    points = points.encode(size=alt.condition(hovered, alt.value(210), alt.value(90)))
    gone = of_kind(GONE).mark_text(
        text="×", fontSize=22, fontWeight="bold", color=RUN_COLOURS[dark][0]
    )
    figures: marks.Tips = [run, alt.Tooltip("tip:N", title="figures")]
    best = of_kind("best").mark_rule(
        strokeDash=DOTTED, strokeWidth=1.5, color=GREY, y=0, y2=preview.upwards()[0]
    )
    sweep = alt.layer(
        best.encode(x=x),
        *_means(x, measure, knobs.is_choice(knob), colour),
        gone.encode(x=x, y=alt.value(preview.foot(12)), tooltip=figures),
        points.add_params(marks.picked("run"), hovered),
    )
    return _beside(sweep, dark, named=not several).properties(height=HEIGHT)


def _as_told() -> str:
    """A legend's label, which says of training what it is scored against."""
    training, _ = SPLITS
    return f"datum.label + (datum.label == {training!r} ? ', {preview.AS_TOLD}' : '')"


def _beside(sweep: Any, dark: bool, *, named: bool) -> Any:
    """A sweep, and the curves of one of its runs, with a legend of their own where it is named."""
    both = alt.layer(sweep, preview.panel(dark, named=named))
    return both.resolve_scale(x="independent", y="independent")


COLUMNS = ["kind", "run", "place", "split", "value", "low", "high", "name", "tip"]
COLUMNS += preview.COLUMNS


def curves_rows(
    knob: str,
    found: Sequence[Outcome],
    at: Ticks,
    measure: str,
    tolerance: float,
    best: Outcome | None,
    chosen: int | None = None,
) -> Rows:
    """Rows for `curves_spec`. "run" counts the runs of all cells, in order.

    Args:
        chosen: the run whose curves are shown until the pointer is on another.
    """
    names = [says.cell_run_name([knob], o.cell, c.seed) for o in found for c in o.cell.configs]
    rows = preview.rows(found, names, chosen, by_cell=False)
    first = 0
    for outcome, (place, _) in zip(found, at, strict=True):
        cell = _run_rows(knob, outcome, measure, tolerance, first) + _mean_rows(
            outcome, measure, tolerance
        )
        if outcome is best:
            cell.append({"kind": "best"})
        rows += [{**row, "place": place} for row in cell]
        first += len(outcome.records)
    return Rows(rows, columns=COLUMNS)


def _run_rows(knob: str, outcome: Outcome, measure: str, tolerance: float, first: int) -> list[Row]:
    """A cell's runs, numbered from `first`: one row a split, or that it diverged."""
    rows: list[Row] = []
    finite = iter(outcome.values(measure, tolerance))
    for number, record in enumerate(outcome.records, start=first):
        if record is None:
            continue
        run = {"run": number, "name": says.cell_run_name([knob], outcome.cell, record.config.seed)}
        if record.diverged is not None:
            tip = f"none: diverged in epoch {record.diverged.epoch}"
            rows.append({**run, "kind": GONE, "tip": tip})
        elif record.epochs:
            figures = {"kind": "run", **run}
            rows += [
                {**figures, "split": split, "value": value, "tip": says.figure(measure, value)}
                for split, value in zip(MEASURES[measure].splits, next(finite), strict=True)
                if not math.isnan(value)
            ]
    return rows


def _mean_rows(outcome: Outcome, measure: str, tolerance: float) -> list[Row]:
    """The mean over a cell's finite runs ± one standard deviation, one row a split."""
    rows: list[Row] = []
    finite = outcome.values(measure, tolerance)
    for split, values in zip(MEASURES[measure].splits, zip(*finite, strict=True)):
        mean = float(np.mean(values))
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        if not math.isnan(mean):
            ends = {"low": mean - spread, "high": mean + spread}
            rows.append({"kind": "mean", "split": split, "value": mean, **ends})
    return rows


def _figure(measure: str) -> alt.Y:
    shown = MEASURES[measure]
    scale = alt.Scale(zero=False, nice=True, padding=8, range=preview.upwards())
    written = ".3~%" if shown.is_share else "~g"
    return axes.axis(alt.Y, "value", shown.label, scale, format=written, tickCount=6, orient="left")


def _means(x: alt.X, measure: str, choice: bool, colour: str) -> list[alt.Chart]:
    """Means over the seeds, and ± one standard deviation: of a choice each by itself."""
    shown, y = MEASURES[measure], _figure(measure)
    means = of_kind("mean").encode(x=x)
    spread = means.encode(y=alt.Y("low:Q", title=shown.label), y2="high:Q", detail="split:N")
    if choice:
        ticks = means.mark_tick(thickness=3, size=34, color=colour)
        return [
            spread.mark_rule(strokeWidth=7, opacity=0.25, color=colour),
            ticks.encode(y=y, detail="split:N"),
        ]
    return [
        spread.mark_area(opacity=0.16, color=colour),
        marks.line(means, color=colour).encode(y=y, strokeDash=dashed_split(), detail="split:N"),
    ]


@specification
def map_spec(
    turned: tuple[str, str],
    columns: tuple[str, ...],
    lines: tuple[str, ...],
    measure: str,
    dark: bool,
) -> Any:
    """A measure by two knobs, its value in each cell, which can be clicked; the best is framed.
    Beside it the curves of a cell's runs.

    Args:
        turned: the knob along the axis, and the one upwards.
        columns, lines: the names of their values.
    """
    angle = -35 if max(map(len, columns)) > 6 else 0
    across, upwards = (KNOBS[knob].label for knob in turned)
    figure = alt.Tooltip("tip:N", title=map_title(measure))
    right, down = preview.across(), preview.upwards(from_top=True)
    offset: dict[str, Any] = {"offset": preview.lift(), "orient": "bottom"}
    base = of_kind("cell").encode(
        x=axes.cells(alt.X, "column", across, columns, right, labelAngle=angle, **offset),
        y=axes.cells(alt.Y, "line", upwards, lines, down, labelOverlap=False, labelLimit=170),
        tooltip=[alt.Tooltip("name:N", title="runs"), figure],
    )
    cells = base.mark_rect(cornerRadius=3, cursor="pointer").encode(
        color=alt.condition("isValid(datum.value)", _cell_colour(measure), alt.value(GREY))
    )
    size = 14 if len(columns) <= ROOMY else 11
    bold: dict[str, Any] = {"fontSize": size, "fontWeight": "bold"}
    sweep = alt.layer(
        cells.add_params(marks.picked("run"), preview.hovered()),
        marks.framed(base, "datum.best", RUN_COLOURS[dark][0]),
        # Black on the light half of the colours, white on the dark one.
        marks.cell_text(base, "label:N", "datum.light", SCHEME_TEXT, **bold),
    )
    height = max(CELL_HEIGHT * len(lines) + AROUND, HEIGHT)
    return _beside(sweep, dark, named=True).properties(height=height)


def map_title(measure: str) -> str:
    """What a map shows of a measure."""
    shown = MEASURES[measure]
    return f"validation {shown.label}" if len(shown.splits) > 1 else shown.label


def map_rows(
    turned: tuple[str, str],
    found: Sequence[Outcome],
    measure: str,
    tolerance: float,
    best: Outcome | None,
    chosen: int | None = None,
) -> Rows:
    """Rows for `map_spec`: the mean over the seeds that stayed finite. "run" is the number of the
    cell's first run, counted over all cells.

    Args:
        chosen: a run; the curves of its cell are shown until the pointer is on another.
    """
    digits = 1 if len({outcome.cell.at[0] for outcome in found}) <= ROOMY else 0
    means = [_mean(outcome, measure, tolerance) for outcome in found]
    known = [mean for mean in means if not math.isnan(mean)]
    middle = (min(known) + max(known)) / 2 if known else 0.0
    names = [says.cell_name(turned, outcome.cell) for outcome in found]
    rows = preview.rows(found, names, chosen, by_cell=True)
    run = 0
    for outcome, mean in zip(found, means, strict=True):
        first, run = run, run + len(outcome.records)
        if math.isnan(mean) and not outcome.diverged and not outcome.finite:
            continue
        column, line = (value_name(knob, value) for knob, value in zip(turned, outcome.cell.at))
        rows.append(
            {
                "kind": "cell",
                "run": first,
                "column": column,
                "line": line,
                "label": _cell_label(mean, bool(outcome.diverged), measure, digits),
                "value": None if math.isnan(mean) else mean,
                "light": mean > middle,
                "best": outcome is best,
                "name": says.cell_name(turned, outcome.cell),
                "tip": _tip(outcome, measure, tolerance),
            }
        )
    columns = ["kind", "run", "column", "line", "label", "value", "light", "best", "name", "tip"]
    return Rows(rows, columns=[*columns, "split", *preview.COLUMNS])


def _cell_label(mean: float, diverged: bool, measure: str, digits: int) -> str:
    """What is written in a cell; a cross for runs that diverged."""
    if math.isnan(mean):
        return "×" if diverged else "–"
    share = MEASURES[measure].is_share
    figure = f"{100 * mean:.{digits}f}" if share else f"{mean:.{digits + 1}f}"
    return figure.replace("-", "−") + (" ×" if diverged else "")


def _mean(outcome: Outcome, measure: str, tolerance: float) -> float:
    """Of the last split, which is validation, over the finite runs; NaN without any."""
    values = [each[-1] for each in outcome.values(measure, tolerance)]
    return float(np.mean(values)) if values else math.nan


def _tip(outcome: Outcome, measure: str, tolerance: float) -> str:
    values = [says.figure(measure, each[-1]) for each in outcome.values(measure, tolerance)]
    parts = [", ".join(values)] if values else []
    if outcome.diverged:
        parts.append(f"{len(outcome.diverged)} diverged")
    return "; ".join(parts)


def _cell_colour(measure: str) -> alt.Color:
    looks: dict[str, Any] = {"orient": "top", "gradientLength": 220, "titleLimit": 300}
    legend = alt.Legend(format=".3~%" if MEASURES[measure].is_share else "~g", **looks)
    scale = alt.Scale(scheme=SCHEME, zero=False)
    return alt.Color("value:Q", title=map_title(measure), scale=scale, legend=legend)
