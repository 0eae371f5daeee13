"""Figures as words: shares, points with their error, lists, times."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fmviz.analysis.significance import Comparison
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural
from fmviz.run.settings import number

# Two figures that have no error bar are called alike within this share of the larger.
ALIKE = 0.02
# Nobody reads more decimals of a point than this.
MOST_DECIMALS = 3


def percent(share: float, digits: int = 1) -> str:
    """0.851 → "85.1%"."""
    return f"{100 * share:.{digits}f}%"


def small_percent(share: float) -> str:
    """A share that may be tiny: "0", "<0.01%", "0.03%", "3.1%", "83.5%"."""
    if share == 0:
        return "0%"
    if share < 0.0001:
        return "<0.01%"
    return percent(share, 2 if share < 0.01 else 1)


def rounded(value: float, digits: int = 2) -> str:
    """A figure to so many digits: 0.03571 → "0.036"."""
    return number(float(f"{value:.{digits}g}"))


def significant(value: float, digits: int = 2) -> str:
    """The same with its zeros, so that figures that stand together are alike in precision:
    0.1 → "0.10" beside 0.012. Without them where it is a power of ten anyway, below 0.0001."""
    short = rounded(value, digits)
    if not math.isfinite(value) or abs(value) < 1e-4:
        return short
    kept = float(f"{value:.{digits}g}")
    decimals = digits - 1 - math.floor(math.log10(abs(kept)))
    return f"{kept:.{decimals}f}".replace("-", "−") if decimals > 0 else short


def amount(value: float) -> str:
    """2.31, 17.2, 256,000,000: three figures of a number that may be large."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def signed_points(value: float) -> str:
    """A difference in points with its sign: 0.0123 → "+1.2"; what rounds to zero has none."""
    rounded = round(100 * value, 1) + 0.0
    return f"{rounded:{'+' if rounded else ''}.1f}".replace("-", "−")


def points(estimate: Estimate | Comparison, signed: bool = False, digits: int = 1) -> str:
    """0.147 ± 0.009 → "14.7 ± 0.9": `with_error` of what is told in points."""
    return with_error(100 * estimate.value, 100 * estimate.error, signed, digits)


def with_error(value: float, error: float, signed: bool = False, digits: int = 1) -> str:
    """A figure ± its error: a minus sign, and a plus where `signed`. What has no error, such as an
    accuracy over all images there are, has no ±.

    An error too small for its digits gets as many as show one: "0.00 ± 0.02", not "0.0 ± 0.0".
    """
    digits = max(digits, _to_show(error))
    # Adding 0 to what is rounded takes the sign from −0.0.
    rounded = round(value, digits) + 0.0
    told = f"{rounded:{'+' if signed else ''}.{digits}f}".replace("-", "−")
    return f"{told} ± {error:.{digits}f}" if error else told


def _to_show(error: float) -> int:
    """How many decimals show a digit of an error; 0 where it has none to show."""
    return max(0, -math.floor(math.log10(error))) if 0 < error < math.inf else 0


def _decimals(estimate: Estimate | Comparison) -> int:
    """A difference of about two errors has two decimals: with one it could read as more than two
    where the verdict is chance, or as less where it is not."""
    near = 1.8 * estimate.error <= abs(estimate.value) <= 2.2 * estimate.error
    return max(2 if near and estimate.error else 1, _to_show(100 * estimate.error))


def around(estimate: Estimate | Comparison, digits: int = 1) -> str:
    """0.147 ± 0.009 → "14.7 ± 0.9 points", with two decimals where it is of about two errors; the
    error is left out where it is nothing."""
    return points(estimate, digits=max(digits, _decimals(estimate))) + " points"


def short_points(estimate: Estimate | Comparison, digits: int = 1) -> str:
    """0.147 ± 0.009 → "14.7": for a figure whose error stands elsewhere."""
    return points(estimate, digits=digits).partition(" ± ")[0]


Figure = float | Estimate | Comparison


def decimals(now: Figure, before: Figure, change: Figure) -> int:
    """How many decimals of points, or of percent, two figures and their difference are told with,
    so that who subtracts finds what is told of it: as few as that takes.

    84.0% and 84.1% with a difference of 0.0 would read as a mistake; 84.04, 84.08 and 0.04 do not.
    """
    figures = [each if isinstance(each, float | int) else each.value for each in (now, before)]
    size = change if isinstance(change, float | int) else change.value
    told = [each for each in (now, before, change) if isinstance(each, Estimate | Comparison)]
    least = max([1, *map(_decimals, told)])
    for digits in range(least, MOST_DECIMALS + 1):
        one, other, apart = (round(100 * value, digits) for value in (*figures, size))
        if abs(abs(one - other) - abs(apart)) < 0.5 * 10**-digits:
            return digits
    # Shares of a number such as 33 need not meet at any.
    return least


def spread(estimate: Estimate | Comparison, digits: int = 1) -> str:
    """0.147 ± 0.009 → "± 0.9 points": an error whose figure stands elsewhere; "" where there is
    none."""
    error = points(estimate, digits=digits).partition(" ± ")[2]
    return f"± {error} points" if error else ""


def counted(count: int, thing: str) -> str:
    """0 → "no epochs", 1 → "1 epoch", 30 → "30 epochs"."""
    return plural(count, thing) if count else f"no {thing}s"


def direction(change: Comparison, below: str, same: str, above: str) -> str:
    """The word for where a change lies: below zero, within the noise, or above."""
    return (same, above, below)[change.sign]


def compared(now: float, before: float, less: str, more: str, alike: float = ALIKE) -> str:
    """The word for where a figure without an error lies beside another: "alike" where the two are
    within that share of the larger."""
    if abs(now - before) <= alike * max(abs(now), abs(before)):
        return "alike"
    return less if now < before else more


def upper_first(text: str) -> str:
    """A sentence's first letter in upper case, the rest as it is; "n = 100" is a symbol's."""
    return text if text.partition(" ")[2].startswith("= ") else text[:1].upper() + text[1:]


def duration(seconds: float) -> str:
    """A time that is only estimated, as roughly as it is known: "about 40 s"."""
    if seconds < 1:
        return "about a second"
    if seconds < 10:
        return f"about {max(round(seconds), 1)} s"
    if seconds < 100:
        return f"about {5 * round(seconds / 5)} s"
    minutes = seconds / 60
    if minutes < 60:
        return f"about {plural(round(minutes), 'minute')}"
    hours = round(minutes / 60, 1)
    return f"about {hours:g} {'hour' if hours == 1 else 'hours'}"


def listed(names: Sequence[str]) -> str:
    """ "SGD", "SGD and Adam", "SGD, Adam and Lion"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
