"""Why a run went wrong, from its own figures: the likely cause and the knob to turn."""

from __future__ import annotations

import math

from fmviz.analysis.stopping import Shown
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, N_CLASSES, OPTIMIZERS, PENALTIES
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.words.numbers import small_percent
from fmviz.words.prose import Caption

# A step that multiplies a weight by less than −1 throws it farther out every time.
FLIPS_AND_GROWS = 2.0
# A start this many times ln 10 from the truth comes from pre-activations that are far too large.
FAR_START = 3.0
# Updates are about a thousandth of the weights in a healthy run (CS231n); here a good deal less.
HARDLY_MOVES = 1e-5
# The norm of a fresh network's gradient is of the order of 0.1 in every layer.
VANISHED = 1e-4
PLAIN = ("sgd", "momentum", "nesterov")


def diverged(record: RunRecord) -> list[Caption]:
    """Where a run stopped being finite, counted from 1, and the likeliest cause.

    Raises:
        ValueError: the run did not diverge.
    """
    where, config = record.diverged, record.config
    if where is None:
        raise ValueError("this run did not diverge")
    figures = {
        "epoch": str(where.epoch),
        "step": str(where.step + 1),
        "layer": f"{where.layer + 1} of {len(config.hidden) + 1}",
        "where": f"{'an' if where.where == 'activation' else 'a'} {where.where}",
    }
    return [Caption("diverged", figures), _cause(record)]


def _cause(record: RunRecord) -> Caption:
    config = record.config
    factor = 1 - _shrink(config)
    start = record.start["val_crossentropy"]
    figures = {
        "eta": number(config.learning_rate),
        "lam": number(config.lam),
        "penalty": PENALTIES[config.penalty].label,
        "factor": number(round(factor, 4)),
        "sigma": number(config.init_std),
        "start": f"{start:.3g}",
        "optimizer": OPTIMIZERS[config.optimizer].label,
    }
    if _shrink(config) > FLIPS_AND_GROWS:
        return Caption("diverged by the penalty", figures)
    if config.initializer == "normal" and start > FAR_START * math.log(N_CLASSES):
        return Caption("diverged from the start", figures)
    return Caption("diverged by the rate", figures)


def _shrink(config: RunConfig) -> float:
    """The share of a weight that the penalty takes off it in one step, where that is a share:
    weight decay under any optimizer, L2 under plain gradient steps."""
    strength = penalties.coefficients(config)
    l2 = 2 * strength.l2 if config.optimizer in PLAIN else 0.0
    return config.learning_rate * max(l2, strength.weight_decay)


def stuck(run: Shown) -> Caption | None:
    """Why an ended run has learnt nothing; None where it has learnt, or nothing tells."""
    record, config = run.record, run.record.config
    if not record.complete or not run.kept or record.diverged is not None:
        return None
    for name in ("train_accuracy", "val_accuracy"):
        share = record.estimate(name, run.kept)
        if share.value - 1 / N_CLASSES > 2 * share.error:
            return None
    start = record.start_layers
    figures = {
        "initializer": INITIALIZERS[config.initializer].label,
        "activation": ACTIVATIONS[config.activation].label,
        "sigma": number(config.init_std),
        "lam": number(config.lam),
        "eta": number(config.learning_rate),
        "optimizer": OPTIMIZERS[config.optimizer].label,
        "layers": plural(len(config.hidden), "hidden layer"),
        "noise": small_percent(config.label_noise),
    }
    norms = record.layers_at("kernel_norm", run.kept)
    if not start["kernel_norm"].any():
        return Caption("stuck at zero", figures)
    if config.lam and norms.sum() < 0.05 * start["kernel_norm"].sum():
        figures["left"] = small_percent(float(norms.sum() / start["kernel_norm"].sum()))
        return Caption("stuck under the penalty", figures)
    if config.hidden:
        flat = float(record.layers_at("saturation", run.kept).max())
        figures["flat"] = small_percent(flat)
        dead = float(record.layers_at("dead_units", run.kept).max())
        figures["dead"] = small_percent(dead)
        if not saturates(config.activation) and dead > 0.9:
            return Caption("stuck with dead units", figures)
        if saturates(config.activation) and flat > 0.5:
            return Caption("stuck saturated", figures)
        gradient = float(start["gradient_norm"].max())
        if 0 < gradient < VANISHED:
            figures["gradient"] = number(float(f"{gradient:.2g}"))
            return Caption("stuck with vanishing gradients", figures)
    ratio = float(record.layers_at("update_ratio", run.kept).max())
    if ratio < HARDLY_MOVES:
        figures["ratio"] = number(float(f"{ratio:.2g}"))
        return Caption("stuck at a small rate", figures)
    if config.label_noise > 0.8:
        return Caption("stuck on noise", figures)
    return None
