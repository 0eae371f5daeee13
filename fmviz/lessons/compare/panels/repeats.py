"""Pinned runs with more seeds."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis.seeds import repeated
from fmviz.lessons.compare import charts, says
from fmviz.lessons.compare.lesson import SEEDS, CompareView
from fmviz.run.record import RunRecord
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.words.prose import Caption


class Repeats(OnRequest):
    """Pinned runs with more seeds."""

    def __init__(self, board: Board[CompareView]) -> None:
        super().__init__(board)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
            with st.container(width=420):
                names = {0: "all", **dict(enumerate(board.roles, start=1))}
                view_controls.selection(self.page.name, "repeat", "Run", names)
            view_controls.choice(
                self.page.name, "seeds", "More seeds", {count: str(count) for count in SEEDS}
            )
        view = self.page.view
        chosen = board.roles if view.repeat == 0 else board.roles[view.repeat - 1 : view.repeat]
        self.families = {name: repeated(self.page.runs[name], view.seeds) for name in chosen}
        configs = [config for family in self.families.values() for config in family]
        self.chart, self.caption = Place(), Place()
        self.offer("seeds", configs)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The bands once all have ended."""
        if not done:
            return
        left = iter(records)
        found = {
            name: [record for _, record in zip(family, left) if record is not None]
            for name, family in self.families.items()
        }
        bands = {
            name: ended
            for name, family in found.items()
            if len(ended := [record for record in family if record.diverged is None]) > 1
        }
        if bands:
            self.chart.chart(
                charts.band_rows(bands),
                charts.band_spec(self.board.roles, self.board.horizon, self.board.dark),
                alt="Mean accuracy over seeds on training images (solid) and validation images "
                f"(dashed), with a band of one standard deviation: {', '.join(bands)}.",
            )
        captions = [Caption("bands", {})] if bands else []
        for name, family in found.items():
            captions += says.repeats(name, family)
        view = self.page.view
        roles = self.board.roles
        first, second = (roles[min(p, len(roles)) - 1] for p in (view.first, view.second))
        by_seed = says.by_seed(first, second, found)
        captions += [by_seed] if by_seed is not None else []
        self.caption.markdown("  \n".join(map(self.page.words, captions)))
