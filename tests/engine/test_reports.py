"""What a worker tells arrives as it was sent."""

from __future__ import annotations

from dataclasses import replace

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
    report = Report(
        "task", Phase("training", A, 3), timings, records, queue, "worker", (*A, *B), True
    )
    assert Report.from_message(report.message()) == report
    assert Report.from_message(loads(dumps(report.message()))) == report


def test_what_an_older_worker_does_not_say_is_of_no_run() -> None:
    message = Report("task", Phase("training", A, 3), ()).message()
    del message["runs"], message["test"]
    assert Report.from_message(message).runs == ()


def test_an_epoch_is_of_the_runs_of_the_model_that_has_measured_it() -> None:
    report = Report("task", Phase("training", A, 3), (Timing(A, 2), Timing(B)), (b"x", b"y"))
    assert report.has_measured("a")
    assert not report.has_measured("c")
    assert not replace(report, records=None).has_measured("a")
