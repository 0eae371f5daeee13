"""Axes span what they should."""

from __future__ import annotations

import pytest

from fmviz.charts import curves
from fmviz.run.measure import TOLERANCES
from tests.support.charts import PAIR, SPECS, encodings


@pytest.mark.parametrize(("epochs", "domain"), [(30, [1, 30]), (2, [1, 2]), (1, [0, 1])])
def test_the_axis_of_epochs_spans_the_run_from_its_start(epochs: int, domain: list[int]) -> None:
    xs = list(encodings(curves.curves_spec(PAIR, epochs, False), "x"))
    assert {x["field"] for x in xs} == {"epoch"}
    for x in xs:
        assert x["scale"]["domain"] == domain


def test_tolerances_are_on_a_log_axis_that_holds_all_but_zero() -> None:
    (scale,) = {
        (*x["scale"]["domain"], x["scale"]["type"])
        for x in encodings(SPECS["sparsity"](PAIR, False), "x")
    }
    assert scale == (TOLERANCES[1], TOLERANCES[-1], "log")


@pytest.mark.parametrize("chart", ["sparsity", "saturation"])
def test_shares_are_drawn_from_none_to_all(chart: str) -> None:
    axes = [
        e
        for channel in "xy"
        for e in encodings(SPECS[chart](PAIR, False), channel)
        if e["field"] == "share"
    ]
    assert axes
    assert all(axis["scale"]["domain"][0] == 0 and axis["title"] for axis in axes)
    # No less than all, though there may be room for a label beyond it.
    assert all(1 <= axis["scale"]["domain"][1] <= 1.3 for axis in axes)
