"""Accuracy over the epochs, the chart that every lesson on runs begins with.

A chart is built once with Altair and kept as a Vega-Lite specification; while a run is live only
its rows are exchanged. The two runs of a comparison keep their colour, shape and order on every
chart, and training and validation their dash, so that colour never speaks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, ends, marks, series
from fmviz.charts.marks import of_kind
from fmviz.charts.scales import by_name, run_shape, split_dash
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CURVES_HEIGHT, GREY, RUN_COLOURS, SPLITS

# Where the axis may begin; it ends at 100%.
FLOORS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# More points than these would be a band.
MOST_POINTS = 40
# What the run is called that was on the page before.
GHOST = "before"


class Ghost(NamedTuple):
    """The run that was on a page before the present one, as far as it is drawn pale behind it.

    Attributes:
        key: of its config.
        accuracy: split → (epochs,) what it had after each epoch.
    """

    key: str
    accuracy: dict[str, tuple[float, ...]]

    @classmethod
    def of(cls, run: Shown) -> Ghost:
        """That of a run."""
        history = run.record.history
        drawn = {s: tuple(history[series.measured(s, "accuracy")].tolist()) for s in SPLITS}
        return cls(run.record.config.key, drawn)

    def until(self, epochs: int) -> Ghost:
        """Its first so many epochs."""
        return self._replace(accuracy={s: v[:epochs] for s, v in self.accuracy.items()})


def floor_of(runs: Sequence[Shown]) -> float | None:
    """Where an axis begins on which these runs are seen whole; None where none has a point."""
    seen = [
        float(run.record.history[series.measured(split, "accuracy")].min())
        for run in runs
        for split in SPLITS
        if run.record.epochs
    ]
    return max(floor for floor in FLOORS if floor <= min(seen)) if seen else None


@specification
def curves_spec(
    names: tuple[str, ...], epochs: int, dark: bool, floor: float = 0.5, *, ghosts: bool = False
) -> Any:
    """Accuracy over the epochs, one line a run and split, named at its end, and the gap between the
    two shaded; where early stopping acts, a mark.

    Args:
        floor: where the axis of accuracies begins, one of `FLOORS`.
        ghosts: whether a run before may stand behind them, pale.
    """
    first = min(1, epochs - 1)
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=ends.room((first, epochs)),
        axis=alt.Axis(tickMinStep=1, format="d", grid=False, labelFlush=False),
    )
    # So that a line at 100% has its whole width.
    scale = {"domain": [floor, 1.0], "nice": False, "padding": 4}
    y = axes.accuracy(alt.Y, scale=scale)
    known, colours = list(names), RUN_COLOURS[dark][: len(names)]
    if ghosts:
        known, colours = [*known, GHOST], [*colours, GREY]
    colour = by_name(alt.Color, "run", known, colours, legend=None)
    shape = run_shape(tuple(known), legend=None)
    tooltip: marks.Tips = ["run:N", "split:N", "epoch:Q", marks.tip("accuracy", marks.PERCENT)]
    curve = of_kind("curve").encode(x=x, y=y, color=colour, tooltip=tooltip)
    kept = marks.ring(of_kind("kept").encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip))
    gap = of_kind("curve").transform_filter("datum.split == 'training'").mark_area(opacity=0.1)
    before = marks.line(of_kind("ghost"), clip=True, opacity=0.5, strokeWidth=2)
    dash = split_dash(None)
    layers = [
        *[before.encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=tooltip)] * ghosts,
        gap.encode(x=x, y=y, y2="other:Q", color=colour),
        marks.line(curve).encode(strokeDash=dash),
        *([marks.points(curve, shape)] if epochs <= MOST_POINTS else []),
        marks.rule("stop", color=None, x=x).encode(color=colour, tooltip=["label:N"]),
        marks.rule("branch", x=x),
        kept,
        ends.labels(x, y, colour),
    ]
    slot = alt.Y("slot:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    stops = marks.label(of_kind("stop"), align="right", dx=-6, baseline="top")
    gone = marks.label(of_kind("gone"), align="left", fontSize=16)
    texts = [each.encode(x=x, y=slot, color=colour) for each in (stops, gone)]
    chart = alt.layer(alt.layer(*layers), *texts).resolve_scale(y="independent")
    return chart.properties(height=CURVES_HEIGHT)


def curves_rows(runs: Sequence[Shown], floor: float = 0.5, ghost: Ghost | None = None) -> Rows:
    """Rows for `curves_spec`.

    The start is left out: its 10% would squeeze all that follows into the upper tenth."""
    rows: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    for slot, run in enumerate(runs):
        curves = series.over_epochs(run.name, run.record, "accuracy", "accuracy")
        half = len(curves) // 2
        for row, other in zip(curves, curves[half:] + curves[:half], strict=True):
            rows.append({**row, "kind": "curve", "other": other["accuracy"]})
        for split in SPLITS[: 2 * bool(curves)]:
            row = [row for row in curves if row["split"] == split][-1]
            last.append({**row, **ends.named(run.name, split)})
        if run.record.diverged is not None and not curves:
            rows.append(
                {
                    "kind": "gone",
                    "run": run.name,
                    "epoch": 1,
                    "slot": 0.55 - 0.12 * slot,
                    "label": f"{run.name}: diverged in its first epoch, before there was a point",
                }
            )
        if run.stop is not None and run.kept:
            rows += [{**row, "kind": "kept"} for row in curves if row["epoch"] == run.kept]
        if run.stop is not None and run.stop.stopped is not None:
            epoch = run.stop.stopped
            rows.append(
                {
                    "kind": "stop",
                    "run": run.name,
                    "epoch": epoch,
                    "slot": 0.16 - 0.09 * slot,
                    "label": f"stop: epoch {epoch}",
                }
            )
    # Where no run will ever have a point, words stand in its place, and nothing beside it.
    gone = all(run.record.diverged is not None and not run.record.epochs for run in runs)
    for split, values in ghost.accuracy.items() if ghost is not None and not gone else ():
        line = [
            {"run": GHOST, "split": split, "epoch": epoch, "accuracy": value}
            for epoch, value in enumerate(values, start=1)
        ]
        rows += [{**row, "kind": "ghost"} for row in line]
        last += [{**row, **ends.named(GHOST, split)} for row in line[-1:]]
    rows += ends.rows(
        last, "accuracy", ends.BETWEEN * (1 - floor) / (CURVES_HEIGHT - ends.BARE), 1.0
    )
    rows += series.branch_rows(runs)
    columns = ["kind", "run", "split", "epoch", "accuracy", "other", "slot", "label", "short"]
    return Rows(rows, columns=columns)
