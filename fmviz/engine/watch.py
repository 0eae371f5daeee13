"""What a page iterates over while its runs train."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fmviz.engine.job import Job
from fmviz.engine.jobs import Jobs, Snapshot
from fmviz.engine.reports import Phase, Queue, Timing
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import Found, Layer
from fmviz.words import waiting

# How often a watch yields although nothing has changed, so that a page can be interrupted.
POLL_SECONDS = 0.1

State = Literal["waiting", "training", "done", "failed"]
Source = Literal[Layer, "trained"]


@dataclass(frozen=True)
class Update:
    """What is known of the watched runs at one moment.

    Attributes:
        state: "waiting" for a worker or for the first epoch, "training", "done" or "failed".
        records: one a config, in order; None where nothing is known yet.
        sources: one a config.
        message: what the reader should know: the reason of a failure or of a long wait.
        seconds: since the runs were asked for.
        phase: what the worker is doing for these runs; None while it does nothing for them.
        timings: what their training has taken so far, model by model, as far as is known.
        queue: how long those that wait have yet to, as far as is known.
    """

    state: State
    records: tuple[RunRecord | None, ...]
    sources: tuple[Source, ...]
    message: str
    seconds: float
    phase: Phase | None = None
    timings: tuple[Timing, ...] = ()
    queue: Queue | None = None

    @property
    def epoch(self) -> int:
        """Epochs that all watched runs have behind them."""
        return min((record.epochs if record else 0) for record in self.records)

    def progress(self, configs: Sequence[RunConfig]) -> float:
        """Share of all gradient steps of the watched runs that are done, 0 to 1."""
        done = whole = 0
        for config, record in zip(configs, self.records, strict=True):
            ended = record is not None and record.complete
            epochs = 0 if record is None else record.epochs
            done += config.steps if ended else config.steps_in(epochs)
            whole += config.steps
        return done / whole


class Watch:
    """A look at some runs until all have ended. Iterate for `Update`s; close when done.

    It yields when something has changed and at least every `POLL_SECONDS`, so that whoever
    iterates can be interrupted; the last update is "done" or "failed".

    Args:
        known: finished runs, by key.
        mine: the jobs that train the others, by the keys of the runs.
        begun: when they were asked for, by `time.monotonic`; now, where nobody says so.
    """

    def __init__(
        self,
        jobs: Jobs,
        configs: tuple[RunConfig, ...],
        known: dict[str, Found],
        mine: dict[str, Job],
        begun: float | None = None,
    ) -> None:
        self._table = jobs
        self._configs = configs
        self._known = known
        self._jobs = mine
        self._begun = time.monotonic() if begun is None else begun
        self._open = True
        # What the last update was made of.
        self._state: State | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the runs; those without another viewer are cancelled after the grace."""
        if self._open:
            self._open = False
            self._table.release(set(self._jobs.values()))

    def give_up(self) -> None:
        """Close, and cancel at once what has no other viewer: its viewer has moved on."""
        self.close()
        self._table.give_up(set(self._jobs.values()))

    def __iter__(self) -> Iterator[Update]:
        # In the order in which they were asked for.
        jobs = list(dict.fromkeys(self._jobs.values()))
        while True:
            snapshot = self._table.look(jobs)
            update = self._update(snapshot)
            yield update
            if update.state in ("done", "failed"):
                return
            self._table.wait(snapshot.version, POLL_SECONDS)

    @property
    def turned(self) -> bool:
        """Whether there is more news than an epoch since the last update: the first, or the end."""
        return _state(self._table.states(self._jobs.values())) != self._state

    def _update(self, snapshot: Snapshot) -> Update:
        standings = snapshot.jobs.values()
        failures = (standing.message for standing in standings if standing.message)
        reports = [
            (standing.state, standing.report)
            for standing in standings
            if standing.report is not None
        ]
        at_work = (report.phase for state, report in reports if state in ("waiting", "training"))
        timings = tuple(timing for _, report in reports for timing in report.timings)
        found = [self._found(config, snapshot) for config in self._configs]
        state = self._state = _state({standing.state for standing in standings})
        message = snapshot.why_waiting or next(failures, "")
        behind = [lag for _, _, lag in found if lag is not None]
        if behind and state == "training":
            state, message = "waiting", _again(behind, timings)
        return Update(
            state,
            tuple(record for record, _, _ in found),
            tuple(source for _, source, _ in found),
            message,
            time.monotonic() - self._begun,
            next(at_work, None),
            timings,
            snapshot.queue,
        )

    def _found(
        self, config: RunConfig, snapshot: Snapshot
    ) -> tuple[RunRecord | None, Source, _Lag | None]:
        """What is shown of a run, and how far it is behind that where it was begun again."""
        known = self._known.get(config.key)
        if known is not None:
            return known.record, known.source, None
        standing = snapshot.jobs[self._jobs[config.key]]
        ended = standing.records.get(config.key)
        if ended is not None or standing.contents is None:
            return ended, "trained", None
        now = standing.contents.records().get(config.key)
        before = None if standing.before is None else standing.before.records().get(config.key)
        if before is None or (now is not None and (now.complete or now.epochs >= before.epochs)):
            return now, "trained", None
        return before, "trained", _Lag(config, 0 if now is None else now.epochs, before.epochs)


class _Lag(NamedTuple):
    """A run that was begun again: epochs that it has now, and those that are shown."""

    config: RunConfig
    now: int
    shown: int


def _again(behind: Sequence[_Lag], timings: Sequence[Timing]) -> str:
    """Words for runs that were begun again, and have not come as far as they were."""
    pace = {
        key: timing.training / timing.epochs
        for timing in timings
        for key in timing.keys
        if timing.epochs
    }
    left = [(lag.shown - lag.now) * pace.get(lag.config.key, 0.0) for lag in behind]
    last = max(zip(left, behind, strict=True), key=lambda each: (each[0], each[1].shown))[1]
    return waiting.again(last.shown, last.config.epochs, max(left) if all(left) else 0.0)


def _state(states: Set[str]) -> State:
    """The state of a watch, from those of its jobs."""
    if "failed" in states:
        return "failed"
    if "training" in states or {"waiting", "done"} <= states:
        return "training"
    return "waiting" if "waiting" in states else "done"
