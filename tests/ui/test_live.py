"""Runs on a page are looked at no oftener than they can be drawn, and are let go of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from fmviz.engine.pace import Speed
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.ui import live
from fmviz.ui.budget import LONGEST_SECONDS, SHORTEST_SECONDS, DrawingBudget
from tests.support.lessons import made_up
from tests.support.scripted import ScriptedEngine


class Reader:
    """A session whose reader moves a control at some look of the script at its state."""

    def __init__(self, moves_at: float = float("inf")) -> None:
        self.looks, self.moves_at = 0, moves_at
        self.agreed: set[str] = set()
        self.watch: Any = None

    def __call__(self) -> Reader:
        self.looks += 1
        if self.looks >= self.moves_at:
            raise KeyboardInterrupt
        return self

    def swap_watch(self, watch: Any) -> Any:
        previous, self.watch = self.watch, watch
        return previous


def updates(configs: Sequence[RunConfig]) -> list[Update]:
    done = made_up(configs)
    count = len(configs)
    waits = [
        Update("waiting", (None,) * count, ("trained",) * count, "soon", i) for i in (1.0, 2.0)
    ]
    return [*waits, done]


@pytest.fixture(autouse=True)
def budget(monkeypatch: pytest.MonkeyPatch) -> DrawingBudget:
    own = DrawingBudget()
    monkeypatch.setattr(live, "drawing", lambda: own)
    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(updates))
    return own


def test_what_has_ended_is_shown_at_once_and_what_goes_on_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "session", Reader())
    times = [(update.state, time.monotonic()) for update in live.live([RunConfig()])]
    assert [state for state, _ in times] == ["waiting", "waiting", "done"]
    for (_, one), (_, next_one) in pairwise(times):
        assert next_one - one >= SHORTEST_SECONDS


def test_the_first_epoch_and_the_end_are_looked_at_at_once(
    budget: DrawingBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine(updates)
    monkeypatch.setattr(live, "engine", lambda: engine)
    monkeypatch.setattr(live, "session", Reader())
    budget.spend(100.0)
    states = []
    begun = time.monotonic()
    for update in live.live([RunConfig()]):
        states.append(update.state)
        engine.watches[0].turned = True
    assert states == ["waiting", "waiting", "done"]
    assert time.monotonic() - begun < 0.9 * LONGEST_SECONDS


def test_what_a_picture_takes_is_spent(
    budget: DrawingBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = []

    def spend(seconds: float) -> float:
        spent.append(seconds)
        return 0.0

    monkeypatch.setattr(live, "session", Reader())
    monkeypatch.setattr(budget, "spend", spend)
    for update in live.live([RunConfig()]):
        begun = time.thread_time()
        while update.state == "waiting" and time.thread_time() - begun < 0.03:
            pass
    assert len(spent) == 2
    # The thread's own time, whatever others do meanwhile.
    assert all(0.03 <= seconds < 0.3 for seconds in spent)


def test_a_reader_who_moves_a_control_ends_the_script_while_it_looks_away(
    budget: DrawingBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(moves_at=3)
    monkeypatch.setattr(live, "session", reader)
    budget.spend(100.0)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(live.live([RunConfig()]))
    # It did not wait for its next picture.
    assert time.monotonic() - begun < 0.9 * LONGEST_SECONDS


@pytest.mark.parametrize(
    ("config", "asks"),
    [
        (RunConfig(train_size=300, epochs=2), False),
        (RunConfig(train_size=5_000, epochs=30), False),
        (RunConfig(hidden=(512,) * 6, batch_size=8, epochs=100), True),
    ],
)
def test_a_server_that_was_busy_asks_of_no_short_run(
    config: RunConfig, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        speed = Speed(training=20.0, compiling=20.0)

    monkeypatch.setattr(live, "session", Reader())
    monkeypatch.setattr(live, "pace", Busy)
    assert live.seconds_to_train([config]) > live.SECONDS_UNASKED
    assert (live.long([config]) is not None) is asks
