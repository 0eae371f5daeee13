"""Two settings over several seeds: a verdict on more than the two trainings of one seed.

A seed is the luck of the initial weights, of dropout's masks, and of which labels are wrong. The
images and the order of the batches stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.significance import SAME, Comparison, of_seeds
from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig, bounds

Of = Literal["validation", "gap"]
# So many seeds are tried: the page's own and four more.
SEEDS = 5


def repeated(config: RunConfig, more: int) -> list[RunConfig]:
    """A run and so many more that differ from it in the seed alone."""
    past = int(bounds("seed")[1]) + 1
    return [config.replace(seed=(config.seed + k) % past) for k in range(more + 1)]


class OverSeeds(NamedTuple):
    """A figure of one setting less that of another, seed by seed.

    Attributes:
        of: validation accuracy, or the accuracy gap on true labels.
        differences: one a seed, as shares.
        mean: their mean, by Student's t; "same" where the two answer alike with every seed.
    """

    of: Of
    differences: tuple[float, ...]
    mean: Comparison


def over_seeds(pairs: Sequence[tuple[Shown, Shown]]) -> list[OverSeeds]:
    """What sets two settings apart over the seeds; nothing with fewer than two of them, and no gap
    where no label is true.

    Args:
        pairs: the two runs of each seed, ended and finite; the second less the first is taken.
    """
    if len(pairs) < 2:
        return []
    images = min(run.record.examples["validation"] for pair in pairs for run in pair)
    accuracies = [pair[1].at("val_accuracy") - pair[0].at("val_accuracy") for pair in pairs]
    found: dict[Of, list[float]] = {"validation": accuracies}
    gaps = [[gap.value for run in pair if (gap := comparing.gap(run))] for pair in pairs]
    if all(len(of_pair) == 2 for of_pair in gaps):
        found["gap"] = [second - first for first, second in gaps]
    alike = [comparing.training_change(second, first) for first, second in pairs]
    alike += [comparing.change(second, first, "val") for first, second in pairs]
    same = all(change is None or change.same for change in alike)
    return [
        OverSeeds(of, tuple(differences), SAME if same else of_seeds(np.array(differences), images))
        for of, differences in found.items()
    ]
