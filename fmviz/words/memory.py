"""What is said of the labels that a network has learnt by heart."""

from __future__ import annotations

from fmviz.analysis.memory import ByHeart
from fmviz.words.prose import Caption


def by_heart(found: ByHeart) -> Caption:
    """How many wrong labels are repeated, seen through, or neither."""
    return Caption(
        "by heart",
        {
            "memorised": f"{len(found.memorised):,}",
            "through": f"{len(found.seen_through):,}",
            "astray": f"{len(found.astray):,}",
            "wrong": f"{len(found.memorised) + len(found.seen_through) + len(found.astray):,}",
        },
    )
