"""What the lesson on initialisation says: of the X-ray, the race, one unit, the map, symmetry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing
from fmviz.analysis.comparing import difference
from fmviz.analysis.ranking import rank
from fmviz.analysis.stopping import Shown
from fmviz.lessons.initialisation import xray
from fmviz.lessons.initialisation.lesson import GLOROT, MAP_EPOCHS, NAMED, TARGET, YOURS
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import data, measure
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words import keras_lines, shared
from fmviz.words.numbers import listed, percent, points, small_percent
from fmviz.words.prose import Caption

# A gradient or a signal this many times another is called weaker or stronger.
FAR = 10.0
# A loss this many times that of a guess is no longer about the same.
SURE = 1.25
# From one end of the network to the other, a gradient that changes less is called even.
EVEN = 3.0


def scheme(config: RunConfig) -> str:
    """How a run starts: "σ = 0.05", "Glorot uniform"."""
    if config.initializer == "normal":
        return f"σ = {number(config.init_std)}"
    return str(INITIALIZERS[config.initializer].label)


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
        section = "saturated at the start"
    else:
        section = "zero at the start" if config.activation == "relu" else "flat at the start"
    captions = [Caption(section, figures)]
    if not first.as_predicted:
        captions.append(Caption("not as predicted", figures))
    if len(seen.layers) > 1 and any(layer.saturation for layer in seen.layers):
        captions.append(Caption("layer by layer", figures))
    return captions + _signal(seen)


def _signal(seen: XRay) -> list[Caption]:
    """Whether the pre-activations shrink or grow on their way up."""
    first, last = seen.layers[0].scale, seen.layers[-1].scale
    if 1 / FAR <= last / first <= FAR:
        return []
    figures = {"from": _short(first), "to": _short(last)}
    return [Caption("signal fades" if last < first else "signal grows", figures)]


def _short(value: float) -> str:
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


def amount(value: float) -> str:
    """2.31, 17.2, 256,000,000: three figures of a number that may be large."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def gradients(seen: XRay, glorot: XRay) -> list[Caption]:
    """What reaches the first layer, beside what reaches it from Glorot's weights."""
    first, last, usual = seen.gradient_norms[0], seen.gradient_norms[-1], glorot.gradient_norms[0]
    if not any(seen.gradient_norms):
        return [Caption("no gradient at all", {})]
    if first == 0:
        return [Caption("no gradient", {})]
    ratio = first / usual
    figures = {
        "first": _short(first),
        "glorot": _short(usual),
        "times": _fold(ratio),
        "fold": _fold(first / last) if last else "",
    }
    if 1 / FAR <= ratio <= FAR:
        captions = [Caption("gradient alike", figures)]
    else:
        captions = [Caption("gradient weaker" if ratio < 1 else "gradient stronger", figures)]
    if len(seen.gradient_norms) > 2 and last:
        if first * EVEN < last:
            captions.append(Caption("gradient fades", figures))
        elif first > EVEN * last:
            captions.append(Caption("gradient grows", figures))
    return captions


def race(runs: Sequence[Shown], done: bool) -> list[Caption]:
    """Who reaches the target when, and what the reader's start has cost in the end."""
    by_name = {run.name: run for run in runs}
    yours, glorot = by_name[YOURS], by_name[GLOROT]
    captions = [_reached(runs, done)]
    if not done:
        return captions
    twin = next(
        (r.name for r in runs if r.name in NAMED and r.record.config == yours.record.config), None
    )
    if twin is not None:
        captions.append(Caption("a known start", {"twin": twin}))
    if any(run.record.diverged is not None for run in (yours, glorot)) or twin == GLOROT:
        return captions
    nothing = shared.gap(yours)
    if nothing.section == "nothing learnt":
        return [*captions, Caption("yours learns nothing", nothing.figures)]
    return captions + _against_glorot(yours, glorot)


def _reached(runs: Sequence[Shown], done: bool) -> Caption:
    at, missing = [], []
    epochs = max(run.record.config.epochs for run in runs)
    for run in runs:
        first = measure.reached(run.record.history["val_accuracy"], TARGET)
        if first is None:
            missing.append(run.name)
        else:
            at.append((first, run.name))
    groups = [
        f"{listed([name for _, name in names])} after {plural(epoch, 'epoch')}"
        for epoch, names in groupby(sorted(at, key=lambda pair: pair[0]), lambda pair: pair[0])
    ]
    so_far = plural(min(run.record.epochs for run in runs), "epoch")
    figures = {
        "target": percent(TARGET, 0),
        "reached": listed(groups),
        "missing": listed(missing),
        "when": f"within {plural(epochs, 'epoch')}" if done else f"so far, after {so_far}",
    }
    if not missing:
        return Caption("all reach it", figures)
    return Caption("some reach it" if at else "none reach it", figures)


def _against_glorot(yours: Shown, glorot: Shown) -> list[Caption]:
    change = comparing.change(yours, glorot, "val")
    last = yours.record.epochs, glorot.record.epochs
    gaps = yours.record.gap(last[0]), glorot.record.gap(last[1])
    firsts = [measure.reached(r.record.history["val_accuracy"], TARGET) for r in (yours, glorot)]
    later = firsts[0] - firsts[1] if firsts[0] is not None and firsts[1] is not None else 0
    figures = {
        "scheme": scheme(yours.record.config),
        "epochs": plural(yours.record.epochs, "epoch"),
        "yours": percent(yours.record.at("val_accuracy", last[0])),
        "glorot": percent(glorot.record.at("val_accuracy", last[1])),
        "change": points(change.size),
        "images": f"{yours.record.examples['validation']:,}",
        "training": percent(yours.record.at("train_accuracy", last[0])),
        "gap": points(gaps[0]),
        "glorot_gap": points(gaps[1]),
        "later": plural(abs(later), "epoch"),
    }
    if change.could_be_noise:
        captions = [Caption("as good as Glorot", figures)]
        if later:
            captions.append(Caption("only later" if later > 0 else "only sooner", figures))
        return captions
    if change.value > 0:
        return [Caption("better than Glorot", figures)]
    captions = [Caption("worse than Glorot", figures)]
    wider = comparing.gap_change(yours, glorot)
    if wider.sign > 0:
        captions.append(Caption("learns by heart", figures))
    return captions


def training(runs: Sequence[Shown], layer: int) -> Caption:
    """What training does to a layer's flat share; `layer` counted from 0."""
    yours = runs[-1]
    config = yours.record.config
    if config.activation == "leaky_relu":
        return Caption("never flat", {})
    glorot = next(run for run in runs if run.name == GLOROT)

    def share(run: Shown, epoch: int) -> float:
        return float(run.record.layers_at("saturation", epoch)[layer])

    now = yours.record.epochs, glorot.record.epochs
    figures = {
        "layer": str(layer + 1),
        "what": flat_title(config.activation),
        "epochs": plural(yours.record.epochs, "epoch"),
        "start": small_percent(share(yours, 0)),
        "end": small_percent(share(yours, now[0])),
        "glorot_start": small_percent(share(glorot, 0)),
        "glorot_end": small_percent(share(glorot, now[1])),
    }
    return Caption("over training", figures)


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


def sigma_depth_map(records: Sequence[RunRecord]) -> list[Caption]:
    """What the finished map shows, where its figures bear it out."""
    cells: Mapping[tuple[float, int], Estimate] = {
        (r.config.init_std, len(r.config.hidden)): r.estimate("val_accuracy", r.epochs)
        for r in records
        if r.epochs == MAP_EPOCHS
    }
    if not cells:
        return [Caption("map, all diverged", {})]
    config = records[0].config
    sigmas, depths = (sorted({key[axis] for key in cells}) for axis in (0, 1))
    best = rank(cells, lambda cell: cell.value, difference).best
    figures = {
        "runs": str(len(records)),
        "train": f"{config.train_size:,}",
        "epochs": plural(MAP_EPOCHS, "epoch"),
        "width": str(config.hidden[0]),
        "images": f"{records[0].examples['validation']:,}",
        "error": f"{100 * max(cell.error for cell in cells.values()):.1f}",
        "best": percent(cells[best].value),
        "best_sigma": number(best[0]),
        "best_depth": plural(int(best[1]), "hidden layer"),
    }
    captions = [Caption("map", figures)]
    for sigma, section in ((sigmas[0], "map, too small"), (sigmas[-1], "map, too large")):
        ends = [cells.get((sigma, int(depth))) for depth in (depths[0], depths[-1])]
        if len(depths) < 2 or ends[0] is None or ends[1] is None or len(sigmas) < 2:
            continue
        lost = difference(ends[1], ends[0])
        behind = difference(ends[1], cells[best])
        if lost.sign < 0 and not behind.could_be_noise:
            more = {
                "sigma": number(sigma),
                "shallow": percent(ends[0].value),
                "deep": percent(ends[1].value),
                "least_depth": plural(int(depths[0]), "hidden layer"),
                "most_depth": str(depths[-1]),
            }
            captions.append(Caption(section, figures | more))
    if len(cells) < len(records):
        captions.append(
            Caption("map, some diverged", {"diverged": plural(len(records) - len(cells), "run")})
        )
    return captions


def told_alike(config: RunConfig, seen: XRay) -> Caption:
    """Whether the first gradient tells the units of a layer apart."""
    if not seen.layers:
        return Caption("no hidden layer", {})
    spreads = seen.gradient_spreads[:-1]
    if any(spreads):
        return Caption("told apart", {"spreads": listed([f"{s:.2f}" for s in spreads])})
    # Its masks differ from unit to unit.
    return Caption("told alike, dropout" if config.dropout else "told alike", {})


def symmetry(record: RunRecord) -> Caption:
    """Whether training has set the units of each hidden layer apart; of a whole record."""
    spreads = [xray.spread(kernel) for kernel in record.kernels[:-1]]
    figures = {
        "epochs": plural(record.epochs, "epoch"),
        "spreads": listed([f"{spread:.2f}" for spread in spreads]),
        "units": listed([str(units) for units in record.config.hidden]),
        "validation": percent(record.at_end("val_accuracy")),
        "norm": _short(float(np.sqrt(np.square(record.kernels[0]).sum()))),
    }
    if not any(kernel.any() for kernel in record.kernels):
        return Caption("nothing moved", figures)
    return Caption("symmetry kept" if not any(spreads) else "symmetry broken", figures)


def rule(config: RunConfig, seen: XRay) -> list[Caption]:
    """The scheme's σ, what it makes of the pre-activations, and the Keras line, with numbers."""
    if not seen.layers:
        return []
    first = seen.layers[0]
    sigma = number(float(f"{first.sigma:.3g}"))
    figures = {
        "sigma": sigma,
        "fan_in": str(first.fan_in),
        "fan_out": str(first.units),
        "norm": f"{first.predicted_scale / first.sigma:.3g}" if first.sigma else "",
        "scale": number(float(f"{first.predicted_scale:.3g}")),
        "measured": number(float(f"{first.scale:.3g}")),
        "edge": f"{measure.FLAT[config.activation][1]:.3f}",
        "predicted": small_percent(first.predicted),
        "images": f"{seen.probe_images:,}",
        "activation": config.activation,
        "keras": str(keras_lines.initializer(config, keras_lines.numbers(config))),
    }
    family = config.initializer.split("_")[0]
    captions = [Caption(f"rule {family}", figures)]
    if first.sigma:
        captions.append(Caption("rule pre-activations", figures))
        if config.activation in ("tanh", "sigmoid"):
            captions.append(Caption(f"rule {config.activation}", figures))
        if len(seen.layers) > 1:
            captions += _depth_rule(config, seen)
    captions.append(Caption("rule keras", figures))
    return captions


def _depth_rule(config: RunConfig, seen: XRay) -> list[Caption]:
    """The factor of one more layer, where a bound on it is simple."""
    second = seen.layers[1]
    factor = second.sigma * math.sqrt(second.fan_in)
    by_activation = {"tanh": factor, "relu": factor / math.sqrt(2), "sigmoid": factor / 4}
    if config.activation not in by_activation:
        return []
    figures = {
        "sigma": number(float(f"{second.sigma:.3g}")),
        "fan_in": str(second.fan_in),
        "factor": _short(by_activation[config.activation]),
    }
    return [Caption(f"depth {config.activation}", figures)]
