"""What the lesson on overfitting says: of one run, and of it beside a matched one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from fmviz.analysis import comparing, significance
from fmviz.analysis.significance import against_chance, mcnemar, more_often, separate
from fmviz.analysis.stopping import Shown
from fmviz.page.view import Stopping
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.measure import accuracy
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.words import shared
from fmviz.words.memory import by_mistake, on_true_labels
from fmviz.words.numbers import compared, decimals, direction, percent, points
from fmviz.words.prose import Caption, Claim

LOWER_OR_HIGHER = ("lower", "same", "higher")


def of_runs(runs: list[Shown], view: Stopping, done: bool) -> list[Caption]:
    """What can be said of the network, and of it beside its twin, as they stand."""
    run = runs[-1]
    captions = of_one(run, done)
    whole = all(each.record.diverged is None for each in runs)
    if whole and len(runs) == 2:
        captions += beside(run, runs[0])
    if whole and done:
        captions.append(shared.early_stopping(run, view.patience, view.monitor))
    if view.test:
        captions.append(shared.on_test(run, runs[0] if len(runs) == 2 else None))
    return captions


def of_one(run: Shown, done: bool) -> list[Caption]:
    """The gap; where some labels are wrong, what became of those and of the right ones."""
    record = run.record
    wrong = record.examples["corrupted"]
    if not wrong:
        return [_learnt(run)]
    memory = record.estimate("corrupted_accuracy", run.kept)
    right = record.examples["train"] - wrong
    validation = record.estimate("val_accuracy", run.kept)
    figures = {
        "wrong": plural(wrong, "wrong label"),
        "repeated": f"{round(memory.value * wrong):,}",
        "right": plural(right, "image"),
        "share": points(memory),
        "mistake": percent(by_mistake(validation).value),
        "validation": points(validation),
    }
    # Which label a mistake hits is a matter of chance even where every wrong label is measured.
    excess = more_often(memory.value, wrong, by_mistake(validation))
    if excess.sign <= 0:
        captions = [Caption("not memorised", figures)]
    elif memory.value < 0.5:
        captions = [Caption("memorised few", figures)]
    else:
        captions = [Caption("memorised", figures)]
    if done and right and captions[0].section != "not memorised":
        captions += _late(run)
    if not right:
        above = against_chance(validation.value, record.examples["validation"])
        kind = direction(above, "below", "guessing", "above")
        captions.append(Caption(f"all wrong, {kind}", figures))
        # That the twin does better goes without saying.
        return [caption._replace(leads=True) for caption in captions]
    clean = record.estimate("clean_accuracy", run.kept)
    gap = separate(clean, validation)
    digits = decimals(clean.value, validation, gap)
    figures |= {
        "training": percent(clean.value, digits),
        "validation": points(validation, digits=digits),
        "gap": points(gap.size if gap.sign < 0 else gap, digits=digits),
    }
    if all(comparing.at_chance(run, split) for split in ("clean", "val")):
        section = "clean at chance"
    elif gap.could_be_noise:
        section = "clean gap could be noise"
    else:
        section = "clean gap" if gap.value > 0 else "clean gap reversed"
    return [*captions, Caption(section, figures)]


def _learnt(run: Shown) -> Caption:
    """What the gap says; of a network that beats a guess on new images, that first."""
    found, record = shared.gap(run), run.record
    images = record.examples["validation"]
    if found.section != "gap" or against_chance(run.at("val_accuracy"), images).sign <= 0:
        return found
    figures = {
        **found.figures,
        "n": f"{record.config.train_size:,}",
    }
    sampled = record.examples["train"] < record.config.train_size
    section = "learnt, of a sample" if sampled else "learnt"
    return Caption(section, figures, found.claims)


def _late(run: Shown) -> list[Caption]:
    """That the wrong labels came after the epoch that validation would have chosen, where so."""
    best = run.record.best_epoch
    if not best or best >= run.kept:
        return []
    wrong = run.record.examples["corrupted"]
    early = run.record.estimate("corrupted_accuracy", best)
    later = separate(
        *(accuracy(run.record.at("corrupted_accuracy", e), wrong) for e in (run.kept, best))
    )
    # Those that it has come to repeat, had it forgotten none: of few, chance may be the reason.
    more = round((run.record.at("corrupted_accuracy", run.kept) - early.value) * wrong)
    if later.sign <= 0 or mcnemar(more, 0, wrong).could_be_noise:
        return []
    figures = {
        "best": str(best),
        "early": points(early),
        "then": percent(run.record.at("val_accuracy", best)),
        "now": percent(run.at("val_accuracy")),
    }
    return [Caption("memorised late", figures)]


def beside(run: Shown, twin: Shown) -> list[Caption]:
    """The twin that was told the truth, or that has another number of training images."""
    validation = comparing.change(twin, run, "val")
    figures = {
        "twin_validation": percent(twin.at("val_accuracy")),
        "val_change": points(validation.size),
        "epoch": str(run.kept),
        "twin_epoch": str(twin.kept),
    }
    on_validation = Claim("val_accuracy", twin.name, validation.sign, run.name)
    if validation.same:
        captions = [Caption("same answers", figures)]
    elif run.record.config.label_noise:
        section = f"truth {direction(validation, *LOWER_OR_HIGHER)}"
        captions = [Caption(section, figures, (on_validation,))]
    else:
        captions = _more_images(run, twin)
    if run.kept != twin.kept:
        captions.append(Caption("other epochs", figures))
    return captions


def _more_images(*runs: Shown) -> list[Caption]:
    """What the larger training set of two does to the gap and to validation accuracy."""
    fewer, more = sorted(runs, key=lambda each: each.record.config.train_size)
    gaps, validation = comparing.gaps(more, fewer), comparing.change(more, fewer, "val")
    # Runs with a wrong label have another twin.
    assert gaps is not None
    of_gaps = decimals(*gaps)
    digits = decimals(more.at("val_accuracy"), fewer.at("val_accuracy"), validation)
    figures = {
        "change": points(gaps.change.size, digits=of_gaps),
        "val_change": points(validation.size, digits=digits),
    }
    for name, each, gap in (("more", more, gaps.run), ("fewer", fewer, gaps.other)):
        figures |= {
            name: f"{each.record.config.train_size:,}",
            f"{name}_gap": points(gap, digits=of_gaps),
            f"{name}_right": percent(each.at("val_accuracy"), digits),
        }
    of_gap = "below zero" if gaps.below_zero else direction(gaps.change, *LOWER_OR_HIGHER)
    of_validation = direction(validation, *LOWER_OR_HIGHER)
    return [
        Caption(section, figures, (Claim(figure, more.name, change.sign, fewer.name),))
        for section, figure, change in (
            (f"more images, gap {of_gap}", "gap", gaps.change),
            (f"more images, validation {of_validation}", "val_accuracy", validation),
        )
    ]


def loss(run: Shown) -> list[Caption]:
    """Where validation cross-entropy is lowest, what it is with the weights that are shown, and
    where it has risen, whether accuracy has gone with it; nothing before the first epoch.

    That the network has grown surer of its mistakes is one way for it to rise, and is not claimed:
    a record has the mean over all images, not that over the mistakes.
    """
    record, best = run.record, run.record.best_epoch
    if not best or not run.kept:
        return []
    lowest, now = (record.at("val_crossentropy", epoch) for epoch in (best, run.kept))
    figures = {
        "training": f"{record.at('train_crossentropy', run.kept):.3g}",
        "epoch": str(run.kept),
        "best": str(best),
        "lowest": f"{lowest:.3f}",
        "validation": f"{now:.3f}",
        "images": f"{record.examples['train']:,}",
    }
    if best == run.kept:
        return [Caption("loss lowest" if record.complete else "loss lowest so far", figures)]
    if best > run.kept:
        return [Caption("loss lowest later", figures)]
    if compared(now, lowest, "lower", "higher") == "alike":
        # Any epoch after the lowest is higher: that alone is no rise.
        return [Caption("loss level", figures)]
    change = comparing.change(run, run._replace(kept=best), "val")
    figures["change"] = points(change.size)
    how = direction(change, "less often right", "as often right", "more often right")
    return [Caption("loss rises", figures), Caption(f"loss rises, {how}", figures)]


def learning_curve(records: Sequence[RunRecord]) -> list[Caption]:
    """What the sweep over training sizes shows, of runs that ended finite, smallest first."""
    finite = [record for record in records if record.diverged is None and record.epochs]
    if len(finite) < 2:
        return [Caption("sweep too short", {})]
    ends = [Shown.at_end(record) for record in finite]
    gaps = [gap for end in ends if (gap := comparing.gap(end)) is not None]
    change = comparing.gap_change(ends[-1], ends[0])
    pairs = [comparing.gap_change(after, before) for before, after in pairwise(ends)]
    if len(gaps) < len(ends) or change is None:
        return [Caption("sweep, no true label", {})]
    # A step that widens the gap by more than noise breaks the rule.
    steps = [significance.among(step, len(ends) - 1) for step in pairs if step is not None]
    digits = decimals(gaps[0], gaps[-1], change)
    broken = [size.config.train_size for size, step in zip(finite[1:], steps) if step.sign > 0]
    figures = {
        "fewest": f"{finite[0].config.train_size:,}",
        "most": f"{finite[-1].config.train_size:,}",
        "fewest_gap": points(gaps[0], digits=digits),
        "most_gap": points(gaps[-1], digits=digits),
        "change": points(change.size, digits=digits),
        "counted": on_true_labels(ends),
        "broken": " and ".join(f"{size:,}" for size in broken),
    }
    captions = [Caption(f"sweep {direction(change, *LOWER_OR_HIGHER)}", figures)]
    if change.sign < 0:
        captions.append(Caption("sweep, not at every step" if broken else "sweep steady", figures))
    if finite[0].config.label_noise:
        captions.append(Caption("sweep with noise", figures))
    return captions


def rule(run: Shown) -> list[Caption]:
    """The gap and its error with the run's own numbers."""
    record = run.record
    gap = comparing.gap(run)
    if gap is None:
        return [Caption("rule no gap", {})]
    wrong = record.examples["corrupted"]
    name = "clean_accuracy" if wrong else "train_accuracy"
    training = record.estimate(name, run.kept)
    validation = record.estimate("val_accuracy", run.kept)
    measured, population = record.measured_on(name)
    figures = {
        "training": f"{training.value:.4f}",
        "validation": f"{validation.value:.4f}",
        "gap": f"{gap.value + 0.0:.4f}".replace("-", "−"),
        "training_error": f"{training.error:.4f}",
        "validation_error": f"{validation.error:.4f}",
        "error": f"{gap.error:.4f}",
        "train_images": f"{measured:,}",
        "val_images": f"{record.examples['validation']:,}",
        "n": f"{population:,}",
        "wrong": plural(wrong, "wrong label"),
    }
    captions = [Caption("rule gap", figures)]
    captions.append(Caption("rule sample" if training.error else "rule census", figures))
    if wrong:
        captions.append(Caption("rule true labels", figures))
    sampled = {validation.value} | ({training.value} if training.error else set())
    if sampled & {0.0, 1.0}:
        captions.append(Caption("rule edge", figures))
    return captions


def code(config: RunConfig) -> list[Caption]:
    """What is done to the labels, and the Keras lines that do the same."""
    count = round(config.label_noise * config.train_size)
    figures = {
        "n": str(config.train_size),
        "batch": str(config.batch_size),
        "epochs": str(config.epochs),
        "seed": str(config.seed),
        "stream": str(data.NOISE_STREAM),
        "count": str(count),
        "wrong": plural(count, "label"),
        "images": f"{config.train_size:,}",
    }
    if not count:
        return [Caption("code", figures)]
    return [Caption("rule noise", figures), Caption("code noise", figures)]
