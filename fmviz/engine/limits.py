"""How much memory there is, and how many processors: what the container allows, or the machine has.

Past the container's memory a process is killed without a word; past its processors it stands still.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from fmviz.engine import control_groups
from fmviz.engine.control_groups import PROC, VERSION_1, VERSION_2
from fmviz.run.store import SettingError

# fmviz cannot run at all in less: the page's process, scheduler and TensorFlow take this much.
LEAST_MEGABYTES = 500
# What stays free: for pages of libraries in use, which count as the container's though they can be
# read again, and for the system's own.
RESERVE = 120 * 10**6
# What a page's process and the scheduler come to while a class is on the page. A worker leaves them
# so much from the start.
OTHERS = 330 * 10**6
# Names the processes that share the limit with a worker, by number; its service tells it.
SHARERS = "FMVIZ_SHARES_MEMORY_WITH"
# Of -1,000 to 1,000, in thousandths of the memory there is: so much more a process seems to take.
OOM_SCORE = 500
# Version 1 says "no limit" by a number of this order.
UNLIMITED = 2**60
MEMORY = {VERSION_2: ("memory.max",), VERSION_1: ("memory.limit_in_bytes",)}
# The time that a group may take of the processors, and in what time, in microseconds.
PROCESSORS = {VERSION_2: ("cpu.max",), VERSION_1: ("cpu.cfs_quota_us", "cpu.cfs_period_us")}


def memory_limit() -> int:
    """Bytes that fmviz may use, page, scheduler and worker together: FMVIZ_MEMORY_MB megabytes, or
    what the control groups allow, at most the machine's memory.

    Raises:
        SettingError: FMVIZ_MEMORY_MB is not a whole number of at least `LEAST_MEGABYTES`.
    """
    text = os.environ.get("FMVIZ_MEMORY_MB")
    if text:
        if not text.isascii() or not text.isdigit() or int(text) < LEAST_MEGABYTES:
            raise SettingError(
                f"FMVIZ_MEMORY_MB must be a whole number of at least {LEAST_MEGABYTES}, "
                f"not {text!r}"
            )
        return int(text) * 10**6
    return min([psutil.virtual_memory().total, *group_limits()])


def room(others: int = 0) -> int:
    """Bytes that a worker may take of its own.

    Args:
        others: what the page's process and the scheduler take, where they share the limit.
    """
    return max(memory_limit() - RESERVE - others, 0)


def worker_room() -> int:
    """Bytes that this worker process may take of its own, as things are: on a machine of a cluster
    all but a reserve, else what the processes that its service names leave of that."""
    said = os.environ.get(SHARERS)
    return room(max(OTHERS, taken_by(map(int, said.split(","))))) if said else room()


def usual_room() -> int:
    """The same where those others take what they usually do: what cannot be trained in so much is
    refused, and what can is not, however many viewers there are."""
    return room(OTHERS if SHARERS in os.environ else 0)


def taken_by(pids: Iterable[int]) -> int:
    """Bytes that processes have for themselves; those that have ended, or are somebody else's, take
    nothing."""
    found = 0
    for pid in pids:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found += taken(pid)
    return found


def taken(pid: int | None = None) -> int:
    """Bytes that a process has for itself: what cannot be read again from a file.

    Args:
        pid: this process, unless named.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    memory = psutil.Process(pid).memory_info()
    # Linux alone tells pages of files apart.
    return int(memory.rss - getattr(memory, "shared", 0))


def go_first() -> None:
    """Should memory run out after all, have the system end this process and none of those that it
    shares the memory with."""
    with suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def group_limits(proc: Path = PROC) -> list[int]:
    """The limits, in bytes, of this process's control groups and of those above them; none where
    there is no limit, or no Linux.

    Args:
        proc: the proc file system.
    """
    found = [
        int(text) for (text,) in control_groups.texts("memory", MEMORY, proc) if text.isdigit()
    ]
    return [limit for limit in found if limit < UNLIMITED]


def processors(proc: Path = PROC) -> float:
    """Processors that this process may use, such as 0.5: those it is bound to, or what its control
    groups and those above them allow.

    Args:
        proc: the proc file system.
    """
    bound = getattr(os, "sched_getaffinity", None)
    count = float(len(bound(0)) if bound is not None else os.cpu_count() or 1)
    for found in control_groups.texts("cpu", PROCESSORS, proc):
        quota, *period = " ".join(found).split()
        # "max" in version 2, -1 in version 1: no limit.
        if quota.isdigit() and period and period[0].isdigit() and int(period[0]):
            count = min(count, int(quota) / int(period[0]))
    return count
