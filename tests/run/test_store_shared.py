"""A store that several processes use at once, and one in which many files are damaged."""

from __future__ import annotations

import logging
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fmviz.run import archive
from fmviz.run.claims import CLAIM, Claims
from fmviz.run.files import LocalFiles
from fmviz.run.store import RunStore
from tests.support.records import same_figures, synthetic, tiny

pytestmark = pytest.mark.slow

SIX = [synthetic(tiny(seed=i), seed=i) for i in range(6)]
ROOT = Path(__file__).parents[2]
# Seconds from one sign of life to the next, and without one until a claim is void: a third of what
# servers take.
PACE = (0.6, 3.0)

# Puts and finds six runs in a store with room for four, and says how many it has found.
USER = """
import random, sys
from pathlib import Path
from fmviz.run.store import RunStore
from tests.run.test_store_shared import SIX
from tests.support.records import same_figures

folder, seed, room = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chance, found = random.Random(seed), 0
for _ in range(120):
    record = chance.choice(SIX)
    store = RunStore(folder, room, recorded=None)
    known = store.find(record.config)
    if known is None:
        store.put(record, ahead=chance.random() < 0.5)
    else:
        assert same_figures(known.record, record)
        found += 1
print(found)
"""

# Claims six runs one after the other, "trains" each that is not there, until all are.
TRAINER = """
import sys, time
from pathlib import Path
from fmviz.run.store import RunStore
from tests.run.test_store_shared import SIX

store = RunStore(Path(sys.argv[1]), recorded=None)
claims = store.claims()
trained = []
missing = {record.config.key: record for record in SIX}
while missing:
    for key in claims.take(missing):
        record = missing.pop(key)
        if store.find(record.config) is None:
            time.sleep(0.05)
            trained.append(str(SIX.index(record)))
            store.put(record)
        claims.release([key])
    for key, record in list(missing.items()):
        if store.find(record.config) is not None:
            del missing[key]
    time.sleep(0.01)
claims.close()
print(*trained)
"""

# Claims a run and trains it for ever.
STUCK = """
import sys, time
from pathlib import Path
from fmviz.run.claims import Claims
from fmviz.run.files import LocalFiles
from tests.run.test_store_shared import PACE

claims = Claims(LocalFiles(Path(sys.argv[1])), *PACE)
print(*claims.take([sys.argv[2]]), flush=True)
time.sleep(600)
"""


@contextmanager
def started(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.split()


def test_three_processes_on_six_runs_never_see_a_wrong_figure(tmp_path: Path) -> None:
    size = max(len(archive.pack(record)) for record in SIX)
    with (
        started(USER, tmp_path, 1, 4 * size) as one,
        started(USER, tmp_path, 2, 4 * size) as two,
        started(USER, tmp_path, 3, 4 * size) as three,
    ):
        found = [int(said(process)[0]) for process in (one, two, three)]
    assert min(found) > 20
    left = list(tmp_path.iterdir())
    assert all(path.name.endswith(".npz") for path in left)
    assert sum(path.stat().st_size for path in left) <= 4 * size


def test_three_processes_that_claim_train_each_run_once(tmp_path: Path) -> None:
    with (
        started(TRAINER, tmp_path) as one,
        started(TRAINER, tmp_path) as two,
        started(TRAINER, tmp_path) as three,
    ):
        trained = [said(process) for process in (one, two, three)]
    assert sorted(run for each in trained for run in each) == ["0", "1", "2", "3", "4", "5"]
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_claim_of_a_process_that_is_gone_is_taken_over(
    tmp_path: Path, how: signal.Signals
) -> None:
    key = SIX[0].config.key
    claims = Claims(LocalFiles(tmp_path), *PACE)
    with started(STUCK, tmp_path, key) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == key
        assert claims.take([key]) == set()
        time.sleep(1)
        assert claims.take([key]) == set()
        process.send_signal(how)
        begun = time.monotonic()
        while not claims.take([key]):
            assert time.monotonic() - begun < 20
            time.sleep(0.05)
        assert time.monotonic() - begun > 1.5
    assert LocalFiles(tmp_path).read(key + CLAIM, 100) == claims.holder.encode()
    claims.close()


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut short, with some bits flipped, with a stretch of zeros, or with bytes of another run."""
    kind = chance.choice(["cut", "bits", "zeros", "mixed"])
    begin = chance.randrange(len(content))
    end = min(len(content), begin + chance.randint(1, 4_000))
    if kind == "cut":
        return content[:begin]
    if kind == "zeros":
        return content[:begin] + bytes(end - begin) + content[end:]
    if kind == "mixed":
        return content[:begin] + archive.pack(SIX[1])[begin:end] + content[end:]
    spoiled = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def test_of_many_damaged_files_none_gives_a_wrong_figure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    chance = random.Random(13)
    record = SIX[0]
    path = tmp_path / f"{record.config.key}.npz"
    sound = archive.pack(record)
    missed = 0
    for _ in range(800):
        path.write_bytes(damaged(sound, chance))
        store = RunStore(tmp_path, recorded=None)
        found = store.find(record.config)
        newest = store.newest(1)
        missed += found is None
        for each in [*newest, *([] if found is None else [found.record])]:
            assert same_figures(each, record)
    # What is left over is damage to a date, say, that is no part of the record.
    assert missed > 700
