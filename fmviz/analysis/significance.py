"""One statistics behind every verdict: a difference, its error, where that comes from, how sure.

A difference is called real where chance alone would show one as large in at most `LEVEL` of all
cases. What chance does depends on what was measured, the `Source`:

- "same": the same network twice, so there is nothing to tell apart;
- "paired": two networks on the same images (McNemar 1947): of the images that only one of them
  answers rightly, half would fall to either by chance;
- "separate": two accuracies on different images;
- "census": every image there is was measured, so nothing is left to chance;
- "chosen": what is ahead was chosen on these very images, as the best of several;
- "seeds": differences of several trainings each, by Student's t with one degree of freedom less
  than there are seeds.

Errors are standard errors, as shares of images (0.01 is one point).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from fmviz.run.choices import N_CLASSES
from fmviz.run.measure import Estimate, accuracy

Source = Literal["same", "paired", "separate", "census", "chosen", "seeds"]
# Chance may show this share of differences that are none.
LEVEL = 0.05
# From so many images on that only one of two networks answers rightly, a binomial is as good as
# normal; below, it is counted out.
MANY = 25


@dataclass(frozen=True)
class Comparison:
    """The difference of two figures, and how sure it is.

    Attributes:
        value: the difference.
        error: its standard error; 0 where nothing is left to chance.
        source: what the error covers.
        p: how often chance alone would show a difference at least as large, in [0, 1].
        only: how many images the first network alone answers rightly, and the second alone; of
            "paired" ones.
        df: degrees of freedom of Student's t; of "seeds".
    """

    value: float
    error: float
    source: Source
    p: float
    only: tuple[int, int] | None = None
    df: int | None = None

    @property
    def real(self) -> bool:
        """Whether chance alone would hardly show it."""
        return self.p < LEVEL

    @property
    def could_be_noise(self) -> bool:
        """Whether chance alone might well show it."""
        return not self.real

    @property
    def same(self) -> bool:
        """Whether it is the same network twice."""
        return self.source == "same"

    @property
    def sign(self) -> int:
        """1 or −1 where it is above or below zero by more than noise, else 0."""
        return 0 if self.could_be_noise else 1 if self.value > 0 else -1

    @property
    def size(self) -> Comparison:
        """How large it is, whichever way."""
        return replace(self, value=abs(self.value))

    @property
    def margin(self) -> float:
        """Half the width of its 95% interval: `value` ± `margin`."""
        tail = 1 - LEVEL / 2
        wide = special.ndtri(tail) if self.df is None else special.stdtrit(self.df, tail)
        return float(wide) * self.error


SAME = Comparison(0.0, 0.0, "same", 1.0)


def normal(value: float, error: float, source: Source = "separate") -> Comparison:
    """A difference with a standard error, on so many images that it is normally distributed.

    An error of 0 makes it a census: any difference is real.
    """
    if not error:
        return Comparison(value, 0.0, "census", 0.0 if value else 1.0)
    p = 2 * float(special.ndtr(-abs(value) / error))
    return Comparison(value, error, source, 1.0 if math.isnan(p) else p)


def separate(a: Estimate, b: Estimate) -> Comparison:
    """a − b of figures that are measured on different images, error √(a.error² + b.error²).

    For two networks on the same images that is on the careful side, because their mistakes go
    together; `paired` is exact there.
    """
    return normal(a.value - b.value, math.hypot(a.error, b.error))


def paired(
    right_a: npt.NDArray[np.bool_], right_b: npt.NDArray[np.bool_], population: float = 1.0
) -> Comparison:
    """Difference in accuracy of two networks on the same m images, image by image.

    Args:
        right_a, right_b: (m,) whether each network is right.
        population: `measure.finite_population` of the images; 0 for a census.
    """
    only_a = int(np.count_nonzero(right_a & ~right_b))
    only_b = int(np.count_nonzero(right_b & ~right_a))
    return mcnemar(only_a, only_b, len(right_a), population)


def mcnemar(b: int, c: int, m: int, population: float = 1.0) -> Comparison:
    """Difference in accuracy (b − c)/m of two networks on m images, of which the first alone
    answers b rightly and the second alone c.

    By chance b is binomial with b + c trials and share ½: exactly so where b + c is below `MANY`,
    else z = (b − c)/√(b + c). The error is √(b + c − (b − c)²/m)/m; below `MANY` with ½ added to
    each of the four counts (Agresti & Min 2005), for b = c = 0 would claim certainty.
    """
    value, only = (b - c) / m, (b, c)
    if not population:
        return Comparison(value, 0.0, "census", 1.0 if b == c else 0.0, only)
    if b + c >= MANY:
        error = math.sqrt(b + c - (b - c) ** 2 / m) / m * population
        p = 2 * float(special.ndtr(-abs(b - c) / math.sqrt(b + c) / population))
    else:
        error = math.sqrt(b + c + 1 - (b - c) ** 2 / (m + 2)) / (m + 2) * population
        p = min(1.0, 2 * float(special.bdtr(min(b, c), b + c, 0.5)))
    return Comparison(value, error, "paired", p, only)


def against_chance(share: float, examples: int, guess: float = 1 / N_CLASSES) -> Comparison:
    """A share of right answers less that of guessing, beside what that gets on as many images.

    The exact binomial test, two-sided by doubling the smaller tail: guesses are a matter of chance
    even where every image there is was measured.
    """
    right = round(share * examples)
    at_most = special.bdtr(right, examples, guess)
    at_least = special.bdtrc(right - 1, examples, guess) if right else 1.0
    error = math.sqrt(guess * (1 - guess) / examples)
    return Comparison(share - guess, error, "separate", min(1.0, 2 * float(min(at_most, at_least))))


def more_often(share: float, examples: int, other: Estimate) -> Comparison:
    """A share of few or many examples less another that was measured elsewhere: `separate`, unless
    so few examples show as much by chance more often than it says (`against_chance`)."""
    rough = separate(accuracy(share, examples), other)
    return replace(rough, p=max(rough.p, against_chance(share, examples, other.value).p))


def of_draws(differences: npt.NDArray[np.floating]) -> Comparison:
    """Mean of a difference that was drawn k times, by Student's t with k − 1 degrees of freedom;
    of a single draw nothing can be told."""
    d = np.asarray(differences, float)
    value, df = float(d.mean()), len(d) - 1
    if not df:
        return Comparison(value, 0.0, "seeds", 1.0)
    return _student(value, float(d.std(ddof=1)) / math.sqrt(len(d)), df)


def _student(value: float, error: float, df: int) -> Comparison:
    if not error:
        return Comparison(value, 0.0, "seeds", 0.0 if value else 1.0, df=df)
    p = 2 * float(special.stdtr(df, -abs(value) / error))
    return Comparison(value, error, "seeds", p, df=df)


class Spread(NamedTuple):
    """How much a difference varies from seed to seed: its standard deviation, and the degrees of
    freedom that this is known with."""

    deviation: float
    df: int


def of_seeds(
    differences: Sequence[float] | npt.NDArray[np.floating],
    images: int,
    pooled: Spread | None = None,
) -> Comparison:
    """Mean difference of two settings over k seeds, by Student's t with k − 1 degrees of freedom.

    It speaks of other seeds, on these images. Accuracies are counts, so a few seeds may agree to
    the image by accident: the deviation is never taken for less than one image.

    Args:
        differences: (k,) one a seed, at least two.
        images: how many each accuracy is measured on.
        pooled: the deviation as more than these two settings show it, with its degrees of freedom;
            it counts where it is the larger.

    Raises:
        ValueError: fewer than two seeds.
    """
    d = np.asarray(differences, float)
    if len(d) < 2:
        raise ValueError(f"need at least two seeds, not {len(d)}")
    deviation, df = max(float(d.std(ddof=1)), 1 / images), len(d) - 1
    if pooled is not None:
        deviation, df = max(deviation, pooled.deviation), pooled.df
    return _student(float(d.mean()), deviation / math.sqrt(len(d)), df)


def pooled_spread(table: npt.NDArray[np.floating]) -> Spread | None:
    """How much the difference of two settings varies from seed to seed, learnt from all of them.

    Seeds are blocks: with e what is left of each figure once its setting's mean and its seed's
    mean are taken off, the variance of a difference is 2 Σe²/((settings − 1)(seeds − 1)).

    Args:
        table: (settings, seeds).

    Returns:
        None with fewer than two of either.
    """
    if min(table.shape) < 2:
        return None
    rest = (
        table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    )
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    return Spread(math.sqrt(2 * float(np.square(rest).sum()) / df), df)


def among(comparison: Comparison, tried: int) -> Comparison:
    """A comparison that was picked out of so many, or is one of so many that must all hold: chance
    has as many tries, so p is multiplied by their number (Bonferroni)."""
    return replace(comparison, p=min(1.0, comparison.p * tried))


def chosen(comparison: Comparison, tried: int, both: bool = False) -> Comparison:
    """A comparison whose first side was chosen on these very images as the best of so many.

    The best of so many is ahead by luck alone: being ahead is evidence only where it holds out
    against as many tries (Bonferroni). Being behind all the same is evidence as it stands.

    Args:
        both: whether the second side was chosen like that too.
    """
    if comparison.same or (comparison.value <= 0 and not both):
        return comparison
    return replace(among(comparison, tried), source="chosen")
