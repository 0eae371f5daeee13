"""The address of a scheduler, and what is said where none answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, cast

import dask
import distributed
import psutil
import pytest
from distributed.protocol.pickle import dumps

from fmviz.engine import connection as connection_module
from fmviz.engine import service as service_module
from fmviz.engine import worker
from fmviz.engine.by_name import Sender
from fmviz.engine.connection import Client, Connection, scheduler_address
from fmviz.engine.reports import Beat, Report
from fmviz.run.store import SettingError
from fmviz.words import waiting


@pytest.mark.parametrize("text", ["localhost:8786", "http://x:1", "tcp://", "tcp://x", "yes"])
def test_a_bad_scheduler_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMVIZ_SCHEDULER", text)
    with pytest.raises(SettingError, match="FMVIZ_SCHEDULER must be an address") as error:
        scheduler_address()
    assert repr(text) in str(error.value)


def test_a_good_scheduler_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scheduler_address() is None
    monkeypatch.setenv("FMVIZ_SCHEDULER", "tcp://10.0.0.5:8786")
    assert scheduler_address() == "tcp://10.0.0.5:8786"


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.problems: list[str] = []
        self.told = Event()
        self.silent_for = 0.0

    def connected(self, client: Client) -> None:
        self.client = client
        self.told.set()

    def lost(self, problem: str, blame: bool = False) -> None:
        if problem:
            self.problems.append(problem)
            self.told.set()

    def silence(self) -> float:
        return self.silent_for

    def tick(self) -> str:
        return ""

    def beat(self, beat: Beat) -> None: ...

    def reported(self, report: Report) -> None: ...


@contextmanager
def connection(address: str | None) -> Iterator[tuple[Connection, Heard]]:
    heard = Heard()
    made = Connection(address, heard)
    made.start()
    try:
        assert heard.told.wait(60)
        yield made, heard
    finally:
        made.close()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is stopped there")
def test_a_worker_that_was_stopped_ends_with_its_service_though_that_was_killed() -> None:
    child = "import sys; sys.stdin.read()"
    parent = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""
    service = service_module.begun([sys.executable, "-c", parent])
    assert service.stdout is not None
    worker = psutil.Process(int(service.stdout.readline()))
    worker.suspend()
    while not service_module.is_stopped(service):
        time.sleep(0.01)
    service.kill()
    service.wait()
    assert worker.is_running()
    service_module.end(service)
    _, alive = psutil.wait_procs([worker], timeout=10)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is stopped there")
def test_who_is_silent_and_was_stopped_is_told_from_who_is_busy_and_ended_at_once() -> None:
    heard = Heard()
    made = Connection(None, heard)
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    service = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    made.service = service
    heard.silent_for = connection_module.STOPPED_SECONDS
    assert made._stopped() == ""
    os.kill(service.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, service.pid, os.WSTOPPED)
    assert made._stopped() == waiting.stopped_answering()
    heard.silent_for -= 1
    assert made._stopped() == ""
    # The client that it would have to answer is closed when it is gone.
    begun = time.monotonic()
    made._disconnect("", answers=False)
    assert service.returncode == -signal.SIGKILL
    assert time.monotonic() - begun < service_module.END_SECONDS


@pytest.mark.slow
def test_a_task_is_read_where_there_is_no_fmviz_and_only_fails_there(tmp_path: Path) -> None:
    class Kept:
        def submit(self, function: Callable[..., Any]) -> bytes:
            return dumps(function)

    task = Sender(cast("Any", Kept())).submit(worker.train_runs)
    (tmp_path / "task").write_bytes(cast("bytes", task))
    there = "import pickle; task = pickle.load(open('task', 'rb')); print('read'); task([], {})"
    answer = subprocess.run(
        [sys.executable, "-c", there], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert answer.stdout == "read\n"
    assert answer.stderr.strip().endswith("ModuleNotFoundError: No module named 'fmviz'")


@pytest.mark.slow
def test_another_s_scheduler_is_met_with_dask_s_own_certificates(tmp_path: Path) -> None:
    with connection(None) as (_, ours):
        client = cast("distributed.Client", ours.client)
        address, security = client.scheduler.address, client.security
        assert address.startswith("tls://")

        with connection(address) as (_, stranger):
            assert stranger.client is None
            assert stranger.problems[0] == waiting.no_certificates()

        certificate, key = tmp_path / "fmviz.crt", tmp_path / "fmviz.key"
        certificate.write_text(security.tls_client_cert)
        key.write_text(security.tls_client_key)
        environment = {
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(certificate),
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(key),
        }
        settings = dask.config.merge(dask.config.config, dask.config.collect_env(environment))
        with dask.config.set(settings), connection(address) as (_, known):
            assert known.client is not None
            assert (
                known.client.submit(sum, [1, 2], key="three", pure=False, priority=0).result() == 3
            )
        with connection(address.replace("tls://", "tcp://")) as (_, plain):
            assert plain.problems == [waiting.no_scheduler()]
