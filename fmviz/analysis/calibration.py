"""Whether a network is as often right as it is sure.

A network is *calibrated* where of the answers that it gives with probability p a share p is right
(Guo et al. 2017, arXiv:1706.04599). Seen by bins of p: with n_b answers in bin b, of mean
probability conf_b, of which a share acc_b is right,

    ECE = Σ_b n_b/n |acc_b − conf_b|     expected calibration error

(Naeini, Cooper & Hauskrecht 2015). It is never 0 on n images, by luck alone: see `Luck`.

Bins are ten of one width, for three reasons: they stand still while the epoch moves; "70 to 80%
sure" is read without a key; and bins of equally many answers (Nixon et al. 2019, arXiv:1904.01685)
cannot be had here, since up to half of a network's answers round to one byte, 100%.

Probabilities are bytes, off by at most 1/510, and so is an ECE.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import significance
from fmviz.analysis.comparing import labels
from fmviz.analysis.significance import Comparison
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.record import RunRecord

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]

BINS = 10


class Luck(NamedTuple):
    """The ECE of a calibrated network that is just as sure of the same number of images.

    Each answer is right with its own p by itself, so that in a bin the sum of right − p has the
    variance V_b = Σ p(1 − p), and is about normal. Of its magnitude the mean is √(2V_b/π) and the
    variance V_b(1 − 2/π); both add up over the bins.
    """

    mean: float
    deviation: float


class Bin(NamedTuple):
    """The answers in a bin: how many, their mean probability, and the share that is right, with its
    error √(acc(1 − acc)/n)."""

    images: int
    confidence: float
    accuracy: Estimate


class Calibration(NamedTuple):
    """How sure a network is, and how often right.

    Attributes:
        bins: those with answers, from the least sure.
        ece: with the standard error of its mean over images, the side of each bin taken as it is.
        luck: what `ece` would be by luck alone.
        confidence: mean probability of the answers.
        excess: `confidence` − accuracy, with its standard error; above 0 is too sure.
    """

    bins: tuple[Bin, ...]
    ece: Estimate
    luck: Luck
    confidence: float
    excess: Estimate

    @property
    def beyond_luck(self) -> Comparison:
        """`ece` less what luck alone gives it."""
        return significance.normal(self.ece.value - self.luck.mean, self.luck.deviation)

    @property
    def too_sure(self) -> Comparison:
        """Mean confidence less accuracy."""
        return significance.normal(*self.excess)


def bins_of(confidences: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """The bin of each probability in (0, 1], from 0: bin b has b/10 < p ≤ (b + 1)/10, as Guo's."""
    # Rounding must not decide on which side of an edge a byte of 51, that is 0.2, lies.
    tenths = np.round(np.asarray(confidences) * BINS, 9)
    return np.clip(np.ceil(tenths).astype(np.intp) - 1, 0, BINS - 1)


def measure(right: Bools, confidences: Floats) -> Calibration:
    """How well calibrated answers are.

    Args:
        right: (images,) whether each is.
        confidences: (images,) its probability.

    Raises:
        ValueError: no images, or not as many of both.
    """
    if not len(right) or len(right) != len(confidences):
        raise ValueError(
            f"need as many answers as probabilities, not {len(right)} and {len(confidences)}"
        )
    n, where = len(right), bins_of(confidences)
    counts, hits, sums = (
        np.bincount(where, weights, BINS) for weights in (None, right.astype(float), confidences)
    )
    variances = np.bincount(where, confidences * (1 - confidences), BINS)
    found = tuple(
        Bin(int(count), float(total / count), accuracy(hit / count, int(count)))
        for count, total, hit in zip(counts, sums, hits)
        if count
    )
    return Calibration(
        found,
        _mean(_misses(right, confidences)),
        Luck(
            float(np.sqrt(2 * variances / math.pi).sum() / n),
            math.sqrt(float(variances.sum()) * (1 - 2 / math.pi)) / n,
        ),
        float(confidences.mean()),
        _mean(confidences - right),
    )


def _misses(right: Bools, confidences: Floats) -> Floats:
    """What each answer adds to the ECE, (images,), which is their mean: right − p where its bin is
    right more often than it is sure, p − right elsewhere."""
    off, where = right - confidences, bins_of(confidences)
    side: Floats = np.sign(np.bincount(where, off, BINS))[where]
    return side * off


def _mean(values: Floats) -> Estimate:
    """A mean with its standard error."""
    return Estimate(float(values.mean()), float(values.std()) / math.sqrt(len(values)))


def of_epoch(record: RunRecord, epoch: int) -> Calibration:
    """How well calibrated the answers of an ended run are on validation images, after so many
    epochs.

    Raises:
        ValueError: the run goes on.
    """
    return measure(*_answers(record, epoch))


@lru_cache(maxsize=32)
def by_epoch(record: RunRecord) -> tuple[Calibration, ...]:
    """The same of every epoch, from the start."""
    return tuple(of_epoch(record, epoch) for epoch in range(record.epochs + 1))


def lowest(record: RunRecord) -> int:
    """The first epoch of the lowest ECE; 0 where none was trained."""
    trained = range(1, record.epochs + 1)
    return min(trained, key=lambda epoch: by_epoch(record)[epoch].ece.value, default=0)


def change(record: RunRecord, a: int, b: int) -> Comparison:
    """ECE after epoch a less that after epoch b, image by image."""
    found = _mean(np.subtract(*(_misses(*_answers(record, epoch)) for epoch in (a, b))))
    return significance.normal(*found, source="paired")


def _answers(record: RunRecord, epoch: int) -> tuple[Bools, Floats]:
    right = record.answers("val", epoch) == labels(record.config, "val")
    return right, record.confidences(epoch)


class Parts(NamedTuple):
    """What makes up a cross-entropy, nats an image.

    Attributes:
        right: what the right answers add, (1/n) Σ −ln p over them, with its standard error.
        wrong: what the wrong ones add: all the rest.
        mistakes: how many those are.
        sure: mean probability of the wrong answers, with its standard error; NaN where there are
            none.
    """

    right: Estimate
    wrong: float
    mistakes: int
    sure: Estimate

    @property
    def share(self) -> float:
        """What the wrong answers make up of it all; 0 of nothing."""
        whole = self.right.value + self.wrong
        return self.wrong / whole if whole else 0.0


def parts(record: RunRecord, epoch: int) -> Parts:
    """Of what the validation cross-entropy of an ended run is made, after so many epochs.

    Of a right answer −ln p is that image's cross-entropy. Its byte is off by less than 0.002 nats
    where p is near 1, and by 0.02 at worst, where p is a tenth.

    Raises:
        ValueError: the run goes on.
    """
    right, confidences = _answers(record, epoch)
    of_right = _mean(np.where(right, -np.log(confidences), 0.0))
    mistaken = confidences[~right]
    return Parts(
        of_right,
        max(record.at("val_crossentropy", epoch) - of_right.value, 0.0),
        len(mistaken),
        _mean(mistaken) if len(mistaken) else Estimate(math.nan, math.nan),
    )


@lru_cache(maxsize=32)
def parts_by_epoch(record: RunRecord) -> tuple[Parts, ...]:
    """The same of every epoch, from the start."""
    return tuple(parts(record, epoch) for epoch in range(record.epochs + 1))
