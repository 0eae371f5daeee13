"""Two servers and two workers on one scheduler and one store, with trainers that only wait."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from benchmarks import scale, scripted
from fmviz.engine.engine import Engine
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore
from tests.engine.test_jobs import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.faults]


def test_a_sweep_spreads_over_the_workers_and_two_servers_train_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_SECONDS", "0.2")
    runs = scripted.runs(48)
    records: dict[int, list[RunRecord]] = {}

    def serve(which: int, address: str) -> None:
        engine = Engine(RunStore(tmp_path / "runs", recorded=None), address)
        try:
            with engine.watch(runs, brief=True) as watch:
                *_, last = watch
            assert last.state == "done", last.message
            records[which] = [record for record in last.records if record is not None]
        finally:
            engine.close()

    with scale.cluster(tmp_path, 2, "--thin") as address:
        servers = [Thread(target=serve, args=(which, address)) for which in range(2)]
        for server in servers:
            server.start()
        for server in servers:
            server.join()
    one, other = records[0], records[1]
    assert [record.made["training"] for record in one] == [r.made["training"] for r in other]
    by_worker = Counter(record.made["worker"] for record in one)
    assert len(by_worker) == 2
    assert min(by_worker.values()) >= 16


def test_what_one_server_trains_grows_on_the_pages_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_SECONDS", "0.6")
    runs = scripted.runs(4)
    with scale.cluster(tmp_path, 1, "--thin") as address, ExitStack() as servers:
        first, second = (Engine(RunStore(tmp_path / "runs", recorded=None), address) for _ in "ab")
        for engine in (first, second):
            servers.callback(engine.close)
            engine.start()
            wait_until(engine.answers)
        with first.watch(runs, brief=True) as asked, second.watch(runs, brief=True) as joined:
            epochs = [(update.state, update.epoch) for update in joined]
            *_, last = asked
    assert last.state == "done", last.message
    assert epochs == sorted(epochs, key=lambda each: each[1])
    # Of the four epochs the last is the end; who joined first waits in words.
    assert {("training", epoch) for epoch in (1, 2, 3)} <= set(epochs)
    assert epochs[-1] == ("done", scripted.EPOCHS)
