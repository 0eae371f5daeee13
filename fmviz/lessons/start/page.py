"""Start: the images, one network, a game against it, and the lessons."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fmviz.lessons.start import panels
from fmviz.lessons.start.lesson import LESSON
from fmviz.page.lesson import Lesson
from fmviz.ui import foot
from fmviz.ui.board import Board
from fmviz.ui.page import open_page
from fmviz.ui.panels.garment import Followed


def show(lessons: Sequence[Lesson]) -> None:
    """The page, top to bottom.

    Args:
        lessons: those that it leads to.
    """
    page = open_page(LESSON)
    panels.cards(lessons)

    st.subheader("The images")
    panels.browse(page)

    st.subheader("One network")
    board = Board(page)
    board.place_status()
    board.add(panels.OneNetwork(board))
    board.add(Followed(page))

    st.subheader("Are you better?")
    game = st.container()

    foot.words()

    page.save()
    look = board.run()
    if look.done:
        with game:
            panels.beat(page, look.run.record)
