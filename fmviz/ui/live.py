"""Live runs on a page: `for update in live(configs): draw`; and what is not begun unasked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from fmviz.engine.ahead import wanted
from fmviz.engine.connection import scheduler_address
from fmviz.engine.engine import Engine
from fmviz.engine.pace import Clock, Speed, reference_seconds
from fmviz.engine.watch import Update, Watch
from fmviz.run.config import RunConfig
from fmviz.run.store import Found, RunStore, default_bytes, default_folder
from fmviz.ui.budget import DrawingBudget
from fmviz.ui.session import session

# How long a reader who has moved a control waits at most for the script to end that shows runs.
SECONDS_BETWEEN_CHECKS = 0.05
# Stored runs that tell how fast this machine is, and how often they are looked at.
RUNS_TIMED = 8
SECONDS_BETWEEN_LOOKS = 60.0
# What takes longer than this is not begun by a link or a slider alone. The slowest step of a
# lesson's story, four optimizers side by side, takes 13 s on the machine of `engine.cost`: a server
# half as fast tells every story without a question, and no link costs more than half a minute.
SECONDS_UNASKED = 30.0
# A server that was busy has timed its last runs long, up to twenty times what they take alone: if
# that counted in full, a class would be asked at every move of a slider.
BUSY = 3.0


@cache
def engine() -> Engine:
    """The engine of this server, shared by all its sessions."""
    return Engine(RunStore(default_folder(), default_bytes()), scheduler_address(), ahead=wanted())


class Pace:
    """What this server's sweeps have taught about its speed, for all of its sessions."""

    def __init__(self) -> None:
        self._speed = Speed()
        self._looked = -float("inf")
        self._taught = False

    @property
    def speed(self) -> Speed:
        """What is known now; before the first sweep, what the newest runs in the store say."""
        now = time.monotonic()
        if not self._taught and now - self._looked > SECONDS_BETWEEN_LOOKS:
            self._looked = now
            self._speed = Speed.of_records(engine().store.newest(RUNS_TIMED))
        return self._speed

    def learn(self, clock: Clock) -> None:
        """Keep what a sweep that has ended has taught."""
        self._speed, self._taught = self.speed.after(clock), True


@cache
def pace() -> Pace:
    """The pace of this server."""
    return Pace()


@cache
def drawing() -> DrawingBudget:
    """What all sessions of this server may spend on pictures of growing runs."""
    return DrawingBudget()


def find_all(configs: Sequence[RunConfig], *, brief: bool = False) -> list[Found | None]:
    """What `live` would show of each of some runs at once; the arguments are its own."""
    found = engine().store.find_all(configs, brief=brief)
    return [found.get(config.key) for config in configs]


def trained_ahead(config: RunConfig) -> bool:
    """Whether a run that is shown was trained before anybody asked for it."""
    found = engine().store.find(config, brief=True, disk=False)
    return found is not None and found.ahead


class Long(NamedTuple):
    """Runs that take so many seconds that their reader is asked first."""

    configs: tuple[RunConfig, ...]
    seconds: float

    def agree(self) -> None:
        """Have them begin in this session from now on; for callbacks."""
        session().agreed.update(config.key for config in self.configs)


def long(
    configs: Sequence[RunConfig], *, brief: bool = False, test: bool = False, retrain: bool = False
) -> Long | None:
    """Those of some runs that would have to be trained, where that takes longer than is begun
    unasked and the reader has not agreed; the arguments are those of `live`."""
    known = engine().store.find_all(configs, brief=brief, test=test, recorded=not retrain)
    missing = tuple(config for config in dict.fromkeys(configs) if config.key not in known)
    if all(config.key in session().agreed for config in missing):
        return None
    # Most runs are short by the model alone: then no stored run is read to know this server's pace.
    if BUSY * reference_seconds(missing) <= SECONDS_UNASKED:
        return None
    seconds = seconds_to_train(missing)
    return Long(missing, seconds) if seconds > SECONDS_UNASKED else None


def seconds_to_train(configs: Sequence[RunConfig]) -> float:
    """How long training runs takes here, as far as is known, if nothing else is trained."""
    return Clock(configs, pace().speed).left(0.0)


def stop() -> None:
    """Give up whatever this session is watching; for callbacks."""
    watch = session().swap_watch(None)
    if watch is not None:
        watch.give_up()


def live(
    configs: Sequence[RunConfig],
    *,
    brief: bool = False,
    test: bool = False,
    outline: bool = False,
    retrain: bool = False,
) -> Iterator[Update]:
    """Updates of some runs until all have ended, at a pace that a browser can follow, and that a
    server can keep which has many.

    Args:
        brief: whether records without weights will do.
        test: whether the test images are to be measured; runs that are known without are trained
            again.
        outline: whether records with nothing but their histories will do.
        retrain: whether recorded runs are trained here all the same.

    When the reader moves a control, Streamlit ends the script at its next call; the next run of
    the script opens its own watch and gives up this one's.
    """
    watch = engine().watch(configs, brief=brief, test=test, outline=outline, retrain=retrain)
    previous = session().swap_watch(watch)
    if previous is not None:
        # After the new watch is open, so that a run which both want goes on.
        previous.give_up()
    with watch:
        spent = time.thread_time()
        for update in watch:
            yield update
            if update.state in ("waiting", "training"):
                _pause(drawing().spend(time.thread_time() - spent), watch)
                spent = time.thread_time()


def _pause(seconds: float, watch: Watch) -> None:
    """Look away, rather than at each of many updates: to look takes as long as to draw. The first
    epoch and the end are worth a look at once."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not watch.turned:
        # Where the reader has moved a control, this is where Streamlit ends the script.
        session()
        time.sleep(min(left, SECONDS_BETWEEN_CHECKS))
