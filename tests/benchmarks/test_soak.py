"""What `make soak` takes for a leak."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.soak import STORE_BYTES, Held, entries, runs, soak, verdict


def report(**changes: float) -> Held:
    """What is held by an engine and a worker that are at rest."""
    start = Held(7, 150.0, 90.0, 800.0, 12, 40, 30, 60, 3, 4 * 10**6)
    return start._replace(**changes)


def test_what_is_level_is_no_leak() -> None:
    assert all(figure.met for figure in verdict([report()] * 10, left=0))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"engine_mb": 190.0}, "the engine's memory has grown"),
        ({"worker_mb": 1_200.0}, "the worker's memory has grown"),
        ({"threads": 20}, "threads more"),
        ({"files": 60}, "open files more"),
        ({"worker_threads": 40}, "the worker's threads more"),
        ({"worker_files": 90}, "the worker's open files more"),
        ({"stored": 2 * STORE_BYTES}, "the store, of its limit"),
    ],
)
def test_growth_from_half_way_to_the_end_is(changes: dict[str, float], what: str) -> None:
    grown = verdict([report()] * 9 + [report(**changes)], left=0)
    assert [figure.what for figure in grown if not figure.met] == [what]
    # What fills caches at first is none.
    before = verdict([report(**changes)] + [report()] * 9, left=0)
    assert [f.what for f in before if not f.met] == (
        ["the store, of its limit"] if "store" in what else []
    )


def test_files_left_behind_are() -> None:
    figures = verdict([report()] * 10, left=2)
    assert [figure.what for figure in figures if not figure.met] == [
        "temporary files left at the end"
    ]


def test_a_worker_that_was_replaced_is_not_compared_with_the_one_before() -> None:
    figures = verdict([report()] * 9 + [report(worker=8, worker_mb=1_900.0)], left=0)
    assert all(figure.met for figure in figures)
    assert "replaced" in figures[1].note


def test_runs_are_different_and_the_same_for_a_seed() -> None:
    first, again = (list(islice(runs(4, 0), 40)) for _ in range(2))
    assert first == again
    assert len({config.key for config in first}) == 40
    # Weight decay makes AdamW of Adam.
    kinds = {(c.hidden, c.activation, c.optimizer.removesuffix("w")) for c in first}
    assert len(kinds) == 4


def test_entries_are_counted_at_every_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "c").write_text("")
    assert entries(tmp_path) == 3


@pytest.mark.slow
def test_a_short_soak_trains_and_reports(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "")
    monkeypatch.setattr("tempfile.tempdir", None)
    figures = soak(runs(1, 0), 3, math.inf)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert figures[0].value < 100
    assert figures[6].value > 0
