"""The lesson's charts: their rows are what was measured, their marks where the rule says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fmviz.analysis.stopping import Rule, look, outcomes
from fmviz.charts.style import GREY, RUN_COLOURS
from fmviz.lessons.early_stopping import charts
from fmviz.run.record import RunRecord
from tests.support.charts import encodings, fields
from tests.support.records import synthetic, tiny

TURNS = [0.9, 0.5, 0.3, 0.4, 0.5, 0.6, 0.7]
RULE = Rule("val_loss", patience=2, restore_best_weights=True)


def record(**history: Any) -> RunRecord:
    return synthetic(tiny(epochs=7), val_loss=TURNS, penalty=0.1, **history)


def rows(rule: Rule = RULE, run: RunRecord | None = None, **options: Any) -> Any:
    run = run or record()
    shown = look(run, "a", **rule._asdict())
    return charts.monitor_rows(run, rule, shown.stop, shown.kept, **options).table.to_pandas()


def of_kind(table: Any, kind: str) -> Any:
    return table[table.kind == kind]


def test_the_curve_is_the_monitored_value_and_its_like_in_training() -> None:
    run = record()
    curve = of_kind(rows(run=run), "curve").drop_duplicates(["split", "epoch"])
    validation = curve[curve.split == "validation"].sort_values("epoch").value
    training = curve[curve.split == "training"].sort_values("epoch").value
    np.testing.assert_array_equal(validation, TURNS)
    # Keras's loss has the penalty too.
    np.testing.assert_allclose(training, run.history["train_crossentropy"] + 0.1)
    for monitor, beside in (
        ("val_crossentropy", "train_crossentropy"),
        ("val_accuracy", "train_accuracy"),
    ):
        curve = of_kind(rows(RULE._replace(monitor=monitor), run), "curve")
        training = curve[curve.split == "training"].drop_duplicates("epoch").value
        np.testing.assert_array_equal(training, run.history[beside])


def test_epochs_after_the_stop_are_pale_and_the_line_is_whole() -> None:
    curve = of_kind(rows(), "curve")
    validation = curve[curve.split == "validation"]
    assert list(validation[validation.phase == "trained"].epoch) == [1, 2, 3, 4, 5]
    assert list(validation[validation.phase == "not run"].epoch) == [5, 6, 7]
    never = of_kind(rows(RULE._replace(patience=9)), "curve")
    assert set(never.phase) == {"trained"}


def test_improvements_stop_and_weights_are_marked_in_epochs_from_one() -> None:
    table = rows(RULE._replace(baseline=0.35), scrub=4, penalty=True)
    assert list(of_kind(table, "improved").epoch) == [1, 2, 3]
    table = rows(scrub=4, penalty=True)
    assert list(of_kind(table, "stop").epoch) == [5]
    assert list(of_kind(table, "kept").epoch) == [3]
    assert list(of_kind(table, "kept").value) == [0.3]
    assert list(of_kind(table, "scrub").epoch) == [4]
    np.testing.assert_allclose(of_kind(table, "penalty").value, 0.1)
    assert not len(of_kind(table, "baseline"))
    off = rows(RULE._replace(patience=None))
    assert set(off.kind) == {"curve"}


def test_a_chart_without_training_has_none() -> None:
    assert set(of_kind(rows(training=False), "curve").split) == {"validation"}


def test_wait_is_drawn_for_the_epochs_that_ran_and_fires_once() -> None:
    shown = look(record(), "a", **RULE._asdict())
    table = charts.wait_rows(shown, 2).table.to_pandas()
    bars = of_kind(table, "wait")
    assert list(bars.wait) == [0, 0, 0, 1, 2]
    assert list(bars.fires) == [False] * 4 + [True]
    assert list(of_kind(table, "patience").wait) == [2]
    # Patience 0 is the line at 1, which is where it acts.
    zero = look(record(), "a", **RULE._replace(patience=0)._asdict())
    assert list(of_kind(charts.wait_rows(zero, 0).table.to_pandas(), "patience").wait) == [1]
    off = look(record(), "a", **RULE._replace(patience=None)._asdict())
    assert not len(charts.wait_rows(off, None).table.to_pandas())


def test_every_patience_has_its_outcome_with_its_error() -> None:
    run = record()
    found = outcomes(run, RULE)
    table = charts.patience_rows(found, 2, test=True).table.to_pandas()
    drawn = of_kind(table, "outcome")
    assert sorted(set(drawn.patience)) == list(range(8))
    assert set(drawn.split) == {"validation", "test"}
    validation = drawn[(drawn.split == "validation") & (drawn.patience == 3)].iloc[0]
    accuracy = run.estimate("val_accuracy", 3)
    assert validation.accuracy == accuracy.value
    assert validation.high == pytest.approx(accuracy.value + accuracy.error)
    assert (validation.trained, validation.weights) == (6, 3)
    assert list(of_kind(table, "here").patience) == [2]
    hidden = charts.patience_rows(found, None, test=False).table.to_pandas()
    assert set(of_kind(hidden, "outcome").split) == {"validation"}
    assert not len(of_kind(hidden, "here"))


def test_densities_cover_one_range_at_every_epoch_and_integrate_to_nearly_one() -> None:
    run = record()
    tables = [charts.weights_rows(run, epoch).table.to_pandas() for epoch in (0, 6)]
    spans = [(t.w.min(), t.w.max()) for t in tables]
    assert spans[0] == spans[1]
    one = tables[0][tables[0].when == "at this epoch"].sort_values("w", kind="stable")
    area = float((np.diff(one.w) * one.density.to_numpy()[:-1]).sum())
    assert area == pytest.approx(1, abs=0.05)


# Specifications

SPECS = {
    "monitor": lambda dark: charts.monitor_spec("val_loss", 7, dark),
    "small": lambda dark: charts.monitor_spec("val_accuracy", 7, dark, small=True),
    "wait": lambda dark: charts.wait_spec(7, dark),
    "patience": lambda dark: charts.patience_spec(7, True, dark),
    "cost": lambda dark: charts.cost_spec(7, dark),
    "weights": charts.weights_spec,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_charts_have_the_run_s_colour_and_that_of_the_ground(name: str) -> None:
    for dark in (False, True):
        text = str(SPECS[name](dark))
        assert RUN_COLOURS[dark][0] in text
        assert RUN_COLOURS[not dark][0] not in text
    assert "data" not in SPECS[name](False)


def test_charts_read_columns_that_their_rows_have() -> None:
    run = record()
    shown = look(run, "a", **RULE._asdict())
    found = charts.patience_rows(outcomes(run, RULE), 2, test=True).table.to_pandas()
    tables = {
        "monitor": rows(),
        "small": rows(),
        "wait": charts.wait_rows(shown, 2).table.to_pandas(),
        "patience": found,
        "cost": found,
        "weights": charts.weights_rows(run, 3).table.to_pandas(),
    }
    for name, table in tables.items():
        assert fields(SPECS[name](False)) <= set(table.columns), name


def test_training_is_solid_and_validation_dashed_and_test_has_its_own_shape() -> None:
    (dash, *_) = encodings(SPECS["monitor"](False), "strokeDash")
    assert dash["scale"]["domain"] == ["training", "validation"]
    assert dash["scale"]["range"][0] == [1, 0]
    (shape,) = encodings(SPECS["patience"](False), "shape")
    assert len(set(shape["scale"]["range"])) == 2
    (colour, *_) = encodings(SPECS["patience"](False), "color")
    assert colour["scale"]["range"] == [RUN_COLOURS[False][0], GREY]


def test_charts_above_each_other_share_their_x_axis() -> None:
    curve, wait = (next(encodings(SPECS[n](False), "x"))["scale"] for n in ("monitor", "wait"))
    assert curve == wait
    accuracy, cost = (next(encodings(SPECS[n](False), "x"))["scale"] for n in ("patience", "cost"))
    assert accuracy == cost


def test_the_moving_curve_has_every_epoch_and_what_the_rule_saw() -> None:
    run = record()
    shown = look(run, "a", **RULE._asdict())
    reel = charts.monitor_reel(shown, RULE, 7)
    training, validation = reel["lines"]
    assert validation["values"] == [None, *TURNS]
    assert validation["labels"][1:4] == ["0.9000", "0.5000", "0.3000"]
    beside = run.history["train_crossentropy"] + 0.1
    assert training["values"][1:] == pytest.approx(beside.tolist(), rel=1e-4)
    # Improvements: each lower than all before, as far as the run would have gone.
    assert reel["events"] == [{"line": 1, "epoch": epoch} for epoch in (1, 2, 3)]
    assert training["until"] == validation["until"] == 5
    assert (reel["lines"][0]["dash"], reel["lines"][1]["dash"]) == ("solid", "dashed")


def test_wait_counts_up_to_patience_in_the_film_as_keras_does() -> None:
    shown = look(record(), "a", **RULE._asdict())
    reel = charts.wait_reel(shown, 2, 7)
    assert reel["values"] == [0, 0, 0, 1, 2]
    assert (reel["stopped"], reel["patience"], reel["note"]) == (5, 2, "patience 2")
    # Both pictures have one x axis.
    curve = charts.monitor_reel(shown, RULE, 7)
    assert [reel[name] for name in ("pad", "right", "horizon")] == [
        curve[name] for name in ("pad", "right", "horizon")
    ]
    # Keras stops where wait ≥ patience after an epoch without improvement: patience 0 acts as 1.
    at_once = look(record(), "a", **RULE._replace(patience=0)._asdict())
    assert charts.wait_reel(at_once, 0, 7)["patience"] == 1
