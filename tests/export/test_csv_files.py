"""CSV files read back with another reader."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fmviz.export import csv_files

CELLS = st.one_of(
    st.none(),
    st.integers(-(2**53), 2**53),
    st.floats(),
    st.floats().map(np.float64),
    st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])),
)


def plain(cell: object) -> str:
    """A cell as a reader should find it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return repr(float(cell)) if isinstance(cell, float) else str(cell)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_every_cell_reads_back(rows: list[tuple[object, ...]]) -> None:
    expected = [["a", "b, c", "λ"], *([plain(cell) for cell in row] for row in rows)]
    text = csv_files.text(expected[0], rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == expected
    content = csv_files.for_spreadsheets(expected[0], rows)
    assert content.startswith(b"\xef\xbb\xbf")
    read = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert list(read) == expected


def test_lines_end_as_their_readers_want_them() -> None:
    assert csv_files.text(["a", "b"], [[1, None]]) == "a,b\n1,\n"
    assert csv_files.for_spreadsheets(["a", "b"], [[1, 2.5]]) == b"\xef\xbb\xbfa,b\r\n1,2.5\r\n"


def test_a_row_may_lack_a_column() -> None:
    rows = [{"b": 0.1, "other": 3}, {"a": 1, "b": math.nan}]
    assert csv_files.text(["a", "b"], rows) == "a,b\n,0.1\n1,\n"
    assert csv_files.text(["a", "b"], []) == "a,b\n"
