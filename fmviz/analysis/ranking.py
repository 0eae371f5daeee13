"""The best of several, and what cannot be told from it.

The best is the first with the highest figure, and it was picked after looking: had all the same
worth, some pair among k would still be far apart by chance. So each comparison is held to the
level over the number of pairs, k(k − 1)/2 (Bonferroni): that chance puts even one of equals behind
then has at most that level. Whoever names a winner asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from fmviz.analysis import comparing, significance
from fmviz.analysis.significance import Comparison, among
from fmviz.analysis.stopping import Shown

Key = TypeVar("Key")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Ranking(Generic[Key]):
    """Who is best, and by how much.

    Attributes:
        best: the first with the highest figure.
        behind: the lead of the best over each of the others, in their order.
        runner_up: the first of the others with the highest figure; None without others.
        tried: among how many, these included, they were picked.
    """

    best: Key
    behind: Mapping[Key, Comparison]
    runner_up: Key | None
    tried: int

    @property
    def level(self) -> list[Key]:
        """The others that cannot be told from the best."""
        return [key for key in self.behind if key not in self.beaten]

    @property
    def beaten(self) -> dict[Key, Comparison]:
        """The others that are behind by more than noise, and by how much."""
        pairs = comb(self.tried, 2)
        return {key: lead for key, lead in self.behind.items() if among(lead, pairs).real}


def rank(
    candidates: Mapping[Key, Item],
    value: Callable[[Item], float],
    lead: Callable[[Item, Item], Comparison],
    tried: int | None = None,
) -> Ranking[Key]:
    """Rank some candidates by a figure.

    Args:
        candidates: at least one.
        value: the figure of one; the highest is best.
        lead: the difference of two, with its error.
        tried: among how many the candidates were picked, where those are more than they.

    Raises:
        ValueError: no candidates.
    """
    order = sorted(candidates, key=lambda key: value(candidates[key]), reverse=True)
    if not order:
        raise ValueError("nothing to rank")
    best = order[0]
    behind = {
        key: lead(candidates[best], other) for key, other in candidates.items() if key != best
    }
    return Ranking(best, behind, order[1] if behind else None, tried or len(order))


def by_accuracy(runs: Mapping[Key, Shown], tried: int | None = None) -> Ranking[Key]:
    """Rank runs by validation accuracy, compared image by image where that can be.

    Args:
        tried: among how many the runs were picked, where those are more than they.

    Raises:
        ValueError: no runs.
    """
    return rank(
        runs,
        lambda run: run.at("val_accuracy"),
        lambda best, other: comparing.change(best, other, "val"),
        tried,
    )


def by_seeds(accuracies: Mapping[Key, npt.NDArray[np.floating]], images: int) -> Ranking[Key]:
    """Rank settings by their mean accuracy over the same seeds, at least two.

    How much a difference varies from seed to seed is learnt from all settings together, a few
    seeds of two alone telling little, and from the two where they vary more. A setting that does no
    better than guessing tells nothing of that, and is left out.

    Args:
        accuracies: (seeds,) of each setting, seed by seed.
        images: how many each is measured on.

    Raises:
        ValueError: no settings, or fewer than two seeds.
    """
    learnt = [
        row
        for row in accuracies.values()
        if significance.against_chance(float(row.mean()), images).sign > 0
    ]
    pooled = significance.pooled_spread(np.array(learnt)) if len(learnt) > 1 else None
    return rank(
        accuracies,
        lambda row: float(row.mean()),
        lambda best, other: significance.of_seeds(best - other, images, pooled),
    )
