"""A run to take home as tables, and how its files are called.

Tables are wide: a row an epoch, or a row a run, and a column a figure. What each column holds and
in which unit is a table of its own, so that a spreadsheet opens the first without a word of text
in its way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from fmviz.analysis.stopping import Shown
from fmviz.export import csv_files
from fmviz.run import settings
from fmviz.run.choices import CHOICES
from fmviz.run.config import DEFAULTS, RunConfig
from fmviz.run.measure import TOLERANCES, WEIGHT_EDGES, activation_edges
from fmviz.run.record import (
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    ON_TEST,
    RunRecord,
    n_weights,
)
from fmviz.run.settings import SETTINGS, acts, written

Cell = str | int | float | None

UNITS = {
    **{name: "share" for name in HISTORY if name.endswith("accuracy")},
    **{name: "nats" for name in HISTORY if name.endswith(("crossentropy", "loss", "penalty"))},
    "seconds": "s",
    "learning_rate": "1",
}
LAYER_UNITS = {
    "near_zeros": "weights",
    "kernel_norm": "1",
    "weight_histogram": "weights",
    "gradient_norm": "nats",
    "update_ratio": "1",
    "saturation": "share",
    "dead_units": "share",
    "activation_histogram": "activations",
}
# Settings that every file's name has, each at a place of its own.
_ALWAYS = ("penalty", "lam", "l1_share", "train_size", "seed")
ROOM_IN_NAMES = 60
# Accuracies of the record, and of which images they are a share.
_ACCURACIES = tuple(f"{of}_accuracy" for of in ("train", "clean", "corrupted", "val", "test"))


class Column(NamedTuple):
    """What a column of a table holds.

    Attributes:
        unit: "share" is of 1, "nats" of cross-entropy, "1" a plain number, "" no number.
    """

    name: str
    unit: str
    meaning: str


class Table(NamedTuple):
    """Columns and rows, each of as many cells; None where there is no figure."""

    columns: list[Column]
    rows: list[list[Cell]]

    def csv(self) -> bytes:
        """The table as a CSV file."""
        return csv_files.content([c.name for c in self.columns], self.rows)

    def explained(self) -> bytes:
        """What the columns hold, as a CSV file: a row a column."""
        return csv_files.content(Column._fields, self.columns)


def stem(config: RunConfig, *more: str) -> str:
    """How files of a run are called: its penalty, n, what is not as runs have it by default, and
    its seed. "fmviz-l2-lam10-n5000-seed0"; lower case letters, digits, "-" and "." alone.

    Args:
        more: what else is to be in the name.
    """
    values = config.model_dump()
    parts = ["fmviz", "no-penalty" if config.penalty == "none" else config.penalty]
    parts += [_named(config, field) for field in settings.parts("penalty") if acts(field, values)]
    parts.append(_named(config, "train_size"))
    others = [
        _named(config, field)
        # Figures first, then words, which need no name before them.
        for field in sorted(SETTINGS, key=CHOICES.__contains__)
        if field not in _ALWAYS and values[field] != DEFAULTS[field]
    ]
    if sum(map(len, others)) > ROOM_IN_NAMES:  # a part of the run's key stands for them
        others = [config.key[:8]]
    name = "-".join([*parts, *others, _named(config, "seed"), *more])
    return re.sub(r"[^a-z0-9.]+", "-", name.lower())


def _named(config: RunConfig, field: str) -> str:
    """A setting in a file's name: lam10, relu."""
    before = SETTINGS[field].file or ("" if field in CHOICES else field)
    return before + written(field, config[field])


def layer_names(config: RunConfig) -> list[str]:
    """The layers with a kernel, as the exported network calls them: hidden_1, …, logits."""
    return [f"hidden_{i + 1}" for i in range(len(config.hidden))] + ["logits"]


def history(record: RunRecord, *, test: bool = True) -> Table:
    """Every measure of a record after every epoch; row 0 is before the first step.

    Args:
        test: whether figures of the test images are in it, where those were measured.
    """
    names = [name for name in record.history if test or name not in ON_TEST]
    columns = [Column("epoch", "1", "epochs trained; 0 is before the first step")]
    columns += [Column(name, UNITS[name], HISTORY[name]) for name in names]
    columns += _layer_columns(record.config)
    rows: list[list[Cell]] = []
    for epoch in range(record.epochs + 1):
        row: list[Cell] = [epoch]
        row += [record.at(name, epoch) for name in names]
        for measure_name in (*KERNEL_MEASURES, *HIDDEN_MEASURES):
            row += record.layers_at(measure_name, epoch).ravel().tolist()
        rows.append(row)
    return Table(columns, rows)


def _layer_columns(config: RunConfig) -> list[Column]:
    """Columns of the layer measures, in the order in which a row of a record is unravelled."""
    layers = layer_names(config)
    columns: list[Column] = []
    for name, meaning in (KERNEL_MEASURES | HIDDEN_MEASURES).items():
        unit = LAYER_UNITS[name]
        for layer in layers if name in KERNEL_MEASURES else layers[:-1]:
            if name == "near_zeros":
                columns += [
                    Column(f"{layer}.near_zeros_{t:g}", unit, f"{layer}: weights with |w| ≤ {t:g}")
                    for t in TOLERANCES
                ]
            elif name.endswith("histogram"):
                kind = name.removesuffix("_histogram") + "s"
                edges = (
                    WEIGHT_EDGES if name in KERNEL_MEASURES else activation_edges(config.activation)
                )
                columns += [
                    Column(
                        f"{layer}.{kind}_{a:.6g}_to_{b:.6g}",
                        unit,
                        f"{layer}: {kind} from {a:.6g} to {b:.6g}",
                    )
                    for a, b in pairwise(edges)
                ]
            else:
                columns.append(Column(f"{layer}.{name}", unit, f"{layer}: {meaning}"))
    return columns


def figures(runs: Sequence[Shown], tolerance: float, *, test: bool) -> Table:
    """The figures that a page shows, a row a run, with the weights of the epoch it shows.

    Args:
        tolerance: up to which a weight counts as zero, one of `measure.TOLERANCES`.
        test: whether figures of the test images are among them.
    """
    found = [_figures(run, tolerance, test) for run in runs]
    columns = list(dict.fromkeys(column for figures in found for column in figures))
    return Table(columns, [[each.get(column) for column in columns] for each in found])


def _figures(run: Shown, tolerance: float, test: bool) -> dict[Column, Cell]:
    record, epoch = run.record, run.kept
    config = record.config
    cells: dict[Column, Cell] = {Column("run", "", "its role on the page"): run.name}
    for name, info in RunConfig.model_fields.items():
        value = config[name]
        plain = value if isinstance(value, int | float) else written(name, value)
        cells[Column(f"setting.{name}", "", str(info.description))] = plain
    stopped = None if run.stop is None else run.stop.stopped
    cells |= {
        Column("epoch", "1", "epoch whose weights are shown; 0 is before the first step"): epoch,
        Column("epochs_trained", "1", "epochs that the run has measured"): record.epochs,
        Column(
            "stopped_epoch", "1", "epoch after which early stopping ends it; empty: never"
        ): stopped,
        Column("diverged_epoch", "1", "epoch in which it stopped being finite; empty: none"): (
            None if record.diverged is None else record.diverged.epoch
        ),
    }
    cells |= _accuracies(run, test)
    for name in HISTORY:
        if name not in _ACCURACIES and (test or name not in ON_TEST):
            cells[Column(name, UNITS[name], HISTORY[name])] = record.at(name, epoch)
    near = f"share of kernel weights with |w| ≤ {tolerance:g}"
    cells |= {
        Column(f"sparsity_{tolerance:g}", "share", near): record.sparsity(tolerance, epoch),
        Column("exact_zeros", "share", "share of kernel weights that are exactly 0"): (
            record.sparsity(0.0, epoch)
        ),
        Column("kernel_weights", "weights", "weights of all kernels, biases left out"): (
            n_weights(config)
        ),
    }
    for name in ("saturation", "dead_units"):
        shares = record.layers_at(name, epoch)
        for layer, share in zip(layer_names(config), shares.tolist(), strict=False):
            cells[Column(f"{layer}.{name}", "share", f"{layer}: {HIDDEN_MEASURES[name]}")] = share
    images = "validation images on which activations are measured"
    cells[Column("probe_images", "images", images)] = record.examples["probe"]
    for name, meaning in (("keras", "version"), ("tensorflow", "version"), ("date", "of training")):
        cells[Column(name, "", meaning)] = str(record.made.get(name, ""))
    return cells


def _accuracies(run: Shown, test: bool) -> dict[Column, Cell]:
    """Each accuracy with its standard error and its number of images; the gap with its error."""
    record, epoch = run.record, run.kept
    cells: dict[Column, Cell] = {}
    for name in _ACCURACIES:
        if name == "test_accuracy" and not test:
            continue
        images, _ = record.measured_on(name)
        known = record.estimate(name, epoch) if images else None
        stands = "its standard error"
        cells |= {
            Column(name, "share", HISTORY[name]): known and known.value,
            Column(f"{name}_error", "share", stands): known and known.error,
            Column(f"{name}_images", "images", "images that it is measured on"): images,
        }
    gap = record.gap(epoch)
    cells |= {
        Column("accuracy_gap", "share", "train_accuracy − val_accuracy, same weights"): gap.value,
        Column("accuracy_gap_error", "share", "its standard error"): gap.error,
    }
    return cells
