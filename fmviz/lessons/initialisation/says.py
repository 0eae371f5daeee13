"""What the lesson on initialisation says: of the X-ray, the race, one unit, the map, symmetry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.lessons.initialisation import xray
from fmviz.lessons.initialisation.lesson import GLOROT, MAP_EPOCHS, NAMED, TARGET, YOURS
from fmviz.lessons.initialisation.xray import XRay
from fmviz.lessons.initialisation.xray_says import flat_title, short, sizes, vanishing
from fmviz.run import measure
from fmviz.run.choices import INITIALIZERS
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words import keras_lines, shared
from fmviz.words.numbers import (
    around,
    decimals,
    direction,
    listed,
    percent,
    small_percent,
    upper_first,
)
from fmviz.words.prose import Caption, Claim


def scheme(config: RunConfig) -> str:
    """How a run starts: "σ = 0.05", "Glorot uniform"."""
    if config.initializer == "normal":
        return f"σ = {number(config.init_std)}"
    return str(INITIALIZERS[config.initializer].label)


def race(runs: Sequence[Shown], done: bool) -> list[Caption]:
    """Who reaches the target when, and what the reader's start has cost in the end."""
    by_name = {run.name: run for run in runs}
    yours, glorot = by_name[YOURS], by_name[GLOROT]
    twin = next(
        (r.name for r in runs if r.name in NAMED and r.record.config == yours.record.config), None
    )
    captions = [_reached([run for run in runs if twin is None or run is not yours], done)]
    if not done:
        return captions
    if twin is not None:
        captions.append(Caption("a known start", {"twin": twin}))
    if any(run.record.diverged is not None for run in (yours, glorot)) or twin == GLOROT:
        return captions
    nothing = shared.gap(yours)
    if nothing.section == "nothing learnt":
        return [*captions, Caption("yours learns nothing", nothing.figures)]
    return (
        captions + _against_glorot(yours, glorot) + sizes(yours.record.config, glorot.record.config)
    )


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
        "starts": str(len(runs)),
        "count": f"{len(at)} of {len(runs)} starts {'gets' if len(at) == 1 else 'get'}",
        "target": percent(TARGET, 0),
        "reached": upper_first(listed(groups)),
        "missing": listed(missing),
        "when": f"within {plural(epochs, 'epoch')}" if done else f"so far, after {so_far}",
    }
    if not missing:
        return Caption("all reach it", figures)
    return Caption("some reach it" if at else "none reach it", figures)


def _against_glorot(yours: Shown, glorot: Shown) -> list[Caption]:
    change, training = (comparing.change(yours, glorot, split) for split in ("val", "train"))
    last = yours.record.epochs, glorot.record.epochs
    firsts = [measure.reached(r.record.history["val_accuracy"], TARGET) for r in (yours, glorot)]
    later = firsts[0] - firsts[1] if firsts[0] is not None and firsts[1] is not None else 0
    ends = [run.record.at("val_accuracy", epoch) for run, epoch in zip((yours, glorot), last)]
    digits = decimals(ends[0], ends[1], change)
    figures = {
        "scheme": scheme(yours.record.config),
        "epochs": plural(yours.record.epochs, "epoch"),
        "yours": percent(ends[0], digits),
        "glorot": percent(ends[1], digits),
        "change": around(change.size, digits),
        "images": f"{yours.record.examples['validation']:,}",
        "training": percent(yours.record.at("train_accuracy", last[0])),
        "glorot_training": percent(glorot.record.at("train_accuracy", last[1])),
        "later": plural(abs(later), "epoch"),
    }
    if change.same:
        return [Caption("same answers", figures)]
    section = direction(change, "worse than Glorot", "as good as Glorot", "better than Glorot")
    captions = [Caption(section, figures, (Claim("val_accuracy", YOURS, change.sign, GLOROT),))]
    if later and not change.sign:
        captions.append(Caption("only later" if later > 0 else "only sooner", figures))
    gaps = comparing.gaps(yours, glorot)
    # Where labels are false the training accuracies beside it count repeated mistakes as knowledge;
    # and below zero no gap is wide.
    if gaps is None or gaps.other.value < 0 or yours.record.examples["corrupted"]:
        return captions
    figures["gap_change"] = around(gaps.change.size)
    if change.sign < 0 < gaps.change.sign:
        claims = (
            Claim("gap", YOURS, 1, GLOROT),
            Claim("train_accuracy", YOURS, training.sign, GLOROT),
        )
        section = direction(training, "behind on both", "learns as much", "learns by heart")
        captions.append(Caption(section, figures, claims))
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
    alike = yours.record.config == glorot.record.config
    figures = {
        "layer": str(layer + 1),
        "what": upper_first(flat_title(config.activation)),
        "epochs": plural(yours.record.epochs, "epoch"),
        "start": small_percent(share(yours, 0)),
        "end": small_percent(share(yours, now[0])),
        "glorot_start": small_percent(share(glorot, 0)),
        "glorot_end": small_percent(share(glorot, now[1])),
    }
    return Caption("over training, Glorot" if alike else "over training", figures)


def sigma_depth_map(records: Sequence[RunRecord]) -> list[Caption]:
    """What the finished map shows, where its figures bear it out."""
    cells = {
        (r.config.init_std, len(r.config.hidden)): Shown.at_end(r)
        for r in records
        if r.epochs == MAP_EPOCHS
    }
    if not cells:
        return [Caption("map, all diverged", {})]
    config = records[0].config
    sigmas, depths = (sorted({key[axis] for key in cells}) for axis in (0, 1))
    ranking = by_accuracy(cells)
    best, level = ranking.best, len(ranking.level)
    figures = {
        "runs": str(len(records)),
        "train": f"{config.train_size:,}",
        "epochs": plural(MAP_EPOCHS, "epoch"),
        "width": plural(config.hidden[0], "unit"),
        "images": f"{records[0].examples['validation']:,}",
        "error": f"{100 * max(cell.accuracy().error for cell in cells.values()):.1f}",
        "best": percent(cells[best].at("val_accuracy")),
        "best_sigma": number(best[0]),
        "best_depth": plural(int(best[1]), "hidden layer"),
        "level": plural(level, "other cell"),
    }
    section = "map" if level else "map, clear"
    captions = [Caption(section if len(cells) > 1 else "map, one left", figures)]
    for sigma in (sigmas[0], sigmas[-1]):
        shallow, deep = (cells.get((sigma, int(depth))) for depth in (depths[0], depths[-1]))
        if len(depths) < 2 or shallow is None or deep is None or len(sigmas) < 2:
            continue
        lost = comparing.change(deep, shallow, "val")
        if lost.sign < 0 and (sigma, int(depths[-1])) in ranking.beaten:
            more = {
                "sigma": number(sigma),
                "shallow": percent(shallow.at("val_accuracy")),
                "deep": percent(deep.at("val_accuracy")),
                "least_depth": plural(int(depths[0]), "hidden layer"),
                "most_depth": str(depths[-1]),
            }
            section = "map, deep is worse"
            # Of its own start: what a small σ makes vanish depends on the activation.
            why = vanishing(xray.of(deep.record.config)) if sigma == sigmas[0] else None
            if why is not None:
                section, more = f"map, {why.section}", more | why.figures
            captions.append(Caption(section, figures | more))
    if len(cells) < len(records):
        captions.append(
            Caption("map, some diverged", {"diverged": plural(len(records) - len(cells), "run")})
        )
    return captions


def told_alike(config: RunConfig, seen: XRay) -> Caption:
    """Whether the first gradient tells the units of a layer apart.

    Units stay alike whose weights are equal on both sides, in and out; here that is where all
    start at 0.
    """
    if not seen.layers:
        return Caption("no hidden layer", {})
    several = [layer.units > 1 for layer in seen.layers]
    if not any(several):
        return Caption("one unit a layer", {})
    if not any(layer.sigma for layer in seen.layers):
        # Masks differ from unit to unit. Only sigmoid puts out anything that they could mask.
        masked = config.dropout and config.activation == "sigmoid"
        return Caption("told alike, dropout" if masked else "told alike", {})
    layers = list(zip(seen.gradient_spreads, seen.gradient_norms, several))
    if not any(apart for apart, _, more in layers if more):
        return Caption("told nothing", {})
    spreads = [
        (f"{apart:.2f}" if norm else "no gradient") if more else "one unit"
        for apart, norm, more in layers
    ]
    return Caption("told apart", {"spreads": listed(spreads)})


def symmetry(record: RunRecord) -> Caption:
    """Whether training has set the units of each hidden layer apart; of a whole record."""
    several = [kernel for kernel in record.kernels[:-1] if kernel.shape[1] > 1]
    spreads = [xray.spread(kernel) for kernel in several]
    figures = {
        "epochs": plural(record.epochs, "epoch"),
        "spreads": listed([f"{spread:.2f}" for spread in spreads]),
        "units": listed([str(kernel.shape[1]) for kernel in several]),
        "validation": percent(record.at_end("val_accuracy")),
        "norm": short(float(np.sqrt(np.square(record.kernels[0]).sum()))),
    }
    if not any(kernel.any() for kernel in record.kernels):
        moved = record.start_layers["kernel_norm"].any()
        return Caption("all pulled to zero" if moved else "nothing moved", figures)
    if not several:
        return Caption("symmetry of one", figures)
    return Caption("symmetry broken" if any(spreads) else "symmetry kept", figures)


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
        "factor": short(by_activation[config.activation]),
    }
    return [Caption(f"depth {config.activation}", figures)]
