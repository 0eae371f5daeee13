"""The service of this machine: a process that schedules, and the worker that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
# The service has its own time to end its worker in, which is less.
END_SECONDS = 5.0


def begun(command: Sequence[str]) -> subprocess.Popen[str]:
    """A service that has just been started, with a process group of its own: what it starts is in
    it, and can be ended when the service is gone."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            "DASK_LOGGING__DISTRIBUTED": "warning",
            # One of each thread's own would keep what has passed through it.
            "MALLOC_ARENA_MAX": "2",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_stopped(service: subprocess.Popen[str]) -> bool:
    """Whether it, or what it has started, stands still."""
    return psutil.STATUS_STOPPED in map(_state, _family(service))


def _family(service: subprocess.Popen[str]) -> list[psutil.Process]:
    """The scheduler's process and those that it has started, the worker's among them."""
    try:
        process = psutil.Process(service.pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _state(process: psutil.Process) -> str:
    """What the system says that a process does; "" where it has ended."""
    try:
        return process.status()
    except psutil.NoSuchProcess:
        return ""


def end(service: subprocess.Popen[str], at_once: bool = False) -> None:
    """End the scheduler's process and the worker: they go when standard input closes, or are
    killed. A worker that stands still does not see that its parent has ended, be it that this one
    was killed by somebody else.

    Args:
        at_once: whether they are killed without being asked to go.
    """
    assert service.stdin is not None
    assert service.stdout is not None
    family = _family(service)
    service.stdin.close()
    try:
        service.wait(0.0 if at_once else END_SECONDS)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(service.pid, signal.SIGKILL)
    service.stdout.close()
