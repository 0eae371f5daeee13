"""Panels of a network's weights: how they are spread, and the first layer as pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from fmviz.analysis.stopping import shown_weights
from fmviz.charts import weights as charts
from fmviz.run import data, measure
from fmviz.run.record import SNAPSHOT_UNITS
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.panels.card import Card
from fmviz.ui.pictures import png
from fmviz.ui.told import Told
from fmviz.words import weights as words


class Distribution(Card):
    """Density of the weights, with the penalty and without."""

    def draw(self, look: Look) -> None:
        """The newest histogram."""
        run = look.run
        caption = words.spread(run, look.runs[0] if len(look.runs) == 2 else None)
        self.metric.metric(
            f"Typical weight, {run.name}",
            caption.figures["now"],
            help="Root mean square of all weights, biases left out.",
        )
        self.chart.chart(
            charts.distribution_rows(look.runs),
            charts.distribution_spec(self.board.roles, self.board.dark),
            alt="Density of the weights of each run, on a logarithmic scale.",
        )
        self.told.say(caption)


class Pictures(Panel):
    """First-layer weights as pictures, on one scale."""

    pace = END
    wants_weights = "runs"

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """Both networks' pictures."""
        if not look.has_weights("runs"):
            return
        shown = shown_weights(look.runs)
        kernels = [weights[0] for weights, _ in shown]
        limit = charts.picture_limit(kernels)
        beyond = float(np.mean([np.abs(kernel) > limit for kernel in kernels]))
        rough = [measure.roughness(kernel, data.SHAPE) for kernel in kernels]
        captions = [words.roughness(rough[-1], rough[0] if len(rough) == 2 else None)]
        if any(epoch != run.kept for run, (_, epoch) in zip(look.runs, shown, strict=True)):
            captions.append(words.of_another_epoch())
        units = min(SNAPSHOT_UNITS, kernels[-1].shape[1])
        hidden = bool(look.run.record.config.hidden)
        with self.spot:
            for column, run, (weights, epoch) in zip(st.columns(2), look.runs, shown, strict=False):
                kernel = weights[0][:, :SNAPSHOT_UNITS]
                column.image(
                    png(charts.kernel_pictures(kernel, limit, self.board.dark)),
                    caption=words.dated(run.name, epoch),
                    width="stretch",
                )
            Told(self.page).say(*captions, words.pictures(limit, beyond, units, hidden=hidden))
