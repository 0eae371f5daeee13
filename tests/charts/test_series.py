"""Rows that charts share."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit import dataframe_util

from fmviz.charts import series
from fmviz.charts.series import Rows
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


def as_streamlit_has_it(data: Any) -> dict[str, tuple[str, list[Any]]]:
    """What a browser gets of some rows: of each column its type and its cells."""
    table = pa.ipc.open_stream(dataframe_util.convert_anything_to_arrow_bytes(data)).read_all()
    return {
        name: (
            # One is as the other to a browser, and where there is nothing the type is nothing too.
            "none" if cells.null_count == len(cells) else str(cells.type).removeprefix("large_"),
            cells.to_pylist(),
        )
        for name, cells in zip(table.column_names, table.columns, strict=True)
    }


CELLS = {
    "number": st.floats(-1e300, 1e300) | st.just(float("nan")) | st.just(float("inf")),
    "count": st.integers(-(2**50), 2**50),
    "mixed": st.integers(-9, 9) | st.floats(-1, 1),
    "text": st.text(max_size=5),
    "flag": st.booleans(),
}


@st.composite
def rows_of_charts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of which any may lack any cell, or have none there."""
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, unique=True))
    whole = draw(st.booleans())
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        row = {}
        for name in names:
            if whole or draw(st.booleans()):
                row[name] = draw(CELLS[name] if whole else CELLS[name] | st.none())
        rows.append(row)
    return rows


@given(rows_of_charts())
def test_a_browser_gets_of_rows_what_it_would_get_of_a_frame(rows: list[dict[str, Any]]) -> None:
    columns = sorted(CELLS)
    frame = pd.DataFrame(rows, columns=columns)
    assert as_streamlit_has_it(Rows(rows, columns=columns).table) == as_streamlit_has_it(frame)
    assert as_streamlit_has_it(Rows(rows).table) == as_streamlit_has_it(pd.DataFrame(rows))


@given(rows_of_charts())
def test_a_file_has_of_rows_what_it_would_have_of_a_frame(rows: list[dict[str, Any]]) -> None:
    columns = sorted(CELLS)
    frame = pd.DataFrame(rows, columns=columns)
    told = json.loads(frame.to_json(orient="records", double_precision=15))
    drawn = json.loads(json.dumps(Rows(rows, columns=columns).values, allow_nan=False))
    for row, other in zip(drawn, told, strict=True):
        for name in columns:
            wanted = other[name]
            if isinstance(wanted, float):
                wanted = pytest.approx(wanted, rel=1e-12, abs=1e-12)
            assert row[name] == wanted


def test_rows_may_come_by_columns() -> None:
    rows = Rows({"name": ("a", "b"), "share": [0.5, None]})
    assert rows.table.equals(Rows([{"name": "a", "share": 0.5}, {"name": "b"}]).table)
    assert len(rows) == 2
    assert not Rows([], columns=["name"])
