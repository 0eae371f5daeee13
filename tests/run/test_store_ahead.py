"""Runs that were trained before anybody asked for them: evicted first, until somebody does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fmviz.run import archive
from fmviz.run import store as store_module
from fmviz.run.record import RunRecord
from fmviz.run.store import AHEAD, SUFFIX, RunStore
from tests.support.records import same_figures, synthetic, tiny


def runs(n: int) -> list[RunRecord]:
    return [synthetic(tiny(seed=i), seed=i) for i in range(n)]


def fresh(folder: Path, fits: float = 100) -> RunStore:
    """A store with nothing in memory and room for so many runs."""
    return RunStore(folder, round(fits * SIZE), recorded=None)


SIZE = max(len(archive.pack(record)) for record in runs(8))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def used(*records: RunRecord) -> set[str]:
    return {record.config.key + SUFFIX for record in records}


def unused(*records: RunRecord) -> set[str]:
    return {record.config.key + AHEAD for record in records}


def test_it_is_found_as_one_and_has_lost_the_mark_by_that(tmp_path: Path) -> None:
    (record,) = runs(1)
    fresh(tmp_path).put(record, ahead=True)
    assert names(tmp_path) == unused(record)
    store = fresh(tmp_path)
    for _ in range(2):  # as a page does, that is drawn again
        found = store.find(record.config)
        assert found is not None
        assert found.ahead
        assert found.source == "store"
        assert same_figures(found.record, record)
        assert names(tmp_path) == used(record)
    again = fresh(tmp_path).find(record.config)
    assert again is not None
    assert not again.ahead


def test_it_loses_the_mark_when_it_is_found_in_memory_too(tmp_path: Path) -> None:
    (record,) = runs(1)
    store = fresh(tmp_path)
    store.put(record, ahead=True)
    found = store.find(record.config)
    assert found is not None
    assert found.ahead
    assert names(tmp_path) == used(record)


def test_a_peek_is_no_use(tmp_path: Path) -> None:
    first, second, third = runs(3)
    store = fresh(tmp_path)
    store.put(first, ahead=True)
    store.put(second)
    for each in (store, fresh(tmp_path)):
        assert each.peek(first.config) is not None
        assert each.peek(second.config) is not None
        assert each.peek(third.config) is None
    assert names(tmp_path) == unused(first) | used(second)


def test_it_goes_before_any_run_that_was_used(tmp_path: Path) -> None:
    a, b, c, d, e = runs(5)
    store = fresh(tmp_path, 3.5)
    store.put(a)
    store.put(b, ahead=True)
    store.put(c, ahead=True)
    for i, name in enumerate([*used(a), *unused(b), *unused(c)]):
        os.utime(tmp_path / name, ns=(10**18 + i * 10**9,) * 2)
    store.put(d)
    assert names(tmp_path) == used(a, d) | unused(c)
    assert store.find(c.config) is not None
    store.put(e, ahead=True)
    assert names(tmp_path) == used(c, d) | unused(e)


def test_a_full_store_keeps_some_and_they_make_way_for_each_other(tmp_path: Path) -> None:
    *asked, a, b, c, d = runs(8)
    store = fresh(tmp_path, 4.5)
    for i, record in enumerate(asked):
        store.put(record)
        os.utime(tmp_path / (record.config.key + SUFFIX), ns=(10**18 + i * 10**9,) * 2)
    for record in (a, b, c, d):
        store.put(record, ahead=True)
    # A quarter of the store is one of four.
    assert names(tmp_path) == used(*asked[1:]) | unused(d)


def test_asked_for_while_it_was_trained_it_is_like_any_other(tmp_path: Path) -> None:
    a, b, c = runs(3)
    store = fresh(tmp_path)
    store.put(a, ahead=True)
    store.put(a)  # trained again, for somebody
    store.put(b)
    store.put(b, ahead=True)
    store.remember(c, ahead=True)
    found = store.find(c.config)  # before it is on disk
    assert found is not None
    assert found.ahead
    store.put(c, ahead=True)
    assert names(tmp_path) == used(a, b, c)
    again = store.find(a.config)
    assert again is not None
    assert not again.ahead


def test_in_memory_it_goes_first_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, c, d = runs(4)
    monkeypatch.setattr(store_module, "IN_MEMORY", 2 * a.nbytes)
    store = fresh(tmp_path)
    store.put(a)
    store.put(b)
    store.put(c, ahead=True)

    def remembered(record: RunRecord) -> bool:
        return store.find(record.config, disk=False) is not None

    assert [remembered(record) for record in (a, b, c)] == [True, True, False]
    # One that is looked at is as good as any.
    assert store.find(c.config) is not None
    store.put(d, ahead=True)
    assert [remembered(record) for record in (b, c, d)] == [True, True, False]


def test_a_brief_record_trained_ahead_gives_way_to_a_whole_one(tmp_path: Path) -> None:
    (record,) = runs(1)
    store = fresh(tmp_path)
    store.put(record.brief(), ahead=True)
    store.put(record, ahead=True)
    assert names(tmp_path) == unused(record)
    found = fresh(tmp_path).find(record.config)
    assert found is not None
    assert not found.record.is_brief
