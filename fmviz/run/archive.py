"""The one format in which a record travels and rests.

It is NumPy's `.npz` without pickle: one array a measure, and one JSON text.
"""

from __future__ import annotations

import io
import json
import zipfile
from itertools import pairwise
from typing import Any

import numpy as np

from fmviz.run.choices import DATASETS, N_PIXELS
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.measure import ACTIVATION_BINS, TOLERANCES, WEIGHT_EDGES
from fmviz.run.record import (
    EXAMPLES,
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    PREDICTIONS,
    SNAPSHOT_UNITS,
    Array,
    Divergence,
    RecordError,
    RunRecord,
    layer_sizes,
)


def pack(record: RunRecord, *, compress: bool = True) -> bytes:
    """The record as an `.npz` file."""
    # Few entries, for each one costs time, and a run tells of itself after every epoch.
    rows = [[record.start[name], *record.history[name]] for name in HISTORY]
    table: dict[str, Array] = {"history": np.array(rows, np.float64)}
    for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES):
        table[f"layers/{name}"] = np.concatenate(
            [record.start_layers[name][None], record.layers[name]]
        )
    # Most images keep their class from one epoch to the next: differences, image by image, pack
    # well.
    for name in PREDICTIONS:
        steps = np.diff(getattr(record, name), axis=0, prepend=np.uint8(0))
        table[name] = np.ascontiguousarray(steps.T)
    table["snapshots"] = record.snapshots
    table |= {f"weights/{i}": w for i, w in enumerate(record.weights)}
    if record.best_epoch != record.epochs:
        table |= {f"best/{i}": w for i, w in enumerate(record.best_weights)}
    meta = {
        "schema": RECORD_SCHEMA,
        "config": record.config.model_dump(mode="json"),
        "examples": dict(record.examples),
        "diverged": record.diverged and _written(record.diverged),
        "made": dict(record.made),
    }
    table["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, **table)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack(content: bytes) -> RunRecord:
    """Read what `pack` wrote; the arrays are read-only.

    Raises:
        RecordError: not a record, damaged, of another schema, or with arrays that do not fit
            the run they claim to describe.
    """
    try:
        # NumPy stops reading where it thinks that an array ends, and so before its checksum.
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if damaged := archive.testzip():
                raise RecordError(f"{damaged} is damaged")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            table = {name: file[name] for name in file.files}
        meta = json.loads(table.pop("meta").tobytes())
        if meta["schema"] != RECORD_SCHEMA:
            raise RecordError(f"record of schema {meta['schema']}, expected {RECORD_SCHEMA}")
        record = _from_table(table, meta)
    except RecordError:
        raise
    except Exception as error:  # a byte anywhere may be wrong, and any parser may stumble on it
        raise RecordError(f"not a sound record: {type(error).__name__}: {error}") from error
    _check(record)
    return record


def _from_table(table: dict[str, Array], meta: dict[str, Any]) -> RunRecord:
    predictions = {name: np.cumsum(table[name].T, 0, np.uint8) for name in PREDICTIONS}
    for array in (*table.values(), *predictions.values()):
        array.setflags(write=False)
    n_weight_arrays = sum(name.startswith("weights/") for name in table)
    weights = tuple(table[f"weights/{i}"] for i in range(n_weight_arrays))
    history = dict(zip(HISTORY, table["history"], strict=True))
    layers = {name: table[f"layers/{name}"] for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)}
    return RunRecord(
        config=RunConfig.model_validate(meta["config"]),
        history={name: array[1:] for name, array in history.items()},
        layers={name: array[1:] for name, array in layers.items()},
        start={name: float(array[0]) for name, array in history.items()},
        start_layers={name: array[0] for name, array in layers.items()},
        examples={str(k): int(v) for k, v in meta["examples"].items()},
        **predictions,
        snapshots=table["snapshots"],
        weights=weights,
        best_weights=tuple(table.get(f"best/{i}", w) for i, w in enumerate(weights)),
        diverged=_read(meta["diverged"]) if meta["diverged"] else None,
        made=meta["made"],
    )


# In a file the epoch in which a run diverged is counted from 0.
def _written(diverged: Divergence) -> list[Any]:
    return [diverged.epoch - 1, *diverged[1:]]


def _read(written: list[Any]) -> Divergence:
    epoch, *rest = written
    return Divergence(epoch + 1, *rest)


def _check(record: RunRecord) -> None:
    """Raise `RecordError` where an array does not fit the run."""
    config, epochs = record.config, record.epochs
    if set(record.examples) != EXAMPLES:
        raise RecordError(f"examples of {sorted(record.examples)}, expected {sorted(EXAMPLES)}")
    if epochs > config.epochs:
        raise RecordError(f"{epochs} epochs in a run of {config.epochs}")
    n_hidden = len(config.hidden)
    shapes: dict[str, tuple[tuple[int, ...], Array]] = {}
    for name, array in record.history.items():
        shapes[name] = ((epochs,), array)
    kernels, bins = n_hidden + 1, len(WEIGHT_EDGES) - 1
    tails: dict[str, tuple[int, ...]] = dict.fromkeys(KERNEL_MEASURES, (kernels,))
    tails |= dict.fromkeys(HIDDEN_MEASURES, (n_hidden,))
    tails |= {"near_zeros": (kernels, len(TOLERANCES)), "weight_histogram": (kernels, bins)}
    tails["activation_histogram"] = (n_hidden, ACTIVATION_BINS)
    for name, array in record.layers.items():
        shapes[name] = ((epochs, *tails[name]), array)
    sizes = layer_sizes(config)
    expected = [s for a, b in pairwise(sizes) for s in ((a, b), (b,))]
    if record.complete or record.weights:
        info = DATASETS[config.dataset]
        sample = record.examples["train"]
        shapes["train_predictions"] = ((epochs + 1, sample), record.train_predictions)
        shapes["val_predictions"] = ((epochs + 1, info.validation), record.val_predictions)
        shapes["test_predictions"] = ((epochs + 1, info.test), record.test_predictions)
    if record.is_brief:
        shapes["snapshots"] = ((0, 0, 0), record.snapshots)
    elif record.weights:
        units = min(SNAPSHOT_UNITS, sizes[1])
        shapes["snapshots"] = ((len(record.snapshot_epochs), N_PIXELS, units), record.snapshots)
        for kind, arrays in (("weights", record.weights), ("best", record.best_weights)):
            if len(arrays) != len(expected):
                raise RecordError(f"{len(arrays)} arrays of {kind}, expected {len(expected)}")
            shapes |= {f"{kind} {i}": pair for i, pair in enumerate(zip(expected, arrays))}
    for name, (shape, array) in shapes.items():
        if array.shape != shape:
            raise RecordError(f"{name} has shape {array.shape}, expected {shape}")
