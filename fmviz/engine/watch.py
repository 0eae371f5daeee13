"""What a page iterates over while its runs train."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fmviz.engine.job import Job, Standing
from fmviz.engine.jobs import Jobs, Snapshot
from fmviz.engine.reports import Phase, Timing
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import Found, Layer

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
        seconds: since the watch began.
        phase: what the worker is doing for these runs; None while it does nothing for them.
        timings: what their training has taken so far, model by model, as far as is known.
    """

    state: State
    records: tuple[RunRecord | None, ...]
    sources: tuple[Source, ...]
    message: str
    seconds: float
    phase: Phase | None = None
    timings: tuple[Timing, ...] = ()

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
            done += (config.epochs if ended else epochs) * config.steps_per_epoch
            whole += config.epochs * config.steps_per_epoch
        return done / whole


class Watch:
    """A look at some runs until all have ended. Iterate for `Update`s; close when done.

    It yields when something has changed and at least every `POLL_SECONDS`, so that whoever
    iterates can be interrupted; the last update is "done" or "failed".

    Args:
        known: finished runs, by key.
        mine: the jobs that train the others, by the keys of the runs.
    """

    def __init__(
        self,
        jobs: Jobs,
        configs: tuple[RunConfig, ...],
        known: dict[str, Found],
        mine: dict[str, Job],
    ) -> None:
        self._table = jobs
        self._configs = configs
        self._known = known
        self._jobs = mine
        self._decoded: dict[Job, tuple[tuple[bytes, ...], dict[str, RunRecord]]] = {}
        self._begun = time.monotonic()
        self._open = True

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

    def _update(self, snapshot: Snapshot) -> Update:
        standings = snapshot.jobs.values()
        failures = (standing.message for standing in standings if standing.message)
        reports = [
            (standing.state, standing.report)
            for standing in standings
            if standing.report is not None
        ]
        at_work = (report.phase for state, report in reports if state in ("waiting", "training"))
        found = [self._found(config, snapshot) for config in self._configs]
        return Update(
            _state({standing.state for standing in standings}),
            tuple(record for record, _ in found),
            tuple(source for _, source in found),
            snapshot.why_waiting or next(failures, ""),
            time.monotonic() - self._begun,
            next(at_work, None),
            tuple(timing for _, report in reports for timing in report.timings),
        )

    def _found(self, config: RunConfig, snapshot: Snapshot) -> tuple[RunRecord | None, Source]:
        known = self._known.get(config.key)
        if known is not None:
            return known.record, known.source
        job = self._jobs[config.key]
        standing = snapshot.jobs[job]
        record = standing.records.get(config.key)
        return record or self._partial(job, standing, config), "trained"

    def _partial(self, job: Job, standing: Standing, config: RunConfig) -> RunRecord | None:
        """What was reported last of a run that goes on."""
        if not standing.contents:
            return None
        contents, records = self._decoded.get(job, ((), {}))
        if contents is not standing.contents:
            decoded = map(archive.unpack, standing.contents)
            records = {record.config.key: record for record in decoded}
            self._decoded[job] = standing.contents, records
        return records.get(config.key)


def _state(states: set[str]) -> State:
    """The state of a watch, from those of its jobs."""
    if "failed" in states:
        return "failed"
    if "training" in states or {"waiting", "done"} <= states:
        return "training"
    return "waiting" if "waiting" in states else "done"
