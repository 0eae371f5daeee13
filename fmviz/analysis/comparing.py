"""Every comparison of two runs: what is compared, so that the error of `significance` fits.

Two networks judged on the same images are compared image by image. That needs every single answer,
which a record has once its run has ended; until then the careful error of separate images stands
in. Training images may all be measured, and then nothing about them is left to chance. Words follow
from the result (`Comparison`) alone.

An accuracy gap is of true labels alone: against what a network was told, a wrong label that it
repeats would count as right. Where no label is true there is no gap.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import significance
from fmviz.analysis.significance import SAME, Comparison
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, accuracy_gap, finite_population
from fmviz.run.record import Array, RunRecord

Right = npt.NDArray[np.bool_]


class Gaps(NamedTuple):
    """The accuracy gaps of two runs.

    Attributes:
        run, other: each beside a gap of 0.
        change: the former − the latter.
    """

    run: Comparison
    other: Comparison
    change: Comparison

    @property
    def below_zero(self) -> bool:
        """Whether they differ by more than noise where one is below zero: neither is wide or
        narrow there."""
        return bool(self.change.sign) and min(self.run.value, self.other.value) < 0


def at_chance(run: Shown, split: str = "val") -> bool:
    """Whether an accuracy of a run, by its name in the history, cannot be told from guessing."""
    name = f"{split}_accuracy"
    images, _ = run.record.measured_on(name)
    return significance.against_chance(run.at(name), images).could_be_noise


def truly_told(record: RunRecord) -> str | None:
    """The split of the training images with a true label: "train" where all have one, else "clean";
    None where none has."""
    wrong = record.examples["corrupted"]
    if not wrong:
        return "train"
    return None if wrong == record.examples["train"] else "clean"


def ends_of_gap(record: RunRecord, epoch: int) -> tuple[Estimate | None, Estimate]:
    """Accuracy on the training images with a true label, None where no label is true, and on
    validation images."""
    split = truly_told(record)
    training = None if split is None else record.estimate(f"{split}_accuracy", epoch)
    return training, record.estimate("val_accuracy", epoch)


def gap_after(record: RunRecord, epoch: int) -> Estimate | None:
    """The former − the latter; None where no label is true."""
    training, validation = ends_of_gap(record, epoch)
    return None if training is None else accuracy_gap(training, validation)


def gap(run: Shown) -> Comparison | None:
    """The same of a run as it is shown, beside a gap of 0."""
    found = gap_after(run.record, run.kept)
    return None if found is None else significance.normal(found.value, found.error)


def right(record: RunRecord, split: str, epoch: int) -> Right | None:
    """Which images of a split an ended run answers as it should, (images,); None while it goes on.

    Args:
        split: "train" (the fixed sample, against the labels the run was told), "clean" (those of
            it with a true label), "val" or "test".
        epoch: how many have been trained.
    """
    try:
        answers = _answers(record, split, epoch)
    except ValueError:
        return None
    row: Right = answers == labels(record.config, split)
    return row


def _answers(record: RunRecord, split: str, epoch: int) -> Array:
    if split != "clean":
        return record.answers(split, epoch)
    clean: Array = record.answers("train", epoch)[_true(record.config)]
    return clean


def _true(config: RunConfig) -> Right:
    """Which images of the training sample have a true label, (images,)."""
    told = labels(config, "train")
    row: Right = told == data.load(config.dataset).train.labels[: len(told)]
    return row


@lru_cache(maxsize=64)
def labels(config: RunConfig, split: str) -> npt.NDArray[np.int32]:
    """What a run should answer on the images of a split."""
    images = data.load(config.dataset)
    if split == "clean":
        return labels(config, "train")[_true(config)]
    if split == "train":
        told, _ = data.with_noise(
            images.train.labels[: config.train_size], config.label_noise, config.seed
        )
        return told[: DATASETS[config.dataset].train_sample]
    return {"val": images.validation, "test": images.test}[split].labels


def same_images(a: RunConfig, b: RunConfig, split: str) -> bool:
    """Whether two runs are judged on the same images of a split, and by the same labels."""
    told = "train" if split == "clean" else split
    return a.dataset == b.dataset and np.array_equal(labels(a, told), labels(b, told))


def change(run: Shown, other: Shown, split: str) -> Comparison:
    """Accuracy of one run − that of another, with the error that fits: none where they are the same
    network or answer every image alike; paired where both have ended and are judged on the same
    images, else that of separate images."""
    configs = run.record.config, other.record.config
    records = [(each.record, split, each.kept) for each in (run, other)]
    both = [right(*record) for record in records]
    if both[0] is None or both[1] is None or not same_images(*configs, split):
        if configs[0] == configs[1] and run.kept == other.kept:
            return SAME
        return significance.separate(run.accuracy(split), other.accuracy(split))
    answers = [_answers(*record) for record in records]
    if np.array_equal(answers[0], answers[1]):
        return SAME
    # None of validation and test images, which stand for any others.
    drawn_from = max(
        (n for r in (run, other) if (n := r.record.measured_on(f"{split}_accuracy")[1])),
        default=None,
    )
    return significance.paired(both[0], both[1], finite_population(len(both[0]), drawn_from))


def training_change(run: Shown, other: Shown) -> Comparison | None:
    """Accuracy of one run on the training images with a true label − that of another; None where no
    label of one of them is true."""
    splits = [truly_told(each.record) for each in (run, other)]
    if splits[0] is None or splits[1] is None:
        return None
    if splits[0] == splits[1]:
        return change(run, other, splits[0])
    return significance.separate(run.accuracy(splits[0]), other.accuracy(splits[1]))


def gap_change(run: Shown, other: Shown) -> Comparison | None:
    """Accuracy gap of one run − that of another: the change in training less that in validation,
    which are separate images; None where no label of one of them is true."""
    training, validation = training_change(run, other), change(run, other, "val")
    if training is None:
        return None
    if training.same and validation.same:
        return SAME
    if not (training.value or training.error):
        # Nothing differs in training, so that the gap changes as validation does.
        return _negative(validation)
    error = hypot(training.error, validation.error)
    return significance.normal(training.value - validation.value, error)


def gaps(run: Shown, other: Shown) -> Gaps | None:
    """The gaps of two runs and `gap_change`; None where no label of one of them is true."""
    own, others, change = gap(run), gap(other), gap_change(run, other)
    if own is None or others is None or change is None:
        return None
    return Gaps(own, others, change)


def _negative(change: Comparison) -> Comparison:
    only = None if change.only is None else change.only[::-1]
    return Comparison(-change.value, change.error, change.source, change.p, only, change.df)
