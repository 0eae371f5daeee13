"""The row below a slider as a chart: points where runs have finished, and nothing elsewhere."""

from __future__ import annotations

import math

import pytest

from fmviz.analysis.stopping import Shown
from fmviz.charts.row import LABEL_ROOM, LABEL_SIZE, row_rows, row_spec, said
from fmviz.run.record import Divergence
from tests.support.charts import encodings, fields, marks
from tests.support.records import shown, synthetic, tiny

LABELS = ["λ = 0", "λ = 1", "λ = 10"]
ONE = shown(0.9, 0.8, images=2_500)
LOST = Shown("a", synthetic(tiny(), epochs=1, diverged=Divergence(2, 0, 0, "loss")), None, 1)


def test_both_accuracies_stand_at_the_position_of_their_run_with_their_errors() -> None:
    rows = row_rows(LABELS, ["a"], {(1, "a"): ONE}, 2, gap=True).table.to_pandas()
    runs = rows[(rows["kind"] == "run") & rows["accuracy"].notna()]
    assert runs["position"].tolist() == [1, 1]
    assert runs["split"].tolist() == ["training", "validation"]
    assert runs["accuracy"].tolist() == [0.9, 0.8]
    # All training images were measured.
    errors = [0.0, math.sqrt(0.8 * 0.2 / 2_500)]
    assert (runs["high"] - runs["accuracy"]).tolist() == pytest.approx(errors)
    assert runs["other"].tolist() == [0.8, 0.8]
    assert rows[rows["kind"] == "present"]["position"].tolist() == [2]


def test_only_what_is_trained_can_be_clicked_and_the_rest_breaks_the_line() -> None:
    rows = row_rows(LABELS, ["a"], {(0, "a"): ONE, (2, "a"): ONE}, 0, gap=False).table.to_pandas()
    assert rows[rows["kind"] == "trained"]["position"].tolist() == [0, 2]
    line = rows[rows["kind"] == "run"]
    assert line["position"].tolist() == [0, 1, 2]
    assert line["accuracy"].isna().tolist() == [False, True, False]
    assert set(line["split"]) == {"validation"}


def test_a_run_that_diverged_has_a_cross_in_place_of_an_accuracy() -> None:
    rows = row_rows(LABELS, ["a"], {(1, "a"): LOST}, 0, gap=True).table.to_pandas()
    assert rows["accuracy"].isna().all()
    (gone,) = rows[rows["kind"] == "gone"].to_dict("records")
    assert (gone["position"], gone["told"]) == (1, "diverged in epoch 2")
    assert rows[rows["kind"] == "trained"]["told"].tolist() == ["diverged in epoch 2"]


def test_of_several_runs_a_position_tells_each_by_name() -> None:
    rows = row_rows(
        LABELS, ["a", "b"], {(0, "a"): ONE, (0, "b"): LOST}, 0, gap=False
    ).table.to_pandas()
    (told,) = rows[rows["kind"] == "trained"]["told"]
    assert told == f"a: {said(ONE, False)}; b: diverged in epoch 2"


@pytest.mark.parametrize("dark", [False, True])
def test_the_chart_reads_what_its_rows_have_and_names_no_test_figure(dark: bool) -> None:
    spec = row_spec(("none", "a"), ("a",), 2, dark)
    rows = row_rows(LABELS, ["a"], {(1, "a"): ONE}, 2, gap=True).table.to_pandas()
    assert fields(spec) <= set(rows.columns)
    assert not any("test" in str(value) for value in rows["told"])
    # Positions are as far apart as those of the slider.
    domains = {tuple(x["scale"]["domain"]) for x in encodings(spec, "x") if "scale" in x}
    assert domains == {(0, 2)}


def test_a_run_has_the_colour_that_the_page_has_for_it() -> None:
    spec = row_spec(("no penalty", "with penalty"), ("with penalty",), 2, False)
    ranges = {tuple(c["scale"]["range"]) for c in encodings(spec, "color") if "scale" in c}
    assert ranges == {("#0072B2",)}


def test_words_have_the_split_that_is_drawn() -> None:
    assert said(ONE, True).startswith("training 90.0")
    assert said(ONE, False) == "validation 80.0 ± 0.8%"


def test_its_axis_names_its_two_ends_at_the_left_and_all_is_drawn_between() -> None:
    found = {(p, "a"): shown(0.95 - 0.1 * p, 0.8 - 0.1 * p, images=2_500) for p in range(3)}
    rows = row_rows(LABELS, ["a"], found, 0, gap=True).table.to_pandas()
    ticks = rows[rows["kind"] == "tick"]
    assert ticks["label"].tolist() == ["59%", "95%"]
    assert ticks["position"].tolist() == [0, 0]
    drawn = rows[rows["kind"] == "run"]
    low, high = ticks["accuracy"]
    assert drawn[["low", "high"]].stack().between(low, high).all()


def test_its_labels_have_their_own_place_above_and_below_the_points() -> None:
    spec = row_spec(("none", "a"), ("a",), 2, False)
    ranges = [y["scale"]["range"] for y in encodings(spec, "y") if "scale" in y]
    bottom = {"expr": f"height - {LABEL_ROOM}"}
    assert ranges
    assert all(between == [bottom, LABEL_ROOM] for between in ranges)
    texts = [m for m in marks(spec) if m["type"] == "text" and m.get("fontSize") == LABEL_SIZE]
    assert [(m["baseline"], m["dy"] > 0) for m in texts] == [("bottom", False), ("top", True)]


def test_points_that_are_all_alike_still_have_an_axis() -> None:
    found = {(p, "a"): shown(1.0, 1.0, images=2_500) for p in range(3)}
    rows = row_rows(LABELS, ["a"], found, 0, gap=True).table.to_pandas()
    assert rows[rows["kind"] == "tick"]["label"].tolist() == ["99%", "100%"]


def test_a_row_of_which_all_diverged_has_no_axis() -> None:
    rows = row_rows(LABELS, ["a"], {(1, "a"): LOST}, 0, gap=True).table.to_pandas()
    assert "tick" not in set(rows["kind"])
