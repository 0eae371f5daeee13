"""A network forwards and backwards, in NumPy: for pages, whose process imports no TensorFlow.

The network is the one of `fmviz.training.stock`: z = aW + b in every layer, the activation function
after every hidden one, logits at the end. Tests hold it against stock Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def expit(z: Array) -> Array:
    """The logistic function 1/(1 + e^−z), as (1 + tanh(z/2))/2, which never overflows."""
    half: Array = (1 + np.tanh(z / 2)) / 2
    return half


def erf(z: Array) -> Array:
    """The error function to 1.5e-7, which is float32's precision.

    Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.26.
    """
    size = np.abs(z)
    t = 1 / (1 + 0.3275911 * size)
    series = 0.254829592 + t * (
        -0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))
    )
    signed: Array = np.copysign(1 - t * series * np.exp(-size * size), z)
    return signed


# As keras/src/activations/activations.py has them: leaky ReLU with slope 0.2, exact GELU.
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "sigmoid": expit,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, z.dtype.type(0.2) * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: (
        z.dtype.type(SELU_SCALE)
        * np.where(z > 0, z, z.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(z, 0)))
    ),
    "gelu": lambda z: z / 2 * (1 + erf(z / math.sqrt(2))),
    "silu": lambda z: z * expit(z),
}


class Passed(NamedTuple):
    """Images on their way through a network, each array (images, units).

    Attributes:
        pre_activations: z = aW + b of each hidden layer.
        activations: what comes out of each hidden layer.
        logits: (images, classes).
    """

    pre_activations: list[Array]
    activations: list[Array]
    logits: Array


def forward(weights: Sequence[Array], activation: str, pixels: Array) -> Passed:
    """Inference: no dropout.

    Args:
        weights: kernels (fan_in, fan_out) and biases in Keras's order.
        activation: of the hidden layers, a name in `choices.ACTIVATIONS`.
        pixels: (images, 784).
    """
    function = FUNCTIONS[activation]
    pre_activations: list[Array] = []
    activations: list[Array] = []
    a = pixels
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = a @ kernel + bias
        a = function(z)
        pre_activations.append(z)
        activations.append(a)
    return Passed(pre_activations, activations, a @ weights[-2] + weights[-1])


def predict(weights: Sequence[Array], activation: str, pixels: Array) -> npt.NDArray[np.intp]:
    """The class that a network gives each image, (images,)."""
    answers: npt.NDArray[np.intp] = forward(weights, activation, pixels).logits.argmax(axis=1)
    return answers


def softmax(logits: Array) -> Array:
    """Probabilities of the classes: e^z / Σe^z in each row."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


# f′(z), given z and a = f(z). At z = 0, where ReLU and leaky ReLU have a kink, TensorFlow's side.
DERIVATIVES: dict[str, Callable[[Array, Array], Array]] = {
    "tanh": lambda z, a: 1 - a * a,
    "sigmoid": lambda z, a: a * (1 - a),
    "relu": lambda z, a: (z > 0).astype(z.dtype),
    "leaky_relu": lambda z, a: np.where(z > 0, z.dtype.type(1), z.dtype.type(0.2)),
    "elu": lambda z, a: np.where(z > 0, z.dtype.type(1), a + 1),
    "selu": lambda z, a: np.where(
        z > 0, z.dtype.type(SELU_SCALE), a + z.dtype.type(SELU_SCALE * SELU_ALPHA)
    ),
    "gelu": lambda z, a: (
        (1 + erf(z / math.sqrt(2))) / 2 + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    ),
    "silu": lambda z, a: (s := expit(z)) * (1 + z * (1 - s)),
}


def crossentropy(logits: Array, labels: npt.NDArray[np.integer[Any]]) -> float:
    """Mean cross-entropy in nats, −log softmax(logits)[label].

    Args:
        logits: (images, classes).
        labels: (images,) the classes.
    """
    top = logits.max(axis=1)
    logs = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return float((logs - logits[np.arange(len(labels)), labels]).mean(dtype=np.float64))


class Returned(NamedTuple):
    """What comes back through a network from the mean cross-entropy C₀ of some images.

    Attributes:
        arriving: Σₖ wₖδₖ at each hidden layer, ∂C₀/∂a of what it puts out, (images, units).
        deltas: δ = ∂C₀/∂z of each layer, output layer last, (images, units): of a hidden one
            f′(z) · Σₖ wₖδₖ.
    """

    arriving: list[Array]
    deltas: list[Array]


def backward(
    weights: Sequence[Array],
    activation: str,
    passed: Passed,
    labels: npt.NDArray[np.integer[Any]],
) -> Returned:
    """Backpropagation in inference mode: δ = softmax − truth over the number of images at the
    output, and one layer further down δ ← δWᵀ ⊙ f′(z).

    Args:
        passed: what `forward` made of the images.
        labels: (images,) the classes as told.
    """
    slope = DERIVATIVES[activation]
    delta = softmax(passed.logits)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    arriving: list[Array] = []
    deltas = [delta]
    hidden = zip(passed.pre_activations, passed.activations, strict=True)
    for kernel, (z, a) in zip(weights[2::2][::-1], reversed([*hidden]), strict=True):
        back = delta @ kernel.T
        delta = back * slope(z, a)
        arriving.insert(0, back)
        deltas.insert(0, delta)
    return Returned(arriving, deltas)


def gradients(
    weights: Sequence[Array],
    activation: str,
    pixels: Array,
    labels: npt.NDArray[np.integer[Any]],
) -> list[Array]:
    """∂C₀/∂w of every kernel and bias, in Keras's order, by backpropagation in inference mode.

    C₀ is the mean cross-entropy of the images. With δ = ∂C₀/∂z, (images, units): ∂C₀/∂W = aᵀδ,
    ∂C₀/∂b = Σδ.

    Args:
        weights: kernels (fan_in, fan_out) and biases in Keras's order.
        activation: of the hidden layers, a name in `choices.ACTIVATIONS`.
        pixels: (images, 784).
        labels: (images,) the classes as told.
    """
    passed = forward(weights, activation, pixels)
    deltas = backward(weights, activation, passed, labels).deltas
    inputs = [pixels, *passed.activations]
    return [g for a, d in zip(inputs, deltas, strict=True) for g in (a.T @ d, d.sum(axis=0))]
