"""Images: which of their pixels still have a say, and which of them the penalty turns."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis.stopping import shown_weights
from fmviz.lessons.regularisation import charts, says
from fmviz.lessons.regularisation.lesson import RegularisationView
from fmviz.lessons.regularisation.pruning import surviving
from fmviz.run import data, measure
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.pictures import picture
from fmviz.ui.place import draw_chart
from fmviz.ui.told import Told
from fmviz.words.prose import Caption
from fmviz.words.weights import dated, of_another_epoch

FLIPS_SHOWN = 9
IMAGE_WIDTH = 104


class Pixels(Panel):
    """Which of the 784 pixels still have a say."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[RegularisationView]) -> None:
        self.board, self.page = board, board.page
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """A picture of each network's first layer."""
        if self.lacks(look):
            return
        with self.spot:
            self._draw(look)

    def _draw(self, look: Look) -> None:
        tolerance, config = self.page.view.tolerance, look.run.record.config
        shown = shown_weights(look.runs)
        alive = []
        for column, run, (weights, epoch) in zip(st.columns(2), look.runs, shown, strict=False):
            left = surviving(weights[0], tolerance)
            alive.append(int((left > 0).sum()))
            with column:
                st.markdown(f"**{dated(run.name, epoch)}**")
                draw_chart(
                    charts.pixels_rows(left),
                    charts.pixels_spec(weights[0].shape[1], self.board.dark),
                    alt="The pixels, darker where more first-layer weights are left.",
                    width="content",
                )
        before = alive[0] if len(alive) == 2 else None
        captions = [says.pixels(alive[-1], before, tolerance)]
        if any(epoch != run.kept for run, (_, epoch) in zip(look.runs, shown, strict=True)):
            captions.append(of_another_epoch())
        blank = _blank(config.dataset, config.train_size)
        Told(self.page).say(*captions, says.about_pixels(blank, config.train_size))


@lru_cache(maxsize=16)
def _blank(dataset: str, n: int) -> int:
    """Pixels that are zero in all of the first n training images."""
    return int((data.load(dataset).train.grey[:n].max(axis=0) == 0).sum())


class Flipped(Panel):
    """Held-out images on which the penalty turns the answer right or wrong."""

    pace = END

    def __init__(self, board: Board[RegularisationView]) -> None:
        self.page = board.page
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """Some images of either kind."""
        with self.spot:
            if len(look.runs) < 2:
                self.page.say(Caption("needs a penalty", {}))
            else:
                self._draw(look)

    def _draw(self, look: Look) -> None:
        baseline, run = look.runs
        part = data.load(run.record.config.dataset)
        # Test images only for a reader who has asked for them.
        test = self.page.view.test
        images, split = (part.test, "test") if test else (part.validation, "validation")
        before, after = (
            each.record.answers("test" if test else "val", each.kept) for each in (baseline, run)
        )
        flipped = measure.flips(before, after, images.labels)
        right = [after == images.labels, before == images.labels]
        captions = [says.flips(flipped, right, split), says.flips_of_epochs(run, baseline)]
        Told(self.page).say(*filter(None, captions))
        self._show("flips right", images, flipped.gained, before, "before")
        self._show("flips wrong", images, flipped.lost, after, "now")

    def _show(
        self,
        section: str,
        images: data.Images,
        which: npt.NDArray[np.intp],
        wrong: npt.NDArray[np.integer],
        when: str,
    ) -> None:
        """Some of the images under a heading, each with the answer that was or is wrong."""
        if not len(which):
            return
        self.page.say(Caption(section, {"count": f"{len(which):,}"}))
        names = data.CLASS_NAMES
        with st.container(horizontal=True, gap="small"):
            for image in which[:FLIPS_SHOWN]:
                st.image(
                    picture(images[[image]].pixels[0]),
                    alt=names[images.labels[image]],
                    caption=f"{names[images.labels[image]]}, {when} {names[wrong[image]]}",
                    width=IMAGE_WIDTH,
                )
