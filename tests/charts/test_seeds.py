"""Differences over seeds as a chart."""

from __future__ import annotations

import pytest

from fmviz.charts.seeds import seeds_rows, seeds_spec
from tests.support.charts import fields
from tests.words.test_seeds import ABOVE, BELOW, over


def test_each_seed_is_a_dot_and_the_mean_has_its_interval() -> None:
    found = [over(*ABOVE), over(*BELOW, of="gap")]
    rows = seeds_rows(found, [0, 1, 2, 3, 4]).table.to_pandas()
    for dark in (False, True):
        assert fields(seeds_spec("a less b, points", dark)) <= set(rows.columns)
    dots = rows[rows["kind"] == "seed"]
    assert dots["points"].tolist() == pytest.approx([*ABOVE, *BELOW])
    assert dots["seed"].tolist()[:2] == ["seed 0", "seed 1"]
    means = rows[rows["kind"] == "mean"]
    assert means["points"].tolist() == pytest.approx([1.12, -2.1])
    widths = (means["high"] - means["low"]).tolist()
    assert widths == pytest.approx([200 * each.mean.margin for each in found])
