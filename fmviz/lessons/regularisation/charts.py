"""The charts and pictures of the lesson on L2 and L1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.sweeps import Swept
from fmviz.charts.style import (
    DASHES,
    GREY,
    RUN_COLOURS,
    SPLITS,
    Rows,
    bare,
    run_colour,
    run_shape,
)
from fmviz.charts.specification import on_top
from fmviz.charts.weights import Floats
from fmviz.lessons.regularisation import geometry
from fmviz.lessons.regularisation.pruning import Pruned
from fmviz.run.data import SHAPE
from fmviz.words.numbers import small_percent


def _legend(chart: Any, height: int) -> dict[str, Any]:
    return bare(on_top(chart, height, symbolOpacity=1))


# Each kind of penalty keeps its colour in every closer look.
KINDS = ("no penalty", "L2", "L1")


SWEEP_HEIGHTS = {True: 380, False: 250}  # with both splits, or one figure


def _square(chart: Any, side: int) -> dict[str, Any]:
    """A chart whose both sides are as long as they are said to be, axes and titles apart."""
    return {**bare(chart.properties(height=side, width=side)), "autosize": {"type": "pad"}}


# Pruning
@lru_cache(maxsize=64)
def pruning_spec(dark: bool) -> dict[str, Any]:
    """Accuracy against the share of weights zeroed, ± one standard error; the reader's share."""
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "share:Q",
        title="weights set to zero, smallest first",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", tickCount=5, grid=False),
    )
    y = alt.Y(
        "accuracy:Q",
        title="validation accuracy",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", tickCount=5),
    )
    curve = base.transform_filter("datum.kind == 'curve'").encode(
        x=x,
        color=run_colour(KINDS, dark),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("share:Q", title="zeroed", format=".1%"),
            alt.Tooltip("accuracy:Q", format=".1%"),
        ],
    )
    band = curve.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q")
    rule = (
        base.transform_filter("datum.kind == 'share'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x)
    )
    return _legend(
        alt.layer(
            band,
            curve.mark_line(strokeWidth=2.5).encode(y=y),
            curve.mark_point(size=44, filled=True, opacity=1).encode(y=y, shape=run_shape(KINDS)),
            rule,
        ),
        320,
    )


def pruning_rows(curves: Mapping[str, Sequence[Pruned]], share: float) -> Rows:
    """Rows for `pruning_spec`.

    Args:
        curves: by names of `KINDS`.
        share: the reader's.
    """
    rows: list[dict[str, Any]] = [
        {
            "kind": "curve",
            "run": name,
            "share": point.share,
            "accuracy": point.accuracy.value,
            "low": point.accuracy.value - point.accuracy.error,
            "high": point.accuracy.value + point.accuracy.error,
        }
        for name, points in curves.items()
        for point in points
    ]
    return Rows([*rows, {"kind": "share", "share": share}])


# Surviving pixels
@lru_cache(maxsize=64)
def pixels_spec(units: int, dark: bool) -> dict[str, Any]:
    """The 28 × 28 pixels, each as dark as it has weights left; those without are hatched out."""
    base = alt.Chart(Rows({"row": []})).encode(
        x=alt.X("column:O", axis=None, scale=alt.Scale(padding=0)),
        y=alt.Y("row:O", axis=None, scale=alt.Scale(padding=0)),
        tooltip=[
            alt.Tooltip("row:O"),
            alt.Tooltip("column:O"),
            alt.Tooltip("weights:Q", title=f"of {units} weights left"),
        ],
    )
    ground, full = ("#20262E", RUN_COLOURS[True][1]) if dark else ("#EEF1F4", RUN_COLOURS[False][1])
    scale = alt.Scale(domain=[0, units], range=[ground, full], interpolate="rgb")
    left = (
        base.transform_filter("datum.weights > 0")
        .mark_rect()
        .encode(color=alt.Color("weights:Q", scale=scale, legend=None))
    )
    # No weight left is another thing than few: the page's ground, with a grey dot.
    gone = base.transform_filter("datum.weights == 0").mark_point(
        size=4, filled=True, color=GREY, opacity=0.8
    )
    return _square(alt.layer(left, gone), 252)


def pixels_rows(weights: npt.NDArray[np.integer]) -> Rows:
    """Rows for `pixels_spec`, counted from 1.

    Args:
        weights: (784,) how many weights of each pixel are left.
    """
    rows, columns = np.divmod(np.arange(weights.size), SHAPE[1])
    return Rows({"row": rows + 1, "column": columns + 1, "weights": weights})


# One weight
LAWS = ("L2", "L1", "proximal L1")


@lru_cache(maxsize=64)
def law_spec(dark: bool) -> dict[str, Any]:
    """|w| over plain steps on the penalty alone, one line a law; where this run ends, a rule."""
    base = alt.Chart(Rows({"kind": []}))
    colours = [RUN_COLOURS[dark][1], RUN_COLOURS[dark][2], RUN_COLOURS[dark][3]]
    x = alt.X(
        "step:Q",
        title="plain gradient steps on the penalty alone",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(grid=False, tickCount=6),
    )
    lines = (
        base.transform_filter("datum.kind == 'law'")
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y("size:Q", title="|w|", scale=alt.Scale(zero=True)),
            color=alt.Color("law:N", title=None, scale=alt.Scale(domain=list(LAWS), range=colours)),
            strokeDash=alt.StrokeDash(
                "law:N",
                title=None,
                scale=alt.Scale(domain=list(LAWS), range=[[1, 0], [1, 0], [3, 3]]),
            ),
            tooltip=[
                alt.Tooltip("law:N"),
                alt.Tooltip("step:Q", format=",d"),
                alt.Tooltip("size:Q", title="|w|", format=".4~g"),
            ],
        )
    )
    end = (
        base.transform_filter("datum.kind == 'end'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x, tooltip=alt.Tooltip("step:Q", title="steps of this run", format=",d"))
    )
    return _legend(alt.layer(lines, end), 300)


def law_rows(steps: npt.NDArray[np.integer], paths: Mapping[str, Floats], run_steps: int) -> Rows:
    """Rows for `law_spec`.

    Args:
        steps: (k,) at which the paths are given.
        paths: by names of `LAWS`, the weight at each step.
        run_steps: gradient steps of the run; drawn where they are in sight.
    """
    rows: list[dict[str, Any]] = [
        {"kind": "law", "law": law, "step": int(step), "size": abs(float(weight))}
        for law, path in paths.items()
        for step, weight in zip(steps, path, strict=True)
    ]
    if run_steps <= steps[-1]:
        rows.append({"kind": "end", "step": run_steps})
    return Rows(rows, columns=["kind", "law", "step", "size"])


# Diamond and circle
GROUND = (-1.1, 2.2)  # what is drawn of either weight


@lru_cache(maxsize=64)
def geometry_spec(penalty: str, dark: bool) -> dict[str, Any]:
    """Ellipses of equal data loss, the budget's edge, the path of the optimum and where it is."""
    base = alt.Chart(Rows({"kind": []}))
    colour = RUN_COLOURS[dark][KINDS.index(penalty)]
    data_colour = RUN_COLOURS[dark][0]
    scale = alt.Scale(domain=list(GROUND), nice=False)
    x = alt.X("w1:Q", title="w₁", scale=scale, axis=alt.Axis(tickCount=4, grid=False))
    y = alt.Y("w2:Q", title="w₂", scale=scale, axis=alt.Axis(tickCount=4, grid=False))

    def lines(kind: str, **style: Any) -> Any:
        mark = base.transform_filter(f"datum.kind == '{kind}'").mark_line(clip=True, **style)
        return mark.encode(x=x, y=y, order="order:Q", detail="line:N")

    def dots(kind: str, **style: Any) -> Any:
        mark = base.transform_filter(f"datum.kind == '{kind}'").mark_point(**style)
        return mark.encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("label:N", title="what"),
                alt.Tooltip("w1:Q", title="w₁", format=".3f"),
                alt.Tooltip("w2:Q", title="w₂", format=".3f"),
            ],
        )

    chart = alt.layer(
        lines("axis", color=GREY, strokeWidth=1),
        lines("ellipse", color=data_colour, strokeWidth=1, opacity=0.45),
        lines("touching", color=data_colour, strokeWidth=2.2),
        lines("budget", color=colour, strokeWidth=2.5),
        lines("path", color=colour, strokeWidth=1.8, strokeDash=[2, 3]),
        dots("lowest", color=data_colour, size=110, filled=True, shape="square", opacity=1),
        dots("optimum", color=colour, size=150, filled=True, shape="circle", opacity=1),
    )
    return _square(chart.configure_legend(disable=True), 250)


def geometry_rows(
    bowl: geometry.Bowl, penalty: str, strength: float, strengths: npt.NDArray[np.float64]
) -> Rows:
    """Rows for `geometry_spec`.

    Args:
        penalty: "l1" or "l2".
        strength: λ/n.
        strengths: at which the path is drawn.
    """
    found = geometry.optimum(bowl, penalty, strength)
    level = float(geometry.loss(bowl, found))
    rows: list[dict[str, Any]] = []

    def line(kind: str, name: str, points: npt.NDArray[np.float64]) -> None:
        rows.extend(
            {"kind": kind, "line": name, "order": i, "w1": float(p[0]), "w2": float(p[1])}
            for i, p in enumerate(points)
        )

    edge = np.array([[GROUND[0], 0], [GROUND[1], 0]])
    line("axis", "w1", edge)
    line("axis", "w2", edge[:, ::-1])
    for share in (0.08, 0.3, 0.7, 1.3, 2.1):
        line("ellipse", f"level {share}", geometry.contour(bowl, share))
    if level > 0:
        line("touching", "touching", geometry.contour(bowl, level))
    line("budget", "budget", geometry.budget(penalty, float(geometry.size(found, penalty))))
    line("path", "path", geometry.path(bowl, penalty, strengths))
    for kind, label, point in (
        ("lowest", "lowest point of the data loss", bowl.lowest),
        ("optimum", "lowest point with the penalty", found),
    ):
        rows.append({"kind": kind, "label": label, "w1": float(point[0]), "w2": float(point[1])})
    return Rows(rows, columns=["kind", "line", "order", "w1", "w2", "label"])


# Sweeps over λ
@lru_cache(maxsize=64)
def sweep_spec(
    names: tuple[str, ...], title: str, percent: bool, split: bool, dark: bool
) -> dict[str, Any]:
    """A figure against λ, one line a run and split; the baseline's as a rule across, the present
    λ as one upwards, several seeds as a band.

    Args:
        names: the baseline first.
        title: of the figure.
        percent: whether it is a share.
        split: whether there are training and validation.
    """
    base = alt.Chart(Rows({"kind": []}))
    x = alt.X(
        "lam:Q",
        title="λ",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(format="~g", tickCount=6, grid=False),
    )
    axis = alt.Axis(format=".3~%" if percent else "~g", tickCount=5)
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=axis)
    colour = run_colour(names, dark)
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=SPLITS, range=DASHES),
        title=None,
        legend=alt.Legend(orient="bottom", symbolSize=400) if split else None,
    )
    swept = base.transform_filter("datum.kind == 'swept'").encode(
        x=x,
        color=colour,
        tooltip=[
            alt.Tooltip("run:N"),
            *([alt.Tooltip("split:N")] if split else []),
            alt.Tooltip("lam:Q", title="λ", format="~g"),
            alt.Tooltip("value:Q", title=title, format=".1%" if percent else ".3~g"),
        ],
    )
    band = swept.mark_area(opacity=0.15).encode(
        y=alt.Y("low:Q"), y2="high:Q", detail="split:N", tooltip=alt.value(None)
    )
    line = swept.mark_line(strokeWidth=2.5)
    across = base.transform_filter("datum.kind == 'baseline'").mark_rule(strokeWidth=1.8)
    across = across.encode(y=y, color=colour)
    if split:
        line, across = line.encode(strokeDash=dash), across.encode(strokeDash=dash)
    present = (
        base.transform_filter("datum.kind == 'present'")
        .mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=GREY)
        .encode(x=x)
    )
    points = swept.mark_point(size=44, filled=True, opacity=1)
    return _legend(
        alt.layer(
            band,
            across,
            line.encode(y=y),
            points.encode(y=y, shape=run_shape(names)),
            present,
        ),
        SWEEP_HEIGHTS[split],
    )


def sweep_rows(swept: Sequence[Swept], present: float | None) -> Rows:
    """Rows for `sweep_spec`; what has λ = 0 is the baseline.

    Args:
        present: the λ to be marked, if it is among them.
    """
    rows: list[dict[str, Any]] = [
        {"kind": "swept" if point.lam else "baseline", **point._asdict()} for point in swept
    ]
    if present:
        rows.append({"kind": "present", "lam": present})
    return Rows(rows, columns=["kind", *Swept._fields])


# Exact and near zeros
ZERO_RUNS = ("no penalty", "L1", "proximal L1")


@lru_cache(maxsize=64)
def zeros_spec(dark: bool) -> dict[str, Any]:
    """Share of weights that are exactly zero, full, and within the tolerance, pale behind it."""
    base = alt.Chart(Rows({"run": []}))
    colours = [RUN_COLOURS[dark][0], RUN_COLOURS[dark][2], RUN_COLOURS[dark][3]]
    colour = alt.Color("run:N", scale=alt.Scale(domain=list(ZERO_RUNS), range=colours), legend=None)
    y = alt.Y("run:N", title=None, sort=list(ZERO_RUNS), axis=alt.Axis(ticks=False))
    # Room for a label beside a full bar.
    scale = alt.Scale(domain=[0, 1.3])
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("exact:Q", title="exactly zero", format=".2%"),
        alt.Tooltip("near:Q", title="within the tolerance", format=".2%"),
    ]
    near = base.mark_bar(opacity=0.35).encode(
        x=alt.X("near:Q", title="share of weights", scale=scale, axis=axis),
        y=y,
        color=colour,
        tooltip=tooltip,
    )
    exact = base.mark_bar().encode(x="exact:Q", y=y, color=colour, tooltip=tooltip)
    label = base.mark_text(align="left", dx=6, fontSize=13).encode(
        x="near:Q", y=y, text="label:N", color=colour
    )
    return bare(alt.layer(near, exact, label).properties(height=190))


def zeros_rows(shares: Mapping[str, tuple[float, float]]) -> Rows:
    """Rows for `zeros_spec`.

    Args:
        shares: by names of `ZERO_RUNS`, those exactly zero and those within the tolerance.
    """
    return Rows(
        [
            {
                "run": name,
                "exact": exact,
                "near": near,
                "label": f"{small_percent(exact)} exact, {small_percent(near)} near",
            }
            for name, (exact, near) in shares.items()
        ],
        columns=["run", "exact", "near", "label"],
    )
