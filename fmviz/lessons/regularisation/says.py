"""What the lesson on L2 and L1 says of each closer look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.comparing import paired_difference
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import weight_rms
from fmviz.lessons.regularisation import geometry
from fmviz.lessons.regularisation.pruning import Pruned, prunable
from fmviz.run.choices import N_PIXELS, OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, Flips
from fmviz.run.naming import run_name
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.words.numbers import percent, points, rounded, small_percent, upper_first
from fmviz.words.prose import Caption


def pruning(config: RunConfig, curve: Sequence[Pruned], share: float) -> Caption:
    """How much of one network can be pruned, and what the reader's share costs.

    Args:
        curve: measured at `pruning.SHARES` and at the reader's share.
    """
    here = min(curve, key=lambda point: abs(point.share - share))
    most = prunable(curve)
    figures = {
        "name": upper_first(run_name(config)),
        "whole": f"{points(curve[0].accuracy)}%",
        "most": percent(most, 1).replace(".0%", "%"),
        "share": percent(here.share, 1).replace(".0%", "%"),
        "left": f"{points(here.accuracy)}%",
        "lost": points(Estimate(abs(here.lost.value), here.lost.error)),
    }
    if here.lost.could_be_noise:
        return Caption("pruned for nothing", figures)
    return Caption("pruned at a price" if here.lost.value > 0 else "pruned for the better", figures)


def like(first: RunRecord, second: RunRecord, names: tuple[str, str], tolerance: float) -> Caption:
    """Whether two networks are equally good, which is what their sparsity is to be compared at."""
    apart = _change(first, second)
    sparsities = [record.sparsity(tolerance, record.epochs) for record in (first, second)]
    figures = {
        "first": names[0],
        "second": names[1],
        "first_sparsity": small_percent(sparsities[0]),
        "second_sparsity": small_percent(sparsities[1]),
        "apart": points(apart.size),
    }
    return Caption("like accuracy" if apart.could_be_noise else "unlike accuracy", figures)


def pixels(alive: int, before: int | None, tolerance: float, blank: int, n: int) -> Caption:
    """How many pixels still have a say.

    Args:
        alive, before: pixels with a weight above the tolerance, with and without the penalty.
        blank: pixels that are zero in every training image.
        n: training images.
    """
    figures = {
        "alive": str(alive),
        "gone": str(N_PIXELS - alive),
        "pixels": str(N_PIXELS),
        "before": str(before),
        "tolerance": "0" if tolerance == 0 else number(tolerance),
        "blank": str(blank),
        "n": f"{n:,}",
    }
    return Caption("pixels" if before is None else "pixels beside", figures)


def flips(
    flipped: Flips, right: Sequence[np.ndarray[tuple[int], np.dtype[np.bool_]]], split: str
) -> Caption:
    """How many images the penalty turns right and wrong, and what is left of that.

    Args:
        right: (m,) whether the run and its baseline are right, in this order.
        split: "validation" or "test".
    """
    change = paired_difference(right[0], right[1])
    figures = {
        "gained": f"{len(flipped.gained):,}",
        "lost": f"{len(flipped.lost):,}",
        "images": f"{len(right[0]):,}",
        "split": split,
        "change": points(change, signed=True),
    }
    if not len(flipped.gained) + len(flipped.lost):
        return Caption("flips none", figures)
    return Caption("flips could be noise" if change.could_be_noise else "flips differ", figures)


def law(weight: float, config: RunConfig, steps: int) -> list[Caption]:
    """What plain steps on the penalty alone make of one weight, under L2 and under L1.

    Args:
        config: with a λ; its kind of penalty does not matter.
        steps: gradient steps of the run.
    """
    pull, size = penalties.pull(config), abs(weight)
    end = np.array([steps])
    l2, l1 = (
        abs(float(penalties.shrink_path(size, config.replace(penalty=kind), end)[0]))
        for kind in ("l2", "l1")
    )
    figures = {
        "weight": number(size),
        "pull": number(pull),
        "factor": f"1 − {number(pull)}" if pull < 0.01 else number(1 - pull),
        "steps": f"{steps:,}",
        "l2": number(_three(l2)),
        "l1": number(_three(l1)),
        "arrival": f"{math.ceil(size / pull):,}" if pull else "",
        "half": f"{math.ceil(math.log(0.5) / math.log1p(-pull)):,}" if 0 < pull < 1 else "",
    }
    if pull >= 1:
        return [Caption("law overshoots", figures)]
    captions = [Caption("law", figures)]
    if size == 0:
        return [Caption("law zero", figures)]
    # L2 takes off a share of the weight, L1 the same from all: at |w| = 1 they are equal.
    first = "both alike" if size == 1 else "L2 first" if size > 1 else "L1 first"
    captions.append(Caption(f"law, {first}", figures))
    if config.optimizer != "sgd":
        captions.append(
            Caption("law elsewhere", figures | {"optimizer": OPTIMIZERS[config.optimizer].label})
        )
    return captions


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def two_weights(bowl: geometry.Bowl, strength: float) -> Caption:
    """Where the two penalties bring two weights."""
    ridge, lasso = (geometry.optimum(bowl, penalty, strength) for penalty in ("l2", "l1"))
    figures = {
        "strength": number(strength),
        "l2": f"({ridge[0]:.2f}, {ridge[1]:.2f})",
        "l1": f"({lasso[0]:.2f}, {lasso[1]:.2f})",
        "data": f"({bowl.lowest[0]:.2f}, {bowl.lowest[1]:.2f})",
        "edge": f"{geometry.all_zero_from(bowl):.2f}",
    }
    if strength == 0:
        return Caption("geometry free", figures)
    zeros = int((lasso == 0).sum())
    return Caption(("geometry inside", "geometry corner", "geometry all zero")[zeros], figures)


def translated(lam: float, n: int, learning_rate: float, largest: int) -> dict[str, str]:
    """A strength in every spelling, as figures of the section "translator"."""
    said = penalties.spellings(lam, n, learning_rate)
    figures = {name: f"{value:.6g}" for name, value in said.items()}
    return figures | {
        "factor": f"{1 - said['pull']:.10g}",
        "n": f"{n:,}",
        "eta": number(learning_rate),
        "largest": f"{largest:,}",
        "lam_largest": f"{lam * largest / n:.6g}",
    }


def _change(record: RunRecord, other: RunRecord) -> Estimate:
    """Validation accuracy of one ended run − that of another, image by image."""
    return comparing.change(Shown.at_end(record), Shown.at_end(other), "val")


def best_of_sweep(records: Mapping[str, Sequence[RunRecord]], baseline: RunRecord) -> list[Caption]:
    """The λ of each kind with the highest validation accuracy, against none.

    Args:
        records: by kind, those that ended finite.
    """
    captions = []
    for kind, found in records.items():
        if not found:
            captions.append(Caption("sweep, all diverged", {"kind": kind}))
            continue
        best = found[by_accuracy(dict(enumerate(map(Shown.at_end, found)))).best]
        own, before = (r.estimate("val_accuracy", r.epochs) for r in (best, baseline))
        change = _change(best, baseline)
        figures = {
            "kind": kind,
            "lam": number(best.config.lam),
            "accuracy": f"{points(own)}%",
            "baseline": f"{points(before)}%",
            "change": points(change.size),
            "tried": str(len(found)),
            "gap": points(best.gap(best.epochs)),
        }
        if change.could_be_noise:
            captions.append(Caption("sweep could be noise", figures))
        else:
            captions.append(Caption("sweep wins" if change.value > 0 else "sweep loses", figures))
    return captions


def harmless(
    found: Sequence[RunRecord], baseline: RunRecord, tolerance: float, kind: str
) -> Caption:
    """The largest λ of a kind up to which validation accuracy does not fall beyond noise, and how
    narrow the gap and how sparse the network is there."""
    last: RunRecord | None = None
    for record in sorted(found, key=lambda record: record.config.lam):
        lost = _change(baseline, record)
        if lost.sign > 0:
            break
        last = record
    if last is None:
        return Caption("harmless none", {"kind": kind})
    figures = {
        "kind": kind,
        "lam": number(last.config.lam),
        "gap": points(last.gap(last.epochs)),
        "baseline_gap": points(baseline.gap(baseline.epochs)),
        "sparsity": small_percent(last.sparsity(tolerance, last.epochs)),
        "tolerance": "0" if tolerance == 0 else number(tolerance),
    }
    return Caption("harmless", figures)


def zeros(plain: RunRecord, proximal: RunRecord, tolerance: float) -> list[Caption]:
    """Exact zeros apart from near ones, under L1 as Keras does it and with the proximal step."""
    ends = [(record, record.epochs) for record in (plain, proximal)]
    exact = [record.sparsity(0.0, epoch) for record, epoch in ends]
    near = [record.sparsity(tolerance, epoch) for record, epoch in ends]
    apart = _change(plain, proximal)
    config = plain.config
    figures = {
        "eta": number(config.learning_rate),
        "lam": number(config.lam),
        "n": f"{config.train_size:,}",
        "pull": number(penalties.pull(config)),
        "plain_exact": small_percent(exact[0]),
        "proximal_exact": small_percent(exact[1]),
        "plain_near": small_percent(near[0]),
        "proximal_near": small_percent(near[1]),
        "tolerance": "0" if tolerance == 0 else number(tolerance),
        "apart": points(apart.size),
    }
    captions = [Caption("zeros" if exact[1] > exact[0] else "zeros alike", figures)]
    if tolerance < penalties.pull(config):
        captions.append(Caption("zeros, hops above tolerance", figures))
    like = "could be noise" if apart.could_be_noise else "differs"
    return [*captions, Caption(f"zeros, accuracy {like}", figures)]


def adam_and_adamw(swept: Sequence[tuple[RunRecord, RunRecord]]) -> Caption:
    """At which λ Adam with L2 and AdamW differ by more than noise.

    Args:
        swept: (Adam + L2, AdamW) at the same λ, from small to large.
    """
    for coupled, decoupled in swept:
        pair = Shown.at_end(coupled), Shown.at_end(decoupled)
        gaps, accuracies = comparing.gap_change(*pair), comparing.change(*pair, "val")
        if gaps.could_be_noise and accuracies.could_be_noise:
            continue
        figures = {
            "lam": number(coupled.config.lam),
            "l2_gap": points(coupled.gap(coupled.epochs)),
            "adamw_gap": points(decoupled.gap(decoupled.epochs)),
            "l2_val": percent(coupled.at_end("val_accuracy")),
            "adamw_val": percent(decoupled.at_end("val_accuracy")),
            "l2_rms": rounded(weight_rms(coupled, coupled.epochs)),
            "adamw_rms": rounded(weight_rms(decoupled, decoupled.epochs)),
        }
        return Caption("adamw differs", figures)
    largest = number(swept[-1][0].config.lam) if swept else "0"
    return Caption("adamw alike", {"lam": largest})
