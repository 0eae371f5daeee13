"""Panels that pages share: places on the page that are drawn again as a run grows."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz import charts, data, narrate, prose, stopping, theory
from fmviz.config import DEFAULTS, N_PIXELS, RunConfig
from fmviz.engine import Update
from fmviz.measure import saturates
from fmviz.permalink import View
from fmviz.record import n_weights
from fmviz.stopping import Shown
from fmviz.ui import controls, state
from fmviz.ui.place import Place

BASELINE, PENALISED = "no penalty", "with penalty"
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
    seconds = f"{own.at('seconds', own.epochs - 1):.1f} s"
    return f":material/check: trained just now, {narrate.plural(horizon, 'epoch')} in {seconds}"


class Comparison:
    """A run beside its matched baseline: curves, gap, sparsity and saturation.

    Made once in each run of a page's script, it reserves the places; `draw` fills them.
    """

    def __init__(self, lesson: str, config: RunConfig, view: View) -> None:
        self.lesson, self.config, self.view = lesson, config, view
        self.dark = state.is_dark()
        # The specification of a chart must not change with λ, or browsers build it anew. So the
        # charts name the roles, and the texts name the settings.
        self.roles = (BASELINE,) if config.penalty == "none" else (BASELINE, PENALISED)
        self._figures_drawn = -float("inf")

    @property
    def configs(self) -> list[RunConfig]:
        """The runs to compare: the baseline first; alone where λ is 0."""
        return [self.config.baseline, self.config][: len(self.roles)]

    def place_curves(self) -> None:
        """Reserve the status line, the curves and what they say."""
        line, bar = st.columns([3, 2], vertical_alignment="center")
        with line:
            self.status = Place()
        with bar:
            self.progress = Place()
        self.curves, self.caption, self.warning = Place(), Place(), Place()

    def place_figures(self, page: str) -> None:
        """Reserve the three cards below: gap, sparsity, saturation."""
        gap, sparsity, saturation = st.columns(3)
        with gap.container(border=True, height="stretch"):
            self.gap, self.gap_chart, self.gap_note = Place(), Place(), Place()
        with sparsity.container(border=True, height="stretch"):
            self.sparsity, self.sparsity_chart = Place(), Place()
            self.tolerance = controls.tolerance(page)
            self.sparsity_note = Place()
        with saturation.container(border=True, height="stretch"):
            self.saturation, self.saturation_chart = Place(), Place()
            self.saturation_note = Place()

    def draw(self, update: Update) -> None:
        """Show what is known: the curves at once, the cards a few times a second."""
        self.status.draw("caption", status(update, self.config.epochs))
        if update.state == "training":
            self.progress.draw("progress", min(update.epoch / self.config.epochs, 1.0))
        else:
            self.progress.clear()
        if update.state == "failed":
            self.warning.draw("error", update.message, icon=":material/error:")
        runs = [
            stopping.look(
                record,
                role,
                patience=self.view.patience,
                monitor=self.view.monitor,
                restore_best_weights=self.view.restore,
            )
            for role, record in zip(self.roles, update.records, strict=True)
            if record is not None
        ]
        if update.state == "waiting" and update.seconds < HOLD_SECONDS:
            # What the page shows from before holds until there is something new.
            return
        self._draw_curves(runs, update)
        now = time.monotonic()
        due = update.state != "training" or now - self._figures_drawn > SECONDS_BETWEEN_FIGURES
        if due and len(runs) == len(self.roles):
            self._figures_drawn = now
            self._draw_gap(runs)
            self._draw_sparsity(runs)
            self._draw_saturation(runs)

    def _text(self, caption: narrate.Caption) -> str:
        return prose.text(self.lesson, caption.section, caption.figures)

    def _draw_curves(self, runs: list[Shown], update: Update) -> None:
        names = " and ".join(narrate.run_name(config) for config in self.configs)
        self.curves.draw(
            "vega_lite_chart",
            charts.curves_rows(runs),
            charts.curves_spec(self.roles, self.config.epochs, self.dark),
            width="stretch",
            alt="Accuracy on training images (solid) and validation images (dashed) after each "
            f"epoch: {names}.",
        )
        captions = self._captions(runs, update) if len(runs) == len(self.roles) else []
        texts = [self._text(caption) for caption in captions]
        if not runs:
            texts.append(prose.text(self.lesson, "nothing yet"))
        self.caption.draw("markdown", " ".join(texts))
        diverged = [
            f"**{run.name.capitalize()}.** "
            + " ".join(map(self._text, narrate.diverged(where, run.record.config)))
            for run in runs
            if (where := run.record.diverged) is not None
        ]
        if diverged:
            self.warning.draw("warning", "  \n".join(diverged), icon=":material/trending_up:")

    def _captions(self, runs: list[Shown], update: Update) -> list[narrate.Caption]:
        """What can be said of the runs as they stand."""
        run = runs[-1]
        if run.kept is None:
            return []
        captions = [narrate.gap(run)]
        noise = narrate.label_noise(run)
        if noise is not None:
            captions.append(noise)
        if self.config.penalty == "none":
            captions.append(narrate.Caption("no penalty", {}))
        whole = all(each.record.diverged is None for each in runs)
        if whole and runs[0].kept is not None and len(runs) == 2:
            captions.append(narrate.against_baseline(run, runs[0]))
        if whole and update.state == "done":
            captions.append(narrate.early_stopping(run, self.view.patience, self.view.monitor))
        if self.view.test:
            labels = data.load(self.config.dataset).test.labels
            baseline = runs[0] if len(runs) == 2 else None
            captions.append(narrate.on_test(run, baseline, labels))
        return captions

    def _draw_gap(self, runs: list[Shown]) -> None:
        run = runs[-1]
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
            charts.gap_rows(runs),
            charts.gap_spec(self.roles, self.dark),
            width="stretch",
            alt="Validation accuracy (hollow) and training accuracy (filled) of each run.",
        )
        n = run.record.examples
        self.gap_note.draw(
            "caption",
            f"Filled: training, {n['train']:,} images. Hollow: validation, {n['validation']:,} "
            "images it has never seen. Whiskers: ± one standard error.",
        )

    def _draw_sparsity(self, runs: list[Shown]) -> None:
        run = runs[-1]
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
            charts.sparsity_spec(self.roles, self.dark),
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

    def _draw_saturation(self, runs: list[Shown]) -> None:
        run = runs[-1]
        config = run.record.config
        caption = narrate.saturation(run, predicted_saturation(config))
        if not config.hidden:
            self.saturation.draw("metric", "Saturation", "none")
            self.saturation_note.draw("caption", self._text(caption))
            return
        now = run.record.layers_at("saturation", run.kept)
        kind = "Zero activations" if config.activation == "relu" else "Saturation"
        self.saturation.draw(
            "metric",
            f"{kind}, first layer, {run.name}",
            narrate.small_percent(float(now[0])),
            help=f"Share of flat activations on {run.record.examples['probe']} validation images.",
        )
        self.saturation_chart.draw(
            "vega_lite_chart",
            charts.saturation_rows(runs),
            charts.saturation_spec(self.roles, len(config.hidden), self.dark),
            width="stretch",
            alt="Share of flat activations in each hidden layer, now and before training.",
        )
        self.saturation_note.draw("caption", self._text(caption))


@cache
def _strip(count: int, scale: int) -> npt.NDArray[np.uint8]:
    """Validation images side by side, one of each class in every ten: (28s, 28s·count)."""
    pixels = data.load().validation.pixels[:count].reshape(count, *data.SHAPE)
    wide = np.concatenate(list(pixels), axis=1).repeat(scale, 0).repeat(scale, 1)
    return (255 * wide).astype(np.uint8)


def prepare() -> None:
    """Read the images and build the charts' specifications, once a server."""
    data.load()
    roles = (BASELINE, PENALISED)
    for dark in (False, True):
        charts.curves_spec(roles, DEFAULTS["epochs"], dark)
        charts.gap_spec(roles, dark)
        charts.sparsity_spec(roles, dark)
        charts.saturation_spec(roles, len(DEFAULTS["hidden"]), dark)


def images() -> None:
    """A strip of what the networks look at."""
    st.image(_strip(10, 4), width="stretch", output_format="PNG")
    st.caption(
        f"Real Keras networks, trained on real Fashion-MNIST images of {data.SHAPE[0]} x "
        f"{data.SHAPE[1]} pixels in ten classes: {', '.join(data.CLASS_NAMES).lower()}."
    )


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
