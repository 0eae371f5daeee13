"""Networks with a member axis: K dense networks that differ only in numbers, as one Keras model.

Runs that share an architecture are trained side by side. Their kernels carry a leading *member*
axis, so one matrix product serves them all. Any member can be taken out as a plain
`keras.Sequential` of stock layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fmviz import theory
from fmviz.config import N_CLASSES, N_PIXELS, RunConfig
from fmviz.record import layer_sizes

Tensor = Any
Array = npt.NDArray[np.float32]

# Standard deviation of a standard normal truncated at ±2, by which Keras rescales its
# `*_normal` draws (keras/src/initializers/random_initializers.py, VarianceScaling).
TRUNCATED_STD = 0.87962566103423978


class MemberDense(keras.layers.Layer):
    """K dense layers of the same size: z[k] = x[k] W[k] + b[k].

    The first layer of a network takes the images themselves, (batch, inputs), which all members
    share; its kernel is laid out (inputs, K, units) so that all K products are one wide product.
    Later layers take (K, batch, inputs) and keep their kernel as (K, inputs, units).

    Returns:
        (K, batch, units).
    """

    def __init__(self, members: int, units: int, activation: str = "linear") -> None:
        super().__init__()
        self.members = members
        self.units = units
        self.activation = keras.activations.get(activation)

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
        return self.activation(z + bias)


class MemberMLP(keras.Model):
    """K multilayer perceptrons, 784 pixels → `hidden` → 10 logits.

    Call with `images` (batch, 784). In training give `rates` (K,), the dropout rates, and `keys`
    (K, 2) int32, from which each member's masks are drawn: a member's masks depend on its own
    key alone, not on the company it is in.

    Returns:
        Logits (K, batch, 10), and the hidden activations before dropout, (K, batch, units) each.
    """

    def __init__(self, members: int, hidden: Sequence[int], activation: str) -> None:
        super().__init__()
        self.members = members
        self.hidden_layers = [MemberDense(members, units, activation) for units in hidden]
        self.output_layer = MemberDense(members, N_CLASSES)

    def call(
        self, images: Tensor, rates: Tensor | None = None, keys: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        x = images
        activations = []
        for index, layer in enumerate(self.hidden_layers):
            x = layer(x)
            activations.append(x)
            if rates is not None:
                x = x * self._mask(x.shape, rates, keys, index)
        return self.output_layer(x), activations

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


def initial_weights(config: RunConfig) -> list[Array]:
    """Kernels (fan_in, fan_out) and zero biases of one member, in Keras's order.

    Layer i of seed s always starts from the same standard draws, scaled by what the initializer
    asks for: two runs that differ in σ start from one picture at two contrasts.
    """
    weights = []
    sizes = layer_sizes(config)
    for index, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        rng = np.random.default_rng([config.seed, 0, index])
        weights.append(_kernel(config, fan_in, fan_out, rng).astype(np.float32))
        weights.append(np.zeros(fan_out, np.float32))
    return weights


def _kernel(
    config: RunConfig, fan_in: int, fan_out: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    shape = (fan_in, fan_out)
    name = config.initializer
    if name == "normal":
        return config.init_std * rng.standard_normal(shape)
    if name == "xavier":
        return rng.standard_normal(shape) / np.sqrt(fan_in)
    family, distribution = name.split("_")
    variance = 2 / (fan_in + fan_out) if family == "glorot" else 2 / fan_in
    if distribution == "uniform":
        return np.sqrt(3 * variance) * rng.uniform(-1, 1, shape)
    draws = rng.standard_normal(shape)
    while (outside := np.abs(draws) > 2).any():
        draws[outside] = rng.standard_normal(int(outside.sum()))
    return np.sqrt(variance) / TRUNCATED_STD * draws


def stack(members: Sequence[Sequence[Array]]) -> list[Array]:
    """Weights of K members, each in Keras's order, as the weights of a `MemberMLP`."""
    stacked = [np.stack(arrays) for arrays in zip(*members, strict=True)]
    stacked[0] = np.ascontiguousarray(stacked[0].transpose(1, 0, 2))
    return stacked


def take(weights: Sequence[Any], member: int) -> list[Array]:
    """One member's weights in Keras's order, out of those of a `MemberMLP`; copies."""
    first, *rest = (np.asarray(w) for w in weights)
    return [first[:, member].copy(), *(w[member].copy() for w in rest)]


def as_keras(config: RunConfig, weights: Sequence[Array] | None = None) -> keras.Sequential:
    """One run as a plain `keras.Sequential` of stock layers, compiled as the run was trained.

    Its outputs are logits. With the run's weights it predicts what the member predicts.
    """
    l1, l2 = theory.coefficients(config)
    regularizer = {
        "none": None,
        "l1": keras.regularizers.L1(l1),
        "l2": keras.regularizers.L2(l2),
    }[config.penalty]
    layers: list[Any] = [keras.Input((N_PIXELS,))]
    for units in config.hidden:
        layers.append(keras.layers.Dense(units, config.activation, kernel_regularizer=regularizer))
        if config.dropout:
            layers.append(keras.layers.Dropout(config.dropout))
    layers.append(keras.layers.Dense(N_CLASSES, kernel_regularizer=regularizer))
    model = keras.Sequential(layers)
    model.compile(
        optimizer=_keras_optimizer(config),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    # Else a saved network would come back with an optimizer of another number of variables.
    model.optimizer.build(model.trainable_variables)
    if weights is not None:
        model.set_weights(list(weights))
    return model


def _keras_optimizer(config: RunConfig) -> keras.optimizers.Optimizer:
    steps = config.epochs * config.steps_per_epoch
    rate = {
        "constant": config.learning_rate,
        "exponential": keras.optimizers.schedules.ExponentialDecay(
            config.learning_rate, steps, 0.01
        ),
        "cosine": keras.optimizers.schedules.CosineDecay(config.learning_rate, steps),
    }[config.schedule]
    return {
        "adam": keras.optimizers.Adam,
        "sgd": keras.optimizers.SGD,
        "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
        "nesterov": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    }[config.optimizer](rate)
