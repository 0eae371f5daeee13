"""Labels at the ends of lines stand beside their lines, and none upon another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from fmviz.charts import ends

PLACES = st.lists(st.floats(0, 1), max_size=8)


@given(PLACES, st.floats(0.001, 0.3))
def test_labels_keep_their_order_and_their_distance(places: list[float], least: float) -> None:
    found = ends.apart(places, least)
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(np.array(found)[order]) >= least - 1e-9)
    # As a whole they go neither up nor down.
    assert sum(found) == pytest.approx(sum(places))


@pytest.mark.parametrize(
    "places", [[0.5, 0.5], [0.1, 0.9, 0.12], [0.8, 0.82, 0.81, 0.2], [0.3, 0.3, 0.3, 0.3, 0.36]]
)
def test_they_move_as_little_as_may_be(places: list[float]) -> None:
    least = 0.05
    order = np.argsort(places, kind="stable")
    aim = np.array(places)[order]
    best = minimize(
        lambda at: float(((at - aim) ** 2).sum()),
        aim + np.arange(len(aim)) * least,
        method="SLSQP",
        constraints=[{"type": "ineq", "fun": lambda at: np.diff(at) - least}],
        options={"ftol": 1e-12},
    ).x
    assert np.array(ends.apart(places, least))[order] == pytest.approx(best, abs=1e-4)


@given(PLACES.filter(bool), st.floats(0.001, 0.3))
def test_none_stands_above_the_axis(places: list[float], least: float) -> None:
    rows = ends.rows([{"share": place} for place in places], "share", least, 1.0)
    assert max(row["share"] for row in rows) <= 1 - least / 2 + 1e-9
    assert {row["kind"] for row in rows} == {"end"}
