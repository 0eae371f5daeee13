"""What the lesson on early stopping says of its one long run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fmviz.analysis import significance
from fmviz.analysis.stopping import Rule, Shown, Stop
from fmviz.lessons.early_stopping import choosing
from fmviz.page.guessing import Span
from fmviz.run.naming import changes_name, plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.words import keras_lines
from fmviz.words.numbers import decimals, percent, points
from fmviz.words.prose import Caption, Claim


def long_run(run: Shown, rule: Rule, done: bool) -> list[Caption]:
    """What early stopping does to the run, and what is peculiar about the rule."""
    stop = run.stop
    if stop is None or not run.kept or rule.patience is None:
        return [Caption("stopping off", {})] if done else []
    figures = {
        "monitor": rule.monitor,
        "patience": str(rule.patience),
        "epochs": plural(run.record.config.epochs, "epoch"),
        "kept": str(run.kept),
        "wait": str(stop.waits[-1]),
        "enough": str(max(rule.patience, 1)),
        "planned": str(run.record.config.epochs),
        "seen": str(len(stop.waits)),
        "start_from": str(rule.start_from_epoch),
        "first": str(rule.start_from_epoch + 1),  # the first epoch that is looked at
        "mode": rule.direction,
        "largest": "largest" if rule.direction == "max" else "smallest",
        "baseline": "" if rule.baseline is None else number(rule.baseline),
    }
    if stop.best is not None:
        figures["best"] = str(stop.best)
    if stop.stopped is not None:
        saved = run.record.config.epochs - stop.stopped
        figures |= {"stopped": str(stop.stopped), "saved": plural(saved, "epoch")}
        if stop.best is not None:
            figures["since"] = plural(stop.stopped - stop.best, "epoch")
    sections = [_outcome(run, stop, rule)]
    if not rule.right_way:
        sections.append("mode is wrong")
    if rule.baseline is not None and stop.best is not None:
        beaten = _beats_baseline(stop, rule)
        sections.append("baseline never beaten" if beaten is None else "baseline beaten")
        figures["beaten"] = "" if beaten is None else str(beaten)
    if rule.patience == 0:
        sections.append("patience 0 is 1")
    return [Caption(section, figures) for section in sections]


def _outcome(run: Shown, stop: Stop, rule: Rule) -> str:
    """The section that says when the run stopped, if it did, and what came back."""
    record, patience = run.record, max(rule.patience or 0, 1)
    if stop.best is None:
        return "never looked" if record.complete else "not looking yet"
    if stop.stopped is None and not record.complete:
        return "still waiting"
    if stop.stopped is None:
        if record.diverged is not None:
            restored = rule.restore_best_weights
            return "diverged first, restored" if restored else "diverged first, lost"
        if stop.best == record.epochs:
            return "never fired, still improving"
        restored = rule.restore_best_weights
        return "never fired, restored" if restored else "never fired, last kept"
    first = rule.start_from_epoch + 1
    if stop.best == first and stop.stopped - first <= patience:
        restored = rule.restore_best_weights
        return "fired at once, restored" if restored else "fired at once, last kept"
    if not record.complete:
        return "fired, goes on"
    return "fired, restored" if rule.restore_best_weights else "fired, last kept"


def _beats_baseline(stop: Stop, rule: Rule) -> int | None:
    """The first epoch that beat the best so far and the baseline: there `wait` returned to 0."""
    looked_at = range(rule.start_from_epoch, len(stop.waits))
    return next((epoch + 1 for epoch in looked_at if stop.waits[epoch] == 0), None)


def against_end(run: Shown, test: bool) -> list[Caption]:
    """The weights that are kept beside those of the last epoch of the long run.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    record, kept = run.record, run.kept
    last = record.epochs
    if run.stop is None or not record.complete or record.diverged is not None:
        return []
    lost = _best_lost(run)
    if kept == last:
        return [Caption("end is kept", {"last": str(last)}), *lost]
    change = choosing.change(record, kept, last)
    if kept == run.stop.best:
        # It was chosen on the validation images, as the best of all that were looked at.
        change = significance.chosen(change, run.stop.looked_at)
    figures = {
        "kept": str(kept),
        "tried": str(run.stop.looked_at),
        "last": str(last),
        "change": points(change.size),
        "signed": points(change, signed=True),
        "crossentropy": f"{record.at('val_crossentropy', kept):.3f}",
        "last_crossentropy": f"{record.at('val_crossentropy', last):.3f}",
        "gap": points(record.gap(kept)),
        "last_gap": points(record.gap(last)),
    }
    # Of what was chosen on these images a verdict is no claim about them.
    claim = Claim("val_accuracy", f"epoch {kept}", change.sign, f"epoch {last}")
    claims = () if change.source == "chosen" else (claim,)
    captions = [Caption(f"end, {choosing.verdict(change)}", figures, claims), *lost]
    if record.examples["corrupted"]:
        captions.append(
            Caption(
                "noise memorised",
                {
                    **figures,
                    "wrong": plural(record.examples["corrupted"], "wrong label"),
                    "memorised": points(record.estimate("corrupted_accuracy", kept)),
                    "last_memorised": points(record.estimate("corrupted_accuracy", last)),
                },
            )
        )
    if test:
        on_test = choosing.change(record, kept, last, "test")
        section = "test could be noise" if on_test.could_be_noise else "test differs"
        if on_test.same:
            section = "test same"
        ends = [record.estimate("test_accuracy", epoch) for epoch in (kept, last)]
        digits = decimals(ends[0], ends[1], on_test)
        captions.append(
            Caption(
                f"end, {section}",
                {
                    **figures,
                    "test": points(ends[0], digits=digits),
                    "last_test": points(ends[1], digits=digits),
                    "signed": points(on_test, signed=True, digits=digits),
                    "images": f"{record.examples['test']:,}",
                },
            )
        )
    return captions


def _best_lost(run: Shown) -> list[Caption]:
    """What the best epoch had that did not come back, beside what is kept; of an ended run."""
    record, stop, kept = run.record, run.stop, run.kept
    if stop is None or stop.best is None or stop.best == kept:
        return []
    found = significance.chosen(choosing.change(record, stop.best, kept), stop.looked_at)
    ends = [record.at("val_accuracy", epoch) for epoch in (stop.best, kept)]
    digits = decimals(ends[0], ends[1], found)
    figures = {
        "best": str(stop.best),
        "kept": str(kept),
        "change": points(found.size, digits=digits),
    }
    for name, epoch in (("best_", stop.best), ("", kept)):
        figures[f"{name}accuracy"] = percent(record.at("val_accuracy", epoch), digits)
        figures[f"{name}crossentropy"] = f"{record.at('val_crossentropy', epoch):.3f}"
    return [Caption("best lost" if found.real else "best lost, could be chance", figures)]


def at_epoch(run: Shown, rule: Rule, epoch: int) -> list[Caption]:
    """What can be said of the run after so many epochs, at least one."""
    stop, record = run.stop, run.record
    measured = _measured(record, epoch)
    if stop is None:
        return [measured]
    figures = {
        "epoch": str(epoch),
        "patience": str(rule.patience),
        "enough": str(max(rule.patience or 0, 1)),
        "start_from": str(rule.start_from_epoch),
    }
    if epoch > len(stop.waits):
        figures["stopped"] = str(len(stop.waits))
        return [Caption("epoch not run", figures), measured]
    wait = stop.waits[epoch - 1]
    figures["wait"] = str(wait)
    if epoch <= rule.start_from_epoch:
        section = "epoch not looked at"
    elif epoch in rule.improvements(record):
        section = "epoch improves" if wait == 0 else "epoch improves, baseline not"
    else:
        section = "epoch stops" if epoch == stop.stopped else "epoch waits"
    return [Caption(section, figures), measured]


def _measured(record: RunRecord, epoch: int) -> Caption:
    """What the weights of an epoch get right; repeated lies are told apart from knowledge."""
    wrong, images = record.examples["corrupted"], record.examples["train"]
    gap = record.gap(epoch)
    ends = [record.at(f"{split}_accuracy", epoch) for split in ("train", "val")]
    digits = decimals(ends[0], ends[1], gap)
    figures = {
        "epoch": str(epoch),
        "training": percent(ends[0], digits),
        "validation": percent(ends[1], digits),
        "gap": points(gap, digits=digits),
        "wrong": plural(wrong, "wrong label"),
    }
    if not wrong:
        return Caption("at epoch", figures)
    figures["memorised"] = points(record.estimate("corrupted_accuracy", epoch))
    if wrong == images:
        return Caption("at epoch, all labels wrong", figures)
    figures["clean"] = percent(record.at("clean_accuracy", epoch))
    return Caption("at epoch, some labels wrong", figures)


def rule_in_figures(run: Shown, rule: Rule) -> list[Caption]:
    """The rule with the run's own numbers in it, and the Keras lines that do the same."""
    if rule.patience is None:
        return [Caption("rule off", {})]
    maximum, config = rule.direction == "max", run.record.config
    figures = {
        "better": ">" if maximum else "<",
        "sign": "+" if maximum else "-",
        "delta": number(abs(rule.min_delta)),
        "patience": str(rule.patience),
        "call": str(keras_lines.early_stopping(rule)),
        "epochs": str(config.epochs),
        "branch": str(config.branch_epoch),
        "changes": changes_name(config) if config.branch else "",
        "metrics": (
            f'["accuracy", {keras_lines.CROSSENTROPY}]'
            if rule.monitor == "val_crossentropy"
            else '["accuracy"]'
        ),
        "call_monitor": rule.monitor,
    }
    captions = [Caption("rule max" if maximum else "rule min", figures)]
    stop = run.stop
    if stop is not None and stop.best is not None and run.record.complete:
        at = len(stop.waits)
        best = run.record.at(rule.monitor, stop.best)
        figures = figures | {
            "best": str(stop.best),
            "best_value": f"{best:.4f}",
            "limit": f"{best + (1 if maximum else -1) * abs(rule.min_delta):.4f}",
            "at": str(at),
            "value": f"{run.record.at(rule.monitor, at):.4f}",
            "wait": str(stop.waits[-1]),
            "enough": str(max(rule.patience, 1)),
        }
        fired = stop.stopped is not None
        captions.append(Caption("rule live, fired" if fired else "rule live, never", figures))
    captions.append(Caption(f"rule in keras{', branched' if config.branch else ''}", figures))
    stopped = None if stop is None else stop.stopped
    if config.branch and stopped is not None and stopped <= config.branch_epoch:
        captions.append(Caption("branch not reached", figures | {"stopped": str(stopped)}))
    return captions


def answer(runs: Sequence[Shown]) -> int:
    """In which third of the run validation cross-entropy is lowest, from 0."""
    record = runs[-1].record
    return 3 * int(np.argmin(record.history["val_crossentropy"])) // record.epochs


def spans(runs: Sequence[Shown], option: int) -> Span:
    """The epochs of a third of the run, each with half of the way to its neighbours."""
    epochs = runs[-1].record.epochs
    low, high = (math.ceil(third * epochs / 3) + 0.5 for third in (option, option + 1))
    return Span("x", low, high)
