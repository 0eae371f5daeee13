"""What a worker tells of a task while it trains, and how that travels as an event of Dask's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fmviz.run.phases import PhaseName

TOPIC = "fmviz-progress"
BEATS = "fmviz-beats"
# A packed record as it travels: Dask sends an array of bytes without copying it.
Packed: TypeAlias = npt.NDArray[np.uint8]


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
        preparing, compiling, training: seconds so far, by the clock on the wall, without what is
            going on.
    """

    keys: tuple[str, ...]
    epochs: int = 0
    preparing: float = 0.0
    compiling: float = 0.0
    training: float = 0.0


class Queue(NamedTuple):
    """How long a request has yet to wait.

    Attributes:
        ahead: requests that are before it.
        seconds: what those still take, as far as is known.
    """

    ahead: int
    seconds: float


class Beat(NamedTuple):
    """A sign of life of a worker, sent every second.

    Attributes:
        worker: names its process.
        parts: of training that it has done so far.
        busy: whether there is anything to train.
        leaving: whether it is about to be replaced, on purpose.
        address: where the scheduler reaches it.
    """

    worker: str
    parts: int
    busy: bool
    leaving: bool = False
    address: str = ""


@dataclass(frozen=True)
class Report:
    """How a task stands. Each report says all there is to know, so that one that is lost, or came
    before somebody listened, is no harm.

    Attributes:
        task: its key.
        phase: what is being done.
        timings: one for each group of its runs.
        records: `archive.pack` of all its runs that have begun, or None where there is nothing new.
        queue: how long it has yet to wait; None once it has begun.
        worker: names the process that trains it.
        runs: the keys of all its runs, for who waits for one and has not asked for the task.
        test: whether their test images are measured.
    """

    task: str
    phase: Phase
    timings: tuple[Timing, ...]
    records: tuple[bytes, ...] | None = None
    queue: Queue | None = None
    worker: str = ""
    runs: tuple[str, ...] = ()
    test: bool = False

    def has_measured(self, key: str) -> bool:
        """Whether it has an epoch of a run."""
        measured = (timing.keys for timing in self.timings if timing.epochs)
        return self.records is not None and any(key in keys for keys in measured)

    def message(self) -> dict[str, Any]:
        """The report in types that msgpack knows."""
        return {
            "task": self.task,
            "phase": list(self.phase),
            "timings": [list(timing) for timing in self.timings],
            "records": None if self.records is None else list(self.records),
            "queue": None if self.queue is None else list(self.queue),
            # Not "worker": there the scheduler writes the address.
            "process": self.worker,
            "runs": list(self.runs),
            "test": self.test,
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Report:
        """The report that `message` has made this of."""
        name, keys, epoch = message["phase"]
        records, queue = message["records"], message["queue"]
        return cls(
            message["task"],
            Phase(name, tuple(keys), epoch),
            tuple(Timing(tuple(keys), *figures) for keys, *figures in message["timings"]),
            None if records is None else tuple(records),
            None if queue is None else Queue(*queue),
            message["process"],
            # An older worker of somebody else's on the same scheduler does not say.
            tuple(message.get("runs", ())),
            message.get("test", False),
        )
