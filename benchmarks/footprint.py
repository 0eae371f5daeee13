"""What the app takes of a machine's memory, with nobody on it and with a class: `make footprint`.

Starts the app with an empty store, waits until its worker answers (`/health`) and has warmed up,
and lets 1, 20 and 60 viewers without browsers open the lessons in turn, each with one move of a
slider; all stay. Printed is the proportional set size of each process: its own pages, and its share
of those that several processes map. Libraries that programs beside the app map too, such as other
Python processes of the same environment, count for less than they would alone: the sum "alone"
counts each process's own pages, and every mapped page of its files in full.

All of it is measured twice: where the host sets no limit, and where it gives as much as the goal.
There "own" counts, which is what a container's limit is about: pages that no file has, and that the
system therefore cannot take back.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.figures import Figure, table
from benchmarks.processes import App
from benchmarks.viewers import Viewer
from fmviz.lessons.catalogue import LESSONS
from tests.support.browser import server

VIEWERS = (0, 1, 20, 60)
GOAL_MEGABYTES = 1_000.0
GOAL_A_VIEWER = 2.0
# A page, the label of a slider on it, and how many of its options the slider moves.
MOVES = {
    "regularisation": ("lam", 1),
    "dropout": ("dropout", 1),
    "initialisation": ("init_std", 1),
    "overfitting": ("train_size", -1),
}
READY_SECONDS = 300.0
# For what was taken in passing to be given back: the worker looks every three.
SETTLE_SECONDS = 8.0


class Size(NamedTuple):
    """Of one process, in megabytes: proportional, with its files in full, and without files."""

    shared: float
    alone: float
    own: float


def size(process: psutil.Process) -> Size:
    """What a process takes now; nothing where it has ended."""
    fields = {}
    try:
        with open(f"/proc/{process.pid}/smaps_rollup") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                if rest.endswith("kB\n"):
                    fields[name] = int(rest.split()[0]) * 1024 / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return Size(0.0, 0.0, 0.0)
    return Size(fields["Pss"], fields["Rss"], fields["Anonymous"])


def sizes(app: App) -> dict[str, Size]:
    """Role → size of all its processes. What helps Dask to start the worker is the scheduler's."""
    service = app.service()
    workers = app.workers()
    helpers = [] if service is None else service.children(recursive=True)
    roles = {
        "app": [app.server],
        "scheduler": [p for p in (service, *helpers) if p is not None and p not in workers],
        "worker": workers,
    }
    return {
        role: Size(*map(sum, zip(*map(size, processes)))) if processes else Size(0.0, 0.0, 0.0)
        for role, processes in roles.items()
    }


async def ready(address: str) -> None:
    """Wait until a worker answers and has stopped growing.

    Raises:
        TimeoutError: that takes longer than `READY_SECONDS`.
    """
    app, before = App(address), -1.0
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        await asyncio.sleep(SETTLE_SECONDS)
        now = sizes(app)["worker"].shared
        if _is_well(address) and abs(now - before) < 5:
            return
        before = now
    raise TimeoutError(f"no worker was ready after {READY_SECONDS:.0f} s")


def _is_well(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except urllib.error.URLError:
        return False


async def visit(viewer: Viewer, place: int) -> None:
    """Open the lesson that stands at that place of the course, and move one of its sliders."""
    page = tuple(LESSONS)[place % len(LESSONS)]
    await viewer.open(page)
    if page in MOVES:
        name, steps = MOVES[page]
        await viewer.step(name, steps)


async def measure(address: str) -> dict[int, dict[str, Size]]:
    """Viewers → sizes by role."""
    await ready(address)
    app, found = App(address), dict[int, dict[str, Size]]()
    async with AsyncExitStack() as stack:
        here = 0
        for count in VIEWERS:
            arriving = [
                visit(await stack.enter_async_context(Viewer(address)), place)
                for place in range(here, count)
            ]
            await asyncio.gather(*arriving)
            here = count
            await asyncio.sleep(SETTLE_SECONDS)
            found[count] = sizes(app)
    return found


def measured(**environment: str) -> dict[int, dict[str, Size]]:
    """The same of an app of our own, printed.

    Args:
        environment: its variables.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), port=None, FMVIZ_AHEAD="0", **environment) as address,
    ):
        found = asyncio.run(measure(address))
    roles = list(next(iter(found.values())))
    print(", ".join(map("=".join, environment.items())) or "no limit of the host's")
    print(
        "viewers  " + "".join(f"{role:>11}" for role in roles) + "        all      alone        own"
    )
    for count, row in found.items():
        cells = "".join(f"{row[role].shared:>11.0f}" for role in roles)
        print(f"{count:>7}  {cells}" + "".join(f"{part:>11.0f}" for part in everything(row)))
    return found


def everything(row: dict[str, Size]) -> Size:
    """Of all roles together."""
    return Size(*map(sum, zip(*row.values())))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    if sys.platform != "linux":
        sys.exit("sizes are read from /proc, which Linux alone has")
    found = measured()
    limited = measured(FMVIZ_MEMORY_MB=f"{GOAL_MEGABYTES:.0f}")
    most = VIEWERS[-1]
    what = f"app, scheduler and worker, {most} viewers"
    a_viewer = (found[most]["app"].shared - found[1]["app"].shared) / (most - 1)
    peak = max(everything(row).own for row in limited.values())
    figures = [
        Figure("a", what, everything(found[most]).shared, GOAL_MEGABYTES, "MB"),
        Figure("b", "of which each further viewer, at most", a_viewer, GOAL_A_VIEWER, "MB"),
        Figure(
            "c",
            f"the most that is their own, on a host of {GOAL_MEGABYTES:,.0f} MB",
            peak,
            GOAL_MEGABYTES,
            "MB",
        ),
    ]
    print(table(figures))
    if not all(figure.met for figure in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
