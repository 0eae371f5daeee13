"""Ever wider networks, with wrong labels and without: whether the error on new images rises up to
the width that learns everything by heart, and falls again past it.

Belkin, Hsu, Ma & Mandal 2019 (PNAS 116, arXiv:1812.11118) call that double descent: below the
*interpolation threshold* a network cannot meet all of its training labels, at it just one way of
meeting them is left, and past it there are many, of which training finds a calmer one. Nakkiran et
al. 2019 (arXiv:1912.02292) see it in deep networks, the more so the more labels are wrong. NumPy
only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis.seeds import SEEDS, repeated
from fmviz.analysis.significance import Comparison, among, of_draws, of_seeds, pooled_spread
from fmviz.run.choices import N_CLASSES, N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord

Floats = npt.NDArray[np.float64]
Figure = Literal["error", "crossentropy"]

# Of the one hidden layer, on either side of where 2,000 images are first learnt by heart.
WIDTHS = (8, 16, 32, 64, 128, 256, 512)
# Of the labels, beside none; that of the page where it has any.
NOISE = 0.2
# A network that repeats so many of the labels it was told has learnt them by heart.
BY_HEART = 0.99
# Below, one is too narrow to tell the classes apart, and varies far more from seed to seed.
FITS = 0.8


def noises(config: RunConfig) -> tuple[float, float]:
    """The shares of wrong labels: none, and the page's own or the usual one."""
    return 0.0, config.label_noise or NOISE


def runs(config: RunConfig) -> list[RunConfig]:
    """The page's network with one hidden layer of each width, told the truth and not, with so many
    seeds; the seeds of a width stand together."""
    return [
        run
        for noise in noises(config)
        for units in WIDTHS
        for run in repeated(config.replace(hidden=(units,), label_noise=noise), SEEDS - 1)
    ]


def units_at_threshold(train_size: int) -> float:
    """The width with as many weights and biases as there are answers to fit, 10 an image:
    (784 + 1) h + (h + 1) 10 = 10 n."""
    return N_CLASSES * (train_size - 1) / (N_PIXELS + 1 + N_CLASSES)


class Width(NamedTuple):
    """What networks of one width do, a figure a seed.

    Attributes:
        units: of the hidden layer.
        training: share of the training images answered as told.
        held_out: the error on validation images, a share, or their cross-entropy, nats.
    """

    units: int
    training: Floats
    held_out: Floats

    @property
    def mean(self) -> Comparison:
        """The mean of `held_out` over the seeds; its 95% interval is by Student's t."""
        return of_draws(self.held_out)

    @property
    def by_heart(self) -> bool:
        """Whether these networks have learnt what they were told, in the mean over the seeds."""
        return float(self.training.mean()) >= BY_HEART


def measured(records: Sequence[RunRecord], figure: Figure) -> list[Width]:
    """Networks of one share of wrong labels, width by width, from narrow to wide.

    A width of which a run has not ended, or has diverged, is left out.

    Args:
        records: of runs that have ended.
    """
    found: dict[int, list[RunRecord]] = {}
    for record in records:
        found.setdefault(record.config.hidden[0], []).append(record)
    return [
        Width(
            units,
            np.array([record.at_end("train_accuracy") for record in of_width]),
            np.array([_held_out(record, figure) for record in of_width]),
        )
        for units, of_width in sorted(found.items())
        if len(of_width) == SEEDS and all(record.diverged is None for record in of_width)
    ]


def _held_out(record: RunRecord, figure: Figure) -> float:
    if figure == "crossentropy":
        return record.at_end("val_crossentropy")
    return 1 - record.at_end("val_accuracy")


class Peak(NamedTuple):
    """A width at which networks do worse than narrower ones and than wider ones, by more than
    chance would set any two of so many widths apart (Bonferroni).

    Attributes:
        narrow, top, wide: the best width before it, itself, the best one after it.
        rise, fall: of the mean, from the one to the next.
    """

    narrow: Width
    top: Width
    wide: Width
    rise: Comparison
    fall: Comparison


class Descent:
    """The widths of one share of wrong labels, compared seed by seed.

    Args:
        widths: from narrow to wide, of the same seeds; at least two.
        images: how many `held_out` is measured on.
    """

    def __init__(self, widths: Sequence[Width], images: int) -> None:
        self.widths, self.images = list(widths), images
        fitting = [width.held_out for width in widths if float(width.training.mean()) >= FITS]
        self._spread = pooled_spread(np.array(fitting)) if len(fitting) > 1 else None
        self._tries = sum(1 for _ in combinations(widths, 2))

    @property
    def threshold(self) -> Width | None:
        """The narrowest width that has learnt everything by heart, and all wider ones too; None
        where the widest has not."""
        first = None
        for width in reversed(self.widths):
            if not width.by_heart:
                break
            first = width
        return first

    @property
    def past(self) -> Comparison | None:
        """What becomes of the mean from the threshold to the widest, judged by those alone; None
        where they are not two widths."""
        first, last = self.threshold, self.widths[-1]
        if first is None or first is last:
            return None
        return of_seeds(last.held_out - first.held_out, self.images)

    @property
    def peak(self) -> Peak | None:
        """The highest width that has a better one on either side; None where no such height is
        beyond chance."""
        found = [peak for place in range(1, len(self.widths) - 1) if (peak := self._at(place))]
        return max(found, key=lambda peak: min(peak.rise.value, -peak.fall.value), default=None)

    def _at(self, place: int) -> Peak | None:
        top = self.widths[place]
        narrow, wide = (
            min(side, key=lambda width: float(width.held_out.mean()))
            for side in (self.widths[:place], self.widths[place + 1 :])
        )
        rise, fall = (self._step(*pair) for pair in ((top, narrow), (wide, top)))
        return Peak(narrow, top, wide, rise, fall) if rise.sign > 0 > fall.sign else None

    def _step(self, to: Width, since: Width) -> Comparison:
        """Mean of `held_out` of one width − that of another, picked out of all pairs; how much it
        varies from seed to seed is learnt from all widths that fit their images."""
        change = of_seeds(to.held_out - since.held_out, self.images, self._spread)
        return among(change, self._tries)


def descents(records: Sequence[RunRecord], figure: Figure) -> Mapping[float, Descent]:
    """Share of wrong labels → its widths, where at least two of them ended finite."""
    by_noise: dict[float, list[RunRecord]] = {}
    for record in records:
        by_noise.setdefault(record.config.label_noise, []).append(record)
    found = {}
    for noise, of_noise in by_noise.items():
        widths = measured(of_noise, figure)
        if len(widths) > 1:
            images = of_noise[0].examples["validation"]
            found[noise] = Descent(widths, images)
    return found


def answer(descent: Descent) -> int | None:
    """Which option of the guess is right: past the threshold the error rises, stays as it is as far
    as can be told, or falls. None where the widths do not say."""
    past = descent.past
    return None if past is None else 1 - past.sign
