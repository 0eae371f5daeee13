"""Live runs on a page: `for update in live(configs): draw`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache

from fmviz.engine.connection import scheduler_address
from fmviz.engine.engine import Engine
from fmviz.engine.pace import Clock, Speed
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore, default_bytes, default_folder
from fmviz.ui.session import session

# Time a browser gets to draw one picture before the next comes.
SECONDS_BETWEEN_PICTURES = 0.06
# Stored runs that tell how fast this machine is.
RUNS_TIMED = 8


@cache
def engine() -> Engine:
    """The engine of this server, shared by all its sessions."""
    return Engine(RunStore(default_folder(), default_bytes()), scheduler_address())


class Pace:
    """What this server's sweeps have taught about its speed, for all of its sessions."""

    def __init__(self) -> None:
        self._speed: Speed | None = None

    @property
    def speed(self) -> Speed:
        """What is known now; before the first sweep, what the newest runs in the store say."""
        if self._speed is None:
            self._speed = Speed.of_records(engine().store.newest(RUNS_TIMED))
        return self._speed

    def learn(self, clock: Clock) -> None:
        """Keep what a sweep that has ended has taught."""
        self._speed = self.speed.after(clock)


@cache
def pace() -> Pace:
    """The pace of this server."""
    return Pace()


def stop() -> None:
    """Give up whatever this session is watching; for callbacks."""
    watch = session().swap_watch(None)
    if watch is not None:
        watch.give_up()


def live(
    configs: Sequence[RunConfig], *, brief: bool = False, retrain: bool = False
) -> Iterator[Update]:
    """Updates of some runs until all have ended, at a pace that a browser can follow.

    Args:
        brief: whether records without weights will do.
        retrain: whether recorded runs are trained here all the same.

    When the reader moves a control, Streamlit ends the script at its next call; the next run of
    the script opens its own watch and gives up this one's.
    """
    watch = engine().watch(configs, brief=brief, retrain=retrain)
    previous = session().swap_watch(watch)
    if previous is not None:
        # After the new watch is open, so that a run which both want goes on.
        previous.give_up()
    drawn = -1.0
    with watch:
        for update in watch:
            now = time.monotonic()
            if update.state == "training" and now - drawn < SECONDS_BETWEEN_PICTURES:
                continue
            drawn = now
            yield update
