"""A reader's own garment under the networks of a page; where there is none yet, the way to it."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis.replies import replies
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.panels.garment import PIXEL, WIDTH, Follow
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import replies as words
from fmviz.words.prose import Caption

# The page on which one is drawn, uploaded or photographed.
MADE_ON = "your_garment"


class OwnGarment(Panel):
    """What a page's networks make of it. It asks for no weights by itself: they come where the page
    has them, or with those for the image of the course.

    Args:
        follow: which of the runs answer.
    """

    pace = END

    def __init__(self, page: Page, follow: Follow) -> None:
        self.follow = follow
        self._seen = session().own.latest
        if self._seen is None:
            _link("What would they say to a garment of yours?")
            return
        with st.container(border=True, key=f"{page.name}-own"):
            left, right = st.columns([1, 6], gap="medium")
            with left:
                Place().image(
                    picture(self._seen.pixels, PIXEL), alt="Your own garment", width=WIDTH
                )
            with right:
                self._verdict, self._note = Place(), Place()
                _link("Another garment of yours")

    def draw(self, look: Look) -> None:
        """Of the finished runs."""
        if self._seen is None:
            return
        found = replies(self.follow(look), self._seen.pixels)
        title = words.text(Caption("title", {}))
        self._verdict.markdown(f":small[{title}]  \n{words.text(words.verdict(found))}")
        note = "not of its kind" if found else "how to know"
        self._note.caption(words.text(Caption(note, {})))


def _link(label: str) -> None:
    st.page_link(page_file(MADE_ON), label=label, icon=":material/draw:")
