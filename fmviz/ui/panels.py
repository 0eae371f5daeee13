"""Panels that pages share: places on the page that are drawn again as a run grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz import charts, data, narrate, prose, stopping, theory
from fmviz.charts import Shown
from fmviz.config import N_PIXELS, RunConfig
from fmviz.engine import Update
from fmviz.measure import FLAT_BELOW
from fmviz.permalink import View
from fmviz.record import RunRecord, n_weights
from fmviz.ui import controls, state


def shown(record: RunRecord, name: str, view: View) -> Shown:
    """A run with what early stopping does to it."""
    last = record.epochs - 1 if record.epochs else None
    if view.patience is None or last is None:
        return Shown(name, record, None, last)
    stop = stopping.replay(
        record.history[view.monitor].tolist(),
        patience=view.patience,
        mode="max" if view.monitor == "val_accuracy" else "min",
        # A run that is still going has no weights to restore yet; it shows its present ones.
        restore_best_weights=view.restore and record.complete,
    )
    return Shown(name, record, stop, stop.weights_epoch)


def status(update: Update, horizon: int) -> str:
    """One line: where the figures come from, or how far they are."""
    if update.state == "waiting":
        reason = update.message or (
            "it is starting up" if update.seconds > 1 else "it is about to begin"
        )
        return f":material/hourglass_top: waiting for the worker: {reason} ({update.seconds:.0f} s)"
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
        return ":material/inventory_2: from the store"
    return f":material/check: trained just now, {horizon} epochs in {update.seconds:.1f} s"


class Comparison:
    """A run beside its matched baseline: curves, gap, sparsity and saturation.

    Made once in each run of a page's script, it reserves the places; `draw` fills them.
    """

    def __init__(self, lesson: str, config: RunConfig, view: View) -> None:
        self.lesson, self.config, self.view = lesson, config, view
        self.dark = state.is_dark()

    @property
    def configs(self) -> list[RunConfig]:
        """The runs to compare: the baseline first; alone where λ is 0."""
        baseline = self.config.baseline
        return [baseline] if baseline == self.config else [baseline, self.config]

    def place_curves(self) -> None:
        """Reserve the status line, the curves and what they say."""
        line, bar = st.columns([3, 2], vertical_alignment="center")
        self.status, self.progress = line.empty(), bar.empty()
        self.curves = st.empty()
        self.caption = st.empty()

    def place_figures(self, page: str) -> None:
        """Reserve the three cards below: gap, sparsity, saturation."""
        gap, sparsity, saturation = st.columns(3)
        with gap.container(border=True, height="stretch"):
            self.gap, self.gap_chart = st.empty(), st.empty()
            self.gap_note = st.empty()
        with sparsity.container(border=True, height="stretch"):
            self.sparsity, self.sparsity_chart = st.empty(), st.empty()
            self.tolerance = controls.tolerance(page)
            self.sparsity_note = st.empty()
        with saturation.container(border=True, height="stretch"):
            self.saturation, self.saturation_chart = st.empty(), st.empty()
            self.saturation_note = st.empty()

    def draw(self, update: Update) -> None:
        """Show what is known."""
        self.status.caption(status(update, self.config.epochs))
        if update.state == "training":
            self.progress.progress(min(update.epoch / self.config.epochs, 1.0))
        else:
            self.progress.empty()
        if update.state == "failed":
            self.caption.error(update.message, icon=":material/error:")
            return
        runs = [
            shown(record, narrate.run_name(record.config), self.view)
            for record in update.records
            if record is not None
        ]
        if not runs:
            self.caption.caption("The curves begin with the first epoch.")
            return
        self._draw_curves(runs, update)
        self._draw_gap(runs)
        self._draw_sparsity(runs)
        self._draw_saturation(runs)

    def _text(self, caption: narrate.Caption) -> str:
        return prose.text(self.lesson, caption.section, caption.figures)

    def _draw_curves(self, runs: list[Shown], update: Update) -> None:
        names = tuple(run.name for run in runs)
        self.curves.vega_lite_chart(
            charts.curves_rows(runs),
            charts.curves_spec(names, self.config.epochs, self.dark),
            width="stretch",
            alt="Accuracy on training images (solid) and validation images (dashed) after each "
            f"epoch, {' and '.join(names)}.",
        )
        run = runs[-1]
        whole = run.record.config == self.config
        texts = [self._text(narrate.gap(run))] if whole else []
        if self.config.penalty == "none":
            texts.append(prose.text(self.lesson, "no penalty"))
        elif len(runs) == 2:
            texts.append(self._text(narrate.against_baseline(run, runs[0])))
        if update.state == "done":
            stopping_text = narrate.early_stopping(
                run.stop, self.view.patience, self.view.monitor, run.record.epochs
            )
            texts.append(self._text(stopping_text))
        if self.view.test and whole:
            test = run.record.estimate("test_accuracy", run.kept)
            images = f"{run.record.examples['test']:,}"
            texts.append(f"**Test: {narrate.points(test)}%** on {images} images.")
        with self.caption.container():
            st.markdown(" ".join(texts))
            for each in runs:
                where = each.record.diverged
                if where is not None:
                    text = self._text(narrate.diverged(where, each.record.config))
                    st.warning(f"**{each.name}.** {text}", icon=":material/trending_up:")

    def _draw_gap(self, runs: list[Shown]) -> None:
        run = runs[-1]
        gap = run.record.gap(run.kept)
        self.gap.metric(
            f"Accuracy gap, {run.name}",
            f"{narrate.points(gap)} points",
            help="Training accuracy − validation accuracy, same weights, inference mode, ± one "
            "standard error.",
        )
        names = tuple(each.name for each in runs)
        self.gap_chart.vega_lite_chart(
            charts.gap_rows(runs),
            charts.gap_spec(names, self.dark),
            width="stretch",
            alt="Validation accuracy (hollow) and training accuracy (filled) of each run.",
        )
        n = run.record.examples
        self.gap_note.caption(
            f"Filled: training, {n['train']:,} images. Hollow: validation, {n['validation']:,} "
            "images it has never seen. Whiskers: ± one standard error."
        )

    def _draw_sparsity(self, runs: list[Shown]) -> None:
        run = runs[-1]
        near = run.record.sparsity(self.tolerance, run.kept)
        exact = run.record.sparsity(0.0, run.kept)
        self.sparsity.metric(
            f"Sparsity, {run.name}",
            narrate.small_percent(near),
            help="Share of kernel weights, biases left out, with |w| ≤ tolerance.",
        )
        names = tuple(each.name for each in runs)
        self.sparsity_chart.vega_lite_chart(
            charts.sparsity_rows(runs, self.tolerance),
            charts.sparsity_spec(names, self.dark),
            width="stretch",
            alt="Share of weights with magnitude up to a tolerance, against the tolerance.",
        )
        others = [
            f"{each.name}: {narrate.small_percent(each.record.sparsity(self.tolerance, each.kept))}"
            for each in runs[:-1]
        ]
        self.sparsity_note.caption(
            "  \n".join(
                [
                    *others,
                    f"Exactly zero: {narrate.small_percent(exact)} of "
                    f"{n_weights(run.record.config):,} weights.",
                ]
            )
        )

    def _draw_saturation(self, runs: list[Shown]) -> None:
        run = runs[-1]
        config = run.record.config
        caption = narrate.saturation(run, predicted_saturation(config))
        if not config.hidden:
            self.saturation.markdown(self._text(caption))
            return
        now = run.record.layers_at("saturation", run.kept)
        kind = "Saturation" if config.activation in FLAT_BELOW else "Zero activations"
        layer = "" if len(config.hidden) == 1 else ", last hidden layer"
        self.saturation.metric(
            f"{kind}{layer}, {run.name}",
            narrate.small_percent(float(now[-1])),
            help=f"Share of flat activations on {run.record.examples['probe']} validation images.",
        )
        names = tuple(each.name for each in runs)
        self.saturation_chart.vega_lite_chart(
            charts.saturation_rows(runs),
            charts.saturation_spec(names, len(config.hidden), self.dark),
            width="stretch",
            alt="Share of flat activations in each hidden layer, now and before training.",
        )
        self.saturation_note.caption(self._text(caption))


@st.cache_data(show_spinner=False)
def _strip(count: int, scale: int) -> npt.NDArray[np.uint8]:
    """Validation images side by side, one of each class in every ten: (28s, 28s·count)."""
    pixels = data.load().validation.pixels[:count].reshape(count, *data.SHAPE)
    wide = np.concatenate(list(pixels), axis=1).repeat(scale, 0).repeat(scale, 1)
    return (255 * wide).astype(np.uint8)


def images() -> None:
    """A strip of what the networks look at."""
    st.image(_strip(20, 3), width="stretch", output_format="PNG")
    st.caption(
        f"Real Keras networks, trained on real Fashion-MNIST images of {data.SHAPE[0]} x "
        f"{data.SHAPE[1]} pixels in ten classes: {', '.join(data.CLASS_NAMES).lower()}."
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _predicted(dataset: str, activation: str, sigma: float) -> float:
    probe = data.load(dataset).validation.pixels[: data.PROBE_IMAGES]
    scales = sigma * np.sqrt((probe.astype(float) ** 2).sum(axis=1))
    return theory.predicted_saturation(activation, scales)


def predicted_saturation(config: RunConfig) -> float | None:
    """The first layer's share before training, in theory; None where theory has none."""
    if config.activation not in FLAT_BELOW or not config.hidden:
        return None
    scales = {"normal": config.init_std, "xavier": N_PIXELS**-0.5}
    sigma = scales.get(config.initializer)
    return None if sigma is None else _predicted(config.dataset, config.activation, sigma)
