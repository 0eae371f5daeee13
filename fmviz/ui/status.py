"""The row below a page's main picture: where the figures come from or how far they are, in words,
and beside them a bar or a button."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from fmviz.engine.watch import Update
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.ui import live
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import waiting
from fmviz.words.escaping import escaped

# The row has room for what it may say and hold, so that nothing below it moves.
STYLE = (Path(__file__).parent / "status.css").read_text(encoding="utf-8")


class StatusRow:
    """The row of a page; made where it is to stand.

    Attributes:
        offer: the place of its one button.
    """

    def __init__(self) -> None:
        st.html(f"<style>{STYLE}</style>")
        with st.container(key="status-row"):
            line, side = st.columns([3, 2], vertical_alignment="center")
        with line:
            self._line = Place()
        with side:
            self._bar, self.offer = Place(), Place()
        # Out of sight, and read out as it changes: `aloud.js`.
        with st.container(key="said"):
            self._aloud = Place()
        self._trains = False

    def say(self, text: str, behind: str | None = None) -> None:
        """These words, Markdown.

        Args:
            behind: more of them, a press away.
        """
        self._line.note(text, help=behind)

    def tell(self, update: Update) -> None:
        """Say aloud when training goes on and when it has ended, once each."""
        if update.state in ("waiting", "training") and not self._trains:
            self._trains = True
            self._aloud.note(waiting.said_while_it_trains())
        elif update.state == "done" and self._trains:
            self._trains = False
            self._aloud.note(waiting.said_at_the_end())
        elif update.state == "failed":
            self._aloud.note(escaped(waiting.said_when_it_failed(update.message)))

    def progress(self, share: float) -> None:
        """How far something is, from 0 to 1."""
        self._bar.progress(share)

    def end_progress(self) -> None:
        """Take the bar away."""
        self._bar.clear()


class Said(NamedTuple):
    """What the row says, and what stands behind it."""

    text: str
    behind: str | None = None


def status(update: Update, horizon: int) -> Said:
    """Where the figures come from, or how far they are."""
    if update.state == "waiting":
        return Said(f":material/hourglass_top: {escaped(update.message)}")
    if update.state == "training":
        return Said(f":material/play_arrow: {waiting.training(update.epoch, horizon)}")
    if update.state == "failed":
        return Said(f":material/error: :red[{escaped(update.message)}]")
    if not update.records or update.records[-1] is None:
        return Said("")
    # Of several the one that ships least: "recorded" is said where all are.
    pairs = list(zip(update.records, update.sources, strict=True))
    source = max(update.sources, key=waiting.SOURCES.index)
    record = [record for record, its in pairs if its == source and record is not None][-1]
    behind = [f"{waiting.made(update.sources)}."] if len(set(update.sources)) > 1 else []
    if source == "recorded":
        text = ":material/inventory_2: recorded run"
        behind.append(escaped(waiting.versions(record.made)))
    elif source == "store" and live.trained_ahead(record.config):
        text = f":material/bolt: {_ahead(record)}"
    elif source == "store":
        text = f":material/inventory_2: {waiting.stored()}"
    elif record.diverged is not None:
        text = f":material/check: trained just now, diverged in epoch {record.diverged.epoch}"
    else:
        text = ":material/check: trained just now"
        seconds = sum(r.at_end("seconds") for r, s in pairs if s == "trained" and r and r.epochs)
        behind.append(f"{plural(horizon, 'epoch')}, {seconds:.1f} s of gradient steps")
    return Said(text, " ".join(behind) or None)


def _ahead(record: RunRecord) -> str:
    """When a run was trained that nobody had asked for."""
    begun = str(record.made.get("begun", ""))
    # Both are of the same clock and zone, and so are in order as texts too.
    since = begun >= session().begun.isoformat(timespec="milliseconds")
    return waiting.trained_meanwhile() if since else waiting.trained_ahead()
