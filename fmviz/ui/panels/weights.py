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
from fmviz.words.prose import Caption

ALT = "Weights of the first layer as pictures, one a unit."


class Distribution(Card):
    """Density of the weights, with the penalty and without."""

    shows_branch = True

    def draw(self, look: Look) -> None:
        """The newest histogram."""
        run = look.run
        caption = words.spread(run, look.runs[0] if len(look.runs) == 2 else None)
        self.show(
            look,
            f"Typical weight, {run.name}",
            "Root mean square of all weights, biases left out.",
            words.typical,
            rows=charts.distribution_rows(look.drawn),
            spec=charts.distribution_spec(self.board.names, self.board.dark),
            kind="profile",
            alt="Density of the weights of each run, on a logarithmic scale.",
            reel=lambda: film.distribution(look.drawn),
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
    shows_branch = True

    def __init__(self, board: Board, below: DeltaGenerator | None = None) -> None:
        self.board, self.page = board, board.page
        self.screen = Screen(board.page, "kernels")
        with self.screen.stand_in():
            self.spots = st.columns(2)
        with below or st.container():
            self.told = Told(self.page)
        self.columns = COLUMNS if below is None else COLUMNS_BESIDE

    def draw(self, look: Look) -> None:
        """Both networks' pictures; where one branches, of that one and of its branch, if there are
        any of that: one that ships may have none."""
        if self.lacks(look):
            return
        branches = look.pair is not None and look.pair[1].record.has_snapshots
        runs = look.asked if branches else look.runs
        kernels = [run.record.snapshot(run.kept) for run in runs]
        limit = charts.picture_limit(kernels)
        beyond = float(np.mean([np.abs(kernel) > limit for kernel in kernels]))
        rough = [measure.roughness(kernel, data.SHAPE) for kernel in kernels]
        # Between a run and its branch it is not the penalty alone that differs.
        captions = [] if branches else [words.roughness(rough[-1], *rough[:-1])]
        if look.pair is not None and not branches:
            captions.append(Caption("branch left out", {}))
        units = kernels[-1].shape[1]
        hidden = bool(look.run.record.config.hidden)
        for column, run, kernel in zip(self.spots, runs, kernels, strict=False):
            column.image(
                png(charts.kernel_pictures(kernel, limit, self.board.dark, self.columns)),
                alt=f"First-layer weights as pictures, one a unit: {run.name}.",
                caption=words.dated(run.name, run.kept),
                width="stretch",
            )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "kernels",
                ALT,
                film.kernels(look.drawn, limit, runs) | {"columns": self.columns},
            ),
        )
        self.told.say(*captions, words.pictures(limit, beyond, units, hidden=hidden))
