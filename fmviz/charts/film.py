"""A film: what the pictures of a page show after each epoch of its finished runs.

It is sent to a browser once, which then moves all pictures to one epoch by itself. A film is made
of *reels*, one a picture. Each is a dictionary that JSON can hold:

    film    the clock, the same in all reels of a page: `clock`
    kind    which script draws it, one of `ui/player`: "lines", "gap", "ravine", …
    alt     what the picture shows, in words
    head    a figure in large type above it, one text an epoch: `head`, or None
    ...     what that kind needs, from the function of its name

Whatever has a value an epoch is a list over the epochs 0, 1, …, so that `values[epoch]` is the one
after so many epochs; what a picture does not show of the start is None there. A value that is not
finite is None too. Runs are counted as in the clock. Figures that are read as text come as the
text that the page's words have for them, so that a browser never rounds by itself.

Long because each kind of reel is what a script reads, and all of that is documented in one place.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.charts import series
from fmviz.charts.curves import GHOST, Ghost
from fmviz.charts.figures import gap_label
from fmviz.charts.series import measured
from fmviz.charts.style import BORDER, CURVES_HEIGHT, DIVERGING, MIN_SPAN, RUN_COLOURS, SPLITS
from fmviz.charts.weights import BINS, SPREADS, reach_of
from fmviz.page.guessing import Judged
from fmviz.run.data import SHAPE
from fmviz.run.measure import TOLERANCES, weight_density
from fmviz.run.record import RunRecord, n_weights
from fmviz.words.numbers import percent, small_percent, upper_first

Reel = dict[str, Any]
Values = list[float | None]


def rounded(values: Iterable[float], digits: int) -> Values:
    """Numbers as short as they are drawn; None for one that is not finite."""
    return [round(float(v), digits) if math.isfinite(v) else None for v in values]


def significant(values: Iterable[float], digits: int = 3) -> Values:
    """The same to so many significant digits."""
    return [float(f"{float(v):.{digits}g}") if math.isfinite(v) else None for v in values]


def clock(
    name: str,
    runs: Sequence[Shown],
    *,
    first: int = 1,
    rest: int | None = None,
    reveal: str | None = None,
    places: Sequence[int] | None = None,
) -> Reel:
    """What all reels of a page go by.

    Its epochs are `first` … `last`; it rests at `rest`, where every run shows the weights that the
    page's words are about, `kept`. A run that has ended earlier stands still at its last epoch.

    Args:
        name: of the page.
        first: 0 where the start is worth seeing.
        rest: else the epoch whose weights the last run shows.
        reveal: where the film plays once by itself, after a guess: the guess.
        places: of the runs' colours and marks in the order of all; else those of the runs.
    """
    places = range(len(runs)) if places is None else places
    branch = series.branch_epoch(runs)
    return {
        "name": name,
        "key": " ".join(f"{run.record.config.key}/{run.kept}" for run in runs),
        "first": first,
        "last": max(run.record.epochs for run in runs),
        "rest": runs[-1].kept if rest is None else rest,
        "reveal": reveal,
        "runs": [
            {
                "name": run.name,
                **_looks(place),
                "epochs": run.record.epochs,
                "kept": run.kept,
                "stop": None if run.stop is None else run.stop.stopped,
            }
            for place, run in zip(places, runs, strict=True)
        ],
    } | ({} if branch is None else {"branch": branch})


def steps(
    name: str, key: str, drawn: Mapping[str, int], last: int, seconds: float | None = None
) -> Reel:
    """The clock of a picture that is of no run, such as paths on a formula. It goes by itself, from
    step 0 to `last`, as it comes, and wherever it rests when what it shows changes.

    Args:
        name: of the picture.
        key: another one wherever another picture is shown.
        drawn: what moves in it, by name, with the place of its colour and mark in the order of all.
        seconds: that it takes; else as long as epochs would.
    """
    return {
        "name": name,
        "key": key,
        "unit": "step",
        "opens": True,
        "seconds": seconds,
        "first": 0,
        "last": last,
        "rest": last,
        "reveal": None,
        "runs": [
            {"name": label, "epochs": last, "kept": last, "stop": None, **_looks(place)}
            for label, place in drawn.items()
        ],
    }


def _looks(place: int) -> Reel:
    """The colours, on light ground and on dark, and the mark of what has a place among all."""
    return {"place": place, "colours": [RUN_COLOURS[dark][place] for dark in (False, True)]}


def playable(runs: Sequence[Shown]) -> bool:
    """Whether there is anything to play: finished runs, of which one has two epochs."""
    return bool(runs) and all(run.kept for run in runs) and max(r.record.epochs for r in runs) > 1


def reel(film: Reel, kind: str, alt: str, parts: Reel, head: Reel | None = None) -> Reel:
    """A reel of a film."""
    return {"film": film, "kind": kind, "alt": alt, "head": head, **parts}


def head(
    runs: Sequence[Shown],
    label: str,
    meaning: str,
    figure: Callable[[Shown, int], str],
    *,
    run: int = -1,
) -> Reel:
    """A figure in large type, of one run: the last, which the page's words are about.

    Args:
        meaning: what it is, at length.
        figure: its text after so many epochs, from the first.
    """
    own = range(len(runs))[run]
    texts = [figure(runs[own], epoch) for epoch in range(1, runs[own].record.epochs + 1)]
    return {"label": label, "meaning": meaning, "run": own, "values": ["", *texts]}


def verdict(judged: Judged, runs: Sequence[Shown]) -> Reel:
    """What became of a guess, to be marked on a picture: in words, and where its options are ranges
    of an axis, there."""
    options = {"guess": judged.guess} | ({} if judged.right else {"answer": judged.answer})
    spans = judged.question.spans
    marked = {} if spans is None else {of: spans(list(runs), k) for of, k in options.items()}
    return {
        **judged.caption.figures,
        "right": judged.right,
        "spans": [{"of": of, **span._asdict()} for of, span in marked.items()],
    }


def line(
    run: int,
    values: Iterable[float],
    write: Callable[[float], str],
    *,
    name: str = "",
    dash: str = "solid",
    first: int = 1,
    colours: Sequence[str] | None = None,
    until: int | None = None,
    least: float = -math.inf,
    around: tuple[Iterable[float], Iterable[float]] | None = None,
) -> Reel:
    """A line of `lines`.

    Args:
        run: whose it is.
        values: after the epochs `first`, `first` + 1, …
        write: a value as text.
        name: at its end, where there is room.
        dash: "solid", "dashed" or "fine".
        colours: on light ground and on dark, where they are not the run's.
        until: the last epoch that is not pale.
        least: drawn for all that is less.
        around: from where to where the ground about it is shaded, such as ± one standard error.
    """
    every = [float(value) for value in values]
    none = [None] * first
    return {
        "run": run,
        "name": name,
        "dash": dash,
        "values": [*none, *significant((max(value, least) for value in every), 5)],
        "labels": [*("" for _ in none), *(write(v) if math.isfinite(v) else "" for v in every)],
        "colours": None if colours is None else list(colours),
        "until": until,
        "around": None
        if around is None
        else [[*none, *significant(values, 5)] for values in around],
    }


def lines(
    drawn: Sequence[Reel],
    horizon: int,
    *,
    keys: Sequence[Reel] = (),
    title: str | None = None,
    kind: str = "share",
    ends: Sequence[float] | None = None,
    band: tuple[int, int] | None = None,
    first: int = 1,
    small: bool = False,
) -> Reel:
    """Measures over the epochs.

    Args:
        horizon: where the axis of epochs ends.
        keys: of its legend, each of `key`.
        title: of the upright axis.
        kind: of that axis: "share", "number", or "log", which has no place for what is not above 0.
        ends: of that axis; else as far as the lines go.
        band: the lines between which the ground is shaded.
        first: 0 where the lines begin before the first step.
        small: whether it is a small picture.
    """
    if kind == "log":
        for each in drawn:
            each["values"] = [v if v is not None and v > 0 else None for v in each["values"]]
    seen = [value for each in drawn for value in each["values"] if value is not None]
    if ends is None:
        low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
        ends = _framed(low, high) if kind == "share" else [low, high]
    y = {"ends": list(ends), "title": title, "percent": kind == "share", "log": kind == "log"}
    return {
        "lines": list(drawn),
        "legend": list(keys),
        "x": "epoch",
        "y": y,
        "horizon": horizon,
        "band": band,
        "first": first,
        "pad": 0,
        "small": small,
        "stops": not small,
    }


def key(
    text: str,
    run: int | None = None,
    dash: str | None = None,
    colours: Sequence[str] | None = None,
) -> Reel:
    """An entry of a legend: a run's line and mark, or a dash."""
    return {
        "text": text,
        "run": run,
        "dash": dash,
        "colours": None if colours is None else list(colours),
    }


# Of the splits.
SPLIT_DASHES = dict(zip(SPLITS, ("solid", "dashed"), strict=True))


def legend(runs: Sequence[Shown], splits: bool = True) -> list[Reel]:
    """Of runs, and of the splits that they are measured on."""
    keys = [key(run.name, index) for index, run in enumerate(runs)]
    return keys + [key(split, dash=dash) for split, dash in SPLIT_DASHES.items() if splits]


def _framed(low: float, high: float) -> list[float]:
    """The ends of an axis of accuracies, no nearer than `MIN_SPAN`."""
    middle, half = (low + high) / 2, max(high - low, MIN_SPAN) / 2
    return [round(middle - half, 4), round(middle + half, 4)]


def both_splits(
    runs: Sequence[Shown], measure: str, write: Callable[[float], str], least: float = -math.inf
) -> list[Reel]:
    """A measure on training and validation images, a line each.

    Args:
        least: drawn for all that is less: a logarithmic axis has no zero.
    """
    return [
        line(
            index,
            run.record.history[measured(split, measure)],
            write,
            name=split,
            dash=SPLIT_DASHES[split],
            least=least,
        )
        for index, run in enumerate(runs)
        for split in SPLITS
    ]


def curves(
    runs: Sequence[Shown], horizon: int, floor: float | None = None, ghost: Ghost | None = None
) -> Reel:
    """Accuracy over the epochs, training and validation of each run; the gap of the run that the
    page's words are about is shaded.

    Args:
        horizon: where the axis of epochs ends.
        floor: where that of accuracies begins, up to 100%; else where the lines do.
        ghost: the run before, which stands still and pale.
    """
    drawn = both_splits(runs, "accuracy", percent)
    own = (len(drawn) - 2, len(drawn) - 1)
    ends = None if floor is None else (floor, 1.0)
    reel = lines(drawn, horizon, keys=legend(runs), band=own, ends=ends)
    before = ghost.until(horizon).accuracy if ghost is not None else {}
    ghosts = [
        {
            "values": [None, *significant(values, 5)],
            "dash": SPLIT_DASHES[split],
            "name": f"{GHOST}, {split}",
            "label": percent(values[-1]),
        }
        for split, values in before.items()
        if values
    ]
    return reel | {"height": CURVES_HEIGHT, "ghosts": ghosts}


# What is read off a record alone is kept as long as it is looked at: each rerun of a page sends it
# again. A record is remembered as the object that it is, which the store hands out again and again.
_per_record = lru_cache(maxsize=32)
# Of zlib: differences of weights hardly compress. Its usual level, 6, takes five times as long,
# which whoever moves a slider waits for, to save a twenty-fifth of the room.
LEVEL = 4


@_per_record
def _gap(record: RunRecord) -> Reel:
    """Both accuracies, their errors and the gap as text, of every epoch; no training accuracy where
    no label is true."""
    rows: dict[str, list[Any]] = {"training": [], "validation": [], "errors": [], "labels": []}
    for epoch in range(record.epochs + 1):
        ends = comparing.ends_of_gap(record, epoch)
        for split, end in zip(SPLITS, ends, strict=True):
            rows[split].append(None if end is None else round(end.value, 4))
        rows["errors"].append([None if end is None else round(end.error, 5) for end in ends])
        rows["labels"].append(gap_label(record, epoch))
    return rows


def gap(runs: Sequence[Shown]) -> Reel:
    """Training and validation accuracy of each run with their standard errors, and the gap, as
    `figures.gap_rows` has them."""
    found = [_gap(run.record) for run in runs]
    reached = [
        value + side * errors[index]
        for rows in found
        for index, split in enumerate(SPLITS)
        for value, errors in list(zip(rows[split], rows["errors"]))[1:]
        for side in (-1, 1)
        if value is not None
    ]
    return {"rows": found, "x": {"ends": _framed(min(reached), max(reached))}}


@_per_record
def _shares(record: RunRecord) -> list[Values]:
    """Of every epoch, the share of weights with |w| up to each tolerance but zero."""
    counts = np.concatenate([record.start_layers["near_zeros"][None], record.layers["near_zeros"]])
    shares = counts.sum(axis=1)[:, 1:] / n_weights(record.config)
    return [rounded(row, 4) for row in shares.tolist()]


def sparsity(runs: Sequence[Shown], tolerance: float) -> Reel:
    """Share of weights with |w| ≤ t against t, the reader's tolerance as a rule."""
    lines = [
        {"run": index, "x": list(TOLERANCES[1:]), "y": _shares(run.record)}
        for index, run in enumerate(runs)
    ]
    return {
        "lines": lines,
        "steps": False,
        "x": {
            "ends": [TOLERANCES[1], TOLERANCES[-1]],
            "log": True,
            "title": "tolerance t",
            "ticks": [1e-6, 1e-4, 1e-2, 1],
        },
        "y": {"ends": [0, 1], "percent": True, "title": "weights with |w| ≤ t"},
        "rule": tolerance or None,
    }


@_per_record
def _counts(record: RunRecord) -> npt.NDArray[np.integer]:
    """The weights in each bin, of all kernels together: (epochs + 1, bins)."""
    name = "weight_histogram"
    return np.concatenate([record.start_layers[name][None], record.layers[name]]).sum(axis=1)


@_per_record
def _reaches(record: RunRecord) -> tuple[float, float]:
    """The magnitudes within which all weights lie, and 99% of them, at each epoch but the start."""
    counts = _counts(record)[1:]
    return max(reach_of(row, 1.0) for row in counts), max(reach_of(row, 0.99) for row in counts)


@_per_record
def _densities(record: RunRecord, reach: float) -> tuple[Values, list[Values]]:
    """The edges of bins as far as `reach`, and of every epoch the density in each."""
    drawn = []
    for row in _counts(record):
        edges, density = weight_density(row, 2 * reach / BINS)
        inside = (edges[1:] > -reach) & (edges[:-1] < reach)
        # A bin without weights is a hole in the line: a logarithm has no zero.
        drawn.append([v or None for v in significant(density[inside].tolist())])
    return significant([*edges[:-1][inside], edges[1:][inside][-1]], 4), drawn


def distribution(runs: Sequence[Shown]) -> Reel:
    """Density of the weights, over the range that its widest epoch needs."""
    reaches = [_reaches(run.record) for run in runs]
    widest, spread = (max(each) for each in zip(*reaches, strict=True))
    reach = max(min(widest, SPREADS * spread), 1e-3)
    lines, seen = [], []
    for index, run in enumerate(runs):
        x, drawn = _densities(run.record, reach)
        seen += [v for row in drawn[1:] for v in row if v]
        lines.append({"run": index, "x": x, "y": drawn})
    return {
        "lines": lines,
        "steps": True,
        "x": {"ends": [-reach, reach], "title": "weight w"},
        "y": {"ends": [min(seen), max(seen)], "log": True, "title": "density"},
        "rule": None,
    }


def saturation(runs: Sequence[Shown]) -> Reel:
    """Share of flat activations in each hidden layer, and before training."""
    bars = []
    for index, run in enumerate(runs):
        shares = np.concatenate(
            [run.record.start_layers["saturation"][None], run.record.layers["saturation"]]
        )
        for layer, units in enumerate(run.record.config.hidden):
            values = shares[:, layer]
            bars.append(
                {
                    "run": index,
                    "group": f"layer {layer + 1}",
                    "note": f"{units} units",
                    "values": rounded(values, 4),
                    "labels": [small_percent(float(v)) if v == v else "" for v in values],
                }
            )
    bars.sort(key=lambda bar: (bar["group"], bar["run"]))
    return {"bars": bars, "x": {"title": "share of activations"}}


def kernels(runs: Sequence[Shown], limit: float, shown: Sequence[Shown]) -> Reel:
    """First-layer weights as pictures, at every epoch.

    A picture has 28 × 28 signed bytes, a unit's weights as a record keeps them: a byte k is the
    weight k/127 of the epoch's entry in `scales`. A run's `pixels` are those of its `units`, one
    epoch after the other from the start, each as what is to be added to the epoch before, modulo
    256, deflated (zlib) and as base64: two runs of 100 epochs take a few hundred kilobytes.

    Args:
        runs: those of the clock.
        limit: the weight of full colour.
        shown: those of them that have pictures: ended ones with their weights.
    """
    return {
        "shape": list(SHAPE),
        "scale": [list(DIVERGING[dark]) for dark in (False, True)],
        "line": [BORDER[dark] for dark in (False, True)],
        "limit": limit,
        "pictures": [
            {"run": runs.index(run), "name": upper_first(run.name), **_pixels(run.record)}
            for run in shown
        ],
    }


@_per_record
def _pixels(record: RunRecord) -> Reel:
    rows = record.snapshots.transpose(0, 2, 1).view(np.uint8)
    steps = np.diff(rows, axis=0, prepend=np.uint8(0))
    return {
        "units": rows.shape[1],
        "scales": significant(record.snapshot_scales, 5),
        "pixels": base64.b64encode(zlib.compress(steps.tobytes(), LEVEL)).decode(),
    }
