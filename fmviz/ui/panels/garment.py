"""One image through the course: what the networks of a page make of it, and the way to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import streamlit as st

from fmviz.analysis.garment import Answer, answers, garment
from fmviz.analysis.stopping import Shown
from fmviz.run.data import CLASS_NAMES
from fmviz.ui import state
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import garment as words
from fmviz.words.prose import Caption

# On a screen of double resolution.
PIXEL, WIDTH = 8, 112


Follow: TypeAlias = Callable[[Look], Sequence[Shown]]


class Strip:
    """The image, what some networks make of it, and the way to the next page. It takes its place
    as it is made, and is there from when it first has something to show."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._spot = st.container()
        self._built = self._offered = False

    def _build(self, name: str, runs: int) -> None:
        with self._spot.container(border=True, key=f"{self.page.name}-garment"):
            left, right = st.columns([1, 6], gap="medium")
            with left:
                self._image = Place()
            with right:
                self._verdict = Place()
                self._shares = [Place() for _ in range(runs)]
                self._note = Place()
                with st.container(horizontal=True, vertical_alignment="center"):
                    self._follow(name)
                    # A button is no place to draw in.
                    self._button = st.empty()
        self._built = True

    def _follow(self, name: str) -> None:
        """The way to the next page."""
        pages = [page for page, _ in session().course]
        after = pages.index(self.page.name) + 1 if self.page.name in pages else len(pages)
        if after < len(pages):
            target, title = session().course[after]
            st.page_link(
                page_file(target),
                label=f"Follow the {name} to {title}",
                icon=":material/arrow_forward:",
            )

    def show(self, runs: Sequence[Shown]) -> list[Answer]:
        """What these networks make of it, the last beside the first. All have ended; one that has
        left no answers is left out."""
        runs = [run for run in runs if len(run.record.val_predictions)]
        if not runs:
            return []
        seen = garment(runs[-1].record.config.dataset)
        found = answers(runs)
        name = CLASS_NAMES[seen.truth]
        if not self._built:
            self._build(name.lower(), len(runs))
        self._image.image(picture(seen.pixels, PIXEL), alt=name, width=WIDTH)
        known = any(each.shares is not None for each in found)
        section = "title with shares" if known else "title"
        title = words.text(Caption(section, {"garment": name.lower(), "truth": name}))
        verdict = words.text(words.verdict(seen, found))
        self._verdict.markdown(f":small[{title}]  \n{verdict}")
        for bar, each in zip(self._shares, found, strict=True):
            if each.shares is not None:
                share = min(1.0, float(each.shares[seen.truth]))
                bar.progress(share, words.text(words.share(seen, each, each.shares)))
        self._note.caption(words.text(*words.notes(seen, runs, found)))
        return found

    def offer(self, label: str, on_click: Callable[[], None], help: str) -> None:
        """A quiet button beside the way to the next page."""
        if not self._offered:
            self._button.button(
                label,
                key=f"{self.page.name}/garment",
                icon=":material/play_arrow:",
                on_click=on_click,
                help=help,
                type="tertiary",
            )
        self._offered = True

    def withdraw(self) -> None:
        """Take the button away, if there is one."""
        if self._offered:
            self._button.empty()


def all_runs(look: Look) -> Sequence[Shown]:
    """The runs of a page, as it shows them."""
    return look.runs


class Followed(Panel):
    """The strip of a page's own runs. Where their weights are not recorded, they are trained again
    when the reader asks for the shares.

    Args:
        follow: which of the runs are shown, with which weights.
    """

    pace = END

    def __init__(self, page: Page, follow: Follow = all_runs) -> None:
        self.page, self.follow, self.strip = page, follow, Strip(page)
        self._what = tuple(config.key for config in page.runs.values())
        if state.asked_for(page.name, "garment", self._what):
            self.wants_weights = True

    def draw(self, look: Look) -> None:
        """Of the finished runs."""
        found = self.strip.show(self.follow(look))
        if self.wants_weights or all(each.shares is not None for each in found):
            self.strip.withdraw()
        else:
            self.strip.offer(
                "How sure is each?",
                partial(state.ask_for, self.page.name, "garment", self._what),
                "Trains the runs again on this machine, and keeps their weights.",
            )
