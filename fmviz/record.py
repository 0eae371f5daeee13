"""What was measured in a run, as arrays, and the one format it travels and rests in.

A record holds no model: it can be sent between processes, kept on disk and drawn without
TensorFlow. The format is NumPy's `.npz` without pickle, one array per measure and one JSON text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.config import DATASETS, N_CLASSES, N_PIXELS, RECORD_SCHEMA, RunConfig
from fmviz.measure import TOLERANCES, Estimate, accuracy, accuracy_gap

Array = npt.NDArray[Any]

# One number an epoch. The accuracies and cross-entropies (nats) of whole splits are measured
# after the epoch, in inference mode, with the weights the epoch ended with.
HISTORY = {
    "train_accuracy": "accuracy on the fixed training sample, against the labels it was told",
    "train_crossentropy": "mean cross-entropy on the fixed training sample",
    "clean_accuracy": "accuracy on the sample's examples whose label is true",
    "corrupted_accuracy": "accuracy on its corrupted examples, against their wrong labels",
    "val_accuracy": "accuracy on the validation images",
    "val_crossentropy": "mean cross-entropy on the validation images",
    "val_loss": "Keras's val_loss: validation cross-entropy plus penalty",
    "test_accuracy": "accuracy on the test images",
    "test_crossentropy": "mean cross-entropy on the test images",
    "penalty": "the L1 or L2 penalty that the loss adds",
    "running_accuracy": "Keras's accuracy: running mean over the epoch, dropout on",
    "running_loss": "Keras's loss: running mean over the epoch, penalty included",
    "learning_rate": "learning rate of the epoch's last step",
    "seconds": "wall-clock seconds since training began, shared by runs trained together",
}
# One row an epoch and one entry a layer: kernels are counted from the input, `len(hidden) + 1`
# of them; hidden layers likewise, `len(hidden)`.
KERNEL_MEASURES = {
    "near_zeros": "weights with |w| ≤ each of measure.TOLERANCES",
    "kernel_norm": "√Σw² of the kernel",
}
HIDDEN_MEASURES = {
    "saturation": "share of flat activations on the probe images (zero activations for ReLU)",
    "dead_units": "share of units flat on every probe image",
}


# What the figures of a record are measured on.
EXAMPLES = {"train", "corrupted", "validation", "test", "probe"}


class RecordError(Exception):
    """Bytes that are not a sound record of this schema; the message says why."""


class Divergence(NamedTuple):
    """Where a run stopped being finite. Counted from zero; `layer` from the input.

    `epoch` and `step` say when, `where` what overflowed first in that step: "activation",
    "loss", "gradient" or "weight".
    """

    epoch: int
    step: int
    layer: int
    where: str


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run, finished or so far.

    Attributes:
        config: the run.
        history: name in `HISTORY` → (epochs,) float64.
        layers: name in `KERNEL_MEASURES` or `HIDDEN_MEASURES` → (epochs, layers, ...).
        start: the names of `history`, measured before the first step (running means are NaN).
        start_layers: the names of `layers`, measured before the first step.
        examples: how many images the figures of each of `EXAMPLES` are measured on.
        test_predictions: (epochs + 1, test images) uint8, the predicted class, row 0 before the
            first step; empty while the run goes on.
        weights: the final kernels and biases, in `keras.Sequential.get_weights()` order; empty
            while the run goes on. A diverged run keeps the last finite ones.
        diverged: where the run stopped being finite, else None. Its history then has only the
            epochs that ended finite.
        made: versions, machine, date and seconds of the training.
    """

    config: RunConfig
    history: Mapping[str, Array]
    layers: Mapping[str, Array]
    start: Mapping[str, float]
    start_layers: Mapping[str, Array]
    examples: Mapping[str, int]
    test_predictions: Array
    weights: tuple[Array, ...] = ()
    diverged: Divergence | None = None
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Epochs measured so far, or in all."""
        return len(self.history["val_accuracy"])

    @property
    def complete(self) -> bool:
        """Whether the run has ended, by its last epoch or by diverging."""
        return self.epochs == self.config.epochs or self.diverged is not None

    @property
    def kernels(self) -> tuple[Array, ...]:
        """The final kernels, (fan_in, fan_out) each."""
        return self.weights[::2]

    def at(self, name: str, epoch: int | None) -> float:
        """A history figure after an epoch, or before the first step where epoch is None."""
        return float(self.start[name] if epoch is None else self.history[name][epoch])

    def layers_at(self, name: str, epoch: int | None) -> Array:
        """A layer measure after an epoch, or before the first step: (layers, ...)."""
        row: Array = self.start_layers[name] if epoch is None else self.layers[name][epoch]
        return row

    def gap(self, epoch: int | None) -> Estimate:
        """Training accuracy − validation accuracy, with the standard error."""
        return accuracy_gap(
            self.at("train_accuracy", epoch),
            self.examples["train"],
            self.at("val_accuracy", epoch),
            self.examples["validation"],
        )

    def estimate(self, name: str, epoch: int | None) -> Estimate:
        """An accuracy of the history with its standard error."""
        split = {"train": "train", "val": "validation", "test": "test", "corrupted": "corrupted"}
        return accuracy(self.at(name, epoch), self.examples[split[name.split("_")[0]]])

    def sparsity(self, tolerance: float, epoch: int | None) -> float:
        """Share of kernel weights with |w| ≤ tolerance, one of `measure.TOLERANCES`.

        Raises:
            ValueError: another tolerance; those counts were not taken.
        """
        if tolerance not in TOLERANCES:
            raise ValueError(f"tolerance must be one of {TOLERANCES}, not {tolerance}")
        counts = self.layers_at("near_zeros", epoch)[:, TOLERANCES.index(tolerance)]
        return float(counts.sum()) / n_weights(self.config)

    def to_bytes(self, *, compress: bool = True) -> bytes:
        """The record as an `.npz` file."""
        table: dict[str, Array] = {}
        for name in HISTORY:
            table[f"history/{name}"] = np.concatenate([[self.start[name]], self.history[name]])
        for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES):
            table[f"layers/{name}"] = np.concatenate(
                [self.start_layers[name][None], self.layers[name]]
            )
        table["test_predictions"] = self.test_predictions
        table |= {f"weights/{i}": w for i, w in enumerate(self.weights)}
        meta = {
            "schema": RECORD_SCHEMA,
            "config": self.config.model_dump(mode="json"),
            "examples": dict(self.examples),
            "diverged": self.diverged,
            "made": dict(self.made),
        }
        table["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        buffer = io.BytesIO()
        (np.savez_compressed if compress else np.savez)(buffer, **table)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> RunRecord:
        """Read what `to_bytes` wrote; the arrays are read-only.

        Raises:
            RecordError: not a record, damaged, of another schema, or with arrays that do not fit
                the run they claim to describe.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                table = {name: file[name] for name in file.files}
            meta = json.loads(table.pop("meta").tobytes())
            if meta["schema"] != RECORD_SCHEMA:
                raise RecordError(f"record of schema {meta['schema']}, expected {RECORD_SCHEMA}")
            record = cls._from_table(table, meta)
        except RecordError:
            raise
        except Exception as error:  # a byte anywhere may be wrong, and any parser may stumble on it
            raise RecordError(f"not a sound record: {type(error).__name__}: {error}") from error
        _check(record)
        return record

    @classmethod
    def _from_table(cls, table: dict[str, Array], meta: dict[str, Any]) -> RunRecord:
        for array in table.values():
            array.setflags(write=False)
        n_weight_arrays = sum(name.startswith("weights/") for name in table)
        history = {name: table[f"history/{name}"] for name in HISTORY}
        layers = {name: table[f"layers/{name}"] for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)}
        return cls(
            config=RunConfig.model_validate(meta["config"]),
            history={name: array[1:] for name, array in history.items()},
            layers={name: array[1:] for name, array in layers.items()},
            start={name: float(array[0]) for name, array in history.items()},
            start_layers={name: array[0] for name, array in layers.items()},
            examples={str(k): int(v) for k, v in meta["examples"].items()},
            test_predictions=table["test_predictions"],
            weights=tuple(table[f"weights/{i}"] for i in range(n_weight_arrays)),
            diverged=Divergence(*meta["diverged"]) if meta["diverged"] else None,
            made=meta["made"],
        )


def layer_sizes(config: RunConfig) -> tuple[int, ...]:
    """Widths from the pixels to the classes."""
    return (N_PIXELS, *config.hidden, N_CLASSES)


def n_weights(config: RunConfig) -> int:
    """Kernel weights of the network, biases left out."""
    sizes = layer_sizes(config)
    return sum(a * b for a, b in pairwise(sizes))


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
    tails = {"near_zeros": (n_hidden + 1, len(TOLERANCES)), "kernel_norm": (n_hidden + 1,)}
    for name, array in record.layers.items():
        shapes[name] = ((epochs, *tails.get(name, (n_hidden,))), array)
    sizes = layer_sizes(config)
    expected = [s for a, b in pairwise(sizes) for s in ((a, b), (b,))]
    if record.complete or record.weights:
        rows = (epochs + 1, DATASETS[config.dataset].test)
        shapes["test_predictions"] = (rows, record.test_predictions)
        if len(record.weights) != len(expected):
            raise RecordError(f"{len(record.weights)} weight arrays, expected {len(expected)}")
        shapes |= {
            f"weights {i}": (e, w)
            for i, (e, w) in enumerate(zip(expected, record.weights, strict=True))
        }
    for name, (shape, array) in shapes.items():
        if array.shape != shape:
            raise RecordError(f"{name} has shape {array.shape}, expected {shape}")


def same_figures(a: RunRecord, b: RunRecord) -> bool:
    """Whether two records are bit for bit the same, when and where they were made left aside."""

    def arrays(record: RunRecord) -> list[Array]:
        timed = {name: v for name, v in record.history.items() if name != "seconds"}
        start = [record.start[name] for name in timed]
        return [
            *timed.values(),
            *record.layers.values(),
            np.array(start),
            *record.start_layers.values(),
            record.test_predictions,
            *record.weights,
        ]

    pairs = list(zip(arrays(a), arrays(b), strict=False))
    return (
        a.config == b.config
        and a.diverged == b.diverged
        and len(a.weights) == len(b.weights)
        and all(x.shape == y.shape and np.array_equal(x, y, equal_nan=True) for x, y in pairs)
    )
