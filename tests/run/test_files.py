"""Places of files: a folder in which anything may lie, and fsspec's drivers."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from fmviz.run import archive
from fmviz.run.files import Files, LocalFiles, RemoteFiles, files_at
from fmviz.run.store import AHEAD, SUFFIX, RunStore, SettingError
from tests.support.records import same_figures, synthetic, tiny

LIMIT = 1_000


@pytest.fixture(params=["folder", "fsspec's folder", "fsspec's memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return LocalFiles(tmp_path / "a" / "runs")
    if request.param == "fsspec's folder":
        return RemoteFiles(f"local://{tmp_path}/a/runs")
    return RemoteFiles(f"memory://{tmp_path.name}/runs")


def test_a_file_is_there_from_its_writing_to_its_deletion(files: Files) -> None:
    assert not files.exists("a")
    assert files.entries() == []
    with pytest.raises(FileNotFoundError):
        files.read("a", LIMIT)
    begun = time.time()
    files.write("a", b"first")
    files.write("a", b"second")
    assert files.exists("a")
    assert files.read("a", LIMIT) == b"second"
    (entry,) = files.entries()
    assert (entry.name, entry.size) == ("a", 6)
    assert begun - 5 < entry.used / 1e9 < time.time() + 5
    files.touch("a")
    files.delete("a")
    files.delete("a")
    assert files.entries() == []


def test_a_file_is_created_once(files: Files) -> None:
    assert files.create("a", b"mine")
    assert not files.create("a", b"other")
    assert files.read("a", LIMIT) == b"mine"
    files.delete("a")
    assert files.create("a", b"")
    assert files.read("a", LIMIT) == b""


def test_a_file_is_renamed_in_place_of_another(files: Files) -> None:
    files.write("a", b"a")
    files.write("b", b"b")
    files.rename("a", "b")
    assert [entry.name for entry in files.entries()] == ["b"]
    assert files.read("b", LIMIT) == b"a"
    with pytest.raises(FileNotFoundError):
        files.rename("a", "b")


def test_no_more_is_read_than_the_limit(files: Files) -> None:
    files.write("a", bytes(LIMIT))
    assert len(files.read("a", LIMIT)) == LIMIT
    with pytest.raises(OSError, match="more than"):
        files.read("a", LIMIT - 1)


# What may lie in a folder


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * 10**9)


def loop(path: Path) -> None:
    path.symlink_to(path)


def listening(path: Path) -> None:
    # The path of a socket may have some 100 characters: it is bound by a short one.
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            server.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)


DANGERS = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a folder": Path.mkdir,
    "a link to itself": loop,
    "a link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
    "a socket": listening,
    "two gigabytes": sparse,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", sorted(DANGERS))
@pytest.mark.parametrize("suffix", [SUFFIX, AHEAD])
def test_what_is_no_run_under_a_runs_name_costs_nothing(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    record = synthetic()
    path = tmp_path / f"{record.config.key}{suffix}"
    DANGERS[kind](path)
    store = RunStore(tmp_path, recorded=None)
    # This thread's: of a process that trains, others have work, too.
    begun = time.thread_time()
    assert store.find(record.config) is None
    assert store.newest(5) == []
    assert time.thread_time() - begun < 1
    # A run is kept all the same, in memory where its place is taken by a folder.
    store.put(record)
    assert store.get(record.config) is record
    kept = RunStore(tmp_path, recorded=None).get(record.config)
    assert (kept is not None) == (kind != "a folder" or suffix != SUFFIX)


def test_a_file_that_grows_past_the_bound_is_not_read_to_its_end(tmp_path: Path) -> None:
    record = synthetic()
    path = tmp_path / f"{record.config.key}.npz"
    path.write_bytes(archive.pack(record) + bytes(archive.MAX_BYTES))
    assert RunStore(tmp_path, recorded=None).get(record.config) is None


# URLs


def test_a_url_of_a_folder_is_that_folder(tmp_path: Path) -> None:
    files = files_at(f"file://{tmp_path}/a%20b")
    assert isinstance(files, LocalFiles)
    assert files.folder == tmp_path / "a b"


def test_a_store_behind_a_url_keeps_and_evicts_as_a_folder_does(tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}"
    records = [synthetic(tiny(seed=i), seed=i) for i in range(4)]
    size = max(len(archive.pack(record)) for record in records)
    store = RunStore(url, round(2.5 * size), recorded=None)
    for record in records[:3]:
        store.put(record)
    other = RunStore(url, recorded=None)
    assert [other.get(record.config) is not None for record in records] == [
        False,
        True,
        True,
        False,
    ]
    store.put(records[3], ahead=True)
    found = other.find(records[3].config)
    assert found is not None
    assert found.ahead
    assert same_figures(found.record, records[3])
    again = RunStore(url, recorded=None).find(records[3].config)
    assert again is not None
    assert not again.ahead


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://bucket/runs", "s3fs"),
        ("nowhere://user:secret@host/runs", "nowhere"),
    ],
)
def test_a_url_without_a_driver_is_an_error_of_the_setting(url: str, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        RunStore(url)
    assert words in str(caught.value)
    assert "FMVIZ_STORE" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_driver_that_fails_is_a_miss_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec.implementations.memory as memory

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no credentials")

    record = synthetic()
    store = RunStore(f"memory://{tmp_path.name}", recorded=None)
    for name in ("cat_file", "open", "isfile", "ls"):
        monkeypatch.setattr(memory.MemoryFileSystem, name, refuse)
    assert store.get(record.config) is None
    assert store.newest(3) == []
    assert store.peek(record.config) is None
    store.put(record)
    assert store.get(record.config) is record
    assert "no credentials" in caplog.text
