"""CSV files read back with another reader, and as a spreadsheet might."""

from __future__ import annotations

import ast
import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fmviz
from fmviz.export import csv_files
from fmviz.export.csv_files import harmless

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ATTACKS = st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/C calc'!A0", "\t", "\r", "\n", " ", ";", ",",
             '"', "'", "＝1", '=HYPERLINK("http://evil.example","x")', "λ", "a"]
        ),
        max_size=6,
    ),
)  # fmt: skip
CELLS = st.one_of(
    st.none(), st.integers(-(2**53), 2**53), st.floats(), st.floats().map(np.float64), TEXTS
)
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")


def plain(cell: object) -> str:
    """A cell as a reader should find it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return repr(float(cell)) if isinstance(cell, float) else str(harmless(cell))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_every_cell_reads_back(rows: list[tuple[object, ...]]) -> None:
    expected = [["a", "b, c", "λ"], *([plain(cell) for cell in row] for row in rows)]
    content = csv_files.content(expected[0], rows)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == expected


@given(ATTACKS, st.sampled_from(",;\t"))
@example(";\t", ";")
@example("a\t\t=1+1", ";")
def test_no_text_is_a_formula_however_the_line_is_parted(text: str, separator: str) -> None:
    content = csv_files.content(["name", "of"], [[text, "end"]]).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
        assert not any(FORMULA.match(cell) for cell in line), line


@given(TEXTS | ATTACKS)
def test_text_is_changed_by_apostrophes_alone_and_only_where_it_must(text: str) -> None:
    assert harmless(text).replace("'", "") == text.replace("'", "")
    if not re.search(r"[=+\-@＝＋－＠\t\r]", text):
        assert harmless(text) == text


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("relu, λ = 10", "relu, λ = 10"),
        ("a-b", "a-b"),
        (-1, -1),
        (-0.5, -0.5),
        (None, None),
    ],
)
def test_numbers_and_plain_names_stay_as_they_are(cell: object, written: object) -> None:
    assert harmless(cell) == written


def test_heads_are_text_too() -> None:
    assert csv_files.content(["=1"], []) == b"\xef\xbb\xbf'=1\r\n"


def test_a_row_may_lack_a_column() -> None:
    rows = [{"b": 0.1, "other": 3}, {"a": 1, "b": math.nan}]
    assert csv_files.content(["a", "b"], rows) == b"\xef\xbb\xbfa,b\r\n,0.1\r\n1,\r\n"
    assert csv_files.content(["a", "b"], []) == b"\xef\xbb\xbfa,b\r\n"


def test_nothing_else_writes_csv() -> None:
    root = Path(fmviz.__file__).parent
    others = [
        path.relative_to(root)
        for path in root.rglob("*.py")
        if path.name != "csv_files.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("to_csv", "DictWriter"))
        or (isinstance(node, ast.Import) and any(a.name == "csv" for a in node.names))
    ]
    assert others == []
