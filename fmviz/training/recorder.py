"""The measurements of one run as they come in, and the record that they make. NumPy only."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run import data, measure, snapshots
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.data import PROBE_IMAGES
from fmviz.run.record import (
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    NO_SNAPSHOTS,
    ON_TEST,
    Divergence,
    RunRecord,
)
from fmviz.theory import penalties

Array = npt.NDArray[Any]


# Measures that decide nothing are taken member beside member, and beside the next epoch where
# nobody asks for the record before.
_beside = ThreadPoolExecutor(2, "fmviz-recorder")


class Measured(NamedTuple):
    """What the trainer hands over of one run after an epoch.

    Attributes:
        figures: those of `HISTORY` that only the trainer knows: running means, rate, seconds.
        predicted, crossentropy, confidence: one an evaluation image, in the order of
            `evaluation_slices`; those of the test images are not looked at where they are not
            asked for.
        pre_activations, activations: (PROBE_IMAGES, units) a hidden layer.
        weights: kernels and biases in Keras's order; the recorder keeps them.
        gradient_norms, update_norms: one a kernel.
    """

    figures: dict[str, float]
    predicted: Array
    crossentropy: Array
    confidence: Array
    pre_activations: list[Array]
    activations: list[Array]
    weights: list[Array]
    gradient_norms: Array
    update_norms: Array


def evaluation_slices(dataset: str) -> dict[str, slice]:
    """Where validation, training sample and test lie among the evaluation images; test is last, and
    can be left out."""
    info = DATASETS[dataset]
    ends = np.cumsum([0, info.validation, info.train_sample, info.test])
    names = ("val", "train", "test")
    return {name: slice(int(a), int(b)) for name, a, b in zip(names, ends, ends[1:])}


class Recorder:
    """Turns an epoch's arrays into the figures of a record; row 0 is the start.

    Args:
        test: whether test images are measured.

    Attributes:
        labels: (train_size,) the training labels as the run is told them.
        diverged: set by the trainer where the run stopped being finite.
    """

    def __init__(self, config: RunConfig, test: bool = False) -> None:
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
        if not test:
            del self.slices["test"]
        # All rows of the run, for a record so far to be a view of them: stacked anew after every
        # epoch they cost as much as the measures.
        self._history: dict[str, Array] = {
            name: np.empty(config.epochs + 1) for name in HISTORY if test or name not in ON_TEST
        }
        self._layers: dict[str, Array] = {}
        self._predictions: dict[str, list[Array]] = {name: [] for name in self.slices}
        self._pending: Future[dict[str, Array]] | None = None
        self._confidences: list[Array] = []
        self._snapshots: list[tuple[Array, float]] = []
        self._weights: list[Array] = []
        self._best: tuple[float, list[Array]] = (np.inf, [])

    def __getstate__(self) -> dict[str, Any]:
        """What another process goes on with: all rows, nothing under way."""
        self._take_layers()
        return self.__dict__

    @property
    def rows(self) -> int:
        """Epochs measured so far and the start."""
        return len(self._predictions["val"])

    @property
    def ended(self) -> bool:
        """Whether the run has, by its last epoch or by diverging."""
        return self.diverged is not None or self.rows == self.config.epochs + 1

    @property
    def val_loss(self) -> float:
        """Of the newest row."""
        return float(self._history["val_loss"][self.rows - 1])

    def add(self, measured: Measured) -> bool:
        """Add a row; False, and nothing added, where a figure is not finite. Test images have no
        say in that: a run is the same whether they are measured or not."""
        kernels = measured.weights[::2]
        figures = {**measured.figures, **self._accuracies(measured)}
        # Not np.linalg.norm: BLAS threads go on spinning for a while and slow down the next epoch.
        norms = np.array([np.sqrt(np.square(k, dtype=np.float64).sum()) for k in kernels])
        strength = penalties.coefficients(self.config.in_epoch(self.rows))
        figures["penalty"] = strength.l2 * float((norms * norms).sum())
        if strength.l1:
            figures["penalty"] += strength.l1 * float(sum(np.abs(k).sum() for k in kernels))
        figures["val_loss"] = figures["val_crossentropy"] + figures["penalty"]
        must_be_finite = [
            figures["train_crossentropy"],
            figures["val_loss"],
            *([figures["running_crossentropy"]] if self.rows else []),
            *norms,
        ]
        # In the precision of the training: beyond it Keras's own figures would be infinite.
        with np.errstate(over="ignore"):
            if not np.isfinite(np.array(must_be_finite).astype(np.float32)).all():
                return False
        for name, value in figures.items():
            self._history[name][self.rows] = value
        self._take_layers()
        self._pending = _beside.submit(self._layer_measures, measured, norms)
        for name, rows in self._predictions.items():
            rows.append(measured.predicted[self.slices[name]].copy())
        self._confidences.append(measured.confidence[self.slices["val"]].copy())
        self._keep(measured.weights, figures["val_crossentropy"])
        return True

    def _take_layers(self) -> None:
        """Add the layers' measures of the newest row, once they are there."""
        if self._pending is not None:
            for name, row in self._pending.result().items():
                if name not in self._layers:
                    self._layers[name] = np.empty((self.config.epochs + 1, *row.shape), row.dtype)
                self._layers[name][self.rows - 1] = row
            self._pending = None

    def _accuracies(self, measured: Measured) -> dict[str, float]:
        correct = measured.predicted == self.evaluation_labels[: len(measured.predicted)]
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
        self._snapshots.append(snapshots.taken(weights[0]))

    def _taken(self) -> dict[str, Array]:
        """The kept pictures of weights."""
        numbers, scales = zip(*self._snapshots, strict=True)
        return {"snapshots": np.stack(numbers), "snapshot_scales": np.array(scales)}

    def record(self, made: dict[str, Any]) -> RunRecord:
        """The record so far; the large arrays only once the run has ended."""
        self._take_layers()
        info = DATASETS[self.config.dataset]
        history = {name: _view(values, self.rows) for name, values in self._history.items()}
        layers = {
            name: _view(self._layers[name], self.rows)
            for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
        }
        ended = self.ended
        none = np.empty((0, 0), np.uint8)
        answers = {
            name: np.stack(self._predictions[name]) if ended and name in self.slices else none
            for name in ("train", "val", "test")
        }
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
                **({"test": info.test} if "test" in self.slices else {}),
                "probe": PROBE_IMAGES,
            },
            train_predictions=answers["train"],
            val_predictions=answers["val"],
            test_predictions=answers["test"],
            val_confidences=np.stack(self._confidences) if ended else none,
            **(self._taken() if ended else NO_SNAPSHOTS),
            weights=tuple(self._weights) if ended else (),
            best_weights=tuple(self._best[1] or self._weights) if ended else (),
            diverged=self.diverged,
            made=made if ended else {},
        )


def _view(rows: Array, count: int) -> Array:
    """The first rows, which nobody is to change."""
    view = rows[:count]
    view.setflags(write=False)
    return view
