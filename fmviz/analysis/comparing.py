"""Every comparison of two runs: what is compared, so that the error of `significance` fits.

Two networks judged on the same images are compared image by image. That needs every single answer,
which a record has once its run has ended; until then the careful error of separate images stands
in. Training images may all be measured, and then nothing about them is left to chance. Words follow
from the result (`Comparison`) alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot

import numpy as np
import numpy.typing as npt

from fmviz.analysis import significance
from fmviz.analysis.significance import SAME, Comparison
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, accuracy_gap, finite_population
from fmviz.run.record import RunRecord

Right = npt.NDArray[np.bool_]


def at_chance(run: Shown, split: str = "val") -> bool:
    """Whether an accuracy of a run, by its name in the history, cannot be told from guessing."""
    name = f"{split}_accuracy"
    images, _ = run.record.measured_on(name)
    return significance.against_chance(run.at(name), images).could_be_noise


def gap(run: Shown) -> Comparison:
    """Training accuracy − validation accuracy of one network."""
    return significance.normal(run.gap.value, run.gap.error)


def training_accuracy(record: RunRecord, true: bool) -> str | None:
    """The history's name for accuracy on training images: against the labels that the run was told,
    or on the images with a `true` label alone; None where no label is."""
    wrong = record.examples["corrupted"]
    if not true or not wrong:
        return "train_accuracy"
    return None if wrong == record.examples["train"] else "clean_accuracy"


def gap_after(record: RunRecord, epoch: int, true: bool) -> Estimate | None:
    """`training_accuracy` − validation accuracy; None where no label is true."""
    name = training_accuracy(record, true)
    if name is None:
        return None
    return accuracy_gap(record.estimate(name, epoch), record.estimate("val_accuracy", epoch))


def right(record: RunRecord, split: str, epoch: int) -> Right | None:
    """Which images of a split an ended run answers as it should, (images,); None while it goes on.

    Args:
        split: "train" (the fixed sample, against the labels the run was told), "val" or "test".
        epoch: how many have been trained.
    """
    try:
        answers = record.answers(split, epoch)
    except ValueError:
        return None
    row: Right = answers == labels(record.config, split)
    return row


@lru_cache(maxsize=64)
def labels(config: RunConfig, split: str) -> npt.NDArray[np.int32]:
    """What a run should answer on the images of a split."""
    images = data.load(config.dataset)
    if split == "train":
        told, _ = data.with_noise(
            images.train.labels[: config.train_size], config.label_noise, config.seed
        )
        return told[: DATASETS[config.dataset].train_sample]
    return {"val": images.validation, "test": images.test}[split].labels


def same_images(a: RunConfig, b: RunConfig, split: str) -> bool:
    """Whether two runs are judged on the same images of a split, and by the same labels."""
    return a.dataset == b.dataset and np.array_equal(labels(a, split), labels(b, split))


def change(run: Shown, other: Shown, split: str) -> Comparison:
    """Accuracy of one run − that of another, with the error that fits: none where they are the same
    network or answer every image alike; paired where both have ended and are judged on the same
    images, else that of separate images."""
    configs = run.record.config, other.record.config
    both = [right(each.record, split, each.kept) for each in (run, other)]
    if both[0] is None or both[1] is None or not same_images(*configs, split):
        if configs[0] == configs[1] and run.kept == other.kept:
            return SAME
        return significance.separate(run.accuracy(split), other.accuracy(split))
    if np.array_equal(run.record.answers(split, run.kept), other.record.answers(split, other.kept)):
        return SAME
    drawn_from = max(config.train_size for config in configs) if split == "train" else None
    return significance.paired(both[0], both[1], finite_population(len(both[0]), drawn_from))


def gap_change(run: Shown, other: Shown) -> Comparison:
    """Accuracy gap of one run − that of another: the change in training less that in validation,
    which are separate images."""
    training, validation = (change(run, other, split) for split in ("train", "val"))
    if training.same and validation.same:
        return SAME
    if not (training.value or training.error):
        # Nothing differs in training, so that the gap changes as validation does.
        return _negative(validation)
    error = hypot(training.error, validation.error)
    return significance.normal(training.value - validation.value, error)


def _negative(change: Comparison) -> Comparison:
    only = None if change.only is None else change.only[::-1]
    return Comparison(-change.value, change.error, change.source, change.p, only, change.df)
