"""A real server and its worker, seen by a viewer: that moves a slider, and whose tab is closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from benchmarks.viewers import EPOCH, Move, Viewer
from fmviz.engine.trainer import WORTH_KEEPING_SECONDS
from tests.support.asynchronous import finished
from tests.support.browser import server

pytestmark = pytest.mark.slow

# So long that no machine ends it meanwhile: on many it begins only when the reader says so.
RUN = "train_size=10000&hidden=256&batch_size=64&epochs=100&seed=5"
# Twice what is worth keeping, in case that the worker had other things to do as well.
SECONDS_TO_TRAIN = 2 * WORTH_KEEPING_SECONDS
# What is spent after a tab has closed is less than training so many epochs takes: seconds by the
# clock are many where the processor has others to serve.
EPOCHS_TO_STOP = 25


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """That of the server."""
    with server(tmp_path_factory.mktemp("store"), FMVIZ_AHEAD="0") as address:
        yield address


async def moved(address: str) -> None:
    """Open a page of a run that nobody has trained, and move its slider to another."""
    async with Viewer(address) as viewer:
        opened = await viewer.open("regularisation", "epochs=2&train_size=300&lam=2")
        assert opened.done, opened
        before = viewer.screen.metrics()
        moved = await viewer.step("lam", +1)
        assert moved.done, moved
        assert moved.trained or moved.waited
        assert moved.first_point is not None
        assert viewer.value("lam") in viewer.query
        assert before
        assert viewer.screen.metrics() != before


def test_a_viewer_of_the_real_app_moves_its_slider(address: str) -> None:
    finished(moved(address))


def trainers(address: str) -> list[psutil.Process]:
    """The processes that train for an app."""
    port = f"--server.port={urlsplit(address).port}"
    (app,) = (p for p in psutil.Process().children(recursive=True) if port in p.cmdline())
    return app.children(recursive=True)


def processor_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes if process.is_running())


async def spent_to_idle(processes: list[psutil.Process], calm: float = 1.5) -> float:
    """Processor seconds that they use before they use next to nothing for so long."""
    begun, first = time.monotonic(), processor_seconds(processes)
    spent = first
    while time.monotonic() - begun < 60:
        before = spent
        await asyncio.sleep(calm)
        spent = processor_seconds(processes)
        # A worker that waits has its heartbeat to do; one that trains gets more on any machine.
        if spent - before < 0.06 * calm:
            break
    return spent - first


async def begun(viewer: Viewer) -> Move:
    """Open the run, and say so where the page asks whether it is to begin."""
    move = await viewer.start("playground", RUN)
    while move.state is None or (move.state == "asking" and move.ended is None):
        await asyncio.sleep(0.02)
    return await viewer.set("long", True) if move.state == "asking" else move


async def epoch_of(move: Move) -> int:
    """The epoch that a page tells of, once it tells of one that has ended."""
    begun = time.monotonic()
    while time.monotonic() - begun < 240:
        found = EPOCH.search(move.status)
        if found and found[1] != "0":
            return int(found[1])
        await asyncio.sleep(0.02)
    raise AssertionError(move.status)


async def closed_and_opened_again(address: str) -> tuple[float, int, int]:
    """How many epochs' worth of the processor was spent after a tab had closed, what epoch it was
    told of last, and what epoch a tab that is opened then is told of first."""
    async with Viewer(address) as viewer:
        # What the worker compiles to be warm would go on, tab or no tab.
        await viewer.open("playground", "train_size=500&epochs=2&seed=5")
        await spent_to_idle(trainers(address), 3.0)
        move = await begun(viewer)
        first = await epoch_of(move)
        processes = trainers(address)
        before = processor_seconds(processes)
        await asyncio.sleep(SECONDS_TO_TRAIN)
        while (epoch := await epoch_of(move)) == first:
            await asyncio.sleep(0.02)
        an_epoch = (processor_seconds(processes) - before) / (epoch - first)
        await viewer.close()
        spent = await spent_to_idle(processes)
        again = await epoch_of(await begun(viewer))
    return spent / an_epoch, epoch, again


def test_a_closed_tab_stops_its_training_and_one_that_comes_back_goes_on(address: str) -> None:
    wasted, epoch, again = finished(closed_and_opened_again(address))
    assert wasted < EPOCHS_TO_STOP
    # An epoch is told of: the run is in training, and had not gone on unseen to its end.
    assert again >= epoch
