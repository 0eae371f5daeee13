"""The best of several, and what is level with it.

The best is the first with the highest figure. Every other is compared with it, and one that is
behind by no more than noise is level with it. Whoever names a winner asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.run.measure import Estimate

Key = TypeVar("Key")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Ranking(Generic[Key]):
    """Who is best, and by how much.

    Attributes:
        best: the first with the highest figure.
        behind: the lead of the best over each of the others, in their order.
        runner_up: the first of the others with the highest figure; None without others.
    """

    best: Key
    behind: Mapping[Key, Estimate]
    runner_up: Key | None

    @property
    def level(self) -> list[Key]:
        """The others that cannot be told from the best."""
        return [key for key, lead in self.behind.items() if lead.could_be_noise]

    @property
    def beaten(self) -> dict[Key, Estimate]:
        """The others that are behind by more than noise, and by how much."""
        return {key: lead for key, lead in self.behind.items() if not lead.could_be_noise}


def rank(
    candidates: Mapping[Key, Item],
    value: Callable[[Item], float],
    lead: Callable[[Item, Item], Estimate],
) -> Ranking[Key]:
    """Rank some candidates by a figure.

    Args:
        candidates: at least one.
        value: the figure of one; the highest is best.
        lead: the difference of two, with its error.

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
    return Ranking(best, behind, order[1] if behind else None)


def by_accuracy(runs: Mapping[Key, Shown]) -> Ranking[Key]:
    """Rank runs by validation accuracy, compared image by image where that can be.

    Raises:
        ValueError: no runs.
    """
    return rank(
        runs,
        lambda run: run.at("val_accuracy"),
        lambda best, other: comparing.change(best, other, "val"),
    )
