"""Panels of the lesson on initialisation."""

from __future__ import annotations

from functools import partial
from typing import Protocol

import numpy as np
import streamlit as st

from fmviz.charts.weights import kernel_pictures
from fmviz.lessons.initialisation import charts, says, xray, xray_charts
from fmviz.lessons.initialisation.lesson import (
    GLOROT,
    MAP_DEPTHS,
    MAP_EPOCHS,
    MAP_SIGMAS,
    YOURS,
    map_runs,
)
from fmviz.run import data, measure
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.ui import live, state
from fmviz.ui.board import Board
from fmviz.ui.look import FIGURES, LIVE, Look
from fmviz.ui.page import Page
from fmviz.ui.panels.figures import Warnings
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.pictures import picture, png
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.session import is_dark
from fmviz.words import diagnosis
from fmviz.words.numbers import small_percent, upper_first
from fmviz.words.prose import Caption

IMAGES_A_ROW = 8
PICTURES_SHOWN = 8
# Screen pixels a pixel of an image, on a screen of double resolution.
PIXEL = 6


def _texts(page: Page, captions: list[Caption]) -> str:
    return " ".join(page.text(caption.section, caption.figures) for caption in captions)


def x_ray(page: Page) -> None:
    """The network before its first step: drawn at once, without a worker."""
    dark = is_dark()
    config, activation = page.config, page.config.activation
    seen = xray.of(config)
    title = says.flat_title(activation)
    figures = st.columns(3)
    if seen.layers:
        first = seen.layers[0]
        figures[0].metric(
            f"{upper_first(title)}, layer 1",
            small_percent(first.saturation),
            f"predicted {small_percent(first.predicted)}",
            delta_color="off",
            delta_arrow="off",
            help=f"Share of (image, unit) pairs, {seen.probe_images:,} validation images.",
        )
    figures[1].metric(
        "Cross-entropy at the start",
        says.amount(seen.crossentropy),
        "a guess has 2.303",
        delta_color="off",
        delta_arrow="off",
        help=f"Mean over {seen.probe_images:,} validation images, in nats. ln 10 = 2.303.",
    )
    figures[2].metric(
        "Gradient norm, layer 1",
        number(float(f"{seen.gradient_norms[0]:.2g}")),
        f"Glorot {number(float(f'{xray.of(page.runs[GLOROT]).gradient_norms[0]:.2g}'))}",
        delta_color="off",
        delta_arrow="off",
        help=f"√Σ(∂C₀/∂w)² of the first kernel, {seen.gradient_images} training images.",
    )
    if seen.layers:
        left, right = st.columns(2, gap="medium")
        with left:
            draw_chart(
                xray_charts.histogram_rows(seen, activation),
                xray_charts.histogram_spec(len(seen.layers), activation, dark),
                alt="Histogram of the activations of each hidden layer before training.",
            )
        with right:
            draw_chart(
                xray_charts.flat_rows(seen),
                xray_charts.flat_spec(len(seen.layers), title, dark),
                alt=f"Share of {title} in each hidden layer, measured and predicted.",
            )
    captions = says.activity(config, seen)
    glorot = xray.of(page.runs[GLOROT])
    captions += [says.loss(seen), *says.gradients(seen, glorot)]
    st.markdown(_texts(page, captions))
    st.caption(
        f"Before the first step, {seen.probe_images:,} validation images. Histograms: each layer "
        "up to its own highest bar. Bars: measured. Grey: predicted, ± one standard deviation."
    )


def gradients(page: Page) -> None:
    """Gradient norms of all starts, before the first step."""
    seen = {role: xray.of(config) for role, config in page.runs.items()}
    layers = len(page.config.hidden)
    draw_chart(
        xray_charts.gradients_rows(seen),
        xray_charts.gradients_spec(tuple(seen), layers, is_dark()),
        alt="Gradient norm of each layer's kernel before the first step, for each start.",
    )
    silent = [role for role, each in seen.items() if not all(each.gradient_norms)]
    count = seen[YOURS].gradient_images
    note = f"Gradients of the loss before the first step, {count} training images; log scale."
    if silent:
        note += f" A norm of 0 is not drawn: {', '.join(silent)}."
    st.caption(note)


class Race:
    """Validation accuracy from every start, and the epochs to the target."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.board = board
        left, right = st.columns([2.2, 1], gap="medium")
        with left:
            self.curves = Place()
        with right:
            self.reach = Place()
        self.caption, self.warnings = Place(), Warnings(board)

    def draw(self, look: Look) -> None:
        """The curves as they grow, and what they say."""
        board, runs = self.board, look.runs
        names = ", ".join(board.roles)
        self.curves.chart(
            charts.race_rows(runs),
            charts.race_spec(board.roles, board.horizon, board.dark),
            alt=f"Validation accuracy after each epoch, and the target: {names}.",
        )
        self.reach.chart(
            charts.reach_rows(runs),
            charts.reach_spec(board.roles, board.horizon, board.dark),
            alt="Epochs until the target, for each start.",
        )
        if look.whole and look.run.kept:
            captions = says.race(runs, look.done)
            if (why := diagnosis.stuck(look.run)) is not None:
                captions.append(why)
            texts = [_texts(board.page, captions)]
            if look.done:
                texts.insert(0, board.page.verdict(runs))
            self.caption.markdown(" ".join(filter(None, texts)))
        elif not runs:
            self.caption.markdown(board.page.text("nothing yet"))
        self.warnings.draw(look)


class After(Protocol):
    """What is drawn once the race has ended."""

    def run(self) -> None:
        """Draw it."""
        ...


def closer_look(page: Page, board: Board) -> After | None:
    """The closer look that the reader has chosen; what of it waits for the end of the race."""
    chosen = page.section(
        {
            "gradients": "Gradients",
            "training": "Saturation over training",
            "unit": "One unit, its images",
            "map": "Map of σ and depth",
            "symmetry": "Symmetry",
        }
    )
    if chosen == "map":
        return sigma_depth_map(page)
    if not page.config.hidden:
        st.markdown(page.text("no hidden layer"))
    elif chosen == "symmetry":
        return Symmetry(page)
    elif chosen == "gradients":
        gradients(page)
    elif chosen == "unit":
        unit(page)
    else:
        board.add(Training(board))
    return None


def _layer(page: Page) -> int:
    """The layer that is looked at, from 1, as a control."""
    layers = len(page.config.hidden)
    state.put(page.name, "layer", min(page.view.layer, layers))
    st.selectbox(
        "Layer",
        range(1, layers + 1),
        format_func=lambda n: f"{n}, {page.config.hidden[n - 1]} units",
        **state.widget(page.name, "layer"),
    )
    return page.view.layer - 1


class Training:
    """A layer's flat share over the epochs, for every start."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        self.layer = _layer(board.page)
        self.chart, self.caption = Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        board = self.board
        title = says.flat_title(board.page.config.activation)
        self.chart.chart(
            charts.training_rows(look.runs, self.layer),
            charts.training_spec(board.roles, board.horizon, title, board.dark),
            alt=f"Share of {title} of the layer after each epoch, for each start.",
        )
        caption = says.training(look.runs, self.layer)
        self.caption.markdown(board.text(caption))


def unit(page: Page) -> None:
    """One unit before training: on which images it is flat. Clicked, or chosen by number."""
    config, dark = page.config, is_dark()
    title = "share of images"
    left, right = st.columns([1.4, 1], gap="medium")
    with left:
        chosen_layer, chosen_unit = st.columns(2)
        with chosen_layer:
            layer = _layer(page)
        last = config.hidden[layer] - 1
        state.put(page.name, "unit", min(page.view.unit, last))
        with chosen_unit:
            st.number_input(
                f"Unit, 0 to {last}",
                *(0, last),
                step=1,
                **state.widget(page.name, "unit"),
                help="Or click a point of the chart.",
            )
        draw_chart(
            xray_charts.units_rows(xray.of(config).layers[layer].flat_shares, page.view.unit),
            xray_charts.units_spec(title, dark),
            key=state.pick_key(page.name, "unit"),
            on_select=partial(state.pick, page.name, "unit"),
            alt="The units of the layer by the share of images on which they are flat.",
        )
    z = xray.pre_activations(config, layer, page.view.unit)
    images = xray.probe(config.dataset)
    with right:
        draw_chart(
            xray_charts.classes_rows(measure.flat(z, config.activation), images.labels),
            xray_charts.classes_spec(title, dark),
            alt="Share of each class's images on which the unit is flat.",
        )
    st.markdown(_texts(page, says.unit(config, layer, page.view.unit, z, images.labels)))
    order = np.argsort(-z, kind="stable")
    for section, chosen in (
        ("unit strongest", order[:IMAGES_A_ROW]),
        ("unit weakest", order[::-1][:IMAGES_A_ROW]),
    ):
        st.caption(page.text(section))
        is_flat = measure.flat(z[chosen], config.activation)
        st.image(
            [picture(images.pixels[i], PIXEL) for i in chosen],
            caption=[
                f"z = {_short(z[i])}{', flat' if flat else ''}"
                for i, flat in zip(chosen, is_flat, strict=True)
            ],
            alt=[data.CLASS_NAMES[images.labels[i]] for i in chosen],
            width=28 * PIXEL // 2,
        )


def _short(z: float) -> str:
    return number(float(f"{z:.3g}"))


def sigma_depth_map(page: Page) -> Sweep:
    """σ against depth, on request."""
    configs = map_runs(page.config)
    st.markdown(
        page.text(
            "map before",
            {
                "runs": str(len(configs)),
                "sigmas": str(len(MAP_SIGMAS)),
                "depths": str(len(MAP_DEPTHS)),
                "width": str(configs[0].hidden[0]),
                "train": f"{configs[0].train_size:,}",
                "epochs": plural(MAP_EPOCHS, "epoch"),
            },
        )
    )
    chart, caption = Place(), Place()

    def draw(records: list[RunRecord | None], done: bool) -> None:
        chart.chart(
            charts.map_rows(records, page.config),
            charts.map_spec(is_dark()),
            alt="Validation accuracy by initial std and number of hidden layers.",
        )
        if done:
            whole = [record for record in records if record is not None]
            caption.markdown(_texts(page, says.sigma_depth_map(whole)))

    return Sweep(page, "map", configs, draw)


class Symmetry:
    """Whether anything tells the units of a layer apart: the first gradient, and after training.

    It wants the weights, which the race goes without: `run` asks for that one run whole.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        caption = says.told_alike(page.config, xray.of(page.config))
        st.markdown(page.text(caption.section, caption.figures))
        self.status, self.caption, self.pictures, self.note = (Place() for _ in range(4))

    def run(self) -> None:
        """Draw the trained units. Call it after the board's runs."""
        page = self.page
        for update in live.live([page.config]):
            if update.state == "failed":
                self.status.error(update.message)
                return
            if update.state == "training":
                self.status.progress(update.progress([page.config]))
        self.status.clear()
        record = update.records[0]
        if record is None or not record.epochs:
            return
        caption = says.symmetry(record)
        self.caption.markdown(page.text(caption.section, caption.figures))
        shown = record.snapshots[-1][:, :PICTURES_SHOWN].astype(float)
        limit, dark = float(np.abs(shown).max()), is_dark()
        self.pictures.image(
            [
                png(kernel_pictures(unit, limit, dark, scale=PIXEL))
                for unit in np.hsplit(shown, shown.shape[1])
            ],
            captions=[f"unit {i}" for i in range(shown.shape[1])],
            width=28 * PIXEL // 2,
        )
        figures = {"shown": str(shown.shape[1]), "epoch": str(record.snapshot_epochs[-1])}
        self.note.caption(page.text("symmetry pictures", figures))
