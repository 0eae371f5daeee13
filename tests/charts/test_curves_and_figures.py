"""Charts: what is encoded how, and that their rows are what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from fmviz.analysis.stopping import Shown, look
from fmviz.charts import curves, figures
from fmviz.charts.style import CURVES_HEIGHT, MIN_SPAN
from fmviz.run.config import RunConfig
from fmviz.run.measure import TOLERANCES
from tests.support.records import SHIPPED, shipped, synthetic, tiny

# Okabe & Ito 2008, without black.
OKABE_ITO = {"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
PAIR = ("no penalty", "with penalty")

SPECS: dict[str, Callable[[tuple[str, ...], bool], dict[str, Any]]] = {
    "curves": lambda names, dark: curves.curves_spec(names, 30, dark),
    "gap": figures.gap_spec,
    "sparsity": figures.sparsity_spec,
    "saturation": lambda names, dark: figures.saturation_spec(names, 2, dark),
}


def encodings(spec: Any, channel: str) -> Iterator[dict[str, Any]]:
    """Every encoding of a channel, however deep its layer."""
    if isinstance(spec, dict):
        if isinstance(spec.get("encoding"), dict) and channel in spec["encoding"]:
            yield spec["encoding"][channel]
        for value in spec.values():
            yield from encodings(value, channel)
    elif isinstance(spec, list):
        for value in spec:
            yield from encodings(value, channel)


def fields(spec: Any) -> set[str]:
    """Every column that a chart reads."""
    if isinstance(spec, dict):
        own = {spec["field"]} if isinstance(spec.get("field"), str) else set()
        return own.union(*(fields(value) for value in spec.values()))
    if isinstance(spec, list):
        return set().union(*(fields(value) for value in spec))
    return set()


def pair(patience: int | None = None, restore: bool = True) -> list[Shown]:
    """The two shipped runs."""
    return [
        look(
            shipped(config),
            name,
            patience=patience,
            monitor="val_crossentropy",
            restore_best_weights=restore,
        )
        for name, config in zip(PAIR, SHIPPED, strict=True)
    ]


# Specifications


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
    assert not curves.curves_rows([runs[0]]).equals(curves.curves_rows([runs[1]]))


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


def rows_of(chart: str, runs: list[Shown]) -> pd.DataFrame:
    if chart == "sparsity":
        return figures.sparsity_rows(runs, 1e-3)
    return {
        "curves": curves.curves_rows,
        "gap": figures.gap_rows,
        "saturation": figures.saturation_rows,
    }[chart](runs)


@pytest.mark.parametrize("chart", sorted(SPECS))
@pytest.mark.parametrize("patience", [None, 2])
def test_a_chart_reads_no_column_that_its_rows_lack(chart: str, patience: int | None) -> None:
    rows = rows_of(chart, pair(patience))
    assert fields(SPECS[chart](PAIR, False)) <= set(rows.columns)
    assert set(rows["run"].dropna()) == set(PAIR)


# Rows


def test_curves_have_the_measured_accuracy_of_every_epoch() -> None:
    rows = curves.curves_rows(pair())
    assert set(rows["kind"]) == {"curve", "frame"}
    epochs = SHIPPED[0].epochs
    assert (rows["kind"] == "curve").sum() == 2 * 2 * epochs
    for name, config in zip(PAIR, SHIPPED, strict=True):
        for split, measure in (("training", "train_accuracy"), ("validation", "val_accuracy")):
            mine = rows[(rows["run"] == name) & (rows["split"] == split)]
            assert mine["epoch"].tolist() == list(range(1, epochs + 1))
            assert mine["accuracy"].tolist() == shipped(config).history[measure].tolist()


def test_where_stopping_fired_a_rule_and_the_kept_epoch_are_marked() -> None:
    config = tiny(epochs=5)
    record = synthetic(config, val_loss=[0.5, 0.2, 0.3, 0.4, 0.5])
    run = look(record, "a", patience=2, monitor="val_loss", restore_best_weights=True)
    rows = curves.curves_rows([run])
    (stop,) = rows[rows["kind"] == "stop"].to_dict("records")
    assert (stop["run"], stop["epoch"], stop["label"]) == ("a", 4, "stop: epoch 4")
    kept = rows[rows["kind"] == "kept"]
    assert kept["epoch"].tolist() == [2, 2]
    assert kept["accuracy"].tolist() == [
        record.history["train_accuracy"][1],
        record.history["val_accuracy"][1],
    ]
    assert (rows["kind"] == "curve").sum() == 2 * 5


def test_where_stopping_never_fired_the_kept_epoch_alone_is_marked() -> None:
    record = synthetic(val_loss=[0.5, 0.2, 0.3])
    run = look(record, "a", patience=9, monitor="val_loss", restore_best_weights=True)
    rows = curves.curves_rows([run])
    assert set(rows["kind"]) == {"curve", "kept", "frame"}
    assert set(rows[rows["kind"] == "kept"]["epoch"]) == {2}


def test_labels_of_two_stops_do_not_lie_on_each_other() -> None:
    rows = curves.curves_rows(pair(patience=1))
    slots = rows[rows["kind"] == "stop"]["slot"]
    assert len(slots) == 2
    assert abs(slots.iloc[0] - slots.iloc[1]) * CURVES_HEIGHT > 13  # its font's size
    assert slots.between(0, 1).all()


def test_before_the_first_epoch_there_is_nothing_to_draw() -> None:
    run = look(synthetic(epochs=0), "a", patience=2, monitor="val_loss", restore_best_weights=True)
    rows = curves.curves_rows([run])
    assert len(rows) == 0
    assert {"kind", "run", "split", "epoch", "accuracy", "slot", "label"} <= set(rows.columns)


def test_a_run_that_goes_on_is_drawn_as_far_as_it_is() -> None:
    run = Shown("a", synthetic(tiny(epochs=9), epochs=2), None, 2)
    rows = curves.curves_rows([run])
    assert rows[rows["kind"] == "curve"]["epoch"].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize("chart", ["curves", "gap"])
def test_flat_accuracies_are_not_blown_up_to_the_height_of_a_chart(chart: str) -> None:
    record = synthetic(train_accuracy=0.9, val_accuracy=0.899)
    rows = rows_of(chart, [Shown("a", record, None, 3)])
    if chart == "curves":
        framed = rows["accuracy"]
        assert set(rows[rows["kind"] == "frame"]["run"].isna()) == {True}
    else:
        framed = rows[["least", "most"]].stack()
    assert framed.max() - framed.min() == pytest.approx(MIN_SPAN)
    assert (framed.max() + framed.min()) / 2 == pytest.approx(0.8995)


def test_the_gap_meter_has_both_accuracies_with_one_standard_error() -> None:
    record = synthetic(
        train_accuracy=[0.0, 0.9, 0.0],
        val_accuracy=[0.0, 0.8, 0.0],
        examples={"train": 900, "validation": 1_600},
    )
    (row,) = figures.gap_rows([Shown("a", record, None, 2)]).to_dict("records")
    assert row["run"] == "a"
    assert (row["training"], row["validation"]) == (0.9, 0.8)
    assert row["training_low"] == pytest.approx(0.89)
    assert row["training_high"] == pytest.approx(0.91)
    assert row["validation_low"] == pytest.approx(0.79)
    assert row["validation_high"] == pytest.approx(0.81)
    assert row["middle"] == pytest.approx(0.85)
    assert row["label"] == "10.0 ± 1.4"


def test_sparsity_has_the_measured_share_at_every_tolerance_but_zero() -> None:
    runs = [run._replace(kept=kept) for run, kept in zip(pair(), (5, 30), strict=True)]
    rows = figures.sparsity_rows(runs, 0.0)
    assert set(rows["kind"]) == {"curve"}
    weights = 784 * 128 + 128 * 10
    for run, kept in zip(runs, (5, 30), strict=True):
        mine = rows[rows["run"] == run.name]
        assert mine["tolerance"].tolist() == list(TOLERANCES[1:])
        counts = run.record.layers["near_zeros"][kept - 1].sum(axis=0)[1:]
        assert mine["share"].tolist() == pytest.approx((counts / weights).tolist())
        assert mine["share"].is_monotonic_increasing


def test_the_readers_tolerance_is_a_rule_unless_it_is_zero() -> None:
    rows = figures.sparsity_rows(pair(), 1e-2)
    (rule,) = rows[rows["kind"] == "tolerance"]["tolerance"].tolist()
    assert rule == 1e-2
    assert "tolerance" not in set(figures.sparsity_rows(pair(), 0.0)["kind"])


def test_saturation_has_each_layers_share_now_and_before_training() -> None:
    record = synthetic(tiny(hidden=(7, 5)))
    rows = figures.saturation_rows([Shown("a", record, None, 2)])
    assert rows["layer"].tolist() == ["layer 1|7 units", "layer 2|5 units"]
    assert rows["share"].tolist() == record.layers["saturation"][1].tolist()
    assert rows["start"].tolist() == record.start_layers["saturation"].tolist()
    assert rows["label"].tolist() == [f"{100 * s:.1f}%" for s in record.layers["saturation"][1]]
    # A label stands outside both bar and tick.
    for row in rows.to_dict("records"):
        assert row["outer"] == max(row["share"], row["start"])


def test_a_network_without_hidden_layers_has_no_saturation_to_draw() -> None:
    record = synthetic(RunConfig(train_size=100, hidden=(), epochs=1))
    rows = figures.saturation_rows([Shown("a", record, None, 1)])
    assert len(rows) == 0
    assert "share" in rows.columns


def test_a_chart_of_many_layers_is_tall_enough_for_their_bars() -> None:
    heights = [figures.saturation_spec(PAIR, layers, False)["height"] for layers in (1, 6)]
    assert heights[1] >= 6 * 2 * 20
    assert heights[0] < heights[1]
