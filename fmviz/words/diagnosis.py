"""Why a run went wrong, from its own figures: the likely cause and the knob to turn."""

from __future__ import annotations

import math
from typing import NamedTuple

from fmviz.analysis.stopping import Shown
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, N_CLASSES, OPTIMIZERS, PENALTIES
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.theory.rules import MOMENTUM
from fmviz.words.numbers import amount, small_percent
from fmviz.words.prose import Caption
from fmviz.words.shared import learnt_nothing

# A penalty that takes more than so many times its own size off a weight in each step throws it
# farther out every time. With momentum β the roots of z² − (1 + β − s)z + β leave the unit circle
# at s = 2(1 + β); Nesterov's, of z² − (1 + β)(1 − s)z + β(1 − s), at 2(1 + β)/(1 + 2β).
FLIPS_AND_GROWS: dict[str, float] = {
    "sgd": 2.0,
    "momentum": 2 * (1 + MOMENTUM),
    "nesterov": 2 * (1 + MOMENTUM) / (1 + 2 * MOMENTUM),
}
# A start this many times ln 10 from the truth comes from pre-activations that are far too large.
FAR_START = 3.0
# Updates are about a thousandth of the weights in a healthy run (CS231n); here a good deal less.
HARDLY_MOVES = 1e-5
# The norm of a fresh network's gradient is of the order of 1 in every layer.
VANISHED = 1e-4


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


class InShort(NamedTuple):
    """What became of a run that went wrong, and what to do."""

    verdict: Caption
    cause: Caption


def in_short(run: Shown) -> InShort | None:
    """Of a run that diverged or has learnt nothing; None of one that has not gone wrong, and where
    nothing tells why."""
    if run.record.diverged is not None:
        whole, cause = diverged(run.record)
        return InShort(Caption("diverged, in short", whole.figures), cause)
    why = stuck(run)
    return None if why is None else InShort(Caption("nothing learnt, in short", {}), why)


def _cause(record: RunRecord) -> Caption:
    config = record.config
    shrink, limit = _shrink(config)
    start = record.start["val_crossentropy"]
    figures = {
        "eta": number(config.learning_rate),
        "lam": number(config.lam),
        "penalty": PENALTIES[config.penalty].label,
        "factor": number(round(1 - shrink, 4)),
        "times": number(round(shrink, 4)),
        "limit": number(round(limit, 2)),
        "sigma": number(config.init_std),
        "start": amount(start),
        "optimizer": OPTIMIZERS[config.optimizer].label,
    }
    if shrink > limit:
        plain = limit == FLIPS_AND_GROWS["sgd"]
        return Caption(f"diverged by the penalty{'' if plain else ' and momentum'}", figures)
    if config.initializer == "normal" and start > FAR_START * math.log(N_CLASSES):
        return Caption("diverged from the start", figures)
    return Caption("diverged by the rate", figures)


def _shrink(config: RunConfig) -> tuple[float, float]:
    """How many times its own size the penalty takes off a weight in one step, and beyond how many
    that grows: weight decay under any optimizer, L2 under plain gradient steps; else 0."""
    strength = penalties.coefficients(config)
    if strength.weight_decay or config.optimizer not in FLIPS_AND_GROWS:
        return config.learning_rate * strength.weight_decay, FLIPS_AND_GROWS["sgd"]
    return config.learning_rate * 2 * strength.l2, FLIPS_AND_GROWS[config.optimizer]


def stuck(run: Shown) -> Caption | None:
    """Why an ended run has learnt nothing; None where it has learnt, or nothing tells."""
    record, config = run.record, run.record.config
    if not record.complete or not run.kept or record.diverged is not None:
        return None
    if not learnt_nothing(run):
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
    # Without hidden units nothing has to be told apart: a linear network learns from zero.
    if config.hidden and not start["kernel_norm"].any():
        passes = config.activation == "sigmoid"
        return Caption("stuck alike" if passes else "stuck at zero", figures)
    if config.lam and norms.sum() < 0.05 * start["kernel_norm"].sum():
        figures["left"] = small_percent(float(norms.sum() / start["kernel_norm"].sum()))
        return Caption("stuck under the penalty", figures)
    if config.hidden:
        shares = record.layers_at("saturation", run.kept)
        flat, began = float(shares.max()), float(start["saturation"][shares.argmax()])
        figures |= {"flat": small_percent(flat), "flat_start": small_percent(began)}
        dead = float(record.layers_at("dead_units", run.kept).max())
        figures |= {"dead": small_percent(dead), "probe": f"{record.examples['probe']:,}"}
        # ReLU's slope is exactly 0 where it is flat.
        figures["passes"] = "no" if config.activation == "relu" else "next to no"
        if not saturates(config.activation) and dead > 0.9:
            warmed = config.schedule == "warmup"
            return Caption(f"stuck with dead units{', warmed up' if warmed else ''}", figures)
        if saturates(config.activation) and flat > 0.5:
            led = began <= 0.5
            return Caption(f"stuck saturated{' by training' if led else ''}", figures)
        gradient = float(start["gradient_norm"].max())
        if 0 < gradient < VANISHED:
            figures["gradient"] = number(float(f"{gradient:.2g}"))
            return Caption("stuck with vanishing gradients", figures)
    ratio = float(record.layers_at("update_ratio", run.kept).max())
    # Where there is no gradient at all, another rate changes nothing.
    if 0 < ratio < HARDLY_MOVES:
        figures["ratio"] = number(float(f"{ratio:.2g}"))
        return Caption("stuck at a small rate", figures)
    if config.label_noise > 0.8:
        return Caption("stuck on noise", figures)
    return None
