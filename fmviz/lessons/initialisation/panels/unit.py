"""One unit before training, and its images."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from fmviz.lessons.initialisation import xray, xray_charts, xray_says
from fmviz.lessons.initialisation.lesson import InitialisationView
from fmviz.lessons.initialisation.panels.layer import choose_layer
from fmviz.run import data, measure
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.told import Told
from fmviz.words.numbers import rounded

IMAGES_A_ROW = 8
# Screen pixels a pixel of an image, on a screen of double resolution.
PIXEL = 6
TITLE = "share of images"


class Unit(Panel):
    """On which images a unit is flat. It is clicked, or chosen by number."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        page, config = board.page, board.page.config
        left, right = st.columns([1.4, 1], gap="medium")
        with left:
            layer = _choose(page)
            draw_chart(
                xray_charts.units_rows(xray.of(config).layers[layer].flat_shares, page.view.unit),
                xray_charts.units_spec(TITLE, board.dark),
                key=state.pick_key(page.name, "unit"),
                on_select=partial(state.pick, page.name, "unit"),
                alt="The units of the layer by the share of images on which they are flat.",
            )
        z = xray.pre_activations(config, layer, page.view.unit)
        images = xray.probe(config.dataset)
        with right:
            draw_chart(
                xray_charts.classes_rows(measure.flat(z, config.activation), images.labels),
                xray_charts.classes_spec(TITLE, board.dark),
                alt="Share of each class's images on which the unit is flat.",
            )
        Told(page).say(*xray_says.unit(config, layer, page.view.unit, z, images.labels))
        order = np.argsort(-z, kind="stable")
        for section, chosen in (
            ("unit strongest", order[:IMAGES_A_ROW]),
            ("unit weakest", order[::-1][:IMAGES_A_ROW]),
        ):
            Place().caption(page.text(section))
            is_flat = measure.flat(z[chosen], config.activation)
            st.image(
                [picture(pixels, PIXEL) for pixels in images[chosen].pixels],
                caption=[
                    f"z = {rounded(z[i], 3)}{', flat' if flat else ''}"
                    for i, flat in zip(chosen, is_flat, strict=True)
                ],
                alt=[data.CLASS_NAMES[images.labels[i]] for i in chosen],
                width=data.SHAPE[1] * PIXEL // 2,
            )
        ends = xray.ends(config, layer, page.view.unit)
        flattest, nearly, steepest = (
            xray.worked(config, layer, page.view.unit, image) for image in ends
        )
        page.say(*xray_says.worked(config.activation, flattest, nearly, steepest, images.labels))


def _choose(page: Page[InitialisationView]) -> int:
    """Controls of the layer and of its unit; the layer, counted from 0."""
    chosen_layer, chosen_unit = st.columns(2)
    with chosen_layer:
        layer = choose_layer(page)
    last = page.config.hidden[layer] - 1
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
    return layer
