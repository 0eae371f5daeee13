"""That a process with many threads stays small, seen in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The C library says on standard error how many arenas it has.
THREADS = """
import ctypes, sys, threading
from fmviz.engine import lean, limits

if sys.argv[1] == "few":
    lean.keep_little()
together = threading.Barrier(12)

def work():
    together.wait()
    held = [bytes(1_000) for _ in range(1_000)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_many_threads_share_few_arenas() -> None:
    found = []
    for how in ("few", "many"):
        command = [sys.executable, "-c", THREADS, how]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        found.append(answer.stderr.count("Arena "))
    if not found[1]:
        pytest.skip("another C library")
    few, many = found
    assert few <= 2 < many


# Holds on to one block of many, so that no arena shrinks by itself.
DROPPED = """
from fmviz.engine import lean, limits

blocks = [bytearray(b"x") * 1_000 for _ in range(100_000)]
kept = blocks[-1]
del blocks
before = limits.taken()
lean.give_back()
print(before - limits.taken())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_what_is_not_in_use_is_given_back() -> None:
    command = [sys.executable, "-c", DROPPED]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(answer.stdout) > 50 * 10**6
