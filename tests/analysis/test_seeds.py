"""Two settings over several seeds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from fmviz.analysis.seeds import over_seeds, repeated
from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig, bounds
from tests.support.records import answering, tiny

SHARES = ((0.80, 0.82), (0.79, 0.83), (0.81, 0.82), (0.80, 0.83), (0.78, 0.81))


def pairs(shares: tuple[tuple[float, float], ...] = SHARES) -> list[tuple[Shown, Shown]]:
    return [
        (
            answering("none", first, tiny(seed=seed), train_accuracy=0.9),
            answering("l2", second, tiny(seed=seed, penalty="l2", lam=1.0), train_accuracy=0.85),
        )
        for seed, (first, second) in enumerate(shares)
    ]


def test_a_run_is_repeated_with_other_seeds_alone() -> None:
    last = int(bounds("seed")[1])
    family = repeated(RunConfig(seed=last - 1), 4)
    assert [config.seed for config in family] == [last - 1, last, 0, 1, 2]
    assert {config.replace(seed=0) for config in family} == {RunConfig()}


def test_seeds_are_compared_by_a_t_interval_on_their_differences() -> None:
    validation, gap = over_seeds(pairs())
    differences = [second - first for first, second in SHARES]
    expected = scipy.stats.ttest_1samp(differences, 0)
    assert validation.differences == pytest.approx(tuple(differences))
    assert validation.mean.p == pytest.approx(expected.pvalue)
    assert (validation.mean.df, validation.mean.source) == (4, "seeds")
    low, _ = expected.confidence_interval()
    assert validation.mean.value - validation.mean.margin == pytest.approx(low)
    # Training falls by five points with each seed.
    assert gap.differences == pytest.approx(tuple(-0.05 - d for d in differences))
    assert gap.mean.sign == -1


def test_networks_that_answer_alike_with_every_seed_are_the_same() -> None:
    found = over_seeds([(first, first) for first, _ in pairs()])
    assert all(each.mean.same for each in found)
    assert np.ptp(found[0].differences) == 0


def test_one_seed_is_no_comparison_of_seeds() -> None:
    assert over_seeds(pairs()[:1]) == []
    assert over_seeds([]) == []
