"""What is said of labels learnt by heart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fmviz.analysis.memory import ByHeart
from fmviz.words import memory
from fmviz.words.prose import Caption

BRANCHES: dict[str, Callable[[], Caption]] = {
    "by heart": lambda: memory.by_heart(ByHeart(*(np.arange(n) for n in (184, 184, 16, 0)))),
    "by heart, none": lambda: memory.by_heart(ByHeart(*(np.arange(n) for n in (0, 0, 1, 0)))),
}


def test_repeated_and_other_labels_are_counted() -> None:
    caption = BRANCHES["by heart"]()
    assert caption.section == "by heart"
    wrong = {"memorised": "184", "through": "16", "astray": "none", "wrong": "200 wrong labels"}
    assert caption.figures == wrong
    assert BRANCHES["by heart, none"]().figures["wrong"] == "1 wrong label"
