"""What the lesson on dropout says of its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import hypot

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing, significance
from fmviz.analysis.masks import OnOff
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.lessons.dropout.lesson import BOTH, DROPOUT, NONE, PENALTY, epochs_below
from fmviz.page import guessing
from fmviz.page.view import Stopping
from fmviz.run.config import RunConfig
from fmviz.run.data import CLASS_NAMES
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.naming import plural, run_name
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words import keras_lines, shared
from fmviz.words.memory import on_true_labels
from fmviz.words.numbers import around, decimals, direction, listed, percent, short_points, spread
from fmviz.words.prose import Caption, Claim

# The name of the riddle, whose answers are in the section "guess riddle", and which of them is
# right, counted from 0.
RIDDLE, ANSWER = "riddle", 1


def of_runs(runs: list[Shown], view: Stopping, done: bool) -> list[Caption]:
    """What can be said of the page's own run, the last, and of it beside the others."""
    by_role = {run.name: run for run in runs}
    run = runs[-1]
    whole = all(each.record.diverged is None for each in runs)
    four = whole and len(by_role) == 4
    told = two_by_two(by_role) if four else []
    captions = told or [shared.gap(run)]
    noise = shared.label_noise(run)
    if noise is not None:
        captions.append(noise)
    if DROPOUT not in by_role:
        hidden = run.record.config.hidden
        captions.append(Caption("no dropout" if hidden else "nothing to drop", {}))
    elif whole and not told:
        captions.append(shared.against_baseline(run, by_role[NONE]))
    if whole and done:
        captions.append(shared.early_stopping(run, view.patience, view.monitor))
    if view.test:
        baseline = by_role[NONE] if DROPOUT in by_role else None
        captions.append(shared.on_test(run, baseline))
    return captions


def two_by_two(runs: dict[str, Shown]) -> list[Caption]:
    """Whether dropout and penalty together narrow the gap further than either alone, which leads;
    and what of that is seen on new images. Nothing where no label is true."""
    gaps = {role: gap for role, run in runs.items() if (gap := comparing.gap(run)) is not None}
    if len(gaps) < len(runs):
        return []
    narrower = min((DROPOUT, PENALTY), key=lambda role: gaps[role].value)
    of_two = comparing.gaps(runs[BOTH], runs[narrower])
    assert of_two is not None
    further = of_two.change
    gain = comparing.change(runs[BOTH], runs[narrower], "val")
    both, alone = (runs[role].at("val_accuracy") for role in (BOTH, narrower))
    digits = decimals(both, alone, gain)
    of_gaps = decimals(gaps[BOTH].value, gaps[narrower].value, further)
    figures = {
        name: short_points(gaps[role], of_gaps)
        for name, role in (
            ("none", NONE),
            ("dropout", DROPOUT),
            ("penalty", PENALTY),
            ("both", BOTH),
        )
    }
    figures |= {
        "alone": short_points(gaps[narrower], of_gaps),
        "narrower": "dropout" if narrower == DROPOUT else "the penalty",
        "further": around(further.size, of_gaps),
        "lam": number(runs[BOTH].record.config.lam),
        "counted": on_true_labels(list(runs.values())),
        "gain": around(gain.size, digits),
        "both_validation": percent(both, digits),
        "alone_validation": percent(alone, digits),
    }
    gaps_told = direction(further, "both, further", "both, no further", "both, less")
    if of_two.below_zero:
        gaps_told = "both, below zero"
    on_new = direction(gain, "both, worse", "both, as good", "both, better")
    return [
        Caption(gaps_told, figures, (Claim("gap", BOTH, further.sign, narrower),), leads=True),
        Caption(on_new, figures, (Claim("val_accuracy", BOTH, gain.sign, narrower),)),
    ]


def on_off(training: OnOff, images: int, run: Shown) -> list[Caption]:
    """What the masks cost the weights that are shown, and what is left to Keras's figure.

    Args:
        training: on the run's training sample of so many images, at the epoch shown.
    """
    record = run.record
    keras = record.at("running_accuracy", run.kept)
    cost = significance.of_draws(training.off - training.on)
    # Keras counts all training images, the draws a sample of them.
    n = record.config.train_size
    sampled = hypot(training.error, accuracy(training.mean, images, n).error)
    rest = significance.separate(Estimate(training.mean, sampled), accuracy(keras, n))
    behind = training.off - keras
    digits = max(
        decimals(training.off, training.mean, cost),
        decimals(training.off, keras, behind),
        decimals(behind, cost, rest),
    )
    figures = {
        "off": percent(training.off, digits),
        "on": percent(training.mean, digits),
        "spread": spread(Estimate(0.0, training.spread)) or "0 points",
        "draws": plural(len(training.on), "draw"),
        "images": f"{images:,}",
        "cost": around(cost.size, digits),
        "keras": percent(keras, digits),
        "masks": short_points(cost, digits),
        "behind": short_points(Estimate(behind, 0.0), digits),
        "rest": around(rest.size, digits),
        "epoch": str(run.kept),
    }
    section = direction(cost, "masks help", "masks cost nothing", "masks cost")
    # Of a difference that goes the other way, or is told to be none, they explain no part.
    part = cost.sign > 0 and rest.value >= 0
    alike = "masks explain it" if part else "masks or chance"
    left = direction(rest, "more than masks", alike, "moving weights too")
    return [Caption(section, figures), Caption(left, figures)]


def riddle(run: Shown) -> Caption:
    """What Keras reports that looks impossible."""
    figures = {
        "below": str(epochs_below(run)),
        "epochs": plural(run.record.epochs, "epoch"),
    }
    return Caption("riddle", figures)


def solved(measured: Caption, guessed: int | None) -> list[Caption]:
    """What became of a guess at the riddle; nothing where none was made, or where the measurement
    does not bear out its answer: that dropout on costs accuracy."""
    answer = ANSWER if measured.section == "masks cost" else None
    return guessing.became("dropout", f"guess {RIDDLE}", guessed, answer)


def mask(
    factors: Sequence[npt.NDArray[np.floating]],
    answers: npt.NDArray[np.integer],
    drawn: int,
    off: int,
    truth: int,
    rate: float,
) -> Caption:
    """What one draw drops, what it answers, and what the others do.

    Args:
        factors: (units,) of each hidden layer in this draw.
        answers: (draws,) the class that each draw answers.
        drawn: index of this draw.
        off: the answer without a mask.
    """
    dropped = [
        f"{int((layer == 0).sum()):,} of {plural(len(layer), 'unit')} in layer {index}"
        for index, layer in enumerate(factors, start=1)
    ]
    votes = Counter(CLASS_NAMES[answer] for answer in answers.tolist())
    figures = {
        "dropped": listed(dropped),
        "factor": number(1 / (1 - rate)),
        "answer": CLASS_NAMES[int(answers[drawn])],
        "off": CLASS_NAMES[off],
        "truth": CLASS_NAMES[truth],
        "draws": plural(len(answers), "draw"),
        "votes": ", ".join(f"{name} {count}" for name, count in votes.most_common()),
    }
    agree = len(votes) == 1
    return Caption("mask, of one mind" if agree else "mask", figures)


def rates(records: Sequence[RunRecord]) -> list[Caption]:
    """What the sweep over rates shows, of runs that ended finite; rate 0 comes first."""
    if records and not any(record.config.hidden for record in records):
        return [Caption("nothing to drop", {})]
    finite = [record for record in records if record.diverged is None and record.epochs]
    if len(finite) < 2 or finite[0].config.dropout:
        return [Caption("rates too few", {})]
    ends = [Shown.at_end(record) for record in finite]
    validations = [end.accuracy() for end in ends]
    tried = len(ends) - 1
    gains = [significance.among(comparing.change(end, ends[0], "val"), tried) for end in ends]
    best = by_accuracy(dict(enumerate(ends))).best
    # The lowest rate from which on validation is lower than without dropout by more than noise.
    harm = len(ends)
    while harm > 1 and gains[harm - 1].value < 0 and not gains[harm - 1].could_be_noise:
        harm -= 1
    # A gap that is narrow because little was learnt is no merit: the last rate that does no harm
    # stands beside none, where there is one.
    last = harm - 1 if harm > 1 else len(ends) - 1
    digits = decimals(validations[best].value, validations[0].value, gains[best])
    figures = {
        "last": number(finite[last].config.dropout),
        "best": number(finite[best].config.dropout),
        "best_validation": percent(validations[best].value, digits),
        "validation": percent(validations[0].value, digits),
        "gain": around(gains[best].size, digits),
        "harm": number(finite[min(harm, len(ends) - 1)].config.dropout),
    }
    captions = _rates_gap(ends[0], ends[last], figures)
    if best == 0:
        captions.append(Caption("rates, none best", figures))
    else:
        captions.append(
            Caption("rates, no gain" if gains[best].could_be_noise else "rates, gain", figures)
        )
    if harm < len(ends):
        captions.append(Caption("rates, harm", figures))
    return captions


def _rates_gap(none: Shown, run: Shown, figures: dict[str, str]) -> list[Caption]:
    """The gap at a rate beside that without dropout; nothing where no label is true."""
    gaps = comparing.gaps(run, none)
    if gaps is None:
        return []
    digits = decimals(gaps.other.value, gaps.run.value, gaps.change)
    told = figures | {
        "gap": short_points(gaps.other, digits),
        "last_gap": short_points(gaps.run, digits),
        "change": around(gaps.change.size, digits),
        "counted": on_true_labels((none, run)),
    }
    how = direction(gaps.change, "narrower", "same", "wider")
    if gaps.below_zero:
        how = "below zero"
    return [Caption(f"rates, {how}", told)]


def rule(config: RunConfig) -> list[Caption]:
    """The formula with the run's own numbers, and the Keras lines that do the same."""
    if not config.hidden:
        return [Caption("nothing to drop", {})]
    if not config.dropout:
        return [Caption("rule off", {})]
    keep = 1 - config.dropout
    units = config.hidden[0]
    lines = Caption(
        "rule",
        {
            "rate": number(config.dropout),
            "factor": number(1 / keep),
            "keep": number(keep),
            "units": plural(units, "unit"),
            "kept": number(units * keep),
            "spread": f"{(units * keep * config.dropout) ** 0.5:.1f}",
            "all_units": plural(sum(config.hidden), "hidden unit"),
            "all_number": str(sum(config.hidden)),
            "model": keras_lines.network(config),
        },
    )
    if config.penalty not in ("weight_decay", "l1_proximal"):
        return [lines]
    return [lines, Caption("rule, penalty apart", {"penalty": run_name(config)})]
