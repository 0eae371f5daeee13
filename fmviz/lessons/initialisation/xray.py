"""X-ray of a network before training: one forward and one backward pass of its initial weights.

What is measured is what a record has as its start, on the same images: activations on the first
`data.PROBE_IMAGES` validation images, gradients on the first `data.GRADIENT_IMAGES` training
images. Beside the measured saturation stands the predicted one. NumPy only, and fast enough to
follow a slider.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.run import data, measure
from fmviz.run.config import RunConfig
from fmviz.run.offered import offered
from fmviz.run.record import layer_sizes, n_weights
from fmviz.theory.initializers import initial_sigma, initial_weights
from fmviz.theory.saturation import predicted_saturation

Array = npt.NDArray[np.floating[Any]]

# Of a network that is X-rayed at every σ of the slider: all take about a quarter of a second.
MOST_WEIGHTS = 400_000

# What the start of a run depends on.
FIELDS = (
    "dataset",
    "train_size",
    "label_noise",
    "hidden",
    "activation",
    "initializer",
    "init_std",
    "seed",
)


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer before training, on the probe images.

    Attributes:
        fan_in, units: the shape of its kernel.
        sigma: standard deviation that the initializer gives the kernel.
        scale: √mean z², over images and units.
        predicted_scale: the same in expectation over the layer's weights, σ√mean Σa², a the inputs
            of the layer.
        histogram: activations in each bin of `measure.activation_edges`.
        flat_histogram: those of them that are flat.
        flat_shares: (units,) share of the images on which each unit is flat (zero, for ReLU).
        predicted: share of flat activations in expectation over the layer's weights, with the
            layer's inputs as they arrive: z ~ N(0, σ²Σa²) for each image. Exact for normal
            weights; for the others by the central limit theorem, that is for many inputs.
    """

    fan_in: int
    units: int
    sigma: float
    scale: float
    predicted_scale: float
    histogram: npt.NDArray[np.int64]
    flat_histogram: npt.NDArray[np.int64]
    flat_shares: Array
    predicted: float

    @property
    def saturation(self) -> float:
        """Share of flat (image, unit) pairs."""
        return float(self.flat_shares.mean())

    @property
    def dead_units(self) -> float:
        """Share of units that are flat on every image."""
        return float((self.flat_shares == 1).mean())

    @property
    def predicted_error(self) -> float:
        """How far the draw of a layer of so few units may lie from `predicted`: one standard
        deviation of the measured share, at most √(p(1 − p)/units).

        Units are drawn one by one; the images that one unit sees are alike, so that it may be flat
        on all or on none. That is the worst case, and taken as the rule.
        """
        return math.sqrt(self.predicted * (1 - self.predicted) / self.units)

    @property
    def as_predicted(self) -> bool:
        """Whether measurement and prediction agree to within two standard deviations and the
        hundredth of a point that is shown."""
        return abs(self.saturation - self.predicted) <= 2 * self.predicted_error + 1e-4


@dataclass(frozen=True, eq=False)
class XRay:
    """A network before its first step.

    Attributes:
        layers: its hidden layers, from the input on.
        gradient_norms: √Σ(∂C₀/∂w)² of each kernel, output layer last.
        gradient_spreads: `spread` of each kernel's gradient: 0 where all units of the layer are
            told to change alike.
        crossentropy: mean on the probe images, nats; ln 10 is that of a guess.
        probe_images, gradient_images: how many images those figures are measured on.
    """

    layers: tuple[Layer, ...]
    gradient_norms: tuple[float, ...]
    gradient_spreads: tuple[float, ...]
    crossentropy: float
    probe_images: int
    gradient_images: int


def spread(kernel: Array) -> float:
    """How unlike the units of a layer are: √(Σ(w − w̄)²/Σw²), w̄ the mean over the units.

    0: all have the same weights. Near 1: they have nothing in common. 0 for zeros.

    Args:
        kernel: (fan_in, units), or its gradient.
    """
    w = kernel.astype(np.float64)
    total = np.square(w).sum()
    apart = np.square(w - w.mean(axis=1, keepdims=True)).sum()
    return float(np.sqrt(apart / total)) if total else 0.0


def of(config: RunConfig) -> XRay:
    """The X-ray of a run's network. What matters only in training makes no difference."""
    return _of(_start(config))


def along_sigma(config: RunConfig) -> dict[float, tuple[Layer, ...]]:
    """σ → the hidden layers, at every position of its slider, the run's own among them. That alone
    where its initializer sets σ itself, and where the others would keep a reader waiting."""
    start = _start(config)
    sigmas = offered("init_std", start.__getitem__)
    if not sigmas or n_weights(start) > MOST_WEIGHTS:
        return {start.init_std: _layers(start)}
    return {sigma: _layers(start.replace(init_std=sigma)) for sigma in sigmas}


def pre_activations(config: RunConfig, layer: int, unit: int) -> Array:
    """z of one unit before training on the probe images, (PROBE_IMAGES,).

    Args:
        layer, unit: counted from 0.
    """
    z: Array = _passed(_start(config)).pre_activations[layer][:, unit]
    return z


class Worked(NamedTuple):
    """Backpropagation through one unit, of one image's cross-entropy C₀.

    Attributes:
        image: its place among the probe images.
        z, slope: the unit's pre-activation, and f′(z).
        arriving: Σₖ wₖδₖ, which comes back from the layer above.
        delta: f′(z) · Σₖ wₖδₖ, ∂C₀/∂z of the unit, and so ∂C₀/∂b.
        largest: the largest |∂C₀/∂w| of the unit's weights, |δ| times its largest input.
    """

    image: int
    z: float
    slope: float
    arriving: float
    delta: float
    largest: float


def worked(config: RunConfig, layer: int, unit: int, image: int) -> Worked:
    """What the first step would be told by one probe image, with its true label, at one unit, in
    the 32-bit numbers of training.

    Args:
        layer, unit: counted from 0.
        image: a place among the probe images.
    """
    start = _start(config)
    seen, weights = probe(start.dataset)[image : image + 1], _weights(start)
    passed = network.forward(weights, start.activation, seen.pixels)
    back = network.backward(weights, start.activation, passed, seen.labels)
    z, a = passed.pre_activations[layer], passed.activations[layer]
    inputs = passed.activations[layer - 1] if layer else seen.pixels
    delta = float(back.deltas[layer][0, unit])
    return Worked(
        image=image,
        z=float(z[0, unit]),
        slope=float(network.DERIVATIVES[start.activation](z, a)[0, unit]),
        arriving=float(back.arriving[layer][0, unit]),
        delta=delta,
        largest=abs(delta) * float(np.abs(inputs).max()),
    )


def ends(config: RunConfig, layer: int, unit: int) -> tuple[int, int, int]:
    """The probe images on which a unit's slope is smallest in size, smallest but not 0, and
    largest. Of several that are alike, the one with the z farthest from 0, for the last the one
    with the z nearest to it. Where the slope is 0 on all, the three are one."""
    passed = _passed(_start(config))
    z, a = (of[layer][:, unit] for of in (passed.pre_activations, passed.activations))
    slopes = np.abs(network.DERIVATIVES[config.activation](z, a))
    rising = np.lexsort((-np.abs(z), slopes))
    steepest = int(np.lexsort((np.abs(z), -slopes))[0])
    open_to = rising[slopes[rising] > 0]
    return int(rising[0]), int(open_to[0]) if len(open_to) else int(rising[0]), steepest


def probe(dataset: str) -> data.Images:
    """The images that activations are looked at on."""
    return data.load(dataset).validation[: data.PROBE_IMAGES]


def _start(config: RunConfig) -> RunConfig:
    return RunConfig(**{field: config[field] for field in FIELDS})


@lru_cache(maxsize=4)
def _weights(config: RunConfig) -> list[npt.NDArray[np.float32]]:
    return initial_weights(config)


@lru_cache(maxsize=4)
def _passed(config: RunConfig) -> network.Passed:
    return network.forward(_weights(config), config.activation, probe(config.dataset).pixels)


@lru_cache(maxsize=256)
def _layers(config: RunConfig) -> tuple[Layer, ...]:
    passed = _passed(config)
    sizes = pairwise(layer_sizes(config)[:-1])
    inputs = [probe(config.dataset).pixels, *passed.activations]
    return tuple(
        _layer(config, fan_in, units, a, z, activations)
        for (fan_in, units), a, z, activations in zip(
            sizes, inputs, passed.pre_activations, passed.activations
        )
    )


@lru_cache(maxsize=64)
def _of(config: RunConfig) -> XRay:
    images = probe(config.dataset)
    passed = _passed(config)
    kernels = _kernel_gradients(config)
    return XRay(
        layers=_layers(config),
        gradient_norms=tuple(float(np.sqrt(np.square(g, dtype=np.float64).sum())) for g in kernels),
        gradient_spreads=tuple(spread(g) for g in kernels),
        crossentropy=network.crossentropy(passed.logits, images.labels),
        probe_images=len(images),
        gradient_images=min(config.train_size, data.GRADIENT_IMAGES),
    )


def _layer(
    config: RunConfig, fan_in: int, units: int, inputs: Array, z: Array, activations: Array
) -> Layer:
    sigma = initial_sigma(config, fan_in, units)
    is_flat = measure.flat(z, config.activation)
    squares = np.square(inputs, dtype=np.float64).sum(axis=1)
    return Layer(
        fan_in=fan_in,
        units=units,
        sigma=sigma,
        scale=float(np.sqrt(np.square(z, dtype=np.float64).mean())),
        predicted_scale=sigma * float(np.sqrt(squares.mean())),
        histogram=measure.activation_histogram(activations, config.activation),
        flat_histogram=measure.activation_histogram(activations[is_flat], config.activation),
        flat_shares=is_flat.mean(axis=0),
        predicted=predicted_saturation(config.activation, sigma * np.sqrt(squares)),
    )


def _kernel_gradients(config: RunConfig) -> Sequence[Array]:
    """On the first training images, with the labels that the run is told."""
    images = data.load(config.dataset).train
    labels, _ = data.with_noise(images.labels[: config.train_size], config.label_noise, config.seed)
    count = min(config.train_size, data.GRADIENT_IMAGES)
    found = network.gradients(
        _weights(config), config.activation, images[:count].pixels, labels[:count]
    )
    return found[::2]
