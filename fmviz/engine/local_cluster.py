"""A scheduler and one worker on this machine: `python -m fmviz.engine.local_cluster`.

It is a command of its own because a worker started by `multiprocessing` from within Streamlit
would import the app's script again. It prints the scheduler's address and the key to it on one line
(`handover`) and lives until its standard input closes, so that it never outlives the app, however
the app ends.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

# Before anything is imported: a page that is being drawn goes first, and so does its browser
# where it shares the machine. The worker inherits it.
NICENESS = 10
if __name__ == "__main__" and hasattr(os, "nice"):
    os.nice(NICENESS)

import dask  # noqa: E402
import psutil  # noqa: E402
from distributed import Nanny, Scheduler, Security  # noqa: E402
from distributed.protocol.pickle import dumps  # noqa: E402

from fmviz.engine import handover, kept_programs, limits  # noqa: E402
from fmviz.engine.folder import own_folder  # noqa: E402
from fmviz.engine.leaving import ASKED, FOLDER, TIGHT, leave  # noqa: E402

logger = logging.getLogger(__name__)

# XLA keeps every program that it ever compiled, about 15 MB each, also those that are no longer
# used. Where there is more room than this, the worker is replaced past it once it has been idle for
# a while; where there is less, at once when it has no room left, whatever it does.
ENOUGH_MB = 2_000
IDLE_SECONDS = 10.0
CHECK_SECONDS = 0.25
# Tasks that the worker holds at once. They only wait for its trainer.
THREADS = 64
# A worker that has no room as soon as it has started is not replaced over and over.
LEAST_LIFE_SECONDS = 30.0
# For what the worker has begun to be handed over to the next.
SECONDS_TO_HAND_OVER = 8.0
# Until the app has heard that it is replaced on purpose.
SECONDS_TO_TELL = 0.2
# It is told to end, and killed if it has not by then.
END_SECONDS = 2.5

SETTINGS: dict[str, Any] = {
    # Each epoch is an event, with curves in it: scheduler and worker keep the last so many.
    "distributed.admin.low-level-log-length": 2,
    # Statistical profiling of workers: nobody looks at it here.
    "distributed.worker.profile.enabled": False,
    # Who has ended a worker is found out by the app: the scheduler would blame whatever it trained.
    "distributed.scheduler.allowed-failures": 1_000,
    # After a laptop has slept, the scheduler would replace a worker that is well: the app looks.
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ": {
        # Of a program read from disk, TensorFlow says that it is no text before it takes it for
        # what it is; what goes wrong comes as an exception.
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Each thread's own arena would keep what the compiler has used there.
        "MALLOC_ARENA_MAX": "2",
        **kept_programs.flags(),
    },
}


class Keeper:
    """Replaces the worker where it has grown.

    Args:
        folder: where the worker may leave word.
        room_mb: what the worker may take; None is what the page's process and this one leave of
            `limits.memory_limit()`.
        enough_mb: what it may take while it is idle for longer than `idle_seconds`.
        least_life: seconds that a worker without room has before it is replaced.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        nanny: Nanny,
        folder: Path,
        room_mb: float | None = None,
        enough_mb: float = ENOUGH_MB,
        idle_seconds: float = IDLE_SECONDS,
        least_life: float = LEAST_LIFE_SECONDS,
    ) -> None:
        self._scheduler, self._nanny = scheduler, nanny
        self._asked, self._tight = folder / ASKED, folder / TIGHT
        self._room_mb, self._enough_mb = room_mb, enough_mb
        self._idle_seconds, self._least_life = idle_seconds, least_life
        self._owner = os.getppid()
        self._begun = self._busy_until = time.monotonic()
        self._has_worked = False

    async def run(self) -> None:
        """Look every `CHECK_SECONDS`, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                reason = self.reason(time.monotonic())
            except psutil.NoSuchProcess:  # it has just died, and the nanny is replacing it
                continue
            if reason:
                logger.warning("fmviz: the worker is replaced: %s", reason)
                await self._replace(reason)

    def reason(self, now: float) -> str:
        """Why the worker is to be replaced, in words; "" where it is not.

        Raises:
            psutil.NoSuchProcess: there is none.
        """
        if self._scheduler.unrunnable or any(
            worker.processing for worker in self._scheduler.workers.values()
        ):
            self._busy_until, self._has_worked = now, True
        if not self._nanny.pid or not self._has_worked:
            return ""
        if self._asked.exists():
            return self._asked.read_text() or "it asks for it"
        taken = limits.taken(self._nanny.pid) / 1e6
        room = self.room()
        if taken > room and now - self._begun > self._least_life:
            self._tight.touch()
            return f"it takes {taken:,.0f} MB of the {room:,.0f} MB that there are for it"
        if taken > self._enough_mb and now - self._busy_until > self._idle_seconds:
            return f"it is idle and takes {taken:,.0f} MB"
        return ""

    def room(self) -> float:
        """Megabytes that the worker may take at this moment."""
        if self._room_mb is not None:
            return self._room_mb
        return limits.room(limits.taken_by([os.getpid(), self._owner])) / 1e6

    async def _replace(self, reason: str) -> None:
        try:
            leaving = {"op": "run", "function": dumps(leave), "wait": True}
            try:
                await asyncio.wait_for(self._scheduler.broadcast(msg=leaving), SECONDS_TO_HAND_OVER)
            except Exception as error:  # then its runs begin again
                logger.warning("fmviz: the worker has not handed over: %s", error)
            await asyncio.sleep(SECONDS_TO_TELL)
            # Removed first, and as one that did nothing wrong: what it trains waits for the next.
            for address in list(self._scheduler.workers):
                await self._scheduler.remove_worker(
                    address, stimulus_id="fmviz-keeper", expected=True, close=False
                )
            await self._nanny.restart(reason=reason)
        except Exception as error:  # the next look tries again
            logger.warning("fmviz: the worker could not be replaced: %s", error)
        self._asked.unlink(missing_ok=True)
        self._begun = self._busy_until = time.monotonic()
        self._has_worked = False


async def serve(
    room_mb: float | None, enough_mb: float, idle_seconds: float, least_life: float
) -> None:
    """Run until standard input closes; the arguments are those of `Keeper`."""
    security = Security.temporary()
    with own_folder() as folder, dask.config.set({**SETTINGS, "temporary-directory": str(folder)}):
        async with (
            Scheduler(
                host="127.0.0.1",
                port=0,
                protocol="tls://",
                security=security,
                dashboard=False,
                dashboard_address="127.0.0.1:0",
            ) as scheduler,
            # Without a memory limit: a worker past one is paused, and TensorFlow's resident
            # memory alone is past what Dask would allow it on a small host.
            Nanny(
                scheduler.address,
                host="127.0.0.1",
                protocol="tls://",
                security=security,
                nthreads=THREADS,
                memory_limit=0,
                env={
                    "TMPDIR": str(folder),
                    FOLDER: str(folder),
                    limits.SHARERS: f"{os.getpid()},{os.getppid()}",
                },
                preload=["fmviz.engine.worker", "fmviz.engine.leaving"],
                dashboard=False,
            ) as nanny,
        ):
            print(handover.written(scheduler.address, security), flush=True)
            keeper = Keeper(scheduler, nanny, folder, room_mb, enough_mb, idle_seconds, least_life)
            keeping = asyncio.create_task(keeper.run())
            await asyncio.to_thread(sys.stdin.read)
            keeping.cancel()
            await nanny.close(timeout=END_SECONDS, reason="the app ends")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", type=float, metavar="MB", help="for the worker, at most")
    parser.add_argument("--enough", type=float, default=ENOUGH_MB, metavar="MB", help="while idle")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, metavar="SECONDS")
    parser.add_argument("--life", type=float, default=LEAST_LIFE_SECONDS, metavar="SECONDS")
    given = parser.parse_args()
    asyncio.run(serve(given.room, given.enough, given.idle, given.life))
