"""The network before its first step: drawn at once, without a worker."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fmviz.lessons.initialisation import histograms, xray, xray_charts, xray_says
from fmviz.lessons.initialisation.lesson import (
    GLOROT,
    YOURS,
    InitialisationView,
    guessed_share,
)
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import measure
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.place import Place, draw_chart
from fmviz.ui.player.screen import Screen
from fmviz.ui.session import is_dark
from fmviz.ui.told import Told
from fmviz.words.numbers import amount, significant, small_percent, upper_first


def x_ray(page: Page[InitialisationView]) -> Callable[[], None]:
    """Activations, loss and gradients before training, beside what is predicted of them.

    Returns:
        What has it move with the slider of σ. It takes an X-ray for each position, and so is
        called when the page's address is written: a click on the map is to reach that at once.
    """
    activation = page.config.activation
    seen, glorot = xray.of(page.config), xray.of(page.runs[GLOROT])
    title = xray_says.flat_title(activation)
    if seen.layers:
        with page.stage.picture.container(key="at-once"):
            screen = Screen(page, "x-ray")
            with screen.stand_in():
                draw_chart(
                    histograms.chart_rows(seen, activation),
                    histograms.chart_spec(len(seen.layers), activation, is_dark()),
                    alt=histograms.ALT,
                )
    activity = xray_says.activity(page.config, seen)
    gradients = xray_says.gradients(seen, glorot, measure.saturates(activation))
    with page.stage.under:
        _figures(seen, glorot, title)
        Told(page, leads=True).say(*activity, xray_says.loss(seen), *gradients)
        Place().caption(
            f"Before the first step, {seen.probe_images:,} validation images. Histograms: each "
            "layer up to its own highest bar. “Receives”: the root mean square of what reaches a "
            "unit. Bars at the right: measured. Grey: predicted, one standard deviation either way."
        )

    def moves() -> None:
        if not seen.layers:
            return
        slider = state.css_class(page.name, "init_std")
        along = xray.along_sigma(page.config)
        guess = None if page.guessed is None else guessed_share(page.guessed)
        screen.show(histograms.reel_along(page.config, along, title, slider, guess))

    return moves


def _figures(seen: XRay, glorot: XRay, title: str) -> None:
    saturation, loss, gradient = st.columns(3)
    if seen.layers:
        first = seen.layers[0]
        saturation.metric(
            f"{upper_first(title)}, layer 1",
            small_percent(first.saturation),
            f"predicted {small_percent(first.predicted)}",
            delta_color="off",
            delta_arrow="off",
            help=f"Share of (image, unit) pairs, {seen.probe_images:,} validation images.",
        )
    loss.metric(
        "Cross-entropy at the start",
        amount(seen.crossentropy),
        "a guess has 2.303",
        delta_color="off",
        delta_arrow="off",
        help=f"Mean over {seen.probe_images:,} validation images, in nats. ln 10 = 2.303.",
    )
    gradient.metric(
        "Gradient norm, layer 1",
        significant(seen.gradient_norms[0]),
        f"Glorot {significant(glorot.gradient_norms[0])}",
        delta_color="off",
        delta_arrow="off",
        help=f"√Σ(∂C₀/∂w)² of the first layer's weights, {seen.gradient_images} training images.",
    )


class Gradients(Panel):
    """Gradient norms of all starts."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        seen = {role: xray.of(config) for role, config in board.page.runs.items()}
        draw_chart(
            xray_charts.gradients_rows(seen),
            xray_charts.gradients_spec(tuple(seen), len(board.page.config.hidden), board.dark),
            alt="Gradient norm of each layer's weights before the first step, for each start.",
        )
        silent = [role for role, each in seen.items() if not all(each.gradient_norms)]
        count = seen[YOURS].gradient_images
        note = f"Gradients of the loss before the first step, {count} training images; log scale."
        if silent:
            note += f" A norm of 0 is not drawn: {', '.join(silent)}."
        Place().caption(note)
