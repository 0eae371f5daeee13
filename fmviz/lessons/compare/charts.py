"""Charts of pinned runs: a band over seeds, and parallel coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks, series
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import legend_height, run_colour, run_shape, split_dash
from fmviz.charts.series import Row, Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import CURVES_HEIGHT, GREY, INK, SPLITS
from fmviz.run.config import RunConfig
from fmviz.run.naming import differing
from fmviz.run.record import RunRecord
from fmviz.run.settings import SETTINGS, said
from fmviz.words.numbers import percent, small_percent


@specification
def band_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Accuracy over the epochs, a line a run and split for the mean over seeds, a band for one
    standard deviation either way.

    Args:
        names: of all pinned runs, so that each keeps its colour.
        epochs: of the longest run.
    """
    x, y = axes.epochs(epochs), axes.accuracy(alt.Y, "mean")
    figures = [
        tip("mean", marks.PERCENT),
        tip("deviation", ".2%", "standard deviation"),
        tip("seeds"),
    ]
    means = of_kind("mean").encode(x=x, color=run_colour(names, dark))
    band = means.encode(y=alt.Y("low:Q"), y2="high:Q", detail="split:N")
    curve = means.encode(y=y, tooltip=["run:N", "split:N", "epoch:Q", *figures])
    chart = alt.layer(
        band.mark_area(opacity=0.18),
        marks.line(curve).encode(strokeDash=split_dash()),
        marks.points(curve, run_shape(names)),
        marks.frame(x, y),
    )
    return on_top(chart, CURVES_HEIGHT + legend_height(names), symbolSize=120)


def band_rows(runs: Mapping[str, Sequence[RunRecord]]) -> Rows:
    """Rows for `band_spec`.

    Args:
        runs: by name, ended finite, one a seed, at least two of each.
    """
    rows: list[dict[str, Any]] = []
    for name, records in runs.items():
        for split in SPLITS:
            measure = series.measured(split, "accuracy")
            values = np.array([record.history[measure] for record in records])
            means, deviations = values.mean(axis=0), values.std(axis=0, ddof=1)
            rows += [
                {
                    "kind": "mean",
                    "run": name,
                    "split": split,
                    "epoch": epoch,
                    "mean": mean,
                    "low": max(mean - deviation, 0.0),
                    "high": min(mean + deviation, 1.0),
                    "deviation": deviation,
                    "seeds": len(records),
                }
                for epoch, (mean, deviation) in enumerate(zip(means, deviations), start=1)
            ]
    if rows:
        middle = (min(r["mean"] for r in rows) + max(r["mean"] for r in rows)) / 2
        rows += series.frame_rows(middle, "mean", epoch=1)
    columns = ["kind", "run", "split", "epoch", "mean", "low", "high", "deviation", "seeds"]
    return Rows(rows, columns=columns)


AXIS_HEIGHT = 58
OUTCOMES = ("validation", "gap", "sparsity")


def parallel_axes(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """The axes of parallel coordinates from above: settings that differ, then outcomes."""
    return (*(SETTINGS[field].name for field in differing(configs)), *OUTCOMES)


@specification
def parallel_spec(names: tuple[str, ...], order: tuple[str, ...], dark: bool) -> Any:
    """A line a run through its settings and what came of them.

    Args:
        names: of all pinned runs.
        order: of `parallel_axes`.
    """
    # The axes lie, one below the other, so that a telephone has room for them.
    scale = alt.Scale(type="point", padding=0.5, domain=list(order))
    looks = alt.Axis(ticks=False, domain=False, labelPadding=8)
    y = alt.Y("axis:N", title=None, sort=list(order), scale=scale, axis=looks)
    x = alt.X("place:Q", axis=None, scale=alt.Scale(domain=[-0.04, 1.04], nice=False))
    run = of_kind("run").encode(
        x=x, y=y, color=run_colour(names, dark), tooltip=["run:N", "axis:N", "value:N"]
    )
    rules = of_kind("axis").mark_rule(color=GREY, opacity=0.5, strokeWidth=1.5)
    line = marks.line(run, opacity=0.85)
    chart = alt.layer(
        rules.encode(y=y, x=alt.X("place:Q", axis=None), x2="end:Q"),
        line.encode(detail="run:N", order=alt.Order("order:Q")),
        marks.points(run, run_shape(names), size=80, opacity=1),
        *(label.encode(x=x, y=y) for label in _axis_labels(dark)),
    )
    return on_top(chart, AXIS_HEIGHT * len(order) + 60 + legend_height(names), symbolSize=120)


def parallel_rows(runs: Sequence[Shown], tolerance: float) -> Rows:
    """Rows for `parallel_spec`: places from 0 at the left of an axis to 1.

    Values of a setting stand in order, evenly; those of an outcome to scale.

    Args:
        runs: ended finite.
        tolerance: up to which a weight counts as zero.
    """
    configs = [run.record.config for run in runs]
    names = [run.name for run in runs]
    rows: list[Row] = []
    for order, field in enumerate(fields := differing(configs)):
        values = sorted({config[field] for config in configs})
        places = [values.index(config[field]) / (len(values) - 1) for config in configs]
        texts = [said(field, config[field]) for config in configs]
        rows += _axis_rows(SETTINGS[field].name, order, places, dict(zip(names, texts)), places)
    for order, (name, figures) in enumerate(_outcomes(runs, tolerance).items(), len(fields)):
        if not figures:
            continue
        low, high = min(figures.values()), max(figures.values())
        places = [(value - low) / (high - low) if high > low else 0.5 for value in figures.values()]
        told = {run: _outcome_text(name, value) for run, value in figures.items()}
        # Between the ends, figures would lie on one another: the pointer tells them.
        ends = [0.5] if high == low else [0.0, 1.0]
        rows += _axis_rows(name, order, places, told, ends)
    return Rows(rows, columns=["kind", "run", "axis", "order", "place", "end", "value"])


def _axis_rows(
    axis: str,
    order: int,
    places: Sequence[float],
    texts: Mapping[str, str],
    labelled: Sequence[float],
) -> list[Row]:
    """One axis from 0 to 1, each run's point on it, and the labels at some of the places.

    Args:
        texts: by run, what its place means.
    """
    points: list[Row] = [
        {"kind": "run", "run": run, "axis": axis, "order": order, "place": place, "value": text}
        for (run, text), place in zip(texts.items(), places, strict=True)
    ]
    labels: list[Row] = [
        {"kind": "label", "axis": axis, "place": place, "value": text}
        for place, text in dict(zip(places, texts.values())).items()
        if place in labelled
    ]
    return [{"kind": "axis", "axis": axis, "place": 0.0, "end": 1.0}, *points, *labels]


def _outcomes(runs: Sequence[Shown], tolerance: float) -> dict[str, dict[str, float]]:
    """By names of `OUTCOMES`, what came of each run by its name; no gap where no label is true."""
    gaps = ((run.name, comparing.gap(run)) for run in runs)
    return {
        "validation": {run.name: run.at("val_accuracy") for run in runs},
        "gap": {name: gap.value for name, gap in gaps if gap is not None},
        "sparsity": {run.name: run.record.sparsity(tolerance, run.kept) for run in runs},
    }


def _outcome_text(name: str, value: float) -> str:
    if name == "sparsity":
        return small_percent(value)
    text = percent(value)
    return text.replace("%", " points").replace("-", "−") if name == "gap" else text


def _axis_labels(dark: bool) -> list[alt.Chart]:
    """What stands on an axis, inside of its ends."""
    places = {
        "left": "datum.place == 0",
        "center": "datum.place > 0 && datum.place < 1",
        "right": "datum.place == 1",
    }
    return [
        marks.label(
            marks.rows(f"datum.kind == 'label' && {where}"),
            "value:N",
            align=align,
            dy=17,
            color=INK[dark],
        )
        for align, where in places.items()
    ]
