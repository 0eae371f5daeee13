"""What a worker tells: that it arrives as it was sent, and that phases are timed."""

from __future__ import annotations

import pytest
from distributed.protocol.core import dumps, loads

from fmviz.engine.reports import Phase, Report, Stopwatch, Timing

A, B = ("a", "b"), ("c",)


@pytest.mark.parametrize("records", [None, (), (b"x", b"y")])
def test_a_report_travels_as_dasks_messages_do(records: tuple[bytes, ...] | None) -> None:
    timings = (Timing(A, 2, 0.1, 0.2, 0.3), Timing(B))
    report = Report("task", Phase("training", A, 3), timings, records)
    assert Report.from_message(report.message()) == report
    assert Report.from_message(loads(dumps(report.message()))) == report


def test_a_stopwatch_adds_up_what_each_phase_takes() -> None:
    now = 0.0
    watch = Stopwatch([A, B], lambda: now)
    assert watch.phase == Phase("preparing")
    assert watch.timings == (Timing(A), Timing(B))
    for seconds, keys, name in [
        (1, A, "preparing"),
        (2, B, "preparing"),
        (3, A, "compiling"),
        (4, B, "compiling"),
        (5, A, "compiling"),
        (6, A, "training"),
        (7, B, "training"),
        (8, A, "training"),
    ]:
        watch.enter(keys, name)
        now += seconds
    assert watch.phase == Phase("training", A, 2)
    # What goes on is no part of it.
    assert watch.timings == (Timing(A, 1, 1, 3 + 5, 6), Timing(B, 1, 2, 4, 7))
    watch.leave()
    now += 100
    watch.leave()
    assert watch.timings[0] == Timing(A, 2, 1, 3 + 5, 6 + 8)
    assert watch.phase == Phase("training", A, 2)
