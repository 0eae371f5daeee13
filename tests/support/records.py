"""Records made up for tests: small, complete and different in every figure."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fmviz.analysis.comparing import labels
from fmviz.analysis.stopping import Shown
from fmviz.lessons.catalogue import LESSONS
from fmviz.run import archive
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.measure import ACTIVATION_BINS, TOLERANCES, WEIGHT_EDGES
from fmviz.run.record import (
    ANSWERS,
    HISTORY,
    NO_SNAPSHOTS,
    ON_TEST,
    Array,
    Divergence,
    RunRecord,
)
from fmviz.run.snapshots import SNAPSHOT_UNITS
from fmviz.run.store import RECORDED_FOLDER

TINY: dict[str, Any] = {"train_size": 100, "hidden": (4, 3), "epochs": 3, "batch_size": 20}
# A recorded pair with weights.
SHIPPED = tuple(LESSONS["regularisation"].runs_of(LESSONS["regularisation"].start).values())


def tiny(**changes: Any) -> RunConfig:
    """A run whose record takes a few kilobytes."""
    return RunConfig(**{**TINY, **changes})


def synthetic(
    config: RunConfig | None = None,
    *,
    epochs: int | None = None,
    seed: int = 0,
    diverged: Divergence | None = None,
    examples: dict[str, int] | None = None,
    **history: Sequence[float] | float,
) -> RunRecord:
    """A made-up record, finished unless `epochs` says that fewer were measured.

    Args:
        history: values for names of the history, one for all epochs or one an epoch.
    """
    config = tiny() if config is None else config
    epochs = config.epochs if epochs is None else epochs
    ended = epochs == config.epochs or diverged is not None
    rng = np.random.default_rng(seed)
    sizes = (784, *config.hidden, 10)
    n_hidden = len(config.hidden)
    curves = {name: rng.random(epochs + 1) for name in HISTORY}
    for name, values in history.items():
        curves[name][1:] = values
    counts = [
        np.sort(rng.integers(0, a * b, (epochs + 1, len(TOLERANCES))), axis=1)
        for a, b in pairwise(sizes)
    ]
    layers = {
        "near_zeros": np.stack(counts, axis=1),
        "kernel_norm": rng.random((epochs + 1, n_hidden + 1)),
        "weight_histogram": rng.integers(
            0, 50, (epochs + 1, n_hidden + 1, len(WEIGHT_EDGES) - 1), np.int64
        ),
        "gradient_norm": rng.random((epochs + 1, n_hidden + 1)),
        "update_ratio": rng.random((epochs + 1, n_hidden + 1)),
        "saturation": rng.random((epochs + 1, n_hidden)),
        "dead_units": rng.random((epochs + 1, n_hidden)),
        "activation_histogram": rng.integers(
            0, 50, (epochs + 1, n_hidden, ACTIVATION_BINS), np.int64
        ),
    }
    info = DATASETS[config.dataset]
    weights, best = (
        [
            rng.standard_normal(shape).astype(np.float32)
            for a, b in pairwise(sizes)
            for shape in ((a, b), (b,))
        ]
        for _ in range(2)
    )
    # As the recorder has it: the weights of the best epoch are the last where that is the best.
    if epochs == 0 or np.argmin(curves["val_crossentropy"][1:]) == epochs - 1:
        best = weights
    units = min(SNAPSHOT_UNITS, sizes[1])
    snapshots: dict[str, Any] = {
        "snapshots": rng.integers(-127, 127, (epochs + 1, 784, units), np.int8, endpoint=True),
        "snapshot_scales": rng.random(epochs + 1),
    }
    none = np.empty((0, 0), np.uint8)
    all_examples = {
        "train": 100,
        "corrupted": 0,
        "validation": 2_500,
        "test": 5_000,
        "probe": 500,
        **(examples or {}),
    }

    def predictions(images: int) -> npt.NDArray[np.uint8]:
        return rng.integers(0, 10, (epochs + 1, images), np.uint8) if ended else none

    # From 1 down to 0.29: of ten probabilities the largest is at least a tenth.
    confidences = 255 - 20 * predictions(info.validation)
    return RunRecord(
        config=config,
        history={name: values[1:] for name, values in curves.items()},
        layers={name: values[1:] for name, values in layers.items()},
        start={name: float(values[0]) for name, values in curves.items()},
        start_layers={name: values[0] for name, values in layers.items()},
        examples=all_examples,
        train_predictions=predictions(all_examples["train"]),
        val_predictions=predictions(info.validation),
        test_predictions=predictions(info.test),
        val_confidences=confidences,
        **(snapshots if ended else NO_SNAPSHOTS),
        weights=tuple(weights) if ended else (),
        best_weights=tuple(best) if ended else (),
        diverged=diverged,
        made={"keras": "3.0", "date": "2026-01-02"} if ended else {},
    )


def untested(record: RunRecord) -> RunRecord:
    """A record as it would be had nobody asked for the test images."""
    return replace(
        record,
        history={name: rows for name, rows in record.history.items() if name not in ON_TEST},
        start={name: value for name, value in record.start.items() if name not in ON_TEST},
        examples={name: count for name, count in record.examples.items() if name != "test"},
        test_predictions=np.empty((0, 0), np.uint8),
    )


def shown(
    training: Sequence[float] | float,
    validation: Sequence[float] | float,
    *,
    images: int = 10_000,
    config: RunConfig | None = None,
    name: str = "with penalty",
    **history: Any,
) -> Shown:
    """A run as pages look at it, with these accuracies at the kept epoch."""
    config = tiny() if config is None else config
    record = synthetic(
        config,
        train_accuracy=training,
        val_accuracy=validation,
        examples={"train": images, "validation": images},
        **history,
    )
    # Made-up answers would not fit the accuracies.
    none = np.empty((0, 0), np.uint8)
    record = replace(record, train_predictions=none, val_predictions=none)
    return Shown(name, record, None, config.epochs)


def shipped(config: RunConfig) -> RunRecord:
    """A recorded run, read without the store."""
    return archive.unpack((RECORDED_FOLDER / f"{config.key}.npz").read_bytes())


@contextlib.contextmanager
def locked_folder(mode: int) -> Iterator[tuple[Path, Path]]:
    """A folder with this mode under one that anybody can enter: (outer, locked).

    Until the end the process has the rights of an ordinary user, whom such a mode binds.
    """
    outer = Path(tempfile.mkdtemp(prefix="fmviz-locked-"))
    outer.chmod(0o755)
    locked = outer / "locked"
    locked.mkdir()
    locked.chmod(mode)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield outer, locked
    finally:
        if root:
            os.seteuid(0)
        locked.chmod(0o755)
        shutil.rmtree(outer)


def answering(
    name: str, share: float, config: RunConfig | None = None, **history: Sequence[float] | float
) -> Shown:
    """An ended run that answers this share of the validation images as it should after every epoch:
    the first ones, so that of two runs the better one is right wherever the other is."""
    record = synthetic(config, val_accuracy=share, **history)
    truth = labels(record.config, "val")
    answers = np.where(np.arange(len(truth)) < round(share * len(truth)), truth, (truth + 1) % 10)
    rows = np.tile(answers.astype(np.uint8), (record.epochs + 1, 1))
    return Shown(name, replace(record, val_predictions=rows), None, record.epochs)


def same_figures(a: RunRecord, b: RunRecord) -> bool:
    """Whether two records are bit for bit the same, when and where they were made left aside."""

    def arrays(record: RunRecord) -> dict[str, Array]:
        table: dict[str, Array] = {
            **{name: getattr(record, name) for name in ANSWERS},
            **{name: getattr(record, name) for name in NO_SNAPSHOTS},
        }
        for name in record.history:
            if name != "seconds":
                table[name] = np.array([record.start[name], *record.history[name]])
        for name in record.layers:
            table[name] = record.layers[name]
            table[f"{name} at the start"] = record.start_layers[name]
        for kind, group in (("weights", record.weights), ("best", record.best_weights)):
            table |= {f"{kind} {i}": w for i, w in enumerate(group)}
        return table

    one, other = arrays(a), arrays(b)
    return (
        a.config == b.config
        and a.diverged == b.diverged
        and one.keys() == other.keys()
        and all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
    )
