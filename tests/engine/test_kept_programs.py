"""Compiled programs on disk: where, how many, and that the next worker compiles none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fmviz.engine import kept_programs, leaving, worker
from fmviz.engine.engine import Engine
from fmviz.engine.requests import Cancelled
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests have a folder of their own for compiled programs."""
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    kept_programs._discard.cache_clear()


def test_they_lie_beside_the_runs_for_this_user_alone(tmp_path: Path) -> None:
    folder = kept_programs.own_folder()
    assert folder is not None
    assert folder.parent == tmp_path / "programs"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert kept_programs.flags() == {
        "TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={folder}"
    }


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such rights")
def test_a_folder_that_others_can_write_to_is_not_read(tmp_path: Path) -> None:
    folder = kept_programs.own_folder()
    assert folder is not None
    folder.chmod(0o777)
    assert kept_programs.flags() == {}


def test_where_runs_lie_behind_a_url_programs_stay_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FMVIZ_STORE", "s3://bucket/runs")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = kept_programs.own_folder()
    assert folder is not None
    assert folder.is_relative_to(tmp_path / "cache" / "fmviz")


@pytest.mark.parametrize("store", ["a b/runs", "file/runs"])
def test_a_place_that_cannot_hold_them_is_left_alone(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FMVIZ_STORE", str(tmp_path / store))
    assert kept_programs.flags() == {}


def test_flags_of_the_host_have_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug")
    assert kept_programs.flags() == {}


def test_the_oldest_go_first(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older", "oldest")):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1_000 - age, 1_000 - age))
    kept_programs.prune(tmp_path, most=250)
    assert {path.name for path in tmp_path.iterdir()} == {"newest", "older"}
    kept_programs.prune(tmp_path, most=250)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", kept_programs.DAMAGED)
def test_whatever_a_worker_cannot_read_is_left_to_the_next(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what is asked of it between its asking to be replaced and its end."""
    monkeypatch.setenv(leaving.FOLDER, str(tmp_path))
    monkeypatch.setattr(leaving, "REPLACED_SECONDS", 0.0)
    folder = kept_programs.own_folder()
    assert folder is not None
    (folder / "program").touch()
    for _ in range(3):
        with pytest.raises(Cancelled), worker._replaced_where_unreadable():
            raise type(damage, (Exception,), {})
        assert not list(folder.iterdir())
    # The next compiles anew: what fails there does so for another reason.
    kept_programs._discard.cache_clear()
    with pytest.raises(Exception, match="other") as caught, worker._replaced_where_unreadable():
        raise type(damage, (Exception,), {})("other")
    assert type(caught.value).__name__ == damage


SMALL: dict[str, Any] = {"epochs": 2, "train_size": 100, "hidden": (16,)}
TRAIN = f"""
import json
from fmviz.training import process
process.prepare()
from fmviz.run.config import RunConfig
from fmviz.training.train import train
(record,) = train([RunConfig(**{SMALL})])
print(json.dumps([w.tobytes().hex() for w in record.weights]))
"""
# So much of a program is left.
SPOILT = 1_000


@pytest.mark.slow
def test_a_second_worker_reads_what_the_first_has_compiled_and_trains_the_same(
    tmp_path: Path,
) -> None:
    """And what a third cannot read is compiled anew."""
    environment = {**os.environ, **kept_programs.flags(), "TF_CPP_MIN_LOG_LEVEL": "3"}
    folder = kept_programs.own_folder()
    assert folder is not None

    def trained() -> list[str]:
        command = [sys.executable, "-c", TRAIN]
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment
        )
        weights: list[str] = json.loads(answer.stdout.splitlines()[-1])
        return weights

    first = trained()
    written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert written
    assert trained() == first
    # Nothing was compiled anew.
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written

    for path in written:
        path.write_bytes(path.read_bytes()[:SPOILT])
    engine = Engine(RunStore(tmp_path / "runs", recorded=None))
    try:
        with engine.watch([RunConfig(**SMALL)]) as watch:
            last = list(watch)[-1]
    finally:
        engine.close()
    assert (last.state, last.message) == ("done", "")
    assert [weights.tobytes().hex() for weights in last.records[0].weights] == first
    assert all(path.stat().st_size > SPOILT for path in written)
