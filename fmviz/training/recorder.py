"""The measurements of one run as they come in, and the record that they make. NumPy only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run import data, measure
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.data import PROBE_IMAGES
from fmviz.run.record import (
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    SNAPSHOT_EPOCHS,
    SNAPSHOT_UNITS,
    Divergence,
    RunRecord,
)
from fmviz.theory import penalties

Array = npt.NDArray[Any]


class Measured(NamedTuple):
    """What the trainer hands over of one run after an epoch.

    Attributes:
        figures: those of `HISTORY` that only the trainer knows: running means, rate, seconds.
        predicted, crossentropy: one an evaluation image, in the order of `evaluation_slices`.
        pre_activations, activations: (PROBE_IMAGES, units) a hidden layer.
        weights: kernels and biases in Keras's order; the recorder keeps them.
        gradient_norms, update_norms: one a kernel.
    """

    figures: dict[str, float]
    predicted: Array
    crossentropy: Array
    pre_activations: list[Array]
    activations: list[Array]
    weights: list[Array]
    gradient_norms: Array
    update_norms: Array


def evaluation_slices(dataset: str) -> dict[str, slice]:
    """Where validation, training sample and test lie among the evaluation images."""
    info = DATASETS[dataset]
    ends = np.cumsum([0, info.validation, info.train_sample, info.test])
    names = ("val", "train", "test")
    return {name: slice(int(a), int(b)) for name, a, b in zip(names, ends, ends[1:])}


class Recorder:
    """Turns an epoch's arrays into the figures of a record; row 0 is the start.

    Attributes:
        labels: (train_size,) the training labels as the run is told them.
        diverged: set by the trainer where the run stopped being finite.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.diverged: Divergence | None = None
        truth = data.load(config.dataset)
        self.labels, corrupted = data.with_noise(
            truth.train.labels[: config.train_size], config.label_noise, config.seed
        )
        self.sample = min(config.train_size, DATASETS[config.dataset].train_sample)
        whole = evaluation_slices(config.dataset)
        # Of the training sample only what this run trains on is its own.
        first = whole["train"].start
        self.slices = {**whole, "train": slice(first, first + self.sample)}
        self.evaluation_labels = np.zeros(whole["test"].stop, np.int32)
        for name, labels in (
            ("val", truth.validation.labels),
            ("train", self.labels[: self.sample]),
            ("test", truth.test.labels),
        ):
            self.evaluation_labels[self.slices[name]] = labels
        self._corrupted = np.isin(np.arange(self.sample), corrupted)
        self._history: dict[str, list[float]] = {name: [] for name in HISTORY}
        self._layers: dict[str, list[Array]] = {
            name: [] for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
        }
        self._predictions: dict[str, list[Array]] = {"train": [], "val": [], "test": []}
        self._snapshots: list[Array] = []
        self._weights: list[Array] = []
        self._best: tuple[float, list[Array]] = (np.inf, [])

    @property
    def rows(self) -> int:
        """Epochs measured so far and the start."""
        return len(self._predictions["test"])

    @property
    def val_loss(self) -> float:
        """Of the newest row."""
        return self._history["val_loss"][-1]

    def add(self, measured: Measured) -> bool:
        """Add a row; False, and nothing added, where a figure is not finite."""
        kernels = measured.weights[::2]
        figures = {**measured.figures, **self._accuracies(measured)}
        # Not np.linalg.norm: BLAS threads go on spinning for a while and slow down the next epoch.
        norms = np.array([np.sqrt(np.square(k, dtype=np.float64).sum()) for k in kernels])
        strength = penalties.coefficients(self.config)
        figures["penalty"] = strength.l2 * float((norms * norms).sum())
        if strength.l1:
            figures["penalty"] += strength.l1 * float(sum(np.abs(k).sum() for k in kernels))
        figures["val_loss"] = figures["val_crossentropy"] + figures["penalty"]
        must_be_finite = [
            figures["train_crossentropy"],
            figures["test_crossentropy"],
            figures["val_loss"],
            *([figures["running_crossentropy"]] if self.rows else []),
            *norms,
        ]
        # In the precision of the training: beyond it Keras's own figures would be infinite.
        with np.errstate(over="ignore"):
            if not np.isfinite(np.array(must_be_finite).astype(np.float32)).all():
                return False
        for name, value in figures.items():
            self._history[name].append(value)
        for name, row in self._layer_measures(measured, norms).items():
            self._layers[name].append(row)
        for name, rows in self._predictions.items():
            rows.append(measured.predicted[self.slices[name]].copy())
        self._keep(measured.weights, figures["val_crossentropy"])
        return True

    def _accuracies(self, measured: Measured) -> dict[str, float]:
        correct = measured.predicted == self.evaluation_labels
        crossentropy = measured.crossentropy.astype(np.float64)
        figures = {}
        for name, part in self.slices.items():
            figures[f"{name}_accuracy"] = float(correct[part].mean())
            figures[f"{name}_crossentropy"] = float(crossentropy[part].mean())
        sample = correct[self.slices["train"]]
        for name, mask in (("clean", ~self._corrupted), ("corrupted", self._corrupted)):
            figures[f"{name}_accuracy"] = float(sample[mask].mean()) if mask.any() else np.nan
        return figures

    def _layer_measures(self, measured: Measured, norms: Array) -> dict[str, Array]:
        activation = self.config.activation
        kernels = measured.weights[::2]
        flat = [measure.flat(z, activation) for z in measured.pre_activations]
        histograms = [measure.activation_histogram(a, activation) for a in measured.activations]
        ratio = np.full(len(norms), np.nan)
        np.divide(measured.update_norms, norms, out=ratio, where=norms > 0)
        return {
            "near_zeros": np.stack([measure.near_zeros(kernel) for kernel in kernels]),
            "kernel_norm": norms,
            "weight_histogram": np.stack([measure.weight_histogram(kernel) for kernel in kernels]),
            "gradient_norm": measured.gradient_norms.astype(np.float64),
            "update_ratio": ratio,
            "saturation": np.array([measure.saturation(f) for f in flat]),
            "dead_units": np.array([measure.dead_units(f) for f in flat]),
            "activation_histogram": np.reshape(histograms, (-1, measure.ACTIVATION_BINS)).astype(
                np.int64
            ),
        }

    def _keep(self, weights: list[Array], val_crossentropy: float) -> None:
        """Remember the weights of the row just added, where they are wanted later."""
        epoch = self.rows - 1
        self._weights = weights
        if epoch and val_crossentropy < self._best[0]:
            self._best = (val_crossentropy, weights)
        if epoch in SNAPSHOT_EPOCHS:
            with np.errstate(over="ignore"):
                self._snapshots.append(weights[0][:, :SNAPSHOT_UNITS].astype(np.float16))

    def record(self, made: dict[str, Any]) -> RunRecord:
        """The record so far; the large arrays only once the run has ended."""
        info = DATASETS[self.config.dataset]
        history = {name: np.array(rows) for name, rows in self._history.items()}
        layers = {name: np.stack(rows) for name, rows in self._layers.items()}
        ended = self.diverged is not None or self.rows == self.config.epochs + 1
        units = min(SNAPSHOT_UNITS, self._weights[0].shape[1])
        none = np.empty((0, 0), np.uint8)
        return RunRecord(
            config=self.config,
            history={name: rows[1:] for name, rows in history.items()},
            layers={name: rows[1:] for name, rows in layers.items()},
            start={name: float(rows[0]) for name, rows in history.items()},
            start_layers={name: rows[0] for name, rows in layers.items()},
            examples={
                "train": self.sample,
                "corrupted": int(self._corrupted.sum()),
                "validation": info.validation,
                "test": info.test,
                "probe": PROBE_IMAGES,
            },
            train_predictions=np.stack(self._predictions["train"]) if ended else none,
            val_predictions=np.stack(self._predictions["val"]) if ended else none,
            test_predictions=np.stack(self._predictions["test"]) if ended else none,
            snapshots=np.array(self._snapshots, np.float16).reshape(
                -1, len(self._weights[0]), units
            )
            if ended
            else np.empty((0, 0, 0), np.float16),
            weights=tuple(self._weights) if ended else (),
            best_weights=tuple(self._best[1] or self._weights) if ended else (),
            diverged=self.diverged,
            made=made if ended else {},
        )
