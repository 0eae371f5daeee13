"""Pruning: how much of a network can go, with each penalty and without."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from fmviz.lessons.regularisation import charts, pruning, says
from fmviz.lessons.regularisation.lesson import L1, L2, L2_TO_L1, RegularisationView, kinds
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.record import RunRecord
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import draw_chart
from fmviz.ui.told import Told
from fmviz.words.prose import Caption


@lru_cache(maxsize=16)
def _curve(record: RunRecord, shares: tuple[float, ...]) -> list[pruning.Pruned]:
    """A record is remembered as the object it is, which the store hands out again and again."""
    images = data.load(record.config.dataset).validation
    return pruning.curve(record.weights, record.config.activation, images, shares)


def prune_curve(record: RunRecord, share: float) -> list[pruning.Pruned]:
    """Accuracy at `pruning.SHARES` and, without measuring those again, at the reader's share."""
    reader = _curve(record, (0.0, share))[1:]
    return sorted([*_curve(record, pruning.SHARES), *reader], key=lambda point: point.share)


class Pruning(OnRequest):
    """Accuracy with the smallest weights zeroed: no penalty, L2 and L1 at a like accuracy."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        super().__init__(board)
        self.runs = kinds(self.page.config)
        st.slider(
            "Share of weights set to zero",
            0.0,
            1.0,
            step=0.005,
            format="percent",
            **state.widget(self.page.name, "prune"),
        )
        self.share = self.page.view.prune
        self.page.say(Caption("pruning intro", {}))
        self.offer("pruning", list(self.runs.values()), brief=False)
        self.result = st.container()

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """Prune the networks, once all are there."""
        found = {
            name: record
            for name, record in zip(self.runs, records, strict=True)
            if record is not None and record.weights
        }
        if not done or not found:
            return
        curves = {name: prune_curve(record, self.share) for name, record in found.items()}
        with self.result:
            draw_chart(
                charts.pruning_rows(curves, self.share),
                charts.pruning_spec(self.board.dark),
                alt="Validation accuracy against the share of weights set to zero.",
            )
            captions = [
                says.pruning(record.config, curves[name], self.share)
                for name, record in found.items()
            ]
            if {L2, L1} <= set(found):
                tolerance = self.page.view.tolerance
                captions.append(says.like(found[L2], found[L1], (L2, L1), tolerance))
            images = DATASETS[self.page.config.dataset].validation
            captions.append(Caption("about pruning", {"images": f"{images:,}"}))
            if L1 in self.runs:
                captions.append(Caption("about pruning, L2 and L1", {"times": str(L2_TO_L1)}))
            Told(self.page).say(*captions)
