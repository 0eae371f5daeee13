"""From configs to records: look in the store, else train in a worker, and watch it grow.

The process that holds the engine imports no TensorFlow. Training happens in Dask workers: one
process on this machine by default, or the cluster that FMVIZ_SCHEDULER names. The key of a run is
the key of its task, so however many viewers ask for a run, it is trained once.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmviz.engine import worker
from fmviz.engine.orders import TIMEOUT_SECONDS, ModelFile
from fmviz.run.config import RunConfig
from fmviz.run.groups import deal, group, shape_of
from fmviz.run.record import Array, RecordError, RunRecord
from fmviz.run.store import RunStore, SettingError

logger = logging.getLogger(__name__)

# A run that has lost its last viewer is kept going this long, in case a blip of the network took
# the viewer away and will bring it back.
GRACE_SECONDS = 5.0
# How often a watch yields although nothing has changed, so that a page can be interrupted.
POLL_SECONDS = 0.1
RECONNECT_SECONDS = 2.0
# What a worker of this machine takes to start, import TensorFlow and compile the default runs.
WARM_UP_SECONDS = 12.0
# Said of a run that is next, and may be compiling.
NEXT = "it is getting ready"
CLOSE_TIMEOUT = 60.0


@dataclass(frozen=True)
class Update:
    """What is known of the watched runs at one moment.

    Attributes:
        state: "waiting" for a worker, "training", "done" or "failed".
        records: one a config, in order; None where nothing is known yet.
        sources: one a config: "store", "recorded" or "trained".
        message: what the reader should know: the reason of a failure or of a long wait.
        seconds: since the watch began.
    """

    state: str
    records: tuple[RunRecord | None, ...]
    sources: tuple[str, ...]
    message: str
    seconds: float

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


@dataclass(eq=False)
class _Job:
    """Runs that are trained together in one task."""

    configs: tuple[RunConfig, ...]
    task: str
    brief: bool = False
    state: str = "waiting"
    contents: list[bytes] = field(default_factory=list)  # newest progress, undecoded
    records: dict[str, RunRecord] = field(default_factory=dict)
    message: str = ""
    watchers: int = 0
    unwatched_since: float = 0.0
    attempt: int = 0
    future: Any = None

    @property
    def live(self) -> bool:
        return self.state in ("waiting", "training")


def task_key(configs: Sequence[RunConfig], brief: bool = False) -> str:
    """The scheduler's name for the task that trains these runs: the same for every client."""
    keys = [config.key for config in configs]
    name = keys[0] if len(keys) == 1 else hashlib.sha256("".join(keys).encode()).hexdigest()[:32]
    return f"fmviz-{'brief-' if brief else ''}{name}"


def scheduler_address() -> str | None:
    """FMVIZ_SCHEDULER, or None where a worker on this machine is wanted.

    Raises:
        SettingError: it is set but is no address.
    """
    address = os.environ.get("FMVIZ_SCHEDULER")
    if address and not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/:]+:\d{1,5}", address):
        raise SettingError(
            f"FMVIZ_SCHEDULER must be an address such as tcp://10.0.0.5:8786, not {address!r}"
        )
    return address or None


class Engine:
    """Submit, watch and cancel runs. One a process, safe to use from many threads.

    Args:
        store: where finished runs are looked up and kept.
        address: a Dask scheduler; None starts one worker process on this machine.
        grace: seconds that a run without viewers goes on.
    """

    def __init__(
        self, store: RunStore, address: str | None = None, grace: float = GRACE_SECONDS
    ) -> None:
        self.store = store
        self.address = address
        self.grace = grace
        self._changed = threading.Condition()
        self._jobs: dict[str, _Job] = {}  # by task
        self._client: Any = None
        self._warmed: dict[str, Any] = {}  # by task
        self._service: subprocess.Popen[str] | None = None
        self._problem = ""
        self._connected: float | None = None
        self._warm = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_connected, name="fmviz", daemon=True)
        atexit.register(self.close)

    def start(self) -> None:
        """Connect in the background, starting the worker where it is ours. Runs that are asked
        for do so by themselves; call it early to have the worker warm before that."""
        with self._changed:
            if self._thread.ident is None and not self._closed.is_set():
                self._thread.start()

    # Watching ------------------------------------------------------------------------------

    def watch(
        self, configs: Sequence[RunConfig], *, brief: bool = False, anew: bool = False
    ) -> Watch:
        """Ask for runs. Those that are neither stored nor being trained start now, together;
        more of them than one model holds, a model at a time, so that others get their turn.

        The watch must be closed; `with engine.watch(configs) as watch:` does so.

        Args:
            brief: whether records without weights will do, as for sweeps. They wait for whoever
                wants whole ones.
            anew: whether runs that ship with fmviz are to be trained here all the same.
        """
        unique = {config.key: config for config in configs}
        known: dict[str, tuple[RunRecord, str]] = {}
        for key, config in unique.items():
            record = self.store.get(config, brief=brief)
            if record is not None:
                recorded = self.store.is_recorded(config, brief=brief)
                if recorded and anew:
                    continue
                known[key] = record, "recorded" if recorded else "store"
        with self._changed:
            jobs: dict[str, _Job] = {}
            missing = []
            for key, config in unique.items():
                # It may have ended since the store was asked.
                if key not in known:
                    record = self.store.remembered(config, brief=brief)
                    if record is not None:
                        known[key] = record, "store"
                if key in known:
                    continue
                job = next(
                    (
                        j
                        for j in self._jobs.values()
                        if j.live and config in j.configs and (brief or not j.brief)
                    ),
                    None,
                )
                if job is None:
                    missing.append(config)
                else:
                    jobs[key] = job
            for part in deal(missing):
                job = _Job(tuple(part), task_key(part, brief), brief)
                self._jobs[job.task] = job
                jobs |= {config.key: job for config in part}
                self._submit(job)
            for job in set(jobs.values()):
                job.watchers += 1
        if jobs:
            self.start()
        return Watch(self, tuple(configs), known, jobs)

    def known(self, configs: Sequence[RunConfig], *, brief: bool = False) -> bool:
        """Whether all of these runs are in the store, so that watching them trains nothing."""
        return all(self.store.get(config, brief=brief) is not None for config in configs)

    def warm(self, configs: Sequence[RunConfig]) -> None:
        """Have the worker compile what runs like these need, after everything that is asked for.

        A page that shows runs from the store calls it: what its reader moves next is a run of the
        same shape.
        """
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

    def ready_in(self) -> float:
        """Seconds until the worker can begin, as far as is known; 0 once it has trained."""
        with self._changed:
            if self._warm or self.address is not None:
                return 0.0
            since = self._connected
            running = 0.0 if since is None else time.monotonic() - since
            return max(WARM_UP_SECONDS - running, 0.0)

    def model_file(
        self,
        config: RunConfig,
        name: str,
        epoch: int,
        weights: Sequence[Array] = (),
        timeout: float = TIMEOUT_SECONDS,
    ) -> ModelFile:
        """Order one run as a `.keras` file with its weights after an epoch, counted from 0.

            with engine.model_file(config, name, epoch, weights) as file:
                for words in file:
                    ...  # how it stands
            file.content

        Args:
            name: of the model in the file.
            weights: where they are known; else the worker trains the run again up to that epoch.
            timeout: seconds after which it is given up.
        """
        self.start()

        def standing() -> tuple[Any, str]:
            with self._changed:
                if self._client is None:
                    return None, f"waiting for the worker: {self._problem or 'it is starting up'}"
                busy = any(job.live for job in self._jobs.values())
                words = "waiting for the worker: it has runs to end first"
                return self._client, words if busy else "the worker is making the file"

        return ModelFile(standing, config, name, epoch, weights, timeout)

    def _release(self, jobs: set[_Job]) -> None:
        with self._changed:
            for job in jobs:
                job.watchers -= 1
                job.unwatched_since = time.monotonic()
        self._cancel_unwatched()

    def _let_go(self, jobs: set[_Job]) -> None:
        with self._changed:
            for job in jobs:
                job.unwatched_since = -float("inf")
        self._cancel_unwatched()

    def _cancel_unwatched(self) -> None:
        now = time.monotonic()
        futures = []
        with self._changed:
            for job in list(self._jobs.values()):
                if job.watchers == 0 and (not job.live or now - job.unwatched_since >= self.grace):
                    del self._jobs[job.task]
                    if job.live:
                        job.state = "cancelled"
                        if job.future is not None:
                            futures.append(job.future)
                            job.future = None
        for future in futures:
            # Where another client of the scheduler wants it, it goes on. `Future.cancel` would
            # wait for the client's event loop, and that may wait for our lock in `_on_event`.
            future.release()

    def _why_waiting(self, jobs: set[_Job]) -> str:
        """Words for why these jobs have not begun; called with the lock held."""
        if self._problem:
            return self._problem
        if self._client is None:
            return "it is starting up"
        ahead = 0
        for job in self._jobs.values():  # in the order in which they were asked for
            if job in jobs:
                break
            ahead += job.live
        if ahead:
            return f"{ahead} other {'run is' if ahead == 1 else 'runs are'} ahead of this one"
        return NEXT

    # Running -------------------------------------------------------------------------------

    def _submit(self, job: _Job) -> None:
        """Hand a job to the scheduler, if there is one; called with the lock held."""
        if self._client is None:
            return
        key = job.task if job.attempt == 0 else f"{job.task}-{job.attempt}"
        documents = [config.model_dump(mode="json") for config in job.configs]
        try:
            job.future = self._client.submit(
                *(worker.train_runs, documents, job.brief),
                key=key,
                pure=True,
                priority=-1 if job.brief else 0,
            )
        except Exception as error:  # the connection has just broken: it is submitted anew then
            logger.warning("cannot submit %s: %s", key, error)
            return
        threading.Thread(
            target=self._collect, args=(job, job.future), name=key, daemon=True
        ).start()

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        with self._changed:
            self._warm = True
            for job in self._jobs.values():
                if job.live and job.future is not None and job.future.key == message["task"]:
                    job.state = "training"
                    job.contents = message["records"]
                    self._changed.notify_all()

    def _collect(self, job: _Job, future: Any) -> None:
        """Wait for a task and take its result; on a thread of its own."""
        records: dict[str, RunRecord] = {}
        state, message = "done", ""
        try:
            contents = future.result()
            for config, content in zip(job.configs, contents, strict=True):
                records[config.key] = RunRecord.from_bytes(content)
                self.store.remember(records[config.key])
        except worker.Cancelled:
            # It was given up, and asked for again before the scheduler knew.
            with self._changed:
                if job.live and job.future is future:
                    job.attempt += 1
                    job.state = "waiting"
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
                self._changed.notify_all()
        # After the viewers have been told: packing and writing takes a while.
        for record in records.values():
            self.store.put(record)

    # The connection ------------------------------------------------------------------------

    def _keep_connected(self) -> None:
        while not self._closed.is_set():
            try:
                if self._client is not None and self._lost():
                    self._disconnect()
                if self._client is None:
                    self._connect()
                self._cancel_unwatched()
                self._closed.wait(0.5)
            except Exception as error:  # this thread must outlive whatever goes wrong
                logger.warning("no worker: %s", error)
                with self._changed:
                    self._problem = str(error)
                self._disconnect()
                self._closed.wait(RECONNECT_SECONDS)

    def _lost(self) -> bool:
        ended = self._service is not None and self._service.poll() is not None
        return ended or self._client.status not in ("running", "connecting", "newly-created")

    def _connect(self) -> None:
        address = self.address or self._start_service()
        # Imported here, on this thread: it takes half a second that no page should wait for.
        from distributed import Client

        try:
            client = Client(address, timeout=10, set_as_default=False, name="fmviz")
        except OSError as error:
            raise ConnectionError(f"no Dask scheduler answers at {address}") from error
        client.subscribe_topic(worker.TOPIC, self._on_event)
        with self._changed:
            self._client = client
            self._connected = time.monotonic()
            self._problem = ""
            for job in self._jobs.values():
                if job.live:
                    job.state = "waiting"
                    self._submit(job)
            self._changed.notify_all()

    def _start_service(self) -> str:
        if self._closed.is_set():
            raise ConnectionError("the engine is closed")
        self._service = subprocess.Popen(
            [sys.executable, "-m", "fmviz.engine.local_cluster"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "DASK_LOGGING__DISTRIBUTED": "warning"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # The command ends, and the line comes up empty, if it cannot start.
        assert self._service.stdout is not None
        address = self._service.stdout.readline().strip()
        if not address:
            raise ConnectionError(
                f"the worker process ended at its start (exit code {self._service.wait()}); "
                "its messages are in the server's log"
            )
        return address

    def _disconnect(self) -> None:
        with self._changed:
            client, self._client = self._client, None
            self._connected, self._warm = None, False
            self._warmed.clear()
            for job in self._jobs.values():
                if job.live:
                    job.state, job.future = "waiting", None
            self._changed.notify_all()
        if client is not None:
            try:
                client.close(timeout=2)
            except Exception as error:
                logger.debug("while closing: %s", error)
        if self._service is not None:
            assert self._service.stdin is not None
            assert self._service.stdout is not None
            self._service.stdin.close()
            try:
                self._service.wait(5)
            except subprocess.TimeoutExpired:
                self._service.kill()
                self._service.wait()
            self._service.stdout.close()
            self._service = None

    def close(self) -> None:
        """Cancel everything and end the worker process."""
        if self._closed.is_set():
            return
        self._closed.set()
        atexit.unregister(self.close)
        if self._thread.ident is not None:
            self._thread.join(CLOSE_TIMEOUT)
        self._disconnect()


class Watch:
    """A look at some runs until all have ended. Iterate for `Update`s; close when done.

    It yields when something has changed and at least every `POLL_SECONDS`, so that whoever
    iterates can be interrupted; the last update is "done" or "failed".
    """

    def __init__(
        self,
        engine: Engine,
        configs: tuple[RunConfig, ...],
        known: dict[str, tuple[RunRecord, str]],
        jobs: dict[str, _Job],
    ) -> None:
        self._engine = engine
        self._configs = configs
        self._known = known
        self._jobs = jobs
        self._decoded: dict[str, tuple[list[bytes], dict[str, RunRecord]]] = {}
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
            self._engine._release(set(self._jobs.values()))

    def give_up(self) -> None:
        """Close, and cancel at once what has no other viewer: its viewer has moved on."""
        self.close()
        self._engine._let_go(set(self._jobs.values()))

    def __iter__(self) -> Iterator[Update]:
        last: object = None
        while True:
            update, mark = self._look()
            yield update
            if update.state in ("done", "failed"):
                return
            changed = self._engine._changed
            with changed:
                if last is not None and self._mark() == mark:
                    changed.wait(POLL_SECONDS)
            last = mark

    def _mark(self) -> list[tuple[str, int, str]]:
        jobs = self._jobs.values()
        return [(job.state, id(job.contents), self._engine._problem) for job in jobs]

    def _look(self) -> tuple[Update, object]:
        with self._engine._changed:
            jobs = set(self._jobs.values())
            contents = {job.task: job.contents for job in jobs}
            states = {job.state for job in jobs}
            message = next((j.message for j in jobs if j.message), "")
            if "waiting" in states:
                message = self._engine._why_waiting(jobs)
            mark = self._mark()
        records, sources = [], []
        for config in self._configs:
            record, source = self._known.get(config.key, (None, "trained"))
            if record is None:
                job = self._jobs[config.key]
                record = job.records.get(config.key) or self._partial(
                    job, contents[job.task], config
                )
            records.append(record)
            sources.append(source)
        state = "done"
        if "failed" in states:
            state = "failed"
        elif "training" in states or ("waiting" in states and "done" in states):
            state = "training"
        elif "waiting" in states:
            state = "waiting"
        seconds = time.monotonic() - self._begun
        return Update(state, tuple(records), tuple(sources), message, seconds), mark

    def _partial(self, job: _Job, contents: list[bytes], config: RunConfig) -> RunRecord | None:
        if not contents:
            return None
        if job.task not in self._decoded or self._decoded[job.task][0] is not contents:
            records = [RunRecord.from_bytes(content) for content in contents]
            self._decoded[job.task] = contents, {r.config.key: r for r in records}
        return self._decoded[job.task][1].get(config.key)
