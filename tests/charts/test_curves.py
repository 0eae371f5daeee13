"""The curves are what was measured; stops and kept epochs are marked."""

from __future__ import annotations

import pytest

from fmviz.analysis.stopping import Shown, look
from fmviz.charts import curves
from fmviz.charts.style import CURVES_HEIGHT, MIN_SPAN
from tests.support.charts import PAIR, pair
from tests.support.records import SHIPPED, shipped, synthetic, tiny


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


def test_flat_accuracies_are_not_blown_up_to_the_height_of_a_chart() -> None:
    record = synthetic(train_accuracy=0.9, val_accuracy=0.899)
    rows = curves.curves_rows([Shown("a", record, None, 3)])
    assert set(rows[rows["kind"] == "frame"]["run"].isna()) == {True}
    framed = rows["accuracy"]
    assert framed.max() - framed.min() == pytest.approx(MIN_SPAN)
    assert (framed.max() + framed.min()) / 2 == pytest.approx(0.8995)
