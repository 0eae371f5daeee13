"""What runs inside a worker process: tasks that ask its trainer for runs, or for a file.

Importing this module imports no TensorFlow: the page's process names `train_runs` to send it.
On a cluster start workers with `dask worker ADDRESS --nthreads 64 --preload fmviz.engine.worker`: a
task only waits, and of as many as there are threads the trainer chooses.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fmviz.engine import fitting, kept_programs, leaving, limits, needs, switches
from fmviz.engine.carried import Luggage
from fmviz.engine.reports import BEATS, TOPIC, Beat, Packed, Report
from fmviz.engine.requests import Backend, Cancelled, Request
from fmviz.engine.trainer import Trainer
from fmviz.engine.urgency import Urgency
from fmviz.run import archive
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from fmviz.run.record import Array, RunRecord
from fmviz.version import VERSION

if TYPE_CHECKING:
    import distributed

# A page redraws at most this often, and one of many viewers less often (`ui.budget`); more events
# would only cost both sides time. Where several requests are told of one model, each is told less
# often.
SECONDS_BETWEEN_EVENTS = 0.03
SECONDS_BETWEEN_BEATS = 1.0
# When so much more has been taken, compiled programs and ended runs have left some to give back.
GIVE_BACK_BYTES = 16 * 10**6
SECONDS_BETWEEN_LOOKS = 3.0

# A part of training takes half a second, or less; where others use the processor, longer.
PART_SECONDS = 4.0

# Models that are trained side by side, where there are as many processors.
TRAINING_THREADS = 2

# Names this process in its reports.
NAME = uuid.uuid4().hex


class Terms(NamedTuple):
    """On what terms runs are asked for.

    Attributes:
        brief: whether records without weights are enough.
        test: whether to measure the test images too.
        urgency: who waits for them.
        alone: whether they may have ended a worker process.
        together: a name that tasks share whose curves are to grow together.
        company: runs of those tasks that are to be trained as one model.
        viewers: who wait for them so far.
        fmviz, schema: of who asks.
    """

    brief: bool = False
    test: bool = False
    urgency: int = Urgency.LIVE
    alone: bool = False
    together: str = ""
    company: int = 1
    viewers: int = 1
    fmviz: str = VERSION
    schema: int = RECORD_SCHEMA


class OtherVersion(Exception):
    """This worker's fmviz is not that of who asks."""


@cache
def trainer() -> Trainer:
    """That of this process."""
    luggage = Luggage(leaving.folder())
    made = Trainer(backend, most=fitting.most, threads=_threads(), luggage=luggage)
    made.start()
    return made


def _threads() -> int:
    """Of training: no more than there are processors."""
    return max(1, min(TRAINING_THREADS, int(limits.processors())))


def backend() -> Backend:
    """Who trains in this process; a benchmark of everything else puts another in its place."""
    from fmviz.training import process

    process.prepare()
    threading.Thread(target=_stay_small, name="fmviz-memory", daemon=True).start()
    # Not at the top: it imports TensorFlow.
    from fmviz.training.backend import KerasBackend

    return KerasBackend()


def train_runs(documents: list[dict[str, Any]], terms: dict[str, Any]) -> list[Packed]:
    """Train configs, given as `RunConfig.model_dump(mode="json")`, into `archive.pack`, each an
    array of its bytes.

    A `Report` goes out under `TOPIC` after each epoch, with the records so far, and as a phase
    begins.

    Args:
        terms: `Terms` by name; a dict, so that a worker of another fmviz can read it.

    Raises:
        Cancelled: the task was given up while it ran.
        OtherVersion: this worker's fmviz is another one.
        TooLarge: one of them takes more memory than a worker may.
    """
    if (terms["fmviz"], terms["schema"]) != (VERSION, RECORD_SCHEMA):
        raise OtherVersion(f"{VERSION}, records of schema {RECORD_SCHEMA}")
    asked = Terms(**terms)
    # Not at the top: the page's process imports this module before it has drawn anything.
    from distributed import get_worker, secede

    worker = get_worker()
    task = worker.get_current_task()
    teller = _Teller(worker, task, lambda: trainer().viewers)
    request = Request(
        tuple(RunConfig.model_validate(document) for document in documents),
        _given_up(worker),
        teller.tell,
        teller.due,
        Urgency(asked.urgency),
        asked.test,
        asked.alone,
        asked.together,
        asked.company,
        task,
        asked.viewers,
    )
    needs.check(request.configs, limits.usual_room())
    # It only waits, and must take no thread from others.
    secede()
    with _replaced_where_unreadable():
        records = trainer().train(request)
    if asked.brief:
        records = [record.brief() for record in records]
    # Whoever waits packs it for the store; packing takes as long as an epoch.
    return [np.frombuffer(_packed(record), np.uint8) for record in records]


@contextmanager
def _replaced_where_unreadable() -> Iterator[None]:
    """Where a compiled program cannot be read, the next process compiles it anew: this one has the
    failure by heart."""
    try:
        yield
    except Exception as error:
        damaged = type(error).__name__ in kept_programs.DAMAGED and leaving.may_be_replaced()
        if not (damaged and kept_programs.discard()):
            raise
        reason = "it could not read a compiled program"
        leaving.wait_to_be_replaced(reason)
        raise Cancelled(reason) from error


class _Teller:
    """Tells of a task what its request comes to.

    Args:
        viewers: how many look on at whatever this worker trains.
    """

    def __init__(
        self, worker: distributed.Worker, task: str, viewers: Callable[[], int] = lambda: 1
    ) -> None:
        self._worker, self._task, self._viewers = worker, task, viewers
        self._told, self._pause = -math.inf, SECONDS_BETWEEN_EVENTS

    def due(self) -> bool:
        """Whether its page can take another picture."""
        return time.monotonic() - self._told >= self._pause

    def tell(self, request: Request, measured: bool) -> None:
        """There is news."""
        company = sum(len(model.members) for model in request.models) or 1
        self._pause = SECONDS_BETWEEN_EVENTS * max(1.0, company / 2, self._viewers())
        known = request.records
        ended = len(known) == len(request.configs) and all(r.complete for r in known)
        records = None
        # The start is no point of a curve yet, and drawing it would only delay the first; the end
        # is the task's result.
        if measured and not ended:
            if not any(record.epochs for record in known) or not self.due():
                return
            self._told = time.monotonic()
            # The weights of those that have ended come once, as the task's result.
            records = tuple(_packed(r.brief() if r.complete else r) for r in known)
        report = Report(
            self._task,
            request.phase,
            request.timings,
            records,
            request.queue,
            NAME,
            tuple(config.key for config in request.configs),
            request.test,
        )
        self._worker.log_event(TOPIC, report.message())


def _packed(record: RunRecord) -> bytes:
    """A record on its way to a page."""
    return archive.pack(record, level=0)


def _given_up(worker: distributed.Worker) -> Callable[[], bool]:
    """Whether nobody wants the worker's present task any more. Dask never interrupts a running
    task, but it does note that."""
    task = worker.get_current_task()

    def given_up() -> bool:
        state = worker.state.tasks.get(task)
        return state is None or state.state not in ("executing", "long-running")

    return given_up


def note_viewers(viewers: dict[str, int]) -> None:
    """Take note of how many viewers wait for tasks of `train_runs`, by the names of those."""
    trainer().note_viewers(viewers)


def model_file(
    document: dict[str, Any], name: str, epoch: int, weights: Sequence[Array] = ()
) -> bytes:
    """One run as a `.keras` file: the stock network compiled as the run was trained, with its
    weights after an epoch.

    Args:
        document: the config, `RunConfig.model_dump(mode="json")`.
        name: of the model.
        epoch: how many have been trained.
        weights: those weights where they are known; else the run is trained again up to there.

    Raises:
        Cancelled: the task was given up before it ended.
        ValueError: the run has no weights of that epoch.
    """
    from distributed import get_worker

    config = RunConfig.model_validate(document)
    given_up = _given_up(get_worker())
    kept = list(weights)
    if given_up():
        raise Cancelled(name)
    from fmviz.training import stock, train

    if not kept:
        with _replaced_where_unreadable():
            kept = trainer().chore(train.weights_after(config, epoch), given_up)
    # Compiled with what was in force in that epoch.
    trained = config.trunk if epoch <= config.branch_epoch else config
    network = stock.as_keras(trained, kept, name)
    with tempfile.TemporaryDirectory(prefix="fmviz-") as folder:
        path = Path(folder) / "model.keras"
        network.save(path)
        return path.read_bytes()


def warm(documents: list[dict[str, Any]]) -> None:
    """Have compiled what training these runs together needs, and each alone, while nobody waits
    for the compiler. Whoever then moves a slider waits for none."""
    configs = [RunConfig.model_validate(document) for document in documents]
    trainer().warm(configs, sorted({1, len(configs)}))


def warm_up() -> None:
    """Import TensorFlow, read the images and compile what the pages' default runs need, unless the
    host does not want it."""
    if switches.warms_up():
        trainer().warm([RunConfig()], sorted({1, 2, trainer().gathered, MEMBERS_AT_ONCE}))


def dask_setup(worker: distributed.Worker) -> None:
    """Called by `--preload`: warm up in the background, so that the worker joins at once."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # It warns of retracing where the trainer compiles one shape after another.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if leaving.may_be_replaced():
        limits.go_first()
    else:
        # A worker that has lost its scheduler ends. Dask would have its guardian end with it, which
        # unasked starts another, and that one waits for the scheduler.
        worker.nanny = None
    leaving.before_leaving(lambda: trainer().leave(PART_SECONDS))
    leaving.before_leaving(partial(_beat_once, worker, leaving=True))
    warm_up()
    threading.Thread(target=_beat, args=(worker,), name="fmviz-beat", daemon=True).start()


def dask_teardown(worker: distributed.Worker) -> None:
    """Called as the worker ends."""
    trainer().close()


def _stay_small() -> None:
    """Give memory back whenever some has been taken, for as long as the process lives."""
    from fmviz.training import process

    least = 0
    while True:
        if limits.taken() > least + GIVE_BACK_BYTES:
            process.give_back()
            least = limits.taken()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _beat(worker: distributed.Worker) -> None:
    """Send signs of life for as long as the process lives."""
    while True:
        with suppress(Exception):  # not connected yet, or any more
            _beat_once(worker)
        time.sleep(SECONDS_BETWEEN_BEATS)


def _beat_once(worker: distributed.Worker, *, leaving: bool = False) -> None:
    beat = Beat(NAME, trainer().parts_done, trainer().busy, leaving, worker.address)
    worker.log_event(BEATS, list(beat))
