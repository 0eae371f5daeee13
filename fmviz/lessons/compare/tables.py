"""Pinned runs as tables: a row a run for a page, and all settings and figures as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fmviz.analysis import comparing
from fmviz.charts.figures import gap_label
from fmviz.export import csv_files
from fmviz.lessons.compare import says
from fmviz.page.pins import Pin
from fmviz.run.choices import ACTIVATIONS
from fmviz.run.config import DEFAULTS
from fmviz.run.measure import Estimate
from fmviz.run.naming import differing, flat_name
from fmviz.run.record import HISTORY, RunRecord
from fmviz.run.settings import SETTINGS, said, written
from fmviz.words.numbers import points, small_percent

Cells = dict[str, str]
# What a cell shows of which nothing is known.
NOTHING = "–"
# One a kind: what is no saturation is not set beside it.
FLAT_HEADS = {
    flat_name(activation): f"{flat_name(activation).replace(' ', '_')}_layer_1"
    for activation in ACTIVATIONS
}
SPLITS = {"train": "training", "val": "validation", "test": "test"}


def _flat(record: RunRecord) -> dict[str, float]:
    """Share of flat activations of the first hidden layer, by what that share is; empty where there
    is no hidden layer."""
    if not record.config.hidden:
        return {}
    share = float(record.layers_at("saturation", record.epochs)[0])
    return {flat_name(record.config.activation): share}


def table(
    pins: Sequence[Pin],
    records: Sequence[RunRecord | None],
    tolerance: float,
    *,
    show_test: bool,
) -> list[Cells]:
    """A row a pin: its name, how far it is, the settings that differ among the pins, and what was
    measured.

    Args:
        records: one a pin, None where nothing is known of it yet.
        tolerance: up to which a weight counts as zero.
        show_test: whether test accuracy is among the figures.
    """
    fields = differing([pin.config for pin in pins])
    rows = []
    for pin, record in zip(pins, records, strict=True):
        row = {"run": pin.name, "state": says.state(record, pin.config)}
        row |= {SETTINGS[f].name: said(f, pin.config[f]) for f in fields}
        rows.append(row | _cells(record, tolerance, show_test))
    return rows


def _cells(record: RunRecord | None, tolerance: float, show_test: bool) -> Cells:
    splits = [name for name in SPLITS if show_test or name != "test"]
    heads = ["gap, points", *(f"{SPLITS[name]}, %" for name in splits)]
    heads += ["sparsity", "flat activations, layer 1", "seconds"]
    if record is None or not record.epochs:
        return dict.fromkeys(heads, NOTHING)
    last = record.epochs
    # Shares of different things, in words: a column of numbers would rank them.
    flat = [f"{name} {small_percent(share)}" for name, share in _flat(record).items()]
    cells = [gap_label(record, last)]
    cells += [
        points(record.estimate(f"{name}_accuracy", last))
        if name != "test" or record.has_test
        else NOTHING
        for name in splits
    ]
    cells += [
        small_percent(record.sparsity(tolerance, last)),
        *(flat or ["no hidden layer"]),
        f"{record.at_end('seconds'):.2f}",
    ]
    return dict(zip(heads, cells, strict=True))


def figures_csv(
    pins: Sequence[Pin],
    records: Sequence[RunRecord | None],
    tolerance: float,
    *,
    show_test: bool,
) -> bytes:
    """A CSV file of a line a pin: all its settings as links write them, all its figures in full.

    Shares are of 1. A figure that is not known is empty. The arguments are those of `table`.
    """
    lines = []
    for pin, record in zip(pins, records, strict=True):
        line: dict[str, Any] = {"pin": pin.name, "state": says.state(record, pin.config)}
        line |= {field: written(field, pin.config[field]) for field in DEFAULTS}
        known = record is not None and record.epochs > 0
        if record is not None and known:
            line |= _figures(record, tolerance)
        lines.append(line)
    heads = ["pin", "state", *DEFAULTS, "measured_epochs"]
    for name in ("train", "val", "test"):
        heads += [f"{name}_accuracy", f"{name}_accuracy_error", f"{name}_images"]
    heads += ["gap", "gap_error", "tolerance", "sparsity", "exact_zeros"]
    heads += [*FLAT_HEADS.values(), "seconds"]
    return csv_files.content(_shown(heads, show_test), lines)


def _figures(record: RunRecord, tolerance: float) -> dict[str, Any]:
    last = record.epochs
    line: dict[str, Any] = {"measured_epochs": record.epochs}

    def put(name: str, estimate: Estimate) -> None:
        line.update({name: estimate.value, f"{name}_error": estimate.error})

    for name, images in (("train", "train"), ("val", "validation"), ("test", "test")):
        if images in record.examples:
            put(f"{name}_accuracy", record.estimate(f"{name}_accuracy", last))
            line[f"{name}_images"] = record.examples[images]
    if (gap := comparing.gap_after(record, last)) is not None:
        put("gap", gap)
    return line | {
        "tolerance": tolerance,
        "sparsity": record.sparsity(tolerance, last),
        "exact_zeros": record.sparsity(0.0, last),
        **{FLAT_HEADS[name]: share for name, share in _flat(record).items()},
        "seconds": record.at_end("seconds"),
    }


def curves_csv(
    pins: Sequence[Pin], records: Sequence[RunRecord | None], *, show_test: bool
) -> bytes:
    """A CSV file of a line a pin and epoch, with every measure of a record's history.

    Epoch 0 is before the first step; what a running mean had been then is empty, as is accuracy on
    corrupted images where there are none, and what was not measured.
    """
    lines = [
        {"pin": pin.name, "epoch": epoch}
        | {name: record.at(name, epoch) for name in record.history}
        for pin, record in zip(pins, records, strict=True)
        if record is not None
        for epoch in range(record.epochs + 1)
    ]
    return csv_files.content(_shown(["pin", "epoch", *HISTORY], show_test), lines)


def _shown(heads: Sequence[str], show_test: bool) -> list[str]:
    return [head for head in heads if show_test or not head.startswith("test_")]
