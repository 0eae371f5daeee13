"""What was measured in a run, as arrays.

A record holds no model: it can be sent between processes, kept on disk (`archive` has the format)
and drawn without TensorFlow.

Long because all that a record has stands beside the shorter forms in which it is kept: brief,
coarse, in outline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run import snapshots
from fmviz.run.choices import N_CLASSES, N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.measure import (
    TOLERANCES,
    Estimate,
    accuracy,
    accuracy_gap,
)

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
    "penalty": "what kernel_regularizer adds to the loss; 0 for a penalty outside of it",
    "running_accuracy": "Keras's accuracy: running mean over the epoch, dropout on",
    "running_crossentropy": "Keras's loss less the penalty: running mean over the epoch",
    "learning_rate": "learning rate of the epoch's last step",
    "seconds": "time in gradient steps so far, an equal share where runs are trained as one model",
}
# One row an epoch and one entry a layer: kernels are counted from the input, `len(hidden) + 1`
# of them; hidden layers likewise, `len(hidden)`.
KERNEL_MEASURES = {
    "near_zeros": "weights with |w| ≤ each of measure.TOLERANCES",
    "kernel_norm": "√Σw² of the kernel",
    "weight_histogram": "weights in each bin of measure.WEIGHT_EDGES",
    "gradient_norm": "√Σ(∂C₀/∂w)² on the first 128 training images, inference mode",
    "update_ratio": "√ΣΔw² of one more step at the last rate, those images, over √Σw²; NaN if 0",
}
HIDDEN_MEASURES = {
    "saturation": "share of flat activations on the probe images (zero activations for ReLU)",
    "dead_units": "share of units flat on every probe image",
    "activation_histogram": "activations in each bin of measure.activation_edges, probe images",
}

# Figures of the history on test images, which are measured only where somebody asks for them.
ON_TEST = ("test_accuracy", "test_crossentropy")
# What the figures of a record are measured on; "test" where those are.
EXAMPLES = {"train", "corrupted", "validation", "test", "probe"}


PREDICTIONS = ("train_predictions", "val_predictions", "test_predictions")
# A byte an image and epoch.
ANSWERS = (*PREDICTIONS, "val_confidences")
# Of confidences in most of the recorded runs.
COARSE = 16
NO_SNAPSHOTS: Mapping[str, Any] = {
    "snapshots": np.empty((0, 0, 0), np.int8),
    "snapshot_scales": np.empty(0),
}


class RecordError(Exception):
    """Bytes that are not a sound record of this schema; the message says why."""


class Divergence(NamedTuple):
    """Where a run stopped being finite.

    In its epoch number `epoch`, in the step of it and the layer from the input that `step` and
    `layer` count from zero. `where` is what overflowed first in that step: "activation", "loss",
    "gradient" or "weight".
    """

    epoch: int
    step: int
    layer: int
    where: str


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run, finished or so far.

    Epochs are counted as epochs trained, here and everywhere: 0 is the start, before the first
    step, and `record.epochs` the end.

    Attributes:
        config: the run.
        history: name in `HISTORY` → (epochs,) float64; without those of `ON_TEST` where test images
            were not measured.
        layers: name in `KERNEL_MEASURES` or `HIDDEN_MEASURES` → (epochs, layers, ...).
        start: the names of `history`, measured before the first step (running means are NaN).
        start_layers: the names of `layers`, measured before the first step.
        examples: how many images the figures of each of `EXAMPLES` are measured on; without "test"
            where test images were not measured.
        train_predictions, val_predictions, test_predictions: (epochs + 1, images) uint8, the
            predicted class, row 0 before the first step; empty while the run goes on. Those of
            training are of the fixed sample, the first images of the training set. Those of test
            are empty where test images were not measured.
        val_confidences: (epochs + 1, images) uint8, round(255 p) of the probability p that the
            network gives its predicted class, which is off by 1/510 at most, or in most of the runs
            that ship by more: see `coarse`. Row 0 before the first step; empty while the run goes
            on.
        snapshots: (epochs + 1, 784, at most SNAPSHOT_UNITS) int8, first-layer kernels, on the
            scales of `snapshot_scales`, (epochs + 1,); see `fmviz.run.snapshots`. Row 0 before the
            first step; empty while the run goes on, and in a brief record. A record may have them
            without weights, in coarser steps: see `pictured`.
        weights: the final kernels and biases, in `keras.Sequential.get_weights()` order; empty
            while the run goes on, and in a brief record. A diverged run keeps the last finite
            ones.
        best_weights: those of `best_epoch`; empty while the run goes on.
        diverged: where the run stopped being finite, else None. Its history then has only the
            epochs that ended finite.
        made: versions, machine and date of the training, and how many runs were trained together.
    """

    config: RunConfig
    history: Mapping[str, Array]
    layers: Mapping[str, Array]
    start: Mapping[str, float]
    start_layers: Mapping[str, Array]
    examples: Mapping[str, int]
    train_predictions: Array
    val_predictions: Array
    test_predictions: Array
    val_confidences: Array
    snapshots: Array
    snapshot_scales: Array
    weights: tuple[Array, ...] = ()
    best_weights: tuple[Array, ...] = ()
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
    def is_brief(self) -> bool:
        """Whether an ended run is without its weights: enough for a curve, a tenth of the size."""
        return self.complete and not self.weights

    @property
    def has_snapshots(self) -> bool:
        """Whether the first layer can be shown as pictures, after any epoch."""
        return bool(len(self.snapshots))

    @property
    def is_outline(self) -> bool:
        """Whether an ended run has nothing but its histories; see `outline`."""
        return self.complete and not self.layers

    @property
    def has_test(self) -> bool:
        """Whether test images were measured."""
        return "test" in self.examples

    def covers(self, other: RunRecord) -> bool:
        """Whether it has all that another record of the same run has: test figures too."""
        return self.has_test >= other.has_test and self.is_as_whole_as(other)

    def is_as_whole_as(self, other: RunRecord) -> bool:
        """Whether it has the weights, their pictures, and what was measured of them and of each
        image that another record of the same run has."""
        return (
            self.is_brief <= other.is_brief
            and self.has_snapshots >= other.has_snapshots
            and self.is_outline <= other.is_outline
        )

    def brief(self) -> RunRecord:
        """The record without weights and snapshots, as sweeps and races keep it."""
        return replace(self, weights=(), best_weights=(), **NO_SNAPSHOTS)

    def pictured(self) -> RunRecord:
        """The coarse record without weights, but with the first layer's pictures: a fifth of the
        whole."""
        return replace(self.coarse(), weights=(), best_weights=())

    def coarse(self) -> RunRecord:
        """The record with confidences in `COARSE` steps of √(1 − p): 16 shades, which pack into
        less than half the room, and are finest next to 1. They are off by √(1 − p)/16 at most, now
        up, now down, so that their means hardly move. Pictures of weights are in steps of their
        own (`snapshots.coarse`)."""
        left = np.sqrt(1 - self.val_confidences / 255)
        rounded = 1 - (np.rint(left * COARSE) / COARSE) ** 2
        return replace(
            self,
            val_confidences=np.rint(255 * rounded).astype(np.uint8),
            snapshots=snapshots.coarse(self.snapshots, self.snapshot_scales),
        )

    def outline(self) -> RunRecord:
        """The finished record with nothing but its histories, of which accuracies, their errors and
        early stopping are told: some kilobytes, for pictures of many runs.

        Raises:
            ValueError: the run goes on.
        """
        if not self.complete:
            raise ValueError("only finished runs have an outline")
        none = np.empty((0, 0), np.uint8)
        return replace(
            self.brief(),
            layers={},
            start_layers={},
            train_predictions=none,
            val_predictions=none,
            test_predictions=none,
            val_confidences=none,
        )

    @property
    def nbytes(self) -> int:
        """Memory that its large arrays take."""
        arrays = [*self.layers.values(), *self.weights, *self.best_weights, self.snapshots]
        return sum(a.nbytes for a in (*arrays, *(getattr(self, name) for name in ANSWERS)))

    @property
    def best_epoch(self) -> int:
        """The first epoch with the lowest validation cross-entropy; 0 before the first ends."""
        values = self.history["val_crossentropy"]
        return int(np.argmin(values)) + 1 if len(values) else 0

    def weights_after(self, epoch: int) -> tuple[Array, ...]:
        """The weights that are kept of an epoch: those of the last and of the best; nothing for any
        other."""
        if not epoch or not self.weights:
            return ()
        if epoch == self.epochs:
            return self.weights
        return self.best_weights if epoch == self.best_epoch else ()

    def snapshot(self, epoch: int) -> Array:
        """The kernel of the first layer after so many epochs, of its first units, to within the
        error that `fmviz.run.snapshots` tells: (784, at most SNAPSHOT_UNITS) float32.

        Raises:
            IndexError: the run has not trained so many.
            ValueError: it keeps none: it goes on, or is brief.
        """
        self._check_epoch(epoch)
        if not self.has_snapshots:
            raise ValueError("a run that goes on, or is brief, has no pictures of its weights")
        return snapshots.weights(self.snapshots[epoch], self.snapshot_scales[epoch])

    @property
    def kernels(self) -> tuple[Array, ...]:
        """The final kernels, (fan_in, fan_out) each."""
        return self.weights[::2]

    def at(self, name: str, epoch: int) -> float:
        """A figure of the history after so many epochs.

        Raises:
            IndexError: the run has not trained so many.
            LookupError: it is of the test images, and those were not measured.
        """
        self._check_epoch(epoch)
        if name in ON_TEST:
            self._check_test()
        return float(self.history[name][epoch - 1] if epoch else self.start[name])

    def at_end(self, name: str) -> float:
        """A figure of the history after the last epoch so far."""
        return self.at(name, self.epochs)

    def layers_at(self, name: str, epoch: int) -> Array:
        """A layer measure after so many epochs: (layers, ...).

        Raises:
            IndexError: the run has not trained so many.
        """
        self._check_epoch(epoch)
        row: Array = self.layers[name][epoch - 1] if epoch else self.start_layers[name]
        return row

    def _check_epoch(self, epoch: int) -> None:
        if not 0 <= epoch <= self.epochs:
            raise IndexError(f"epoch must be from 0 to {self.epochs}, not {epoch}")

    def _check_test(self) -> None:
        if not self.has_test:
            raise LookupError("test images were not measured; ask for the run with test=True")

    def answers(self, split: str, epoch: int) -> Array:
        """The predicted classes of a split's images after so many epochs, (images,) uint8.

        Args:
            split: "train" (the fixed sample), "val" or "test".

        Raises:
            ValueError: the run goes on; answers are handed over at its end.
            LookupError: test images were not measured.
        """
        if split == "test":
            self._check_test()
        rows: Array = getattr(self, f"{split}_predictions")
        if not len(rows):
            raise ValueError("a run hands over its answers at its end")
        row: Array = rows[epoch]
        return row

    def confidences(self, epoch: int) -> Array:
        """The probabilities that the network gives its answers on the validation images after so
        many epochs, (images,) float64, to within 1/510.

        Raises:
            ValueError: the run goes on; answers are handed over at its end.
        """
        if not len(self.val_confidences):
            raise ValueError("a run hands over its answers at its end")
        return self.val_confidences[epoch] / 255

    def gap(self, epoch: int) -> Estimate:
        """Training accuracy − validation accuracy, with the standard error."""
        return accuracy_gap(
            *(self.estimate(f"{split}_accuracy", epoch) for split in ("train", "val"))
        )

    def estimate(self, name: str, epoch: int) -> Estimate:
        """An accuracy of the history with its standard error.

        It has none over the training images where all of them are measured.
        """
        measured, population = self.measured_on(name)
        return accuracy(self.at(name, epoch), measured, population)

    def measured_on(self, name: str) -> tuple[int, int | None]:
        """How many images an accuracy of the history is measured on, and of how many in all; None
        of validation and test images, which stand for any others.

        Raises:
            LookupError: test images were not measured.
        """
        kind = name.split("_")[0]
        if kind == "test":
            self._check_test()
        if kind in ("val", "test"):
            return self.examples["validation" if kind == "val" else kind], None
        sample, wrong = self.examples["train"], self.examples["corrupted"]
        all_wrong = round(self.config.label_noise * self.config.train_size)
        return {
            "train": (sample, self.config.train_size),
            "corrupted": (wrong, all_wrong),
            "clean": (sample - wrong, self.config.train_size - all_wrong),
        }[kind]

    def sparsity(self, tolerance: float, epoch: int) -> float:
        """Share of kernel weights with |w| ≤ tolerance, one of `measure.TOLERANCES`.

        Raises:
            ValueError: another tolerance; those counts were not taken.
        """
        if tolerance not in TOLERANCES:
            raise ValueError(f"tolerance must be one of {TOLERANCES}, not {tolerance}")
        return self.sparsities(epoch)[TOLERANCES.index(tolerance)]

    def sparsities(self, epoch: int) -> list[float]:
        """`sparsity` at each of `measure.TOLERANCES`."""
        counts = self.layers_at("near_zeros", epoch).sum(axis=0)
        shares: list[float] = (counts / n_weights(self.config)).tolist()
        return shares


def layer_sizes(config: RunConfig) -> tuple[int, ...]:
    """Widths from the pixels to the classes."""
    return (N_PIXELS, *config.hidden, N_CLASSES)


def n_weights(config: RunConfig) -> int:
    """Kernel weights of the network, biases left out."""
    sizes = layer_sizes(config)
    return sum(a * b for a, b in pairwise(sizes))
