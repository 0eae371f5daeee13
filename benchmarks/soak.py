"""Many different runs in one worker, and what they leave behind: `make soak`.

Trains 500 runs, or `--minutes` long (an hour is 60, a short look is 3), and prints what the engine,
the scheduler and the worker hold: memory, threads, open files, temporary files, the store. The runs
differ in everything that a page offers; their shapes (width, activation, optimizer) are fewer than
a worker keeps compiled, or with `--shapes` more, so that compiled programs are dropped and made
anew. The store is so small that most runs are evicted again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.figures import Figure, table
from benchmarks.processes import service_of, workers_of
from fmviz.engine.engine import Engine
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore

REPORTS = 10
STORE_BYTES = 8 * 10**6
REPLACED_WITHIN = 60.0
# What may be left of it once caches have filled: half way through, and at the end.
ENGINE_MB, WORKER_MB = 30.0, 250.0


def runs(shapes: int, seed: int) -> Iterator[RunConfig]:
    """Different runs without end over so many shapes; the first ones meet every shape."""
    rng = random.Random(seed)
    networks = [
        {"hidden": (width,), "activation": activation, "optimizer": optimizer}
        for width in (32, 64, 128)
        for activation in list(ACTIVATIONS)[:4]
        for optimizer in ("adam", "sgd", "momentum", "rmsprop", "lion")
    ][:shapes]
    for index in itertools.count():
        yield RunConfig.model_validate(
            {
                **networks[index % len(networks)],
                "train_size": rng.choice([300, 500, 1_000]),
                "epochs": rng.randint(2, 4),
                "penalty": rng.choice([p for p in PENALTIES if p not in ("none", "l1_proximal")]),
                "lam": round(rng.uniform(0.1, 20), 3),
                "initializer": rng.choice(list(INITIALIZERS)),
                "schedule": rng.choice(list(SCHEDULES)),
                "label_noise": round(rng.random() / 2, 3),
                "learning_rate": round(10 ** rng.uniform(-4, -2), 6),
                "seed": index,
            }
        )


class Held(NamedTuple):
    """What is held at one moment; memory is resident, in megabytes.

    Attributes:
        worker: its process.
        threads, files: open in the process of the engine, which stands for the app's.
        worker_threads, worker_files: likewise.
        temporary: entries of the folder for temporary files.
        stored: bytes in the store.
    """

    worker: int
    engine_mb: float
    scheduler_mb: float
    worker_mb: float
    threads: int
    files: int
    worker_threads: int
    worker_files: int
    temporary: int
    stored: int


def held(temporary: Path, store: Path) -> Held:
    """What this process, the scheduler and the worker that it has started hold.

    Raises:
        RuntimeError: there is no worker, and none comes.
    """
    own = psutil.Process()
    service, worker = _service_and_worker(own)
    return Held(
        worker=worker.pid,
        engine_mb=_megabytes(own),
        scheduler_mb=_megabytes(service),
        worker_mb=_megabytes(worker),
        threads=own.num_threads(),
        files=own.num_fds(),
        worker_threads=worker.num_threads(),
        worker_files=worker.num_fds(),
        temporary=entries(temporary),
        stored=sum(path.stat().st_size for path in store.rglob("*") if path.is_file()),
    )


def _service_and_worker(own: psutil.Process) -> tuple[psutil.Process, psutil.Process]:
    """The two; a worker that is being replaced is waited for."""
    until = time.monotonic() + REPLACED_WITHIN
    while time.monotonic() < until:
        service = service_of(own)
        workers = [] if service is None else workers_of(service)
        if service is not None and workers:
            return service, workers[0]
        time.sleep(0.2)
    raise RuntimeError("the worker is gone")


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def entries(folder: Path) -> int:
    """Files and folders under a folder."""
    return sum(1 for _ in folder.rglob("*"))


def verdict(seen: Sequence[Held], left: int) -> list[Figure]:
    """What has grown between half way and the end, beside what may have.

    Args:
        seen: reports at equal distances.
        left: temporary entries after everything was closed.
    """
    middle, end = seen[len(seen) // 2], seen[-1]
    same = middle.worker == end.worker
    note = "" if same else "the worker was replaced meanwhile"
    grown = end.worker_mb - middle.worker_mb if same else 0.0
    kept = max(report.stored for report in seen) / STORE_BYTES
    return [
        Figure(
            "", "the engine's memory has grown", end.engine_mb - middle.engine_mb, ENGINE_MB, "MB"
        ),
        Figure("", "the worker's memory has grown", grown, WORKER_MB, "MB", note=note),
        Figure("", "threads more", end.threads - middle.threads, 2, ""),
        Figure("", "open files more", end.files - middle.files, 4, ""),
        Figure("", "the worker's threads more", end.worker_threads - middle.worker_threads, 4, ""),
        Figure("", "the worker's open files more", end.worker_files - middle.worker_files, 4, ""),
        Figure("", "the store, of its limit", 100 * kept, 100, "%"),
        Figure("", "temporary files left at the end", left, 0, ""),
    ]


def soak(configs: Iterator[RunConfig], count: int | None, seconds: float) -> list[Figure]:
    """Train one run after another.

    Args:
        count: of runs; None for as many as there is time for.
        seconds: at most.
    """
    seen: list[Held] = []
    with tempfile.TemporaryDirectory(prefix="fmviz-soak-") as folder:
        store, temporary = Path(folder) / "runs", Path(folder) / "temporary"
        temporary.mkdir()
        # This process's and its children's.
        os.environ["TMPDIR"], tempfile.tempdir = str(temporary), str(temporary)
        engine = Engine(RunStore(store, STORE_BYTES, recorded=None))
        begun = time.monotonic()
        try:
            for done in itertools.count(1):
                with engine.watch([next(configs)]) as watch:
                    last = list(watch)[-1]
                if last.state != "done":
                    raise RuntimeError(f"run {done} has failed: {last.message}")
                passed = time.monotonic() - begun
                share = done / count if count else passed / seconds
                if share >= (len(seen) + 1) / REPORTS:
                    seen.append(held(temporary, store))
                    print(_line(done, passed, seen[-1]), flush=True)
                if share >= 1 or passed >= seconds:
                    break
        finally:
            engine.close()
        return verdict(seen, entries(temporary))


def _line(done: int, seconds: float, now: Held) -> str:
    return (
        f"{done:5} runs, {seconds:5.0f} s: engine {now.engine_mb:.0f} MB, {now.threads} threads, "
        f"{now.files} open files; scheduler {now.scheduler_mb:.0f} MB; worker {now.worker}: "
        f"{now.worker_mb:.0f} MB, {now.worker_threads} threads, {now.worker_files} open files; "
        f"{now.temporary} temporary files; store {now.stored / 1e6:.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, help="500 without --minutes")
    parser.add_argument("--minutes", type=float, help="an hour is 60, a short look is 3")
    parser.add_argument("--shapes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    count = arguments.runs if arguments.minutes else arguments.runs or 500
    seconds = 60 * arguments.minutes if arguments.minutes else float("inf")
    figures = soak(runs(arguments.shapes, arguments.seed), count, seconds)
    print(table(figures))
    sys.exit(not all(figure.met for figure in figures))


if __name__ == "__main__":
    main()
