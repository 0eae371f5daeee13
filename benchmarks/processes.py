"""Processes of an app on this machine: which they are, and what they take of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import psutil

from benchmarks.viewers import loopback

SERVICE_COMMAND = "fmviz.engine.local_cluster"
# Cores that others may take before figures are no longer those of this app alone.
QUIET = 0.25


class App:
    """The processes of an app that listens on this machine.

    Args:
        address: of the app.

    Raises:
        LookupError: nothing of this user's listens there.
        ForeignHost: the address is another machine's.
    """

    def __init__(self, address: str) -> None:
        self.address = loopback(address)
        port = urlsplit(address).port
        pids = (
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        )
        pid = next(filter(None, pids), None)
        if pid is None:
            raise LookupError(f"no process of this user listens at {address}")
        self.server = psutil.Process(pid)

    def service(self) -> psutil.Process | None:
        """The scheduler and the worker's guardian; None while there is none."""
        return service_of(self.server)

    def workers(self) -> list[psutil.Process]:
        """The processes that train, the largest first."""
        service = self.service()
        return [] if service is None else workers_of(service)

    def roles(self) -> dict[str, list[psutil.Process]]:
        """All its processes, and this one, by what they do."""
        service = self.service()
        return {
            "app": [self.server],
            "scheduler": [] if service is None else [service],
            "worker": self.workers(),
            "viewers": [psutil.Process()],
            "browsers": [
                child
                for child in psutil.Process().children(recursive=True)
                if "chrom" in _name(child)
            ],
        }


def service_of(process: psutil.Process) -> psutil.Process | None:
    """The scheduler and the worker's guardian that a process has started; None while there is
    none."""
    for child in process.children():
        if SERVICE_COMMAND in _text(child):
            return child
    return None


def workers_of(service: psutil.Process) -> list[psutil.Process]:
    """The processes of a service that train, the largest first."""
    children = [c for c in service.children(recursive=True) if "spawn_main" in _text(c)]
    return sorted(children, key=_resident, reverse=True)


class Meter:
    """CPU taken between entering and leaving, in cores by role, and how busy the machine is.

    A process that is replaced meanwhile is counted from its start; what it took in its last second
    is lost with it.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.cores: dict[str, float] = {}
        self.load_average: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> Meter:
        self._begun, self._load = time.monotonic(), os.getloadavg()[0]
        self._busy = _busy()
        self._before = self._taken()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = time.monotonic() - self._begun
        taken = self._taken()
        self.cores = {
            role: sum(s - self._before[role].get(pid, 0.0) for pid, s in of.items()) / seconds
            for role, of in taken.items()
        }
        others = (_busy() - self._busy) / seconds - sum(self.cores.values())
        self.cores["others"] = max(others, 0.0)
        self.load_average = self._load, os.getloadavg()[0]

    @property
    def quiet(self) -> bool:
        """Whether the machine was the app's own."""
        return self.cores["others"] <= QUIET

    def __str__(self) -> str:
        shares = ", ".join(f"{role} {cores:.2f}" for role, cores in self.cores.items() if cores)
        before, after = self.load_average
        text = (
            f"cores taken: {shares} of {os.cpu_count()}; load average {before:.1f} to {after:.1f}"
        )
        return (
            text if self.quiet else f"{text}: OTHERS ARE AT WORK, these are no figures of the app"
        )

    def _taken(self) -> dict[str, dict[int, float]]:
        """Role → process → CPU seconds since it began."""
        return {role: _seconds(processes) for role, processes in self._app.roles().items()}


def _seconds(processes: Iterable[psutil.Process]) -> dict[int, float]:
    taken = {}
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        taken[process.pid] = times.user + times.system
    return taken


def _busy() -> float:
    """CPU seconds that all processes of the machine have taken."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _text(process: psutil.Process) -> str:
    """Its command line; empty of one that is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
