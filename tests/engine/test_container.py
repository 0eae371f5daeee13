"""In a container of a gigabyte, a real control group: large networks are trained to their end, and
nothing is ever killed for want of memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engine.test_faults import JARGON
from tests.engine.test_limits import MEMORY_CONTROLLER

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
MB = 10**6

# An engine beside as much memory as a page's process takes while a class is on the page. It prints
# what its runs came to.
SWEEP = """
import json, os, sys
from pathlib import Path

group, pages, store = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
(group / "cgroup.procs").write_text(str(os.getpid()))
from fmviz.engine import lean, limits
from fmviz.engine.engine import Engine
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore

lean.keep_little()
lean.stay_small()
held = bytearray(b"x") * max(pages * 10**6 - limits.taken(), 0)
engine = Engine(RunStore(store, recorded=None), grace=1.0)
configs = [
    RunConfig(hidden=(512,) * 4, epochs=3, train_size=2_000, seed=seed, optimizer="adam")
    for seed in range(8)
]
words, most, back = [], 0, False
with engine.watch(configs) as watch:
    for update in watch:
        epochs = sum(record.epochs for record in update.records if record)
        most, back = max(most, epochs), back or epochs < most
        if update.message not in words:
            words.append(update.message)
    print(json.dumps([update.state, epochs, back, words]))
engine.close()
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group that may take a gigabyte. What is left in it ends with the test."""
    folder = MEMORY_CONTROLLER / f"fmviz-test-{uuid4().hex}"
    folder.mkdir()
    try:
        (folder / "memory.limit_in_bytes").write_text(str(1_000 * MB))
        yield folder
    finally:
        _empty(folder)
        folder.rmdir()


def _empty(group: Path) -> None:
    """Kill what is in a group. A process is in it until its memory has been given back."""
    deadline = time.monotonic() + 30
    while left := (group / "cgroup.procs").read_text().split():
        assert time.monotonic() < deadline, left
        for pid in map(int, left):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


@pytest.mark.skipif(
    not os.access(MEMORY_CONTROLLER, os.W_OK), reason="needs root and control groups of version 1"
)
@pytest.mark.parametrize("pages", [250, 400])
def test_a_sweep_of_large_networks_ends_in_a_container_of_a_gigabyte(
    group: Path, tmp_path: Path, pages: int
) -> None:
    command = [sys.executable, "-c", SWEEP, str(group), str(pages), str(tmp_path / "runs")]
    environment = {**os.environ, "FMVIZ_STORE": str(tmp_path / "runs"), "TF_XLA_FLAGS": ""}
    answer = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=800
    )
    assert answer.returncode == 0, answer.stderr
    state, epochs, back, words = json.loads(answer.stdout)
    assert (state, epochs) == ("done", 24), words
    assert not back
    assert not any(word in text for text in words for word in JARGON)
    assert "oom_kill 0" in (group / "memory.oom_control").read_text()
    height = int((group / "memory.max_usage_in_bytes").read_text()) / MB
    print(f"at most {height:.0f} MB; {words}")
