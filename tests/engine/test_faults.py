"""Faults of workers and schedulers, each caused for real, and what a viewer sees."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from fmviz.engine.connection import STOPPED_SECONDS
from fmviz.engine.engine import Engine
from fmviz.engine.folder import PREFIX
from fmviz.engine.jobs import SILENT_SECONDS
from fmviz.engine.leaving import ASKED
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore
from fmviz.training.train import train
from fmviz.words import waiting
from tests.support.records import tiny

# Workers are started again and again, behind whatever else the machine does.
pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
LONG = RunConfig(train_size=10_000, epochs=60, hidden=(64,))
# What no viewer should read: Dask's words, hashes, addresses, Python's.
JARGON = ("KilledWorker", "tcp://", "tls://", "Traceback", "Error", "fmviz-", "0x")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(RunStore(tmp_path_factory.mktemp("runs"), recorded=None), grace=1.0)
    yield engine
    engine.close()


def worker_of(engine: Engine) -> psutil.Process:
    """The process that trains: it has TensorFlow's memory."""
    assert engine.connection.service is not None
    children = psutil.Process(engine.connection.service.pid).children(recursive=True)
    return max(children, key=lambda process: process.memory_info().rss)


def holds_memory(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ends(update: Update, state: str) -> None:
    assert update.state == state, update.message
    assert not any(word in update.message for word in JARGON), update.message


class Page:
    """What a viewer sees of one run: it never has fewer epochs than it had."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.moments: dict[str, float] = {}
        self.epochs = 0

    def see(self, update: Update) -> None:
        assert update.epoch >= self.epochs, update.message
        assert not any(word in update.message for word in JARGON), update.message
        self.epochs = update.epoch
        self.words.append(update.message)
        self.moments.setdefault(update.message, time.monotonic())

    def said(self, words: str) -> float:
        """When a message with these words was there first."""
        return next(moment for text, moment in self.moments.items() if words in text)


def test_a_killed_worker_costs_nobody_a_run_and_the_page_says_what_happened(
    engine: Engine,
) -> None:
    page = Page()
    killed = False
    with engine.watch([LONG]) as watch, engine.watch([LONG.replace(hidden=(32,))]) as other:
        for update in watch:
            page.see(update)
            if update.epoch >= 12 and not killed:
                killed = True
                worker_of(engine).kill()
        ends(update, "done")
        ends(list(other)[-1], "done")
    assert page.said("and was replaced; the run begins again") < page.said("is reached again")


def test_a_run_that_ends_its_worker_each_time_is_given_up_in_words_and_may_be_tried_again(
    engine: Engine,
) -> None:
    config = LONG.replace(seed=2)
    last = None
    with engine.watch([config]) as watch:
        for update in watch:
            if update.state == "training" and update.phase is not None:
                process = worker_of(engine)
                if process.pid != last:
                    last = process.pid
                    process.kill()
    ends(update, "failed")
    assert "The training process stopped 2 times in this run" in update.message
    with engine.watch([tiny(seed=3)]) as watch:
        ends(list(watch)[-1], "done")
    with engine.watch([config.replace(epochs=3)]) as watch, engine.watch([config]) as again:
        ends(list(watch)[-1], "done")
        assert next(update.state for update in again if update.state != "waiting") == "training"


def test_a_worker_that_leaves_in_order_hands_over_what_it_trains(engine: Engine) -> None:
    config = LONG.replace(optimizer="adam", dropout=0.3, schedule="plateau", seed=9)
    (whole,) = train([config])
    page = Page()
    left = None
    with engine.watch([config]) as watch:
        for update in watch:
            page.see(update)
            if update.epoch >= 12 and left is None:
                left = worker_of(engine)
                assert engine.connection.service is not None
                mine = f"{PREFIX}{engine.connection.service.pid}-*"
                (folder,) = Path(tempfile.gettempdir()).glob(mine)
                # As a worker does that has no room.
                (folder / ASKED).touch()
    ends(update, "done")
    assert left is not None
    assert not holds_memory(left)
    assert page.said("is being replaced, which takes some seconds; the run goes on from epoch 1")
    assert not any("again" in text for text in page.words)
    (record,) = update.records
    assert record is not None
    for name, values in whole.history.items():
        if name != "seconds":
            np.testing.assert_array_equal(record.history[name], values)
    np.testing.assert_equal(record.weights, whole.weights)


@pytest.mark.parametrize("whose", ["worker", "service"])
def test_who_is_stopped_is_missed_and_replaced(engine: Engine, whose: str) -> None:
    page = Page()
    stopped = 0.0
    family: set[psutil.Process] = set()
    with engine.watch([LONG.replace(seed=4 + len(whose))]) as watch:
        for update in watch:
            page.see(update)
            if update.epoch >= 12 and not stopped:
                stopped = time.monotonic()
                service = engine.connection.service
                assert service is not None
                family = {*psutil.Process(service.pid).children(recursive=True)}
                os.kill(worker_of(engine).pid if whose == "worker" else service.pid, signal.SIGSTOP)
    ends(update, "done")
    assert page.said("has been silent for") - stopped < SILENT_SECONDS + 3
    assert page.said("stopped answering and is being replaced") - stopped < STOPPED_SECONDS + 3
    assert page.said("is reached again") > page.said("stopped answering")
    # Nobody is left standing there with its memory.
    assert not any(map(holds_memory, family))


@pytest.fixture
def scheduler() -> list[str]:
    """Starts a scheduler on one port whenever it is asked, as a host does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]


class Started:
    """Dask's commands, ended with the test."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def dask(self, *arguments: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        for each in [*psutil.Process(process.pid).children(recursive=True), process]:
            each.kill()
        process.wait(20)
        self.processes.remove(process)


@pytest.fixture
def started() -> Iterator[Started]:
    commands = Started()
    yield commands
    for process in list(commands.processes):
        commands.end(process)


def test_what_a_remote_scheduler_lacks_is_named_and_a_run_goes_on_when_it_is_there(
    started: Started, scheduler: list[str], tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{scheduler[4]}"
    here = ["worker", address, "--no-dashboard", "--preload", "fmviz.engine.worker"]
    engine = Engine(RunStore(tmp_path / "runs", recorded=None), address)

    def until(update_has: str) -> None:
        for update in watch:
            if update_has in (update.message, update.state):
                return
            assert update.state != "failed", update.message
            assert update.seconds < 200, update.message

    try:
        with engine.watch([LONG]) as watch:
            until(waiting.no_scheduler())
            first = started.dask(*scheduler)
            until(waiting.no_worker())
            started.dask(*here)
            until("training")
            started.end(first)
            until("waiting")
            started.dask(*scheduler)
            until("done")
    finally:
        engine.close()


def test_a_worker_without_fmviz_or_with_another_is_named(
    started: Started, scheduler: list[str], tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{scheduler[4]}"
    started.dask(*scheduler)
    bare = started.dask("worker", address, "--no-dashboard", cwd=tmp_path)
    engine = Engine(RunStore(tmp_path / "runs", recorded=None), address)
    try:
        with engine.watch([tiny()]) as watch:
            update = list(watch)[-1]
        ends(update, "failed")
        assert "fmviz" in update.message
        started.end(bare)
        # The same, but for its version: an older fmviz on the cluster.
        (tmp_path / "older.py").write_text(
            "import fmviz.version\nfmviz.version.VERSION = '0.0.1'\n"
        )
        started.dask("worker", address, "--no-dashboard", "--preload", str(tmp_path / "older.py"))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with engine.watch([tiny(seed=1)]) as watch:
                update = list(watch)[-1]
            if "0.0.1" in update.message:
                break
        ends(update, "failed")
        assert "0.0.1" in update.message
    finally:
        engine.close()
