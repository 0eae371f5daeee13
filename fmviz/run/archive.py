"""The one format in which a record travels and rests.

It is NumPy's `.npz` without pickle: one array a measure, and one JSON text.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from fmviz.run.choices import DATASETS, N_PIXELS
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.measure import ACTIVATION_BINS, TOLERANCES, WEIGHT_EDGES
from fmviz.run.record import (
    ANSWERS,
    EXAMPLES,
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    NO_SNAPSHOTS,
    ON_TEST,
    Array,
    Divergence,
    RecordError,
    RunRecord,
    layer_sizes,
)
from fmviz.run.snapshots import SNAPSHOT_UNITS

# No record is larger, packed or unpacked: six layers of 512 units take 18 MB. Whoever reads files
# looks at their size first, and here nothing is unpacked past it.
MAX_BYTES = 64 * 10**6
MAX_META_BYTES = 64 * 10**3
# The list of what is in a zip file: some 60 bytes an array.
MAX_LIST_BYTES = 16 * 10**3
# Layers' measures that are whole numbers, and how those are written.
COUNTS = ("near_zeros", "weight_histogram", "activation_histogram")
COUNT = np.dtype("<i8")
END = struct.Struct("<4s8xI6x")
END_64 = b"PK\x06\x07"
# Of an array: six bytes that say so, two of its version, and how long the text is that follows.
HEADER = struct.Struct("<8xH")


def pack(record: RunRecord, *, level: int = 1) -> bytes:
    """The record as an `.npz` file.

    Args:
        level: of deflate, 1 to 9: the higher the smaller, and the slower; 0 packs nothing. Of a run
            of 100 epochs 1 takes a third of the time of 6, in the process that serves pages, and
            is 5% larger: weights hardly pack at all.
    """
    # Few entries, for each one costs time, and a run tells of itself after every epoch.
    curves = [[record.start[name], *record.history[name]] for name in _measured(record.examples)]
    table: dict[str, Array] = {"history": np.array(curves, np.float64)}
    for name, values in record.layers.items():
        rows = np.concatenate([record.start_layers[name][None], values])
        table[f"layers/{name}"] = _planes(rows) if name in COUNTS else rows
    for name in ANSWERS:
        # Image by image: most stay with what they are from one epoch to the next, and pack well.
        table[name] = np.ascontiguousarray(getattr(record, name).T)
    table["snapshots"] = _steps(record.snapshots.view(np.uint8))
    table["snapshot_scales"] = record.snapshot_scales
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
    method = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method, compresslevel=level) as archive:
        for name, array in table.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return buffer.getvalue()


def _steps(rows: Array) -> Array:
    """Bytes, a row an epoch, as differences from one epoch to the next: most stay or move little,
    which packs well."""
    return np.diff(rows, axis=0, prepend=np.uint8(0))


def _rows(steps: Array) -> Array:
    """What `_steps` was made of."""
    return np.cumsum(steps, 0, np.uint8)


def _planes(counts: Array) -> Array:
    """Whole numbers as their bytes, lowest first: most of the higher ones are 0, and side by side
    they take no room."""
    numbers = np.ascontiguousarray(counts, COUNT)
    return np.moveaxis(numbers.view(np.uint8).reshape(*counts.shape, COUNT.itemsize), -1, 0)


def _counts(planes: Array) -> Array:
    """What `_planes` was made of."""
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(COUNT)[..., 0]


def unpack(content: bytes) -> RunRecord:
    """Read what `pack` wrote; the arrays are read-only.

    Raises:
        RecordError: not a record, damaged, of another schema, or with arrays that do not fit
            the run they claim to describe.
    """
    try:
        table = _arrays(content)
        written = table.pop("meta")
        if written.nbytes > MAX_META_BYTES:
            raise RecordError(f"its text takes {written.nbytes} bytes, more than any record's")
        meta = json.loads(written.tobytes())
        if meta["schema"] != RECORD_SCHEMA:
            raise RecordError(f"record of schema {meta['schema']}, expected {RECORD_SCHEMA}")
        record = _from_table(table, meta)
    except RecordError:
        raise
    except Exception as error:  # a byte anywhere may be wrong, and any parser may stumble on it
        raise RecordError(f"not a sound record: {type(error).__name__}: {error}") from error
    _check(record)
    return record


def _arrays(content: bytes) -> dict[str, Array]:
    """The arrays of an `.npz` file, read-only. It costs no more than `MAX_BYTES` of memory whatever
    the file says of itself: `numpy.load` would take its word."""
    if len(content) > MAX_BYTES:
        raise RecordError(f"{len(content)} bytes, more than any record has")
    signature, list_bytes = END.unpack(content[-END.size :])
    if (
        signature != b"PK\x05\x06"
        or list_bytes > MAX_LIST_BYTES
        or content[-END.size - 20 :].startswith(END_64)
    ):
        raise RecordError("not a sound record: it does not end as one")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > MAX_BYTES:
            raise RecordError(f"{unpacked} bytes when unpacked, more than any record has")
        for member in members:
            # Other methods may take much more memory than they unpack.
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise RecordError(f"{member.filename} is packed in a way that no record is")
        return {
            member.filename.removesuffix(".npy"): _array(_content(archive, member))
            for member in members
        }


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        # With a number it unpacks no more, whatever there is, and compares the checksum then.
        return file.read(member.file_size)


def _array(content: bytes) -> Array:
    """One array in NumPy's `.npy` format, as a view of `content`."""
    begin = HEADER.size + HEADER.unpack_from(content)[0]
    shape, fortran, dtype = _header(content[:begin])
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(content) - begin:
        raise ValueError(f"{len(content) - begin} bytes for {dtype} of shape {shape}")
    flat: Array = np.frombuffer(content, dtype, offset=begin)
    return flat.reshape(shape, order="F" if fortran else "C")


@lru_cache(maxsize=512)
def _header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array, from what precedes it in the `.npy` format: Python's
    source, which takes longer to read than the array, and many runs have arrays of one shape."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"an array in version {version} of the format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, fortran, dtype


def _from_table(table: dict[str, Array], meta: dict[str, Any]) -> RunRecord:
    # An outline has none of them.
    measures = (*KERNEL_MEASURES, *HIDDEN_MEASURES) if "layers/kernel_norm" in table else ()
    layers = {name: table[f"layers/{name}"] for name in measures}
    layers |= {name: _counts(values) for name, values in layers.items() if name in COUNTS}
    answers = {name: np.ascontiguousarray(table[name].T, np.uint8) for name in ANSWERS}
    snapshots = _rows(table["snapshots"]).view(np.int8)
    for array in (*table.values(), *answers.values(), snapshots, *layers.values()):
        array.setflags(write=False)
    n_weight_arrays = sum(name.startswith("weights/") for name in table)
    weights = tuple(table[f"weights/{i}"] for i in range(n_weight_arrays))
    history = dict(zip(_measured(meta["examples"]), table["history"], strict=True))
    return RunRecord(
        config=RunConfig.model_validate(meta["config"]),
        history={name: array[1:] for name, array in history.items()},
        layers={name: array[1:] for name, array in layers.items()},
        start={name: float(array[0]) for name, array in history.items()},
        start_layers={name: array[0] for name, array in layers.items()},
        examples={str(k): int(v) for k, v in meta["examples"].items()},
        **answers,
        snapshots=snapshots,
        snapshot_scales=table["snapshot_scales"],
        weights=weights,
        best_weights=tuple(table.get(f"best/{i}", w) for i, w in enumerate(weights)),
        diverged=_read(meta["diverged"]) if meta["diverged"] else None,
        made=meta["made"],
    )


def _measured(examples: Mapping[str, int]) -> list[str]:
    """The names of a record's history, by the examples that it was measured on."""
    return [name for name in HISTORY if "test" in examples or name not in ON_TEST]


# In a file the epoch in which a run diverged is counted from 0.
def _written(diverged: Divergence) -> list[Any]:
    return [diverged.epoch - 1, *diverged[1:]]


def _read(written: list[Any]) -> Divergence:
    epoch, *rest = written
    return Divergence(epoch + 1, *rest)


def _check(record: RunRecord) -> None:
    """Raise `RecordError` where an array does not fit the run."""
    config, epochs = record.config, record.epochs
    if set(record.examples) | {"test"} != EXAMPLES:
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
    if record.is_outline:
        shapes |= {name: ((0, 0), getattr(record, name)) for name in ANSWERS}
    elif record.complete or record.weights:
        info = DATASETS[config.dataset]
        sample = record.examples["train"]
        shapes["train_predictions"] = ((epochs + 1, sample), record.train_predictions)
        for name in ("val_predictions", "val_confidences"):
            shapes[name] = ((epochs + 1, info.validation), getattr(record, name))
        tests = (epochs + 1, info.test) if record.has_test else (0, 0)
        shapes["test_predictions"] = (tests, record.test_predictions)
    if record.has_snapshots or record.weights:
        units = min(SNAPSHOT_UNITS, sizes[1])
        shapes["snapshots"] = ((epochs + 1, N_PIXELS, units), record.snapshots)
        shapes["snapshot_scales"] = ((epochs + 1,), record.snapshot_scales)
    else:
        for name, none in NO_SNAPSHOTS.items():
            shapes[name] = (none.shape, getattr(record, name))
    if record.weights:
        for kind, arrays in (("weights", record.weights), ("best", record.best_weights)):
            if len(arrays) != len(expected):
                raise RecordError(f"{len(arrays)} arrays of {kind}, expected {len(expected)}")
            shapes |= {f"{kind} {i}": pair for i, pair in enumerate(zip(expected, arrays))}
    for name, (shape, array) in shapes.items():
        if array.shape != shape:
            raise RecordError(f"{name} has shape {array.shape}, expected {shape}")
