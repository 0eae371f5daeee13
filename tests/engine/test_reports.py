"""What a worker tells arrives as it was sent."""

from __future__ import annotations

import pytest
from distributed.protocol.core import dumps, loads

from fmviz.engine.reports import Phase, Queue, Report, Timing

A, B = ("a", "b"), ("c",)


@pytest.mark.parametrize("queue", [None, Queue(3, 1.5)])
@pytest.mark.parametrize("records", [None, (), (b"x", b"y")])
def test_a_report_travels_as_dasks_messages_do(
    records: tuple[bytes, ...] | None, queue: Queue | None
) -> None:
    timings = (Timing(A, 2, 0.1, 0.2, 0.3), Timing(B))
    report = Report("task", Phase("training", A, 3), timings, records, queue, "worker")
    assert Report.from_message(report.message()) == report
    assert Report.from_message(loads(dumps(report.message()))) == report
