"""Many runs at once, on request: a sweep."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.engine.pace import Clock, progress
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui import live, state, vault
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.place import Place
from fmviz.words.escaping import escaped
from fmviz.words.numbers import duration, percent, upper_first

# Drawn while it grows: what is known of each run, None where that is nothing yet.
Draw = Callable[[list[RunRecord | None], bool], None]
SECONDS_BETWEEN_PICTURES = 0.5
SECONDS_BETWEEN_ESTIMATES = 0.25


class ButtonSpot:
    """Where one button or another stands, or none. That of the page's last run stays until this one
    has said which."""

    def __init__(self) -> None:
        self._container = st.container(width="content")
        self._spot: DeltaGenerator | None = None

    def _here(self) -> DeltaGenerator:
        if self._spot is None:
            self._spot = self._container.empty()
        return self._spot

    def button(
        self,
        label: str,
        *,
        key: str,
        icon: str,
        on_click: Callable[..., None] | None = None,
        args: tuple[Any, ...] = (),
        disabled: bool = False,
    ) -> None:
        """This one."""
        self._here().button(
            label, key=key, icon=icon, on_click=on_click, args=args, disabled=disabled
        )

    def empty(self) -> None:
        """None."""
        self._here().empty()


class Sweep:
    """A button, the runs that it asks for, how far they are and how long they will take.

    Where all runs are known already there is no button: they are drawn at once.

    Args:
        name: of the sweep on its page.
        configs: the runs.
        draw: called with the records, one a config, and whether all have ended.
        brief: whether records without weights will do.
        outline: whether records with nothing but their histories will do.
        partly: whether what is known already is drawn before the rest is asked for.
        tells: whether it says how long that takes, where its page does not.
        label: of the button; how many runs are missing without.
        eager: whether runs that are all known are drawn without being asked for.

    Attributes:
        offered: the runs that its button offers, once it has been run.
    """

    def __init__(
        self,
        page: Page[Any],
        name: str,
        configs: Sequence[RunConfig],
        draw: Draw,
        *,
        brief: bool = True,
        outline: bool = False,
        partly: bool = False,
        tells: bool = True,
        label: str | None = None,
        eager: bool = True,
    ) -> None:
        self.page, self.name, self.draw = page, name, draw
        self._enough = {"brief": brief, "outline": outline}
        self.partly, self.tells, self.label, self.eager = partly, tells, label, eager
        self.offered: list[RunConfig] = []
        self.configs = list(dict.fromkeys(configs))
        self._order = [self.configs.index(config) for config in configs]
        self._what = tuple(config.key for config in self.configs)
        with st.container(horizontal=True):
            self._button, self._stopper = ButtonSpot(), ButtonSpot()
        self._progress = Place()
        self.update: Update | None = None

    def stored(self) -> list[RunRecord | None]:
        """What the store has of the runs, each once."""
        store = live.engine().store
        return [store.get(config, **self._enough) for config in self.configs]

    def seconds(self, stored: Sequence[RunRecord | None]) -> float:
        """How long the runs will take that are not in the store."""
        return self._clock(stored).left(0.0)

    def _clock(self, known: Sequence[RunRecord | None]) -> Clock:
        return Clock(self._missing(known), live.pace().speed, ready_in=live.engine().ready_in())

    def _missing(self, known: Sequence[RunRecord | None]) -> list[RunConfig]:
        return [c for c, record in zip(self.configs, known, strict=True) if record is None]

    @property
    def asked(self) -> bool:
        """Whether the reader has asked for these runs."""
        return state.asked_for(self.page.name, self.name, self._what)

    @property
    def known(self) -> bool:
        """Whether all of them are known."""
        return live.engine().known(self.configs, **self._enough)

    def run(self) -> None:
        """Draw the sweep where it is known or asked for. Call it after the board's runs."""
        asked = self.asked
        if not asked and not self.eager:
            self._press((self.label or "Train these runs") + self._takes())
            return
        known = self.known
        if not known and not asked:
            self._offer()
            return
        if not known:
            # As it was, or its browser would show it beside the other one.
            self._train(self.stored(), disabled=True)
            self._stopper.button(
                "Stop",
                key=f"{self.page.name}/{self.name} stop",
                icon=":material/stop:",
                on_click=self._stop,
            )
        failed = not self._watch()
        if failed or not known:
            self._button.empty()
            self._stopper.empty()
        if failed:
            # To ask once more is all it takes.
            self._button.button(
                "Try again",
                key=f"{self.page.name}/{self.name} try again",
                icon=":material/refresh:",
            )

    def _offer(self) -> None:
        stored = self.stored()
        self.offered = self._missing(stored)
        self._train(stored)
        if self.tells:
            self._progress.caption(f"It takes {duration(self.seconds(stored))}.")
        if self.partly and any(record is not None for record in stored):
            self.draw([stored[i] for i in self._order], False)

    def _takes(self) -> str:
        """How long the runs take, in brackets, where that is long: to press is to agree."""
        seconds = live.seconds_to_train(self._missing(self.stored()))
        return f" ({duration(seconds)})" if seconds > live.SECONDS_UNASKED else ""

    def _train(self, stored: Sequence[RunRecord | None], *, disabled: bool = False) -> None:
        left = sum(record is None for record in stored)
        what = "runs" if left == len(stored) else "missing runs"
        label = f"Train these {left} {what}" if left > 1 else "Train this run"
        self._press(self.label or label, disabled=disabled)

    def _press(self, label: str, *, disabled: bool = False) -> None:
        self._button.button(
            label,
            key=f"{self.page.name}/{self.name} button",
            icon=":material/play_arrow:",
            on_click=state.ask_for,
            args=(self.page.name, self.name, self._what),
            disabled=disabled,
        )

    def _stop(self) -> None:
        state.ask_for(self.page.name, self.name, None)
        live.stop()

    def _watch(self) -> bool:
        """Draw the runs as they grow; whether they have not failed."""
        drawn = estimated = -math.inf
        clock: Clock | None = None
        begun = time.monotonic()
        for update in live.live(self.configs, **self._enough):
            self.update = update
            if update.state == "failed":
                self._progress.error(update.message)
                return False
            now = time.monotonic()
            if clock is None:
                ended = [r if r is not None and r.complete else None for r in update.records]
                clock = self._clock(ended)
            clock.hear(now - begun, progress(update.records), update.timings, update.phase)
            if update.state == "done":
                live.pace().learn(clock)
            else:
                if update.phase is None:
                    clock.wait(now - begun, live.engine().ready_in())
                if now - estimated >= SECONDS_BETWEEN_ESTIMATES:
                    estimated = now
                    self._show_progress(update, clock, now - begun)
                if now - drawn < SECONDS_BETWEEN_PICTURES:
                    continue
            drawn = now
            records = [update.records[i] for i in self._order]
            if update.state == "done":
                vault.saw_ends(records)
            if any(record is not None for record in records):
                self.draw(records, update.state == "done")
        self._progress.clear()
        return True

    def _show_progress(self, update: Update, clock: Clock, seconds: float) -> None:
        left = f"{duration(clock.left(seconds))} left"
        text = f"{percent(clock.share, 0)}, {left}"
        if update.state == "waiting":
            text = f"{escaped(update.message)} {upper_first(left)}."
        self._progress.progress(clock.share, text=text)


class OnRequest(Panel):
    """A panel of runs that are trained when the reader asks for them.

    It calls `offer` where the button is to stand, as it is made; not while a guess comes first.
    """

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self._sweep: Sweep | None = None

    def offer(
        self,
        name: str,
        configs: Sequence[RunConfig],
        *,
        brief: bool = True,
        outline: bool = False,
        partly: bool = False,
    ) -> Sweep:
        """Have the runs asked for here; the arguments are those of `Sweep`."""
        self._sweep = Sweep(
            self.page, name, configs, self.show, brief=brief, outline=outline, partly=partly
        )
        return self._sweep

    @property
    def offered(self) -> Sequence[RunConfig]:
        """Those that are not known, once the panel has been run."""
        return () if self._sweep is None else self._sweep.offered

    @property
    def is_known(self) -> bool:
        """Whether they are all known, so that `run` waits for nothing."""
        return self._sweep is not None and self._sweep.known

    def run(self) -> None:
        """Draw the runs where they are known or asked for, and have been offered."""
        if self._sweep is not None:
            self._sweep.run()

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """Show what is known: the records, one a config, and whether all have ended."""
        raise NotImplementedError
