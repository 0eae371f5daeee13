"""The network before its first step: the X-ray, gradients, one unit."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from fmviz.lessons.initialisation import xray, xray_charts, xray_says
from fmviz.lessons.initialisation.lesson import GLOROT, YOURS, InitialisationView
from fmviz.run import data, measure
from fmviz.run.settings import number
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.pictures import picture
from fmviz.ui.place import draw_chart
from fmviz.ui.session import is_dark
from fmviz.words.numbers import small_percent, upper_first

IMAGES_A_ROW = 8
# Screen pixels a pixel of an image, on a screen of double resolution.
PIXEL = 6


def x_ray(page: Page[InitialisationView]) -> None:
    """The network before its first step: drawn at once, without a worker."""
    dark = is_dark()
    config, activation = page.config, page.config.activation
    seen = xray.of(config)
    title = xray_says.flat_title(activation)
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
        xray_says.amount(seen.crossentropy),
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
    captions = xray_says.activity(config, seen)
    glorot = xray.of(page.runs[GLOROT])
    captions += [xray_says.loss(seen), *xray_says.gradients(seen, glorot)]
    st.markdown(page.words(*captions))
    st.caption(
        f"Before the first step, {seen.probe_images:,} validation images. Histograms: each layer "
        "up to its own highest bar. Bars: measured. Grey: predicted, ± one standard deviation."
    )


def has_hidden(page: Page[InitialisationView]) -> bool:
    """Whether there is a hidden layer to look at; words where there is none."""
    if not page.config.hidden:
        st.markdown(page.text("no hidden layer"))
    return bool(page.config.hidden)


def layer(page: Page[InitialisationView]) -> int:
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


class Gradients(Panel):
    """Gradient norms of all starts, before the first step."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        page = board.page
        if not has_hidden(page):
            return
        seen = {role: xray.of(config) for role, config in page.runs.items()}
        layers = len(page.config.hidden)
        draw_chart(
            xray_charts.gradients_rows(seen),
            xray_charts.gradients_spec(tuple(seen), layers, board.dark),
            alt="Gradient norm of each layer's kernel before the first step, for each start.",
        )
        silent = [role for role, each in seen.items() if not all(each.gradient_norms)]
        count = seen[YOURS].gradient_images
        note = f"Gradients of the loss before the first step, {count} training images; log scale."
        if silent:
            note += f" A norm of 0 is not drawn: {', '.join(silent)}."
        st.caption(note)


class Unit(Panel):
    """One unit before training: on which images it is flat. Clicked, or chosen by number."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        page = board.page
        if not has_hidden(page):
            return
        config, dark = page.config, board.dark
        title = "share of images"
        left, right = st.columns([1.4, 1], gap="medium")
        with left:
            chosen_layer, chosen_unit = st.columns(2)
            with chosen_layer:
                chosen_index = layer(page)
            last = config.hidden[chosen_index] - 1
            state.put(page.name, "unit", min(page.view.unit, last))
            with chosen_unit:
                st.number_input(
                    f"Unit, 0 to {last}",
                    0,
                    last,
                    step=1,
                    **state.widget(page.name, "unit"),
                    help="Or click a point of the chart.",
                )
            draw_chart(
                xray_charts.units_rows(
                    xray.of(config).layers[chosen_index].flat_shares, page.view.unit
                ),
                xray_charts.units_spec(title, dark),
                key=state.pick_key(page.name, "unit"),
                on_select=partial(state.pick, page.name, "unit"),
                alt="The units of the layer by the share of images on which they are flat.",
            )
        z = xray.pre_activations(config, chosen_index, page.view.unit)
        images = xray.probe(config.dataset)
        with right:
            draw_chart(
                xray_charts.classes_rows(measure.flat(z, config.activation), images.labels),
                xray_charts.classes_spec(title, dark),
                alt="Share of each class's images on which the unit is flat.",
            )
        st.markdown(
            page.words(*xray_says.unit(config, chosen_index, page.view.unit, z, images.labels))
        )
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
