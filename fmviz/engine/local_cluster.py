"""A scheduler and one worker on this machine: `python -m fmviz.engine.local_cluster`.

It is a command of its own because a worker started by `multiprocessing` from within Streamlit
would import the app's script again. It prints the scheduler's address on one line and lives until
its standard input closes, so that it never outlives the app, however the app ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time

# Before anything is imported: a page that is being drawn goes first, and so does its browser
# where it shares the machine. The worker inherits it.
NICENESS = 10
if __name__ == "__main__" and hasattr(os, "nice"):
    os.nice(NICENESS)

import dask  # noqa: E402
import psutil  # noqa: E402
from distributed import Nanny, Scheduler  # noqa: E402

# XLA keeps every program that it ever compiled, about 15 MB each, also those that are no longer
# used. Past this much memory the worker is replaced once it has been idle for a while.
RECYCLE_ABOVE_MB = 2_000
IDLE_SECONDS = 10.0
CHECK_SECONDS = 0.25

SETTINGS = {
    # Each epoch is an event, and the scheduler keeps the last so many.
    "distributed.admin.low-level-log-length": 20,
    # Statistical profiling of workers: nobody looks at it here.
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.allowed-failures": 2,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ": {"TF_CPP_MIN_LOG_LEVEL": "2"},
}


async def recycle(scheduler: Scheduler, nanny: Nanny, above_mb: float, idle_seconds: float) -> None:
    """Replace the worker when it has grown past `above_mb` and had nothing to do for a while."""
    busy_until, has_worked = time.monotonic(), False
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        if scheduler.unrunnable or any(w.processing for w in scheduler.workers.values()):
            busy_until, has_worked = time.monotonic(), True
        idle = time.monotonic() - busy_until > idle_seconds
        if not (idle and has_worked and nanny.pid):
            continue
        try:
            resident = psutil.Process(nanny.pid).memory_info().rss / 1e6
        except psutil.NoSuchProcess:  # it has just died, and the nanny is replacing it
            continue
        if resident > above_mb:
            try:
                await nanny.restart(reason="fmviz-recycle")
            except Exception as error:  # the next look tries again
                print(f"fmviz: the worker could not be replaced: {error}", file=sys.stderr)
            busy_until, has_worked = time.monotonic(), False


async def serve(recycle_above_mb: float, idle_seconds: float) -> None:
    """Run until standard input closes."""
    with dask.config.set(SETTINGS):
        async with (
            Scheduler(
                host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0"
            ) as scheduler,
            # Without a memory limit: a worker past one is paused, and TensorFlow's resident
            # memory alone is past what Dask would allow it on a small host.
            Nanny(
                scheduler.address,
                host="127.0.0.1",
                nthreads=1,
                memory_limit=0,
                preload=["fmviz.engine.worker"],
                dashboard=False,
            ) as nanny,
        ):
            print(scheduler.address, flush=True)
            recycling = asyncio.create_task(
                recycle(scheduler, nanny, recycle_above_mb, idle_seconds)
            )
            await asyncio.to_thread(sys.stdin.read)
            recycling.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recycle-above", type=float, default=RECYCLE_ABOVE_MB, metavar="MB")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, metavar="SECONDS")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.recycle_above, arguments.idle))
