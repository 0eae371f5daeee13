"""Charts of pinned runs: a band over seeds, and parallel coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import (
    CURVES_HEIGHT,
    DASHES,
    GREY,
    MIN_SPAN,
    SPLITS,
    Rows,
    bare,
    legend_height,
    run_colour,
    run_shape,
)
from fmviz.run.config import RunConfig
from fmviz.run.naming import NAMES, differing, setting
from fmviz.run.record import RunRecord
from fmviz.words.numbers import percent, small_percent


@lru_cache(maxsize=32)
def band_spec(names: tuple[str, ...], epochs: int, dark: bool) -> dict[str, Any]:
    """Accuracy over the epochs, a line a run and split for the mean over seeds, a band for one
    standard deviation either way.

    Args:
        names: of all pinned runs, so that each keeps its colour.
        epochs: of the longest run.
    """
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[min(1, epochs - 1), epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
    )
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(format=".3~%", tickCount=6)
    y = alt.Y("mean:Q", title="accuracy", scale=scale, axis=axis)
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=alt.Legend(orient="bottom", symbolSize=400),
    )
    known = base.transform_filter("datum.kind == 'mean'").encode(x=x, color=run_colour(names, dark))
    band = known.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q", detail="split:N")
    curve = known.encode(
        y=y,
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("split:N"),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("mean:Q", format=".1%"),
            alt.Tooltip("deviation:Q", title="standard deviation", format=".2%"),
            alt.Tooltip("seeds:Q"),
        ],
    )
    lines = curve.mark_line(strokeWidth=2.5, clip=True).encode(strokeDash=dash)
    marks = curve.mark_point(size=34, filled=True, opacity=0.9).encode(shape=run_shape(names))
    frame = base.transform_filter("datum.kind == 'frame'").mark_point(opacity=0).encode(x=x, y=y)
    chart = alt.layer(band, lines, marks, frame)
    chart = chart.properties(height=CURVES_HEIGHT + legend_height(names))
    return bare(chart.configure_legend(orient="top", labelLimit=400, symbolSize=120))


def band_rows(runs: Mapping[str, Sequence[RunRecord]]) -> Rows:
    """Rows for `band_spec`, epochs counted from 1.

    Args:
        runs: by name, ended finite, one a seed, at least two of each.
    """
    rows: list[dict[str, Any]] = []
    for name, records in runs.items():
        for split, measure in zip(SPLITS, ("train_accuracy", "val_accuracy"), strict=True):
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
        rows += [
            {"kind": "frame", "epoch": 1, "mean": middle + side * MIN_SPAN / 2} for side in (-1, 1)
        ]
    columns = ["kind", "run", "split", "epoch", "mean", "low", "high", "deviation", "seeds"]
    return Rows(rows, columns=columns)


AXIS_HEIGHT = 58
OUTCOMES = ("validation", "gap", "sparsity")


def parallel_axes(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """The axes of parallel coordinates from above: settings that differ, then outcomes."""
    return (*(NAMES[field] for field in differing(configs)), *OUTCOMES)


@lru_cache(maxsize=32)
def parallel_spec(names: tuple[str, ...], axes: tuple[str, ...], dark: bool) -> dict[str, Any]:
    """A line a run through its settings and what came of them.

    Args:
        names: of all pinned runs.
        axes: of `parallel_axes`.
    """
    base = alt.Chart(Rows({"kind": []}))
    # The axes lie, one below the other, so that a telephone has room for them.
    y = alt.Y(
        "axis:N",
        title=None,
        sort=list(axes),
        scale=alt.Scale(type="point", padding=0.5, domain=list(axes)),
        axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
    )
    x = alt.X("place:Q", axis=None, scale=alt.Scale(domain=[-0.04, 1.04], nice=False))
    run = base.transform_filter("datum.kind == 'run'").encode(
        x=x,
        y=y,
        color=run_colour(names, dark),
        tooltip=[alt.Tooltip("run:N"), alt.Tooltip("axis:N"), alt.Tooltip("value:N")],
    )
    lines = run.mark_line(strokeWidth=2.5, opacity=0.85).encode(
        detail="run:N", order=alt.Order("order:Q")
    )
    marks = run.mark_point(size=80, filled=True, opacity=1).encode(shape=run_shape(names))
    rules = (
        base.transform_filter("datum.kind == 'axis'")
        .mark_rule(color=GREY, opacity=0.5, strokeWidth=1.5)
        .encode(y=y, x=alt.X("place:Q", axis=None), x2="end:Q")
    )
    ink = "#E8EDF2" if dark else "#1B2631"
    sides: tuple[tuple[Literal["left", "center", "right"], str], ...] = (
        ("left", "datum.place == 0"),
        ("center", "datum.place > 0 && datum.place < 1"),
        ("right", "datum.place == 1"),
    )
    labels = [
        base.transform_filter(f"datum.kind == 'label' && {where}")
        .mark_text(align=align, dy=17, fontSize=13, color=ink)
        .encode(x=x, y=y, text="value:N")
        for align, where in sides
    ]
    height = AXIS_HEIGHT * len(axes) + 60 + legend_height(names)
    chart = alt.layer(rules, lines, marks, *labels).properties(height=height)
    return bare(chart.configure_legend(orient="top", labelLimit=400, symbolSize=120))


def parallel_rows(runs: Sequence[Shown], tolerance: float) -> Rows:
    """Rows for `parallel_spec`: places from 0 at the left of an axis to 1.

    Values of a setting stand in order, evenly; those of an outcome to scale.

    Args:
        runs: ended finite.
        tolerance: up to which a weight counts as zero.
    """
    rows: list[dict[str, Any]] = []
    configs = [run.record.config for run in runs]
    axes = parallel_axes(configs)

    def axis(name: str, places: Sequence[float], texts: Sequence[str], labelled: Any) -> None:
        rows.append({"kind": "axis", "axis": name, "place": 0.0, "end": 1.0})
        for run, place, text in zip(runs, places, texts, strict=True):
            point = {"axis": name, "place": place, "value": text, "order": axes.index(name)}
            rows.append({"kind": "run", "run": run.name, **point})
        rows.extend(
            {"kind": "label", "axis": name, "place": place, "value": text}
            for place, text in dict(zip(places, texts)).items()
            if place in labelled
        )

    for field in differing(configs):
        values = sorted({config[field] for config in configs})
        step = 1 / (len(values) - 1)
        places = [values.index(config[field]) * step for config in configs]
        axis(NAMES[field], places, [setting(field, config[field]) for config in configs], places)
    outcomes = {
        "validation": [run.record.at("val_accuracy", run.kept) for run in runs],
        "gap": [run.record.gap(run.kept).value for run in runs],
        "sparsity": [run.record.sparsity(tolerance, run.kept) for run in runs],
    }
    for name, figures in outcomes.items():
        low, high = min(figures), max(figures)
        places = [(value - low) / (high - low) if high > low else 0.5 for value in figures]
        texts = [
            small_percent(value) if name == "sparsity" else percent(value) for value in figures
        ]
        if name == "gap":
            texts = [text.replace("%", " points").replace("-", "−") for text in texts]
        # Between the ends, figures would lie on one another: the pointer tells them.
        axis(name, places, texts, {0.0, 0.5, 1.0} if high == low else {0.0, 1.0})
    return Rows(rows, columns=["kind", "run", "axis", "order", "place", "end", "value"])
