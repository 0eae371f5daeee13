"""Why a run went wrong, from its own figures: the likely cause and the knob to turn."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis.stopping import Shown
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, N_CLASSES, OPTIMIZERS, PENALTIES
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.naming import plural
from fmviz.run.record import Array, Divergence, RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties, schedules
from fmviz.theory.rules import MOMENTUM
from fmviz.words.numbers import amount, rounded, small_percent
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
    return [Caption("diverged", figures), _cause(record, where)]


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


def _cause(record: RunRecord, where: Divergence) -> Caption:
    config, rate = record.config.in_epoch(where.epoch), _rate(record, where)
    shrink, limit = _shrink(config, rate)
    start = record.start["val_crossentropy"]
    figures = {
        "eta": rounded(rate, 3),
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
    far = config.initializer == "normal" and start > FAR_START * math.log(N_CLASSES)
    # A run that lived to its branch has survived its start.
    if far and config == record.config.trunk:
        return Caption("diverged from the start", figures | {"eta": number(config.learning_rate)})
    return Caption("diverged by the rate", figures)


def _rate(record: RunRecord, where: Divergence) -> float:
    """The highest learning rate up to a step, under the settings that were in force there."""
    config, begun, factor = record.config, 0, 1.0
    if config.branch and where.epoch > config.branch_epoch:
        begun = config.steps_in(config.branch_epoch)
        plateau = schedules.Plateau(config)
        for loss in record.history["val_loss"][: config.branch_epoch]:
            plateau.after_epoch(float(loss))
        factor = plateau.factor
    until = config.steps_in(where.epoch - 1) + where.step + 1
    highest = factor * float(schedules.learning_rates(config)[begun:until].max())
    # A warm-up begins at 0.
    return highest or config.in_epoch(where.epoch).learning_rate


def _shrink(config: RunConfig, rate: float) -> tuple[float, float]:
    """How many times its own size the penalty takes off a weight in one step, and beyond how many
    that grows: weight decay under any optimizer, L2 under plain gradient steps; else 0.

    Args:
        config: without a branch.
        rate: the learning rate of the step.
    """
    strength = penalties.coefficients(config)
    if strength.weight_decay or config.optimizer not in FLIPS_AND_GROWS:
        return rate * strength.weight_decay, FLIPS_AND_GROWS["sgd"]
    return rate * 2 * strength.l2, FLIPS_AND_GROWS[config.optimizer]


def stuck(run: Shown) -> Caption | None:
    """Why an ended run has learnt nothing; None where it has learnt, or nothing tells."""
    record, config = run.record, run.record.config.in_epoch(run.kept)
    if not record.complete or not run.kept or record.diverged is not None:
        return None
    if not learnt_nothing(run):
        return None
    start = record.start_layers
    figures = _settings(config) | {
        "layers": plural(len(config.hidden), "hidden layer"),
        "noise": small_percent(config.label_noise),
    }
    # Without hidden units nothing has to be told apart: a linear network learns from zero.
    if config.hidden and not start["kernel_norm"].any():
        passes = config.activation == "sigmoid"
        return Caption("stuck alike" if passes else "stuck at zero", figures)
    left = _so_far(run, "kernel_norm").sum(axis=1) / (start["kernel_norm"].sum() or math.nan)
    since = _when(run, left < 0.05)
    if since is not None and since.lam:
        figures |= _settings(since) | {"left": small_percent(float(left[-1]))}
        return Caption("stuck under the penalty", figures)
    if config.hidden and (of_layers := _stuck_in_a_layer(run, figures)) is not None:
        return of_layers
    # The largest of all: a schedule may have ended at next to nothing.
    ratio = float(_so_far(run, "update_ratio").max())
    # Where there is no gradient at all, another rate changes nothing.
    if 0 < ratio < HARDLY_MOVES:
        figures["ratio"] = number(float(f"{ratio:.2g}"))
        return Caption("stuck at a small rate", figures)
    if config.label_noise > 0.8:
        return Caption("stuck on noise", figures)
    return None


def _settings(config: RunConfig) -> dict[str, str]:
    """What a run is told to turn, as it stood."""
    return {
        "initializer": INITIALIZERS[config.initializer].label,
        "activation": ACTIVATIONS[config.activation].label,
        "sigma": number(config.init_std),
        "lam": number(config.lam),
        "eta": number(config.learning_rate),
        "optimizer": OPTIMIZERS[config.optimizer].label,
    }


def _so_far(run: Shown, name: str) -> Array:
    """A layer measure up to the weights kept: (epochs, layers)."""
    return run.record.layers[name][: run.kept]


def _when(run: Shown, holds: npt.NDArray[np.bool_]) -> RunConfig | None:
    """The settings under which something came to hold that holds with the weights kept, without a
    branch; None where it does not.

    Args:
        holds: whether it held after each epoch, (epochs,).
    """
    if not holds[-1]:
        return None
    never = np.flatnonzero(~holds)
    return run.record.config.in_epoch(int(never[-1]) + 2 if len(never) else 1)


def _stuck_in_a_layer(run: Shown, figures: dict[str, str]) -> Caption | None:
    """Why a layer passes no gradient, or next to none; None where all do."""
    record, start = run.record, run.record.start_layers
    activation = record.config.activation
    shares = _so_far(run, "saturation")
    layer = shares[-1].argmax()
    flat, began = float(shares[-1, layer]), float(start["saturation"][layer])
    figures |= {"flat": small_percent(flat), "flat_start": small_percent(began)}
    dead = _so_far(run, "dead_units").max(axis=1)
    figures |= {"dead": small_percent(float(dead[-1])), "probe": f"{record.examples['probe']:,}"}
    # ReLU's slope is exactly 0 where it is flat.
    figures["passes"] = "no" if activation == "relu" else "next to no"
    since = _when(run, dead > 0.9)
    if not saturates(activation) and since is not None:
        warmed = since.schedule == "warmup"
        section = f"stuck with dead units{', warmed up' if warmed else ''}"
        return Caption(section, figures | _settings(since))
    since = _when(run, shares[:, layer] > 0.5)
    if saturates(activation) and since is not None:
        led = began <= 0.5
        section = f"stuck saturated{' by training' if led else ''}"
        return Caption(section, figures | _settings(since))
    gradient = float(start["gradient_norm"].max())
    if 0 < gradient < VANISHED:
        figures["gradient"] = number(float(f"{gradient:.2g}"))
        return Caption("stuck with vanishing gradients", figures)
    return None
