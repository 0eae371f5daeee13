"""The curves are what was measured; stops and kept epochs are marked."""

from __future__ import annotations

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown, look
from fmviz.charts import curves
from fmviz.charts import ends as ends_of
from fmviz.charts.style import CURVES_HEIGHT, MIN_SPAN
from fmviz.run.record import Divergence
from tests.support.charts import PAIR, pair
from tests.support.records import SHIPPED, shipped, synthetic, tiny


def test_curves_have_the_measured_accuracy_of_every_epoch() -> None:
    rows = curves.curves_rows(pair()).table.to_pandas()
    assert set(rows["kind"]) == {"curve", "end"}
    epochs = SHIPPED[0].epochs
    assert (rows["kind"] == "curve").sum() == 2 * 2 * epochs
    for name, config in zip(PAIR, SHIPPED, strict=True):
        for split, measure in (("training", "train_accuracy"), ("validation", "val_accuracy")):
            mine = rows[
                (rows["kind"] == "curve") & (rows["run"] == name) & (rows["split"] == split)
            ]
            assert mine["epoch"].tolist() == list(range(1, epochs + 1))
            assert mine["accuracy"].tolist() == shipped(config).history[measure].tolist()


def test_where_stopping_fired_a_rule_and_the_kept_epoch_are_marked() -> None:
    config = tiny(epochs=5)
    record = synthetic(config, val_loss=[0.5, 0.2, 0.3, 0.4, 0.5])
    run = look(record, "a", patience=2, monitor="val_loss", restore_best_weights=True)
    rows = curves.curves_rows([run]).table.to_pandas()
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
    rows = curves.curves_rows([run]).table.to_pandas()
    assert set(rows["kind"]) == {"curve", "kept", "end"}
    assert set(rows[rows["kind"] == "kept"]["epoch"]) == {2}


def test_labels_of_two_stops_do_not_lie_on_each_other() -> None:
    rows = curves.curves_rows(pair(patience=1)).table.to_pandas()
    slots = rows[rows["kind"] == "stop"]["slot"]
    assert len(slots) == 2
    assert abs(slots.iloc[0] - slots.iloc[1]) * CURVES_HEIGHT > 13  # its font's size
    assert slots.between(0, 1).all()


def test_before_the_first_epoch_there_is_nothing_to_draw() -> None:
    run = look(synthetic(epochs=0), "a", patience=2, monitor="val_loss", restore_best_weights=True)
    rows = curves.curves_rows([run]).table.to_pandas()
    assert len(rows) == 0
    assert {"kind", "run", "split", "epoch", "accuracy", "slot", "label"} <= set(rows.columns)


def test_a_run_that_goes_on_is_drawn_as_far_as_it_is() -> None:
    run = Shown("a", synthetic(tiny(epochs=9), epochs=2), None, 2)
    rows = curves.curves_rows([run]).table.to_pandas()
    assert rows[rows["kind"] == "curve"]["epoch"].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("lowest", "floor"), [(0.1, 0.0), (0.2, 0.2), (0.55, 0.5), (0.899, 0.8), (1.0, 0.9)]
)
def test_the_axis_begins_at_a_round_share_that_leaves_no_point_out(
    lowest: float, floor: float
) -> None:
    record = synthetic(train_accuracy=1.0, val_accuracy=lowest)
    assert curves.floor_of([Shown("a", record, None, 3)]) == floor
    # Flat curves look flat.
    assert 1 - floor >= MIN_SPAN


def test_where_there_is_no_point_there_is_no_axis_to_choose() -> None:
    assert curves.floor_of([]) is None
    assert curves.floor_of([Shown("a", synthetic(epochs=0), None, 0)]) is None


def test_each_line_is_named_at_its_end_and_no_name_lies_on_another() -> None:
    record = synthetic(train_accuracy=1.0, val_accuracy=0.9995)
    rows = curves.curves_rows(
        [Shown("a", record, None, 3), Shown("b", record, None, 3)], 0.9
    ).table.to_pandas()
    ends = rows[rows["kind"] == "end"]
    assert set(ends["label"]) == {
        "a, training", "a, validation", "b, training", "b, validation",
    }  # fmt: skip
    assert set(ends["epoch"]) == {record.epochs}
    pixels = np.sort(ends["accuracy"].to_numpy()) / 0.1 * (CURVES_HEIGHT - ends_of.BARE)
    assert np.diff(pixels).min() >= ends_of.SIZE
    assert ends["accuracy"].max() <= 1


def test_a_run_without_a_first_point_says_why() -> None:
    record = synthetic(epochs=0, diverged=Divergence(1, 3, 0, "loss"))
    rows = curves.curves_rows([Shown("a", record, None, 0)]).table.to_pandas()
    (gone,) = rows[rows["kind"] == "gone"].to_dict("records")
    assert gone["label"] == "a: diverged in its first epoch, before there was a point"
    # No curve lies behind these words.
    before = Shown("b", synthetic(tiny(epochs=2), epochs=2), None, 2)
    beside = curves.curves_rows([Shown("a", record, None, 0)], ghost=curves.Ghost.of(before))
    assert set(beside.table.to_pandas()["kind"]) == {"gone"}


def test_long_runs_have_no_points_on_their_lines() -> None:
    def marks_of(epochs: int) -> str:
        return str(curves.curves_spec(("a",), epochs, False))

    assert "'filled': True" in marks_of(curves.MOST_POINTS)
    assert "'filled': True" not in marks_of(curves.MOST_POINTS + 1)


def test_the_run_before_stands_pale_behind_as_far_as_the_axis_goes() -> None:
    before, run = (Shown("a", synthetic(tiny(epochs=e), epochs=e, seed=e), None, e) for e in (9, 4))
    ghost = curves.Ghost.of(before).until(4)
    rows = curves.curves_rows([run], ghost=ghost).table.to_pandas()
    drawn = rows[rows["kind"] == "ghost"]
    for split, measure in (("training", "train_accuracy"), ("validation", "val_accuracy")):
        mine = drawn[drawn["split"] == split]
        assert mine["accuracy"].tolist() == before.record.history[measure][:4].tolist()
    ends = rows[rows["kind"] == "end"]
    assert set(ends["run"]) == {"a", curves.GHOST}
    assert len(ends) == 4
