"""All pins at once: the table, the curves, and which of them is best."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.lessons.compare import charts, says, tables
from fmviz.lessons.compare.lesson import CompareView
from fmviz.page.pins import Pin, bold
from fmviz.run.naming import differing
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import END, LIVE, Look, Panel
from fmviz.ui.panels.curves import Curves, Warnings
from fmviz.ui.place import Place
from fmviz.ui.status import Said
from fmviz.words import waiting
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption


class PinBoard(Board):
    """The board of the pins, which come from wherever each of them is known."""

    def status(self, update: Update) -> Said:
        """Where the figures come from, or how far they are."""
        if update.state != "done":
            return super().status(update)
        return Said(f":material/inventory_2: {waiting.made(update.sources)}")


class Table(Panel):
    """A row a pin."""

    pace = LIVE

    def __init__(self, board: Board[CompareView]) -> None:
        self.page = board.page
        self.table, self.note = Place(), Place()
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            with st.container(width=420):
                view_controls.tolerance(board.page.name)
            view_controls.test(board.page.name)

    def draw(self, look: Look) -> None:
        """The newest figures, at the pace at which figures are read."""
        if not look.figures:
            return
        page, view = self.page, self.page.view
        pinned = [Pin(name, config) for name, config in page.runs.items()]
        rows = tables.table(pinned, look.update.records, view.tolerance, show_test=view.test)
        frame = pd.DataFrame(rows).rename(columns=_head)
        self.table.dataframe(
            frame,
            columns={"Run": st.column_config.TextColumn(pinned=True)},
        )
        if not look.runs:
            return
        measured = says.images(look.runs)
        captions = [measured, measured._replace(section="images, test")][: 1 + view.test]
        self.note.caption(page.words(*captions))


def _head(name: str) -> str:
    """A table's head; no one writes λ as Λ."""
    return upper_first(name) if name[0].isascii() and len(name) > 1 else name


class PinWarnings(Warnings):
    """What went wrong, under the names that the reader has given."""

    def name(self, run: Shown) -> str:
        """The name as it is."""
        return f"{bold(run.name)}:"


class Overlay(Curves):
    """The curves of all pins, and which of them is best."""

    def __init__(self, board: Board[CompareView]) -> None:
        super().__init__(board, lambda look: [])
        self.warnings = PinWarnings(board)

    def draw(self, look: Look) -> None:
        """The curves at once, the words when all have ended."""
        self.picture(look)
        self.warnings.draw(look)
        best = says.best(look.runs) if look.done else None
        nothing = None if look.runs else Caption("nothing yet", {})
        self.told.say(*(caption for caption in (best, nothing) if caption is not None))


class Parallel(Panel):
    """Parallel coordinates of all runs that ended finite."""

    pace = END

    def __init__(self, board: Board[CompareView]) -> None:
        self.board, self.page = board, board.page
        self.chart, self.note = Place(), Place()

    def draw(self, look: Look) -> None:
        """A line a run."""
        board = self.board
        ended = says.finite(look.runs)
        configs = [run.record.config for run in ended]
        if not differing(configs):
            self.note.caption(self.page.text("parallel alike"))
            return
        tolerance = self.page.view.tolerance
        self.chart.chart(
            charts.parallel_rows(ended, tolerance),
            charts.parallel_spec(board.roles, charts.parallel_axes(configs), board.dark),
            alt="A line a run through its settings, its validation accuracy, gap and sparsity.",
        )
        left_out = says.left_out(look.runs, ended)
        captions = [Caption("parallel", {}), *([left_out] if left_out is not None else [])]
        self.note.caption(self.page.words(*captions))
