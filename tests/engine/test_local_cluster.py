"""The worker's process: that it is replaced when it has grown, and ends with its owner."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IDLE_SECONDS = 2.0


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    command = [
        sys.executable,
        "-m",
        "fmviz.engine.local_cluster",
        "--idle",
        str(IDLE_SECONDS),
        *arguments,
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        with Client(process.stdout.readline().strip(), set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
            yield process, client
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


def workers(client: Client) -> set[str]:
    return set(client.scheduler_info()["workers"])


def test_a_worker_that_has_grown_is_replaced_once_it_is_idle() -> None:
    with service("--recycle-above", "1") as (_, client):
        before = workers(client)
        time.sleep(IDLE_SECONDS + 2)
        # One that has done nothing is left alone: its successor would be as large.
        assert workers(client) == before
        client.submit(time.sleep, 1.0, pure=False).result(60)
        deadline = time.monotonic() + IDLE_SECONDS + 40
        while not workers(client) or workers(client) & before:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert client.submit(sum, [1, 2], pure=False).result(60) == 3


def test_a_worker_within_its_memory_is_kept() -> None:
    with service("--recycle-above", "1000000") as (_, client):
        before = workers(client)
        client.submit(time.sleep, 1.0, pure=False).result(60)
        time.sleep(IDLE_SECONDS + 2)
        assert workers(client) == before
