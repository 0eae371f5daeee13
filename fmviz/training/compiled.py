"""The compiled part of training: a whole epoch of gradient steps for K members in one call.

A `Program` belongs to a *shape* and the few *features* that are left out where nobody needs them.
Whatever else sets runs apart (λ, σ, dropout rate, learning rates, labels, seed) enters it as a
tensor, so another value never compiles again.

Long because what is traced into one XLA program is read as one: step, epoch, measures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from fmviz.run.choices import DATASETS
from fmviz.run.data import GRADIENT_IMAGES, PROBE_IMAGES
from fmviz.run.groups import Features, Shape
from fmviz.training import optimizers, stock
from fmviz.training.images import EVALUATION_BATCH, pixels

Tensor = Any

PROBE_CHUNKS = PROBE_IMAGES // EVALUATION_BATCH


class State(NamedTuple):
    """What one step hands to the next. `slots` holds the optimizer's arrays, weight by weight."""

    weights: list[Tensor]
    slots: list[list[Tensor]]
    step: Tensor  # () int32, steps taken so far


class Numbers(NamedTuple):
    """What varies from run to run without compiling again; K members."""

    labels: Tensor  # (K, pool) int32, as told
    l1: Tensor  # (K,), and so the next three: see theory.Coefficients
    l2: Tensor
    weight_decay: Tensor
    threshold: Tensor
    dropout: Tensor  # (K,)
    seeds: Tensor  # (K,) int32
    train_size: Tensor  # () int32
    begun: Tensor  # () int32, steps before the optimizer began
    masks: list[Tensor]  # of each kernel, 1 where a weight stays and else 0; none where all do


class Batches(NamedTuple):
    """An epoch's batches, padded to the longest epoch of the shape."""

    order: Tensor  # (max_steps, batch_size) int32
    rates: Tensor  # (max_steps, K)


class Evaluation(NamedTuple):
    """Inference mode, all members; chunks of `EVALUATION_BATCH` images.

    Attributes:
        predicted: classes, (chunks, K, EVALUATION_BATCH) uint8; 0 in chunks left out.
        crossentropy: (chunks, K, EVALUATION_BATCH), nats.
        confidence: round(255 p) of the answers' probabilities, (chunks, K, EVALUATION_BATCH) uint8.
        pre_activations, activations: of each hidden layer on the probe, (K, PROBE_IMAGES, units).
        gradient_norms: ‖∂C₀/∂W‖ of each kernel on `GRADIENT_IMAGES` training images, (layers, K).
        update_norms: ‖ΔW‖ of each kernel in a step on those images, (layers, K).
    """

    predicted: Tensor
    crossentropy: Tensor
    confidence: Tensor
    pre_activations: list[Tensor]
    activations: list[Tensor]
    gradient_norms: Tensor
    update_norms: Tensor


class Program:
    """The compiled functions of one shape for K members.

    Attributes:
        compiled: whether all that every run calls has been compiled; set by who first called it.
    """

    def __init__(self, shape: Shape, features: Features, members: int) -> None:
        self.compiled = False
        self.members = members
        self.features = features
        self.batch_size = shape.batch_size
        self.max_steps = -(-DATASETS[shape.dataset].train // shape.batch_size)
        self.rule = optimizers.RULES[shape.optimizer]
        self.model = stock.build(members, shape.hidden, shape.activation)
        self.n_layers = len(shape.hidden) + 1
        self.traces = 0
        self.epoch = tf.function(self._epoch, jit_compile=True)
        self.evaluate = tf.function(self._evaluate, jit_compile=True)
        self.traced_step = tf.function(self._traced_step, jit_compile=True)

    def start(self, weights: list[Tensor], step: int = 0) -> State:
        """The state as the optimizer begins, after so many steps of another one."""
        return State(weights, [self.rule.start(w) for w in weights], tf.constant(step, tf.int32))

    def _forward(self, weights: list[Tensor], images: Tensor, **dropout: Tensor) -> stock.Outputs:
        outputs, _ = self.model.stateless_call(weights, [], images, **dropout)
        return stock.Outputs(*outputs)

    def _backward(
        self, weights: list[Tensor], x: Tensor, y: Tensor, counted: Tensor, **dropout: Tensor
    ) -> tuple[stock.Outputs, Tensor, list[Tensor]]:
        """Outputs, mean cross-entropies of the counted images (K,), and their gradients.

        The penalty's gradient is added in `_update`, and its value is left to the measures of the
        epoch: XLA's sums run on one thread, and took a third of a step.
        """
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs = self._forward(weights, x, **dropout)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs.logits)
            crossentropy = tf.reduce_sum(each * counted, axis=1) / tf.reduce_sum(counted)
            # Members share no weight, so the gradient of the sum is each member's own.
            total = tf.reduce_sum(crossentropy)
        return outputs, crossentropy, tape.gradient(total, weights)

    def _per_member(self, values: Tensor, index: int) -> Tensor:
        """(K,) values laid out to broadcast against weight array `index`."""
        if index == 0:
            return tf.reshape(values, (1, self.members, 1))
        return tf.reshape(values, (self.members, 1, 1) if index % 2 == 0 else (self.members, 1))

    def _norms(self, kernels: list[Tensor]) -> Tensor:
        """√Σw² of each kernel and member, (layers, K)."""
        squares = [
            tf.reduce_sum(kernel * kernel, (0, 2) if layer == 0 else (1, 2))
            for layer, kernel in enumerate(kernels)
        ]
        return tf.sqrt(tf.stack(squares))

    def _penalty(self, weights: list[Tensor], numbers: Numbers) -> Tensor:
        """l1 · Σ|w| + l2 · Σw² over the kernels of each member, (K,)."""
        total = tf.zeros(self.members)
        for layer, kernel in enumerate(weights[::2]):
            l1, l2 = (self._per_member(values, 2 * layer) for values in (numbers.l1, numbers.l2))
            terms = l1 * tf.abs(kernel) + l2 * kernel * kernel
            total += tf.reduce_sum(terms, (0, 2) if layer == 0 else (1, 2))
        return total

    def _update(
        self,
        weight: Tensor,
        gradient: Tensor,
        slots: list[Tensor],
        index: int,
        numbers: Numbers,
        rates: Tensor,
        iteration: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        """Weight array `index` after a step: penalty's gradient, decay, rule, proximal step and
        mask."""
        rate = self._per_member(rates, index)
        is_kernel = index % 2 == 0  # biases are not penalised
        decayed = weight
        if is_kernel:
            l1, l2, decay, threshold = (
                self._per_member(values, index)
                for values in (numbers.l1, numbers.l2, numbers.weight_decay, numbers.threshold)
            )
            gradient += l1 * tf.sign(weight) + 2 * l2 * weight
            if self.features.weight_decay:
                decayed = weight - rate * decay * weight
        change, slots = self.rule.step(gradient, slots, rate, iteration)
        updated = decayed + change
        if is_kernel and self.features.proximal:
            shrunk = tf.maximum(tf.abs(updated) - rate * threshold, 0.0)
            updated = tf.sign(updated) * shrunk
        if is_kernel and self.features.masked:
            updated *= numbers.masks[index // 2]
        return updated, slots

    def _step(
        self,
        state: State,
        numbers: Numbers,
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
            The new state, correct answers (K,), cross-entropies times batch (K,), and for a
            diagnosis the activations and gradients.
        """
        x = pixels(tf.gather(images, batch))
        y = tf.gather(numbers.labels, batch, axis=1)
        counted = tf.cast(first + tf.range(self.batch_size) < numbers.train_size, tf.float32)
        dropout = {}
        if self.features.dropout:
            # Room for 8 layers' masks a step; MAX_HIDDEN_LAYERS is 6.
            keys = tf.stack([numbers.seeds, tf.fill((self.members,), state.step * 8)], axis=1)
            dropout = {"rates": numbers.dropout, "keys": keys}
        outputs, crossentropy, gradients = self._backward(state.weights, x, y, counted, **dropout)
        right = tf.cast(tf.argmax(outputs.logits, -1, output_type=tf.int32) == y, tf.float32)
        iteration = tf.cast(state.step + 1 - numbers.begun, tf.float32)
        weights, slots = [], []
        for index, (weight, gradient, kept) in enumerate(
            zip(state.weights, gradients, state.slots, strict=True)
        ):
            weight, kept = self._update(weight, gradient, kept, index, numbers, rates, iteration)
            weights.append(weight)
            slots.append(kept)
        return (
            State(weights, slots, state.step + 1),
            tf.reduce_sum(right * counted, axis=1),
            crossentropy * tf.reduce_sum(counted),
            (outputs.activations, crossentropy, gradients),
        )

    def _epoch(
        self,
        state: State,
        numbers: Numbers,
        images: Tensor,
        batches: Batches,
        first: Tensor,
        end: Tensor,
    ) -> Any:
        """Steps `first` to `end` − 1 of an epoch.

        Returns:
            The state after it, correct answers (K,) and summed cross-entropies (K,).
        """
        self.traces += 1

        def body(i: Tensor, state: State, correct: Tensor, crossentropy: Tensor) -> Any:
            batch, rates = batches.order[i], batches.rates[i]
            state, right, lost, _ = self._step(
                state, numbers, images, batch, i * self.batch_size, rates
            )
            return i + 1, state, correct + right, crossentropy + lost

        zeros = tf.zeros(self.members)
        _, state, correct, crossentropy = tf.while_loop(
            lambda i, *_: i < end, body, (first, state, zeros, zeros)
        )
        return state, correct, crossentropy

    def _evaluate(
        self,
        state: State,
        labels: Tensor,
        images: Tensor,
        training: Tensor,
        numbers: Numbers,
        rates: Tensor,
        end: Tensor,
    ) -> Evaluation:
        """Measure the weights.

        Args:
            end: the images of so many chunks are measured, at least the probe. A tensor, so that
                one program serves with and without the test images.
            rates: (K,) learning rates for the update that is measured.
            labels: (chunks, K, EVALUATION_BATCH), as told.
            images: (chunks, EVALUATION_BATCH, 784) uint8; the first `PROBE_IMAGES` are the probe.
            training: (pool, 784) uint8.
        """
        self.traces += 1

        def measured(logits: Tensor, i: Tensor) -> tuple[Tensor, ...]:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels[i], logits)
            classes = tf.cast(tf.argmax(logits, -1, output_type=tf.int32), tf.uint8)
            # The largest of a softmax: eᵐ / Σ eᶻ = 1 / Σ eᶻ⁻ᵐ.
            parts = tf.exp(logits - tf.reduce_max(logits, -1, keepdims=True))
            confidence = tf.cast(tf.round(255.0 / tf.reduce_sum(parts, -1)), tf.uint8)
            return classes, each, confidence

        def written(arrays: Any, i: Tensor, logits: Tensor) -> list[Any]:
            return [a.write(i, v) for a, v in zip(arrays, measured(logits, i), strict=True)]

        def body(i: Tensor, *arrays: Any) -> Any:
            return i + 1, *written(
                arrays, i, self._forward(state.weights, pixels(images[i])).logits
            )

        chunks, shape = images.shape[0], (self.members, EVALUATION_BATCH)
        arrays: list[Any] = [
            tf.TensorArray(kind, chunks, element_shape=shape)
            for kind in (tf.uint8, tf.float32, tf.uint8)
        ]
        probe = self._forward(
            state.weights,
            pixels(tf.reshape(images[:PROBE_CHUNKS], (PROBE_IMAGES, images.shape[2]))),
        )
        for i, logits in enumerate(tf.split(probe.logits, PROBE_CHUNKS, axis=1)):
            arrays = written(arrays, i, logits)
        _, *arrays = tf.while_loop(lambda i, *_: i < end, body, (PROBE_CHUNKS, *arrays))
        predicted, crossentropy, confidence = (array.stack() for array in arrays)
        gradient_norms, update_norms = self._next_step(
            state, training[:GRADIENT_IMAGES], numbers, rates
        )
        return Evaluation(
            predicted,
            crossentropy,
            confidence,
            probe.pre_activations,
            probe.activations,
            gradient_norms,
            update_norms,
        )

    def _next_step(self, state: State, images: Tensor, numbers: Numbers, rates: Tensor) -> Any:
        """A step that is measured and not taken, on the first training images, without dropout.

        Returns:
            ‖∂C₀/∂W‖, of the data loss alone, and ‖ΔW‖, penalty included, (layers, K) each.
        """
        kernels = state.weights[::2]
        counted = tf.cast(tf.range(GRADIENT_IMAGES) < numbers.train_size, tf.float32)
        labels = numbers.labels[:, :GRADIENT_IMAGES]
        gradients = self._backward(state.weights, pixels(images), labels, counted)[2][::2]
        iteration = tf.cast(state.step + 1 - numbers.begun, tf.float32)
        changes = []
        for layer, (kernel, gradient) in enumerate(zip(kernels, gradients, strict=True)):
            updated, _ = self._update(
                kernel, gradient, state.slots[2 * layer], 2 * layer, numbers, rates, iteration
            )
            changes.append(updated - kernel)
        return self._norms(gradients), self._norms(changes)

    def _traced_step(
        self,
        state: State,
        numbers: Numbers,
        images: Tensor,
        batch: Tensor,
        first: Tensor,
        rates: Tensor,
    ) -> Any:
        """One step with, for each quantity in the order in which it is computed, whether it is
        finite: (quantities, K)."""
        after, _, _, (activations, crossentropy, gradients) = self._step(
            state, numbers, images, batch, first, rates
        )
        loss = crossentropy + self._penalty(state.weights, numbers)

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
