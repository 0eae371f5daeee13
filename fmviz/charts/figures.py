"""Charts of a run's figures: gap, sparsity, saturation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, rows, tip
from fmviz.charts.scales import run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import GREY, LABEL_ROOM, MIN_SPAN, PANEL_HEIGHT, SPLITS
from fmviz.run.measure import TOLERANCES
from fmviz.run.record import RunRecord
from fmviz.words.numbers import points, small_percent


@specification
def gap_spec(names: tuple[str, ...], dark: bool) -> Any:
    """Gap meter: a bar from validation to training accuracy, with ± one standard error at each."""
    lane = rows().encode(y=axes.names(alt.Y, "run", names, labelLimit=260))
    base = lane.encode(color=run_colour(names, dark, legend=None))
    x = axes.accuracy(alt.X, "validation", ticks=5, scale={"padding": 12})
    # Of training there is nothing to draw where no label is true.
    drawn = {split: base.transform_filter(f"isValid(datum.{split})") for split in SPLITS}
    bar = drawn["training"].mark_rule(strokeWidth=11, opacity=0.35)
    layers = [bar.encode(x=x, x2="training:Q")]
    layers += [
        drawn[split]
        .mark_rule(strokeWidth=2)
        .encode(x=alt.X(f"{split}_low:Q"), x2=f"{split}_high:Q")
        for split in SPLITS
    ]
    for split in SPLITS:
        tooltip: marks.Tips = [
            "run:N",
            tip(split, marks.PERCENT),
            alt.Tooltip("label:N", title="gap"),
        ]
        ends = marks.ring(drawn[split], size=130, filled=split == "training")
        layers.append(ends.encode(x=alt.X(f"{split}:Q"), shape=run_shape(names), tooltip=tooltip))
    layers += [lane.mark_point(opacity=0).encode(x=alt.X(f"{end}:Q")) for end in ("least", "most")]
    label = marks.label(base, dy=-16, fontSize=15, fontWeight="bold").encode(x=alt.X("middle:Q"))
    # The last label of the axis may stand half beyond it.
    padding = {"left": 5, "right": 16, "top": 5, "bottom": 5}
    chart = alt.layer(*layers, label).properties(height=PANEL_HEIGHT, padding=padding)
    return chart.configure_legend(disable=True)


def gap_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `gap_spec`, one a run; no training where no label is true."""
    rows = []
    for run in runs:
        training, validation = comparing.ends_of_gap(run.record, run.kept)
        label = gap_label(run.record, run.kept)
        ends = {"training": training, "validation": validation}
        middle = ((training or validation).value + validation.value) / 2
        rows.append(
            {
                "run": run.name,
                **{f"{split}": end and end.value for split, end in ends.items()},
                **{f"{split}_low": end and end.value - end.error for split, end in ends.items()},
                **{f"{split}_high": end and end.value + end.error for split, end in ends.items()},
                "middle": middle,
                "least": middle - MIN_SPAN / 2,
                "most": middle + MIN_SPAN / 2,
                "label": label,
            }
        )
    return Rows(rows)


def gap_label(record: RunRecord, epoch: int) -> str:
    """The gap that `gap_rows` draw, in points; "–" where no label is true."""
    gap = comparing.gap_after(record, epoch)
    return "–" if gap is None else points(gap)


@specification
def sparsity_spec(names: tuple[str, ...], dark: bool) -> Any:
    """Share of weights with |w| ≤ t against t, with the reader's tolerance as a rule."""
    scale = {"domain": [TOLERANCES[1], TOLERANCES[-1]]}
    ticks = {"format": "~e", "values": [1e-6, 1e-4, 1e-2, 1]}
    x = axes.logarithmic(alt.X, "tolerance", "tolerance t", scale, grid=False, **ticks)
    curve = of_kind("curve").encode(
        x=x,
        y=axes.share(alt.Y, "share", "weights with |w| ≤ t"),
        color=run_colour(names, dark),
        tooltip=["run:N", tip("tolerance", "~g"), tip("share", ".2%")],
    )
    dots = marks.points(curve, run_shape(names), size=44, opacity=1)
    return on_top(alt.layer(marks.line(curve), dots, marks.rule("tolerance", x=x)), PANEL_HEIGHT)


def sparsity_rows(runs: Sequence[Shown], tolerance: float) -> Rows:
    """Rows for `sparsity_spec`."""
    rows: list[dict[str, Any]] = [
        {"kind": "curve", "run": run.name, "tolerance": within, "share": share}
        for run in runs
        for within, share in zip(TOLERANCES, run.record.sparsities(run.kept), strict=True)
        if within
    ]
    if tolerance > 0:
        rows.append({"kind": "tolerance", "tolerance": tolerance})
    return Rows(rows, columns=["kind", "run", "tolerance", "share"])


@specification
def saturation_spec(names: tuple[str, ...], layers: int, dark: bool) -> Any:
    """Share of flat activations by hidden layer: bars for the kept weights, ticks for the start."""
    y = alt.Y(
        "layer:N",
        title=None,
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.35),
        axis=alt.Axis(ticks=False, labelExpr="split(datum.label, '|')"),
    )
    base = rows().encode(y=y, yOffset=alt.YOffset("run:N", sort=list(names)))
    now, start = tip("share", ".2%", "now"), tip("start", ".2%", "before training")
    measured = base.encode(tooltip=["layer:N", "run:N", now, start])
    colour = run_colour(names, dark)
    bars = measured.mark_bar(cornerRadiusEnd=2).encode(
        x=axes.share(alt.X, "share", "share of activations", LABEL_ROOM), color=colour
    )
    starts = measured.mark_tick(thickness=3, size=24, color=GREY).encode(x=alt.X("start:Q"))
    labels = marks.label(base, align="left", dx=6).encode(x=alt.X("outer:Q"), color=colour)
    height = max(PANEL_HEIGHT, 26 * layers * len(names) + 90)
    return on_top(alt.layer(bars, starts, labels), height, symbolType="square")


def saturation_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `saturation_spec`."""
    rows = []
    for run in runs:
        now = run.record.layers_at("saturation", run.kept)
        start = run.record.start_layers["saturation"]
        for index, units in enumerate(run.record.config.hidden):
            rows.append(
                {
                    "run": run.name,
                    "layer": f"layer {index + 1}|{units} units",
                    "share": float(now[index]),
                    "start": float(start[index]),
                    "outer": float(max(now[index], start[index])),
                    "label": small_percent(float(now[index])),
                }
            )
    columns = ["run", "layer", "share", "start", "outer", "label"]
    return Rows(rows, columns=columns)
