"""The best of several: no winner among equals, and one that is best is found."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from fmviz.analysis import ranking, significance
from fmviz.analysis.ranking import Ranking, by_accuracy, by_seeds, rank
from fmviz.analysis.significance import LEVEL
from tests.support.records import answering, tiny

CELLS, IMAGES = 28, 1_000


def of_images(right: npt.NDArray[np.bool_]) -> Ranking[int]:
    """Rank cells of one training each, (cells, images)."""
    return rank(dict(enumerate(right)), lambda row: float(row.mean()), significance.paired)


def even_cells(rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Networks of one worth: each image is as hard for all of them."""
    hard = rng.beta(0.8, 0.2, IMAGES)
    found: npt.NDArray[np.bool_] = rng.random((CELLS, IMAGES)) < hard
    return found


def test_of_equal_cells_hardly_ever_is_one_called_worse() -> None:
    rng, tries = np.random.default_rng(0), 300
    found = [of_images(even_cells(rng)) for _ in range(tries)]
    assert not any(not each.level for each in found)  # never a lone winner
    worse = sum(bool(each.beaten) for each in found) / tries
    assert worse <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / tries)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_of_equal_cells_over_seeds_hardly_ever_is_one_called_worse(seeds: int) -> None:
    rng, tries = np.random.default_rng(seeds), 400
    tables = (
        0.8 + rng.normal(0, 0.005, (tries, 1, seeds)) + rng.normal(0, 0.006, (tries, CELLS, seeds))
    )
    tables[:, 20:] = 0.1  # stuck: they vary by nothing, which says nothing of the others
    worse = [
        [key for key in by_seeds(dict(enumerate(table)), 2_500).beaten if key < 20]
        for table in tables
    ]
    found = sum(map(bool, worse)) / tries
    assert found <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / tries)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_cells_that_are_plainly_worse_are_told_from_the_best(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    means = np.repeat([0.85, 0.75, 0.1], [10, 10, 8])
    table = means[:, None] + rng.normal(0, 0.004, (CELLS, seeds))
    found = by_seeds(dict(enumerate(table)), 2_500)
    assert found.best < 10
    assert set(found.level) == set(range(10)) - {found.best}
    assert set(found.beaten) == set(range(10, 28))


def test_a_cell_that_is_best_by_far_wins_alone() -> None:
    rng = np.random.default_rng(0)
    right = even_cells(rng)
    right[5] |= rng.random(IMAGES) < 0.7
    found = of_images(right)
    assert (found.best, found.level) == (5, [])
    assert list(found.behind) == [cell for cell in range(CELLS) if cell != 5]


def test_the_runner_up_is_the_next_and_ties_go_to_the_first() -> None:
    shares = {"a": 0.7, "b": 0.8, "c": 0.8}
    runs = {n: answering(n, share, tiny(seed=k)) for k, (n, share) in enumerate(shares.items())}
    found = by_accuracy(runs)
    assert (found.best, found.runner_up, found.level) == ("b", "c", ["c"])
    assert list(found.beaten) == ["a"]
    assert found.behind["c"].same
    with pytest.raises(ValueError, match="nothing to rank"):
        by_accuracy({})


def test_those_that_were_picked_among_more_have_more_to_hold_out_against() -> None:
    shares = {"a": 0.8, "b": 0.8032}
    runs = {n: answering(n, share, tiny(seed=k)) for k, (n, share) in enumerate(shares.items())}
    # b alone is right on 8 images: p = 1/128.
    assert by_accuracy(runs).beaten
    assert not by_accuracy(runs, tried=8).beaten
    assert ranking.rank({"x": 1.0}, float, lambda a, b: significance.SAME).beaten == {}
