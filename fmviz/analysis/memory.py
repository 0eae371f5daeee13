"""What a network was told, and what it learnt by heart. NumPy only.

Some training images may carry a wrong label. Nothing in such an image says so: a network that
answers it as told has memorised it (Zhang et al. 2017, arXiv:1611.03530).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run import data
from fmviz.run.choices import DATASETS, N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord

Indices = npt.NDArray[np.intp]


class Sample(NamedTuple):
    """The fixed training sample of a run: the first images that it trains on.

    Attributes:
        images: with their true classes.
        told: (images,) the labels that the run is trained on.
        wrong: (images,) whether the two differ.
    """

    images: data.Images
    told: data.Ints
    wrong: npt.NDArray[np.bool_]

    @property
    def truth(self) -> data.Ints:
        """(images,) the true classes."""
        return self.images.labels


@lru_cache(maxsize=4)
def training_sample(config: RunConfig) -> Sample:
    """The sample on which the training figures of a run's record are measured."""
    train = data.load(config.dataset).train
    size = min(config.train_size, DATASETS[config.dataset].train_sample)
    told, _ = data.with_noise(train.labels[: config.train_size], config.label_noise, config.seed)
    images = train[:size]
    return Sample(images, told[:size], told[:size] != images.labels)


class ByHeart(NamedTuple):
    """What became of the wrong labels of the sample; indices into it, in ascending order.

    Attributes:
        memorised: images that the network answers as it was told.
        since: for each of those, the epoch from which on every epoch up to the one that is looked
            at ended with that answer; 0 where it is the answer of the untrained network too.
        seen_through: images that it answers with their true class, whatever it was told.
        astray: images that it answers with neither.
    """

    memorised: Indices
    since: Indices
    seen_through: Indices
    astray: Indices

    @property
    def others(self) -> Indices:
        """All that it does not answer as it was told, in ascending order."""
        return np.sort(np.concatenate([self.seen_through, self.astray]))

    @property
    def wrong(self) -> int:
        """How many wrong labels there are."""
        return len(self.memorised) + len(self.others)


def by_heart(record: RunRecord, epoch: int) -> ByHeart:
    """What a finished run makes of its wrong labels after so many epochs.

    Raises:
        ValueError: the run goes on; predictions are handed over at its end.
    """
    if not record.complete:
        raise ValueError("predictions of the training sample come with the end of a run")
    sample = training_sample(record.config)
    rows = record.train_predictions[: epoch + 1]  # row 0 is the network before its first step
    as_told = rows == sample.told
    memorised = np.flatnonzero(sample.wrong & as_told[-1])
    # Rows from the last one back, without a break.
    unbroken = np.logical_and.accumulate(as_told[::-1, memorised], axis=0).sum(axis=0)
    through = sample.wrong & (rows[-1] == sample.truth)
    return ByHeart(
        memorised,
        epoch + 1 - unbroken,
        np.flatnonzero(through),
        np.flatnonzero(sample.wrong & ~as_told[-1] & ~through),
    )


class Pair(NamedTuple):
    """Two images of one class that look alike: of the training sample, and of the validation set.

    Attributes:
        training, validation: their places.
        distance: √Σ(x − x′)² over the pixels.
    """

    training: int
    validation: int
    distance: float


@lru_cache(maxsize=16)
def look_alikes(record: RunRecord, epoch: int) -> tuple[Pair, ...]:
    """Of each class the training image that a finished run gets right and the validation image that
    it gets wrong, after so many epochs, that are most alike; the most alike of all first. A class
    of which it knows no training image, or every validation image, has none.

    Raises:
        ValueError: the run goes on; predictions are handed over at its end.
    """
    sample, new = training_sample(record.config), data.load(record.config.dataset).validation
    known = ~sample.wrong & (record.answers("train", epoch) == sample.truth)
    missed = record.answers("val", epoch) != new.labels
    pairs = []
    for label in range(N_CLASSES):
        ours, others = (
            np.flatnonzero(which & (labels == label))
            for which, labels in ((known, sample.truth), (missed, new.labels))
        )
        if len(ours) and len(others):
            a, b = sample.images[ours].pixels, new[others].pixels
            squares = (a * a).sum(1)[:, None] - 2 * a @ b.T + (b * b).sum(1)
            nearest = np.unravel_index(squares.argmin(), squares.shape)
            i, j = ours[nearest[0]], others[nearest[1]]
            pairs.append(Pair(int(i), int(j), float(np.sqrt(max(squares[nearest], 0.0)))))
    return tuple(sorted(pairs, key=lambda pair: pair.distance))
