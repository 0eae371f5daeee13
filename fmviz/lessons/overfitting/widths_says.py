"""What is said of ever wider networks."""

from __future__ import annotations

from collections.abc import Mapping

from fmviz.analysis.seeds import SEEDS
from fmviz.analysis.significance import Comparison
from fmviz.lessons.overfitting.widths import (
    BY_HEART,
    WIDTHS,
    Descent,
    Figure,
    noises,
    units_at_threshold,
)
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural
from fmviz.run.settings import number
from fmviz.words.numbers import direction, percent, points, with_error
from fmviz.words.prose import Caption

# What is measured on validation images, as sentences have it.
CALLED: dict[Figure, str] = {"error": "error", "crossentropy": "cross-entropy"}


def labels(noise: float) -> str:
    """What networks were told, as legends and sentences have it."""
    return f"{percent(noise, 0)} wrong labels" if noise else "true labels"


def value(mean: Comparison, figure: Figure) -> str:
    """A mean over the seeds, ± one standard error."""
    if figure == "error":
        return f"{points(Estimate(mean.value, mean.error))}%"
    return with_error(mean.value, mean.error, digits=2)


def size(change: Comparison, figure: Figure) -> str:
    """How large a difference of means is, ± one standard error."""
    if figure == "error":
        return f"{points(change.size)} points"
    return with_error(abs(change.value), change.error, digits=3)


def told(found: Mapping[float, Descent], figure: Figure) -> list[Caption]:
    """What the finished sweep shows: whether there is a peak, and what comes past the width that
    learns all by heart; of wrong labels first."""
    captions = []
    for noise in sorted(found, reverse=True):
        captions += [_peak(noise, found[noise], figure), _past(noise, found[noise], figure)]
    return captions or [Caption("widths too few", {})]


def _peak(noise: float, descent: Descent, figure: Figure) -> Caption:
    """Whether the figure falls, rises and falls again."""
    figures = {
        "labels": labels(noise),
        "error": CALLED[figure],
        "widths": str(len(descent.widths)),
    }
    peak = descent.peak
    if peak is None:
        return Caption("widths no peak", figures)
    for name in ("narrow", "top", "wide"):
        width = getattr(peak, name)
        figures |= {name: plural(width.units, "unit"), f"{name}_value": value(width.mean, figure)}
    figures |= {"rise": size(peak.rise, figure), "fall": size(peak.fall, figure)}
    return Caption("widths peak", figures)


def _past(noise: float, descent: Descent, figure: Figure) -> Caption:
    """What becomes of the figure past the width that learns all by heart."""
    first, last, past = descent.threshold, descent.widths[-1], descent.past
    figures = {
        "labels": labels(noise),
        "error": CALLED[figure],
        "last": plural(last.units, "unit"),
        "share": percent(float(last.training.mean())),
        "by_heart": percent(BY_HEART, 0),
    }
    if first is None:
        return Caption("widths never by heart", figures)
    figures |= {"first": plural(first.units, "unit"), "first_value": value(first.mean, figure)}
    if past is None:
        return Caption("widths only the widest", figures)
    figures |= {"last_value": value(last.mean, figure), "change": size(past, figure)}
    return Caption(f"widths past, {direction(past, 'falls', 'same', 'rises')}", figures)


def about(config: RunConfig) -> Caption:
    """How the picture was measured, and where a count of weights has the threshold."""
    figures = {
        "seeds": str(SEEDS),
        "n": f"{config.train_size:,}",
        "measured": f"{min(config.train_size, DATASETS[config.dataset].train_sample):,}",
        "answers": f"{10 * config.train_size:,}",
        "units": number(round(units_at_threshold(config.train_size), 1)),
        "epochs": plural(config.epochs, "epoch"),
        "by_heart": percent(BY_HEART, 0),
    }
    return Caption("about widths", figures)


def intro(config: RunConfig) -> Caption:
    """What is trained, before it is."""
    figures = {
        "least": str(WIDTHS[0]),
        "most": str(WIDTHS[-1]),
        "seeds": str(SEEDS),
        "labels": labels(noises(config)[1]),
    }
    return Caption("widths intro", figures)
