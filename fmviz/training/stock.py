"""Networks with a member axis: K dense networks that differ only in numbers, as one Keras model.

Runs that share an architecture are trained side by side. Their kernels carry a leading *member*
axis, so one matrix product serves them all. Any member can be taken out as a plain
`keras.Sequential` of stock layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fmviz.run.choices import KERAS_OPTIMIZERS, N_CLASSES, N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.theory import penalties, rules, schedules
from fmviz.theory.initializers import initial_weights

Tensor = Any
Array = npt.NDArray[np.float32]


class MemberDense(keras.layers.Layer):
    """K linear dense layers of the same size: z[k] = x[k] W[k] + b[k].

    The first layer of a network takes the images themselves, (batch, inputs), which all members
    share; its kernel is laid out (inputs, K, units) so that all K products are one wide product.
    Later layers take (K, batch, inputs) and keep their kernel as (K, inputs, units).

    Returns:
        (K, batch, units).
    """

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.members = members
        self.units = units

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.shared_input = len(input_shape) == 2
        inputs = input_shape[-1]
        lead = (inputs, self.members) if self.shared_input else (self.members, inputs)
        self.kernel = self.add_weight(shape=(*lead, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight(
            shape=(self.members, self.units), initializer="zeros", name="bias"
        )

    def call(self, x: Tensor) -> Tensor:
        kernel = tf.convert_to_tensor(self.kernel)
        bias = tf.convert_to_tensor(self.bias)[:, None, :]
        if self.shared_input:
            wide = tf.matmul(x, tf.reshape(kernel, (kernel.shape[0], -1)))
            z = tf.transpose(tf.reshape(wide, (-1, self.members, self.units)), (1, 0, 2))
        elif self.members == 1:  # XLA multiplies plain matrices faster than a batch of one
            z = tf.matmul(x[0], kernel[0])[None]
        else:
            z = tf.matmul(x, kernel)
        return z + bias


class Outputs(NamedTuple):
    """What a network makes of a batch, for K members.

    Attributes:
        logits: (K, batch, 10).
        pre_activations: z = xW + b of each hidden layer, (K, batch, units).
        activations: those of each hidden layer, before dropout, (K, batch, units).
    """

    logits: Tensor
    pre_activations: list[Tensor]
    activations: list[Tensor]


class MemberMLP(keras.Model):
    """K multilayer perceptrons, 784 pixels → `hidden` → 10 logits.

    Call with `images` (batch, 784). In training give `rates` (K,), the dropout rates, and `keys`
    (K, 2) int32, from which each member's masks are drawn: a member's masks depend on its own
    key alone, not on the company it is in.
    """

    def __init__(self, members: int, hidden: Sequence[int], activation: str) -> None:
        super().__init__()
        self.members = members
        self.activation = keras.activations.get(activation)
        self.hidden_layers = [MemberDense(members, units) for units in hidden]
        self.output_layer = MemberDense(members, N_CLASSES)

    def call(
        self, images: Tensor, rates: Tensor | None = None, keys: Tensor | None = None
    ) -> Outputs:
        x = images
        pre_activations, activations = [], []
        for index, layer in enumerate(self.hidden_layers):
            z = layer(x)
            x = self.activation(z)
            pre_activations.append(z)
            activations.append(x)
            if rates is not None:
                x = x * self._mask(x.shape, rates, keys, index)
        return Outputs(self.output_layer(x), pre_activations, activations)

    def _mask(self, shape: tuple[int, ...], rates: Tensor, keys: Tensor, index: int) -> Tensor:
        """Inverted dropout: 0 with probability `rate`, else 1/(1 − rate), (K, batch, units)."""
        draws = tf.stack(
            [
                tf.random.stateless_uniform(shape[1:], keys[k] + tf.constant([0, index]))
                for k in range(self.members)
            ]
        )
        rates = rates[:, None, None]
        return tf.cast(draws >= rates, tf.float32) / (1 - rates)


def build(members: int, hidden: Sequence[int], activation: str) -> MemberMLP:
    """A `MemberMLP` with its weights made; their values are set by whoever uses it."""
    model = MemberMLP(members, hidden, activation)
    model(tf.zeros((1, N_PIXELS)))
    return model


def stack(members: Sequence[Sequence[Array]]) -> list[Array]:
    """Weights of K members, each in Keras's order, as the weights of a `MemberMLP`."""
    stacked = [np.stack(arrays) for arrays in zip(*members, strict=True)]
    stacked[0] = np.ascontiguousarray(stacked[0].transpose(1, 0, 2))
    return stacked


def take(weights: Sequence[Any], member: int) -> list[Array]:
    """One member's weights in Keras's order, out of those of a `MemberMLP`; copies."""
    first, *rest = (np.asarray(w) for w in weights)
    return [first[:, member].copy(), *(w[member].copy() for w in rest)]


def as_keras(
    config: RunConfig, weights: Sequence[Array] | None = None, name: str | None = None
) -> keras.Sequential:
    """One run as a plain `keras.Sequential` of stock layers, compiled as the run was trained.

    Its outputs are logits. With the run's weights it predicts what the member predicts; without
    any it starts where the run starts. Of a run that branches it is what comes after the branch.
    Three things act outside of it: `ReduceLROnPlateau`, a callback, the proximal step of
    "l1_proximal", for which Keras has no name, and the mask of a ticket, which without weights is
    not on its first ones either.

    Args:
        name: of the model.
    """
    optimizer, config = _keras_optimizer(config), config.after
    strength = penalties.coefficients(config)
    regularizer = {
        "l1": lambda: keras.regularizers.L1(strength.l1),
        "l2": lambda: keras.regularizers.L2(strength.l2),
        "l1_l2": lambda: keras.regularizers.L1L2(strength.l1, strength.l2),
    }.get(config.penalty, lambda: None)()
    layers: list[Any] = [keras.Input((N_PIXELS,))]
    # Named, for Keras would count on from whatever else this process has built.
    for index, units in enumerate(config.hidden, start=1):
        dense = keras.layers.Dense(
            units, config.activation, kernel_regularizer=regularizer, name=f"hidden_{index}"
        )
        layers.append(dense)
        if config.dropout:
            layers.append(keras.layers.Dropout(config.dropout, name=f"dropout_{index}"))
    layers.append(keras.layers.Dense(N_CLASSES, kernel_regularizer=regularizer, name="logits"))
    model = keras.Sequential(layers, name=name)
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    # Else a saved network would come back with an optimizer of another number of variables.
    model.optimizer.build(model.trainable_variables)
    model.set_weights(list(initial_weights(config) if weights is None else weights))
    return model


def _keras_schedule(config: RunConfig) -> float | keras.optimizers.schedules.LearningRateSchedule:
    course = schedules.courses(config)[-1]
    config, (total, boundaries, cycle, warmup) = course.config, course.steps
    eta, final = config.learning_rate, config.final_rate
    decays = keras.optimizers.schedules
    if config.schedule == "step":
        rates = [float(rate) for rate in schedules.stretch_rates(config)]
        return decays.PiecewiseConstantDecay(list(boundaries), rates)
    if config.schedule == "exponential":
        return decays.ExponentialDecay(eta, total, final)
    if config.schedule == "inverse_time":
        return decays.InverseTimeDecay(eta, total, 1 / final - 1)
    if config.schedule == "polynomial":
        return decays.PolynomialDecay(eta, total, final * eta, config.power)
    if config.schedule == "cosine":
        return decays.CosineDecay(eta, total, final)
    if config.schedule == "cosine_restarts":
        return decays.CosineDecayRestarts(eta, cycle, t_mul=1.0, m_mul=1.0, alpha=final)
    if config.schedule == "warmup":
        decay = max(total - warmup, 1)
        return decays.CosineDecay(0.0, decay, final, warmup_target=eta, warmup_steps=warmup)
    return eta


def _keras_optimizer(config: RunConfig) -> keras.optimizers.Optimizer:
    rate, config = _keras_schedule(config), config.after
    make = getattr(keras.optimizers, KERAS_OPTIMIZERS[config.optimizer])
    arguments: dict[str, Any] = {}
    if config.optimizer in ("momentum", "nesterov"):
        arguments = {"momentum": rules.MOMENTUM, "nesterov": config.optimizer == "nesterov"}
    decay = penalties.coefficients(config).weight_decay or None
    optimizer = make(rate, weight_decay=decay, **arguments)
    if decay:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer
