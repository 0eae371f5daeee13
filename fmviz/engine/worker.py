"""What runs inside a worker process: a task trains runs and reports every epoch, or makes a file.

Importing this module imports no TensorFlow: the page's process names `train_runs` to send it.
On a cluster start workers with `dask worker ADDRESS --nthreads 1 --preload fmviz.engine.worker`.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmviz.engine.reports import TOPIC, Report, Stopwatch
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.groups import group
from fmviz.run.phases import PhaseName
from fmviz.run.record import Array, RunRecord

if TYPE_CHECKING:
    import distributed

# A page redraws at most this often; more events would only cost both sides time.
SECONDS_BETWEEN_EVENTS = 0.03

# One run at a time: TensorFlow uses all cores by itself, and the warm-up must not compile a shape
# that a waiting run compiles as well.
_training = threading.Lock()


class Cancelled(Exception):
    """Nobody waits for this run any more."""


def train_runs(documents: list[dict[str, Any]], brief: bool = False) -> list[bytes]:
    """Train configs, given as `RunConfig.model_dump(mode="json")`, into `archive.pack`.

    A `Report` goes out under `TOPIC` after each epoch, with the records so far, and as a phase
    begins.

    Args:
        brief: whether records without weights are enough.

    Raises:
        Cancelled: the task was given up while it ran.
    """
    # Not at the top: the page's process imports this module before it has drawn anything.
    from distributed import get_worker

    worker = get_worker()
    task = worker.get_current_task()
    configs = [RunConfig.model_validate(document) for document in documents]
    groups = [tuple(configs[i].key for i in indices) for indices in group(configs)]
    watch = Stopwatch(groups)
    phase_sent = records_sent = -math.inf

    def report(records: tuple[bytes, ...] | None = None) -> None:
        nonlocal phase_sent
        phase_sent = time.monotonic()
        worker.log_event(TOPIC, Report(task, watch.phase, watch.timings, records).message())

    def on_phase(indices: list[int], name: PhaseName) -> None:
        changed = name != watch.phase.name
        watch.enter(tuple(configs[i].key for i in indices), name)
        if changed or time.monotonic() - phase_sent >= SECONDS_BETWEEN_EVENTS:
            report()

    def on_epoch(records: list[RunRecord]) -> None:
        nonlocal records_sent
        watch.leave()
        # The start is no point of a curve yet, and drawing it would only delay the first; the end
        # is the task's result.
        if not any(record.epochs for record in records) or all(r.complete for r in records):
            return
        now = time.monotonic()
        if now - records_sent >= SECONDS_BETWEEN_EVENTS:
            records_sent = now
            report(tuple(archive.pack(record, compress=False) for record in records))

    given_up = _given_up(worker)
    with _training:
        if given_up():
            raise Cancelled(task)
        from fmviz.training.train import train

        records = train(configs, on_epoch, given_up, on_phase)
        report()
    if not all(record.complete for record in records):
        raise Cancelled(task)
    if brief:
        records = [record.brief() for record in records]
    # Whoever waits packs it for the store; packing takes as long as an epoch.
    return [archive.pack(record, compress=False) for record in records]


def _given_up(worker: distributed.Worker) -> Callable[[], bool]:
    """Whether nobody wants the worker's present task any more. Dask never interrupts a running
    task, but it does note that."""
    task = worker.get_current_task()

    def given_up() -> bool:
        state = worker.state.tasks.get(task)
        return state is None or state.state not in ("executing", "long-running")

    return given_up


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
    with _training:
        if given_up():
            raise Cancelled(name)
        from fmviz.training import stock, train

        try:
            kept = list(weights) or train.weights_after(config, epoch, given_up)
        except InterruptedError as stopped:
            raise Cancelled(name) from stopped
        network = stock.as_keras(config, kept, name)
        with tempfile.TemporaryDirectory(prefix="fmviz-") as folder:
            path = Path(folder) / "model.keras"
            network.save(path)
            return path.read_bytes()


def warm(documents: list[dict[str, Any]]) -> None:
    """Compile what training these runs together needs, and each alone: an epoch of them is trained
    and forgotten. Whoever then moves a slider waits for no compiler."""
    configs = [RunConfig.model_validate(document | {"epochs": 1}) for document in documents]
    for members in {1, len(configs)}:
        with _training:
            from fmviz.training.train import train

            train(configs[-members:])


def warm_up() -> None:
    """Import TensorFlow, read the images and compile what the pages' default runs need."""
    with _training:
        from fmviz.training.train import train
    default = RunConfig(epochs=1)
    for members in (1, 2):
        with _training:
            train([default] * members)


def dask_setup(worker: distributed.Worker) -> None:
    """Called by `--preload`: warm up in the background, so that the worker joins at once."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # It warns of retracing where the trainer compiles one shape after another.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    threading.Thread(target=warm_up, name="fmviz-warm-up", daemon=True).start()
