"""The outcome along a page's main slider: the runs of its row that have been trained, a point each.

The row is trained while the reader reads, and grows as it is. What grows is a fragment of the page,
which looks again every few seconds while something is missing, and less often the longer nothing
comes; it runs nothing else of the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from fmviz.analysis import stopping
from fmviz.analysis.stopping import Shown
from fmviz.charts import row as charts
from fmviz.page.row import KnobRow, row_of
from fmviz.page.view import Judging
from fmviz.run.outlines import Outlines
from fmviz.run.store import RunStore
from fmviz.ui import controls, live, state
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.place import draw_chart
from fmviz.ui.session import session
from fmviz.ui.tick import tick
from fmviz.words import row as words

NAME = "row"
# Two points are a comparison, which the page has already.
FEWEST = 3
# Until the next look: so long, and after each look in vain by so much longer, up to the longest.
# After so many in vain nothing more is expected.
SECONDS, LONGER, LONGEST, LOOKS = 2.0, 1.5, 15.0, 12


@lru_cache(maxsize=1)
def outlines(store: RunStore) -> Outlines:
    """The outlines of this server's runs, for all of its sessions."""
    return Outlines(store)


@dataclass
class _Drawn:
    """What the fragment needs of the page; no more, for it is held on to between two runs.

    Attributes:
        place: of the chart on the page.
        roles: of the page's runs.
        known: how many runs were drawn last.
        vain: looks since the last one that found something new.
        clicked: whether a click has just moved the slider.
    """

    page: str
    label: str
    place: float
    row: KnobRow
    gap: bool
    judging: Judging
    roles: tuple[str, ...]
    dark: bool
    known: int = 0
    vain: int = 0
    clicked: bool = False

    def found(self) -> dict[tuple[int, str], Shown]:
        """The finished runs by position and name, as the page judges its runs."""
        kept = outlines(live.engine().store)
        judging = self.judging.early_stopping
        found = {}
        for index, position in enumerate(self.row.positions):
            for name, config in position.runs.items():
                record = kept.find(config)
                if record is not None:
                    found[index, name] = stopping.look(record, name, **judging)
        return found

    def take(self) -> None:
        """Move the slider to where a point was clicked; for `on_select`."""
        position = state.clicked(self.page, NAME, "position")
        if position is not None and not state.locked(self.page, self.row.knob):
            state.put(self.page, self.row.knob, self.row.positions[position].value)
            self.clicked = True


class Row(Panel):
    """The row of the page's main knob, where there is one that the reader can move.

    With a test vault it is not drawn: there each validation score in sight counts as one that was
    tried, and these nobody has chosen to try.
    """

    pace = END

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self._spot = st.container(key=f"row-of-{self.page.name}", gap=None)
        self._place = session().next_place()
        self._done = False

    def draw(self, look: Look) -> None:
        """What is known of the row, once in a run of the page: it can be clicked."""
        if self._done or session().classroom.vault:
            return
        self._done = True
        lesson = self.page.lesson
        row = row_of(lesson, self.page.values)
        if row is None:
            return
        kept = outlines(live.engine().store)
        for run in look.runs:
            if run.record.complete:
                kept.put(run.record)
        drawn = _Drawn(
            self.page.name,
            controls.label(row.knob),
            self._place,
            row,
            lesson.row == "gap",
            self.page.view.judging,
            self.board.roles,
            self.board.dark,
        )
        with self._spot:
            st.fragment(_show)(drawn)


def _show(drawn: _Drawn) -> None:
    """The chart and what it is of; when to look again."""
    if drawn.clicked:
        drawn.clicked = False
        st.rerun()
    found = drawn.found()
    drawn.vain = 0 if len(found) > drawn.known else drawn.vain + 1
    drawn.known = len(found)
    row, names = drawn.row, drawn.row.names
    trained = len({position for position, _ in found})
    if trained >= FEWEST:
        present = [run for name in names if (run := found.get((row.at, name))) is not None]
        outcome = "; ".join(charts.said(run, drawn.gap) for run in present)
        with session().within(drawn.place):
            draw_chart(
                charts.row_rows(
                    [position.label for position in row.positions],
                    names,
                    found,
                    row.at,
                    gap=drawn.gap,
                ),
                charts.row_spec(drawn.roles, names, len(row.positions) - 1, drawn.dark),
                alt=words.alt(
                    drawn.label,
                    names,
                    trained,
                    len(row.positions),
                    f"At {row.positions[row.at].label}: {outcome}",
                ),
                key=state.pick_key(drawn.page, NAME),
                on_select=drawn.take,
            )
        # A legend, drawn by a fragment of its own: it is no place to explain words.
        said = [*found.values()], trained, len(row.positions)
        st.caption(
            f":material/more_horiz: {words.short(trained, len(row.positions), gap=drawn.gap)}",
            help=words.described(*said, gap=drawn.gap),
        )
    missing = sum(len(position.runs) for position in row.positions) - len(found)
    if missing and drawn.vain <= LOOKS and live.engine().trains_ahead:
        tick(f"{drawn.page}/{NAME} tick", min(SECONDS * LONGER**drawn.vain, LONGEST))
