"""Panels of the lesson on dropout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis import masks, memory
from fmviz.analysis import network as passes
from fmviz.analysis.kept import KeptWeights
from fmviz.analysis.stopping import Shown
from fmviz.charts.style import SPLITS
from fmviz.lessons.dropout import charts, network_charts, says
from fmviz.lessons.dropout.lesson import BOTH, DRAWS, DropoutView, epochs_below
from fmviz.lessons.dropout.says import RIDDLE
from fmviz.lessons.dropout.steps import first_steps
from fmviz.run import data
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.settings import SETTINGS
from fmviz.ui import live, state
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.card import Card
from fmviz.ui.panels.own_guess import OwnGuess, made
from fmviz.ui.panels.running import Running
from fmviz.ui.panels.sweep import ButtonSpot
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.player.screen import Screen, standing
from fmviz.ui.player.screen import controls as player
from fmviz.ui.session import is_dark
from fmviz.ui.told import Told
from fmviz.words.numbers import duration, percent
from fmviz.words.prose import Caption
from fmviz.words.running import running

MASKED_IMAGES = 100
# What gives the riddle away begins its section's name so.
SOLUTION = "running why dropout"


def _with_masks(look: Look) -> list[Shown]:
    return [look.run] if look.run.record.config.dropout else []


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
            Place().caption(page.text("network" if config.dropout else "network, nothing dropped"))


class Riddle(Card):
    """Why Keras's training accuracy is below that on validation images: a guess of its own, before
    the same weights are shown with dropout on and off, beside what Keras reported."""

    pace = END
    wants_weights = True

    def __init__(self, board: Board[DropoutView]) -> None:
        super().__init__(board)
        with self.box:
            self.guess = OwnGuess(self.page, RIDDLE, aloud=False)
            self.offer = ButtonSpot()

    def weighed(self, look: Look) -> Sequence[Shown]:
        """The run with dropout, if there is one."""
        return _with_masks(look)

    def lacks(self, look: Look) -> bool:
        """A recorded run is trained again for its weights where the reader has asked what they
        do: by an answer to the riddle, or by the button."""
        return self._is_asked(look.run) and super().lacks(look)

    def _is_asked(self, run: Shown) -> bool:
        return state.asked_for(self.page.name, RIDDLE, run.record.config.key)

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run = look.run
        if not run.kept:
            return
        if _riddles(self.page, run):
            self.told.say(says.riddle(run))
            self.guess.ask(self._asks(run))
        else:
            self._answer(run)

    def _asks(self, run: Shown) -> Callable[[], None]:
        """What remembers that the reader has asked; for callbacks."""
        return partial(state.ask_for, self.page.name, RIDDLE, run.record.config.key)

    def _answer(self, run: Shown) -> None:
        record = run.record
        if record.is_brief:
            self._draw_recorded(run)
            return
        if not record.weights_after(run.kept):
            self.told.say(Caption("weights not kept", {}))
            return
        training, validation = _measured(KeptWeights(record.config, record.weights_after(run.kept)))
        self.metric.metric(
            "Training accuracy, dropout on" + ", with the penalty" * (run.name == BOTH),
            percent(training.mean),
            help="The weights shown, on the training sample, with units dropped as in training.",
        )
        self.offer.empty()
        images = record.examples["train"]
        self._draw_ways(
            run,
            "dropout on and off",
            *_rows(training, images, "training"),
            *_rows(validation, record.examples["validation"], "validation"),
        )
        measured = says.on_off(training, images, run)
        self.told.say(*measured, in_sight=says.solved(measured[0], self.guess.made))

    def _draw_recorded(self, run: Shown) -> None:
        """What is known without weights, and a way to the rest."""
        record = run.record
        self._draw_ways(
            run,
            "dropout off",
            *(
                (charts.WAYS[2], split, record.estimate(name, run.kept))
                for split, name in zip(SPLITS, ("train_accuracy", "val_accuracy"), strict=True)
            ),
        )
        if self._is_asked(run):
            self.offer.empty()
            self.told.say(Caption("riddle measured", {}))
            return
        self.told.say(Caption("riddle unmeasured", {}))
        self.offer.button(
            f"Measure it ({duration(live.seconds_to_train(self.board.configs))})",
            key=f"{self.page.name}/{RIDDLE} measure",
            icon=":material/play_arrow:",
            on_click=self._asks(run),
        )

    def _draw_ways(self, run: Shown, how: str, *measured: tuple[str, str, Estimate]) -> None:
        """Accuracies, measured in one way or in two, beside the one that Keras reported."""
        record = run.record
        keras = accuracy(record.at("running_accuracy", run.kept), record.config.train_size)
        self.chart.chart(
            charts.on_off_rows([(charts.WAYS[0], "training", keras), *measured]),
            charts.on_off_spec(self.board.roles.index(run.name), self.board.dark),
            alt=f"Training accuracy (filled) as Keras reported it and with {how}; validation "
            f"accuracy (hollow) with {how}.",
        )


def _riddles(page: Page[DropoutView], run: Shown) -> bool:
    """Whether there is a riddle that the reader is still to guess."""
    lower = bool(run.record.config.dropout) and epochs_below(run) > 0
    return lower and made(page, RIDDLE) is None


class Reported(Running):
    """Keras's training accuracy; while the riddle waits, without its solution."""

    def captions(self, run: Shown) -> list[Caption]:
        """What is said of it."""
        waits = _riddles(self.page, run)
        return [c for c in running(run) if not (waits and c.section.startswith(SOLUTION))]


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
        run, page = look.run, self.page
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
