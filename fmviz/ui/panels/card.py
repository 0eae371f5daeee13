"""Cards: small panels side by side, each a figure with its chart."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.charts.series import Rows
from fmviz.charts.specification import Spec
from fmviz.ui import branch
from fmviz.ui.board import Board
from fmviz.ui.look import Look, Panel
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told


class Card(Panel):
    """A metric and a chart, which may move, and below them a note or what captions say, framed."""

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self.box = st.container(border=True, height="stretch")
        with self.box:
            self.screen = Screen(board.page, type(self).__name__.lower())
            with self.screen.stand_in():
                self.metric, self.chart = Place(), Place()
            self.note = Place()
            self.told = Told(self.page, small=True)

    def show(
        self,
        look: Look,
        label: str,
        meaning: str,
        figure: Callable[[Shown, int], str],
        *,
        rows: Rows,
        spec: Spec,
        kind: str,
        alt: str,
        reel: Callable[[], film.Reel],
        run: Shown | None = None,
    ) -> None:
        """A figure in large type above a chart, and where all runs have ended both at any epoch.

        Args:
            figure: its text of a run after so many epochs.
            kind: of the picture that moves.
            reel: what that shows, asked for once there is one.
            run: of what is drawn, the one that the figure is of; else the page's own.
        """
        of = look.run if run is None else run
        self.metric.metric(label, figure(of, of.kept), help=meaning)
        self.chart.chart(rows, spec, alt=alt)
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                kind,
                alt,
                reel(),
                film.head(look.drawn, label, meaning, figure, run=look.drawn.index(of)),
            ),
        )


def cards(board: Board, *panels: Callable[[Board], Panel]) -> None:
    """Panels side by side."""
    for column, panel in zip(st.columns(len(panels)), panels, strict=True):
        with column:
            place(board, panel)


def place(board: Board, panel: Callable[[Board], Panel]) -> None:
    """A panel below the main picture; where that has a branch and the panel has not, it says so."""
    if not board.add(panel(board)).shows_branch:
        branch.left_out(board.page)
