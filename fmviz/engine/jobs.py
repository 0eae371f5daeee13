"""The table of what is being trained: asked for, watched, let go of, cancelled, collected.

A job is some runs that are asked for in one task. However many viewers ask for a run here, it is
asked for once; where several servers share a worker, that trains it once for all of them.

The table's lock guards every field of it and of its jobs. Dask's event loop waits for that lock in
`Jobs.reported`, so nothing that waits for the event loop may be called while it is held:
`Client.submit` does not wait, `Future.cancel` and `Future.result` do.

Long because whatever changes a job holds that one lock.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import NamedTuple

from fmviz.engine import journal, needs, worker
from fmviz.engine.connection import Client, Future
from fmviz.engine.job import Contents, Job, Standing, State
from fmviz.engine.reports import Beat, Packed, Queue, Report
from fmviz.engine.requests import Cancelled
from fmviz.engine.trainer import EPOCHS_ALONE
from fmviz.engine.urgency import Urgency
from fmviz.run import archive
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.groups import group, kinds_of
from fmviz.run.record import RecordError, RunRecord
from fmviz.run.store import Found, RunStore
from fmviz.version import VERSION
from fmviz.words import waiting

logger = logging.getLogger(__name__)

# Requests that may wait at once, of all viewers.
QUEUE_LIMIT = 120
# A worker that has been silent for so long is not there.
SILENT_SECONDS = 5.0
# One that stays silent, or trains without getting anywhere, is replaced.
HUNG_SECONDS = 15.0
STUCK_SECONDS = 120.0
# The next one of a process that leaves on purpose may take so long to start.
LEAVING_SECONDS = 60.0
# By when a full queue has room, where that is not known.
FULL_SECONDS = 60.0
# How often it is looked whether another server has ended what it trains.
LOOK_SECONDS = 0.5
# Shapes that are compiled again when a worker is replaced.
WARMED = 4
# Writing what has ended may take so long when the engine is closed.
STORE_SECONDS = 20.0
# What a task comes to, where that is more than one run.
TASK_BYTES = 16 * 10**6
# Processes that may end while they train a run by itself before it is given up.
DEATHS = 2


class Snapshot(NamedTuple):
    """How some jobs stand at one moment.

    Attributes:
        jobs: each with its standing, in the order in which they were given.
        why_waiting: why those that wait do; "" where none does.
        queue: how long those that wait have yet to, as far as is known.
        version: goes up with every change of the table.
    """

    jobs: dict[Job, Standing]
    why_waiting: str
    queue: Queue | None
    version: int


class _Process(NamedTuple):
    """A worker process, as its signs of life tell of it; moments on the monotonic clock."""

    heard: float
    parts: int
    advanced: float
    busy: bool
    leaving: bool
    address: str

    def silence(self, now: float) -> float:
        """For how long it has given no sign of life though one was due."""
        return 0.0 if self.leaving else now - self.heard

    def hangs(self, now: float) -> bool:
        """Whether it has for too long."""
        return now - self.heard > (LEAVING_SECONDS if self.leaving else HUNG_SECONDS)


class Jobs:
    """The jobs of an engine, by task. Safe to use from many threads; it listens to a connection.

    Args:
        store: where finished runs are kept.
        grace: seconds that a job without watchers goes on.
        elsewhere: whether the workers are another's to start.
    """

    def __init__(self, store: RunStore, grace: float, elsewhere: bool = False) -> None:
        self._store = store
        self._grace = grace
        self._elsewhere = elsewhere
        self._changed = threading.Condition()
        self._version = 0
        self._jobs: dict[str, Job] = {}
        self._client: Client | None = None
        self._problem = ""
        self._connected = 0.0
        self._ticked = time.monotonic()
        self._processes: dict[str, _Process] = {}
        self._warmed: dict[str, Future[None]] = {}
        # What the workers were told last of who waits.
        self._told: list[Future[None]] = []
        # Who trains what, where other servers use the same store.
        self._claims = store.claims()
        self._loose: frozenset[str] = frozenset()
        self._storing: set[str] = set()
        # Records are large while they come and while they are written.
        self._fetching, self._writing = threading.Lock(), threading.Lock()
        self._looking = False
        self._closed = False

    def close(self) -> None:
        """Let other servers train what was begun here."""
        with self._changed:
            self._closed = True
            # Another server that took a run over before it is written would train it again.
            self._changed.wait_for(lambda: not self._storing, STORE_SECONDS)
        self._claims.close()

    # Asking and watching ---------------------------------------------------------------------

    def ask(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        anew: Collection[str] = (),
        urgency: Urgency = Urgency.LIVE,
    ) -> tuple[dict[str, Job], dict[str, Found]]:
        """Jobs for runs that the store has not had a moment ago, each with one watcher more; none
        watches what is asked for ahead.

        Those that are trained already are joined; the others start now, a job for each model. Those
        that another server on this store trains are waited for, or left to it where nobody waits.

        Args:
            anew: the keys of those that are trained though the store has them.

        Returns:
            The jobs by the key of their runs, and of runs that have ended in that moment, the
            records.
        """
        jobs: dict[str, Job] = {}
        ended: dict[str, Found] = {}
        missing, elsewhere = [], []
        # Not with the lock: these look at files, and the claims come first, as another server may
        # end a run before they are ours.
        mine = self._claim(configs, urgency)
        stored: dict[str, Found | None] = {}
        if urgency == Urgency.AHEAD:  # no use of what is there
            for config in configs:
                record = self._store.peek(config)
                if record is not None and (brief or not record.is_brief):
                    mine.discard(config.key)
        else:
            stored = {
                config.key: self._store.find(config, brief=brief, test=test, recorded=False)
                for config in configs
                if config.key not in anew
            }
        with self._changed:
            for config in configs:
                found = stored.get(config.key)
                if found is None and config.key not in anew:
                    found = self._store.find(
                        config, brief=brief, test=test, recorded=False, disk=False
                    )
                job = self._job_of(config, brief, test, urgency)
                if found is not None:
                    ended[config.key] = found
                elif job is not None:
                    jobs[config.key] = job
                elif config.key in mine:
                    missing.append(config)
                elif urgency != Urgency.AHEAD:
                    elsewhere.append(config)
            jobs |= self._wait_for(elsewhere, brief, test, urgency)
            together = uuid.uuid4().hex
            for alike, company in _tasks(missing, brief):
                job = Job(
                    alike, f"fmviz-{uuid.uuid4().hex}", together, company, brief, test, urgency
                )
                jobs |= {config.key: job for config in alike}
                if urgency == Urgency.LIVE and self._waiting >= QUEUE_LIMIT:
                    job.state, job.message = "failed", self._full()
                    continue
                self._jobs[job.task] = job
                self._submit(job)
            if urgency != Urgency.AHEAD:
                for job in set(jobs.values()):
                    job.watchers += 1
        return jobs, ended

    def _claim(self, configs: Sequence[RunConfig], urgency: Urgency) -> set[str]:
        """The keys of those runs that no other server on this store trains."""
        return self._claims.take([config.key for config in configs], ahead=urgency == Urgency.AHEAD)

    def _wait_for(
        self, configs: Sequence[RunConfig], brief: bool, test: bool, urgency: Urgency
    ) -> dict[str, Job]:
        """Jobs for runs that another server trains; called with the lock held."""
        jobs = {}
        for config in configs:
            job = Job((config,), f"fmviz-{uuid.uuid4().hex}", "", 1, brief, test, urgency)
            job.elsewhere = True
            self._jobs[job.task] = jobs[config.key] = job
        if jobs:
            self._begin_looking()
        return jobs

    def _begin_looking(self) -> None:
        """Called with the lock held."""
        if not self._looking:
            self._looking = True
            threading.Thread(target=self._look_elsewhere, name="fmviz-claims", daemon=True).start()

    def _look_elsewhere(self) -> None:
        """Take what other servers have ended, and take over what they have let go of; on a thread
        of its own, while there is anything to wait for."""
        while True:
            with self._changed:
                jobs = [job for job in self._jobs.values() if job.live and job.elsewhere]
                if self._closed or not jobs:
                    self._looking = False
                    return
            for job in jobs:
                (config,) = job.configs
                mine = self._claim(job.configs, job.urgency)
                found = self._store.find(config, brief=job.brief, test=job.test, recorded=False)
                with self._changed:
                    if found is not None and job.live:
                        self._done(job, {config.key: found.record})
                    elif mine and job.live:
                        job.elsewhere = False
                        job.start_over()
                        self._submit(job)
                        self._notify()
            time.sleep(LOOK_SECONDS)

    def _release_loose(self) -> None:
        """Give back the claims on runs that are wanted no more. One that was loose a moment ago
        too is so for good: it is not just about to become a job's."""
        with self._changed:
            loose = self._claims.held - self._wanted
        self._claims.release(loose & self._loose)
        self._loose = loose

    @property
    def _wanted(self) -> set[str]:
        """The keys of runs that are being trained, or written to the store; called with the lock
        held."""
        live = {c.key for job in self._jobs.values() if job.live for c in job.configs}
        return live | self._storing

    @property
    def _waiting(self) -> int:
        """How many jobs wait that a viewer waits for; called with the lock held."""
        return sum(
            job.state == "waiting" and job.urgency == Urgency.LIVE and not job.elsewhere
            for job in self._jobs.values()
        )

    def _full(self) -> str:
        """Words for a queue that takes no more; called with the lock held."""
        queues = [job.report.queue for job in self._jobs.values() if job.report is not None]
        left = [queue.seconds for queue in queues if queue is not None and queue.seconds > 0]
        return waiting.full(self._waiting, max(left, default=FULL_SECONDS))

    def idle(self) -> bool:
        """Whether there is a worker, and nothing that anybody waits for."""
        with self._changed:
            waited_for = any(
                job.live and job.urgency != Urgency.AHEAD and not job.elsewhere
                for job in self._jobs.values()
            )
            return self._client is not None and bool(self._processes) and not waited_for

    def ahead(self) -> int:
        """How many jobs are under way that nobody waits for."""
        with self._changed:
            return sum(j.live and j.urgency == Urgency.AHEAD for j in self._jobs.values())

    def _job_of(self, config: RunConfig, brief: bool, test: bool, urgency: Urgency) -> Job | None:
        """A job that trains a run, as urgently; called with the lock held."""
        for job in self._jobs.values():
            enough = (brief or not job.brief) and (job.test or not test)
            if job.live and config in job.configs and enough and job.urgency <= urgency:
                return job
        return None

    def look(self, jobs: Collection[Job]) -> Snapshot:
        """How these jobs stand."""
        with self._changed:
            standings = {job: self._standing(job) for job in jobs}
            wait = [job for job in jobs if standings[job].state == "waiting"]
            why = self._why_waiting(wait) if wait else ""
            queues = [job.report.queue for job in wait if job.report and job.report.queue]
            return Snapshot(standings, why, min(queues, default=None), self._version)

    def states(self, jobs: Collection[Job]) -> set[State]:
        """Those that these jobs are in."""
        with self._changed:
            return {self._standing(job).state for job in jobs}

    def _standing(self, job: Job) -> Standing:
        """How a job stands; one whose worker is silent waits for it. Called with the lock held."""
        waits = job.state == "training" and self._silence(job) > SILENT_SECONDS
        return job.standing._replace(state="waiting") if waits else job.standing

    def _silence(self, job: Job) -> float:
        """For how long the process that has begun a job has given no sign of life; 0 where there
        is none. Called with the lock held."""
        process = self._processes.get(job.worker)
        return 0.0 if process is None else process.silence(time.monotonic())

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
                if job.live and job.urgency == Urgency.AHEAD:
                    continue
                del self._jobs[job.task]
                if job.live:
                    job.state = "cancelled"
                    journal.ended(job, now)
                    if job.future is not None:
                        futures.append(job.future)
                        job.future = None
        for future in futures:
            # Where another client of the scheduler wants it, it goes on. `Future.cancel` would
            # wait for the client's event loop, and that may wait for our lock in `reported`.
            future.release()

    def _why_waiting(self, jobs: Sequence[Job]) -> str:
        """Words for why these jobs have not begun; called with the lock held."""
        if jobs and all(job.elsewhere and job.report is None for job in jobs):
            return waiting.elsewhere()
        if self._problem:
            return self._problem
        now = time.monotonic()
        told = next((job.message for job in jobs if job.message), "")
        if self._client is None or not self._processes:
            missed = self._client is not None and now - self._connected > HUNG_SECONDS
            return (
                waiting.no_worker() if missed and self._elsewhere else told or waiting.starting_up()
            )
        silent = max(
            min(process.silence(now) for process in self._processes.values()),
            *map(self._silence, jobs),
        )
        if silent > SILENT_SECONDS:
            return waiting.silent(silent)
        if told:
            return told
        reports = [job.report for job in jobs if job.report is not None]
        if any(report.phase.name == "compiling" for report in reports):
            return waiting.compiling()
        queue = min((report.queue for report in reports if report.queue), default=None)
        if queue is not None:
            return waiting.queued(queue.ahead, queue.seconds)
        if any(report.phase.name == "training" for report in reports):
            return waiting.first_epoch()
        return waiting.preparing() if reports else waiting.queued(0, 0.0)

    # What else the engine asks -----------------------------------------------------------------

    def warm(self, configs: Sequence[RunConfig]) -> None:
        """Have the worker compile what runs like these need, after everything that is asked for."""
        with self._changed:
            for part in group(configs):
                alike = [configs[i] for i in part]
                name = str(kinds_of(alike)).encode()
                key = f"fmviz-warm-{hashlib.sha256(name).hexdigest()[:32]}"
                if self._client is None or key in self._warmed:
                    continue
                documents = [config.model_dump(mode="json") for config in alike]
                try:
                    # Held, for a task whose result nobody holds is forgotten, and done again; but
                    # few, for a new worker does all again that are held.
                    while len(self._warmed) >= WARMED:
                        self._warmed.pop(next(iter(self._warmed))).release()
                    self._warmed[key] = self._client.submit(
                        worker.warm, documents, key=key, pure=True, priority=-2
                    )
                except Exception as error:  # the connection has just broken
                    logger.debug("cannot warm up: %s", error)

    def answers(self) -> bool:
        """Whether a worker has given a sign of life a moment ago."""
        now = time.monotonic()
        with self._changed:
            heard = [process.heard for process in self._processes.values()]
            return self._client is not None and any(now - h <= SILENT_SECONDS for h in heard)

    def standing(self) -> tuple[Client | None, str]:
        """The client, None while there is no connection, and how an order of a file stands."""
        with self._changed:
            if self._client is None:
                return None, self._problem or waiting.starting_up()
            busy = any(job.live for job in self._jobs.values())
            return self._client, waiting.file(busy=busy)

    # Listening to the connection -----------------------------------------------------------------

    def connected(self, client: Client) -> None:
        """Hand all jobs to the scheduler."""
        with self._changed:
            live = [job for job in self._jobs.values() if job.live and not job.elsewhere]
        # What another server has taken over meanwhile is trained here too.
        for job in live:
            self._claim(job.configs, job.urgency)
        with self._changed:
            self._client, self._problem, self._connected = client, "", time.monotonic()
            for job in self._jobs.values():
                if job.live:
                    self._submit(job)
            self._notify()

    def lost(self, problem: str, blame: bool = False) -> None:
        """Have all jobs wait for another connection.

        Args:
            blame: whether that is for what the worker did.
        """
        with self._changed:
            self._client, self._problem = None, problem
            for name in list(self._processes) if blame else ():
                self._gone(name)
            self._processes.clear()
            self._warmed.clear()
            self._told.clear()
            for job in self._jobs.values():
                if job.live:
                    job.start_over()
                    job.future = None
            self._notify()
            unwritten = set(self._storing)
        # Others may have a worker.
        self._claims.release(self._claims.held - unwritten)

    def silence(self) -> float:
        """For how long no worker has given a sign of life that was due."""
        now = time.monotonic()
        with self._changed:
            return min((each.silence(now) for each in self._processes.values()), default=0.0)

    def tick(self) -> str:
        """Cancel the jobs whose grace is over; what is wrong with the workers that only another
        connection can mend, or "".
        """
        self._cancel_unwatched()
        self._release_loose()
        self._tell_viewers()
        now = time.monotonic()
        with self._changed:
            slept, self._ticked = now - self._ticked, now
            if slept > SILENT_SECONDS:
                # This process stood still, as on a laptop that slept: nobody else was silent.
                self._processes = {
                    name: each._replace(heard=each.heard + slept, advanced=each.advanced + slept)
                    for name, each in self._processes.items()
                }
            processes = self._processes.values()
            if processes and all(each.hangs(now) for each in processes):
                return waiting.stopped_answering()
            for name, each in list(self._processes.items()):
                if each.hangs(now):
                    self._gone(name)
            stuck = [p for p in processes if p.busy and now - p.advanced > STUCK_SECONDS]
            if stuck and len(stuck) == len(processes):
                return waiting.stuck()
        return ""

    def _tell_viewers(self) -> None:
        """Tell the workers how many viewers wait for what they train, where that has changed."""
        with self._changed:
            changed = {
                job.future.key: job
                for job in self._jobs.values()
                if job.future is not None and job.live and job.viewers != job.waiting
            }
            if not changed or self._client is None:
                return
            for job in changed.values():
                job.viewers = job.waiting
            viewers = {key: job.viewers for key, job in changed.items()}
            while self._told:
                self._told.pop().release()
            try:
                # Any of them may be who trains it.
                for process in self._processes.values():
                    key = f"fmviz-viewers-{uuid.uuid4().hex}"
                    told = self._client.submit(
                        worker.note_viewers,
                        viewers,
                        key=key,
                        pure=True,
                        priority=1,
                        workers=[process.address],
                    )
                    self._told.append(told)
            except Exception as error:  # the connection has just broken: all is submitted anew
                logger.debug("cannot tell who waits: %s", error)

    def beat(self, beat: Beat) -> None:
        """Note a worker's sign of life."""
        now = time.monotonic()
        with self._changed:
            known = self._processes.get(beat.worker)
            still = known is not None and known.parts == beat.parts and known.busy
            advanced = known.advanced if known is not None and still else now
            left = beat.leaving or (known is not None and known.leaving)
            if known is None and not self._elsewhere:
                # There is one at a time: a new one is in the place of the one that was.
                for name in list(self._processes):
                    self._gone(name)
            self._processes[beat.worker] = _Process(
                now, beat.parts, advanced, beat.busy, left, beat.address
            )
            if beat.leaving:
                for job in self._jobs.values():
                    if job.live and job.worker == beat.worker:
                        job.message = waiting.goes_on(job.epoch)
                        job.start_over()
            if known is None or beat.leaving:
                self._notify()

    def _gone(self, name: str) -> None:
        """A worker process is no more: what it had begun is handed over anew, and suspected of
        having ended it; called with the lock held."""
        process = self._processes.pop(name)
        all_begun = [job for job in self._jobs.values() if job.live and job.worker == name]
        for job in all_begun:
            if job.elsewhere:  # the server that has asked for it sees to that
                job.start_over()
                self._notify()
        begun = [job for job in all_begun if not job.elsewhere]
        # While one was on trial all others paused.
        tried = [job for job in begun if job.alone and job.epoch <= EPOCHS_ALONE]
        for job in begun:
            epoch = job.epoch
            if tried and job not in tried:
                self._resubmit(job)
                continue
            if job.urgency == Urgency.AHEAD and not process.leaving:
                self._fail(job, waiting.stopped_too_often(1))
                continue
            job.start_over()
            if process.leaving:
                continue
            # Where several had begun, any of them may be innocent.
            job.deaths += bool(tried) or len(begun) == 1
            job.alone, job.message = True, waiting.replaced(epoch)
            if job.deaths >= DEATHS:
                self._fail(job, waiting.stopped_too_often(job.deaths))
            else:
                self._resubmit(job)

    def _done(self, job: Job, records: dict[str, RunRecord]) -> None:
        """A job has ended well; called with the lock held."""
        job.records, job.state, job.message, job.future = records, "done", "", None
        job.contents = job.before = None
        if job.watchers == 0:
            self._jobs.pop(job.task, None)
        self._notify()

    def _fail(self, job: Job, message: str) -> None:
        """A job has failed; called with the lock held."""
        logger.error("a run failed: %s", message)
        future, job.future = job.future, None
        if future is not None:
            # Or the scheduler would hand what has ended its worker to the next.
            future.release()
        job.state, job.message = "failed", message
        journal.ended(job, time.monotonic())
        if job.watchers == 0:
            self._jobs.pop(job.task, None)
        self._notify()

    def _resubmit(self, job: Job) -> None:
        """Hand a job over once more; called with the lock held."""
        future, job.future = job.future, None
        if future is not None:
            future.release()
        job.start_over()
        self._submit(job)
        self._notify()

    def reported(self, report: Report) -> None:
        """Note what a worker reports of a job, or of a run that another server has asked it for."""
        contents = None if report.records is None else Contents(report.records)
        with self._changed:
            for job in self._jobs.values():
                if not job.live or not _concerns(report, job):
                    continue
                job.report = replace(report, records=None)
                if report.queue is None:
                    job.worker = report.worker
                    job.begun = job.begun or time.monotonic()
                if contents is not None and (
                    not job.elsewhere or report.has_measured(job.configs[0].key)
                ):
                    job.state, job.message, job.contents = "training", "", contents
                    self._notify()

    def _notify(self) -> None:
        """Wake whoever waits for a change; called with the lock held."""
        self._version += 1
        self._changed.notify_all()

    # Running -------------------------------------------------------------------------------------

    def _submit(self, job: Job) -> None:
        """Hand a job to the scheduler, if there is one; called with the lock held."""
        if self._client is None or job.elsewhere:
            return
        # A name of its own for each attempt: whatever became of another must not become of it.
        key = f"{job.task}-{job.attempt}"
        job.attempt += 1
        documents = [config.model_dump(mode="json") for config in job.configs]
        job.viewers = job.waiting
        terms = worker.Terms(
            job.brief,
            job.test,
            int(job.urgency),
            job.alone,
            job.together,
            job.company,
            job.viewers,
        )
        job.state, job.report = "waiting", None
        try:
            job.future = self._client.submit(
                worker.train_runs,
                documents,
                terms._asdict(),
                key=key,
                pure=True,
                priority=-int(job.urgency),
            )
        except Exception as error:  # the connection has just broken: it is submitted again then
            logger.warning("cannot submit %s: %s", key, error)
            return
        threading.Thread(
            target=self._collect, args=(job, job.future), name=key, daemon=True
        ).start()

    def _collect(self, job: Job, future: Future[list[Packed]]) -> None:
        """Wait for a task and take its result; on a thread of its own."""
        records: dict[str, RunRecord] = {}
        message, ahead = "", job.urgency == Urgency.AHEAD
        try:
            future.exception()  # waits, and fetches nothing yet
            if job.future is not future:
                return  # let go of meanwhile, or lost with the connection
            # What has ended together is fetched one after the other: it is in memory three times,
            # as it arrives, as bytes, unpacked.
            with self._fetching:
                contents = future.result()
                for config in job.configs:
                    records[config.key] = archive.unpack(bytes(contents.pop(0)))
                    self._store.remember(records[config.key], ahead=ahead)
        except CancelledError:
            return  # let go of, or lost with the connection and submitted again
        except Exception as error:
            with self._changed:
                if job.live and job.future is future and _to_be_repeated(error):
                    # It was given up, and asked for again before the scheduler knew; or other
                    # runs' worker has ended too often for the scheduler's patience.
                    self._resubmit(job)
                    return
            message = _reason(error)
        with self._changed:
            if job.live and job.future is future:
                if message:
                    self._fail(job, message)
                else:
                    self._done(job, records)
                    journal.ended(job, time.monotonic())
                    self._storing.update(records)
        # The scheduler forgets it, also where it failed: an exception would keep it for ever.
        future.release()
        # After the viewers have been told: packing and writing takes a while.
        try:
            with self._writing:
                for record in records.values():
                    self._store.put(record, ahead=ahead)
        finally:
            with self._changed:
                self._storing.difference_update(records)
                self._changed.notify_all()
                ended = records.keys() - self._wanted
            self._claims.release(ended)


def _tasks(
    configs: Sequence[RunConfig], brief: bool
) -> Iterator[tuple[tuple[RunConfig, ...], int]]:
    """Runs that are asked for in one task each, and how many are to be trained as one model with
    them. Those of one model are several tasks where their records are large: what a task comes to
    is held whole by all processes that it passes through."""
    for part in group(configs):
        alike = [configs[i] for i in part]
        size = max(TASK_BYTES // max(needs.record(config, brief) for config in alike), 1)
        for first in range(0, len(alike), size):
            yield tuple(alike[first : first + size]), len(alike)


def _concerns(report: Report, job: Job) -> bool:
    """Whether a report is of a job's task, or of another server's that trains what it waits for."""
    if job.elsewhere:
        return job.configs[0].key in report.runs and (report.test or not job.test)
    return job.future is not None and job.future.key == report.task


def _to_be_repeated(error: Exception) -> bool:
    """Whether a task ended for no fault of its own."""
    return isinstance(error, Cancelled) or type(error).__name__ == "KilledWorker"


def _reason(error: Exception) -> str:
    """Why a task failed, in words. A library's own may name the host's folders: those are for the
    server's log."""
    logger.error("a task failed: %s: %s", type(error).__name__, error)
    if isinstance(error, RecordError):
        return waiting.unreadable()
    if isinstance(error, needs.TooLarge):
        return waiting.too_large(error.needed, error.there)
    if isinstance(error, worker.OtherVersion):
        return waiting.other_version(str(error), f"{VERSION}, records of schema {RECORD_SCHEMA}")
    if isinstance(error, ImportError | AttributeError | TypeError):
        return waiting.without_fmviz(VERSION)
    if isinstance(error, ValueError):  # of fmviz's own: such a run there cannot be
        return waiting.refused(str(error))
    return waiting.broken_off(type(error).__name__)
