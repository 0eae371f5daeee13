"""Compare: the runs that a reader has pinned, side by side."""

from __future__ import annotations

from fmviz.lessons.compare import panels
from fmviz.ui import foot


def show() -> None:
    """The page, top to bottom."""
    page = panels.open_page()
    panels.tools(page)
    after = None
    if page.runs:
        board = panels.PinBoard(page)
        board.place_status()
        board.add(panels.Table(board))
        board.add(panels.Overlay(board))
        after = panels.sections(page, board)
    foot.draw(page, pins=False, home=False)
    page.save()
    if after is not None:
        board.run()
        after.run()
