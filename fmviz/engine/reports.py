"""What a worker tells of a task while it trains, and how that travels as an event of Dask's."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fmviz.run.phases import PhaseName

TOPIC = "fmviz-progress"


class Phase(NamedTuple):
    """What a worker is doing at the moment.

    Attributes:
        name: what it does.
        keys: of the runs for which it does so.
        epoch: the one that is trained, counted from 1; 0 before the first.
    """

    name: PhaseName
    keys: tuple[str, ...] = ()
    epoch: int = 0


class Timing(NamedTuple):
    """What has been done of runs that are trained as one model, and the seconds that it took.

    Attributes:
        keys: of the runs.
        epochs: how many have been trained and measured.
        preparing, compiling, training: seconds so far, without the phase that is going on.
    """

    keys: tuple[str, ...]
    epochs: int = 0
    preparing: float = 0.0
    compiling: float = 0.0
    training: float = 0.0


@dataclass(frozen=True)
class Report:
    """How a task stands. Each report says all there is to know, so that one that is lost, or came
    before somebody listened, is no harm.

    Attributes:
        task: its key.
        phase: what is being done.
        timings: one for each group of its runs.
        records: `archive.pack` of all its runs, or None where there is nothing new.
    """

    task: str
    phase: Phase
    timings: tuple[Timing, ...]
    records: tuple[bytes, ...] | None = None

    def message(self) -> dict[str, Any]:
        """The report in types that msgpack knows."""
        return {
            "task": self.task,
            "phase": list(self.phase),
            "timings": [list(timing) for timing in self.timings],
            "records": None if self.records is None else list(self.records),
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Report:
        """The report that `message` has made this of."""
        name, keys, epoch = message["phase"]
        records = message["records"]
        return cls(
            message["task"],
            Phase(name, tuple(keys), epoch),
            tuple(Timing(tuple(keys), *figures) for keys, *figures in message["timings"]),
            None if records is None else tuple(records),
        )


class Stopwatch:
    """Adds up the seconds that the phases of a task take.

    Args:
        groups: the keys of the runs that are trained as one model, model by model.
        now: a clock, in seconds.
    """

    def __init__(
        self, groups: Sequence[tuple[str, ...]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._timings = {keys: Timing(keys) for keys in groups}
        self._now = now
        self._since: float | None = None
        self.phase = Phase("preparing")

    @property
    def timings(self) -> tuple[Timing, ...]:
        """What has been done and has ended."""
        return tuple(self._timings.values())

    def enter(self, keys: tuple[str, ...], name: PhaseName) -> None:
        """A phase begins for these runs, and the one before is over."""
        self.leave()
        epoch = self._timings[keys].epochs + 1 if name == "training" else 0
        self.phase, self._since = Phase(name, keys, epoch), self._now()

    def leave(self) -> None:
        """The phase is over, and what comes next has not begun."""
        if self._since is None:
            return
        name, keys, _ = self.phase
        timing = self._timings[keys]
        spent = getattr(timing, name) + self._now() - self._since
        self._since = None
        epochs = timing.epochs + (name == "training")
        self._timings[keys] = timing._replace(**{name: spent}, epochs=epochs)
