"""What the closer looks at why small weights help say: nudged images, a line through ten points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing
from fmviz.analysis.significance import paired
from fmviz.analysis.stopping import Shown
from fmviz.lessons.regularisation import wiggle
from fmviz.lessons.regularisation.nudge import Certainty, Nudged
from fmviz.run.data import CLASS_NAMES
from fmviz.run.settings import number
from fmviz.words.numbers import decimals, percent, points, rounded, upper_first
from fmviz.words.prose import Caption, Claim

# So many of the images on which two networks part are named.
NAMED = 8


class Steadiness(NamedTuple):
    """A network whose images are nudged.

    Attributes:
        run: with the epoch that its weights are of.
        here: its answers at the reader's ε.
        calm: how sure it is without noise.
    """

    run: Shown
    here: Nudged
    calm: Certainty


def nudged(networks: Sequence[Steadiness]) -> list[Caption]:
    """Whether the answers of the last network move less than those of the first.

    Args:
        networks: the baseline and the run, or the baseline alone.
    """
    run, baseline = networks[-1], networks[0]
    figures = {
        "epsilon": number(run.here.epsilon),
        "images": f"{len(run.here.moved):,}",
        "share": points(run.here.share_moved),
    }
    if not run.here.epsilon:
        return [Caption("nudge by nothing", figures)]
    if len(networks) == 1:
        return [Caption("nudge alone", figures)]
    change = paired(run.here.moved, baseline.here.moved)
    digits = decimals(run.here.share_moved, baseline.here.share_moved, change)
    figures |= {
        "share": points(run.here.share_moved, digits=digits),
        "before": points(baseline.here.share_moved, digits=digits),
        "apart": points(change.size, digits=digits),
    }
    how = ("could be noise", "shakier", "steadier")[change.sign]
    if run.calm.classes == 1:
        how = "one answer"
    elif not (run.here.moved.any() or baseline.here.moved.any()):
        how = "none move"
    captions = [Caption(f"nudge {how}", figures)]
    if how == "none move":
        return captions
    return [*captions, _right(run.here, baseline.here), _price(run, baseline)]


def _right(here: Nudged, before: Nudged) -> Caption:
    change = paired(here.right, before.right)
    digits = decimals(here.share_right, before.share_right, change)
    figures = {
        "right": points(here.share_right, digits=digits),
        "right_before": points(before.share_right, digits=digits),
        "apart": points(change.size, digits=digits),
    }
    return Caption(f"nudged right, {('unclear', 'more', 'fewer')[change.sign]}", figures)


def _price(run: Steadiness, baseline: Steadiness) -> Caption:
    change = comparing.change(run.run, baseline.run, "train")
    ends = run.run.at("train_accuracy"), baseline.run.at("train_accuracy")
    digits = decimals(*ends, change)
    figures = {
        "apart": points(change.size, digits=digits),
        "train": percent(ends[0], digits),
        "train_before": percent(ends[1], digits),
        "sure": points(run.calm.mean),
        "sure_before": points(baseline.calm.mean),
    }
    claim = Claim("train_accuracy", run.run.name, change.sign, baseline.run.name)
    return Caption("nudge price" if change.sign < 0 else "nudge no price", figures, (claim,))


def parted(run: Nudged, baseline: Nudged) -> Caption:
    """Some images on which one network's answer moves and the other's stays."""
    figures = {
        "only_before": _named(baseline.moved & ~run.moved),
        "only_now": _named(run.moved & ~baseline.moved),
    }
    return Caption("nudge parted", figures)


def _named(which: npt.NDArray[np.bool_]) -> str:
    found = np.flatnonzero(which)
    return ", ".join(map(str, found[:NAMED])) + ", …" * (len(found) > NAMED) or "none"


def one_image(
    truth: int, epsilon: float, answers: Sequence[tuple[str, npt.NDArray[np.floating[Any]]]]
) -> Caption:
    """What each network makes of one image, as it is and nudged.

    Args:
        truth: its class.
        answers: by run, the shares of the classes without and with noise, (2, classes).
    """
    figures = {"truth": CLASS_NAMES[truth], "epsilon": number(epsilon)}
    # The run comes last; alone, the baseline is the run.
    for role, (name, shares) in zip(("now", "before"), reversed(answers)):
        figures[role] = upper_first(name)
        for when, row in zip(("calm", "nudged"), shares, strict=True):
            answer = int(row.argmax())
            figures[f"{role}_{when}"] = f"{CLASS_NAMES[answer]}, {percent(float(row[answer]))}"
    return Caption("nudged image" if len(answers) == 2 else "nudged image alone", figures)


def line(lam: float, values: npt.NDArray[np.float64]) -> Caption:
    """How the line does on its own points and on new ones, beside that of λ = 0.

    Everything is exact: the line is solved for, and its error on new points worked out.
    """
    here, free = wiggle.errors(lam, values), wiggle.errors(0.0, values)
    held_out = {at: wiggle.errors(at, values).held_out for at in {*wiggle.LAMBDAS, lam}}
    best = min(held_out, key=lambda at: held_out[at])
    figures = {
        "lam": number(lam),
        "training": f"{here.training:.2f}",
        "held_out": f"{here.held_out:.2f}",
        "free": f"{free.held_out:.2f}",
        "largest": rounded(float(np.abs(wiggle.fit(lam, values).weights).max())),
        "largest_free": rounded(float(np.abs(wiggle.fit(0.0, values).weights).max())),
        "best": number(best),
        "others": f"{wiggle.OTHER_SETS:,}",
        "share": percent(wiggle.better_than_free(lam)),
        "sigma": number(wiggle.SIGMA),
    }
    if lam == 0:
        return Caption("line exact", figures)
    if here.held_out >= free.held_out:
        return Caption("line worse", figures)
    # The curve is flat there: what is told of both is the same.
    if figures["held_out"] == f"{held_out[best]:.2f}":
        return Caption("line best", figures)
    return Caption("line calmer" if lam < best else "line stiff", figures)
