"""A scheduler and one worker on this machine: `python -m fmviz.local_cluster`.

It is a command of its own because a worker started by `multiprocessing` from within Streamlit
would import the app's script again. It prints the scheduler's address on one line and lives until
its standard input closes, so that it never outlives the app, however the app ends.
"""

from __future__ import annotations

import asyncio
import os
import sys

# Before anything is imported: a page that is being drawn goes first, and so does its browser
# where it shares the machine. The worker inherits it.
NICENESS = 10
if __name__ == "__main__" and hasattr(os, "nice"):
    os.nice(NICENESS)

import dask  # noqa: E402
from distributed import Nanny, Scheduler  # noqa: E402

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


async def serve() -> None:
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
                preload=["fmviz.worker"],
                dashboard=False,
            ),
        ):
            print(scheduler.address, flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
