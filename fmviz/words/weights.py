"""What is said of a network's weights: how large they are, and the first layer's pictures."""

from __future__ import annotations

import math

from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import weight_rms
from fmviz.run.naming import plural
from fmviz.run.record import n_weights
from fmviz.run.settings import number
from fmviz.words.numbers import (
    compared,
    percent,
    rounded,
    significant,
    small_percent,
    upper_first,
)
from fmviz.words.prose import Caption

# The roughness of pictures within this share is called alike: no eye tells them apart.
ROUGH_ALIKE = 0.1


def spread(run: Shown, baseline: Shown | None) -> Caption:
    """The typical size of a weight, its root mean square over all kernels."""
    sizes = [weight_rms(each.record, each.kept) for each in (run, baseline) if each is not None]
    figures = {"now": significant(sizes[0]), "weights": f"{n_weights(run.record.config):,}"}
    if baseline is None or baseline is run:
        return Caption("spread", figures)
    figures["before"] = significant(sizes[1])
    how = compared(sizes[0], sizes[1], "narrower", "wider")
    if min(sizes) > 0:
        figures["how"] = _beside(*sizes)
    elif how != "alike":
        how = "gone" if not sizes[0] else "alone"
    return Caption(f"spread {how}", figures)


def typical(run: Shown, epoch: int) -> str:
    """The root mean square of all weights after so many epochs."""
    return significant(weight_rms(run.record, epoch))


def _beside(now: float, before: float) -> str:
    """How a size lies beside another: "3% smaller than", "2.1 times as large as"."""
    if now < before:
        small = before / now > 2
        less = f"{rounded(before / now)} times" if small else percent(1 - now / before, 0)
        return f"{less} smaller than"
    if now / before > 2:
        return f"{rounded(now / before)} times as large as"
    return f"{percent(now / before - 1, 0)} larger than"


def dated(name: str, epoch: int) -> str:
    """What a picture of a run's weights is called: they need not be of the same epoch."""
    return f"{upper_first(name)}, after {plural(epoch, 'epoch')}"


def pictures(limit: float, beyond: float, units: int, hidden: bool) -> Caption:
    """How the first layer's pictures are to be read.

    Args:
        limit: the weight of full colour.
        beyond: the share of weights that exceed it.
        units: how many are shown.
        hidden: whether the first layer is a hidden one.
    """
    figures = {
        "limit": number(limit),
        "beyond": small_percent(beyond),
        "which": f"one of the first {units} {'hidden units' if hidden else 'classes'}"
        if units > 1
        else "the only hidden unit",
    }
    return Caption("pictures", figures)


def roughness(now: float, before: float | None = None) -> Caption:
    """How much neighbouring pixels' weights differ, with and without the penalty."""
    figures = {"now": f"{now:.2f}"}
    if math.isnan(now):
        return Caption("roughness none", figures)
    if before is None or math.isnan(before):
        return Caption("roughness", figures)
    figures["before"] = f"{before:.2f}"
    return Caption(f"roughness {compared(now, before, 'falls', 'rises', ROUGH_ALIKE)}", figures)


def of_another_epoch() -> Caption:
    """Where the weights that are shown are not those of the epoch that is looked at."""
    return Caption("weights of another epoch", {})
