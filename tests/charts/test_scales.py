"""What tells runs and splits apart on every chart: colours, marks, dashes."""

from __future__ import annotations

from typing import Any

import pytest

from fmviz.charts.against import against_spec
from fmviz.charts.scales import legend_columns
from fmviz.charts.style import HOLLOW
from fmviz.lessons.sweep.charts import curves_spec
from tests.support.charts import PAIR, SPECS, encodings

# Okabe & Ito 2008, without black.
OKABE_ITO = {"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


@pytest.mark.parametrize("chart", sorted(SPECS))
@pytest.mark.parametrize("dark", [False, True])
def test_two_runs_have_two_colours_of_okabe_and_ito_that_change_with_the_ground(
    chart: str, dark: bool
) -> None:
    scales = [c["scale"] for c in encodings(SPECS[chart](PAIR, dark), "color")]
    assert scales
    for scale in scales:
        assert scale["domain"] == list(PAIR)
        assert len(set(scale["range"])) == 2
        assert set(scale["range"]) <= OKABE_ITO
    light = next(encodings(SPECS[chart](PAIR, False), "color"))["scale"]["range"]
    night = next(encodings(SPECS[chart](PAIR, True), "color"))["scale"]["range"]
    assert not set(light) & set(night)


def test_a_run_has_the_same_colour_on_every_chart_and_the_baseline_its_own_when_alone() -> None:
    for dark in (False, True):
        ranges = [
            c["scale"]["range"]
            for spec in SPECS.values()
            for c in encodings(spec(PAIR, dark), "color")
        ]
        assert all(colours == ranges[0] for colours in ranges)
        for spec in SPECS.values():
            for colour in encodings(spec(PAIR[:1], dark), "color"):
                assert colour["scale"]["range"] == ranges[0][:1]
                assert colour["scale"]["domain"] == ["no penalty"]


@pytest.mark.parametrize("chart", ["curves", "gap", "sparsity"])
def test_colour_never_speaks_alone(chart: str) -> None:
    shapes = list(encodings(SPECS[chart](PAIR, False), "shape"))
    assert shapes
    for shape in shapes:
        assert shape["field"] == "run"
        assert shape["scale"]["domain"] == list(PAIR)
        assert len(set(shape["scale"]["range"])) == 2


def test_saturation_tells_runs_apart_by_their_place_too() -> None:
    offsets = list(encodings(SPECS["saturation"](PAIR, False), "yOffset"))
    assert offsets
    assert all(offset["field"] == "run" and offset["sort"] == list(PAIR) for offset in offsets)


def test_training_is_solid_and_validation_dashed() -> None:
    (dash,) = encodings(SPECS["curves"](PAIR, False), "strokeDash")
    assert dash["field"] == "split"
    looks = dict(zip(dash["scale"]["domain"], dash["scale"]["range"], strict=True))
    on, off = looks["training"]
    assert on > 0
    assert off == 0
    assert min(looks["validation"]) > 0
    assert set(looks) == {"training", "validation"}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    "spec",
    [
        lambda dark: against_spec("rate", (0.0, 0.5), False, dark),
        lambda dark: curves_spec("lam", ((0.0, "1"), (1.0, "10")), "accuracy", False, dark),
    ],
    ids=["against", "sweep"],
)
def test_where_lines_have_filled_and_hollow_points_those_are_the_legend_and_no_dash(
    spec: Any, dark: bool
) -> None:
    built = spec(dark)
    (fill,) = encodings(built, "fill")
    assert fill["scale"]["range"] == [fill["legend"]["symbolStrokeColor"], HOLLOW]
    # A scale of dashes with the same names would be merged with that legend.
    assert all("scale" not in dash for dash in encodings(built, "strokeDash"))
    assert any(dash["condition"]["value"] == [5, 4] for dash in encodings(built, "strokeDash"))


def test_the_title_of_a_setting_has_two_lines_for_a_telephone() -> None:
    spec = against_spec("dropout rate (30 epochs each)", (0.0, 0.5), False, False)
    titles = {tuple(x["title"]) for x in encodings(spec, "x") if isinstance(x.get("title"), list)}
    assert titles == {("dropout rate (30 epochs each)", "± one standard error")}


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("no penalty", "L2", "L1"), 3),
        # Of three the last would be cut on a telephone.
        (("no penalty", "Adam + L2", "AdamW"), 2),
        (PAIR, 2),
        (("σ = 1", "Xavier", "Glorot", "He", "yours"), 3),
        (("a reader's own name of a run", "another"), 1),
    ],
)
def test_a_legend_has_as_many_columns_as_a_telephone_has_room_for(
    names: tuple[str, ...], columns: int
) -> None:
    assert legend_columns(names) == columns
