"""Panels of a network's weights: how they are spread, and the first layer as pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.charts import film
from fmviz.charts import weights as charts
from fmviz.run import data, measure
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Pictured
from fmviz.ui.panels.card import Card
from fmviz.ui.pictures import png
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told
from fmviz.words import weights as words

ALT = "Weights of the first layer as pictures, one a unit."


class Distribution(Card):
    """Density of the weights, with the penalty and without."""

    def draw(self, look: Look) -> None:
        """The newest histogram."""
        run = look.run
        caption = words.spread(run, look.runs[0] if len(look.runs) == 2 else None)
        self.show(
            look,
            f"Typical weight, {run.name}",
            "Root mean square of all weights, biases left out.",
            words.typical,
            rows=charts.distribution_rows(look.runs),
            spec=charts.distribution_spec(self.board.roles, self.board.dark),
            kind="profile",
            alt="Density of the weights of each run, on a logarithmic scale.",
            reel=lambda: film.distribution(look.runs),
        )
        self.told.say(caption)


# Of pictures, side by side, for each network: across the page, and beside its main picture.
COLUMNS, COLUMNS_BESIDE = 8, 4


class Pictures(Pictured):
    """First-layer weights as pictures, on one scale.

    Args:
        below: where they are explained; below them without.
    """

    pace = END

    def __init__(self, board: Board, below: DeltaGenerator | None = None) -> None:
        self.board, self.page = board, board.page
        self.screen = Screen(board.page, "kernels")
        with self.screen.stand_in():
            self.spots = st.columns(2)
        with below or st.container():
            self.told = Told(self.page)
        self.columns = COLUMNS if below is None else COLUMNS_BESIDE

    def draw(self, look: Look) -> None:
        """Both networks' pictures."""
        if self.lacks(look):
            return
        kernels = [run.record.snapshot(run.kept) for run in look.runs]
        limit = charts.picture_limit(kernels)
        beyond = float(np.mean([np.abs(kernel) > limit for kernel in kernels]))
        rough = [measure.roughness(kernel, data.SHAPE) for kernel in kernels]
        captions = [words.roughness(rough[-1], rough[0] if len(rough) == 2 else None)]
        units = kernels[-1].shape[1]
        hidden = bool(look.run.record.config.hidden)
        for column, run, kernel in zip(self.spots, look.runs, kernels, strict=False):
            column.image(
                png(charts.kernel_pictures(kernel, limit, self.board.dark, self.columns)),
                alt=f"First-layer weights as pictures, one a unit: {run.name}.",
                caption=words.dated(run.name, run.kept),
                width="stretch",
            )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "kernels", ALT, film.kernels(look.runs, limit) | {"columns": self.columns}
            ),
        )
        self.told.say(*captions, words.pictures(limit, beyond, units, hidden=hidden))
