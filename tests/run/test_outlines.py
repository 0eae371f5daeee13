"""Runs in outline: the same accuracies as the record's, in a fraction of its memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmviz.analysis import comparing
from fmviz.analysis.stopping import look
from fmviz.page.view import Judging
from fmviz.run.outlines import Outlines
from fmviz.run.store import AHEAD, RunStore
from tests.support.records import synthetic, tiny


def test_an_outline_tells_what_the_record_tells_and_is_small() -> None:
    record = synthetic(tiny(epochs=8))
    thin = record.outline()
    assert thin.complete
    assert thin.nbytes == 0
    for judging in (Judging(), Judging(patience=1)):
        whole, drawn = (look(each, "run", **judging.early_stopping) for each in (record, thin))
        assert drawn.kept == whole.kept
        assert comparing.gap(drawn) == comparing.gap(whole)
        assert drawn.accuracy() == whole.accuracy()


def test_a_run_that_goes_on_has_no_outline() -> None:
    with pytest.raises(ValueError, match="only finished runs"):
        synthetic(epochs=1).outline()


def test_what_was_seen_once_is_at_hand_without_the_store(tmp_path: Path) -> None:
    store = RunStore(tmp_path, recorded=None)
    kept = Outlines(store)
    record = synthetic()
    assert kept.find(record.config) is None
    store.put(record)
    assert kept.find(record.config) is not None
    (tmp_path / f"{record.config.key}.npz").unlink()
    assert kept.find(record.config) is not None


def test_a_look_at_a_row_is_no_request_for_its_runs(tmp_path: Path) -> None:
    record = synthetic()
    RunStore(tmp_path, recorded=None).put(record, ahead=True)
    assert Outlines(RunStore(tmp_path, recorded=None)).find(record.config) is not None
    assert [path.name for path in tmp_path.glob("*.npz")] == [record.config.key + AHEAD]


def test_those_used_last_are_kept(tmp_path: Path) -> None:
    records = [synthetic(tiny(seed=seed)) for seed in range(3)]
    kept = Outlines(RunStore(tmp_path, recorded=None), most=2)
    for record in records[:2]:
        kept.put(record)
    kept.find(records[0].config)
    kept.put(records[2])
    found = [kept.find(record.config) is not None for record in records]
    assert found == [True, False, True]
