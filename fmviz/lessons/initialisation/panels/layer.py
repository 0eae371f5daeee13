"""The choice of a hidden layer, where there is one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fmviz.lessons.initialisation.lesson import InitialisationView
from fmviz.run.naming import plural
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.place import Place


def choose_layer(page: Page[InitialisationView]) -> int:
    """The layer that is looked at, as a control; counted from 0 at the input."""
    layers = len(page.config.hidden)
    state.put(page.name, "layer", min(page.view.layer, layers))
    st.selectbox(
        "Layer",
        range(1, layers + 1),
        format_func=lambda n: f"{n}, {plural(page.config.hidden[n - 1], 'unit')}",
        **state.widget(page.name, "layer"),
    )
    return page.view.layer - 1


class NoHiddenLayer(Panel):
    """In place of a panel of hidden layers."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        Place().markdown(board.page.text("no hidden layer"))


def of_hidden_layers(
    make: Callable[[Board[InitialisationView]], Panel],
) -> Callable[[Board[InitialisationView]], Panel]:
    """A panel that is made only where the network has a hidden layer."""
    return lambda board: (make if board.page.config.hidden else NoHiddenLayer)(board)
