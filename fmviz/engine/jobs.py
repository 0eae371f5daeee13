"""The table of what is being trained: asked for, watched, let go of, cancelled, collected.

A job is some runs that are trained in one task. Its key is made of theirs, so however many viewers
ask for a run, here or at another client of the scheduler, it is trained once.

The table's lock guards every field of it and of its jobs. Dask's event loop waits for that lock in
`Jobs.reported`, so nothing that waits for the event loop may be called while it is held:
`Client.submit` does not wait, `Future.cancel` and `Future.result` do.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import CancelledError
from typing import NamedTuple

from fmviz.engine import worker
from fmviz.engine.connection import Client, Future
from fmviz.engine.job import Job, Standing, State, task_key
from fmviz.engine.reports import Report
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.groups import group, shape_of, tasks
from fmviz.run.record import RecordError, RunRecord
from fmviz.run.store import Found, RunStore

logger = logging.getLogger(__name__)

# Why runs have not begun, as it stands after "waiting for the worker: ".
STARTING = "it is starting up"
NEXT = "it is getting ready"
COMPILING = "it is compiling a network of this shape"


class Snapshot(NamedTuple):
    """How some jobs stand at one moment.

    Attributes:
        jobs: each with its standing, in the order in which they were given.
        why_waiting: why those that wait do; "" where none does.
        version: goes up with every change of the table.
    """

    jobs: dict[Job, Standing]
    why_waiting: str
    version: int


class Jobs:
    """The jobs of an engine, by task. Safe to use from many threads; it listens to a connection.

    Args:
        store: where finished runs are kept.
        grace: seconds that a job without watchers goes on.
    """

    def __init__(self, store: RunStore, grace: float) -> None:
        self._store = store
        self._grace = grace
        self._changed = threading.Condition()
        self._version = 0
        self._jobs: dict[str, Job] = {}
        self._client: Client | None = None
        self._problem = ""
        self._warmed: dict[str, Future[None]] = {}

    # Asking and watching ---------------------------------------------------------------------

    def ask(
        self, configs: Sequence[RunConfig], *, brief: bool = False
    ) -> tuple[dict[str, Job], dict[str, Found]]:
        """Jobs for runs that the store has not had a moment ago, each with one watcher more.

        Those that are trained already are joined; the others start now, together; more of them
        than one model holds, a model at a time, so that others get their turn.

        Returns:
            The jobs by the key of their runs, and of runs that have ended in that moment, the
            records.
        """
        jobs: dict[str, Job] = {}
        ended: dict[str, Found] = {}
        missing = []
        with self._changed:
            for config in configs:
                found = self._store.find(config, brief=brief, recorded=False, disk=False)
                job = self._job_of(config, brief)
                if found is not None:
                    ended[config.key] = found
                elif job is not None:
                    jobs[config.key] = job
                else:
                    missing.append(config)
            for part in tasks(missing):
                job = Job(tuple(part), task_key(part, brief), brief)
                self._jobs[job.task] = job
                jobs |= {config.key: job for config in part}
                self._submit(job)
            for job in set(jobs.values()):
                job.watchers += 1
        return jobs, ended

    def _job_of(self, config: RunConfig, brief: bool) -> Job | None:
        """A job that trains a run; called with the lock held."""
        for job in self._jobs.values():
            if job.live and config in job.configs and (brief or not job.brief):
                return job
        return None

    def look(self, jobs: Collection[Job]) -> Snapshot:
        """How these jobs stand."""
        with self._changed:
            standings = {
                job: Standing(job.state, job.report, job.contents, job.records, job.message)
                for job in jobs
            }
            waiting = any(job.state == "waiting" for job in jobs)
            why = self._why_waiting(jobs) if waiting else ""
            return Snapshot(standings, why, self._version)

    def wait(self, version: int, seconds: float) -> None:
        """Wait until there is a newer version of the table, at most so long."""
        with self._changed:
            if self._version == version:
                self._changed.wait(seconds)

    def release(self, jobs: Collection[Job]) -> None:
        """One watcher less; jobs without another one are cancelled after the grace."""
        with self._changed:
            for job in jobs:
                job.watchers -= 1
                job.unwatched_since = time.monotonic()
        self._cancel_unwatched()

    def give_up(self, jobs: Collection[Job]) -> None:
        """Cancel jobs that have no watcher at once."""
        with self._changed:
            for job in jobs:
                job.unwatched_since = -float("inf")
        self._cancel_unwatched()

    def _cancel_unwatched(self) -> None:
        now = time.monotonic()
        futures = []
        with self._changed:
            for job in list(self._jobs.values()):
                if job.watchers or (job.live and now - job.unwatched_since < self._grace):
                    continue
                del self._jobs[job.task]
                if job.live:
                    job.state = "cancelled"
                    if job.future is not None:
                        futures.append(job.future)
                        job.future = None
        for future in futures:
            # Where another client of the scheduler wants it, it goes on. `Future.cancel` would
            # wait for the client's event loop, and that may wait for our lock in `reported`.
            future.release()

    def _why_waiting(self, jobs: Collection[Job]) -> str:
        """Words for why these jobs have not begun; called with the lock held."""
        if self._problem:
            return self._problem
        if self._client is None:
            return STARTING
        phases = {job.report.phase.name for job in jobs if job.live and job.report is not None}
        if "compiling" in phases:
            return COMPILING
        ahead = 0
        for job in self._jobs.values():  # in the order in which they were asked for
            if job in jobs:
                break
            ahead += job.live
        if ahead:
            return f"{ahead} other {'run is' if ahead == 1 else 'runs are'} ahead of this one"
        return NEXT

    # What else the engine asks -----------------------------------------------------------------

    def warm(self, configs: Sequence[RunConfig]) -> None:
        """Have the worker compile what runs like these need, after everything that is asked for."""
        with self._changed:
            for part in group(configs):
                alike = [configs[i] for i in part]
                name = f"{shape_of(alike[0])} {len(alike)}".encode()
                key = f"fmviz-warm-{hashlib.sha256(name).hexdigest()[:32]}"
                if self._client is None or key in self._warmed:
                    continue
                documents = [config.model_dump(mode="json") for config in alike]
                try:
                    # Kept, for a task whose result nobody holds is forgotten, and done again.
                    self._warmed[key] = self._client.submit(
                        worker.warm, documents, key=key, pure=True, priority=-2
                    )
                except Exception as error:  # the connection has just broken
                    logger.debug("cannot warm up: %s", error)

    def standing(self) -> tuple[Client | None, str]:
        """The client, None while there is no connection, and how an order of a file stands."""
        with self._changed:
            if self._client is None:
                return None, f"waiting for the worker: {self._problem or STARTING}"
            busy = any(job.live for job in self._jobs.values())
            words = "waiting for the worker: it has runs to end first"
            return self._client, words if busy else "the worker is making the file"

    # Listening to the connection -----------------------------------------------------------------

    def connected(self, client: Client) -> None:
        """Hand all jobs to the scheduler."""
        with self._changed:
            self._client, self._problem = client, ""
            for job in self._jobs.values():
                if job.live:
                    self._submit(job)
            self._notify()

    def lost(self, problem: str) -> None:
        """Have all jobs wait for another connection."""
        with self._changed:
            self._client, self._problem = None, problem
            self._warmed.clear()
            for job in self._jobs.values():
                if job.live:
                    job.state, job.report, job.future = "waiting", None, None
            self._notify()

    def tick(self) -> None:
        """Cancel the jobs whose grace is over."""
        self._cancel_unwatched()

    def reported(self, report: Report) -> None:
        """Note what a worker reports of a job."""
        with self._changed:
            for job in self._jobs.values():
                if job.live and job.future is not None and job.future.key == report.task:
                    job.report = report
                    if report.records is not None:
                        job.state, job.contents = "training", report.records
                        self._notify()

    def _notify(self) -> None:
        """Wake whoever waits for a change; called with the lock held."""
        self._version += 1
        self._changed.notify_all()

    # Running -------------------------------------------------------------------------------------

    def _submit(self, job: Job) -> None:
        """Hand a job to the scheduler, if there is one; called with the lock held."""
        if self._client is None:
            return
        key = job.task if job.attempt == 0 else f"{job.task}-{job.attempt}"
        documents = [config.model_dump(mode="json") for config in job.configs]
        job.state, job.report = "waiting", None
        try:
            job.future = self._client.submit(
                worker.train_runs,
                documents,
                job.brief,
                key=key,
                pure=True,
                priority=-1 if job.brief else 0,
            )
        except Exception as error:  # the connection has just broken: it is submitted again then
            logger.warning("cannot submit %s: %s", key, error)
            return
        threading.Thread(
            target=self._collect, args=(job, job.future), name=key, daemon=True
        ).start()

    def _collect(self, job: Job, future: Future[list[bytes]]) -> None:
        """Wait for a task and take its result; on a thread of its own."""
        records: dict[str, RunRecord] = {}
        state: State = "done"
        message = ""
        try:
            contents = future.result()
            for config, content in zip(job.configs, contents, strict=True):
                records[config.key] = archive.unpack(content)
                self._store.remember(records[config.key])
        except worker.Cancelled:
            # It was given up, and asked for again before the scheduler knew.
            with self._changed:
                if job.live and job.future is future:
                    job.attempt += 1
                    self._submit(job)
            return
        except RecordError as error:
            state = "failed"
            message = f"the worker sent a record that this fmviz cannot read: {error}"
        except CancelledError:
            return  # let go of, or lost with the connection and submitted again
        except Exception as error:
            state, message = "failed", f"{type(error).__name__}: {error}"
        with self._changed:
            if job.live and job.future is future:
                if state == "failed":
                    logger.error("a run failed: %s", message)
                job.records, job.state, job.message, job.future = records, state, message, None
                if job.watchers == 0:
                    self._jobs.pop(job.task, None)
                self._notify()
        # After the viewers have been told: packing and writing takes a while.
        for record in records.values():
            self._store.put(record)
