"""A job: runs that are trained together in one task, and how they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from fmviz.engine.connection import Future
from fmviz.engine.reports import Report
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord

State = Literal["waiting", "training", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """Runs that are trained together in one task.

    Attributes:
        task: what the scheduler calls the first attempt at it.
        brief: whether records without weights will do.
        report: the newest of the present attempt.
        contents: the newest records that were reported, undecoded.
        records: by key, once it is done.
        message: why it failed.
        watchers: how many watches want it.
        unwatched_since: when the last of them let go of it.
    """

    configs: tuple[RunConfig, ...]
    task: str
    brief: bool = False
    state: State = "waiting"
    report: Report | None = None
    contents: tuple[bytes, ...] = ()
    records: dict[str, RunRecord] = field(default_factory=dict)
    message: str = ""
    watchers: int = 0
    unwatched_since: float = 0.0
    attempt: int = 0
    future: Future[list[bytes]] | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("waiting", "training")


class Standing(NamedTuple):
    """How a job stands at one moment; the fields are those of `Job`."""

    state: State
    report: Report | None
    contents: tuple[bytes, ...]
    records: dict[str, RunRecord]
    message: str


def task_key(configs: Sequence[RunConfig], brief: bool = False) -> str:
    """The scheduler's name for the task that trains these runs: the same for every client."""
    keys = [config.key for config in configs]
    name = keys[0] if len(keys) == 1 else hashlib.sha256("".join(keys).encode()).hexdigest()[:32]
    return f"fmviz-{'brief-' if brief else ''}{name}"
