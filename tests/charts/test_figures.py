"""Gap, sparsity and saturation are what was measured."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fmviz.analysis.stopping import Shown
from fmviz.charts import figures, film
from fmviz.charts.style import MIN_SPAN
from fmviz.run.config import RunConfig
from fmviz.run.measure import TOLERANCES
from tests.support.charts import PAIR, pair
from tests.support.records import synthetic, tiny


def test_flat_accuracies_are_not_blown_up_to_the_width_of_a_chart() -> None:
    record = synthetic(train_accuracy=0.9, val_accuracy=0.899)
    rows = figures.gap_rows([Shown("a", record, None, 3)]).table.to_pandas()
    framed = rows[["least", "most"]].stack()
    assert framed.max() - framed.min() == pytest.approx(MIN_SPAN)
    assert (framed.max() + framed.min()) / 2 == pytest.approx(0.8995)


def test_the_gap_meter_has_both_accuracies_with_one_standard_error() -> None:
    record = synthetic(
        train_accuracy=[0.0, 0.9, 0.0],
        val_accuracy=[0.0, 0.8, 0.0],
        examples={"train": 900, "validation": 1_600},
    )
    (row,) = figures.gap_rows([Shown("a", record, None, 2)]).table.to_pandas().to_dict("records")
    assert row["run"] == "a"
    assert (row["training"], row["validation"]) == (0.9, 0.8)
    # All training images are measured: no whisker.
    assert row["training_low"] == row["training_high"] == 0.9
    assert row["validation_low"] == pytest.approx(0.79)
    assert row["validation_high"] == pytest.approx(0.81)
    assert row["middle"] == pytest.approx(0.85)
    assert row["label"] == "10.0 ± 1.0"


def test_the_gap_of_true_labels_is_drawn_of_those_alone_in_chart_and_film() -> None:
    examples = {"train": 900, "validation": 1_600, "corrupted": 90}
    accuracies = {"train_accuracy": 0.9, "clean_accuracy": 1.0, "val_accuracy": 0.8}
    record = synthetic(tiny(label_noise=0.1), examples=examples, **accuracies)
    run = Shown("a", record, None, 2)
    (row,) = figures.gap_rows([run]).table.to_pandas().to_dict("records")
    assert (row["training"], row["validation"], row["label"]) == (1.0, 0.8, "20.0 ± 1.0")
    (lane,) = film.gap([run])["rows"]
    assert (lane["training"][2], lane["labels"][2]) == (1.0, "20.0 ± 1.0")

    # Where no label is true, validation stands alone.
    run = run._replace(record=replace(record, examples={**examples, "corrupted": 900}))
    (row,) = figures.gap_rows([run]).table.to_pandas().to_dict("records")
    assert row["training"] is None or math.isnan(row["training"])
    assert (row["validation"], row["middle"], row["label"]) == (0.8, 0.8, "–")
    (lane,) = film.gap([run])["rows"]
    assert (lane["training"][2], lane["labels"][2]) == (None, "–")


def test_sparsity_has_the_measured_share_at_every_tolerance_but_zero() -> None:
    runs = [run._replace(kept=kept) for run, kept in zip(pair(), (5, 30), strict=True)]
    rows = figures.sparsity_rows(runs, 0.0).table.to_pandas()
    assert set(rows["kind"]) == {"curve"}
    weights = 784 * 128 + 128 * 10
    for run, kept in zip(runs, (5, 30), strict=True):
        mine = rows[rows["run"] == run.name]
        assert mine["tolerance"].tolist() == list(TOLERANCES[1:])
        counts = run.record.layers["near_zeros"][kept - 1].sum(axis=0)[1:]
        assert mine["share"].tolist() == pytest.approx((counts / weights).tolist())
        assert mine["share"].is_monotonic_increasing


def test_the_readers_tolerance_is_a_rule_unless_it_is_zero() -> None:
    rows = figures.sparsity_rows(pair(), 1e-2).table.to_pandas()
    (rule,) = rows[rows["kind"] == "tolerance"]["tolerance"].tolist()
    assert rule == 1e-2
    assert "tolerance" not in set(figures.sparsity_rows(pair(), 0.0).table.to_pandas()["kind"])


def test_saturation_has_each_layers_share_now_and_before_training() -> None:
    record = synthetic(tiny(hidden=(7, 5)))
    rows = figures.saturation_rows([Shown("a", record, None, 2)]).table.to_pandas()
    assert rows["layer"].tolist() == ["layer 1|7 units", "layer 2|5 units"]
    assert rows["share"].tolist() == record.layers["saturation"][1].tolist()
    assert rows["start"].tolist() == record.start_layers["saturation"].tolist()
    assert rows["label"].tolist() == [f"{100 * s:.1f}%" for s in record.layers["saturation"][1]]
    # A label stands outside both bar and tick.
    for row in rows.to_dict("records"):
        assert row["outer"] == max(row["share"], row["start"])


def test_a_network_without_hidden_layers_has_no_saturation_to_draw() -> None:
    record = synthetic(RunConfig(train_size=100, hidden=(), epochs=1))
    rows = figures.saturation_rows([Shown("a", record, None, 1)]).table.to_pandas()
    assert len(rows) == 0
    assert "share" in rows.columns


def test_a_chart_of_many_layers_is_tall_enough_for_their_bars() -> None:
    heights = [figures.saturation_spec(PAIR, layers, False)["height"] for layers in (1, 6)]
    assert heights[1] >= 6 * 2 * 20
    assert heights[0] < heights[1]
