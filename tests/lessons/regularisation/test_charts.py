"""Charts of the lesson on L2 and L1: their rows are what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import Swept
from fmviz.charts.style import RUN_COLOURS
from fmviz.charts.weights import (
    distribution_rows,
    distribution_spec,
    diverging,
    kernel_pictures,
    picture_limit,
)
from fmviz.lessons.regularisation import charts as drawn
from fmviz.lessons.regularisation import geometry
from fmviz.lessons.regularisation.pruning import Pruned
from fmviz.run import measure
from fmviz.run.measure import Estimate
from tests.charts.test_curves_and_figures import fields
from tests.support.records import synthetic, tiny

PAIR = ("no penalty", "with penalty")

SPECS: dict[str, Any] = {
    "distribution": lambda dark: distribution_spec(PAIR, dark),
    "pruning": drawn.pruning_spec,
    "pixels": lambda dark: drawn.pixels_spec(128, dark),
    "law": drawn.law_spec,
    "geometry": lambda dark: drawn.geometry_spec("L1", dark),
    "sweep": lambda dark: drawn.sweep_spec(drawn.KINDS, "accuracy", True, True, dark),
    "zeros": drawn.zeros_spec,
}


def histogram(sigma: float, seed: int = 0) -> Shown:
    """A made-up run whose histogram is that of normal weights."""
    record = synthetic(tiny(), seed=seed)
    kernel = np.random.default_rng(seed).normal(0, sigma, 50_000).astype(np.float32)
    counts = record.layers["weight_histogram"]
    counts[...] = 0
    counts[-1, 0] = measure.weight_histogram(kernel)
    return Shown(PAIR[seed], record, None, record.epochs)


RUNS = [histogram(0.2, 0), histogram(0.02, 1)]
POINTS = [
    Pruned(share, Estimate(0.8 - share / 2, 0.01), Estimate(share / 2, 0.01))
    for share in (0.0, 0.5, 1.0)
]
SWEPT = [
    Swept("no penalty", "training", 0.0, 0.9, 0.9, 0.9),
    Swept("L2", "training", 2.0, 0.8, 0.7, 0.9),
]
STEPS = np.array([0, 10, 20])
ROWS = {
    "distribution": lambda: distribution_rows(RUNS),
    "pruning": lambda: drawn.pruning_rows({"L1": POINTS}, 0.9),
    "pixels": lambda: drawn.pixels_rows(np.arange(784)),
    "law": lambda: drawn.law_rows(STEPS, {"L2": np.array([-1.0, -0.5, 0.25])}, 15),
    "geometry": lambda: drawn.geometry_rows(geometry.BOWL, "l1", 1.0, np.linspace(0, 3, 7)),
    "sweep": lambda: drawn.sweep_rows(SWEPT, 2.0),
    "zeros": lambda: drawn.zeros_rows({"L1": (0.0, 0.8)}),
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_chart_reads_only_columns_that_its_rows_have(name: str, dark: bool) -> None:
    spec = SPECS[name](dark)
    assert "data" not in spec
    assert "datasets" not in spec
    assert fields(spec) <= set(ROWS[name]().columns)


def test_a_density_is_drawn_as_far_as_its_weights_and_adds_up() -> None:
    rows = distribution_rows(RUNS)
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
    rows = distribution_rows(RUNS)
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


def test_pixels_stand_where_they_are() -> None:
    rows = drawn.pixels_rows(np.arange(784)).set_index(["row", "column"])["weights"]
    assert rows[1, 1] == 0
    assert rows[1, 28] == 27
    assert rows[2, 1] == 28


def test_a_law_is_drawn_by_magnitude_and_the_runs_end_only_in_sight() -> None:
    rows = ROWS["law"]()
    assert rows[rows["kind"] == "law"]["size"].tolist() == [1.0, 0.5, 0.25]
    assert rows[rows["kind"] == "end"]["step"].tolist() == [15]
    far = drawn.law_rows(STEPS, {"L2": np.ones(3)}, 21)
    assert not (far["kind"] == "end").any()


def test_the_ellipse_touches_the_budget_at_the_optimum() -> None:
    rows = ROWS["geometry"]()
    optimum = rows[rows["kind"] == "optimum"][["w1", "w2"]].to_numpy()[0]
    budget = rows[rows["kind"] == "budget"][["w1", "w2"]].to_numpy()
    assert np.abs(budget).sum(axis=1) == pytest.approx(np.abs(optimum).sum())
    touching = rows[rows["kind"] == "touching"][["w1", "w2"]].to_numpy()
    level = geometry.loss(geometry.BOWL, optimum)
    assert geometry.loss(geometry.BOWL, touching) == pytest.approx(level)
    assert optimum[1] == 0


def test_the_baseline_of_a_sweep_is_a_rule_and_the_present_lambda_another() -> None:
    rows = ROWS["sweep"]()
    assert rows["kind"].tolist() == ["baseline", "swept", "present"]
    assert not (drawn.sweep_rows(SWEPT, None)["kind"] == "present").any()


def test_kinds_of_penalty_keep_their_colours() -> None:
    assert drawn.KINDS[0] == drawn.ZERO_RUNS[0]
    for spec in (drawn.pruning_spec(False), drawn.law_spec(False), drawn.zeros_spec(False)):
        text = str(spec)
        assert RUN_COLOURS[False][2] in text  # L1's
