"""What a run shows, in words: which section of a lesson fits, and the figures for it.

Claims are made only where the figures bear them out: a difference that chance might well show
(`analysis.significance`) is called one that could be chance.
"""

from __future__ import annotations

import math

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.significance import against_chance, more_often
from fmviz.analysis.stopping import Shown
from fmviz.run.choices import ACTIVATIONS, N_CLASSES, OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.naming import plural, run_name
from fmviz.run.settings import number
from fmviz.theory import penalties, schedules
from fmviz.theory.saturation import Prediction
from fmviz.words import keras_lines
from fmviz.words.memory import by_mistake, on_true_labels
from fmviz.words.numbers import (
    around,
    counted,
    decimals,
    direction,
    percent,
    short_points,
    small_percent,
    spread,
)
from fmviz.words.prose import Caption, Claim

# The gap of a network that underfits is smaller than this.
SMALL_GAP = 0.05
# And its training accuracy is lower by more than this.
CLEARLY_LESS = 0.05


def gap(run: Shown) -> Caption:
    """What the accuracy gap of one run says.

    Where labels are false, training accuracy counts repeated mistakes as right, so that no gap is
    told. A network that was told nothing but false labels and answers below chance has learnt from
    them what is not true.
    """
    record = run.record
    training = record.estimate("train_accuracy", run.kept)
    validation = record.estimate("val_accuracy", run.kept)
    train_images, val_images = record.examples["train"], record.examples["validation"]
    of_all = record.config.train_size
    figures = {
        "training": percent(training.value),
        "validation": percent(validation.value),
        "train_images": f"{train_images:,}",
        "trained": f"its {train_images:,} training images"
        if train_images == of_all
        else f"its training images (measured on {train_images:,} of {of_all:,})",
        "val_images": f"{val_images:,}",
    }
    if learnt_nothing(run):
        return Caption("nothing learnt", figures)
    false = record.examples["corrupted"]
    if false == train_images and against_chance(validation.value, val_images).sign < 0:
        return Caption("below a guess", figures, (Claim("val_accuracy", run.name, -1),))
    size = comparing.gap(run)
    if false or size is None:
        return Caption("gap of told labels", figures)
    digits = decimals(training.value, validation.value, size)
    figures |= {
        "training": percent(training.value, digits),
        "validation": percent(validation.value, digits),
        # Only a reversed gap is told by its size: its sentence says which way it is.
        "gap": around(size.size if size.sign < 0 else size, digits),
    }
    section = {0: "gap could be noise", 1: "gap", -1: "gap reversed"}[size.sign]
    return Caption(section, figures, (Claim("gap", run.name, size.sign),))


def learnt_nothing(run: Shown) -> bool:
    """Whether a run is no better than a guess, on training and on validation images.

    To be worse is no knowledge either: untrained networks give many images the same answer. But
    where nearly all labels are false, one that has learnt avoids the true classes.
    """
    examples = run.record.examples
    training = against_chance(run.at("train_accuracy"), examples["train"])
    validation = against_chance(run.at("val_accuracy"), examples["validation"])
    if training.sign > 0 or validation.sign > 0:
        return False
    told_falsely = run.record.config.label_noise > 1 - 1 / N_CLASSES
    return not told_falsely or validation.could_be_noise


def learns_late(run: Shown) -> Caption | None:
    """Of a run that has learnt: over how many epochs, two at least, it was no better than a
    guess; else None."""
    # No further than to the first epoch that has learnt: this is asked at each picture of a run.
    guessed = next(
        (
            epoch - 1
            for epoch in range(1, run.kept + 1)
            if not learnt_nothing(run._replace(kept=epoch))
        ),
        0,
    )
    return Caption("learns late", {"epoch": str(guessed)}) if guessed >= 2 else None


def label_noise(run: Shown) -> Caption | None:
    """What became of the wrong labels; None where there are none in the sample."""
    record = run.record
    wrong = record.examples["corrupted"]
    if not wrong:
        return None
    memorised = record.estimate("corrupted_accuracy", run.kept)
    mistake = by_mistake(record.estimate("val_accuracy", run.kept))
    figures = {
        "mistake": percent(mistake.value),
        "on": ", ".join(filter(None, [plural(wrong, "wrong label"), spread(memorised)])),
        "memorised": percent(memorised.value),
        "clean": percent(record.at("clean_accuracy", run.kept)),
    }
    section = "label noise" if wrong < record.examples["train"] else "label noise, all wrong"
    # Which label a mistake hits is a matter of chance even where every wrong label is measured.
    if more_often(memorised.value, wrong, mistake).sign > 0:
        return Caption(section, figures, (Claim("corrupted_accuracy", run.name, 1),))
    return Caption(f"{section}, hardly", figures)


def against_baseline(run: Shown, baseline: Shown) -> Caption:
    """What the gap and validation accuracy are beside the baseline's; validation alone where no
    label is true. Training counts on true labels.

    The penalty is named as the cause only where both networks are shown after the same epoch:
    else early stopping has its part in the difference. A network underfits that is worse on
    training images too, by some points, and whose gap is small.
    """
    held_out = comparing.change(run, baseline, "val")
    figures = {
        "run": run_name(run.record.config),
        "val_change": around(held_out.size),
        "val_direction": "higher" if held_out.value > 0 else "lower",
        "epoch": str(run.kept),
        "baseline_epoch": str(baseline.kept),
    }
    on_val = Claim("val_accuracy", run.name, held_out.sign, baseline.name)
    gaps, other_epochs = comparing.gaps(run, baseline), run.kept != baseline.kept
    training, split = comparing.training_change(run, baseline), comparing.truly_told(run.record)
    if gaps is None or training is None:
        if other_epochs and held_out.sign:
            return Caption("other epochs, validation differs", figures, (on_val,))
        how = "same" if held_out.same else direction(held_out, "lower", "alike", "higher")
        section = f"no true label, {'other epochs' if other_epochs else how}"
        return Caption(section, figures, (on_val,))
    change = gaps.change
    digits = decimals(gaps.run.value, gaps.other.value, change)
    figures |= {
        "gap": short_points(gaps.run, digits),
        "baseline_gap": short_points(gaps.other, digits),
        "training": percent(run.at(f"{split}_accuracy")),
        "baseline_training": percent(baseline.at(f"{split}_accuracy")),
        "change": around(change.size, digits),
        "train_change": around(training.size),
        "counted": on_true_labels((run, baseline)),
    }
    found = {
        "gap": Claim("gap", run.name, change.sign, baseline.name),
        "val": on_val,
        "train": Claim(f"{split}_accuracy", run.name, training.sign, baseline.name),
    }

    def told(section: str, *claims: str) -> Caption:
        return Caption(section, figures, tuple(found[name] for name in claims))

    if change.same:
        return told("same answers", "gap", "val")
    narrower = change.sign < 0 and gaps.run.value >= 0
    if other_epochs:
        apart = "validation unclear" if held_out.could_be_noise else "validation differs"
        return told(f"other epochs, {apart}", "val")
    if held_out.sign > 0:
        return told("learns more", "val", "gap") if narrower else told("validation rises", "val")
    if held_out.sign < 0:
        if training.sign >= 0:
            return told("validation falls", "val")
        underfits = gaps.run.value < SMALL_GAP and training.value < -CLEARLY_LESS
        return told("underfits" if underfits else "both fall", "val", "train")
    if change.could_be_noise:
        return told("change could be noise", "gap", "val")
    if gaps.below_zero:
        return told("gap below zero", "gap")
    return told("gap narrows" if narrower else "gap widens", "gap", "val")


def early_stopping(run: Shown, patience: int | None, monitor: str) -> Caption:
    """What early stopping did to a run."""
    stop, epochs = run.stop, run.record.config.epochs
    figures = {
        "patience": str(patience),
        # Patience 0 and 1 behave alike.
        "needed": plural(max(patience or 0, 1), "epoch"),
        "monitor": monitor,
        "epochs": plural(epochs, "epoch"),
        "planned": str(epochs),
    }
    if stop is None or not stop.kept:
        return Caption("stopping off", figures)
    figures["kept"] = str(stop.kept)
    if stop.stopped is None:
        last = stop.kept == epochs
        return Caption("stopping never" if last else "stopping never, restored", figures)
    figures |= {
        "stopped": str(stop.stopped),
        "saved": counted(epochs - stop.stopped, "epoch"),
    }
    same = stop.kept == stop.stopped
    return Caption("stopping fired" if same else "stopping restored", figures)


def on_test(run: Shown, baseline: Shown | None) -> Caption:
    """Test accuracy, and where there is a baseline the difference, image by image."""
    accuracy = run.accuracy("test")
    figures = {
        "test": short_points(accuracy),
        "test_error": spread(accuracy),
        "images": f"{run.record.examples['test']:,}",
    }
    if baseline is None or not (run.record.complete and baseline.record.complete):
        return Caption("test", figures)
    change = comparing.change(run, baseline, "test")
    figures["baseline"] = baseline.name
    figures["change"] = around(change.size)
    figures["change_direction"] = "higher" if change.value > 0 else "lower"
    claims = (Claim("test_accuracy", run.name, change.sign, baseline.name),)
    if change.same:
        return Caption("test same", figures, claims)
    return Caption("test could be noise" if not change.sign else "test differs", figures, claims)


def saturation(run: Shown, predicted: Prediction | None) -> Caption:
    """The first layer's saturation before training and with the kept weights.

    Args:
        predicted: its share before training in theory, where there is a theory.
    """
    config = run.record.config
    if not config.hidden:
        return Caption("no hidden layer", {})
    start = run.record.start_layers["saturation"]
    now = run.record.layers_at("saturation", run.kept)
    dead = run.record.layers_at("dead_units", run.kept)
    figures = {
        "start": small_percent(float(start[0])),
        "now": small_percent(float(now[0])),
        "dead": small_percent(float(dead[0])),
        "probe": f"{run.record.examples['probe']:,}",
    }
    if config.activation == "leaky_relu":
        return Caption("never flat", figures)
    if not saturates(config.activation):
        figures["activation"] = ACTIVATIONS[config.activation].label
        section = "zero activations" if config.activation == "relu" else "flat activations"
        return Caption(section, figures)
    if predicted is None:
        return Caption("saturation", figures)
    figures |= {"predicted": small_percent(predicted.share), "sigma": number(predicted.sigma)}
    return Caption("saturation predicted", figures)


def _total(config: RunConfig) -> str:
    """What a penalty that acts apart takes off a weight in the whole run, were it alone: a share
    for weight decay, an amount for the proximal step."""
    pulls = schedules.learning_rates(config) * config.lam / config.train_size
    if config.penalty == "weight_decay":
        # A step that takes all of a weight, or more, leaves the rest nothing to add up.
        return percent(-math.expm1(np.log1p(-pulls).sum())) if pulls.max() < 1 else "all"
    return number(float(pulls.sum()))


# Optimizers that divide a gradient by a running size of it.
_ADAPTIVE = ("adagrad", "rmsprop", "adam", "nadam")


def rule(config: RunConfig) -> list[Caption]:
    """The update rule with the run's own numbers, the Keras line that does the same, and what the
    run's optimizer makes of it."""
    strength = penalties.coefficients(config)
    its = keras_lines.numbers(config)
    pull = penalties.pull(config)
    # What L2 or weight decay takes off a weight: all of the pull, or L2's part of it.
    shrunk = pull * (1 - config.l1_share) if config.penalty == "l1_l2" else pull
    figures = {
        "lam": number(config.lam),
        "n": f"{config.train_size:,}",
        "eta": number(config.learning_rate),
        "factor": f"1 − {number(shrunk)}" if shrunk < 0.01 else number(1 - shrunk),
        "step": number(pull),
        "threshold": f"{pull:.6g}",
        "keras": f"{strength.l1 or strength.l2:.6g}",
        "keras_l1": f"{strength.l1:.6g}",
        "keras_l2": f"{strength.l2:.6g}",
        "weight_decay": f"{strength.weight_decay or 2 * strength.l2:.6g}",
        "share": number(config.l1_share),
        "total": _total(config),
        "optimizer": OPTIMIZERS[config.optimizer].label,
        "regularizer": str(keras_lines.regularizer(config, its)),
        "decaying": str(keras_lines.decaying(config.optimizer, its.weight_decay)),
        "free_biases": keras_lines.NO_DECAY_OF_BIASES,
    }
    if config.penalty == "none":
        return [Caption("rule none", figures)]
    section = f"rule {config.penalty}"
    overshoots = max(2 * strength.l2, strength.weight_decay) * config.learning_rate > 1
    if overshoots:
        section += " overshoots"
    captions = [Caption(section, figures)]
    # Of one that overshoots there is no sensible total to tell.
    if config.optimizer != "sgd" and not (overshoots and strength.weight_decay):
        if config.penalty in ("weight_decay", "l1_proximal"):
            family = "apart, decay" if config.penalty == "weight_decay" else "apart, proximal"
        elif config.optimizer in _ADAPTIVE:
            family = "adam"
        else:
            family = "lion" if config.optimizer == "lion" else "momentum"
        captions.append(Caption(f"rule under {family}", figures))
    if config.schedule != "constant":
        captions.append(Caption("rule under a schedule", figures))
    return captions
