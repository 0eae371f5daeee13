"""Panels of a network's weights: how they are spread, and the first layer as pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from fmviz.charts import weights as charts
from fmviz.run import data, measure
from fmviz.run.record import SNAPSHOT_UNITS
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.panels.card import Card
from fmviz.ui.pictures import png
from fmviz.words import weights as words
from fmviz.words.numbers import upper_first


class Distribution(Card):
    """Density of the weights, with the penalty and without."""

    def draw(self, look: Look) -> None:
        """The newest histogram."""
        run = look.run
        caption = words.spread(run, look.runs[0] if len(look.runs) == 2 else None)
        self.metric.metric(
            f"Typical weight, {run.name}",
            caption.figures["now"],
            help="Root mean square of all kernel weights, biases left out.",
        )
        self.chart.chart(
            charts.distribution_rows(look.runs),
            charts.distribution_spec(self.board.roles, self.board.dark),
            alt="Density of the weights of each run, on a logarithmic scale.",
        )
        self.note.caption(self.page.words(caption))


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
        shown = [run.record.weights_of(run.kept) for run in look.runs]
        kernels = [weights[0] for weights, _ in shown]
        limit = charts.picture_limit(kernels)
        beyond = float(np.mean([np.abs(kernel) > limit for kernel in kernels]))
        rough = [measure.roughness(kernel, data.SHAPE) for kernel in kernels]
        epoch = shown[-1][1]
        captions = [
            words.pictures(
                limit,
                beyond,
                epoch,
                min(SNAPSHOT_UNITS, kernels[-1].shape[1]),
                hidden=bool(look.run.record.config.hidden),
            ),
            words.roughness(rough[-1], rough[0] if len(rough) == 2 else None),
        ]
        if epoch != look.run.kept:
            captions.append(words.of_another_epoch(epoch))
        with self.spot:
            for column, run, kernel in zip(st.columns(2), look.runs, kernels, strict=False):
                column.image(
                    png(charts.kernel_pictures(kernel[:, :SNAPSHOT_UNITS], limit, self.board.dark)),
                    caption=upper_first(run.name),
                    width="stretch",
                )
            st.markdown(self.page.words(*captions))
