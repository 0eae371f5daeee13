"""A process that trains: what it does not import, and what it gives back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fmviz.training import process

ROOT = Path(__file__).parents[2]

SMAPS = """\
7f00-8f00 r--p 00000000 08:01 7 /lib/small.so
Rss: 4 kB
Anonymous: 0 kB
{read} r-xp 00001000 08:01 8 /lib/libtensorflow_cc.so.2
Rss: 9000 kB
Anonymous:             0 kB
{relocated} r--p 00002000 08:01 8 /lib/libtensorflow_cc.so.2
Rss: 9000 kB
Anonymous:          6800 kB
{written} rw-p 00003000 08:01 8 /lib/libtensorflow_cc.so.2
Rss: 0 kB
Anonymous:             0 kB
{heap} rw-p 00000000 00:00 0
Rss: 9000 kB
Anonymous:          9000 kB
{data} r--s 00000000 08:01 9 /data/images.bin
Rss: 9000 kB
Anonymous:             0 kB
"""


def test_only_pages_that_a_library_has_not_written_to_are_dropped(tmp_path: Path) -> None:
    size = 2 * process.LEAST_BYTES
    places = {
        name: f"{(i + 1) * size:x}-{(i + 2) * size:x}"
        for i, name in enumerate(("read", "relocated", "written", "heap", "data"))
    }
    path = tmp_path / "smaps"
    path.write_text(SMAPS.format(**places))
    assert list(process._unwritten(str(path))) == [process.Mapping(size, 2 * size)]
    assert list(process._unwritten(str(tmp_path / "none"))) == []


def test_a_module_is_hidden_only_for_the_while_and_never_one_in_use() -> None:
    with process._unavailable(("json", "fmviz_unknown_module")):
        assert sys.modules["json"] is json
        with pytest.raises(ImportError):
            import fmviz_unknown_module  # noqa: F401
    assert "fmviz_unknown_module" not in sys.modules


# In a process of its own, as in a worker: this one has imported everything already.
MEASURE = """
import json, sys
from fmviz.training import process

def megabytes(name):
    with open("/proc/self/smaps_rollup") as lines:
        (line,) = [each for each in lines if each.startswith(name + ":")]
    return int(line.split()[1]) * 1024 / 1e6

process.prepare()
unused = [name for name in process.UNUSED if name in sys.modules]
from fmviz.run.config import RunConfig
from fmviz.training.train import train
runs = [RunConfig(epochs=2, train_size=100, hidden=(8,))]
before = train(runs)[0]
taken = megabytes("Rss"), megabytes("Anonymous")
process.give_back()
left = megabytes("Rss"), megabytes("Anonymous")
after = train(runs)[0]
same = all((a == b).all() for a, b in zip(before.weights, after.weights))
import pandas
print(json.dumps({"unused": unused, "taken": taken, "left": left, "same": same}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
def test_a_worker_leaves_out_what_it_does_not_use_and_gives_memory_back() -> None:
    command = [sys.executable, "-c", MEASURE]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["unused"] == []
    assert found["same"]
    resident, anonymous = (a - b for a, b in zip(found["taken"], found["left"]))
    # About 300 MB and 50 MB.
    assert resident > 100
    assert anonymous > 10
