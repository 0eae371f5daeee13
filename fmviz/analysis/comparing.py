"""Every comparison of the app: the difference of two figures, with the error that fits.

Two networks judged on the same images are compared image by image: their mistakes go together, so
the error of a difference is far smaller than for separate images (`paired_difference`). That needs
every single answer, which a record has once its run has ended; until then the careful error of
separate images stands in. Words follow from the result's sign (`Estimate.sign`) alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import hypot, sqrt

import numpy as np
import numpy.typing as npt

from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.choices import DATASETS, N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord

Right = npt.NDArray[np.bool_]
# The accuracy of guessing.
CHANCE = Estimate(1 / N_CLASSES, 0.0)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """a − b with the error √(a.error² + b.error²).

    That is exact for separate examples. For two networks judged on the same images it is on the
    careful side, because their mistakes go together; `paired_difference` is exact there.
    """
    return Estimate(a.value - b.value, hypot(a.error, b.error))


def paired_difference(right_a: npt.NDArray[np.bool_], right_b: npt.NDArray[np.bool_]) -> Estimate:
    """Difference in accuracy of two networks on the same m images, with its paired error.

    With d = right_a − right_b per image, in {−1, 0, 1}: mean(d) ± std(d)/√m, which is the error
    behind McNemar's test.

    Args:
        right_a, right_b: (m,) whether each network is right.
    """
    d = right_a.astype(float) - right_b.astype(float)
    return Estimate(float(d.mean()), float(d.std() / sqrt(len(d))))


def at_chance(accuracy: Estimate) -> bool:
    """Whether an accuracy cannot be told from that of guessing."""
    return difference(accuracy, CHANCE).could_be_noise


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


def change(run: Shown, other: Shown, split: str) -> Estimate:
    """Accuracy of one run − that of another, with the error that fits: paired where both have
    ended and are judged on the same images, else that of separate images."""
    both = [right(each.record, split, each.kept) for each in (run, other)]
    if both[0] is None or both[1] is None or not same_images(*_configs(run, other), split):
        name = f"{split}_accuracy"
        return difference(*(each.record.estimate(name, each.kept) for each in (run, other)))
    return paired_difference(both[0], both[1])


def gap_change(run: Shown, other: Shown) -> Estimate:
    """Accuracy gap of one run − that of another: the change in training less that in validation,
    which are separate images."""
    training, validation = (change(run, other, split) for split in ("train", "val"))
    return Estimate(training.value - validation.value, hypot(training.error, validation.error))


def _configs(run: Shown, other: Shown) -> tuple[RunConfig, RunConfig]:
    return run.record.config, other.record.config
