"""How often a page's panels are drawn while its runs grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from fmviz.charts import curves, figures
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.ui import board, live
from fmviz.ui.told import Told
from tests.support.lessons import made_up, opened
from tests.support.scripted import ScriptedEngine, ScriptedWatch, first_epochs


def growing(configs: Sequence[RunConfig]) -> list[Update]:
    """One epoch, told of twice; two epochs, told of twice; the end."""
    done = made_up(configs)
    one, two = (
        replace(
            done,
            state="training",
            records=tuple(first_epochs(record, epochs) for record in done.records if record),
            sources=("trained",) * len(configs),
        )
        for epochs in (1, 2)
    )
    return [one, one, two, two, done]


class Engine(ScriptedEngine):
    def watch(self, configs: Sequence[RunConfig], **_: bool) -> ScriptedWatch:
        return ScriptedWatch(self.script(configs))

    def known(self, configs: Sequence[RunConfig], **_: bool) -> bool:
        return False


def test_panels_are_drawn_when_there_is_news_and_what_is_read_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = board.SECONDS_BETWEEN_FIGURES
    times = iter([0.0, 0.1 * pace, 0.2 * pace, 1.1 * pace, 1.2 * pace])
    monkeypatch.setattr(board, "time", SimpleNamespace(monotonic=lambda: next(times)))
    engine = Engine(growing)
    monkeypatch.setattr(live, "engine", lambda: engine)
    monkeypatch.setattr(live, "_pause", lambda seconds, watch: None)
    drawn: list[tuple[str, int]] = []

    def noting(module: Any, name: str, what: str) -> None:
        plain = getattr(module, name)

        def note(runs: Any, *args: Any, **kwargs: Any) -> Any:
            drawn.append((what, runs[-1].record.epochs))
            return plain(runs, *args, **kwargs)

        monkeypatch.setattr(module, name, note)

    noting(curves, "curves_rows", "curves")
    noting(figures, "gap_rows", "card")
    said: list[int] = []
    say = Told.say

    def note(told: Told, *captions: Any, **kwargs: Any) -> None:
        if not told.small:
            said.append(sum(what == "curves" for what, _ in drawn))
        say(told, *captions, **kwargs)

    monkeypatch.setattr(Told, "say", note)
    # With a closer look that waits for the runs, as the words beside the curves do.
    opened("regularisation", {"section": "nudge"})
    last = drawn[-1][1]
    assert drawn == [
        ("curves", 1),
        ("card", 1),
        # What is read is not due yet.
        ("curves", 2),
        # It is now, and there is no other news.
        ("curves", 2),
        ("card", 2),
        ("curves", last),
        ("card", last),
    ]
    assert last > 2
    # The words beside the curves go with the cards.
    assert sorted(set(said)) == [1, 3, 4]
