"""The files of the pages."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).parents[2] / "pages"


def page_file(name: str) -> Path:
    """The file of a page, a lesson's or another."""
    return PAGES / f"{name}.py"
