"""Panels of the lesson on overfitting."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.lessons.overfitting import charts, says
from fmviz.run.choices import DATASETS
from fmviz.run.data import CLASS_NAMES
from fmviz.run.settings import SETTINGS
from fmviz.ui.board import Board
from fmviz.ui.look import END, FIGURES, Look
from fmviz.ui.page import Page
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.figures import Gap
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.words.numbers import points

IMAGE_WIDTH = 112
SHOWN = 10


class ToldGap(Gap):
    """The gap meter, which says that training is scored as told where some labels are wrong."""

    def note(self, look: Look) -> str:
        """With what training is scored against."""
        told = look.run.record.examples["corrupted"]
        return super().note(look) + (f" {self.board.page.text('told gap')}" if told else "")


class Labels:
    """How many right and how many wrong labels the network answers as told, over the epochs."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.metric, self.chart, self.note = Place(), Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        if not run.record.examples["corrupted"]:
            self.note.caption(self.board.page.text("no wrong label measured"))
            return
        share = run.record.estimate("corrupted_accuracy", run.kept)
        self.metric.metric(
            "Wrong labels answered as told",
            f"{points(share)}%",
            help="Among the measured training images, those that were told a wrong class: the "
            "share that the network answers with that very class, ± one standard error.",
        )
        self.chart.chart(
            charts.labels_rows(run),
            charts.labels_spec(run.record.config.epochs, self.board.dark),
            alt="Share answered as told over the epochs: training images with a true label, with a "
            "wrong label, and validation images.",
        )
        self.note.caption(self.board.page.text("labels note"))


class Loss:
    """Cross-entropy over the epochs: on training images towards 0, on validation not."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.metric, self.chart, self.note = Place(), Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        caption = says.loss(run)
        if caption is None:
            return
        self.metric.metric(
            f"Training loss, {run.name}",
            caption.figures["training"],
            help="Mean cross-entropy on the training sample in nats, after the epoch, in inference "
            "mode. Guessing among ten classes costs ln 10 = 2.303.",
        )
        self.chart.chart(
            charts.loss_rows(look.runs),
            charts.loss_spec(self.board.roles, self.board.horizon, self.board.dark),
            alt="Cross-entropy on training images (solid) and validation images (dashed) of each "
            "run over the epochs.",
        )
        self.note.caption(self.board.text(caption))


class Rule:
    """The gap's formula with the figures of the run."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board, self.place = board, Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        texts = [self.board.text(caption) for caption in says.rule(look.run)]
        self.place.markdown("\n\n".join(texts))


class Memory:
    """The wrong labels that the network repeats, and those that it does not."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.board = board
        self.caption, self.images = Place(), Place()
        self.other_caption, self.others = Place(), Place()

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run, page = look.run, self.board.page
        if not run.kept or not run.record.examples["corrupted"]:
            self.caption.markdown(page.text("no wrong label"))
            return
        found = memory.by_heart(run.record, run.kept)
        self.caption.markdown(self.board.text(says.by_heart(found)))
        self._draw(self.images, run, found.memorised[:SHOWN], found.since)
        rest = np.sort(np.concatenate([found.seen_through, found.astray]))[:SHOWN]
        if len(rest):
            self.other_caption.markdown(page.text("not by heart"))
            self._draw(self.others, run, rest, None)

    def _draw(
        self,
        place: Place,
        run: Shown,
        indices: npt.NDArray[np.intp],
        since: npt.NDArray[np.intp] | None,
    ) -> None:
        if not len(indices):
            return
        sample = memory.training_sample(run.record.config)
        answers = run.record.answers("train", run.kept)
        captions = []
        for place_in_list, index in enumerate(indices):
            told, true = (CLASS_NAMES[labels[index]] for labels in (sample.told, sample.truth))
            last = (
                f"answers {CLASS_NAMES[answers[index]]}"
                if since is None
                else f"since epoch {max(int(since[place_in_list]), 1)}"
            )
            captions.append(f"told {told}, is {true}, {last}")
        place.image(
            [picture(pixels) for pixels in sample.pixels[indices]],
            captions=captions,
            width=IMAGE_WIDTH,
        )


def sizes(page: Page, dark: bool) -> Against:
    """Accuracy against training size, for the sizes of the control that the compact set has and the
    present one: a sweep on request."""
    most = DATASETS["compact"].train
    values = sorted(
        {n for n in SETTINGS["train_size"].slider if n <= most} | {page.config.train_size}
    )
    title = f"training images, n ({page.config.epochs} epochs each)"
    return Against(page, dark, "train_size", values, title, says.learning_curve, log=True)
