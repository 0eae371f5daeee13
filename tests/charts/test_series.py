"""Rows that charts share."""

from __future__ import annotations

import pytest

from fmviz.charts import series
from fmviz.charts.style import MIN_SPAN
from fmviz.run.measure import Estimate
from tests.support.records import synthetic


def test_both_splits_are_drawn_after_each_epoch_counted_from_1() -> None:
    record = synthetic(train_accuracy=[0.5, 0.6, 0.7], val_accuracy=[0.4, 0.5, 0.6])
    rows = series.over_epochs("a", record, "accuracy", "accuracy")
    assert [row["epoch"] for row in rows] == [1, 2, 3, 1, 2, 3]
    assert [row["split"] for row in rows] == ["training"] * 3 + ["validation"] * 3
    assert [row["accuracy"] for row in rows] == [0.5, 0.6, 0.7, 0.4, 0.5, 0.6]
    assert {row["run"] for row in rows} == {"a"}


def test_what_a_logarithm_cannot_show_is_drawn_at_the_least() -> None:
    record = synthetic(train_crossentropy=[0.0, 1e-9, 0.5], val_crossentropy=1.0)
    rows = series.over_epochs("a", record, "crossentropy", "loss", 1e-4)
    assert [row["loss"] for row in rows] == [1e-4, 1e-4, 0.5, 1.0, 1.0, 1.0]


def test_whiskers_end_one_error_away() -> None:
    row = series.with_error(Estimate(0.8, 0.02))
    assert row == {
        "accuracy": 0.8,
        "low": pytest.approx(0.78),
        "high": pytest.approx(0.82),
    }


def test_a_frame_spans_the_least_that_an_axis_shows() -> None:
    low, high = series.frame_rows(0.5, "mean", epoch=1)
    assert high["mean"] - low["mean"] == pytest.approx(MIN_SPAN)
    assert low["epoch"] == high["epoch"] == 1
    assert low["kind"] == high["kind"] == "frame"
