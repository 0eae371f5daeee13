"""Panels that pages share: places on the page that are drawn again as runs grow.

A page makes a `Board`, adds panels where they are to stand, and runs it: the board asks for the
page's runs and hands every panel what is known of them, at the panel's pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz import charts, data, narrate, stopping, theory
from fmviz.config import N_PIXELS, RunConfig
from fmviz.engine.engine import Update
from fmviz.lessons import LESSONS
from fmviz.measure import saturates
from fmviz.narrate import Caption, diagnosis
from fmviz.record import n_weights
from fmviz.stopping import Shown
from fmviz.ui import controls, live, state, vault
from fmviz.ui.frame import Page
from fmviz.ui.place import Place

# While the curves grow, the cards follow at this pace: they are read, not watched.
SECONDS_BETWEEN_FIGURES = 0.4
# A run that is about to begin keeps the last picture up this long before the page says it waits.
HOLD_SECONDS = 0.5


def status(update: Update, horizon: int) -> str:
    """One line: where the figures come from, or how far they are."""
    if update.state == "waiting":
        seconds = f"{update.seconds:.0f} s"
        return f":material/hourglass_top: waiting for the worker: {update.message} ({seconds})"
    if update.state == "training":
        return f":material/play_arrow: epoch {update.epoch} of {horizon}"
    if update.state == "failed":
        return ":material/error: failed"
    own = update.records[-1]
    source = update.sources[-1]
    if source == "recorded" and own is not None:
        made = own.made
        return (
            f":material/inventory_2: recorded run, {made['date']}, Keras {made['keras']}, "
            f"TensorFlow {made['tensorflow']}, {made['machine']}"
        )
    if source == "store":
        return ":material/inventory_2: trained earlier, from the store"
    if own is not None and own.diverged is not None:
        return f":material/check: trained just now, diverged in epoch {own.diverged.epoch + 1}"
    if own is None:
        return ""
    trained = [
        record.at("seconds", record.epochs - 1)
        for record, source in zip(update.records, update.sources)
        if record is not None and source == "trained" and record.epochs
    ]
    took = f"{sum(trained):.1f} s of gradient steps"
    return f":material/check: trained just now, {narrate.plural(horizon, 'epoch')}, {took}"


class Look(NamedTuple):
    """What is known of a page's runs at one moment.

    Attributes:
        runs: those of which something is known, in the order of the page's roles.
        update: as the engine told it.
        whole: whether something is known of every run of the page.
    """

    runs: list[Shown]
    update: Update
    whole: bool

    @property
    def done(self) -> bool:
        """Whether all runs have ended."""
        return self.update.state == "done"

    def has_weights(self, of: str) -> bool:
        """Whether the run that the captions speak of, or with "runs" each, brought its weights."""
        return all(run.record.weights for run in (self.runs if of == "runs" else [self.run]))

    @property
    def run(self) -> Shown:
        """The run that the captions speak of: the last."""
        return self.runs[-1]


# When a panel is drawn: with every update; a few times a second, once all runs have begun; when
# all runs have ended.
LIVE, FIGURES, END = "live", "figures", "end"


class Panel(Protocol):
    """A part of a page. It reserves its places when it is made, and `draw` fills them.

    One with a class attribute `wants_weights`, of the last "run" or of all "runs", is drawn again
    once those are known: recorded runs may come without.
    """

    pace: str

    def draw(self, look: Look) -> None:
        """Show what is known."""
        ...


AnyPanel = TypeVar("AnyPanel", bound=Panel)
Captions = Callable[[Look], Sequence[Caption]]


class Board:
    """The runs of a page, and the panels that show them.

    Made once in each run of a page's script, after the controls.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dark = state.is_dark()
        # The specification of a chart must not change with a slider, or browsers build it anew. So
        # the charts name the roles, and the texts name the settings.
        self.roles = tuple(page.runs)
        self.configs = list(page.runs.values())
        self._panels: list[Panel] = []
        self._figures_drawn = -float("inf")

    @property
    def horizon(self) -> int:
        """Epochs of the longest run."""
        return max(config.epochs for config in self.configs)

    def add(self, panel: AnyPanel) -> AnyPanel:
        """Have a panel drawn."""
        self._panels.append(panel)
        return panel

    def text(self, caption: Caption) -> str:
        """A caption in the lesson's words."""
        return self.page.text(caption.section, caption.figures)

    def place_status(self) -> None:
        """Reserve the line that says where the figures come from or how far they are."""
        line, bar = st.columns([3, 2], vertical_alignment="center")
        with line:
            self._status = Place()
        with bar:
            self._progress, self._again = Place(), Place()

    def status(self, update: Update) -> str:
        """Where the figures come from, or how far they are."""
        return status(update, self.horizon)

    def run(self) -> Look:
        """Ask for the runs and draw them until all have ended; what is known then."""
        # Controls that stand beside panels have spoken by now.
        self._view = self.page.view
        anew = state.asked_for(self.page.name, "anew", self._what)
        weights = self.page.lesson.weights
        # Curves and figures need no weights: where those are not recorded, they can wait.
        brief = not weights or (not anew and live.engine().known(self.configs, brief=True))
        for update in live.live(self.configs, brief=brief, anew=anew):
            look = self._draw(update)
        if weights and look.done:
            look = self._fetch_weights(look)
        self._offer(look)
        if look.done and "trained" not in look.update.sources:
            live.engine().warm(self.configs)
        if look.done and self.page.vault is not None:
            vault.draw(self.page.vault, self.page.name, look.runs)
        return look

    @property
    def _what(self) -> tuple[str, ...]:
        return tuple(config.key for config in self.configs)

    def _fetch_weights(self, look: Look) -> Look:
        """Train recorded runs anew where a panel wants the weights that they come without. What is
        on the screen stays until those are there."""
        wanted = {getattr(panel, "wants_weights", None) for panel in self._panels}
        if all(of is None or look.has_weights(of) for of in wanted):
            return look
        for update in live.live(self.configs):
            if update.state == "failed":
                self._status.draw("caption", status(update, self.horizon))
            elif update.state == "done":
                look = self._draw(update)
            else:
                share = update.progress(self.configs)
                text = f"training the weights for the closer look, {narrate.percent(share, 0)}"
                self._progress.draw("progress", share, text=text)
        self._progress.clear()
        return look

    def _offer(self, look: Look) -> None:
        """A recorded run can be trained here and now."""
        if look.done and "recorded" in look.update.sources:
            self._again.draw(
                "button",
                "Train it live",
                key=f"{self.page.name}/anew",
                type="tertiary",
                icon=":material/play_arrow:",
                on_click=state.ask_for,
                args=(self.page.name, "anew", self._what),
                help="The same run, trained on this machine before your eyes.",
            )
        else:
            self._again.clear()

    def _draw(self, update: Update) -> Look:
        self._status.draw("caption", self.status(update))
        if update.state == "training":
            self._progress.draw("progress", update.progress(self.configs))
        else:
            self._progress.clear()
        runs = [
            stopping.look(record, role, **self._view.early_stopping)
            for role, record in zip(self.roles, update.records, strict=True)
            if record is not None
        ]
        look = Look(runs, update, len(runs) == len(self.roles))
        if update.state == "waiting" and update.seconds < HOLD_SECONDS:
            # What the page shows from before holds until there is something new.
            return look
        now = time.monotonic()
        due = update.state != "training" or now - self._figures_drawn > SECONDS_BETWEEN_FIGURES
        figures = due and look.whole
        if figures:
            self._figures_drawn = now
        for panel in (*self._panels, *self.page.panels):
            if panel.pace == LIVE or (figures and (panel.pace == FIGURES or look.done)):
                panel.draw(look)
        return look


class Warnings:
    """What went wrong: a failed training, and the runs that diverged."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.board = board
        self.place = Place()

    def name(self, run: Shown) -> str:
        """What a run is called at the head of what is said of it."""
        return f"**{narrate.upper_first(run.name)}.**"

    def draw(self, look: Look) -> None:
        """Say so as soon as it is known."""
        if look.update.state == "failed":
            self.place.draw("error", look.update.message, icon=":material/error:")
        diverged = [
            f"{self.name(run)} " + " ".join(map(self.board.text, diagnosis.diverged(run.record)))
            for run in look.runs
            if run.record.diverged is not None
        ]
        if diverged:
            self.place.draw("warning", "  \n".join(diverged), icon=":material/trending_up:")


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
        self.curves.draw(
            "vega_lite_chart",
            charts.curves_rows(look.runs),
            charts.curves_spec(board.roles, board.horizon, board.dark),
            width="stretch",
            alt="Accuracy on training images (solid) and validation images (dashed) after each "
            f"epoch: {names}.",
        )

    def draw(self, look: Look) -> None:
        """The curves at once; captions with them."""
        self.picture(look)
        board, runs = self.board, look.runs
        ready = look.whole and all(run.kept is not None for run in runs)
        said = list(self.captions(look)) if ready else []
        if ready and (why := diagnosis.stuck(look.run)) is not None:
            said.append(why)
        texts = [board.text(caption) for caption in said]
        if look.done and ready:
            texts.append(board.page.verdict(runs))
        if not runs:
            texts.append(board.page.text("nothing yet"))
        self.caption.draw("markdown", " ".join(filter(None, texts)))
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
        self.gap.draw(
            "metric",
            f"Accuracy gap, {run.name}",
            f"{narrate.points(gap)} points",
            help="Training accuracy − validation accuracy, same weights, inference mode, ± one "
            "standard error.",
        )
        self.gap_chart.draw(
            "vega_lite_chart",
            charts.gap_rows(look.runs),
            charts.gap_spec(roles, self.board.dark),
            width="stretch",
            alt="Validation accuracy (hollow) and training accuracy (filled) of each run.",
        )
        self.gap_note.draw("caption", self.note(look))

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
            self.tolerance = controls.tolerance(board.page.name)
            self.sparsity_note = Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run, roles, runs = look.run, self.board.roles, look.runs
        near = run.record.sparsity(self.tolerance, run.kept)
        self.sparsity.draw(
            "metric",
            f"Sparsity, {run.name}",
            narrate.small_percent(near),
            help="Share of kernel weights, biases left out, with |w| ≤ tolerance.",
        )
        self.sparsity_chart.draw(
            "vega_lite_chart",
            charts.sparsity_rows(runs, self.tolerance),
            charts.sparsity_spec(roles, self.board.dark),
            width="stretch",
            alt="Share of weights with magnitude up to a tolerance, against the tolerance.",
        )
        exact = run.record.sparsity(0.0, run.kept)
        notes = [
            f"{each.name}: {narrate.small_percent(each.record.sparsity(self.tolerance, each.kept))}"
            for each in runs[:-1]
        ]
        weights = f"{n_weights(run.record.config):,}"
        notes.append(f"Exactly zero: {narrate.small_percent(exact)} of {weights} weights.")
        self.sparsity_note.draw("caption", "  \n".join(notes))


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
        caption = narrate.saturation(run, predicted_saturation(config))
        if not config.hidden:
            self.saturation.draw("metric", "Saturation", "none")
            self.saturation_note.draw("caption", self.board.text(caption))
            return
        now = run.record.layers_at("saturation", run.kept)
        kind = "Zero activations" if config.activation == "relu" else "Saturation"
        self.saturation.draw(
            "metric",
            f"{kind}, first layer, {run.name}",
            narrate.small_percent(float(now[0])),
            help=f"Share of flat activations on {run.record.examples['probe']} validation images.",
        )
        layers = max(len(each.record.config.hidden) for each in look.runs)
        self.saturation_chart.draw(
            "vega_lite_chart",
            charts.saturation_rows(look.runs),
            charts.saturation_spec(self.board.roles, layers, self.board.dark),
            width="stretch",
            alt="Share of flat activations in each hidden layer, now and before training.",
        )
        self.saturation_note.draw("caption", self.board.text(caption))


def cards(board: Board, *panels: Callable[[Board], Panel]) -> None:
    """Panels side by side."""
    for column, panel in zip(st.columns(len(panels)), panels, strict=True):
        with column:
            board.add(panel(board))


def prepare() -> None:
    """Read the images and build the charts' specifications, once a server."""
    data.load()
    for lesson in LESSONS.values():
        runs = lesson.runs_of(lesson.start)
        roles = tuple(runs)
        if not roles:
            continue
        horizon = max(config.epochs for config in runs.values())
        layers = max(len(config.hidden) for config in runs.values())
        for dark in (False, True):
            charts.curves_spec(roles, horizon, dark)
            charts.gap_spec(roles, dark)
            charts.sparsity_spec(roles, dark)
            charts.saturation_spec(roles, layers, dark)


@cache
def _probe_norms(dataset: str) -> npt.NDArray[np.float64]:
    """√Σx² of every probe image: (PROBE_IMAGES,)."""
    probe = data.load(dataset).validation.pixels[: data.PROBE_IMAGES]
    norms: npt.NDArray[np.float64] = np.linalg.norm(probe.astype(float), axis=1)
    return norms


def predicted_saturation(config: RunConfig) -> theory.Prediction | None:
    """The first layer's share before training, in theory; None where theory has none."""
    if not saturates(config.activation) or not config.hidden:
        return None
    sigma = theory.initial_sigma(config, N_PIXELS, config.hidden[0])
    norms = _probe_norms(config.dataset)
    return theory.Prediction(theory.predicted_saturation(config.activation, sigma * norms), sigma)
