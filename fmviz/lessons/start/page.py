"""Start: a network that learns, a game against it, the lessons, the images."""

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
from fmviz.ui.session import session


def show(lessons: Sequence[Lesson]) -> None:
    """The page, top to bottom.

    Args:
        lessons: those that it leads to.
    """
    page = open_page(LESSON)
    panels.hero(page)

    st.header("Are you better?")
    game, place = st.container(key="start-game"), session().next_place()

    st.header("The lessons")
    panels.cards(lessons)

    st.header("The images")
    panels.browse(page)

    st.header("One network")
    board = Board(page)
    board.place_status()
    board.add(panels.OneNetwork(board))
    board.add(Followed(page))

    foot.words()

    page.save()
    look = board.run()
    if look.done and look.has_test:
        with game, session().within(place):
            panels.beat(page, look.run.record)
