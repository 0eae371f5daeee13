"""Keras's running training accuracy beside the measured one: how far apart, and why."""

from __future__ import annotations

from fmviz.analysis.significance import separate
from fmviz.analysis.stopping import Shown
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural
from fmviz.words.numbers import around, decimals, percent
from fmviz.words.prose import Caption


def running(run: Shown) -> list[Caption]:
    """What Keras reported for the epoch that is looked at and for the first one, beside what the
    weights are measured to know; nothing before the first epoch.

    The running figure is over all training images and has no error. The measured one has none
    either where the fixed sample is all of them: then any difference is one of the same images.
    """
    if not run.kept:
        return []
    record, epoch = run.record, run.kept
    # A branch may bring dropout, or take it away.
    rate, first_rate = (record.config.in_epoch(each).dropout for each in (epoch, 1))
    history = record.history
    keras = Estimate(record.at("running_accuracy", epoch), 0.0)
    measured = record.estimate("train_accuracy", epoch)
    validation = record.estimate("val_accuracy", epoch)
    behind = separate(measured, keras)
    digits = decimals(measured.value, keras.value, behind)
    below = int((history["running_accuracy"] < history["val_accuracy"]).sum())
    figures = {
        "epoch": str(epoch),
        "epochs": plural(record.epochs, "epoch"),
        "keras": percent(keras.value, digits),
        "measured": percent(measured.value, digits),
        "validation": percent(validation.value, digits),
        "behind": around(behind.size, digits),
        "over": _over(record.examples["train"], record.config.train_size),
        "first_keras": percent(float(history["running_accuracy"][0])),
        "first_measured": percent(float(history["train_accuracy"][0])),
        "below": str(below),
        "rate": f"{rate:g}",
        "first_rate": f"{first_rate:g}",
    }
    # Less than half an image is rounding.
    if abs(behind.value) * record.config.train_size < 0.5:
        captions = [Caption("running same", figures)]
    elif behind.could_be_noise:
        captions = [Caption("running agrees", figures)]
    elif behind.value < 0:
        captions = [Caption("running above", figures)]
    else:
        under = separate(keras, validation)
        below_validation = under.sign < 0
        captions = [Caption("running below validation" if below_validation else "running", figures)]
    if below:
        captions.append(Caption("running, epochs below", figures))
        if record.config.label_noise:
            # Then that comes of the labels as much as of how the mean is taken.
            captions.append(Caption("running told", figures))
    why = "running why dropout" if rate or first_rate else "running why"
    captions.append(Caption(why if rate == first_rate else f"{why}, branched", figures))
    return captions


def _over(measured: int, n: int) -> str:
    """The images that the two figures are of."""
    if measured == n:
        return f"both over the same {n:,} training images"
    return f"Keras's over all {n:,} training images, the other on {measured:,} of them"
