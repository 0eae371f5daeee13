"""What the lesson on initialisation says of the network before its first step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fmviz.lessons.initialisation.xray import Worked, XRay
from fmviz.run import data, measure
from fmviz.run.choices import ACTIVATIONS, N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.record import layer_sizes
from fmviz.run.settings import number
from fmviz.theory.initializers import initial_sigma
from fmviz.words.numbers import amount, listed, percent, rounded, small_percent
from fmviz.words.prose import Caption

# A gradient or a signal this many times another is called weaker or stronger.
FAR = 10.0


# And this many times another, though some units are flat, it wants a reason.
LARGER = 1.5


# A loss this many times that of a guess is no longer about the same.
SURE = 1.25


# From one end of the network to the other, a gradient that changes less is called even.
EVEN = 10.0


def flat_title(activation: str) -> str:
    """What is counted as flat, as the title of an axis."""
    if measure.saturates(activation):
        return "saturated activations"
    return "zero activations" if activation == "relu" else "flat activations"


def activity(config: RunConfig, seen: XRay) -> list[Caption]:
    """How flat the layers are before the first step, and what theory makes of it."""
    if not seen.layers:
        return [Caption("no hidden layer", {})]
    first = seen.layers[0]
    if first.scale == 0:
        return [Caption("nothing drawn", {})]
    if config.activation == "leaky_relu":
        return [Caption("never flat", {})]
    figures = {
        "first": small_percent(first.saturation),
        "predicted": small_percent(first.predicted),
        "error": _spread(first.predicted_error),
        "units": plural(first.units, "unit"),
        "activation": ACTIVATIONS[config.activation].label,
        "dead": small_percent(first.dead_units),
        "probe": f"{seen.probe_images:,}",
        "shares": listed([small_percent(layer.saturation) for layer in seen.layers]),
    }
    if measure.saturates(config.activation):
        section = "saturated at the start" if first.saturation else "steep at the start"
    else:
        section = "zero at the start" if config.activation == "relu" else "flat at the start"
    captions = [Caption(section, figures)]
    if not first.as_predicted:
        captions.append(Caption("not as predicted", figures))
    if len(seen.layers) > 1 and any(layer.saturation for layer in seen.layers):
        captions.append(Caption("layer by layer", figures))
    # Where nothing is saturated, or a half is zero as with any weights, it is what there is to see.
    usual = section in ("steep at the start", "zero at the start")
    return captions + _signal(seen, leads=usual)


def _signal(seen: XRay, *, leads: bool) -> list[Caption]:
    """Whether the pre-activations shrink or grow on their way up."""
    first, last = seen.layers[0].scale, seen.layers[-1].scale
    if 1 / FAR <= last / first <= FAR:
        return []
    figures = {"from": short(first), "to": short(last)}
    section = "signal fades" if last < first else "signal grows"
    return [Caption(section, figures, leads=leads)]


def short(value: float) -> str:
    return number(float(f"{value:.2g}"))


def loss(seen: XRay) -> Caption:
    """The loss at the start beside that of a guess."""
    guess = math.log(N_CLASSES)
    figures = {
        "loss": amount(seen.crossentropy),
        "guess": f"{guess:.3f}",
        "times": amount(seen.crossentropy / guess),
    }
    near = seen.crossentropy < SURE * guess
    return Caption("loss of a guess" if near else "loss above a guess", figures)


def _fold(ratio: float) -> str:
    """How many times, whichever way: 0.2 and 5 → "5", "45,000"."""
    return f"{float(f'{max(ratio, 1 / ratio):.2g}'):,.10g}"


def _spread(error: float) -> str:
    """An error in points: "3.4", "less than 0.1"."""
    return f"{100 * error:.1f}" if error >= 0.0005 else "less than 0.1"


def sizes(yours: RunConfig, glorot: RunConfig) -> list[Caption]:
    """How large the first layer's initial weights are, beside Glorot's."""
    own, its = (initial_sigma(config, *layer_sizes(config)[:2]) for config in (yours, glorot))
    if not own or not yours.hidden:
        return []
    factor = rounded(max(own, its) / min(own, its))
    beside = f"{'larger' if own > its else 'smaller'} by a factor of {factor}"
    figures = {
        "sigma": rounded(own),
        "glorot_sigma": rounded(its),
        "beside": "about the same" if factor == "1" else beside,
    }
    return [Caption("sizes", figures)]


def gradients(seen: XRay, glorot: XRay, saturates: bool) -> list[Caption]:
    """What reaches the first layer, beside what reaches it from Glorot's weights.

    Args:
        saturates: whether the units' activation does, at both its ends.
    """
    first, last, usual = seen.gradient_norms[0], seen.gradient_norms[-1], glorot.gradient_norms[0]
    if not any(seen.gradient_norms):
        # Hidden layers that start at 0 put out 0, and so they do after every step.
        never = seen.layers and not any(layer.sigma for layer in seen.layers)
        return [Caption("no gradient at all" if never else "no gradient yet", {})]
    if first == 0:
        drawn = any(layer.sigma for layer in seen.layers)
        return [Caption("no gradient" if drawn else "no gradient, zeros", {})]
    figures = {
        "first": short(first),
        "glorot": short(usual),
        "times": _fold(first / usual) if usual else "",
        "fold": _fold(first / last) if last else "",
    }
    captions = [Caption(f"gradient {_beside_glorot(seen, glorot)}", figures)]
    if saturates and seen.layers and first > LARGER * usual > 0:
        flat, its = seen.layers[0].saturation, glorot.layers[0].saturation
        if flat > its + 0.01:
            captions.append(Caption("gradient larger all the same", figures))
    if len(seen.gradient_norms) > 2 and last:
        if first * EVEN < last:
            captions.append(Caption("gradient fades", figures))
        elif first > EVEN * last:
            captions.append(Caption("gradient grows", figures))
    return captions


def vanishing(seen: XRay) -> Caption | None:
    """What vanishes in a network at its start: the gradient on its way down, or the signal on its
    way up, which sigmoid's units pass on as about a half, whatever they get. None where neither."""
    first, last = seen.gradient_norms[0], seen.gradient_norms[-1]
    if 0 < first * EVEN < last:
        return Caption("gradient fades", {"fold": _fold(first / last)})
    signal = _signal(seen, leads=False)
    return next((caption for caption in signal if caption.section == "signal fades"), None)


def _beside_glorot(seen: XRay, glorot: XRay) -> str:
    """How the first layer's gradient, which is not 0, compares with Glorot's."""
    if seen.gradient_norms == glorot.gradient_norms:
        return "of Glorot"
    first, usual = seen.gradient_norms[0], glorot.gradient_norms[0]
    if not usual:
        return "where Glorot has none"
    if usual / FAR <= first <= FAR * usual:
        return "alike"
    return "weaker" if first < usual else "stronger"


def unit(
    config: RunConfig, layer: int, index: int, z: npt.NDArray[np.floating[Any]], labels: Any
) -> list[Caption]:
    """On which images a unit is flat before training.

    Args:
        layer, index: of the unit; the layer is counted from 0.
        z: its pre-activations, (images,).
        labels: (images,) the true classes.
    """
    is_flat = measure.flat(z, config.activation)
    low = int((is_flat & (z <= 0)).sum())
    high = int((is_flat & (z > 0)).sum())
    ends = {"tanh": ("−1", "1"), "sigmoid": ("0", "1")}.get(config.activation, ("", ""))
    shares = [float(is_flat[labels == c].mean()) for c in range(N_CLASSES)]
    most, least = max(shares), min(shares)
    figures = {
        "unit": str(index),
        "layer": str(layer + 1),
        "share": small_percent(float(is_flat.mean())),
        "images": f"{len(z):,}",
        "low": f"{low:,}",
        "high": f"{high:,}",
        "low_end": ends[0],
        "high_end": ends[1],
        "what": flat_title(config.activation).split()[0],
        "most": listed([n for n, s in zip(data.CLASS_NAMES, shares) if s == most]),
        "least": listed([n for n, s in zip(data.CLASS_NAMES, shares) if s == least]),
        "most_share": percent(most, 0),
        "least_share": percent(least, 0),
    }
    if config.activation == "leaky_relu":
        return [Caption("never flat", {})]
    if not is_flat.any():
        return [Caption("unit never flat", figures)]
    if is_flat.all():
        return [Caption("unit always flat", figures)]
    saturates = measure.saturates(config.activation)
    captions = [Caption("unit saturated" if saturates else "unit flat", figures)]
    if most > least:
        captions.append(Caption("unit by class", figures))
    return captions


# f′(z), as LaTeX.
SLOPES = {
    "tanh": r"1 - \tanh^2 z",
    "sigmoid": r"\mathrm{sigmoid}(z)\,(1 - \mathrm{sigmoid}(z))",
    "relu": r"1 \text{ if } z > 0, \text{ else } 0",
    "leaky_relu": r"1 \text{ if } z > 0, \text{ else } 0.2",
    "elu": r"1 \text{ if } z > 0, \text{ else } e^z",
    "selu": r"1.05 \text{ if } z > 0, \text{ else } 1.76\,e^z",
    "gelu": r"\Phi(z) + z\,\varphi(z)",
    "silu": r"s\,(1 + z\,(1 - s)),\; s = \mathrm{sigmoid}(z)",
}


def worked(
    activation: str,
    flattest: Worked,
    nearly: Worked,
    steepest: Worked,
    labels: npt.NDArray[np.integer[Any]],
) -> list[Caption]:
    """Backpropagation through one unit where its slope is smallest and where it is largest.

    Args:
        nearly: where its slope is smallest but not 0.
        labels: (images,) the true classes.
    """
    if steepest.slope == 0:
        return [Caption("worked nowhere", {"images": f"{len(labels):,}"})]
    figures = {
        "flat": small_percent(abs(flattest.slope)),
        "steep": small_percent(abs(steepest.slope)),
        "formula": SLOPES[activation],
    }
    lines = [_worked(steepest, "worked steepest", labels)]
    if flattest.slope != steepest.slope:
        closed = "worked closed" if activation == "relu" else "worked rounded"
        section = "worked flattest" if flattest.slope else closed
        lines.insert(0, _worked(flattest, section, labels))
        if nearly.slope not in (flattest.slope, steepest.slope):
            lines.insert(1, _worked(nearly, "worked nearly", labels))
    return [Caption("worked", figures), *lines]


def _worked(of: Worked, section: str, labels: npt.NDArray[np.integer[Any]]) -> Caption:
    figures = {
        "image": str(of.image),
        "class": data.CLASS_NAMES[labels[of.image]],
        **{name: _signed(getattr(of, name)) for name in ("z", "slope", "arriving", "delta")},
        "largest": _signed(of.largest),
    }
    return Caption(section if of.arriving else "worked nothing arrives", figures)


def _signed(value: float) -> str:
    """Three digits of a number of any size, with a minus sign: "−0.0312", "4.2 × 10⁻⁷"."""
    return "−" * (value < 0) + number(float(f"{abs(value):.3g}"))
