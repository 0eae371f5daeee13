"""The charts and pictures of the lesson on L2 and L1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.sweeps import Swept
from fmviz.charts import axes, marks, series
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name, run_colour, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification, square
from fmviz.charts.style import DOTTED, GREY, PIXEL_RAMP, RUN_COLOURS, SOLID
from fmviz.charts.weights import Floats
from fmviz.lessons.regularisation import geometry
from fmviz.lessons.regularisation.pruning import Pruned
from fmviz.run.data import SHAPE
from fmviz.words.numbers import small_percent

# Each kind of penalty keeps its colour in every closer look.
KINDS = ("no penalty", "L2", "L1")


SWEEP_HEIGHTS = {True: 380, False: 250}  # with both splits, or one figure


# Pruning
@specification
def pruning_spec(dark: bool) -> Any:
    """Accuracy against the share of weights zeroed, ± one standard error; the reader's share."""
    x = axes.share(alt.X, "share", "weights set to zero, smallest first", grid=False)
    zeroed, accuracy = tip("share", marks.PERCENT, "zeroed"), tip("accuracy", marks.PERCENT)
    curve = of_kind("curve").encode(
        x=x, color=run_colour(KINDS, dark), tooltip=["run:N", zeroed, accuracy]
    )
    measured = curve.encode(y=axes.share(alt.Y, "accuracy", "validation accuracy"))
    chart = alt.layer(
        curve.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q"),
        marks.line(measured),
        marks.points(measured, run_shape(KINDS), size=44, opacity=1),
        marks.rule("share", x=x),
    )
    return on_top(chart, 320, symbolOpacity=1)


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
            **series.with_error(point.accuracy),
        }
        for name, points in curves.items()
        for point in points
    ]
    return Rows([*rows, {"kind": "share", "share": share}])


# Surviving pixels
@specification
def pixels_spec(units: int, dark: bool) -> Any:
    """The 28 × 28 pixels, each as dark as it has weights left; those without are hatched out."""
    left = tip("weights", title=f"of {units} weights left")
    edge_to_edge = alt.Scale(padding=0)
    base = marks.rows().encode(
        x=alt.X("column:O", axis=None, scale=edge_to_edge),
        y=alt.Y("row:O", axis=None, scale=edge_to_edge),
        tooltip=["row:O", "column:O", left],
    )
    scale = alt.Scale(domain=[0, units], range=list(PIXEL_RAMP[dark]), interpolate="rgb")
    some = base.transform_filter("datum.weights > 0").mark_rect()
    # No weight left is another thing than few: the page's ground, with a grey dot.
    gone = base.transform_filter("datum.weights == 0").mark_point(
        size=4, filled=True, color=GREY, opacity=0.8
    )
    colour = alt.Color("weights:Q", scale=scale, legend=None)
    return square(alt.layer(some.encode(color=colour), gone), 252)


def pixels_rows(weights: npt.NDArray[np.integer]) -> Rows:
    """Rows for `pixels_spec`, counted from 1.

    Args:
        weights: (784,) how many weights of each pixel are left.
    """
    rows, columns = np.divmod(np.arange(weights.size), SHAPE[1])
    return Rows({"row": rows + 1, "column": columns + 1, "weights": weights})


# One weight
LAWS = ("L2", "L1", "proximal L1")


@specification
def law_spec(dark: bool) -> Any:
    """|w| over plain steps on the penalty alone, one line a law; where this run ends, a rule."""
    # In two lines it is whole on a telephone too.
    title = ["plain gradient steps", "on the penalty alone"]
    x = axes.axis(alt.X, "step", title, alt.Scale(nice=False), grid=False, tickCount=6)
    lines = of_kind("law").encode(
        x=x,
        y=alt.Y("size:Q", title="|w|", scale=alt.Scale(zero=True)),
        color=by_name(alt.Color, "law", LAWS, RUN_COLOURS[dark][1:4]),
        strokeDash=by_name(alt.StrokeDash, "law", LAWS, [SOLID, SOLID, [3, 3]]),
        tooltip=["law:N", tip("step", ",d"), tip("size", ".4~g", "|w|")],
    )
    steps = tip("step", ",d", "steps of this run")
    chart = alt.layer(marks.line(lines), marks.rule("end", x=x, tooltip=steps))
    return on_top(chart, 300, symbolOpacity=1)


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


@specification
def geometry_spec(penalty: str, dark: bool) -> Any:
    """Ellipses of equal data loss, the budget's edge, the path of the optimum and where it is."""
    colour, data_colour = RUN_COLOURS[dark][KINDS.index(penalty)], RUN_COLOURS[dark][0]
    scale = axes.span(*GROUND)
    x = axes.axis(alt.X, "w1", "w₁", scale, tickCount=4, grid=False)
    y = axes.axis(alt.Y, "w2", "w₂", scale, tickCount=4, grid=False)
    what = alt.Tooltip("label:N", title="what")
    tooltip: marks.Tips = [what, tip("w1", ".3f", "w₁"), tip("w2", ".3f", "w₂")]

    def lines(kind: str, width: float, **style: Any) -> Any:
        mark = of_kind(kind).mark_line(clip=True, strokeWidth=width, **style)
        return mark.encode(x=x, y=y, order="order:Q", detail="line:N")

    def dot(kind: str, size: int, **style: Any) -> Any:
        mark = of_kind(kind).mark_point(size=size, filled=True, opacity=1, **style)
        return mark.encode(x=x, y=y, tooltip=tooltip)

    chart = alt.layer(
        lines("axis", 1, color=GREY),
        lines("ellipse", 1, color=data_colour, opacity=0.45),
        lines("touching", 2.2, color=data_colour),
        lines("budget", 2.5, color=colour),
        lines("path", 1.8, color=colour, strokeDash=DOTTED),
        dot("lowest", 110, color=data_colour, shape="square"),
        dot("optimum", 150, color=colour, shape="circle"),
    )
    return square(chart.configure_legend(disable=True), 250)


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
@specification
def sweep_spec(names: tuple[str, ...], title: str, percent: bool, split: bool, dark: bool) -> Any:
    """A figure against λ, one line a run and split; the baseline's as a rule across, the present
    λ as one upwards, several seeds as a band.

    Args:
        names: the baseline first.
        title: of the figure.
        percent: whether it is a share.
        split: whether there are training and validation.
    """
    nice, written = {"nice": False}, ".3~%" if percent else "~g"
    x = axes.logarithmic(alt.X, "lam", "λ", nice, format="~g", tickCount=6, grid=False)
    y = axes.axis(alt.Y, "value", title, alt.Scale(zero=False), format=written, tickCount=5)
    colour = run_colour(names, dark)
    dash: dict[str, Any] = {"strokeDash": split_dash()} if split else {}
    value = tip("value", marks.PERCENT if percent else ".3~g", title)
    splits = ["split:N"] if split else []
    tooltip: marks.Tips = ["run:N", *splits, tip("lam", "~g", "λ"), value]
    swept = of_kind("swept").encode(x=x, color=colour, tooltip=tooltip)
    band = swept.mark_area(opacity=0.15).encode(y=alt.Y("low:Q"), y2="high:Q", detail="split:N")
    across = of_kind("baseline").mark_rule(strokeWidth=1.8)
    chart = alt.layer(
        band.encode(tooltip=alt.value(None)),
        across.encode(y=y, color=colour, **dash),
        marks.line(swept).encode(y=y, **dash),
        marks.points(swept, run_shape(names), size=44, opacity=1).encode(y=y),
        marks.rule("present", x=x),
    )
    return on_top(chart, SWEEP_HEIGHTS[split], symbolOpacity=1)


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


@specification
def zeros_spec(dark: bool) -> Any:
    """Share of weights that are exactly zero, full, and within the tolerance, pale behind it."""
    colours = [RUN_COLOURS[dark][0], *RUN_COLOURS[dark][2:4]]
    scale = alt.Scale(domain=list(ZERO_RUNS), range=colours)
    base = marks.rows().encode(
        y=axes.names(alt.Y, "run", ZERO_RUNS),
        color=alt.Color("run:N", scale=scale, legend=None),
    )
    exact, near = tip("exact", ".2%", "exactly zero"), tip("near", ".2%", "within the tolerance")
    bars = base.encode(tooltip=["run:N", exact, near])
    chart = alt.layer(
        bars.mark_bar(opacity=0.35).encode(x=axes.share(alt.X, "near", "share of weights", 1.3)),
        bars.mark_bar().encode(x="exact:Q"),
        marks.label(base, align="left", dx=6, dy=-6, lineBreak="\n").encode(x="near:Q"),
    )
    return chart.properties(height=190)


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
                "label": f"{small_percent(exact)} exact,\n{small_percent(near)} near",
            }
            for name, (exact, near) in shares.items()
        ],
        columns=["run", "exact", "near", "label"],
    )
