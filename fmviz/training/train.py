"""Train runs, measure them after every epoch, and hand back records.

Runs that differ only in numbers (λ, σ, dropout rate, learning rate, label noise, seed, and so
on) form a *group* and are trained as one model (`stock`). A whole epoch of batches runs
inside one compiled function; every number that varies enters it as a tensor, so another value
never compiles again. All members of all groups see the same images in the same order.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.groups import features_of, group, shape_of
from fmviz.run.phases import PhaseName
from fmviz.run.record import Divergence, RunRecord, n_weights
from fmviz.theory import initializers, penalties, schedules
from fmviz.training import compiled, stock
from fmviz.training.compiled import EVALUATION_BATCH, Batches, Numbers, State
from fmviz.training.recorder import Measured, Recorder
from fmviz.version import VERSION

Tensor = Any
Array = npt.NDArray[Any]

# Between compiled calls a run can be stopped. A call is at most so many operations, a second or two
# on two cores, and at most so many steps.
OPERATIONS_AT_ONCE = 2e11
STEPS_AT_ONCE = 256

OnEpoch = Callable[[list[RunRecord]], None]
OnPhase = Callable[[list[int], PhaseName], None]


def train(
    configs: Sequence[RunConfig],
    on_epoch: OnEpoch | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_phase: OnPhase | None = None,
) -> list[RunRecord]:
    """Train the configs and return their records, in the same order.

    Args:
        on_epoch: called with the records so far after the start has been measured and after
            each epoch of all groups.
        should_stop: asked between epochs and, in long ones, within; where it answers True the
            records so far come back, with `complete` False.
        on_phase: called as a phase begins for runs that are trained as one model, with their
            indices; with "training" at the beginning of each epoch.

    Raises:
        fmviz.run.data.DataError: the images cannot be read.
    """
    begun = datetime.now(UTC).isoformat(timespec="milliseconds")
    enter = on_phase or (lambda indices, phase: None)
    groups = [
        (indices, _Group([configs[i] for i in indices], begun, partial(enter, indices)))
        for indices in group(configs)
    ]
    records: list[RunRecord | None] = [None] * len(configs)
    stopped = should_stop or (lambda: False)
    progress: list[Iterator[None]] = [members.run(stopped) for _, members in groups]
    while progress:
        # Groups advance epoch by epoch in turn, so that all curves of a comparison grow together.
        progress = [steps for steps in progress if next(steps, StopIteration) is None]
        for indices, members in groups:
            for index, record in zip(indices, members.records(), strict=True):
                records[index] = record
        if on_epoch is not None:
            on_epoch([record for record in records if record is not None])
        if stopped():
            break
    return [record for record in records if record is not None]


def weights_after(
    config: RunConfig, epoch: int, should_stop: Callable[[], bool] | None = None
) -> list[Array]:
    """The weights of a run after so many epochs, in `keras.Sequential.get_weights()` order: it is
    trained again up to there. A record keeps only those of its best and last epoch.

    Raises:
        InterruptedError: `should_stop` answered True.
        ValueError: the run has no such epoch, or diverges before its end.
    """
    if not 1 <= epoch <= config.epochs:
        raise ValueError(f"epoch must be from 1 to {config.epochs}, not {epoch}")
    stopped = should_stop or (lambda: False)
    members = _Group([config])
    # The first step of the iteration measures the start.
    for _ in zip(range(epoch + 1), members.run(stopped)):
        if stopped():
            break
    (record,) = members.records()
    if record.epochs < epoch:
        if record.diverged is not None:
            raise ValueError(f"the run diverges in epoch {record.diverged.epoch}")
        raise InterruptedError("the training was stopped")
    return stock.take([w.numpy() for w in members.state.weights], 0)


def _is_compiled(function: Any) -> bool:
    """Whether a function of a program has been called before: all its calls are alike."""
    return bool(function.experimental_get_tracing_count())


class _Images(NamedTuple):
    """The images of a data set as tensors, shared by all groups of a process."""

    train: Tensor  # (pool, 784)
    evaluation: Tensor  # (chunks, EVALUATION_BATCH, 784), in the order of evaluation_slices


@lru_cache(maxsize=2)
def _images(name: str) -> _Images:
    images = data.load(name)
    sample = images.train.pixels[: DATASETS[name].train_sample]
    evaluation = np.concatenate([images.validation.pixels, sample, images.test.pixels])
    return _Images(
        tf.constant(images.train.pixels),
        tf.constant(evaluation.reshape(-1, EVALUATION_BATCH, evaluation.shape[1])),
    )


class _Group:
    """Runs of one shape, trained as one model.

    Args:
        begun: when the training began: what began together ran side by side.
        on_phase: called as a phase begins.
    """

    def __init__(
        self,
        configs: list[RunConfig],
        begun: str = "",
        on_phase: Callable[[PhaseName], None] | None = None,
    ) -> None:
        self.enter = on_phase or (lambda phase: None)
        self.enter("preparing")
        self.begun = begun
        self.config = configs[0]
        self.recorders = [Recorder(config) for config in configs]
        self.plateaus = [schedules.Plateau(config) for config in configs]
        self.program = compiled.program(shape_of(self.config), features_of(configs), len(configs))
        self.images = _images(self.config.dataset)
        self.seconds = 0.0
        operations = 6 * n_weights(self.config) * self.config.batch_size * len(configs)
        self.steps_at_once = max(1, min(STEPS_AT_ONCE, int(OPERATIONS_AT_ONCE / operations)))

        labels = np.zeros((len(configs), DATASETS[self.config.dataset].train), np.int32)
        for row, recorder in zip(labels, self.recorders, strict=True):
            row[: len(recorder.labels)] = recorder.labels
        strengths = [penalties.coefficients(c) for c in configs]
        self.numbers = Numbers(
            tf.constant(labels),
            tf.constant([s.l1 for s in strengths], tf.float32),
            tf.constant([s.l2 for s in strengths], tf.float32),
            tf.constant([s.weight_decay for s in strengths], tf.float32),
            tf.constant([s.threshold for s in strengths], tf.float32),
            tf.constant([c.dropout for c in configs], tf.float32),
            tf.constant([c.seed for c in configs], tf.int32),
            tf.constant(self.config.train_size, tf.int32),
        )
        told = np.stack([recorder.evaluation_labels for recorder in self.recorders])
        chunked = told.reshape(len(configs), -1, EVALUATION_BATCH).transpose(1, 0, 2)
        self.evaluation_labels = tf.constant(np.ascontiguousarray(chunked))
        self.rates = np.stack([schedules.learning_rates(c) for c in configs], axis=1)
        weights = stock.stack([initializers.initial_weights(c) for c in configs])
        self.state = self.program.start([tf.constant(w) for w in weights])

    def records(self) -> list[RunRecord]:
        """The members' records so far."""
        made = {
            "fmviz": VERSION,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "trained_together": len(self.recorders),
            "begun": self.begun,
        }
        return [recorder.record(made) for recorder in self.recorders]

    def run(self, should_stop: Callable[[], bool]) -> Iterator[None]:
        """Train until done or stopped, yielding after the start and after each epoch but the
        last have been measured."""
        self.enter("preparing" if _is_compiled(self.program.evaluate) else "compiling")
        unknown = {"running_accuracy": np.nan, "running_crossentropy": np.nan, "seconds": 0.0}
        self._measure([{**unknown, "learning_rate": r} for r in self.rates[0]])
        steps, n = self.config.steps_per_epoch, self.config.train_size
        for epoch in range(self.config.epochs):
            yield
            before = self.state
            batches, last_rates = self._batches(epoch)
            correct, lost = np.zeros(len(self.recorders)), np.zeros(len(self.recorders))
            if epoch == 0:
                if not _is_compiled(self.program.epoch):
                    self.enter("compiling")
                # No step: compiled, where it is new, before the clock runs.
                self._advance(batches, 0, 0)
            self.enter("training")
            begun = time.perf_counter()
            for first in range(0, steps, self.steps_at_once):
                if should_stop():
                    return
                end = min(first + self.steps_at_once, steps)
                sums = self._advance(batches, first, end)
                correct += sums[0].numpy()
                lost += sums[1].numpy()
            self.seconds += (time.perf_counter() - begun) / len(self.recorders)
            figures = [
                {
                    "running_accuracy": c / n,
                    "running_crossentropy": x / n,
                    "learning_rate": r,
                    "seconds": self.seconds,
                }
                for c, x, r in zip(correct, lost, last_rates, strict=True)
            ]
            broken = self._measure(figures)
            if broken:
                self._diagnose(before, epoch, batches, broken, should_stop)
            if all(recorder.diverged for recorder in self.recorders):
                return

    def _advance(self, batches: Batches, first: int, end: int) -> list[Tensor]:
        """Take steps `first` to `end` − 1 of an epoch; correct answers and cross-entropies, (K,)
        each."""
        self.state, *sums = self.program.epoch(
            self.state,
            self.numbers,
            self.images.train,
            batches,
            tf.constant(first),
            tf.constant(end),
        )
        return sums

    def _batches(self, epoch: int) -> tuple[Batches, Array]:
        """The images and learning rates of every step of an epoch; the last step's rates."""
        steps, size = self.config.steps_per_epoch, self.config.batch_size
        order = np.zeros(self.program.max_steps * size, np.int32)
        order[: self.config.train_size] = data.epoch_order(self.config.train_size, epoch)
        rates = np.zeros((self.program.max_steps, len(self.recorders)), np.float32)
        rates[:steps] = self.rates[epoch * steps : (epoch + 1) * steps]
        rates *= [plateau.factor for plateau in self.plateaus]
        batches = Batches(tf.constant(order.reshape(-1, size)), tf.constant(rates))
        return batches, rates[steps - 1]

    def _measure(self, figures: list[dict[str, float]]) -> list[int]:
        """Add a row to every run still finite; returns those that no longer are."""
        rates = tf.constant([known["learning_rate"] for known in figures], tf.float32)
        measured = self.program.evaluate(
            self.state,
            self.evaluation_labels,
            self.images.evaluation,
            self.images.train,
            self.numbers,
            rates,
        )
        predicted, crossentropy = (
            v.numpy().transpose(1, 0, 2).reshape(len(self.recorders), -1)
            for v in (measured.predicted, measured.crossentropy)
        )
        pre_activations = [z.numpy() for z in measured.pre_activations]
        activations = [a.numpy() for a in measured.activations]
        gradient_norms = measured.gradient_norms.numpy()
        update_norms = measured.update_norms.numpy()
        weights = [w.numpy() for w in self.state.weights]
        broken = []
        for k, (recorder, plateau) in enumerate(zip(self.recorders, self.plateaus, strict=True)):
            if recorder.diverged is not None:
                continue
            finite = recorder.add(
                Measured(
                    figures[k],
                    predicted[k],
                    crossentropy[k],
                    [z[k] for z in pre_activations],
                    [a[k] for a in activations],
                    stock.take(weights, k),
                    gradient_norms[:, k],
                    update_norms[:, k],
                )
            )
            if not finite:
                broken.append(k)
            elif recorder.rows > 1:
                plateau.after_epoch(recorder.val_loss)
        return broken

    def _diagnose(
        self,
        before: State,
        epoch: int,
        batches: Batches,
        broken: list[int],
        should_stop: Callable[[], bool],
    ) -> None:
        """Run the epoch again step by step and note where each broken member began to fail."""
        names = self.program.flag_names()
        state, missing = before, set(broken)
        for step in range(self.config.steps_per_epoch):
            if should_stop():
                return
            state, flags = self.program.traced_step(
                state,
                self.numbers,
                self.images.train,
                batches.order[step],
                tf.constant(step * self.config.batch_size),
                batches.rates[step],
            )
            finite = flags.numpy()
            for k in sorted(missing):
                if not finite[:, k].all():
                    where, layer = names[int(np.argmin(finite[:, k]))]
                    self.recorders[k].diverged = Divergence(epoch + 1, step, layer, where)
                    missing.discard(k)
            if not missing:
                return
        for k in missing:
            # Finite in every step, and only the figures taken after them overflow.
            last = self.config.steps_per_epoch - 1
            layers = self.program.n_layers
            self.recorders[k].diverged = Divergence(epoch + 1, last, layers - 1, "loss")
