"""Why small weights help: nudged images, and a line through ten points. Nothing trains."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from fmviz.analysis import network
from fmviz.analysis.stopping import Shown, shown_weights
from fmviz.lessons.regularisation import nudge, small_charts, small_says, wiggle
from fmviz.lessons.regularisation.lesson import RegularisationView
from fmviz.lessons.regularisation.small_says import Steadiness
from fmviz.run import data
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.ui import state, view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.pictures import picture
from fmviz.ui.place import draw_chart
from fmviz.ui.told import Told
from fmviz.words.prose import Caption
from fmviz.words.weights import of_another_epoch

IMAGE_WIDTH = 130


@lru_cache(maxsize=32)
def _curve(record: RunRecord, epoch: int, epsilons: tuple[float, ...]) -> list[nudge.Nudged]:
    """A record is remembered as the object it is, which the store hands out again and again."""
    images = nudge.first(data.load(record.config.dataset).validation)
    return nudge.curve(record.weights_after(epoch), record.config.activation, images, epsilons)


@lru_cache(maxsize=16)
def _certainty(record: RunRecord, epoch: int) -> nudge.Certainty:
    images = nudge.first(data.load(record.config.dataset).validation)
    return nudge.certainty(record.weights_after(epoch), record.config.activation, images)


class Nudge(Panel):
    """Images nudged by noise: how often each network's answer moves, and one image to watch."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[RegularisationView]) -> None:
        self.board, self.page = board, board.page
        self.page.say(Caption("nudge intro", {"images": f"{nudge.NUDGED_IMAGES:,}"}))
        st.slider(
            "Noise ε on every pixel (0 is black, 1 is white)",
            0.0,
            nudge.STRONGEST,
            step=0.05,
            **state.widget(self.page.name, "nudge"),
            help="Standard deviation of the noise. No new training.",
        )
        self.spot = st.container()
        left, right = st.columns([1, 1.6], gap="medium", vertical_alignment="center")
        with left:
            st.number_input(
                "Validation image to watch",
                0,
                nudge.NUDGED_IMAGES - 1,
                **state.widget(self.page.name, "image"),
            )
            self.pictures = st.container(horizontal=True, gap="small")
        self.answers = right.container()

    def draw(self, look: Look) -> None:
        """Both networks, with the weights that are kept of them."""
        if self.lacks(look):
            return
        epsilon = self.page.view.nudge
        # The figures beside the curves are of the epoch that the weights are of.
        epochs = [epoch for _, epoch in shown_weights(look.runs)]
        if not all(epochs):
            self.spot.markdown(self.page.text("nudge of none"))
            return
        runs = [run._replace(kept=epoch) for run, epoch in zip(look.runs, epochs, strict=True)]
        here = [_curve(run.record, run.kept, (epsilon,))[0] for run in runs]
        with self.spot:
            self._curves(runs, here)
            networks = [
                Steadiness(run, at, _certainty(run.record, run.kept))
                for run, at in zip(runs, here, strict=True)
            ]
            captions = small_says.nudged(networks)
            if epochs != [run.kept for run in look.runs]:
                captions.append(of_another_epoch())
            Told(self.page).say(*captions, Caption("about nudge", {}))
        self._watch(runs, here)

    def _curves(self, runs: list[Shown], here: list[nudge.Nudged]) -> None:
        epsilon = here[0].epsilon
        curves = {}
        for run, at in zip(runs, here, strict=True):
            rest = [p for p in _curve(run.record, run.kept, nudge.EPSILONS) if p.epsilon != epsilon]
            curves[run.name] = sorted([*rest, at], key=lambda point: point.epsilon)
        measures = {
            small_charts.MOVED: small_charts.moved,
            small_charts.RIGHT: small_charts.right,
        }
        for column, (title, measure) in zip(st.columns(2), measures.items(), strict=True):
            with column:
                draw_chart(
                    small_charts.nudge_rows(
                        {name: measure(points) for name, points in curves.items()}, epsilon
                    ),
                    small_charts.nudge_spec(self.board.roles, title, self.board.dark),
                    alt=f"Share of {title} on nudged validation images against the noise.",
                )

    def _watch(self, runs: list[Shown], here: list[nudge.Nudged]) -> None:
        images = data.load(runs[-1].record.config.dataset).validation
        index, epsilon = self.page.view.image, here[0].epsilon
        # All of them are nudged, so that each keeps its own draw of the noise.
        pixels = nudge.first(images).pixels
        pair = np.stack([pixels[index], nudge.nudge(pixels, epsilon)[index]])
        for row, caption in zip(pair, ("as it is", f"nudged, ε = {number(epsilon)}")):
            name = data.CLASS_NAMES[images.labels[index]]
            alt = f"{name}, {caption}"
            self.pictures.image(picture(row), alt=alt, caption=caption, width=IMAGE_WIDTH)
        answers = []
        for run in runs:
            record = run.record
            weights = record.weights_after(run.kept)
            logits = network.forward(weights, record.config.activation, pair).logits
            answers.append((run.name, network.softmax(logits)))
        with self.answers:
            self.page.say(small_says.one_image(int(images.labels[index]), epsilon, answers))
            if len(here) == 2:
                self.page.say(small_says.parted(here[-1], here[0]))


class Wiggle(Panel):
    """Ten points, a line of degree 9 and λ: solved for at once."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        page = board.page
        page.say(Caption("line intro", {}))
        left, right = st.columns(2)
        with left:
            view_controls.slider(
                page.name, "ridge", "λ of the line", wiggle.LAMBDAS, number, "No new training."
            )
        with right:
            st.slider("Which ten points", 1, wiggle.SETS, **state.widget(page.name, "points"))
        lam, points = page.view.ridge, page.view.points
        left, right = st.columns(2)
        with left:
            draw_chart(
                small_charts.line_rows(lam, points),
                small_charts.line_spec(board.dark),
                alt="The true curve, ten noisy points and the line that is fitted to them.",
            )
        with right:
            draw_chart(
                small_charts.errors_rows(lam, points),
                small_charts.errors_spec(board.dark),
                alt="The line's error on its ten points and on new ones against λ.",
            )
        Told(page).say(
            small_says.line(lam, wiggle.points(points)),
            Caption("about line", {"sigma": number(wiggle.SIGMA)}),
        )
