"""Panels of the lesson on dropout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis import masks, memory
from fmviz.analysis import network as passes
from fmviz.analysis.kept import KeptWeights
from fmviz.analysis.stopping import Shown
from fmviz.lessons.dropout import charts, network_charts, says
from fmviz.lessons.dropout.lesson import DRAWS, DROPOUT, DropoutView, epochs_below
from fmviz.lessons.dropout.says import RIDDLE
from fmviz.lessons.dropout.steps import first_steps
from fmviz.run import data
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.settings import SETTINGS
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.card import Card
from fmviz.ui.panels.own_guess import OwnGuess, made
from fmviz.ui.panels.running import Running
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.player.screen import Screen, standing
from fmviz.ui.player.screen import controls as player
from fmviz.ui.session import is_dark
from fmviz.ui.told import Told
from fmviz.words.numbers import percent
from fmviz.words.prose import Caption
from fmviz.words.running import running

MASKED_IMAGES = 100


def _dropped(look: Look) -> Shown:
    """The run with dropout alone, or where there is none the last."""
    return next((run for run in look.runs if run.name == DROPOUT), look.run)


def _with_masks(look: Look) -> list[Shown]:
    run = _dropped(look)
    return [run] if run.record.config.dropout else []


def network(page: Page[DropoutView]) -> None:
    """The page's image: the network with its units vanishing, step by step. It is of the run that
    the controls ask for, and there before that is trained."""
    with page.stage.player:
        player(page)
    config = page.config
    with page.stage.side:
        if not config.hidden:
            Place().caption(page.text("nothing to drop"))
            return
        steps = first_steps(config)
        screen = Screen(page, "network")
        with screen.stand_in():
            draw_chart(
                network_charts.network_rows(steps[0]),
                network_charts.network_spec(is_dark()),
                alt=(
                    alt := f"The first units of each hidden layer at a step of training: "
                    f"{percent(config.dropout, 0)} are dropped, others each time."
                ),
            )
        screen.show(network_charts.network_reel(config, steps, alt))
        with standing():
            Place().caption(page.text("network"))


class Riddle(Card):
    """Why Keras's training accuracy is the lower one: a guess of its own, before the same weights
    are shown with dropout on and off, beside what Keras reported."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[DropoutView]) -> None:
        super().__init__(board)
        with self.box:
            self.guess = OwnGuess(self.page, RIDDLE, aloud=False)

    def weighed(self, look: Look) -> Sequence[Shown]:
        """The run with dropout, if there is one."""
        return _with_masks(look)

    def lacks(self, look: Look) -> bool:
        """While the riddle waits no weights are shown."""
        return not _riddles(self.page, _dropped(look)) and super().lacks(look)

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run = _dropped(look)
        if not run.record.config.dropout or not run.kept:
            self.told.say(Caption("rate zero", {}))
            return
        if _riddles(self.page, run):
            self.told.say(says.riddle(run))
            self.guess.ask()
        else:
            self._answer(run)

    def _answer(self, run: Shown) -> None:
        if run.record.is_brief:
            self.told.say(Caption("riddle measured", {}))
            return
        if not run.record.weights_after(run.kept):
            self.told.say(Caption("weights not kept", {}))
            return
        training, validation = _measured(
            KeptWeights(run.record.config, run.record.weights_after(run.kept))
        )
        images = run.record.examples["train"]
        self.metric.metric(
            "Training accuracy, dropout on",
            percent(training.mean),
            help="The weights shown, on the training sample, with units dropped as in training.",
        )
        keras = accuracy(run.record.at("running_accuracy", run.kept), run.record.config.train_size)
        self.chart.chart(
            charts.on_off_rows(
                [
                    (charts.WAYS[0], "training", keras),
                    *_rows(training, images, "training"),
                    *_rows(validation, run.record.examples["validation"], "validation"),
                ]
            ),
            charts.on_off_spec(self.board.dark),
            alt="Training accuracy (filled) as Keras reported it, with dropout on and with dropout "
            "off; validation accuracy (hollow) with dropout on and off.",
        )
        measured = says.on_off(training, images, run)
        self.told.say(*measured, in_sight=says.solved(measured[0], self.guess.made))


def _riddles(page: Page[DropoutView], run: Shown) -> bool:
    """Whether there is a riddle that the reader is still to guess."""
    lower = bool(run.record.config.dropout) and epochs_below(run) > 0
    return lower and made(page, RIDDLE) is None


class Reported(Running):
    """Keras's training accuracy; while the riddle waits, without its solution."""

    def captions(self, run: Shown) -> list[Caption]:
        """What is said of it."""
        waits = _riddles(self.page, run)
        return [c for c in running(run) if not (waits and c.section == "running why dropout")]


def _rows(measured: masks.OnOff, images: int, split: str) -> list[tuple[str, str, Estimate]]:
    return [
        (charts.WAYS[1], split, Estimate(measured.mean, measured.error)),
        (charts.WAYS[2], split, accuracy(measured.off, images)),
    ]


@lru_cache(maxsize=16)
def _measured(of: KeptWeights) -> tuple[masks.OnOff, masks.OnOff]:
    """Training sample, against what it was told, and validation images."""
    config, weights = of.config, of.weights
    sample = memory.training_sample(config)
    validation = data.load(config.dataset).validation
    training, held_out = (
        masks.on_and_off(weights, config.activation, pixels, labels, config.dropout, draws=DRAWS)
        for pixels, labels in (
            (sample.images.pixels, sample.told),
            (validation.pixels, validation.labels),
        )
    )
    return training, held_out


class Mask(Panel):
    """One image in one draw: which units are missing, and what that does to the answer."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[DropoutView]) -> None:
        self.board, self.page = board, board.page
        name = self.page.name
        for field, most in (("image", MASKED_IMAGES - 1), ("draw", DRAWS)):
            present = state.value(name, field)
            state.put(name, field, min(present, most))
        image, sliders = st.columns([1, 4], vertical_alignment="center")
        with sliders:
            st.slider(
                "Validation image",
                0,
                MASKED_IMAGES - 1,
                **state.widget(name, "image"),
                help="It trains nothing: the masks are drawn on the finished network.",
            )
            st.slider(
                "Draw",
                1,
                DRAWS,
                **state.widget(name, "draw"),
                help="Each draw drops other units.",
            )
        with image:
            self.picture = Place()
        self.told = Told(self.page)
        units, answers = st.columns([3, 2])
        with units:
            self.layers = [Place() for _ in self.page.config.hidden]
            self.note = Place()
        with answers:
            self.answers = Place()

    def weighed(self, look: Look) -> Sequence[Shown]:
        """The run with dropout, if there is one."""
        return _with_masks(look)

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run, page = _dropped(look), self.page
        config, view = run.record.config, page.view
        weights = run.record.weights_after(run.kept)
        if not config.dropout:
            self.told.say(Caption("no mask", {}))
            return
        if self.lacks(look):
            return
        if not weights:
            self.told.say(Caption("weights not kept", {}))
            return
        images = data.load(config.dataset).validation
        index = view.image
        pixels = images[index : index + 1].pixels
        name = data.CLASS_NAMES[images.labels[index]]
        self.picture.image(picture(pixels[0]), alt=name, width=112)
        passed = passes.forward(weights, config.activation, pixels)
        # One image many times over: each copy has a mask of its own.
        copies = np.repeat(pixels, DRAWS, axis=0)
        rng = np.random.default_rng([config.seed, index])
        thinned = masks.forward(weights, config.activation, copies, config.dropout, rng)
        drawn = view.draw - 1
        factors = [layer[drawn] for layer in thinned.factors]
        caption = says.mask(
            factors,
            thinned.logits.argmax(axis=1),
            drawn,
            int(passed.logits.argmax()),
            int(images.labels[index]),
            config.dropout,
        )
        self.told.say(caption)
        self._draw_units([layer[drawn] for layer in thinned.activations], factors)
        self.answers.chart(
            charts.answers_rows(
                passes.softmax(passed.logits)[0], passes.softmax(thinned.logits)[drawn]
            ),
            charts.answers_spec(self.board.dark),
            alt="Probability of each class with all units and with this mask.",
        )

    def _draw_units(
        self,
        activations: Sequence[npt.NDArray[np.float32]],
        factors: Sequence[npt.NDArray[np.float32]],
    ) -> None:
        for layer, (place, a, f) in enumerate(zip(self.layers, activations, factors), start=1):
            place.chart(
                charts.units_rows(a, f),
                charts.units_spec(len(a), self.board.dark),
                alt=f"Units of hidden layer {layer}: kept or dropped in this draw.",
            )
        self.note.caption(self.page.text("mask note"))


def rates(board: Board[DropoutView]) -> Against:
    """Accuracy against the rate, those of the control and the present one: a sweep on request."""
    config = board.page.config
    values = sorted({*SETTINGS["dropout"].slider, config.dropout})
    title = f"dropout rate ({config.epochs} epochs each)"
    return Against(board, "dropout", values, title, says.rates)
