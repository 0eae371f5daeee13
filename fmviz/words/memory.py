"""What is said of the labels that a network has learnt by heart."""

from __future__ import annotations

from fmviz.analysis.memory import ByHeart
from fmviz.run.naming import plural
from fmviz.words.prose import Caption


def by_heart(found: ByHeart) -> Caption:
    """How many false labels are repeated, seen through, or neither."""
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
            "wrong": plural(memorised + through + astray, "false label"),
        },
    )
