"""What the lesson on L2 and L1 says of each closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from fmviz.analysis import comparing, significance, sweeps
from fmviz.analysis.significance import SAME
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import weight_rms
from fmviz.lessons.regularisation.pruning import Pruned, prunable
from fmviz.run.choices import N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Flips
from fmviz.run.naming import plural, run_name
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.words.memory import on_true_labels
from fmviz.words.numbers import decimals, percent, points, significant, small_percent, upper_first
from fmviz.words.prose import Caption, Claim

# The runs of one setting, one a seed.
SeedsOf: TypeAlias = Sequence[RunRecord]


def pruning(config: RunConfig, curve: Sequence[Pruned], share: float) -> Caption:
    """How much of one network can be pruned, and what the reader's share costs.

    Args:
        curve: measured at `pruning.SHARES` and at the reader's share.
    """
    here = min(curve, key=lambda point: abs(point.share - share))
    most = prunable(curve)
    smallest = min(point.share for point in curve if point.share)
    digits = decimals(curve[0].accuracy, here.accuracy, here.lost)
    figures = {
        "name": upper_first(run_name(config)),
        "whole": f"{points(curve[0].accuracy, digits=digits)}%",
        "most": f"up to {_share(most)}" if most else f"less than {_share(smallest)}",
        "share": _share(here.share),
        "left": f"{points(here.accuracy, digits=digits)}%",
        "lost": points(here.lost.size, digits=digits),
    }
    if most == 1:
        # Without any weight the biases give every image the same answer.
        return Caption("pruned, nothing learnt", figures)
    if not here.share:
        return Caption("pruned, not yet", figures)
    how = ("for nothing", "at a price", "for the better")[here.lost.sign]
    return Caption(f"pruned {how}", figures)


def _share(share: float) -> str:
    return percent(share, 1).replace(".0%", "%")


def like(first: RunRecord, second: RunRecord, names: tuple[str, str], tolerance: float) -> Caption:
    """Whether two networks are equally good, which is what their sparsity is to be compared at."""
    apart = _change(first, second)
    sparsities = [record.sparsity(tolerance, record.epochs) for record in (first, second)]
    figures = {
        "first": names[0],
        "second": names[1],
        "sparser": names[sparsities[1] > sparsities[0]],
        "better": names[apart.value < 0],
        "first_sparsity": small_percent(sparsities[0]),
        "second_sparsity": small_percent(sparsities[1]),
        "apart": points(apart.size),
    }
    if apart.same:
        return Caption("same answers", figures, leads=True)
    claims = (Claim("val_accuracy", names[0], apart.sign, names[1]),)
    if apart.sign:
        return Caption("unlike accuracy", figures, claims, leads=True)
    equal = figures["first_sparsity"] == figures["second_sparsity"]
    section = "like accuracy, as sparse" if equal else "like accuracy"
    return Caption(section, figures, claims, leads=True)


def pixels(alive: int, before: int | None, tolerance: float) -> Caption:
    """How many pixels still have a say.

    Args:
        alive, before: pixels with a weight above the tolerance, with and without the penalty.
    """
    figures = {
        "alive": str(alive),
        "pixels": str(N_PIXELS),
        "before": str(before),
        "tolerance": number(tolerance),
    }
    return Caption("pixels" if before is None else "pixels beside", figures)


def about_pixels(blank: int, n: int) -> Caption:
    """What the picture shows, and the pixels that the data says nothing of.

    Args:
        blank: pixels that are zero in every training image.
        n: training images.
    """
    figures = {"blank": str(blank), "pixels": str(N_PIXELS), "n": f"{n:,}"}
    return Caption("about pixels", figures)


def flips(
    flipped: Flips, right: Sequence[np.ndarray[tuple[int], np.dtype[np.bool_]]], split: str
) -> Caption:
    """How many images the penalty turns right and wrong, and what is left of that.

    Args:
        right: (m,) whether the run and its baseline are right, in this order.
        split: "validation" or "test".
    """
    change = significance.paired(right[0], right[1])
    figures = {
        "gained": f"{len(flipped.gained):,}",
        "lost": f"{len(flipped.lost):,}",
        "images": f"{len(right[0]):,}",
        "split": split,
        "change": points(change.size),
    }
    if not len(flipped.gained) + len(flipped.lost):
        return Caption("flips none", figures)
    return Caption(f"flips {('could be noise', 'gain', 'lose')[change.sign]}", figures)


def flips_of_epochs(run: Shown, baseline: Shown) -> Caption | None:
    """That early stopping has a part in the difference, where the two are shown after other
    epochs."""
    if run.kept == baseline.kept:
        return None
    figures = {"now": plural(run.kept, "epoch"), "before": plural(baseline.kept, "epoch")}
    return Caption("flips of other epochs", figures)


def _change(record: RunRecord, other: RunRecord) -> significance.Comparison:
    """Validation accuracy of one ended run − that of another, image by image."""
    return comparing.change(Shown.at_end(record), Shown.at_end(other), "val")


def best_of_sweep(records: Mapping[str, Sequence[SeedsOf]], baseline: SeedsOf) -> list[Caption]:
    """The λ of each kind with the highest validation accuracy, against none; of several seeds, the
    highest mean.

    Args:
        records: by kind, a λ each, those that ended finite with every seed.
    """
    captions = []
    for kind, found in records.items():
        if not found:
            captions.append(Caption("sweep, all diverged", {"kind": kind}))
            continue
        best = found[sweeps.ranked(dict(enumerate(found))).best]
        change = significance.among(sweeps.change(best, baseline), len(found))
        means = sweeps.mean_accuracy(best), sweeps.mean_accuracy(baseline)
        digits = decimals(*means, change)
        figures = {
            "kind": kind,
            "lam": number(best[0].config.lam),
            "accuracy": f"{points(means[0], digits=digits)}%",
            "baseline": f"{points(means[1], digits=digits)}%",
            "change": points(change.size, digits=digits),
            "tried": str(len(found)),
        }
        how = "changes nothing" if change.same else ("could be noise", "wins", "loses")[change.sign]
        captions.append(Caption(f"sweep {how}", figures))
    return captions


def harmless(found: Sequence[SeedsOf], baseline: SeedsOf, tolerance: float, kind: str) -> Caption:
    """The largest λ of a kind up to which validation accuracy does not fall beyond noise, and how
    narrow the gap and how sparse the network is there; of several seeds, their means."""
    last: SeedsOf | None = None
    for runs in sorted(found, key=lambda runs: runs[0].config.lam):
        if sweeps.change(baseline, runs).sign > 0:
            break
        last = runs
    if last is None:
        smallest = min(runs[0].config.lam for runs in found)
        return Caption("harmless none", {"kind": kind, "lam": number(smallest)})
    sparsities = [record.sparsity(tolerance, record.epochs) for record in last]
    figures = {
        "kind": kind,
        "lam": number(last[0].config.lam),
        "sparsity": small_percent(float(np.mean(sparsities))),
        "tolerance": number(tolerance),
    }
    gap, before = sweeps.mean_gap(last), sweeps.mean_gap(baseline)
    if gap is None or before is None:
        return Caption("harmless, no true label", figures)
    figures |= {"gap": points(gap), "baseline_gap": points(before)}
    figures["counted"] = on_true_labels(list(map(Shown.at_end, last)))
    return Caption("harmless", figures)


def zeros(plain: RunRecord, proximal: RunRecord, tolerance: float) -> list[Caption]:
    """Exact zeros apart from near ones, under L1 as Keras does it and with the proximal step."""
    ends = [(record, record.epochs) for record in (plain, proximal)]
    exact = [record.sparsity(0.0, epoch) for record, epoch in ends]
    near = [record.sparsity(tolerance, epoch) for record, epoch in ends]
    apart = _change(plain, proximal)
    pull = penalties.pull(plain.config)
    figures = {
        "pull": number(pull),
        "plain_exact": small_percent(exact[0]),
        "proximal_exact": small_percent(exact[1]),
        "plain_near": small_percent(near[0]),
        "proximal_near": small_percent(near[1]),
        "tolerance": number(tolerance),
        "apart": points(apart.size),
        "better": ("plain L1", "the proximal step")[apart.value < 0],
    }
    said = [Caption("zeros" if exact[1] > exact[0] else "zeros alike", figures)]
    if tolerance:
        said.append(Caption("zeros near", figures))
        if tolerance < pull:
            said.append(Caption("zeros, hops above tolerance", figures))
    if apart.same:
        return [*said, Caption("same answers", figures)]
    claim = Claim("val_accuracy", "plain L1", apart.sign, "the proximal step")
    like = "differs" if apart.sign else "could be noise"
    return [*said, Caption(f"zeros, accuracy {like}", figures, (claim,))]


def adam_and_adamw(swept: Sequence[tuple[RunRecord, RunRecord]]) -> Caption:
    """At which λ Adam with L2 and AdamW differ by more than noise.

    Args:
        swept: (Adam + L2, AdamW) at the same λ, from small to large.
    """
    for coupled, decoupled in swept:
        pair = Shown.at_end(coupled), Shown.at_end(decoupled)
        gaps = comparing.gaps(*pair)
        # Where no label is true, validation alone can part the two.
        both = SAME if gaps is None else gaps.change, comparing.change(*pair, "val")
        wider, accuracies = (significance.among(each, 2 * len(swept)) for each in both)
        if wider.could_be_noise and accuracies.could_be_noise:
            continue
        figures = {
            "lam": number(coupled.config.lam),
            "l2_val": percent(coupled.at_end("val_accuracy")),
            "adamw_val": percent(decoupled.at_end("val_accuracy")),
            "l2_rms": significant(weight_rms(coupled, coupled.epochs)),
            "adamw_rms": significant(weight_rms(decoupled, decoupled.epochs)),
        }
        claims = tuple(
            Claim(figure, "Adam + L2", each.sign, "AdamW")
            for figure, each in (("gap", wider), ("val_accuracy", accuracies))
            if each.sign
        )
        if gaps is None:
            return Caption("adamw differs, no true label", figures, claims)
        figures |= {"l2_gap": points(gaps.run), "adamw_gap": points(gaps.other)}
        figures["counted"] = on_true_labels(pair)
        return Caption("adamw differs", figures, claims)
    if not swept:
        return Caption("adamw none", {})
    last = list(map(Shown.at_end, swept[-1]))
    true = all(comparing.gap(run) is not None for run in last)
    figures = {
        "lam": number(swept[-1][0].config.lam),
        "counted": on_true_labels(last),
    }
    return Caption("adamw alike" if true else "adamw alike, no true label", figures)
