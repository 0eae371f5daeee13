"""Finished runs on disk: found again, bounded, and never a crash."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fmviz.run import archive
from fmviz.run import store as store_module
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.record import Divergence, RunRecord
from fmviz.run.store import Found, RunStore, SettingError, default_bytes, default_folder
from tests.support.records import (
    SHIPPED,
    locked_folder,
    same_figures,
    shipped,
    synthetic,
    tiny,
    untested,
)

Log = pytest.LogCaptureFixture


def fresh(folder: Path, max_bytes: int = 10**8) -> RunStore:
    """A store with nothing in memory and no recorded layer."""
    return RunStore(folder, max_bytes, recorded=None)


def file_of(folder: Path, config: RunConfig) -> Path:
    return folder / f"{config.key}.npz"


def runs(n: int) -> list[RunRecord]:
    return [synthetic(tiny(seed=i), seed=i) for i in range(n)]


def warnings_of(caplog: Log) -> str:
    return "\n".join(r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING)


# Keeping and finding


def test_a_stored_run_is_found_by_an_equal_config_in_another_store(tmp_path: Path) -> None:
    first, second = runs(2)
    fresh(tmp_path / "a" / "b").put(first)
    found = fresh(tmp_path / "a" / "b").get(tiny(seed=0))
    assert found is not None
    assert same_figures(found, first)
    assert fresh(tmp_path / "a" / "b").get(second.config) is None


def test_an_unknown_run_is_a_miss_without_a_word_and_makes_no_folder(
    tmp_path: Path, caplog: Log
) -> None:
    assert fresh(tmp_path / "none").get(tiny()) is None
    assert not (tmp_path / "none").exists()
    assert warnings_of(caplog) == ""


def test_a_diverged_run_is_finished_and_is_kept(tmp_path: Path) -> None:
    record = synthetic(epochs=1, diverged=Divergence(2, 0, 0, "loss"))
    fresh(tmp_path).put(record)
    found = fresh(tmp_path).get(record.config)
    assert found is not None
    assert found.diverged == record.diverged


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    with pytest.raises(ValueError, match="finished"):
        store.put(synthetic(epochs=2))
    assert store.get(tiny()) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_compressed_and_the_record(tmp_path: Path) -> None:
    record = synthetic()
    # Whichever way it travelled here.
    travelled = archive.unpack(archive.pack(record, level=0))
    fresh(tmp_path).put(travelled)
    content = file_of(tmp_path, record.config).read_bytes()
    assert len(content) < len(archive.pack(record, level=0))
    assert same_figures(archive.unpack(content), record)


def test_writing_leaves_one_file_and_no_part(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    for record in runs(3):
        store.put(record)
        store.put(record)
    expected = {f"{record.config.key}.npz" for record in runs(3)}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_a_write_that_fails_leaves_the_old_file_whole_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    record = synthetic()
    fresh(tmp_path).put(record)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    store = fresh(tmp_path)
    store.put(replace(record, made={"date": "later"}))
    monkeypatch.undo()
    assert "No space left" in warnings_of(caplog)
    assert [path.name for path in tmp_path.iterdir()] == [f"{record.config.key}.npz"]
    old = fresh(tmp_path).get(record.config)
    assert old is not None
    assert old.made == record.made
    # The run is still kept in memory.
    new = store.get(record.config)
    assert new is not None
    assert new.made == {"date": "later"}


def test_a_bug_while_writing_is_not_hidden_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: RunRecord, *, compress: bool = True) -> bytes:
        raise RuntimeError("broken")

    monkeypatch.setattr(archive, "pack", broken)
    with pytest.raises(RuntimeError, match="broken"):
        fresh(tmp_path).put(synthetic())
    assert list(tmp_path.iterdir()) == []


def test_many_threads_can_write_and_read_one_run(tmp_path: Path) -> None:
    record, errors = synthetic(), []
    store = fresh(tmp_path)

    def work() -> None:
        try:
            for _ in range(5):
                store.put(record)
                found = fresh(tmp_path).get(record.config)
                assert found is not None
                assert same_figures(found, record)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [path.name for path in tmp_path.iterdir()] == [f"{record.config.key}.npz"]


def test_only_runs_of_this_process_are_remembered_without_a_look_at_the_disk(
    tmp_path: Path,
) -> None:
    own, foreign = runs(2)
    store = RunStore(tmp_path)
    store.put(own)
    fresh(tmp_path).put(foreign)
    shipped_config = SHIPPED[0]
    assert store.get(shipped_config) is not None

    def remembered(config: RunConfig) -> RunRecord | None:
        found = store.find(config, recorded=False, disk=False)
        return None if found is None else found.record

    assert remembered(own.config) is own
    assert remembered(foreign.config) is None
    assert remembered(shipped_config) is None


# Bounded size


def bounded(tmp_path: Path, fits: int) -> tuple[RunStore, list[RunRecord], int]:
    """A store with room for so many of the returned runs, and the size of one."""
    records = runs(fits + 2)
    size = max(len(archive.pack(record)) for record in records)
    return fresh(tmp_path, fits * size + size // 2), records, size


def age(folder: Path, records: list[RunRecord]) -> None:
    """Make the files look used long ago, the first longest ago."""
    for i, record in enumerate(records):
        os.utime(file_of(folder, record.config), ns=(10**18 + i * 10**9,) * 2)


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def test_the_runs_unused_for_longest_go_first(tmp_path: Path) -> None:
    store, (a, b, c, d), _ = bounded(tmp_path, 2)
    store.put(a)
    store.put(b)
    age(tmp_path, [a, b])
    store.put(c)
    assert names(tmp_path) == {b.config.key, c.config.key}
    age(tmp_path, [b, c])
    # Another process has used b since.
    assert fresh(tmp_path).get(b.config) is not None
    store.put(d)
    assert names(tmp_path) == {b.config.key, d.config.key}


def test_a_run_used_from_memory_counts_as_used(tmp_path: Path) -> None:
    store, (a, b, c, _), _ = bounded(tmp_path, 2)
    store.put(a)
    store.put(b)
    age(tmp_path, [a, b])
    assert store.get(a.config) is not None
    store.put(c)
    assert names(tmp_path) == {a.config.key, c.config.key}


def test_the_store_never_outgrows_its_bound(tmp_path: Path) -> None:
    store, records, _ = bounded(tmp_path, 3)
    for record in records:
        store.put(record)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= store.max_bytes
    assert len(list(tmp_path.iterdir())) == 3


def test_the_newest_run_stays_even_where_it_alone_is_too_large(tmp_path: Path) -> None:
    store = fresh(tmp_path, max_bytes=1)
    for record in runs(2):
        store.put(record)
        assert names(tmp_path) == {record.config.key}


def test_files_that_a_crash_left_go_after_a_day_and_files_of_others_stay(tmp_path: Path) -> None:
    store, (a, b, *_), size = bounded(tmp_path, 2)
    left = {f"{a.config.key}.npz.0123abcd.part", f"{a.config.key}.claim", f"{b.config.key}.alive"}
    of_others = {"thesis.txt", "old.part", "results.npz", f"{a.config.key}.npz.part", "0123.claim"}
    for name in left | of_others:
        (tmp_path / name).write_bytes(bytes(3 * size))
        os.utime(tmp_path / name, ns=(10**18,) * 2)
    fresh_part = f"{a.config.key}.npz.fedc9876.part"
    (tmp_path / fresh_part).write_bytes(b"another process is writing it")
    (tmp_path / "letters").mkdir()
    store.put(a)
    store.put(b)
    assert {path.name for path in tmp_path.iterdir()} == {
        *of_others,
        fresh_part,
        "letters",
        f"{a.config.key}.npz",
        f"{b.config.key}.npz",
    }


def test_what_only_looks_like_a_run_is_neither_counted_nor_deleted(tmp_path: Path) -> None:
    store, (a, b, c, d), _ = bounded(tmp_path, 2)
    elsewhere = tmp_path / "elsewhere"
    fresh(elsewhere).put(d)
    linked = file_of(tmp_path, d.config)
    linked.symlink_to(file_of(elsewhere, d.config))
    pipe = tmp_path / f"{'0' * 32}.npz"
    os.mkfifo(pipe)
    for record in (a, b, c):
        store.put(record)
    assert linked.is_symlink()
    assert pipe.is_fifo()
    assert file_of(elsewhere, d.config).exists()
    assert not file_of(tmp_path, a.config).exists()


def test_a_run_dated_in_the_future_goes_before_one_that_was_used(tmp_path: Path) -> None:
    store, (a, b, c, _), _ = bounded(tmp_path, 2)
    store.put(a)
    store.put(b)
    os.utime(file_of(tmp_path, a.config), ns=(4 * 10**18,) * 2)
    assert [each.config for each in fresh(tmp_path).newest(2)] == [b.config, a.config]
    store.put(c)
    assert names(tmp_path) == {b.config.key, c.config.key}


def test_memory_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, records = fresh(tmp_path), runs(3)
    monkeypatch.setattr(store_module, "IN_MEMORY", 2 * records[0].nbytes)
    for record in records:
        store.put(record)
    shutil.rmtree(tmp_path)
    assert [store.get(record.config) is not None for record in records] == [False, True, True]


# Files that are not what they should be


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a flipped bit":
        spoiled = bytearray(content)
        for place in range(200, len(content), 97):
            spoiled[place] ^= 4
        path.write_bytes(spoiled)
    elif how == "foreign":
        path.write_bytes(b"PK\x03\x04 not really")
    elif how == "another run":
        path.write_bytes(archive.pack(synthetic(tiny(seed=77))))
    elif how == "an unfinished run":
        path.write_bytes(archive.pack(synthetic(tiny(seed=0), epochs=1)))
    elif how == "a folder":
        path.unlink()
        path.mkdir()


SPOILED = {
    "truncated": "not a sound record",
    "empty": "not a sound record",
    "a flipped bit": "not a sound record",
    "foreign": "not a sound record",
    "another run": "another run than its name says",
    "an unfinished run": "unfinished",
    "a folder": "no regular file",
}


@pytest.mark.parametrize("how", sorted(SPOILED))
@pytest.mark.parametrize("layer", ["own", "recorded"])
def test_a_file_that_is_no_such_run_is_a_miss_with_a_warning_that_names_it(
    tmp_path: Path, caplog: Log, how: str, layer: str
) -> None:
    record = synthetic(tiny(seed=0))
    fresh(tmp_path / "runs").put(record)
    path = file_of(tmp_path / "runs", record.config)
    spoil(path, how)
    if layer == "own":
        store = fresh(tmp_path / "runs")
    else:
        store = RunStore(tmp_path / "none", recorded=tmp_path / "runs")
    assert store.get(record.config) is None
    assert str(path) in warnings_of(caplog)
    assert SPOILED[how] in warnings_of(caplog)


def test_a_run_of_another_schema_is_a_miss_with_a_warning(
    tmp_path: Path, caplog: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = synthetic()
    with monkeypatch.context() as older:
        older.setattr("fmviz.run.archive.RECORD_SCHEMA", 0)
        content = archive.pack(record)
    tmp_path.joinpath(f"{record.config.key}.npz").write_bytes(content)
    assert fresh(tmp_path).get(record.config) is None
    assert f"schema 0, expected {RECORD_SCHEMA}" in warnings_of(caplog)


def test_a_spoiled_run_is_replaced_when_it_is_trained_again(tmp_path: Path) -> None:
    record = synthetic()
    fresh(tmp_path).put(record)
    spoil(file_of(tmp_path, record.config), "truncated")
    store = fresh(tmp_path)
    assert store.get(record.config) is None
    store.put(record)
    again = fresh(tmp_path).get(record.config)
    assert again is not None
    assert same_figures(again, record)


# Folders that cannot be used


def test_a_file_in_place_of_the_folder_is_an_error_that_names_it_and_the_setting(
    tmp_path: Path,
) -> None:
    (tmp_path / "runs").write_bytes(b"")
    with pytest.raises(SettingError) as caught:
        RunStore(tmp_path / "runs")
    assert str(tmp_path / "runs") in str(caught.value)
    assert "FMVIZ_STORE" in str(caught.value)


def test_a_folder_that_cannot_be_written_is_a_warning_and_the_run_is_kept_in_memory(
    caplog: Log,
) -> None:
    record = synthetic()
    with locked_folder(0o555) as (_, locked):
        store = fresh(locked)
        store.put(record)
        assert store.get(record.config) is record
        assert list(locked.iterdir()) == []
    assert "cannot store run" in warnings_of(caplog)
    assert str(locked) in warnings_of(caplog)


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path: Path, caplog: Log) -> None:
    (tmp_path / "file").write_bytes(b"")
    record = synthetic()
    store = fresh(tmp_path / "file" / "runs")
    store.put(record)
    assert store.get(record.config) is record
    assert "cannot store run" in warnings_of(caplog)


@pytest.mark.parametrize("below", ["", "cache/fmviz/runs"])
def test_a_folder_that_cannot_even_be_looked_at_is_a_miss_with_a_warning(
    caplog: Log, below: str
) -> None:
    record = synthetic()
    with locked_folder(0o000) as (_, locked):
        store = fresh(locked / below)
        assert store.get(record.config) is None
        assert "cannot read stored run" in warnings_of(caplog)
        store.put(record)
        assert store.get(record.config) is record
    assert "cannot store run" in warnings_of(caplog)


# Records with and without test figures


def test_a_run_without_test_figures_is_a_miss_for_whoever_wants_them(tmp_path: Path) -> None:
    record = synthetic()
    store = fresh(tmp_path)
    store.put(untested(record))
    for each in (store, fresh(tmp_path)):
        assert each.get(record.config) is not None
        assert each.get(record.config, test=True) is None
    store.put(record)
    for each in (store, fresh(tmp_path)):
        found = each.get(record.config, test=True)
        assert found is not None
        assert same_figures(found, record)


def test_what_another_process_has_added_is_found(tmp_path: Path) -> None:
    whole = synthetic()
    store, other = fresh(tmp_path), fresh(tmp_path)
    other.put(untested(whole).brief())
    assert store.get(whole.config) is None
    assert store.get(whole.config, brief=True) is not None
    other.put(whole)
    found = store.get(whole.config, test=True)
    assert found is not None
    assert same_figures(found, whole)


def test_the_recorded_run_has_the_test_figures_that_the_own_one_lacks(tmp_path: Path) -> None:
    recorded = shipped(SHIPPED[0])
    store = RunStore(tmp_path)
    store.put(untested(recorded))
    own, whole = store.find(recorded.config, recorded=False), store.find(recorded.config, test=True)
    assert own is not None
    assert whole is not None
    assert (own.source, whole.source) == ("store", "recorded")
    assert store.find(recorded.config, test=True, recorded=False) is None


@pytest.mark.parametrize("kept", range(4))
@pytest.mark.parametrize("new", range(4))
def test_a_record_takes_the_place_only_of_one_that_it_covers(
    tmp_path: Path, kept: int, new: int
) -> None:
    whole = synthetic()
    kinds = [whole, whole.brief(), untested(whole), untested(whole).brief()]
    store = fresh(tmp_path)
    store.put(replace(kinds[kept], made={"date": "kept"}))
    store.put(replace(kinds[new], made={"date": "new"}))
    store.remember(replace(kinds[new], made={"date": "new"}))
    expected = "new" if kinds[new].covers(kinds[kept]) else "kept"
    for each in (store, fresh(tmp_path)):
        found = each.get(whole.config, brief=True)
        assert found is not None
        assert found.made["date"] == expected


def test_an_outline_does_for_who_wants_no_more(tmp_path: Path) -> None:
    thin = synthetic().outline()
    store = fresh(tmp_path)
    store.put(thin)
    for each in (store, fresh(tmp_path)):
        assert each.get(thin.config, brief=True) is None
        assert each.get(thin.config) is None
        found = each.get(thin.config, brief=True, outline=True)
        assert found is not None
        assert found.is_outline
        assert found.at_end("val_accuracy") == thin.at_end("val_accuracy")
    store.put(synthetic().brief())
    assert store.get(thin.config, brief=True) is not None


# The recorded layer


def test_the_shipped_runs_are_found_in_an_empty_store(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for config in SHIPPED:
        found = store.get(config)
        assert found is not None
        assert found.config == config
        assert found.complete
        assert same_figures(found, shipped(config))
        assert store.find(config) == Found(found, "recorded")
        assert store.find(config, recorded=False) is None
    assert store.get(tiny()) is None
    assert store.find(tiny()) is None


KINDS: dict[str, Callable[[RunRecord], RunRecord]] = {
    "whole": lambda record: record,
    "brief": lambda record: record.brief(),
    "outline": lambda record: record.outline(),
}


@pytest.mark.parametrize("shipped_as", KINDS)
@pytest.mark.parametrize("trained_as", KINDS)
@pytest.mark.parametrize("wanted", KINDS)
def test_what_ships_is_found_whatever_was_trained_here_unless_that_has_more(
    shipped_as: str, trained_as: str, wanted: str, tmp_path: Path
) -> None:
    """Or the figures of a page would change with what others have asked for."""
    record = synthetic()
    fresh(tmp_path / "recorded").put(KINDS[shipped_as](replace(record, made={"of": "recorded"})))
    store = RunStore(tmp_path / "own", recorded=tmp_path / "recorded")
    store.put(KINDS[trained_as](replace(record, made={"of": "store"})))
    terms = {"brief": wanted != "whole", "outline": wanted == "outline"}
    order = list(KINDS)
    enough = {
        layer: order.index(kind) <= order.index(wanted)
        for layer, kind in (("recorded", shipped_as), ("store", trained_as))
    }
    more = order.index(trained_as) < order.index(shipped_as)
    best = "store" if more or not enough["recorded"] else "recorded"
    found = store.find(record.config, **terms)
    assert (None if found is None else (found.source, found.record.made["of"])) == (
        (best, best) if enough[best] else None
    )
    # As it is asked for once a reader has pressed "Train it live".
    live = store.find(record.config, recorded=False, **terms)
    assert (None if live is None else live.source) == ("store" if enough["store"] else None)


def test_a_branch_that_was_trained_here_is_found_with_the_trunk_beside_it(tmp_path: Path) -> None:
    trunk = tiny(epochs=2)
    branch = tiny(epochs=2, branch={"dropout": 0.5}, branch_epoch=1)
    records = {
        config: replace(synthetic(config), made={"of": "store"}) for config in (trunk, branch)
    }
    fresh(tmp_path / "recorded").put(replace(records[trunk], made={"of": "recorded"}))
    store = RunStore(tmp_path / "own", recorded=tmp_path / "recorded")
    for record in records.values():
        store.put(record)

    def sources(*configs: RunConfig) -> list[str]:
        found = store.find_all(configs)
        return [found[config.key].source for config in configs]

    assert sources(trunk, branch) == sources(branch, trunk) == ["store", "store"]
    assert sources(trunk) == ["recorded"]
    assert store.find_all([trunk, branch], recorded=False).keys() == {trunk.key, branch.key}


def test_the_recorded_layer_is_never_written_touched_or_evicted(tmp_path: Path) -> None:
    recorded, own = tmp_path / "recorded", tmp_path / "own"
    known, *new = runs(4)
    fresh(recorded).put(known)
    age(recorded, [known])
    before = [(path.name, path.stat().st_mtime_ns) for path in recorded.iterdir()]
    store = RunStore(own, max_bytes=1, recorded=recorded)
    assert store.get(known.config) is not None
    for record in new:
        store.put(record)
    store.put(known)
    assert [(path.name, path.stat().st_mtime_ns) for path in recorded.iterdir()] == before
    assert names(own) == {known.config.key}


# Settings


def test_the_folder_is_the_one_that_fmviz_store_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("FMVIZ_STORE", "~/somewhere")
    assert default_folder() == Path("/home/someone/somewhere")


@pytest.mark.parametrize("empty", [True, False])
def test_without_a_setting_the_folder_is_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, empty: bool
) -> None:
    for name in ("FMVIZ_STORE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
        if empty:
            monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", "/home/someone")
    assert default_folder() == Path("/home/someone/.cache/fmviz/runs")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert default_folder() == Path("/cache/fmviz/runs")


def test_the_size_limit_is_256_megabytes_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FMVIZ_STORE_MB", raising=False)
    assert default_bytes() == 256_000_000
    monkeypatch.setenv("FMVIZ_STORE_MB", "12")
    assert default_bytes() == 12_000_000


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "many", " ", "²", "٣", "1_000", "0x10"])
def test_a_size_limit_that_is_none_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FMVIZ_STORE_MB", text)
    with pytest.raises(SettingError) as caught:
        default_bytes()
    assert "FMVIZ_STORE_MB" in str(caught.value)
    assert repr(text) in str(caught.value)
