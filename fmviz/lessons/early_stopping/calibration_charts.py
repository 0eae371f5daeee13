"""Pictures of how well a network is calibrated: at one epoch, over the epochs, and what makes up
its cross-entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis import calibration
from fmviz.analysis.calibration import Calibration, Parts
from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, film, marks
from fmviz.charts.film import Reel
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CARD_HEIGHT, DASHED, FINE, GREY, RUN_COLOURS, SOLID
from fmviz.run.record import RunRecord
from fmviz.words.numbers import points

SURE, RIGHT = "how sure it is", "how often it is right"
ECE, LUCK = "ECE ± one standard error", "by luck, if calibrated (95%)"
ALL, OF_WRONG, OF_RIGHT = "all answers", "the wrong answers", "the right answers"
# Half the width of an interval that holds 95% of what luck does.
WIDE = 1.96
GREYS = (GREY, GREY)


def _own() -> list[str]:
    """The colour of the page's one run, on light ground and on dark."""
    return [RUN_COLOURS[dark][0] for dark in (False, True)]


# How often right, against how sure


@specification
def reliability_spec(dark: bool) -> Any:
    """A dot a bin, as large as its share of the answers, with its error; the diagonal is a
    calibrated network."""
    x = axes.share(alt.X, "sure", SURE, grid=False)
    y = axes.share(alt.Y, "right", RIGHT)
    tips = [
        tip("images", title="images"),
        tip("sure", marks.PERCENT, SURE),
        tip("right", marks.PERCENT, RIGHT),
    ]
    own: dict[str, Any] = {"color": _own()[dark]}
    bins = of_kind("bin")
    chart = alt.layer(
        of_kind("calibrated").mark_line(color=GREY, strokeDash=FINE).encode(x=x, y=y),
        bins.mark_rule(strokeWidth=8, opacity=0.25, **own).encode(x=x, y=y, y2="sure:Q"),
        marks.whiskers(bins, x=x, **own),
        bins.mark_circle(opacity=1, **own).encode(
            x=x,
            y=y,
            size=alt.Size("share:Q", scale=alt.Scale(domain=[0, 1], range=[30, 900]), legend=None),
            tooltip=tips,
        ),
    )
    return chart.properties(height=CARD_HEIGHT)


def reliability_rows(run: Shown) -> Rows:
    """Rows for `reliability_spec`, of the weights that are kept."""
    found = calibration.by_epoch(run.record)[run.kept]
    images = sum(each.images for each in found.bins)
    rows: list[dict[str, Any]] = [{"kind": "calibrated", "sure": p, "right": p} for p in (0, 1)]
    rows += [
        {
            "kind": "bin",
            "sure": each.confidence,
            "right": each.accuracy.value,
            "low": max(each.accuracy.value - each.accuracy.error, 0.0),
            "high": min(each.accuracy.value + each.accuracy.error, 1.0),
            "images": each.images,
            "share": each.images / images,
        }
        for each in found.bins
    ]
    return Rows(rows, columns=["kind", "sure", "right", "low", "high", "images", "share"])


def reliability_reel(run: Shown) -> Reel:
    """The same of every epoch: `bins` has of each epoch its ten bins, None for one without answers,
    else the share of answers in it, their mean probability, how many are right, and its error."""
    return {
        "run": 0,
        "x": SURE,
        "y": RIGHT,
        "bins": [_bins(found) for found in calibration.by_epoch(run.record)],
    }


def _bins(found: Calibration) -> list[list[float | None] | None]:
    images = sum(each.images for each in found.bins)
    row: list[list[float | None] | None] = [None] * calibration.BINS
    for each in found.bins:
        (place,) = calibration.bins_of([each.confidence])
        figures = (each.images / images, each.confidence, *each.accuracy)
        row[place] = film.rounded(figures, 4)
    return row


# ECE over the epochs


def marked(record: RunRecord) -> dict[str, int]:
    """The epochs that are marked on the curve, by what is lowest there."""
    return {
        "lowest cross-entropy": record.best_epoch,
        "lowest ECE": calibration.lowest(record),
    }


@specification
def ece_spec(epochs: int, dark: bool) -> Any:
    """ECE over the epochs with its error, and what luck alone would show."""
    own = _own()[dark]
    legend = alt.Legend(orient="bottom", columns=1, symbolSize=400, labelLimit=320)
    x = axes.epochs(epochs)
    y = axes.axis(alt.Y, "ece", "expected calibration error", format=".0%", tickCount=5)
    colour = by_name(alt.Color, "series", (ECE, LUCK), [own, GREY], legend=legend)
    dash = by_name(alt.StrokeDash, "series", (ECE, LUCK), [SOLID, FINE], legend=legend)
    curve = of_kind("curve")
    texts: dict[str, Any] = {"color": own, "fontWeight": "bold"}
    chart = alt.layer(
        curve.mark_area(opacity=0.18).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        marks.line(curve).encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dash,
            tooltip=["series:N", "epoch:Q", tip("ece", ".2%")],
        ),
        marks.ring(of_kind("marked"), color=own).encode(x=x, y=y),
        *(
            marks.label(
                marks.rows(f"datum.kind == 'marked' && datum.below == {str(below).lower()}"),
                "name:N",
                dy=20 if below else -16,
                align="left",
                **texts,
            ).encode(x=x, y=y)
            for below in (False, True)
        ),
    )
    return chart.properties(height=CARD_HEIGHT)


def ece_rows(record: RunRecord) -> Rows:
    """Rows for `ece_spec`, from the first epoch."""
    found = calibration.by_epoch(record)
    rows: list[dict[str, Any]] = []
    for epoch, each in list(enumerate(found))[1:]:
        for series, value, reach in (
            (ECE, each.ece.value, each.ece.error),
            (LUCK, each.luck.mean, WIDE * each.luck.deviation),
        ):
            low, high = max(value - reach, 0.0), value + reach
            place = {"kind": "curve", "series": series, "epoch": epoch}
            rows.append({**place, "ece": value, "low": low, "high": high})
    rows += [
        {
            "kind": "marked",
            "name": name,
            "epoch": epoch,
            "ece": found[epoch].ece.value,
            "below": name == "lowest ECE",
        }
        for name, epoch in marked(record).items()
        if epoch
    ]
    return Rows(rows, columns=["kind", "series", "name", "below", "epoch", "ece", "low", "high"])


def ece_reel(run: Shown) -> Reel:
    """The same as a picture that moves."""
    found = calibration.by_epoch(run.record)[1:]
    ece = [each.ece for each in found]
    luck = [(each.luck.mean, WIDE * each.luck.deviation) for each in found]
    drawn = [
        film.line(
            0,
            [value for value, _ in pairs],
            _percent,
            dash=dash,
            colours=colours,
            around=_around(pairs),
        )
        for pairs, dash, colours in ((ece, "solid", None), (luck, "fine", GREYS))
    ]
    keys = [film.key(ECE, dash="solid", colours=_own()), film.key(LUCK, dash="fine", colours=GREYS)]
    top = max(value + reach for value, reach in (*ece, *luck))
    reel = film.lines(
        drawn,
        run.record.config.epochs,
        keys=keys,
        title="expected calibration error",
        ends=(0.0, top),
        small=True,
    )
    events = [
        {"line": 0, "epoch": epoch, "text": name, "below": name == "lowest ECE"}
        for name, epoch in marked(run.record).items()
    ]
    return reel | {"events": events}


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def _around(pairs: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    low = [max(value - reach, 0.0) for value, reach in pairs]
    return low, [value + reach for value, reach in pairs]


# What makes up the cross-entropy

SERIES = (ALL, OF_WRONG, OF_RIGHT)
DASHES = {"dashed": DASHED, "solid": SOLID, "fine": FINE}
LOOKS = {ALL: "dashed", OF_WRONG: "solid", OF_RIGHT: "fine"}


def _series(found: Sequence[Parts]) -> dict[str, list[float]]:
    return {
        ALL: [each.right.value + each.wrong for each in found],
        OF_WRONG: [each.wrong for each in found],
        OF_RIGHT: [each.right.value for each in found],
    }


@specification
def parts_spec(epochs: int, dark: bool) -> Any:
    """Validation cross-entropy over the epochs, and what of it comes from wrong answers."""
    own = _own()[dark]
    legend = alt.Legend(orient="bottom", columns=1, symbolSize=400)
    curve = marks.rows().encode(
        x=axes.epochs(epochs),
        y=axes.axis(alt.Y, "nats", "validation cross-entropy", tickCount=5),
        color=by_name(alt.Color, "series", SERIES, [GREY, own, own], legend=legend),
        strokeDash=by_name(
            alt.StrokeDash, "series", SERIES, [DASHES[LOOKS[s]] for s in SERIES], legend=legend
        ),
        tooltip=["series:N", "epoch:Q", tip("nats", ".3f")],
    )
    return marks.line(curve).properties(height=CARD_HEIGHT)


def parts_rows(record: RunRecord) -> Rows:
    """Rows for `parts_spec`, from the first epoch."""
    return Rows(
        [
            {"series": series, "epoch": epoch, "nats": nats}
            for series, values in _series(calibration.parts_by_epoch(record)[1:]).items()
            for epoch, nats in enumerate(values, start=1)
        ],
        columns=["series", "epoch", "nats"],
    )


def parts_reel(run: Shown) -> Reel:
    """The same as a picture that moves."""
    every = _series(calibration.parts_by_epoch(run.record)[1:])
    colours = {ALL: list(GREYS), OF_WRONG: _own(), OF_RIGHT: _own()}
    drawn = [
        film.line(0, values, "{:.3f}".format, dash=LOOKS[series], colours=colours[series])
        for series, values in every.items()
    ]
    keys = [film.key(s, dash=LOOKS[s], colours=colours[s]) for s in SERIES]
    top = max(value for values in every.values() for value in values)
    return film.lines(
        drawn,
        run.record.config.epochs,
        keys=keys,
        title="validation cross-entropy",
        kind="number",
        ends=(0.0, top),
        small=True,
    )


def ece_figure(run: Shown, epoch: int) -> str:
    """ECE after an epoch, in large type."""
    return f"{points(calibration.by_epoch(run.record)[epoch].ece)} points"


def excess_figure(run: Shown, epoch: int) -> str:
    """How much surer it is than right after an epoch, in large type."""
    return f"{points(calibration.by_epoch(run.record)[epoch].excess, signed=True)} points"


def sure_figure(run: Shown, epoch: int) -> str:
    """How sure wrong answers are, in large type."""
    found = calibration.parts_by_epoch(run.record)[epoch]
    return f"{points(found.sure)}%" if found.mistakes else "none is wrong"
