"""What pinned runs show beside one another, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.significance import of_seeds
from fmviz.analysis.stopping import Shown
from fmviz.page.pins import bold
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, flips
from fmviz.run.naming import differing_settings, plural, setting
from fmviz.run.record import RunRecord
from fmviz.run.settings import SETTINGS
from fmviz.words.escaping import escaped
from fmviz.words.memory import on_true_labels
from fmviz.words.numbers import decimals, direction, points, signed_points
from fmviz.words.prose import Caption, Claim


def state(record: RunRecord | None, config: RunConfig) -> str:
    """How far a run is."""
    if record is None:
        return "waiting"
    if record.diverged is not None:
        return f"diverged in epoch {record.diverged.epoch}"
    if not record.complete:
        return f"training, epoch {record.epochs} of {config.epochs}"
    return f"trained, {plural(record.epochs, 'epoch')}"


def finite(runs: Sequence[Shown]) -> list[Shown]:
    """Those that have ended and did not diverge."""
    return [run for run in runs if run.record.complete and run.record.diverged is None]


def images(runs: Sequence[Shown]) -> Caption:
    """What the figures of a table are measured on."""

    def counts(split: str) -> str:
        found = sorted({run.record.examples.get(split, 0) for run in runs})
        return " or ".join(f"{count:,}" for count in found)

    splits = ("train", "validation", "test", "probe")
    return Caption("images", {split: counts(split) for split in splits})


def best(runs: Sequence[Shown]) -> Caption | None:
    """The run with the highest validation accuracy, and from how many it cannot be told; None
    where fewer than two runs have ended finite."""
    ended = finite(runs)
    if len(ended) < 2:
        return None
    runs_by_name = {run.name: run for run in ended}
    ranking = by_accuracy(runs_by_name)
    first, second, others = ranking.best, ranking.runner_up, len(ranking.behind)
    assert second is not None
    unclear = len(ranking.level)
    figures = {
        "name": escaped(first),
        "accuracy": points(runs_by_name[first].accuracy()),
        "second": escaped(second),
        "lead": points(ranking.behind[second]),
        "unclear": str(unclear),
        "others": str(others),
    }
    if not unclear:
        return Caption("best, clear", figures)
    if others > 1:
        return Caption("best, clear of none" if unclear == others else "best, unclear", figures)
    same = ranking.behind[second].same
    return Caption("same answers" if same else "best, unclear of two", figures)


def settings(a: Shown, b: Shown) -> Caption:
    """In what two runs differ, and what can be learnt from that."""
    configs = [a.record.config, b.record.config]
    fields = differing_settings(configs)
    figures = {"a": escaped(a.name), "b": escaped(b.name)}
    if not fields:
        return Caption("same run", figures)
    if fields == ["seed"]:
        return Caption("seed alone", figures)
    if len(fields) == 1:
        values = [setting(fields[0], config) for config in configs]
        figures |= {"setting": SETTINGS[fields[0]].name, "a_value": values[0], "b_value": values[1]}
        return Caption("one setting", figures)
    names = [SETTINGS[field].name for field in fields]
    figures["settings"] = f"{', '.join(names[:-1])} and {names[-1]}"
    return Caption("several settings", figures)


def _measured(a: Shown, b: Shown) -> str:
    """What two validation accuracies are measured on."""
    counts = [run.record.examples["validation"] for run in (a, b)]
    if comparing.same_images(a.record.config, b.record.config, "val"):
        return f"the same {counts[0]:,} validation images"
    return f"{counts[0]:,} and {counts[1]:,} different validation images"


def pair(a: Shown, b: Shown) -> list[Caption]:
    """The difference of two runs, whether it exceeds chance, and in what they differ."""
    how = settings(a, b)
    if how.section == "same run":
        return [how]
    for run in (a, b):
        if run.record.diverged is not None:
            return [Caption("pair diverged", {"name": escaped(run.name)}), how]
    for run in (a, b):
        if not run.record.complete:
            return [Caption("pair unfinished", {"name": escaped(run.name)}), how]
    change, gaps = comparing.change(a, b, "val"), comparing.gaps(a, b)
    if change.same if gaps is None else gaps.change.same:
        return [Caption("same answers", {}), how]
    ahead, behind = (a, b) if change.value > 0 else (b, a)
    figures = {
        "a": escaped(a.name),
        "b": escaped(b.name),
        "ahead": escaped(ahead.name),
        "behind": escaped(behind.name),
        "change": points(change.size),
        "images": _measured(a, b),
    }
    unclear = change.could_be_noise
    claim = Claim("val_accuracy", a.name, change.sign, b.name)
    section = "pair could be noise" if unclear else "pair differs"
    return [Caption(section, figures, (claim,)), how, _gaps(a, b, gaps)]


def _gaps(a: Shown, b: Shown, gaps: comparing.Gaps | None) -> Caption:
    """The accuracy gaps of two runs, on true labels."""
    if gaps is None:
        return Caption("gaps, no true label", {})
    change, pairs = gaps.change, [(a, gaps.run), (b, gaps.other)]
    (wide, wide_gap), (narrow, narrow_gap) = pairs if change.value > 0 else pairs[::-1]
    digits = decimals(wide_gap, narrow_gap, change)
    figures = {
        "wide": escaped(wide.name),
        "narrow": escaped(narrow.name),
        "wide_gap": points(wide_gap, digits=digits),
        "narrow_gap": points(narrow_gap, digits=digits),
        "change": points(change.size, digits=digits),
        "counted": on_true_labels((a, b)),
    }
    claim = Claim("gap", a.name, change.sign, b.name)
    section = "gaps could be noise" if change.could_be_noise else "gaps differ"
    if gaps.below_zero:
        section = "gaps differ, below zero"
    return Caption(section, figures, (claim,))


def apart(a: Shown, b: Shown) -> Caption | None:
    """On how many validation images one of two ended runs is right and the other is not; None
    where they are judged on different images."""
    if not comparing.same_images(a.record.config, b.record.config, "val"):
        return None
    answers = [run.record.answers("val", run.record.epochs) for run in (a, b)]
    truth = comparing.labels(a.record.config, "val")
    only_b, only_a = flips(answers[0], answers[1], truth)
    figures = {
        "a": bold(a.name),
        "b": bold(b.name),
        "only_a": f"{len(only_a):,}",
        "only_b": f"{len(only_b):,}",
        "neither": f"{int(((answers[0] != truth) & (answers[1] != truth)).sum()):,}",
        "images": f"{len(truth):,}",
    }
    return Caption("apart" if len(only_a) + len(only_b) else "apart nowhere", figures)


def repeats(name: str, records: Sequence[RunRecord]) -> list[Caption]:
    """What one run does over seeds: mean ± standard deviation.

    Args:
        records: ended, one a seed.
    """
    kept = [record for record in records if record.diverged is None]
    figures = {"name": bold(name), "seeds": str(len(kept)), "all": str(len(records))}
    captions = []
    if len(kept) < len(records):
        count = len(records) - len(kept)
        captions.append(Caption("repeats diverged", figures | {"count": str(count)}))
    if len(kept) < 2:
        return captions
    accuracies = [record.at_end("val_accuracy") for record in kept]
    figures["validation"] = _spread(accuracies)
    gaps = [gap.value for r in kept if (gap := comparing.gap_after(r, r.epochs)) is not None]
    if len(gaps) < len(kept):
        return [Caption("repeats, no true label", figures), *captions]
    figures |= {"gap": _spread(gaps), "counted": on_true_labels(list(map(Shown.at_end, kept)))}
    return [Caption("repeats", figures), *captions]


def _spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation of a sample, in points."""
    return points(Estimate(float(np.mean(values)), float(np.std(values, ddof=1))))


def by_seed(a: str, b: str, records: Mapping[str, Sequence[RunRecord]]) -> Caption | None:
    """Whether one run is ahead of another on validation, seed by seed; None where they have not two
    seeds in common, judged on the same images."""
    found = [
        {r.config.seed: r for r in records.get(name, ()) if r.diverged is None} for name in (a, b)
    ]
    shared = sorted(found[0].keys() & found[1].keys())
    if a == b or len(shared) < 2:
        return None
    pairs = [(found[0][seed], found[1][seed]) for seed in shared]
    if not comparing.same_images(pairs[0][0].config, pairs[0][1].config, "val"):
        return None
    ends = [[record.at_end("val_accuracy") for record in two] for two in pairs]
    ahead = sum(one > other for one, other in ends)
    behind = sum(one < other for one, other in ends)
    images = pairs[0][0].examples["validation"]
    mean = of_seeds([one - other for one, other in ends], images)
    figures = {
        "a": bold(a),
        "b": bold(b),
        "ahead": str(ahead),
        "behind": str(behind),
        "seeds": str(len(shared)),
        "mean": signed_points(mean.value),
        "low": signed_points(mean.value - mean.margin),
        "high": signed_points(mean.value + mean.margin),
    }
    section = direction(mean, "seeds behind", "seeds could be luck", "seeds ahead")
    return Caption(section, figures)


def left_out(runs: Sequence[Shown], ended: Sequence[Shown]) -> Caption | None:
    """Which of the pinned runs a chart of ended ones leaves out."""
    names = [bold(run.name) for run in runs if run not in ended]
    return Caption("left out", {"names": ", ".join(names)}) if names else None
