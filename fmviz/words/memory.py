"""What is said of the labels that a network has learnt by heart."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.memory import ByHeart
from fmviz.analysis.stopping import Shown
from fmviz.run.choices import N_CLASSES
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural
from fmviz.words.prose import Caption


def by_mistake(validation: Estimate) -> Estimate:
    """How often a network would answer a wrong label as told had it never seen that label.

    A wrong label is drawn evenly from the nine classes that are not true. A network that does not
    know of it answers falsely as often as on images it has not seen, and then hits it one time in
    nine: (1 − validation accuracy)/9.
    """
    others = N_CLASSES - 1
    return Estimate((1 - validation.value) / others, validation.error / others)


def on_true_labels(runs: Sequence[Shown]) -> str:
    """What follows a gap in a sentence: on which labels it counts, where some are wrong."""
    wrong = any(run.record.examples["corrupted"] for run in runs)
    return " (counted on true labels)" if wrong else ""


def by_heart(found: ByHeart) -> Caption:
    """How many wrong labels are repeated, seen through, or neither."""
    memorised, through, astray = (
        len(found.memorised),
        len(found.seen_through),
        len(found.astray),
    )
    return Caption(
        "by heart" if memorised else "by heart, none",
        {
            "memorised": f"{memorised:,}",
            "through": f"{through:,}" if through else "none",
            "astray": f"{astray:,}" if astray else "none",
            "wrong": plural(found.wrong, "wrong label"),
        },
    )
