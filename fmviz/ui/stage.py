"""Where the parts of a lesson stand that a reader sees together: one arrangement for all lessons.

From the top: the verdict, one bold line; below it the controls, the main picture with its status,
and the page's image. All of it has the height of a laptop's window, and each part that changes has
a slot of fixed height: what is said, or trained, moves nothing. Words come below, as much as there
are.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.ui.place import Place
from fmviz.ui.session import session

# On the screen, and on paper.
STYLE = "".join(
    (Path(__file__).parent / name).read_text(encoding="utf-8")
    for name in ("stage.css", "print.css")
)
# Shares of the width, in pixels of a window of 1,400.
CONTROLS, PICTURE, SIDE = 290, 640, 370


class Spot:
    """A container whose charts stand on the stage: see `Session.staged`."""

    def __init__(self, container: DeltaGenerator) -> None:
        self._container = container
        self._outer: list[bool] = []

    def container(self, **options: Any) -> Spot:
        """A container in it; the options are those of `st.container`."""
        return Spot(self._container.container(**options))

    def empty(self) -> DeltaGenerator:
        """A place in it for one element or container at a time; of what made way nothing stays."""
        return self._container.empty()

    def __enter__(self) -> None:
        self._outer.append(session().staged)
        self._container.__enter__()
        session().staged = True

    def __exit__(self, *exception: Any) -> None:
        session().staged = self._outer.pop()
        self._container.__exit__(*exception)


class Stage:
    """The places of a lesson's parts; made where they are to stand.

    Args:
        head: where the verdict stands, below the question.
        side: whether there is an image beside the main picture; else that one is as wide as both.
        controls: whether there are controls beside it; else it is as wide as the page.
        stays: whether those stay in sight, all settings with them, while the page moves beside
            them.
        leads: whether the image stands before the main picture, which is made of it.

    Attributes:
        controls: of what the page is about, at most a few.
        rest: where they stay in sight, what moves beside them; else the page.
        picture: the main picture, as high as its charts are; nothing else stands there.
        player: below it, what moves it through the epochs.
        status: below that, where the figures come from or how far they are.
        under: what is told of the runs, at length.
        side: the page's image; where there is no place beside the picture, what is told.
        more: all other settings.
    """

    def __init__(
        self,
        head: DeltaGenerator,
        *,
        side: bool = True,
        controls: bool = True,
        stays: bool = False,
        leads: bool = False,
    ) -> None:
        with head.container(key="verdict", gap=None):
            self._lead, self._guessed = Place(), Place()
        self._of_main = ""
        # By its place on the page: whether it leads whatever else is said there, and the text.
        self._of_closer: dict[float, tuple[bool, str]] = {}
        beside = [PICTURE, SIDE] if side else [PICTURE + SIDE]
        if leads:
            beside.reverse()
        # On a telephone the picture comes first, and the slider that moves it below, at the thumb.
        below = None if leads or not controls else "below-stays" if stays else "below"
        with st.container(key="stage"), st.container(key=below) if below else nullcontext():
            if stays:
                left, self.rest = st.columns([CONTROLS, PICTURE + SIDE], gap="medium")
            else:
                columns = st.columns([CONTROLS] * controls + beside, gap="medium")
        if stays:
            self.controls, self.more = left.container(key="stays"), left.container(key="stays-more")
            columns = self.rest.columns(beside, gap="medium")
        else:
            self.rest = st.container()
            self.controls = columns.pop(0) if controls else self.rest.container()
        if leads:
            columns.reverse()
        middle, *sides = columns
        with middle:
            self.picture = Spot(st.container(key="picture", gap="xxsmall"))
            self.player = st.container()
            self.status = st.container()
        self.under = self.rest.container()
        self.side = Spot(sides[0].container(key="side")) if sides else self.under
        if not stays:
            self.more = self.rest.container()

    def lead(self, text: str) -> None:
        """The verdict, or before the guess what is asked, in place of the one before. That of a
        closer look leads before it."""
        self._of_main = text
        self._show()

    def lead_closer(self, place: float, text: str, *, marked: bool) -> None:
        """The verdict of a closer look that the step of the story is about.

        Args:
            place: where on the page it is from. Of several the first leads.
            marked: whether it leads before those that are not; several such stand together.
        """
        self._of_closer[place] = marked, text
        self._show()

    def _show(self) -> None:
        told = [self._of_closer[place] for place in sorted(self._of_closer)]
        texts = [text for marked, text in told if marked] or [text for _, text in told[:1]]
        self._lead.markdown(" ".join(texts) or self._of_main)

    def guessed(self, text: str) -> None:
        """What became of the guess, smaller, below the verdict."""
        self._guessed.caption(text)
