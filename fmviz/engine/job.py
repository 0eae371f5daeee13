"""A job: runs that are asked for in one task, and how they stand."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from fmviz.engine.connection import Future
from fmviz.engine.reports import Packed, Queue, Report
from fmviz.engine.urgency import Urgency
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord

State = Literal["waiting", "training", "done", "failed", "cancelled"]


class Contents:
    """Records as a worker reports them. They are unpacked when somebody first looks at them, once
    for all who look.

    Args:
        packed: by `archive.pack`.
    """

    def __init__(self, packed: tuple[bytes, ...]) -> None:
        self.packed = packed
        self._lock = threading.Lock()
        self._records: dict[str, RunRecord] | None = None

    def records(self) -> dict[str, RunRecord]:
        """The records by key.

        Raises:
            RecordError: one is damaged.
        """
        with self._lock:
            if self._records is None:
                unpacked = map(archive.unpack, self.packed)
                self._records = {record.config.key: record for record in unpacked}
            return self._records


@dataclass(eq=False)
class Job:
    """Runs that are asked for in one task.

    Attributes:
        task: what the scheduler calls it; each attempt has a name of its own.
        together: a name that jobs share whose curves are to grow together.
        company: runs that are to be trained as one model with its own, those included.
        brief: whether records without weights will do.
        test: whether the test images are measured.
        asked: when, on the monotonic clock.
        begun: when a worker began with it, likewise.
        report: the newest of the present attempt, without records.
        contents: the newest records that were reported, if any.
        before: those of the attempt that had come furthest, if there was one before the present.
        reached: the epoch that it had come to.
        records: by key, once it is done.
        message: why it failed; while it waits, what has happened to it.
        watchers: how many watches want it.
        viewers: how many of them its worker has been told of.
        unwatched_since: when the last of them let go of it.
        attempt: counts how often it was handed over.
        elsewhere: whether another server on the same store trains it, and this one waits.
        worker: the process that has begun it, as far as is known.
        alone: whether it is trained by itself, because a process ended that was training it.
        deaths: processes that ended while they trained it alone.
    """

    configs: tuple[RunConfig, ...]
    task: str
    together: str = ""
    company: int = 1
    brief: bool = False
    test: bool = False
    urgency: Urgency = Urgency.LIVE
    asked: float = field(default_factory=time.monotonic)
    begun: float | None = None
    state: State = "waiting"
    report: Report | None = None
    contents: Contents | None = None
    before: Contents | None = None
    reached: int = 0
    records: dict[str, RunRecord] = field(default_factory=dict)
    message: str = ""
    watchers: int = 0
    viewers: int = 1
    unwatched_since: float = 0.0
    attempt: int = 0
    elsewhere: bool = False
    worker: str = ""
    alone: bool = False
    deaths: int = 0
    future: Future[list[Packed]] | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("waiting", "training")

    @property
    def waiting(self) -> int:
        """Viewers that a worker is to count for it: what is trained for nobody counts as one."""
        return max(self.watchers, 1)

    @property
    def epoch(self) -> int:
        """The one that it was last heard of in the present attempt."""
        return 0 if self.report is None else self.report.phase.epoch

    def start_over(self) -> None:
        """Have it wait for a process to begin with it. What is known of it stays, for who watches
        it to show until the next attempt has come as far."""
        if self.contents and self.epoch >= self.reached:
            self.before, self.reached = self.contents, self.epoch
        self.state, self.report, self.worker = "waiting", None, ""

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        return Standing(
            self.state, self.report, self.contents, self.before, self.records, self.message
        )


class Standing(NamedTuple):
    """How a job stands at one moment; the fields are those of `Job`."""

    state: State
    report: Report | None
    contents: Contents | None
    before: Contents | None
    records: dict[str, RunRecord]
    message: str

    @property
    def queue(self) -> Queue | None:
        """How long it has yet to wait; None where that is not known, or it has begun."""
        return None if self.report is None else self.report.queue
