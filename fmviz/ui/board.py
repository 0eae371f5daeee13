"""The board of a page: its runs, and the panels that are drawn again as those grow.

A page makes a `Board`, adds panels where they are to stand, and runs it: the board asks for the
page's runs and hands every panel what is known of them, at the panel's pace. Then come the runs
that a panel wants beyond those.
"""

from __future__ import annotations

import time
from typing import Generic

import streamlit as st

from fmviz.analysis import stopping
from fmviz.engine.watch import Update
from fmviz.page.state import V
from fmviz.ui import live, state, vault
from fmviz.ui.look import FIGURES, LIVE, AnyPanel, Look, Panel, WeightsOf
from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.ui.session import is_dark, session
from fmviz.ui.status import status
from fmviz.words.numbers import percent

# While the curves grow, the cards follow at this pace: they are read, not watched.
SECONDS_BETWEEN_FIGURES = 0.4


# A run that is about to begin keeps the last picture up this long before the page says it waits.
HOLD_SECONDS = 0.5


class Board(Generic[V]):
    """The runs of a page, and the panels that show them.

    Made once in each run of a page's script, after the controls.
    """

    def __init__(self, page: Page[V]) -> None:
        self.page = page
        self.dark = is_dark()
        # The specification of a chart must not change with a slider, or browsers build it anew. So
        # the charts name the roles, and the texts name the settings.
        self.roles = tuple(page.runs)
        self.configs = list(page.runs.values())
        # Each with its place on the page.
        self._panels: list[tuple[float, Panel]] = []
        self._figures_drawn = -float("inf")

    @property
    def horizon(self) -> int:
        """Epochs of the longest run."""
        return max(config.epochs for config in self.configs)

    def add(self, panel: AnyPanel) -> AnyPanel:
        """Have a panel drawn."""
        self._panels.append((session().next_place(), panel))
        return panel

    def place_status(self) -> None:
        """Reserve the line that says where the figures come from or how far they are."""
        line, bar = st.columns([3, 2], vertical_alignment="center")
        with line:
            self._status = Place()
        with bar:
            self._progress, self._again = Place(), Place()

    def status(self, update: Update) -> str:
        """Where the figures come from, or how far they are."""
        return status(update, self.horizon)

    def run(self) -> Look:
        """Ask for the runs and draw them until all have ended, then for those that panels want
        beyond them; what is known of the page's own."""
        # Controls that stand beside panels have spoken by now.
        self._view = self.page.view
        retrain = state.asked_for(self.page.name, "anew", self._what)
        weights = self.page.lesson.weights or any(self._wanted())
        # Curves and figures need no weights: where those are not recorded, they can wait.
        brief = not weights or (not retrain and live.engine().known(self.configs, brief=True))
        for update in live.live(self.configs, brief=brief, retrain=retrain):
            look = self._draw(update)
        if weights and look.done:
            look = self._fetch_weights(look)
        self._offer(look)
        if look.done and "trained" not in look.update.sources:
            live.engine().warm(self.configs)
        if look.done and self.page.vault is not None:
            vault.draw(self.page.vault, self.page.name, look.runs)
        for place, panel in self._panels:
            with session().within(place):
                panel.run()
        return look

    @property
    def _what(self) -> tuple[str, ...]:
        return tuple(config.key for config in self.configs)

    def _wanted(self) -> set[WeightsOf]:
        """Whose weights the panels want."""
        panels = (panel for _, panel in (*self._panels, *self.page.panels))
        return {panel.wants_weights for panel in panels if panel.wants_weights is not None}

    def _fetch_weights(self, look: Look) -> Look:
        """Train recorded runs anew where a panel wants the weights that they come without. What is
        on the screen stays until those are there."""
        if all(look.has_weights(of) for of in self._wanted()):
            return look
        for update in live.live(self.configs):
            if update.state == "failed":
                self._status.note(status(update, self.horizon))
            elif update.state == "done":
                look = self._draw(update)
            else:
                share = update.progress(self.configs)
                text = f"training the weights for the closer look, {percent(share, 0)}"
                self._progress.progress(share, text=text)
        self._progress.clear()
        return look

    def _offer(self, look: Look) -> None:
        """A recorded run can be trained here and now."""
        if look.done and "recorded" in look.update.sources:
            self._again.button(
                "Train it live",
                key=f"{self.page.name}/anew",
                icon=":material/play_arrow:",
                on_click=state.ask_for,
                args=(self.page.name, "anew", self._what),
                help="The same run, trained on this machine now.",
            )
        else:
            self._again.clear()

    def _draw(self, update: Update) -> Look:
        self._status.note(self.status(update))
        if update.state == "training":
            self._progress.progress(update.progress(self.configs))
        else:
            self._progress.clear()
        runs = [
            stopping.look(record, role, **self._view.judging.early_stopping)
            for role, record in zip(self.roles, update.records, strict=True)
            if record is not None
        ]
        look = Look(runs, update, len(runs) == len(self.roles))
        if update.state == "waiting" and update.seconds < HOLD_SECONDS:
            # What the page shows from before holds until there is something new.
            return look
        now = time.monotonic()
        due = update.state != "training" or now - self._figures_drawn > SECONDS_BETWEEN_FIGURES
        figures = due and look.whole
        if figures:
            self._figures_drawn = now
        for place, panel in (*self._panels, *self.page.panels):
            if panel.pace == LIVE or (figures and (panel.pace == FIGURES or look.done)):
                with session().within(place):
                    panel.draw(look)
        return look
