"""Many runs at once, on request: a sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fmviz import narrate
from fmviz.config import RunConfig
from fmviz.record import RunRecord
from fmviz.ui import live, state, vault
from fmviz.ui.frame import Page
from fmviz.ui.place import Place

# Drawn while it grows: what is known of each run, None where that is nothing yet.
Draw = Callable[[list[RunRecord | None], bool], None]
SECONDS_BETWEEN_PICTURES = 0.5


class Sweep:
    """A button, the runs that it asks for, and how far they are.

    Where all runs are known already there is no button: they are drawn at once.

    Args:
        name: of the sweep on its page.
        configs: the runs.
        draw: called with the records, one a config, and whether all have ended.
        brief: whether records without weights will do.
    """

    def __init__(
        self,
        page: Page,
        name: str,
        configs: Sequence[RunConfig],
        draw: Draw,
        *,
        brief: bool = True,
    ) -> None:
        self.page, self.name, self.draw, self.brief = page, name, draw, brief
        self.configs = list(dict.fromkeys(configs))
        self._order = [self.configs.index(config) for config in configs]
        self._what = tuple(config.key for config in self.configs)
        self._button, self._progress = Place(), Place()

    def run(self) -> None:
        """Draw the sweep where it is known or asked for. Call it after the board's runs."""
        known = live.engine().known(self.configs, brief=self.brief)
        if not known and not state.asked_for(self.page.name, self.name, self._what):
            self._button.draw(
                "button",
                f"Train these {narrate.plural(len(self.configs), 'run')}",
                key=f"{self.page.name}/{self.name} button",
                icon=":material/play_arrow:",
                on_click=state.ask_for,
                args=(self.page.name, self.name, self._what),
            )
            return
        drawn = -float("inf")
        begun = time.monotonic()
        for update in live.live(self.configs, brief=self.brief):
            if update.state == "failed":
                self._progress.draw("error", update.message, icon=":material/error:")
                return
            share = update.progress(self.configs)
            if update.state != "done":
                self._tell(update.state, update.message, share, time.monotonic() - begun)
                if time.monotonic() - drawn < SECONDS_BETWEEN_PICTURES:
                    continue
            drawn = time.monotonic()
            records = [update.records[i] for i in self._order]
            if any(record is not None for record in records):
                self.draw(records, update.state == "done")
            if update.state == "done":
                vault.saw_ends(records)
        self._progress.clear()

    def _tell(self, phase: str, message: str, share: float, seconds: float) -> None:
        if phase == "waiting":
            text = f"waiting for the worker: {message}"
        elif share > 0.02:
            left = seconds * (1 - share) / share
            text = f"{narrate.percent(share, 0)}, about {left:.0f} s to go"
        else:
            text = "starting"
        self._progress.draw("progress", share, text=text)
