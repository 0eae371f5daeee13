"""CSV files: what writes them all, safe to open in a spreadsheet.

Floats are written so that they read back the same, and what is None or no number as an empty cell.
The name of a pin may come from somebody else's link, and a spreadsheet takes text that begins with
"=", "+", "-" or "@" for a formula: `harmless` text is shown instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

# A row by its cells in order, or by their columns' names: a column that it lacks is empty.
Row = Sequence[Any] | Mapping[str, Any]
# Where a formula would begin: at the start of a cell, and after what a spreadsheet of another
# country, or one that has guessed wrong, takes for the end of one. The signs may be full-width.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\s*[=+\-@＝＋－＠]|[\t\r])")


def harmless(cell: Any) -> Any:
    """A cell as a spreadsheet may have it: text that would be a formula has an apostrophe before
    it, which spreadsheets read as "this is text". Numbers are not touched."""
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def content(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    r"""The rows below a line of their columns' names: as RFC 4180 has it, lines ending in "\r\n",
    in UTF-8 with a byte order mark. Without one, Excel takes the file for another encoding."""
    # As objects: else a column with an empty cell would have its whole numbers as 1.0.
    frame = pd.DataFrame([_safe(row) for row in rows], columns=list(columns), dtype=object)
    frame.columns = frame.columns.map(harmless)
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _safe(row: Row) -> Row:
    if isinstance(row, Mapping):
        return {column: harmless(cell) for column, cell in row.items()}
    return [harmless(cell) for cell in row]
