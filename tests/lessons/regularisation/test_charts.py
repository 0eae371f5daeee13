"""Charts of the lesson on L2 and L1: their rows are what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fmviz.analysis.significance import normal
from fmviz.analysis.sweeps import Swept
from fmviz.charts.style import RUN_COLOURS
from fmviz.lessons.regularisation import charts as drawn
from fmviz.lessons.regularisation import geometry, small_charts
from fmviz.lessons.regularisation.pruning import Pruned
from fmviz.run.measure import Estimate
from tests.support.charts import fields

SPECS: dict[str, Any] = {
    "pruning": drawn.pruning_spec,
    "pixels": lambda dark: drawn.pixels_spec(128, dark),
    "law": drawn.law_spec,
    "geometry": lambda dark: drawn.geometry_spec("L1", dark),
    "sweep": lambda dark: drawn.sweep_spec(drawn.KINDS, "accuracy", True, True, dark),
    "zeros": drawn.zeros_spec,
    "nudge": lambda dark: small_charts.nudge_spec(("no penalty",), "accuracy", dark),
    "line": small_charts.line_spec,
    "errors": small_charts.errors_spec,
}


POINTS = [
    Pruned(share, Estimate(0.8 - share / 2, 0.01), normal(share / 2, 0.01))
    for share in (0.0, 0.5, 1.0)
]
SWEPT = [
    Swept("no penalty", "training", 0.0, 0.9, 0.9, 0.9),
    Swept("L2", "training", 2.0, 0.8, 0.7, 0.9),
]
STEPS = np.array([0, 10, 20])
ROWS = {
    "pruning": lambda: drawn.pruning_rows({"L1": POINTS}, 0.9).table.to_pandas(),
    "pixels": lambda: drawn.pixels_rows(np.arange(784)).table.to_pandas(),
    "law": lambda: drawn.law_rows(
        STEPS, {"L2": np.array([-1.0, -0.5, 0.25])}, 15
    ).table.to_pandas(),
    "geometry": lambda: drawn.geometry_rows(
        geometry.BOWL, "l1", 1.0, np.linspace(0, 3, 7)
    ).table.to_pandas(),
    "sweep": lambda: drawn.sweep_rows(SWEPT, 2.0).table.to_pandas(),
    "zeros": lambda: drawn.zeros_rows({"L1": (0.0, 0.8)}).table.to_pandas(),
    "nudge": lambda: small_charts.nudge_rows(
        {"no penalty": [(0.1, Estimate(0.2, 0.01))]}, 0.1
    ).table.to_pandas(),
    "line": lambda: small_charts.line_rows(0.1, 1).table.to_pandas(),
    "errors": lambda: small_charts.errors_rows(0.1, 1).table.to_pandas(),
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_chart_reads_only_columns_that_its_rows_have(name: str, dark: bool) -> None:
    spec = SPECS[name](dark)
    assert "data" not in spec
    assert "datasets" not in spec
    assert fields(spec) <= set(ROWS[name]().columns)


def test_pixels_stand_where_they_are() -> None:
    rows = (
        drawn.pixels_rows(np.arange(784)).table.to_pandas().set_index(["row", "column"])["weights"]
    )
    assert rows[1, 1] == 0
    assert rows[1, 28] == 27
    assert rows[2, 1] == 28


def test_a_law_is_drawn_by_magnitude_and_the_runs_end_only_in_sight() -> None:
    rows = ROWS["law"]()
    assert rows[rows["kind"] == "law"]["size"].tolist() == [1.0, 0.5, 0.25]
    assert rows[rows["kind"] == "end"]["step"].tolist() == [15]
    far = drawn.law_rows(STEPS, {"L2": np.ones(3)}, 21).table.to_pandas()
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
    assert not (drawn.sweep_rows(SWEPT, None).table.to_pandas()["kind"] == "present").any()


def test_kinds_of_penalty_keep_their_colours() -> None:
    assert drawn.KINDS[0] == drawn.ZERO_RUNS[0]
    for spec in (drawn.pruning_spec(False), drawn.law_spec(False), drawn.zeros_spec(False)):
        text = str(spec)
        assert RUN_COLOURS[False][2] in text  # L1's
