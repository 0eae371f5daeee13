"""Charts of the lesson on initialisation: the race, saturation while it trains, the map. Those of
a network before its first step are in `xray_charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, film, marks
from fmviz.charts.marks import of_kind, rows, tip
from fmviz.charts.scales import run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import (
    BORDER,
    CURVES_HEIGHT,
    DASHED,
    PANEL_HEIGHT,
    RUN_COLOURS,
    SCHEME,
    SCHEME_TEXT,
)
from fmviz.lessons.initialisation.lesson import MAP_DEPTHS, MAP_SIGMAS, NAMED, TARGET
from fmviz.run import measure
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words.numbers import percent, short_points, spread

# Beside the X-ray, below a title and above a note.
MAP_HEIGHT = 270
# The reader's network has the colour of its place in the race on every chart.
PLACE_OF_YOURS = len(NAMED)


def yours(dark: bool) -> str:
    """The colour of the reader's network."""
    return RUN_COLOURS[dark][PLACE_OF_YOURS]


@specification
def race_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Validation accuracy over the epochs, the target, and where each run first reaches it."""
    x, y = axes.epochs(epochs), axes.accuracy(alt.Y, title="validation accuracy")
    shape = run_shape(names)
    run: dict[str, Any] = {
        "x": x,
        "y": y,
        "color": run_colour(names, dark),
        "tooltip": ["run:N", "epoch:Q", tip("accuracy", marks.PERCENT)],
    }
    curve = of_kind("curve").encode(**run)
    chart = alt.layer(
        marks.rule("target", y=y),
        marks.line(curve, strokeDash=DASHED),
        marks.points(curve, shape),
        marks.ring(of_kind("hit"), size=230).encode(shape=shape, **run),
    )
    return on_top(chart, CURVES_HEIGHT, symbolSize=120)


def race_reel(runs: Sequence[Shown], horizon: int) -> film.Reel:
    """The same as a picture that moves."""
    drawn = [
        film.line(index, run.record.history["val_accuracy"], percent, dash="dashed")
        for index, run in enumerate(runs)
    ]
    keys = film.legend(runs, splits=False)
    reel = film.lines(drawn, horizon, keys=keys, title="validation accuracy")
    low, high = reel["y"]["ends"]
    reel["y"]["ends"] = [min(low, TARGET), max(high, TARGET)]
    return reel | {"level": TARGET, "height": CURVES_HEIGHT}


def race_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `race_spec`."""
    rows: list[dict[str, Any]] = [{"kind": "target", "accuracy": TARGET}]
    for run in runs:
        values = run.record.history["val_accuracy"]
        rows += [
            {"kind": "curve", "run": run.name, "epoch": epoch, "accuracy": value}
            for epoch, value in enumerate(values, start=1)
        ]
        first = measure.reached(values, TARGET)
        if first is not None:
            hit = {"kind": "hit", "epoch": first, "accuracy": run.record.at("val_accuracy", first)}
            rows.append({**hit, "run": run.name})
    return Rows(rows, columns=["kind", "run", "epoch", "accuracy"])


def _ticks(epochs: int) -> list[int]:
    """About four whole numbers from 0 to the last epoch."""
    step = max(1, epochs // 4)
    return [*range(0, epochs + 1, step)]


@specification
def reach_spec(names: tuple[str, ...], epochs: int, dark: bool) -> Any:
    """Epochs until the target; pale where it is not reached."""
    colour = run_colour(names, dark, legend=None)
    base = rows().encode(y=axes.names(alt.Y, "run", names), color=colour)
    # Room for a label beside a full bar.
    scale, title = axes.span(0, 1.65 * epochs), f"epochs to {percent(TARGET, 0)}"
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=axes.axis(alt.X, "epochs", title, scale, format="d", values=_ticks(epochs)),
        opacity=alt.condition("datum.reached", alt.value(0.9), alt.value(0.18)),
        tooltip=["run:N", alt.Tooltip("label:N", title="reaches it")],
    )
    labels = marks.label(base, align="left", dx=6, fontWeight="bold").encode(x=alt.X("epochs:Q"))
    return alt.layer(bars, labels).properties(height=CURVES_HEIGHT - 60)


def reach_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `reach_spec`."""
    rows = []
    for run in runs:
        first = measure.reached(run.record.history["val_accuracy"], TARGET)
        epochs = run.record.config.epochs
        diverged = run.record.diverged is not None
        missing = "diverged" if diverged else "not reached" if run.record.complete else "not yet"
        rows.append(
            {
                "run": run.name,
                "epochs": epochs if first is None else first,
                "reached": first is not None,
                "label": missing if first is None else f"epoch {first}",
            }
        )
    return Rows(rows, columns=["run", "epochs", "reached", "label"])


@specification
def training_spec(names: tuple[str, ...], epochs: int, title: str, dark: bool) -> Any:
    """Share of flat activations of a layer over the epochs, from the start on."""
    curve = rows().encode(
        x=axes.epochs(epochs, first=0),
        y=axes.share(alt.Y, "share", title),
        color=run_colour(names, dark),
        tooltip=["run:N", "epoch:Q", tip("share", ".2%")],
    )
    chart = alt.layer(marks.line(curve), marks.points(curve, run_shape(names)))
    return on_top(chart, PANEL_HEIGHT + 40)


def training_rows(runs: Sequence[Shown], layer: int) -> Rows:
    """Rows for `training_spec`; `layer` counted from 0."""
    rows = [
        {"run": run.name, "epoch": epoch, "share": float(row[layer])}
        for run in runs
        for epoch, row in enumerate(
            [run.record.start_layers["saturation"], *run.record.layers["saturation"]]
        )
    ]
    return Rows(rows, columns=["run", "epoch", "share"])


@specification
def map_spec(dark: bool) -> Any:
    """Validation accuracy by σ and depth, in percent printed in its cell, which can be clicked; the
    reader's cell is framed. What has not been trained is grey."""
    sigmas, depths = [number(s) for s in MAP_SIGMAS], [str(d) for d in MAP_DEPTHS]
    base = rows().encode(
        x=axes.cells(alt.X, "sigma", "initial std, σ", sigmas, labelAngle=0, labelFlush=False),
        y=axes.cells(alt.Y, "depth", "hidden layers", depths),
        tooltip=[
            alt.Tooltip("sigma:N", title="σ"),
            alt.Tooltip("depth:N", title="hidden layers"),
            alt.Tooltip("tip:N", title="validation accuracy"),
        ],
    )
    scale = alt.Scale(scheme=SCHEME, domain=[0.1, 0.9])
    trained, blank = (
        base.transform_filter(where).mark_rect(cornerRadius=3)
        for where in ("datum.trained", "!datum.trained")
    )
    hit = base.mark_rect(opacity=0.001, cursor="pointer")
    chart = alt.layer(
        trained.encode(color=alt.Color("accuracy:Q", scale=scale, legend=None)),
        blank.encode(color=alt.value(BORDER[dark])),
        marks.framed(base, "datum.own", RUN_COLOURS[dark][0]),
        marks.cell_text(
            base, "label:N", "datum.accuracy > 0.55", SCHEME_TEXT, fontSize=12, fontWeight="bold"
        ),
        # Over all of them, so that each can be clicked.
        hit.add_params(marks.picked("cell")),
    )
    return chart.properties(height=MAP_HEIGHT)


def map_rows(
    configs: Sequence[RunConfig], records: Sequence[RunRecord | None], own: RunConfig
) -> Rows:
    """Rows for `map_spec`.

    Args:
        configs: the runs of the cells; a "cell" is the place of its run among them.
        records: what is known of each.
        own: the reader's network, whose cell is framed where the map has it.
    """
    rows = []
    for cell, (config, record) in enumerate(zip(configs, records, strict=True)):
        row: dict[str, Any] = {
            "cell": cell,
            "sigma": number(config.init_std),
            "depth": str(len(config.hidden)),
            "trained": record is not None and bool(record.epochs),
            "label": "",
            "tip": "not trained",
            "own": own.initializer == "normal"
            and own.init_std == config.init_std
            and len(own.hidden) == len(config.hidden),
        }
        if record is not None and record.epochs:
            accuracy = record.estimate("val_accuracy", record.epochs)
            row |= {
                "accuracy": accuracy.value,
                # Without its sign: on a projector the cells are narrow.
                "label": f"{100 * accuracy.value:.0f}",
                "tip": f"{short_points(accuracy)}% {spread(accuracy)} after "
                f"{plural(record.epochs, 'epoch')}",
            }
        elif record is not None and record.diverged is not None:
            row |= {"label": "×", "tip": "none: diverged in its first epoch"}
        rows.append(row)
    columns = ["cell", "sigma", "depth", "trained", "accuracy", "label", "tip", "own"]
    return Rows(rows, columns=columns)
