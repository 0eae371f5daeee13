"""Two pins set against each other, image by image."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.lessons.compare import says
from fmviz.lessons.compare.lesson import CompareView
from fmviz.page.pins import bold
from fmviz.run import data, measure
from fmviz.ui import pictures, view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.told import Told
from fmviz.words.prose import Caption

# Of either kind of the images on which two runs differ.
IMAGES_SHOWN = 8


class Difference(Panel):
    """Two runs set against each other, and the images on which one of them alone is right."""

    pace = END

    def __init__(self, board: Board[CompareView]) -> None:
        self.page = page = board.page
        names = dict(enumerate(board.roles, start=1))
        for column, field, label in zip(st.columns(2), ("first", "second"), "AB", strict=True):
            with column:
                view_controls.selection(page.name, field, f"Run {label}", names)
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """The difference, once all runs have ended."""
        page, view = self.page, self.page.view
        a, b = (look.runs[place - 1] for place in (view.first, view.second))
        with self.spot:
            if a.name == b.name:
                st.caption("Choose two runs.")
                return
            Told(page).say(*says.pair(a, b))
            if len(says.finite([a, b])) < 2 or a.record.config == b.record.config:
                return
            apart = says.apart(a, b)
            page.say(apart or Caption("other images", {}))
            if apart is not None:
                self._images(a, b)

    def _images(self, a: Shown, b: Shown) -> None:
        config = a.record.config
        images = data.load(config.dataset).validation
        answers = [run.record.answers("val", run.record.epochs) for run in (a, b)]
        only_b, only_a = measure.flips(answers[0], answers[1], comparing.labels(config, "val"))
        names = data.CLASS_NAMES
        for run, which in ((a, only_a), (b, only_b)):
            if not len(which):
                continue
            shown = which[:IMAGES_SHOWN]
            some = f"{len(shown)} of {len(which):,}" if len(which) > len(shown) else f"{len(which)}"
            st.markdown(f"Right in {bold(run.name)} alone, {some}:")
            pictures.gallery(
                images[shown].pixels,
                [
                    f"**{names[images.labels[i]]}**  \nA: {names[answers[0][i]]}  \n"
                    f"B: {names[answers[1][i]]}"
                    for i in shown
                ],
            )
