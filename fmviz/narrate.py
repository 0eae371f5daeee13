"""What a run shows, in words: which section of a lesson fits, and the figures for it.

Claims are made only where the figures bear them out: a difference within two standard errors is
called one that could be noise.
"""

from __future__ import annotations

from typing import NamedTuple

from fmviz import theory
from fmviz.config import PENALTIES, RunConfig
from fmviz.measure import FLAT_BELOW, Estimate, difference
from fmviz.record import Divergence
from fmviz.stopping import Shown, Stop


class Caption(NamedTuple):
    """A section of a lesson and the figures it is to be filled with."""

    section: str
    figures: dict[str, str]


def percent(share: float, digits: int = 1) -> str:
    """0.851 → "85.1%"."""
    return f"{100 * share:.{digits}f}%"


def small_percent(share: float) -> str:
    """A share that may be tiny: "0", "<0.01%", "0.03%", "3.1%", "83.5%"."""
    if share == 0:
        return "0%"
    if share < 0.0001:
        return "<0.01%"
    return percent(share, 2 if share < 0.01 else 1)


def points(estimate: Estimate, signed: bool = False) -> str:
    """0.147 ± 0.009 → "14.7 ± 0.9"; a minus sign, and a plus where `signed`."""
    value = f"{100 * estimate.value:{'+' if signed else ''}.1f}".replace("-", "−")
    return f"{value} ± {100 * estimate.error:.1f}"


def number(value: float) -> str:
    """A setting as a person writes it: 10, 0.05, 5e-05 as 5 × 10⁻⁵."""
    text = f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}" if mantissa != "1" else f"10{raised}"


def run_name(config: RunConfig) -> str:
    """How a run is called beside its baseline."""
    if config.penalty == "none":
        return "no penalty"
    return f"{PENALTIES[config.penalty].label}, λ = {number(config.lam)}"


def gap(run: Shown) -> Caption:
    """What the accuracy gap of one run says."""
    record = run.record
    training = record.estimate("train_accuracy", run.kept)
    validation = record.estimate("val_accuracy", run.kept)
    size = record.gap(run.kept)
    figures = {
        "training": percent(training.value),
        "validation": percent(validation.value),
        "gap": points(Estimate(abs(size.value), size.error)),
        "train_images": f"{record.examples['train']:,}",
        "val_images": f"{record.examples['validation']:,}",
    }
    if size.could_be_noise:
        return Caption("gap could be noise", figures)
    return Caption("gap" if size.value > 0 else "gap reversed", figures)


def against_baseline(run: Shown, baseline: Shown) -> Caption:
    """What the penalty did to the gap and to validation accuracy."""
    gaps = run.record.gap(run.kept), baseline.record.gap(baseline.kept)
    change = difference(*gaps)
    held_out = difference(
        run.record.estimate("val_accuracy", run.kept),
        baseline.record.estimate("val_accuracy", baseline.kept),
    )
    training = difference(
        run.record.estimate("train_accuracy", run.kept),
        baseline.record.estimate("train_accuracy", baseline.kept),
    )
    figures = {
        "run": run.name,
        "gap": points(gaps[0]),
        "baseline_gap": points(gaps[1]),
        "change": points(Estimate(abs(change.value), change.error)),
        "val_change": points(Estimate(abs(held_out.value), held_out.error)),
        "train_change": points(Estimate(abs(training.value), training.error)),
    }
    if held_out.value < 0 and not held_out.could_be_noise:
        falls_in_training = training.value < 0 and not training.could_be_noise
        return Caption("underfits" if falls_in_training else "validation falls", figures)
    if held_out.value > 0 and not held_out.could_be_noise:
        return Caption("validation rises", figures)
    if change.could_be_noise:
        return Caption("change could be noise", figures)
    return Caption("gap closes" if change.value < 0 else "gap widens", figures)


def early_stopping(stop: Stop | None, patience: int | None, monitor: str, epochs: int) -> Caption:
    """What early stopping did to a run of so many epochs. Epochs are counted from 1 here."""
    figures = {"patience": str(patience), "monitor": monitor, "epochs": str(epochs)}
    if stop is None or stop.weights_epoch is None:
        return Caption("stopping off", figures)
    figures |= {
        "kept": str(stop.weights_epoch + 1),
        "best": "none" if stop.best_epoch is None else str(stop.best_epoch + 1),
    }
    if stop.stopped_epoch is None:
        return Caption("stopping never", figures)
    figures |= {
        "stopped": str(stop.stopped_epoch + 1),
        "saved": str(epochs - stop.stopped_epoch - 1),
    }
    same = stop.weights_epoch == stop.stopped_epoch
    return Caption("stopping fired" if same else "stopping restored", figures)


def saturation(run: Shown, predicted: float | None) -> Caption:
    """Saturation before training and with the kept weights.

    Args:
        predicted: the first layer's share by `theory.predicted_saturation`, where there is one.
    """
    config = run.record.config
    if not config.hidden:
        return Caption("no hidden layer", {})
    start = run.record.start_layers["saturation"]
    now = run.record.layers_at("saturation", run.kept)
    dead = run.record.layers_at("dead_units", run.kept)
    figures = {
        "start": small_percent(float(start[0])),
        "now": small_percent(float(now[0])),
        "dead": small_percent(float(dead[0])),
        "probe": f"{run.record.examples['probe']:,}",
        "sigma": number(config.init_std),
    }
    if config.activation not in FLAT_BELOW:
        return Caption("zero activations", figures)
    if predicted is None:
        return Caption("saturation", figures)
    return Caption("saturation predicted", {**figures, "predicted": small_percent(predicted)})


def rule(config: RunConfig) -> Caption:
    """The update rule with the run's own numbers, and the Keras line that does the same."""
    l1, l2 = theory.coefficients(config)
    shrink = config.learning_rate * config.lam / config.train_size
    figures = {
        "lam": number(config.lam),
        "n": f"{config.train_size:,}".replace(",", r"{,}"),
        "eta": number(config.learning_rate),
        "factor": f"{1 - shrink:.10g}",
        "step": number(shrink),
        "keras": f"{l1 or l2:.6g}",
        "weight_decay": f"{theory.pytorch_weight_decay(config):.6g}",
    }
    return Caption({"none": "rule none", "l1": "rule l1", "l2": "rule l2"}[config.penalty], figures)


def diverged(where: Divergence, config: RunConfig) -> Caption:
    """Where a run stopped being finite, counted from 1 for a reader."""
    layers = len(config.hidden) + 1
    return Caption(
        "diverged",
        {
            "epoch": str(where.epoch + 1),
            "step": str(where.step + 1),
            "layer": f"{where.layer + 1} of {layers}",
            "where": where.where,
            "eta": number(config.learning_rate),
            "lam": number(config.lam),
            "sigma": number(config.init_std),
        },
    )
