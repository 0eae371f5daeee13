"""Train runs, measure them after every epoch, and hand back records.

Runs that differ only in numbers (λ, σ, dropout rate, learning rate, label noise, seed, and so
on) form a *group* and are trained as one model (`fmviz.model`). A whole epoch of batches runs
inside one compiled function; every number that varies enters it as a tensor, so another value
never compiles again. All members of all groups see the same images in the same order.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

import fmviz
from fmviz import data, measure, model, optimizers, theory
from fmviz.config import DATASETS, RunConfig
from fmviz.data import PROBE_IMAGES
from fmviz.record import HIDDEN_MEASURES, HISTORY, KERNEL_MEASURES, Divergence, RunRecord

Tensor = Any
Array = npt.NDArray[Any]

EVALUATION_BATCH = 500
# Compiled shapes kept in a process; the one unused for longest is dropped.
SHAPES_KEPT = 12

# Steps in one compiled call. Between calls a run can be stopped: even 256 steps of the largest
# network take no more than a second or two.
STEPS_AT_ONCE = 256

OnEpoch = Callable[[list[RunRecord]], None]


class Shape(NamedTuple):
    """What a compiled group depends on. Configs of one shape share a model."""

    dataset: str
    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int
    dropout: bool


def shape_of(config: RunConfig) -> Shape:
    """The compiled shape that a run needs."""
    return Shape(
        config.dataset,
        config.hidden,
        config.activation,
        config.optimizer,
        config.batch_size,
        config.dropout > 0,
    )


def group(configs: Sequence[RunConfig]) -> list[list[int]]:
    """Indices of the configs that can be trained as one model, in order of first appearance.

    Those share a `Shape`, the training images and the number of epochs.
    """
    groups: dict[Any, list[int]] = {}
    for index, config in enumerate(configs):
        groups.setdefault((shape_of(config), config.train_size, config.epochs), []).append(index)
    return list(groups.values())


def train(
    configs: Sequence[RunConfig],
    on_epoch: OnEpoch | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[RunRecord]:
    """Train the configs and return their records, in the same order.

    Args:
        on_epoch: called with the records so far after the start has been measured and after
            each epoch of all groups.
        should_stop: asked between epochs and, in long ones, within; where it answers True the
            records so far come back, with `complete` False.

    Raises:
        fmviz.data.DataError: the images cannot be read.
    """
    groups = [(indices, _Group([configs[i] for i in indices])) for indices in group(configs)]
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


class _Images(NamedTuple):
    """The images of a data set as tensors, shared by all groups of a process."""

    train: Tensor  # (pool, 784)
    evaluation: Tensor  # (chunks, EVALUATION_BATCH, 784): training sample, validation, test
    probe: Tensor  # (PROBE_IMAGES, 784)


@lru_cache(maxsize=2)
def _images(name: str) -> _Images:
    images = data.load(name)
    sample = images.train.pixels[: DATASETS[name].validation]
    evaluation = np.concatenate([sample, images.validation.pixels, images.test.pixels])
    return _Images(
        tf.constant(images.train.pixels),
        tf.constant(evaluation.reshape(-1, EVALUATION_BATCH, evaluation.shape[1])),
        tf.constant(images.validation.pixels[:PROBE_IMAGES]),
    )


class _State(NamedTuple):
    """What one step hands to the next. `slots` holds the optimizer's arrays, weight by weight."""

    weights: list[Tensor]
    slots: list[list[Tensor]]
    step: Tensor  # () int32, steps taken so far


class _Numbers(NamedTuple):
    """What varies from run to run without compiling again; K members."""

    labels: Tensor  # (K, pool) int32, as told
    l1: Tensor  # (K,)
    l2: Tensor  # (K,)
    dropout: Tensor  # (K,)
    seeds: Tensor  # (K,) int32
    train_size: Tensor  # () int32


class _Batches(NamedTuple):
    """An epoch's batches, padded to the longest epoch of the shape."""

    order: Tensor  # (max_steps, batch_size) int32
    rates: Tensor  # (max_steps, K)


class _Compiled:
    """The compiled functions of one shape for K members."""

    def __init__(self, shape: Shape, members: int) -> None:
        self.members = members
        self.with_dropout = shape.dropout
        self.batch_size = shape.batch_size
        self.max_steps = -(-DATASETS[shape.dataset].train // shape.batch_size)
        self.rule = optimizers.RULES[shape.optimizer]
        self.model = model.build(members, shape.hidden, shape.activation)
        self.n_layers = len(shape.hidden) + 1
        self.traces = 0
        self.epoch = tf.function(self._epoch, jit_compile=True)
        self.evaluate = tf.function(self._evaluate, jit_compile=True)
        self.traced_step = tf.function(self._traced_step, jit_compile=True)

    def _forward(self, weights: list[Tensor], images: Tensor, **dropout: Tensor) -> Any:
        outputs, _ = self.model.stateless_call(weights, [], images, **dropout)
        return outputs

    def _per_member(self, values: Tensor, index: int) -> Tensor:
        """(K,) values laid out to broadcast against weight array `index`."""
        if index == 0:
            return tf.reshape(values, (1, self.members, 1))
        return tf.reshape(values, (self.members, 1, 1) if index % 2 == 0 else (self.members, 1))

    def _penalty(self, weights: list[Tensor], numbers: _Numbers) -> Tensor:
        """l1 · Σ|w| + l2 · Σw² over the kernels of each member, (K,)."""
        total = tf.zeros(self.members)
        for layer, kernel in enumerate(weights[::2]):
            l1, l2 = (self._per_member(values, 2 * layer) for values in (numbers.l1, numbers.l2))
            terms = l1 * tf.abs(kernel) + l2 * kernel * kernel
            # A product with ones sums the rows: XLA's own reductions run on one thread, and were
            # a third of the whole epoch.
            if layer == 0:
                rows = tf.reshape(terms, (terms.shape[0], -1))
                columns = tf.matmul(tf.ones((1, rows.shape[0])), rows)
            else:
                columns = tf.matmul(tf.ones((self.members, 1, terms.shape[1])), terms)
            total += tf.reduce_sum(tf.reshape(columns, (self.members, -1)), axis=1)
        return total

    def _penalty_gradient(self, kernel: Tensor, numbers: _Numbers, index: int) -> Tensor:
        """l1 · sgn(w) + 2 l2 · w, with sgn(0) = 0."""
        l1, l2 = (self._per_member(values, index) for values in (numbers.l1, numbers.l2))
        return l1 * tf.sign(kernel) + 2 * l2 * kernel

    def _step(
        self,
        state: _State,
        numbers: _Numbers,
        images: Tensor,
        batch: Tensor,
        first: Tensor,
        rates: Tensor,
    ) -> Any:
        """One gradient step.

        Args:
            batch: (batch_size,) indices of images; places after the end of the training set hold
                padding and count nothing.
            first: place of the batch's first image in the epoch.
            rates: (K,) learning rates.

        Returns:
            The new state, correct answers (K,), losses times batch (K,), and for a diagnosis the
            activations, losses and gradients.
        """
        x = tf.gather(images, batch)
        y = tf.gather(numbers.labels, batch, axis=1)
        here = first + tf.range(self.batch_size) < numbers.train_size
        counted = tf.cast(here, tf.float32)
        size = tf.reduce_sum(counted)
        dropout = {}
        if self.with_dropout:
            # Room for 8 layers' masks a step; MAX_HIDDEN_LAYERS is 6.
            keys = tf.stack([numbers.seeds, tf.fill((self.members,), state.step * 8)], axis=1)
            dropout = {"rates": numbers.dropout, "keys": keys}
        with tf.GradientTape() as tape:
            tape.watch(state.weights)
            logits, activations = self._forward(state.weights, x, **dropout)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
            crossentropy = tf.reduce_sum(each * counted, axis=1) / size
            # Members share no weight, so the gradient of the sum is each member's own.
            total = tf.reduce_sum(crossentropy)
        gradients = tape.gradient(total, state.weights)
        loss = crossentropy + self._penalty(state.weights, numbers)
        correct = tf.argmax(logits, -1, output_type=tf.int32) == y
        weights, slots = [], []
        iteration = tf.cast(state.step + 1, tf.float32)
        for index, (weight, gradient, kept) in enumerate(
            zip(state.weights, gradients, state.slots, strict=True)
        ):
            rate = self._per_member(rates, index)
            if index % 2 == 0:  # biases are not penalised
                gradient += self._penalty_gradient(weight, numbers, index)
            change, kept = self.rule.step(gradient, kept, rate, iteration)
            weights.append(weight + change)
            slots.append(kept)
        return (
            _State(weights, slots, state.step + 1),
            tf.reduce_sum(tf.cast(correct, tf.float32) * counted, axis=1),
            loss * size,
            (activations, loss, gradients),
        )

    def _epoch(
        self,
        state: _State,
        numbers: _Numbers,
        images: Tensor,
        order: Tensor,
        first: Tensor,
        end: Tensor,
        rates: Tensor,
    ) -> Any:
        """Steps `first` to `end` − 1 of an epoch. order (max_steps, batch_size), rates
        (max_steps, K).

        Returns:
            The state after it, correct answers (K,) and summed losses (K,).
        """
        self.traces += 1

        def body(i: Tensor, state: _State, correct: Tensor, loss: Tensor) -> Any:
            state, right, lost, _ = self._step(
                state, numbers, images, order[i], i * self.batch_size, rates[i]
            )
            return i + 1, state, correct + right, loss + lost

        zeros = tf.zeros(self.members)
        _, state, correct, loss = tf.while_loop(
            lambda i, *_: i < end, body, (first, state, zeros, zeros)
        )
        return state, correct, loss

    def _evaluate(
        self,
        weights: list[Tensor],
        labels: Tensor,
        images: Tensor,
        probe: Tensor,
        numbers: _Numbers,
    ) -> Any:
        """Inference on all evaluation images, labels (chunks, K, EVALUATION_BATCH).

        Returns:
            Predicted classes and cross-entropies, (chunks, K, EVALUATION_BATCH) each; activations
            on the probe, (K, PROBE_IMAGES, units) a layer; penalties (K,).
        """
        self.traces += 1
        chunks = images.shape[0]

        def body(i: Tensor, predicted: Any, crossentropy: Any) -> Any:
            logits, _ = self._forward(weights, images[i])
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels[i], logits)
            classes = tf.cast(tf.argmax(logits, -1, output_type=tf.int32), tf.uint8)
            return i + 1, predicted.write(i, classes), crossentropy.write(i, each)

        shape = (self.members, EVALUATION_BATCH)
        _, predicted, crossentropy = tf.while_loop(
            lambda i, *_: i < chunks,
            body,
            (
                0,
                tf.TensorArray(tf.uint8, chunks, element_shape=shape),
                tf.TensorArray(tf.float32, chunks, element_shape=shape),
            ),
        )
        _, activations = self._forward(weights, probe)
        return predicted.stack(), crossentropy.stack(), activations, self._penalty(weights, numbers)

    def _traced_step(
        self,
        state: _State,
        numbers: _Numbers,
        images: Tensor,
        batch: Tensor,
        first: Tensor,
        rates: Tensor,
    ) -> Any:
        """One step with, for each quantity in the order in which it is computed, whether it is
        finite: (quantities, K)."""
        after, _, _, (activations, loss, gradients) = self._step(
            state, numbers, images, batch, first, rates
        )

        def finite(value: Tensor, member_axis: int) -> Tensor:
            axes = [axis for axis in range(len(value.shape)) if axis != member_axis]
            return tf.reduce_all(tf.math.is_finite(value), axes)

        flags = [finite(a, 0) for a in activations] + [tf.math.is_finite(loss)]
        for arrays, layers in (
            (gradients, reversed(range(self.n_layers))),
            (after.weights, range(self.n_layers)),
        ):
            for layer in layers:
                kernel = finite(arrays[2 * layer], 1 if layer == 0 else 0)
                flags.append(kernel & finite(arrays[2 * layer + 1], 0))
        return after, tf.stack(flags)

    def flag_names(self) -> list[tuple[str, int]]:
        """What each row of `traced_step`'s flags stands for: (what, layer)."""
        layers = range(self.n_layers)
        return [
            *(("activation", layer) for layer in layers[:-1]),
            ("loss", self.n_layers - 1),
            *(("gradient", layer) for layer in reversed(layers)),
            *(("weight", layer) for layer in layers),
        ]


compiled = lru_cache(maxsize=SHAPES_KEPT)(_Compiled)


class _Member:
    """The measurements of one run as they come in; row 0 is the start."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        truth = data.load(config.dataset)
        self.labels, corrupted = data.with_noise(
            truth.train.labels[: config.train_size], config.label_noise, config.seed
        )
        self.sample = min(config.train_size, DATASETS[config.dataset].validation)
        self.corrupted = np.isin(np.arange(self.sample), corrupted)
        self.history: dict[str, list[float]] = {name: [] for name in HISTORY}
        self.layers: dict[str, list[Array]] = {
            name: [] for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
        }
        self.predictions: list[Array] = []
        self.weights: list[Array] = []
        self.diverged: Divergence | None = None

    def add(
        self,
        figures: dict[str, float],
        correct: Array,
        crossentropy: Array,
        predicted: Array,
        activations: list[Array],
        weights: list[Array],
    ) -> bool:
        """Add a row; False, and nothing added, where a figure is not finite.

        Args:
            figures: those of `HISTORY` that are known already.
            correct, crossentropy, predicted: one an evaluation image.
            activations: (PROBE_IMAGES, units) a hidden layer.
        """
        info = DATASETS[self.config.dataset]
        ends = np.cumsum([info.validation, info.validation, info.test])
        whole = crossentropy.astype(np.float64)
        splits = {
            "train": slice(0, self.sample),
            "val": slice(ends[0], ends[1]),
            "test": slice(ends[1], ends[2]),
        }
        for split, part in splits.items():
            figures[f"{split}_accuracy"] = float(correct[part].mean())
            figures[f"{split}_crossentropy"] = float(whole[part].mean())
        sample = correct[: self.sample]
        for name, mask in (("clean", ~self.corrupted), ("corrupted", self.corrupted)):
            figures[f"{name}_accuracy"] = float(sample[mask].mean()) if mask.any() else np.nan
        figures["val_loss"] = figures["val_crossentropy"] + figures["penalty"]
        norms = np.array([np.linalg.norm(w.astype(np.float64)) for w in weights[::2]])
        must_be_finite = [
            *(figures["train_crossentropy"], figures["val_loss"], figures["test_crossentropy"]),
            *([figures["running_loss"]] if self.predictions else []),
            *norms,
        ]
        if not np.isfinite(must_be_finite).all():
            return False
        for name, value in figures.items():
            self.history[name].append(value)
        activation = self.config.activation
        for name, take in (
            ("saturation", measure.saturation),
            ("dead_units", measure.dead_units),
        ):
            self.layers[name].append(np.array([take(a, activation) for a in activations]))
        self.layers["near_zeros"].append(np.stack([measure.near_zeros(w) for w in weights[::2]]))
        self.layers["kernel_norm"].append(norms)
        self.predictions.append(predicted[splits["test"]])
        self.weights = weights
        return True

    def record(self, made: dict[str, Any]) -> RunRecord:
        """The record so far; the large arrays only once the run has ended."""
        info = DATASETS[self.config.dataset]
        history = {name: np.array(rows) for name, rows in self.history.items()}
        layers = {name: np.stack(rows) for name, rows in self.layers.items()}
        ended = self.diverged is not None or len(self.predictions) == self.config.epochs + 1
        return RunRecord(
            config=self.config,
            history={name: rows[1:] for name, rows in history.items()},
            layers={name: rows[1:] for name, rows in layers.items()},
            start={name: float(rows[0]) for name, rows in history.items()},
            start_layers={name: rows[0] for name, rows in layers.items()},
            examples={
                "train": self.sample,
                "corrupted": int(self.corrupted.sum()),
                "validation": info.validation,
                "test": info.test,
                "probe": PROBE_IMAGES,
            },
            test_predictions=np.stack(self.predictions) if ended else np.empty((0, 0), np.uint8),
            weights=tuple(self.weights) if ended else (),
            diverged=self.diverged,
            made=made if ended else {},
        )


class _Group:
    """Runs of one shape, trained as one model."""

    def __init__(self, configs: list[RunConfig]) -> None:
        self.config = configs[0]
        self.members = [_Member(config) for config in configs]
        self.compiled = compiled(shape_of(self.config), len(configs))
        self.images = _images(self.config.dataset)
        self.seconds = 0.0

        pool = DATASETS[self.config.dataset].train
        labels = np.zeros((len(configs), pool), np.int32)
        for row, member in zip(labels, self.members, strict=True):
            row[: len(member.labels)] = member.labels
        strengths = [theory.coefficients(c) for c in configs]
        self.numbers = _Numbers(
            tf.constant(labels),
            tf.constant([s.l1 for s in strengths], tf.float32),
            tf.constant([s.l2 for s in strengths], tf.float32),
            tf.constant([c.dropout for c in configs], tf.float32),
            tf.constant([c.seed for c in configs], tf.int32),
            tf.constant(self.config.train_size, tf.int32),
        )
        truth = data.load(self.config.dataset)
        rest = np.concatenate([truth.validation.labels, truth.test.labels])
        told = labels[:, : DATASETS[self.config.dataset].validation]
        self.evaluation_labels = np.concatenate([told, np.tile(rest, (len(configs), 1))], axis=1)
        self.rates = np.stack([theory.learning_rates(c) for c in configs], axis=1)
        weights = [tf.constant(w) for w in model.stack([model.initial_weights(c) for c in configs])]
        self.state = _State(
            weights,
            [[tf.zeros_like(w)] * self.compiled.rule.slots for w in weights],
            tf.constant(0, tf.int32),
        )

    def records(self) -> list[RunRecord]:
        """The members' records so far."""
        made = {
            "fmviz": fmviz.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "trained_together": len(self.members),
        }
        return [member.record(made) for member in self.members]

    def run(self, should_stop: Callable[[], bool]) -> Iterator[None]:
        """Train until done or stopped, yielding after the start and after each epoch but the
        last have been measured."""
        unknown = [{"running_accuracy": np.nan, "running_loss": np.nan}] * len(self.members)
        self._measure([{**u, "learning_rate": r} for u, r in zip(unknown, self.rates[0])])
        begun = time.perf_counter()
        for epoch in range(self.config.epochs):
            yield
            before = self.state
            batches = self._batches(epoch)
            correct, loss = np.zeros(len(self.members)), np.zeros(len(self.members))
            for first in range(0, self.config.steps_per_epoch, STEPS_AT_ONCE):
                if should_stop():
                    return
                end = min(first + STEPS_AT_ONCE, self.config.steps_per_epoch)
                self.state, right, lost = self.compiled.epoch(
                    *(self.state, self.numbers, self.images.train, batches.order),
                    *(tf.constant(first), tf.constant(end), batches.rates),
                )
                correct += right.numpy()
                loss += lost.numpy()
            n = self.config.train_size
            last_rates = self.rates[(epoch + 1) * self.config.steps_per_epoch - 1]
            running = [
                {"running_accuracy": c / n, "running_loss": x / n, "learning_rate": r}
                for c, x, r in zip(correct, loss, last_rates, strict=True)
            ]
            self.seconds = time.perf_counter() - begun
            broken = self._measure(running)
            if broken:
                self._diagnose(before, epoch, batches, broken)
            if all(member.diverged for member in self.members):
                return

    def _batches(self, epoch: int) -> _Batches:
        """The images of every step of an epoch, and its learning rates."""
        steps, size = self.config.steps_per_epoch, self.config.batch_size
        order = np.zeros(self.compiled.max_steps * size, np.int32)
        order[: self.config.train_size] = data.epoch_order(self.config.train_size, epoch)
        rates = np.zeros((self.compiled.max_steps, len(self.members)), np.float32)
        rates[:steps] = self.rates[epoch * steps : (epoch + 1) * steps]
        return _Batches(tf.constant(order.reshape(-1, size)), tf.constant(rates))

    def _measure(self, figures: list[dict[str, Any]]) -> list[int]:
        """Add a row to every member still running; returns those that are no longer finite."""
        shape = (len(self.members), -1, EVALUATION_BATCH)
        labels = self.evaluation_labels
        chunked = np.ascontiguousarray(labels.reshape(shape).transpose(1, 0, 2))
        predicted, crossentropy, activations, penalties = self.compiled.evaluate(
            self.state.weights,
            tf.constant(chunked),
            self.images.evaluation,
            self.images.probe,
            self.numbers,
        )
        predicted, crossentropy = (
            v.numpy().transpose(1, 0, 2).reshape(len(self.members), -1)
            for v in (predicted, crossentropy)
        )
        activations = [a.numpy() for a in activations]
        weights = [w.numpy() for w in self.state.weights]
        broken = []
        for k, member in enumerate(self.members):
            if member.diverged is not None:
                continue
            known = {name: float(v) for name, v in figures[k].items()}
            known |= {"penalty": float(penalties[k]), "seconds": self.seconds}
            correct = predicted[k] == labels[k]
            if not member.add(
                known,
                correct,
                crossentropy[k],
                predicted[k],
                [a[k] for a in activations],
                model.take(weights, k),
            ):
                broken.append(k)
        return broken

    def _diagnose(self, before: _State, epoch: int, batches: _Batches, broken: list[int]) -> None:
        """Run the epoch again step by step and note where each broken member began to fail."""
        names = self.compiled.flag_names()
        state, missing = before, set(broken)
        for step in range(self.config.steps_per_epoch):
            state, flags = self.compiled.traced_step(
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
                    self.members[k].diverged = Divergence(epoch, step, layer, where)
                    missing.discard(k)
            if not missing:
                return
        for k in missing:
            # Finite in every step, and only the figures taken after them overflow.
            last = self.config.steps_per_epoch - 1
            self.members[k].diverged = Divergence(epoch, last, self.compiled.n_layers - 1, "loss")
