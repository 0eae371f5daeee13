"""The worker's process: that it is replaced when it has grown, ends with its owner, and takes
orders from nobody else."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest
from distributed import Client, Security
from distributed.comm import connect

from fmviz.engine import handover, leaving
from tests.support.asynchronous import finished

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IDLE_SECONDS = 0.5
# The service looks every quarter of a second.
SECONDS_TO_SEE = IDLE_SECONDS + 1


@contextmanager
def service(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    command = [
        sys.executable,
        "-m",
        "fmviz.engine.local_cluster",
        "--idle",
        str(IDLE_SECONDS),
        *arguments,
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    ) as process:
        assert process.stdout is not None
        address, security = handover.read(process.stdout.readline())
        with Client(address, security=security, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
            yield process, client
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """A service whose worker has all the memory that it may want, for whoever leaves it whole."""
    with service("--enough", "1000000") as running:
        yield running


def workers(client: Client) -> set[str]:
    return set(client.scheduler_info()["workers"])


def test_a_worker_that_has_grown_is_replaced_once_it_is_idle() -> None:
    with service("--enough", "1") as (_, client):
        before = workers(client)
        time.sleep(SECONDS_TO_SEE)
        # One that has done nothing is left alone: its successor would be as large.
        assert workers(client) == before
        client.submit(time.sleep, 1.0, pure=False).result(60)
        deadline = time.monotonic() + IDLE_SECONDS + 40
        while not workers(client) or workers(client) & before:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert client.submit(sum, [1, 2], pure=False).result(60) == 3


def hungry(marker: str) -> int:
    """A task that takes 600 MB and a minute the first time, and nothing after that."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        taken = bytearray(b"x") * (600 * 10**6)
        time.sleep(60)
        return len(taken)
    return os.getpid()


def test_a_worker_without_room_is_replaced_while_it_works_and_its_task_goes_on(
    tmp_path: Path,
) -> None:
    with service("--room", "600", "--life", "1", "--idle", "1000") as (_, client):
        (before,) = client.run(os.getpid).values()
        assert list(client.run(leaving.is_tight).values()) == [False]
        begun = time.monotonic()
        task = client.submit(hungry, str(tmp_path / "marker"), pure=False)
        assert task.result(60) != before
        assert time.monotonic() - begun < 50
        # The next one knows, and trains less at once.
        assert list(client.run(leaving.is_tight).values()) == [True]
        # Nobody blames the task for it.
        suspicious = client.run_on_scheduler(
            lambda dask_scheduler: [t.suspicious for t in dask_scheduler.tasks.values()]
        )
        assert suspicious == [0]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with service(environment={"TMPDIR": str(tmp_path)}) as (process, client):
        (worker,) = client.run(os.getpid).values()
        (folder,) = client.run(tempfile.gettempdir).values()
        assert Path(folder).parent == tmp_path
        client.run(tempfile.mkstemp)
        assert process.stdin is not None
        begun = time.monotonic()
        process.stdin.close()
        assert process.wait(30) == 0
        # Nobody is waited for in vain; a busy machine takes longer than the second of an idle one.
        assert time.monotonic() - begun < 10
    assert not psutil.pid_exists(worker)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_within_its_memory_is_kept(kept: tuple[subprocess.Popen[str], Client]) -> None:
    _, client = kept
    before = workers(client)
    client.submit(time.sleep, 1.0, pure=False).result(60)
    time.sleep(SECONDS_TO_SEE)
    assert workers(client) == before


def listening(process: subprocess.Popen[str]) -> set[tuple[str, int]]:
    """Every address and port that the process and its children listen at."""
    family = psutil.Process(process.pid)
    return {
        (entry.laddr.ip, entry.laddr.port)
        for member in (family, *family.children(recursive=True))
        for entry in member.net_connections("tcp")
        if entry.status == psutil.CONN_LISTEN
    }


def is_let_in(address: str, arguments: dict[str, Any]) -> bool:
    """Whether something that speaks Dask answers at the address.

    Args:
        arguments: of a connection, as `Security` makes them.
    """

    async def ask() -> bool:
        comm = await connect(address, timeout=5, **arguments)
        await comm.write({"op": "identity", "reply": True})
        answered = bool(await comm.read())
        comm.abort()
        return answered

    try:
        return finished(asyncio.wait_for(ask(), 10))
    except OSError:  # a timeout is one
        return False


def test_only_who_has_the_key_is_let_in(
    kept: tuple[subprocess.Popen[str], Client],
) -> None:
    process, client = kept
    worker, told = next(iter(client.scheduler_info()["workers"].items()))
    insiders = {client.scheduler.address, worker, told["nanny"]}
    assert all(address.startswith("tls://127.0.0.1:") for address in insiders)
    stranger = Security.temporary().get_connection_args("client")
    # One who does not mind whom it speaks to: it is for the other end to refuse.
    stranger["ssl_context"].verify_mode = ssl.CERT_NONE
    nameless = stranger | {"ssl_context": ssl._create_unverified_context()}
    for address in insiders:
        assert is_let_in(address, client.security.get_connection_args("client"))
        assert not is_let_in(address, stranger)
        assert not is_let_in(address, nameless)
        assert not is_let_in(
            address.replace("tls://", "tcp://"), Security().get_connection_args("client")
        )
    # And the strangers have broken nothing.
    assert client.submit(sum, [1, 2], pure=False).result(60) == 3

    doors = listening(process)
    assert {host for host, _ in doors} == {"127.0.0.1"}
    # What else listens are Dask's pages, of which there are none.
    others = {door for door in doors if f"tls://{door[0]}:{door[1]}" not in insiders}
    assert len(others) == len(doors) - len(insiders)
    for host, port in others:
        for path in ("", "health", "info/main/workers.html", "api/v1/get_workers"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"http://{host}:{port}/{path}", timeout=10)


def test_the_key_stands_where_no_other_user_reads(
    kept: tuple[subprocess.Popen[str], Client],
) -> None:
    """Command lines are open to all of a machine's users."""
    process, client = kept
    key = client.security.tls_client_key
    secret = key.splitlines()[1]
    family = psutil.Process(process.pid)
    for member in (family, *family.children(recursive=True)):
        assert not any(secret in part for part in member.cmdline())
        assert not any(secret in value for value in member.environ().values())
        assert not any(
            secret in Path(file.path).read_text(errors="ignore")
            for file in member.open_files()
            if Path(file.path).is_file()
        )
