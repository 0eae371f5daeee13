"""The opened vault as a chart."""

from __future__ import annotations

import pytest

from fmviz.charts.vault import vault_rows, vault_spec
from fmviz.page.vault import Tried, Vault
from fmviz.run.config import RunConfig
from fmviz.run.measure import accuracy
from tests.support.charts import fields


def test_it_is_drawn_light_and_dark() -> None:
    for dark in (False, True):
        assert vault_spec(dark)["layer"]


def test_its_points_have_both_scores_and_their_errors() -> None:
    scores = [(0.85, 0.84), (0.80, 0.81)]
    vault = Vault(
        tuple(
            Tried(RunConfig(seed=i), 29, accuracy(v, 2_500), accuracy(t, 5_000), 5_000)
            for i, (v, t) in enumerate(scores)
        ),
        opened=True,
    )
    rows = vault_rows(vault, ["a", "b"]).table.to_pandas()
    assert fields(vault_spec(False)) <= set(rows.columns)
    points = rows[rows["kind"] != "equal"]
    assert points["name"].tolist() == ["a", "b"]
    assert points["validation"].tolist() == [0.85, 0.80]
    errors = [accuracy(test, 5_000).error for _, test in scores]
    assert (points["test_high"] - points["test"]).tolist() == pytest.approx(errors)
    assert (points["test"] - points["test_low"]).tolist() == pytest.approx(errors)
    assert rows[rows["kind"] == "equal"]["test"].tolist() == [0.80, 0.85]
