"""A worker that is told to end says so and ends, also in the middle of training.

Dask waits for its tasks, and Python for threads that compile, seconds in which nothing listens any
more. A preload of its own, for the workers that fmviz starts itself: `--preload
fmviz.engine.leaving`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import distributed

# Names the service's folder, to its worker alone.
FOLDER = "FMVIZ_SERVICE_FOLDER"
# A file in it: the worker asks to be replaced, and says why.
ASKED = "asked"
# Another: a worker had to be replaced as it had no room.
TIGHT = "tight"
# It takes about one.
REPLACED_SECONDS = 30.0
# Time for what Dask still has to say to the scheduler.
GRACE_SECONDS = 0.3


# Who tells of it in this process: the worker, which the service has no use for.
_told: list[Callable[[], None]] = []


def before_leaving(tell: Callable[[], None]) -> None:
    """Have something told before this process is replaced."""
    _told.append(tell)


async def leave() -> None:
    """Hand over what this process does and say that it is about to be replaced, on purpose; the
    service has a worker do it."""
    for tell in _told:
        await asyncio.to_thread(tell)


def folder() -> Path | None:
    """That of the service, for what one of its workers leaves to the next; None where there is no
    service."""
    return Path(os.environ[FOLDER]) if FOLDER in os.environ else None


def may_be_replaced() -> bool:
    """Whether a service of fmviz's looks after this worker."""
    return FOLDER in os.environ


def is_tight() -> bool:
    """Whether one before this worker had to be replaced for want of room."""
    found = folder()
    return found is not None and (found / TIGHT).exists()


def ask_to_be_replaced(reason: str) -> None:
    """Leave word for the service; the reason is a clause, for the log."""
    Path(os.environ[FOLDER], ASKED).write_text(reason)


def wait_to_be_replaced(reason: str) -> None:
    """Ask for it, and hold the present task until then: the scheduler gives it to the next process.
    Were it ended, whoever waits would ask for it again, and this process might have it again."""
    ask_to_be_replaced(reason)
    threading.Event().wait(REPLACED_SECONDS)


def dask_teardown(worker: distributed.Worker) -> None:
    """Called as the worker begins to close."""
    leave = threading.Timer(GRACE_SECONDS, os._exit, (0,))
    leave.daemon = True
    leave.start()
