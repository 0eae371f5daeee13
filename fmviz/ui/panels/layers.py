"""Panels that look into a network: layer by layer, and answer by answer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from fmviz.charts import film
from fmviz.charts import layers as charts
from fmviz.run import data, measure
from fmviz.run.choices import N_CLASSES
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told
from fmviz.words.prose import Caption


class Layers(Panel):
    """Gradients, updates and flat activations of each layer over the epochs."""

    def __init__(self, board: Board) -> None:
        Place().markdown(board.page.text("layers"))
        self.screens: dict[str, tuple[Screen, Place]] = {}
        for name, column in zip(charts.MEASURES, st.columns(len(charts.MEASURES)), strict=True):
            with column:
                screen = Screen(board.page, f"layers-{name}")
                with screen.stand_in():
                    self.screens[name] = screen, Place()

    def draw(self, look: Look) -> None:
        """The newest figures of the run that the captions speak of."""
        record = look.run.record
        for name, (screen, place) in self.screens.items():
            count = record.start_layers[name].shape[0]
            if not count:
                continue
            alt = f"{charts.MEASURES[name][0]} of each layer over the epochs."
            place.chart(
                charts.over_epochs_rows(record, name), charts.over_epochs_spec(name, count), alt=alt
            )
            screen.draw(look, partial(self._reel, look, name, alt))

    def _reel(self, look: Look, name: str, alt: str, clock: film.Reel) -> film.Reel:
        moving = charts.over_epochs_reel(len(look.runs) - 1, look.run.record, name)
        return film.reel(clock, "lines", alt, moving)


class Answers(Panel):
    """Which validation images are taken for what."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self.told, self.screen = Told(self.page), Screen(board.page, "answers")
        with self.screen.stand_in():
            self.chart = Place()

    def draw(self, look: Look) -> None:
        """The matrix of the kept weights' answers."""
        run = look.run
        truth = data.load(run.record.config.dataset).validation.labels
        # Row 0 is the network before its first step.
        answers = run.record.answers("val", run.kept)
        matrix = measure.confusion(truth, answers, N_CLASSES)
        self.told.say(most_confused(matrix))
        self.chart.chart(
            charts.matrix_rows(matrix),
            charts.matrix_spec(self.board.dark),
            alt=(alt := "True classes against the network's answers on the validation images."),
        )
        rows = run.record.val_predictions
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "matrix", alt, charts.matrix_reel(len(look.runs) - 1, truth, rows)
            ),
        )


def most_confused(matrix: measure.Counts) -> Caption:
    """The pair of classes most often taken for each other."""
    wrong = matrix.copy()
    wrong[range(len(matrix)), range(len(matrix))] = 0
    truth, taken = divmod(int(wrong.argmax()), len(matrix))
    figures = {
        "images": f"{int(matrix.sum()):,}",
        "truth": data.CLASS_NAMES[truth],
        "taken": data.CLASS_NAMES[taken],
        "count": f"{int(wrong[truth, taken]):,}",
        "of": str(int(matrix[truth].sum())),
    }
    return Caption("answers" if wrong.any() else "answers, all right", figures)


class Distributions(Panel):
    """Where the activations of each hidden layer lie."""

    def __init__(self, board: Board) -> None:
        self.page = board.page
        with st.container(border=True, height="stretch"):
            self.activations, self.text = Place(), Place()

    def draw(self, look: Look) -> None:
        """With the kept weights."""
        run = look.run
        hidden = len(run.record.config.hidden)
        if not hidden:
            self.text.markdown(self.page.text("no hidden layer"))
        else:
            images = {"images": f"{run.record.examples['probe']:,}"}
            self.text.markdown(self.page.text("distributions", images))
            self.activations.chart(
                charts.activations_rows(run.record, run.kept),
                charts.activations_spec(hidden),
                alt="Density of the activations of each hidden layer.",
            )
