"""σ against depth, beside the X-ray: where a network of these units learns at all."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.initialisation import charts, says
from fmviz.lessons.initialisation.lesson import MAP_EPOCHS, InitialisationView, map_runs
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.ui.told import Told

NAME = "cell"


class SigmaDepthMap(OnRequest):
    """A cell a σ and a depth; a click makes them the reader's. Its words stand below the stage, in
    a place of their own: `tells_here`."""

    def __init__(self, board: Board[InitialisationView]) -> None:
        super().__init__(board)
        self.configs = map_runs(self.page.config)
        # No run of the page is waited for, and none makes it pale.
        with st.container(key="at-once-map"):
            Place().caption(self._words("map title"))
            self._chart, self._note = Place(), Place()
            sweep = self.offer("map", self.configs, outline=True)
        self._told: Told | None = None
        self._place = 0.0
        self._stored = sweep.stored()
        self._whole = all(record is not None for record in self._stored)
        if self._whole:
            self._draw(self._stored, clickable=True)
        elif not (sweep.asked or sweep.known):
            self._draw([None] * len(self.configs), clickable=True)

    def tells_here(self) -> None:
        """Have what it shows told here."""
        self._told, self._place = Told(self.page), session().next_place()

    def run(self) -> None:
        """Tell what it shows; train the runs where they are asked for."""
        if self._whole:
            self._tell(self._stored)
        else:
            super().run()

    def _words(self, section: str) -> str:
        figures = {
            "runs": str(len(self.configs)),
            "width": plural(self.configs[0].hidden[0], "unit"),
            "train": f"{self.configs[0].train_size:,}",
            "epochs": plural(MAP_EPOCHS, "epoch"),
        }
        return self.page.text(section, figures)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The map as far as runs have ended, the words at the end."""
        self._draw(records, clickable=done)
        if done:
            self._tell(records)

    def _tell(self, records: list[RunRecord | None]) -> None:
        ended = [record for record in records if record is not None]
        if self._told is not None:
            with session().within(self._place):
                self._told.say(*says.sigma_depth_map(ended))

    def _draw(self, records: list[RunRecord | None], *, clickable: bool) -> None:
        # A chart that can be clicked is a widget, of which there is one: the last.
        self._chart.chart(
            charts.map_rows(self.configs, records, self.page.config),
            charts.map_spec(self.board.dark),
            alt="Validation accuracy by initial std and number of hidden layers.",
            key=state.pick_key(self.page.name, NAME) if clickable else None,
            on_select=self._take if clickable else None,
        )
        known = any(record is not None for record in records)
        self._note.caption(self._words("map note" if known else "map before"))

    def _take(self) -> None:
        cell, name = state.clicked(self.page.name, NAME, NAME), self.page.name
        if cell is None or any(
            state.locked(name, f) for f in ("initializer", "init_std", "hidden")
        ):
            return
        chosen = self.configs[cell]
        state.put(name, "initializer", chosen.initializer)
        state.put(name, "init_std", chosen.init_std)
        state.put(name, "hidden", chosen.hidden)
