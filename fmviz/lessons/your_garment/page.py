"""Your garment: draw it, upload it or hold it to the camera, and see what two networks say."""

from __future__ import annotations

from fmviz.lessons.your_garment import panels
from fmviz.lessons.your_garment.lesson import LESSON
from fmviz.ui import controls, foot
from fmviz.ui.board import Board
from fmviz.ui.page import open_page


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set(leads=True)
    with stage.controls:
        given = panels.give(page)
    with stage.more:
        controls.more(page.name)
    if given is not None:
        with stage.side:
            panels.seen(page, given)

    page.guess()
    board = Board(page)
    board.place_status()
    with stage.picture:
        board.add(panels.Answers(board, given))
    foot.draw(page)
    page.save()
    board.run()
