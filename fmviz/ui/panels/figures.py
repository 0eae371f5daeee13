"""Panels of curves and figures that lessons share."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves, figures
from fmviz.run import data
from fmviz.run.choices import N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.measure import saturates
from fmviz.run.record import n_weights
from fmviz.theory import saturation
from fmviz.theory.initializers import initial_sigma
from fmviz.theory.saturation import Prediction
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import FIGURES, LIVE, Captions, Look
from fmviz.ui.place import Place
from fmviz.words import diagnosis, shared
from fmviz.words.numbers import points, small_percent, upper_first


class Warnings:
    """What went wrong: a failed training, and the runs that diverged."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.board = board
        self.place = Place()

    def name(self, run: Shown) -> str:
        """What a run is called at the head of what is said of it."""
        return f"**{upper_first(run.name)}.**"

    def draw(self, look: Look) -> None:
        """Say so as soon as it is known."""
        if look.update.state == "failed":
            self.place.error(look.update.message)
        diverged = [
            f"{self.name(run)} " + " ".join(map(self.board.text, diagnosis.diverged(run.record)))
            for run in look.runs
            if run.record.diverged is not None
        ]
        if diverged:
            self.place.warning("  \n".join(diverged), icon=":material/trending_up:")


class Curves:
    """Accuracy over the epochs, what that says, and what went wrong.

    Args:
        captions: what can be said of the runs as they stand; asked once all have an epoch.
    """

    pace = LIVE

    def __init__(self, board: Board, captions: Captions) -> None:
        self.board, self.captions = board, captions
        self.curves, self.caption, self.warnings = Place(), Place(), Warnings(board)

    def picture(self, look: Look) -> None:
        """The curves alone."""
        board = self.board
        names = ", ".join(board.roles)
        self.curves.chart(
            curves.curves_rows(look.runs),
            curves.curves_spec(board.roles, board.horizon, board.dark),
            alt="Accuracy on training images (solid) and validation images (dashed) after each "
            f"epoch: {names}.",
        )

    def draw(self, look: Look) -> None:
        """The curves at once; captions with them."""
        self.picture(look)
        board, runs = self.board, look.runs
        ready = look.whole and all(run.kept for run in runs)
        said = list(self.captions(look)) if ready else []
        if ready and (why := diagnosis.stuck(look.run)) is not None:
            said.append(why)
        texts = [board.text(caption) for caption in said]
        if look.done and ready:
            texts.append(board.page.verdict(runs))
        if not runs:
            texts.append(board.page.text("nothing yet"))
        self.caption.markdown(" ".join(filter(None, texts)))
        self.warnings.draw(look)


class Gap:
    """Gap meter: the accuracy gap with its error, one bar a run."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.gap, self.gap_chart, self.gap_note = Place(), Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run, roles = look.run, self.board.roles
        gap = run.record.gap(run.kept)
        self.gap.metric(
            f"Accuracy gap, {run.name}",
            f"{points(gap)} points",
            help="Training accuracy − validation accuracy, same weights, inference mode, ± one "
            "standard error.",
        )
        self.gap_chart.chart(
            figures.gap_rows(look.runs),
            figures.gap_spec(roles, self.board.dark),
            alt="Validation accuracy (hollow) and training accuracy (filled) of each run.",
        )
        self.gap_note.caption(self.note(look))

    def note(self, look: Look) -> str:
        """What the bars are, below them."""
        counts = {run.record.examples["train"] for run in look.runs}
        train = " or ".join(f"{count:,}" for count in sorted(counts))
        return (
            f"Filled: training, {train} images. Hollow: validation, "
            f"{look.run.record.examples['validation']:,} images it has never seen. Whiskers: ± one "
            "standard error."
        )


class Sparsity:
    """Share of weights near zero at the reader's tolerance, and at every other."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.sparsity, self.sparsity_chart = Place(), Place()
            self.tolerance = view_controls.tolerance(board.page.name)
            self.sparsity_note = Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run, roles, runs = look.run, self.board.roles, look.runs
        near = run.record.sparsity(self.tolerance, run.kept)
        self.sparsity.metric(
            f"Sparsity, {run.name}",
            small_percent(near),
            help="Share of kernel weights, biases left out, with |w| ≤ tolerance.",
        )
        self.sparsity_chart.chart(
            figures.sparsity_rows(runs, self.tolerance),
            figures.sparsity_spec(roles, self.board.dark),
            alt="Share of weights with magnitude up to a tolerance, against the tolerance.",
        )
        exact = run.record.sparsity(0.0, run.kept)
        notes = [
            f"{each.name}: {small_percent(each.record.sparsity(self.tolerance, each.kept))}"
            for each in runs[:-1]
        ]
        weights = f"{n_weights(run.record.config):,}"
        notes.append(f"Exactly zero: {small_percent(exact)} of {weights} weights.")
        self.sparsity_note.caption("  \n".join(notes))


class Saturation:
    """Share of flat activations by layer, now and before training, beside the prediction."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.saturation, self.saturation_chart = Place(), Place()
            self.saturation_note = Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        config = run.record.config
        caption = shared.saturation(run, predicted_saturation(config))
        if not config.hidden:
            self.saturation.metric("Saturation", "none")
            self.saturation_note.caption(self.board.text(caption))
            return
        now = run.record.layers_at("saturation", run.kept)
        kind = "Zero activations" if config.activation == "relu" else "Saturation"
        self.saturation.metric(
            f"{kind}, first layer, {run.name}",
            small_percent(float(now[0])),
            help=f"Share of flat activations on {run.record.examples['probe']} validation images.",
        )
        layers = max(len(each.record.config.hidden) for each in look.runs)
        self.saturation_chart.chart(
            figures.saturation_rows(look.runs),
            figures.saturation_spec(self.board.roles, layers, self.board.dark),
            alt="Share of flat activations in each hidden layer, now and before training.",
        )
        self.saturation_note.caption(self.board.text(caption))


@cache
def _probe_norms(dataset: str) -> npt.NDArray[np.float64]:
    """√Σx² of every probe image: (PROBE_IMAGES,)."""
    probe = data.load(dataset).validation.pixels[: data.PROBE_IMAGES]
    norms: npt.NDArray[np.float64] = np.linalg.norm(probe.astype(float), axis=1)
    return norms


def predicted_saturation(config: RunConfig) -> Prediction | None:
    """The first layer's share before training, in theory; None where theory has none."""
    if not saturates(config.activation) or not config.hidden:
        return None
    sigma = initial_sigma(config, N_PIXELS, config.hidden[0])
    norms = _probe_norms(config.dataset)
    return Prediction(saturation.predicted_saturation(config.activation, sigma * norms), sigma)
