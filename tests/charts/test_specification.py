"""A specification is built once, and holds neither data nor what only rows should say."""

from __future__ import annotations

import pytest

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves, figures
from fmviz.charts.specification import projected
from tests.support.charts import PAIR, SPECS, encodings, fields, pair, rows_of
from tests.support.records import synthetic, tiny


@pytest.mark.parametrize("chart", sorted(SPECS))
def test_a_specification_is_the_very_same_object_at_every_call_and_holds_no_data(
    chart: str,
) -> None:
    # A browser draws a chart anew where its specification changes; only rows may.
    first = SPECS[chart](PAIR, False)
    assert SPECS[chart](tuple(PAIR), False) is first
    for key in ("data", "datasets"):
        assert key not in first
    assert first["usermeta"] == {"embedOptions": {"renderer": "canvas"}}


def test_lambda_is_in_no_specification() -> None:
    # Two penalties, one pair of roles: the same objects, and other rows.
    runs = [
        Shown("with penalty", synthetic(tiny(penalty="l2", lam=lam), seed=i), None, 3)
        for i, lam in enumerate((1.0, 100.0))
    ]
    specs = [
        [
            curves.curves_spec((run.name,), run.record.config.epochs, False),
            figures.gap_spec((run.name,), False),
            figures.sparsity_spec((run.name,), False),
            figures.saturation_spec((run.name,), len(run.record.config.hidden), False),
        ]
        for run in runs
    ]
    assert all(one is other for one, other in zip(*specs, strict=True))
    assert not curves.curves_rows([runs[0]]).table.equals(curves.curves_rows([runs[1]]).table)


@pytest.mark.parametrize("chart", sorted(SPECS))
@pytest.mark.parametrize("patience", [None, 2])
def test_a_chart_reads_no_column_that_its_rows_lack(chart: str, patience: int | None) -> None:
    rows = rows_of(chart, pair(patience))
    assert fields(SPECS[chart](PAIR, False)) <= set(rows.columns)
    assert set(rows["run"].dropna()) == set(PAIR)


def test_a_projector_enlarges_marks_and_type_and_leaves_encodings_alone() -> None:
    spec = SPECS["gap"](PAIR, False)
    large = projected(spec)
    assert large["height"] == pytest.approx(1.4 * spec["height"])
    in_place = projected(spec, taller=False)
    assert in_place["height"] == spec["height"]
    assert in_place["config"] == large["config"]
    assert list(encodings(large, "x")) == list(encodings(spec, "x"))
    assert large["config"]["axis"]["labelFontSize"] == 17
    # What the chart decides itself is kept.
    assert large["config"]["legend"]["disable"] is True
