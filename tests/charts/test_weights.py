"""Densities of weights, and weights as pictures."""

from __future__ import annotations

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.charts.weights import (
    distribution_rows,
    distribution_spec,
    diverging,
    kernel_pictures,
    picture_limit,
)
from fmviz.run import measure
from tests.support.charts import PAIR, fields
from tests.support.records import synthetic, tiny


def histogram(sigma: float, seed: int = 0) -> Shown:
    """A made-up run whose histogram is that of normal weights."""
    record = synthetic(tiny(), seed=seed)
    kernel = np.random.default_rng(seed).normal(0, sigma, 50_000).astype(np.float32)
    counts = record.layers["weight_histogram"]
    counts[...] = 0
    counts[-1, 0] = measure.weight_histogram(kernel)
    return Shown(PAIR[seed], record, None, record.epochs)


RUNS = [histogram(0.2, 0), histogram(0.02, 1)]


@pytest.mark.parametrize("dark", [False, True])
def test_the_density_reads_only_columns_that_its_rows_have(dark: bool) -> None:
    spec = distribution_spec(PAIR, dark)
    assert "data" not in spec
    assert "datasets" not in spec
    assert fields(spec) <= set(distribution_rows(RUNS).table.to_pandas().columns)


def test_a_density_is_drawn_as_far_as_its_weights_and_adds_up() -> None:
    rows = distribution_rows(RUNS).table.to_pandas()
    for run in RUNS:
        own = rows[rows["run"] == run.name]
        share = own["share"].iloc[:-1].sum()
        assert share == pytest.approx(1, abs=0.002)
        assert own["weight"].is_monotonic_increasing
    # The narrow one is the higher in the middle.
    tops = rows.groupby("run")["density"].max()
    assert tops[PAIR[1]] > 5 * tops[PAIR[0]]
    assert rows["weight"].abs().max() <= 1.5


def test_a_bin_without_weights_is_a_hole_since_a_logarithm_has_no_zero() -> None:
    rows = distribution_rows(RUNS).table.to_pandas()
    assert not (rows["density"] == 0).any()


@pytest.mark.parametrize("dark", [False, True])
def test_colours_diverge_from_the_ground_and_are_full_at_the_limit(dark: bool) -> None:
    low, middle, high = diverging(np.array([-2.0, 0.0, 0.5]), 0.5, dark).tolist()
    ground = 255 if not dark else 22
    assert middle[0] == ground
    assert low[2] > low[0]  # blue
    assert high[0] > high[2]  # orange
    assert diverging(np.array([-0.5]), 0.5, dark).tolist() == [low]
    assert diverging(np.zeros(1), 0.0, dark).tolist() == [middle]


def test_pictures_stand_in_a_grid_with_a_line_between() -> None:
    kernel = np.zeros((784, 10))
    kernel[:, 9] = 1.0
    grid = kernel_pictures(kernel, 1.0, False, columns=4, scale=2)
    assert grid.shape == (2 * (3 * 29 - 1), 2 * (4 * 29 - 1), 3)
    one = grid[2 * 2 * 29 :, 2 * 29 : 2 * (29 + 28)]
    assert (one == one[0, 0]).all()
    assert one[0, 0].tolist() == [213, 94, 0]


def test_the_scale_of_pictures_is_one_for_all() -> None:
    small, large = np.full((784, 2), 0.01), np.full((784, 2), -0.4)
    assert picture_limit([small, large]) == 0.4
