"""What `make chaos` takes for a fault, and what it leaves alone."""

from __future__ import annotations

import asyncio
import math
import os
import random
import socket
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.chaos import (
    SILENCE,
    Class,
    Faults,
    Log,
    Seen,
    contradictions,
    jargon,
    recoveries,
    same_run,
    stands_still,
)
from benchmarks.processes import App
from benchmarks.viewers import Move
from fmviz.run.store import RunStore
from tests.support.asynchronous import finished
from tests.support.records import synthetic, tiny


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """Faults of an app without worker and scheduler, that has four stored runs."""
    store = RunStore(tmp_path)
    for seed in range(4):
        store.put(synthetic(tiny(seed=seed)))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = App(f"http://127.0.0.1:{listening.getsockname()[1]}")
    rng = random.Random(0)
    return Faults(app, tmp_path, Class(app.address, Log(), rng), rng)


@pytest.mark.parametrize(
    "words",
    [
        "Attempted to run task 'fmviz-c0d7' on 3 workers: KilledWorker",
        "no scheduler answers at tcp://127.0.0.1:41234",
        "Traceback (most recent call last):",
        "task c0d7a81a3391dfec413734a99357c427 was lost",
        "[Errno 28] No space left on device",
        "RecordError: it describes another run",
        "the Nanny restarts it",
    ],
)
def test_words_for_a_log_are_found_on_a_page(words: str) -> None:
    assert jargon([Move("λ: 3", words={"epoch 3 of 15", words})]) == [words]


def test_plain_words_are_let_be() -> None:
    plain = {
        ":material/hourglass_top: waiting for the worker: it is starting up (3 s)",
        ":material/check: trained just now, 15 epochs, 0.4 s of gradient steps",
        ":material/inventory_2: recorded run, 2026-01-02, Keras 3.15, TensorFlow 2.21, 2 cores",
        "The worker ended while it trained this. Trying again.",
    }
    assert jargon([Move("λ: 3", words=plain)]) == []


def test_screens_contradict_where_one_address_shows_two_results() -> None:
    gap, more = ("Accuracy gap", "18.8 ± 0.8 points"), ("Sparsity", "7.2%")
    same = [
        Seen("lam=1", (gap, more)),
        Seen("lam=1", (("Accuracy gap", "18.9 ± 0.8 points"), more)),
    ]
    assert (
        contradictions([*same, Seen("lam=2", (("Accuracy gap", "3.1 ± 0.8 points"), more))]) == []
    )
    for other in ((("Accuracy gap", "3.1 ± 0.8 points"), more), (gap,), (more, gap)):
        assert len(contradictions([*same, Seen("lam=1", other)])) == 1


def test_a_page_stands_still_where_it_has_neither_ended_nor_said_anything() -> None:
    now = time.perf_counter()
    assert stands_still(Move("λ: 3", heard=now - SILENCE - 1))
    assert not stands_still(Move("λ: 3", heard=now - SILENCE + 5))
    assert not stands_still(Move("λ: 3", heard=now - SILENCE - 1, ended=2.0))


def test_recovery_is_the_next_end_of_a_run_that_trained() -> None:
    done = {"first_point": 0.1, "ended": 3.1, "status": ":material/check: trained just now"}
    log = Log(
        moves=[
            Move("before", begun=10, complete=1.0, trained=True, **done),
            Move("looked at", begun=14, complete=0.1, **done),
            Move("after", begun=13, complete=4.0, trained=True, **done),
            Move("failed", begun=13, complete=3.0, trained=True, **done, errors=["gone"]),
        ],
        faults=[(12.0, "worker killed"), (18.0, "worker killed")],
    )
    assert log.after(12.0) == 5.0
    assert log.after(10.5) == 0.5
    assert log.after(18.0) == math.inf
    assert "worker killed      2     5.0 s    inf s" in recoveries(log)


def test_records_of_one_run_may_differ_in_rounding_only() -> None:
    record = synthetic(tiny(), val_accuracy=0.8)
    near, far = (synthetic(tiny(), val_accuracy=0.8 + by) for by in (0.004, 0.1))
    assert same_run(record, near)
    assert not same_run(record, far)
    assert not same_run(record, synthetic(tiny(seed=1), val_accuracy=0.8))
    assert not same_run(record, replace(record, config=tiny(lam=3.0, penalty="l2")))


def test_only_processes_of_the_app_are_hurt(faults: Faults) -> None:
    for name in ("worker killed", "worker stopped", "scheduler killed", "scheduler stopped"):
        assert not faults.all[name]()
    assert faults.end() == 0


@pytest.mark.parametrize("name", ["stored runs cut short", "stored runs overwritten"])
def test_damage_is_done_to_stored_runs(faults: Faults, name: str) -> None:
    assert faults.all[name]()
    store = RunStore(faults.store, recorded=None)
    assert sum(store.get(tiny(seed=seed)) is None for seed in range(4)) == 3


def test_odd_files_take_the_place_of_stored_runs(faults: Faults) -> None:
    assert faults.all["a named pipe for a stored run"]()
    modes = [stat.S_IFMT(path.lstat().st_mode) for path in faults.store.glob("*.npz")]
    assert sorted(modes) == sorted([stat.S_IFIFO, *[stat.S_IFREG] * 3])
    assert faults.all["a stored run of 2 GB"]()
    assert max(path.stat().st_size for path in faults.store.glob("*.npz")) == 2 * 10**9
    assert faults.all["a stored run dated in the future"]()
    assert max(path.stat().st_mtime for path in faults.store.glob("*.npz")) > time.time() + 10**9
    # Full of holes: it takes no room.
    assert sum(path.stat().st_blocks * 512 for path in faults.store.glob("*.npz")) < 10**7


def test_faults_without_stored_runs_do_nothing(tmp_path: Path, faults: Faults) -> None:
    for path in faults.store.glob("*.npz"):
        os.remove(path)
    files = [name for name in faults.all if "stored run" in name]
    assert len(files) == 6
    assert not any(faults.all[name]() for name in files)


def test_an_app_that_is_gone_refuses_and_the_class_goes_on(faults: Faults) -> None:
    async def play() -> Log:
        viewers = faults.viewers
        work = asyncio.gather(viewers.student(0), viewers.onlooker())
        while len(viewers.log.refused) < 2:
            await asyncio.sleep(0.01)
        viewers.stopping.set()
        await work
        return viewers.log

    log = finished(play())
    assert log.moves == []
    assert all("refused" in text for text in log.refused)
