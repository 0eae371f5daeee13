"""The player: all pictures of a page move to one epoch, in the browser.

Each picture is a `Screen`: the chart that stands in for it, and over that its reel, once all runs
have ended. A browser without scripts, a test without a browser and a run that is still going show
the chart. The scripts come with the controls, whose message is the same in every run of a page, so
that Streamlit sends it once; a reel brings no more than its figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.charts import film
from fmviz.charts.film import Reel
from fmviz.ui import branch
from fmviz.ui.look import Look
from fmviz.ui.page import Page
from fmviz.ui.session import get_widget

_FOLDER = Path(__file__).parent
# In the order in which they build upon each other; one module in the browser.
_SCRIPTS = (
    "scales",
    "clock",
    "reveal",
    "lines",
    "waits",
    "gap",
    "profile",
    "bars",
    "kernels",
    "network",
    "ravine",
    "valley",
    "thinned",
    "layers",
    "garments",
    "matrix",
    "reliability",
    "bar",
    "main",
)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_STYLE = f"const STYLE = {json.dumps(_read('player.css'))};\n"
# Registered once a process, as Streamlit wants it.
_bar = st.components.v2.component(
    "fmviz.player", js=_STYLE + "\n".join(_read(f"{name}.js") for name in _SCRIPTS)
)
_reel = st.components.v2.component("fmviz.reel", js=_read("reel.js"))


_PAGE_STYLE = f"<style>{_read('page.css')}</style>"


def controls(page: Page[Any]) -> None:
    """Play, the epoch and the speed, of all screens of a page; and what draws those. They stand
    where they are asked for first: a page that has a screen before its runs asks early. Where runs
    can branch, the epoch is where."""
    if page.plays:
        return
    page.plays = True
    st.html(_PAGE_STYLE)
    key, branches = f"player-{page.name}", page.lesson.branching == "beside"
    hears: dict[str, Any] = {"on_branch_change": partial(_branch, page, key)} if branches else {}
    with st.container(key="player"):
        _bar(data={"film": page.name, "branches": branches}, key=key, **hears)
    if branches:
        branch.draw(page)


def _branch(page: Page[Any], key: str) -> None:
    epoch = get_widget(key)["branch"]
    if isinstance(epoch, int):
        branch.ask_at(page, epoch)


def telling() -> DeltaGenerator:
    """Where a page says what came out: after a guess, once the curves have drawn themselves."""
    return st.container(key="told-outcome")


def standing() -> DeltaGenerator:
    """Where a page says what its image is, which holds at every epoch."""
    return st.container(key="standing")


class Screen:
    """Where a picture of a page moves.

    Args:
        name: of the picture, on the page.
        places: of runs' colours and marks, by name; else in the order of the runs.
    """

    def __init__(self, page: Page[Any], name: str, places: Mapping[str, int] | None = None) -> None:
        self._places = places
        self._page, self._name = page, f"{page.name}-{name}"
        self._box = st.container(key=f"film-{self._name}")
        self._spot: DeltaGenerator | None = None
        self._element: DeltaGenerator | None = None
        self._shown = False

    @contextmanager
    def stand_in(self) -> Iterator[None]:
        """Where what stands in for the reel is placed."""
        with self._box:
            yield
            self._spot = st.container(key=f"reel-{self._name}")

    def draw(
        self,
        look: Look,
        make: Callable[[Reel], Reel],
        *,
        judged: bool = False,
        begins: bool = False,
    ) -> None:
        """The reel, where all runs have ended; else what stands in for it.

        Args:
            make: the reel of a film's clock.
            judged: whether a guess and what was measured are marked upon it, as it shows what they
                are about; it begins the reveal then.
            begins: whether the reveal after a guess begins once this picture stands.
        """
        spot = self._place()
        if not (look.done and film.playable(look.drawn)):
            if self._element is None:
                self._element = spot.empty()
        elif not self._shown:
            guessed = self._page.judged(look.asked)
            # Runs that were drawn as they were trained have drawn themselves already.
            reveals = guessed is not None and "trained" not in look.update.sources
            token = guessed.caption.figures["guess"] if guessed is not None and reveals else None
            known, rest = self._places, look.run.kept
            places = [known.get(run.name, len(known)) for run in look.drawn] if known else None
            name = self._page.name
            data = make(film.clock(name, look.drawn, rest=rest, reveal=token, places=places))
            if judged and guessed is not None:
                data["verdict"] = film.verdict(guessed, look.asked)
            data["begins"] = judged or begins
            self.show(data, "reveal" if reveals else "moving")

    def show(self, data: Reel, how: Literal["reveal", "moving"] = "moving") -> None:
        """A reel, whatever the page's runs are."""
        if self._shown:
            return
        # A run of the script has it once: it is a widget to Streamlit.
        self._shown = True
        with self._element or self._place():
            _reel(data=data, key=f"{how}-{self._name}", height="stretch")

    def _place(self) -> DeltaGenerator:
        if self._spot is None:
            raise RuntimeError("a screen has its place after what stands in for it")
        return self._spot
