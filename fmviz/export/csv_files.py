"""CSV files: what writes them all.

Floats are written so that they read back the same, and what is None or no number as an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

# A row by its cells in order, or by their columns' names: a column that it lacks is empty.
Row = Sequence[Any] | Mapping[str, Any]


def text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    r"""The rows below a line of their columns' names; lines end in "\n"."""
    return _written(columns, rows, "\n")


def for_spreadsheets(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    r"""As RFC 4180 has it, lines ending in "\r\n", in UTF-8 with a byte order mark: without one,
    Excel takes the file for another encoding."""
    return _written(columns, rows, "\r\n").encode("utf-8-sig")


def _written(columns: Sequence[str], rows: Sequence[Row], end: str) -> str:
    # As objects: else a column with an empty cell would have its whole numbers as 1.0.
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return frame.to_csv(index=False, lineterminator=end)
