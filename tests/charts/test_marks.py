"""Marks say what they are told and no more."""

from __future__ import annotations

from typing import Any

import altair as alt
import pytest

from fmviz.charts import marks
from fmviz.charts.style import GREY


def drawn(chart: alt.Chart) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    return spec


def test_a_layer_takes_the_rows_of_its_kind() -> None:
    spec = drawn(marks.line(marks.of_kind("curve")))
    assert spec["transform"] == [{"filter": "datum.kind == 'curve'"}]
    assert "transform" not in drawn(marks.line(marks.rows()))


def test_a_rule_is_dotted_and_grey_unless_its_encoding_has_a_colour() -> None:
    x = alt.X("epoch:Q")
    plain = drawn(marks.rule("stop", x=x))["mark"]
    assert plain["color"] == GREY
    assert min(plain["strokeDash"]) > 0
    assert "color" not in drawn(marks.rule("stop", color=None, x=x))["mark"]


@pytest.mark.parametrize("side", ["x", "y"])
def test_whiskers_lie_across_the_axis_that_they_stand_at(side: str) -> None:
    place: dict[str, Any] = {side: {"x": alt.X, "y": alt.Y}[side]("rate:Q")}
    encoding = drawn(marks.whiskers(marks.rows(), **place))["encoding"]
    other = {"x": "y", "y": "x"}[side]
    assert encoding[side]["field"] == "rate"
    assert encoding[other]["field"] == "low"
    assert encoding[f"{other}2"]["field"] == "high"


def test_a_click_picks_by_a_column() -> None:
    chart = marks.rows().mark_point().add_params(marks.picked("unit"))
    (param,) = drawn(chart)["params"]
    assert param["name"] == "picked"
    assert param["select"]["fields"] == ["unit"]
