"""Cards that lessons share: the accuracy gap, sparsity, saturation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown
from fmviz.charts import figures, film
from fmviz.run import data
from fmviz.run.choices import N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.record import RunRecord, n_weights
from fmviz.theory import saturation
from fmviz.theory.initializers import initial_sigma
from fmviz.theory.saturation import Prediction
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import Look, Panel
from fmviz.ui.panels.card import Card
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.words import shared
from fmviz.words.numbers import points, small_percent

MEANING = (
    "Training accuracy − validation accuracy, of the same weights, with no unit left out (Keras: "
    "inference mode). ± is one standard error: measured on endlessly many images, the figure would "
    "lie this near about two times in three."
)
MEANING_ON_TRUE_LABELS = (
    "Accuracy on the training images that were told their true class − validation accuracy. Where "
    "every label is wrong there is none. ± is one standard error."
)


class Headline(NamedTuple):
    """What a card says in large type, and what that is."""

    label: str
    value: str
    meaning: str


class Gap(Card):
    """Gap meter: the accuracy gap on true labels with its error, one bar a run."""

    shows_branch = True

    def draw(self, look: Look) -> None:
        """The newest figures."""
        headline = self.headline(look.run)
        self.metric.metric(headline.label, headline.value, help=headline.meaning)
        self.chart.chart(
            figures.gap_rows(look.drawn),
            figures.gap_spec(self.board.names, self.board.dark),
            alt=(alt := "Validation accuracy (hollow) and training accuracy (filled) of each run."),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "gap", alt, film.gap(look.drawn), self.moving_headline(look)
            ),
        )
        self.note.caption(self.describe(look))

    def headline(self, run: Shown) -> Headline:
        """The gap that the bars show; none where no label is true."""
        gap = comparing.gap(run)
        noisy = bool(run.record.examples["corrupted"])
        return Headline(
            f"Accuracy gap{' on true labels' if noisy else ''}, {run.name}",
            "–" if gap is None else f"{points(gap)} points",
            MEANING_ON_TRUE_LABELS if noisy else MEANING,
        )

    def moving_headline(self, look: Look) -> film.Reel:
        """The same after every epoch."""
        label, _, meaning = self.headline(look.run)
        return film.head(
            look.drawn,
            label,
            meaning,
            lambda run, epoch: self.headline(run._replace(kept=epoch)).value,
            run=look.drawn.index(look.run),
        )

    def describe(self, look: Look) -> str:
        """What the bars are, below them, and which images count where labels are wrong."""
        said = gap_bars([run.record for run in look.drawn])
        wrong = look.run.record.examples["corrupted"]
        return f"{said} {self.page.text('true gap')}" if wrong else said


def gap_bars(records: Sequence[RunRecord]) -> str:
    """What the bars of a gap are; a training end of which all images were measured has no error."""
    splits = ((record, comparing.truly_told(record)) for record in records)
    counts = {record.measured_on(f"{split}_accuracy")[0] for record, split in splits if split}
    counts = counts or {0}
    train = " or ".join(f"{count:,}" for count in sorted(counts))
    whole = [record.examples["train"] == record.config.train_size for record in records]
    no_error = " Where all training images were measured, that end has none." if any(whole) else ""
    if all(whole):
        no_error = " All training images were measured, so that end has none."
    return (
        f"Filled: training, {train} images. Hollow: validation, "
        f"{records[-1].examples['validation']:,} images it has never seen. Whiskers: one standard "
        f"error (±) either way, the luck of which images were measured.{no_error}"
    )


class Sparsity(Panel):
    """Share of weights near zero at the reader's tolerance, and at every other."""

    shows_branch = True

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.screen = Screen(board.page, "sparsity")
            with self.screen.stand_in():
                self.metric, self.chart = Place(), Place()
            self.tolerance = view_controls.tolerance(board.page.name)
            self.note = Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run, names, runs = look.run, self.board.names, look.drawn
        near = run.record.sparsity(self.tolerance, run.kept)
        self.metric.metric(
            label := f"Sparsity, {run.name}",
            small_percent(near),
            help=(meaning := "Share of weights, biases left out, with |w| ≤ tolerance."),
        )
        self.chart.chart(
            figures.sparsity_rows(runs, self.tolerance),
            figures.sparsity_spec(names, self.board.dark),
            alt=(alt := "Share of weights with magnitude up to a tolerance, against that."),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "profile",
                alt,
                film.sparsity(runs, self.tolerance),
                film.head(
                    runs,
                    label,
                    meaning,
                    lambda run, epoch: small_percent(run.record.sparsity(self.tolerance, epoch)),
                    run=runs.index(run),
                ),
            ),
        )
        notes = [zeros_told(run.record, run.kept, near)]
        notes += [
            f"{each.name}: {small_percent(each.record.sparsity(self.tolerance, each.kept))}"
            for each in runs
            if each is not run
        ]
        self.note.caption("  \n".join(notes))


def zeros_told(record: RunRecord, epoch: int, near: float) -> str:
    """How many of a network's weights are near zero, and how many are zero.

    Args:
        near: the share within the tolerance.
    """
    exact, weights = record.sparsity(0.0, epoch), f"{n_weights(record.config):,}"
    if exact == near:
        return f"**{small_percent(exact)} of the {weights} weights are exactly zero.**"
    return (
        f"**{small_percent(near)} of the {weights} weights are nearly zero, "
        f"{small_percent(exact)} exactly.**"
    )


class Saturation(Card):
    """Share of flat activations by layer, now and before training, beside the prediction."""

    shows_branch = True

    @staticmethod
    def meaning(run: Shown) -> str:
        """What the figure is."""
        return f"Share of flat activations on {run.record.examples['probe']} validation images."

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        config = run.record.config
        caption = shared.saturation(run, predicted_saturation(config))
        if not config.hidden:
            self.metric.metric("Saturation", "none")
            self.told.say(caption)
            return
        kind = "Zero activations" if config.activation == "relu" else "Saturation"
        layers = max(len(each.record.config.hidden) for each in look.drawn)
        self.show(
            look,
            f"{kind}, first layer, {run.name}",
            self.meaning(run),
            _first_saturation,
            rows=figures.saturation_rows(look.drawn),
            spec=figures.saturation_spec(self.board.names, layers, self.board.dark),
            kind="bars",
            alt="Share of flat activations in each hidden layer, now and before training.",
            reel=lambda: film.saturation(look.drawn),
        )
        self.told.say(caption)


def _first_saturation(run: Shown, epoch: int) -> str:
    return small_percent(float(run.record.layers_at("saturation", epoch)[0]))


@cache
def _probe_norms(dataset: str) -> npt.NDArray[np.float64]:
    """√Σx² of every probe image: (PROBE_IMAGES,)."""
    probe = data.load(dataset).validation[: data.PROBE_IMAGES].pixels
    norms: npt.NDArray[np.float64] = np.linalg.norm(probe.astype(float), axis=1)
    return norms


def predicted_saturation(config: RunConfig) -> Prediction | None:
    """The first layer's share before training, in theory; None where theory has none."""
    if not saturates(config.activation) or not config.hidden:
        return None
    sigma = initial_sigma(config, N_PIXELS, config.hidden[0])
    norms = _probe_norms(config.dataset)
    return Prediction(saturation.predicted_saturation(config.activation, sigma * norms), sigma)
