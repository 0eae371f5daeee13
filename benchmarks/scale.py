"""How many workers a scheduler keeps busy, and what a second one brings: `make bench-scale`.

First with trainers that only wait (`benchmarks.scripted`): sweeps of 125 runs, asked for at once,
on 64 thin workers. Printed is the efficiency: the seconds that all runs take by themselves, over
workers times seconds until the last record has arrived. Scheduler, workers and app share this
machine, which no cluster does: what it cannot do beside the waiting lowers the figure.

Then with real trainers: one sweep by one worker and by two, each bound to one core, so that
the second brings as much machine as the first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
SWEEP = 125
REAL_RUNS = 48
THREADS = 64
# Workers end with their standard input; a scheduler must be told.
END_SECONDS = 3.0


# Workers: `python -m benchmarks.scale ADDRESS --workers N`


async def _serve(address: str, preload: Sequence[str]) -> None:
    from distributed import Worker

    worker = Worker(
        address, nthreads=THREADS, memory_limit=0, dashboard=False, preload=list(preload)
    )
    async with worker:
        await worker.finished()


def _worker(address: str, preload: Sequence[str], core: int | None) -> None:
    if core is not None:
        psutil.Process().cpu_affinity([core])
    asyncio.run(_serve(address, preload))


def farm(address: str, count: int, thin: bool, bound: bool) -> None:
    """Workers until standard input closes: thin ones, or real ones, bound to a core each."""
    # Once for all of them, but for what each must have for itself.
    import distributed  # noqa: F401

    import fmviz.run.archive  # noqa: F401

    preload = ["benchmarks.scripted"] if thin else []
    fork = multiprocessing.get_context("fork")
    for index in range(count):
        core = index % os.cpu_count() if bound else None  # type: ignore[operator]
        arguments = address, [*preload, "fmviz.engine.worker"], core
        fork.Process(target=_worker, args=arguments, daemon=True).start()
    sys.stdin.read()


# The app


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that ends when this does."""
    environment = {
        **os.environ,
        "DASK_LOGGING__DISTRIBUTED": "error",
        # What a worker does for its own statistics: with 64 of them on one machine that adds up.
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
        "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "2s",
        "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.terminate()


@contextmanager
def cluster(folder: Path, workers: int, *kind: str) -> Iterator[str]:
    """A scheduler and workers; its address, once all have come."""
    import distributed

    file = folder / "scheduler.json"
    with ExitStack() as stack:
        arguments = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        scheduler = ("distributed.cli.dask_scheduler", *arguments, "--scheduler-file", str(file))
        stack.enter_context(command(*scheduler))
        while not file.exists() or not file.read_text():
            time.sleep(0.2)
        address = str(json.loads(file.read_text())["address"])
        stack.enter_context(command("benchmarks.scale", address, f"--workers={workers}", *kind))
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers)
        yield address


def thin(workers: int, count: int) -> None:
    """Print how busy waiting trainers are kept."""
    from benchmarks import scripted
    from fmviz.engine.engine import Engine
    from fmviz.run.store import RunStore

    with tempfile.TemporaryDirectory() as name, cluster(Path(name), workers, "--thin") as address:
        engine = Engine(RunStore(Path(name) / "runs", recorded=None), address)
        engine.start()
        while engine.connection.client is None:
            time.sleep(0.1)
        runs = scripted.runs(count)
        trained = Counter[str]()
        with ExitStack() as stack:
            begun = time.monotonic()
            watches = [
                stack.enter_context(engine.watch(runs[i : i + SWEEP], brief=True))
                for i in range(0, count, SWEEP)
            ]
            for watch in watches:
                for update in watch:
                    if update.state == "failed":
                        raise SystemExit(update.message)
                trained.update(str(r.made["worker"]) for r in update.records if r is not None)
            wall = time.monotonic() - begun
        engine.close()
    busy = count * scripted.SECONDS
    print(
        f"{count} runs of {scripted.SECONDS:g} s on {workers} workers that wait: {wall:.1f} s, "
        f"efficiency {busy / workers / wall:.0%} (goal: 90%); {len(trained)} of them trained, "
        f"{min(trained.values())} to {max(trained.values())} runs each; the app took "
        f"{1000 * time.process_time() / count:.0f} ms of a core for a run",
        flush=True,
    )


def real(workers: int) -> float:
    """Seconds that a sweep takes on so many workers, each bound to a core and warm."""
    from fmviz.engine.engine import Engine
    from fmviz.run.config import RunConfig
    from fmviz.run.store import RunStore

    def sweep(first: int) -> list[RunConfig]:
        return [RunConfig(seed=first + seed, epochs=20) for seed in range(REAL_RUNS)]

    with tempfile.TemporaryDirectory() as name, cluster(Path(name), workers, "--bound") as address:
        engine = Engine(RunStore(Path(name) / "runs", recorded=None), address)
        seconds = 0.0
        for first in (1_000, 2_000):  # the first one compiles
            begun = time.monotonic()
            with engine.watch(sweep(first), brief=True) as watch:
                last = list(watch)[-1]
            if last.state != "done":
                raise SystemExit(last.message)
            seconds = time.monotonic() - begun
        engine.close()
    print(f"{REAL_RUNS} real runs, {workers} × one core: {seconds:.1f} s", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?", help="be workers of this scheduler")
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--thin", action="store_true")
    parser.add_argument("--bound", action="store_true")
    arguments = parser.parse_args()
    if arguments.address:
        farm(arguments.address, arguments.workers, arguments.thin, arguments.bound)
        return
    thin(arguments.workers, arguments.runs)
    one, two = real(1), real(2)
    print(f"two workers: {one / two:.2f} times as fast as one (2 would be all of it)")


if __name__ == "__main__":
    main()
