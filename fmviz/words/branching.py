"""What is said of a run that branches, beside the same run as it goes on without."""

from __future__ import annotations

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.groups import begins_anew
from fmviz.run.naming import changes_name
from fmviz.theory import schedules
from fmviz.words.memory import on_true_labels
from fmviz.words.numbers import around, decimals, direction, percent, short_points
from fmviz.words.prose import Caption, Claim


def of_pair(
    trunk: Shown, branched: Shown, beside: Shown | None = None, *, gap_seen: bool = True
) -> list[Caption]:
    """What came of the branch, and what of the run went on in it.

    Args:
        trunk: the run as it goes on without its branch.
        branched: ended, like the other.
        beside: a third run that stands beside the two, ended.
        gap_seen: whether the picture above has training accuracy; where it has not, what becomes
            of validation accuracy leads, and the gap is told after it.
    """
    config = branched.record.config
    if branched.record.diverged is not None or trunk.record.diverged is not None:
        return [Caption("branch, diverged", {"epoch": str(config.branch_epoch)})]
    third = None if beside is None or beside.record.diverged else beside
    digits = max(_digits(branched, each) for each in (trunk, third) if each is not None)
    ends = [_outcome(trunk, branched, digits), *_gap(trunk, branched)]
    if gap_seen:
        # What has changed leads.
        ends.sort(key=lambda caption: not any(claim.direction for claim in caption.claims))
    others = [] if third is None else [_beside(third, branched, digits)]
    captions = [*ends, *others, *went_on(branched)]
    epoch = config.branch_epoch
    one, other = (r.record.history["val_crossentropy"][:epoch] for r in (trunk, branched))
    if not np.array_equal(one, other):
        captions.append(Caption("branch, other company", {"epoch": str(epoch)}))
    return captions


def _digits(run: Shown, other: Shown) -> int:
    """With how many decimals the validation accuracies of two runs are told."""
    change = comparing.change(run, other, "val")
    return decimals(run.at("val_accuracy"), other.at("val_accuracy"), change)


def _outcome(trunk: Shown, branched: Shown, digits: int) -> Caption:
    """Validation accuracy of both, image by image."""
    config = branched.record.config
    change = comparing.change(branched, trunk, "val")
    figures = {
        "changes": changes_name(config),
        "epoch": str(config.branch_epoch),
        "change": around(change.size, digits),
        "now": percent(branched.at("val_accuracy"), digits),
        "before": percent(trunk.at("val_accuracy"), digits),
        "images": f"{branched.record.examples['validation']:,}",
    }
    claim = Claim("val_accuracy", branched.name, change.sign, trunk.name)
    return Caption(f"branch, {direction(change, 'lower', 'alike', 'higher')}", figures, (claim,))


def _beside(other: Shown, branched: Shown, digits: int) -> Caption:
    """Validation accuracy of the branch and of a third run, image by image."""
    change = comparing.change(branched, other, "val")
    figures = {
        "other": other.name,
        "accuracy": percent(other.at("val_accuracy"), digits),
        "change": around(change.size, digits),
    }
    claim = Claim("val_accuracy", branched.name, change.sign, other.name)
    how = "same" if change.same else direction(change, "lower", "alike", "higher")
    return Caption(f"branch beside, {how}", figures, (claim,))


def _gap(trunk: Shown, branched: Shown) -> list[Caption]:
    """The accuracy gaps of both; nothing where no label is true."""
    gaps = comparing.gaps(branched, trunk)
    if gaps is None:
        return []
    change = gaps.change
    digits = decimals(gaps.run.value, gaps.other.value, change)
    figures = {
        "epoch": str(branched.record.config.branch_epoch),
        "change": around(change.size, digits),
        "gap": short_points(gaps.run, digits),
        "trunk_gap": short_points(gaps.other, digits),
        "counted": on_true_labels((branched, trunk)),
    }
    claim = Claim("gap", branched.name, change.sign, trunk.name)
    how = direction(change, "narrower", "alike", "wider")
    if gaps.below_zero:
        how = "below zero"
    return [Caption(f"branch, gap {how}", figures, (claim,))]


def went_on(branched: Shown) -> list[Caption]:
    """What of the run went on at its branch, and what began anew."""
    config = branched.record.config
    trunk, after = config.trunk, config.after
    taken = config.steps_in(config.branch_epoch)
    figures = {
        "epoch": str(config.branch_epoch),
        "before": OPTIMIZERS[trunk.optimizer].label,
        "after": OPTIMIZERS[after.optimizer].label,
        "step": f"{taken:,}",
        "total": f"{trunk.steps:,}",
    }
    if begins_anew(config):
        # Plain SGD remembers nothing between two steps.
        how = "gone" if after.optimizer == "sgd" else "anew"
        return [Caption(f"branch, slots {how}", figures)]
    captions = [Caption("branch, slots kept", figures)]
    if after.schedule == "plateau":
        captions.append(Caption("branch, plateau watches anew", figures))
    elif after.schedule != "constant" and schedules.sets_rate(config):
        captions.append(Caption("branch, schedule entered", figures))
    return captions
