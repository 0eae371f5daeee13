"""What captions claim, derived again from the records: short, simple, and without fmviz's own
statistics.

A margin lies on either side of two standard errors, so that exact tests, t quantiles and census
factors may judge a borderline case either way; a claim that the record contradicts they may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import hypot, inf, sqrt

import numpy as np

from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.words.prose import Caption, Claim

# In standard errors: less is no difference for sure, more is one for sure.
LITTLE, MUCH = 1.6, 3.2
SPLITS = {"train": "train", "val": "validation", "test": "test", "corrupted": "corrupted"}
# Two figures without an error are alike within this share of the larger.
ALIKE = 0.06


def confirm(captions: Iterable[Caption], runs: Sequence[Shown]) -> int:
    """Hold every claim of some captions against the runs; how many there were.

    Raises:
        AssertionError: a claim that the records do not bear out.
    """
    by_name = {run.name: run for run in runs}
    claims = [(caption, claim) for caption in captions for claim in caption.claims]
    for caption, claim in claims:
        _confirm(caption.section, claim, by_name)
    return len(claims)


def _confirm(section: str, claim: Claim, by_name: dict[str, Shown]) -> None:
    run, than = by_name[claim.subject], by_name.get(claim.than)
    assert (than is not None) == bool(claim.than), (section, claim)
    if claim.figure.endswith(("_crossentropy", "_loss")):
        assert than is not None
        now, before = _value(run, claim.figure), _value(than, claim.figure)
        apart = abs(now - before) > ALIKE * max(now, before)
        found = (int(now > before) or -1) if apart else 0
        assert found == claim.direction, (section, claim, now, before)
        return
    least, most = _errors_away(claim, run, than)
    if claim.direction:
        assert most * claim.direction > LITTLE, (section, claim, least, most)
    else:
        assert abs(least) < MUCH, (section, claim, least, most)


def _errors_away(claim: Claim, run: Shown, than: Shown | None) -> tuple[float, float]:
    """How many standard errors the figure lies from what it is compared with: with the larger and
    with the smaller error that may be taken for it."""
    splits = ("true", "val") if claim.figure == "gap" else (claim.figure.partition("_")[0],)
    parts = [_difference(run, than, split) for split in splits]
    if than is None and claim.figure != "gap":
        # A mistake hits one in the nine labels that are not true.
        by_luck = (1 - run.at("val_accuracy")) / 9 if splits[0] == "corrupted" else 0.1
        return _over(parts[0][0] - by_luck, *parts[0][1:])
    value = parts[0][0] - parts[1][0] if len(parts) == 2 else parts[0][0]
    large, small = (hypot(*(part[k] for part in parts)) for k in (1, 2))
    return _over(value, large, small)


def _over(value: float, large: float, small: float) -> tuple[float, float]:
    def ratio(error: float) -> float:
        return value / error if error else inf * value if value else 0.0

    return ratio(large), ratio(small)


def _value(run: Shown, name: str) -> float:
    return float(run.record.history[name][run.kept - 1])


def _of(run: Shown, split: str) -> tuple[str, int]:
    """The history's name for a split of a run, and how many images it has: "true" is the training
    images that were told their true class."""
    images = run.record.examples
    wrong = images["corrupted"]
    if split in ("true", "clean"):
        assert wrong < images["train"], "no label is true"
        return ("clean" if wrong else "train"), images["train"] - wrong
    return split, images[SPLITS[split]]


def _difference(run: Shown, than: Shown | None, split: str) -> tuple[float, float, float]:
    """A share or the difference of two, its largest error and its smallest."""
    values, large, small = [], [], []
    for each in (run, than):
        if each is None:
            continue
        name, count = _of(each, split)
        share = _value(each, f"{name}_accuracy")
        # As if one image more were right and one more wrong: never an error of 0.
        adjusted = (share * count + 2) / (count + 4)
        error = sqrt(adjusted * (1 - adjusted) / count)
        whole = each.record.examples["train"] >= each.record.config.train_size
        census = name in ("train", "clean") and whole
        values.append(share)
        large.append(error)
        small.append(0.0 if census or share in (0, 1) else error)
    value = values[0] - (values[1] if len(values) == 2 else 0.0)
    paired = None if than is None else _paired(run, than, split)
    if paired is not None:
        small.append(0.0)
        return value, max(paired, hypot(*large)), min(paired, hypot(*small))
    return value, hypot(*large), hypot(*small)


def _paired(run: Shown, than: Shown, split: str) -> float | None:
    """McNemar's error, counted image by image; None where answers are not known."""
    sample = "train" if split in ("true", "clean") else split
    rows = [getattr(each.record, f"{sample}_predictions", None) for each in (run, than)]
    if any(row is None or not row.size for row in rows):
        return None
    images = data.load(run.record.config.dataset)
    right = []
    for each, answers in zip((run, than), rows, strict=True):
        config = each.record.config
        wrong = np.empty(0, np.intp)
        if sample == "train":
            truth, wrong = data.with_noise(
                images.train.labels[: config.train_size], config.label_noise, config.seed
            )
        else:
            truth = {"val": images.validation, "test": images.test}[split].labels
        answered = answers[each.kept]
        hits = answered == truth[: len(answered)]
        if split != sample:
            hits = np.delete(hits, wrong[wrong < len(hits)])
        right.append(hits)
    if len(right[0]) != len(right[1]):
        return None
    gained, lost = int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())
    count = len(right[0])
    return float(np.sqrt(gained + lost - (gained - lost) ** 2 / count)) / count
