"""A service's folder: it goes with its service, or with the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from fmviz.engine import folder


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def left(tmp_path: Path, pid: int, born: int) -> Path:
    """What a service of that process has left behind."""
    found = tmp_path / f"{folder.PREFIX}{pid}-{born}-abc"
    found.mkdir()
    (found / "file").write_text("left")
    return found


def test_it_is_there_for_the_while(tmp_path: Path) -> None:
    with folder.own_folder() as mine:
        (mine / "worker-1").mkdir()
        assert mine.parent == tmp_path
        folder.sweep()
        assert mine.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_service_has_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    dead = left(tmp_path, ended.pid, 1)
    me = psutil.Process()
    # The same number, given to another process since.
    replaced = left(tmp_path, me.pid, int(me.create_time()) - 1_000)
    alive = left(tmp_path, me.pid, int(me.create_time()))
    foreign = tmp_path / "fmviz-service-notes"
    foreign.mkdir()
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    link = tmp_path / f"{folder.PREFIX}{ended.pid}-2-link"
    os.symlink(treasure, link)
    folder.sweep()
    assert set(tmp_path.iterdir()) == {alive, foreign, treasure, link}
    assert not dead.exists()
    assert not replaced.exists()
