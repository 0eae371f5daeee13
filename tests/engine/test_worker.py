"""What a worker tells of a task, without a scheduler to tell it to."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fmviz.engine import worker
from fmviz.engine.reports import TOPIC, Report
from fmviz.engine.requests import Member, Model, Request
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from tests.support.records import synthetic, tiny
from tests.support.scripted import first_epochs


class Worker:
    """Of Dask: keeps what goes out."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def log_event(self, topic: str, message: dict[str, Any]) -> None:
        assert topic == TOPIC
        self.reports.append(Report.from_message(message))


def asked(*configs: RunConfig, epochs: list[int]) -> Request:
    """A request whose runs have come so far, all as members of one model."""
    request = Request(configs, lambda: False, lambda request, measured: None)
    members = [Member(config, False) for config in configs]
    model = Model(members, len(members), 0.0, epochs=max(epochs))
    for member, count in zip(members, epochs, strict=True):
        member.model = model
        whole = synthetic(member.config)
        member.record = whole if count == whole.epochs else first_epochs(whole, count)
    request.members = members
    return request


def test_a_report_names_all_runs_of_its_task_and_has_what_has_been_measured() -> None:
    dask = Worker()
    request = asked(tiny(seed=1), tiny(seed=2), epochs=[1, 1])
    worker._Teller(cast(Any, dask), "task").tell(request, True)
    (report,) = dask.reports
    assert report.runs == tuple(config.key for config in request.configs)
    assert all(report.has_measured(key) for key in report.runs)
    assert report.records is not None
    assert [archive.unpack(packed).epochs for packed in report.records] == [1, 1]


def test_runs_that_have_ended_are_told_without_their_weights_while_others_go_on() -> None:
    """Each epoch of the others would carry them once more, megabytes for a large network."""
    dask = Worker()
    request = asked(tiny(seed=1), tiny(seed=2), epochs=[tiny().epochs, 1])
    worker._Teller(cast(Any, dask), "task").tell(request, True)
    assert dask.reports[0].records is not None
    ended, other = map(archive.unpack, dask.reports[0].records)
    assert ended.complete
    assert ended.is_brief
    assert not other.complete


@pytest.mark.parametrize("epochs", [[0, 0], [3, 3]])
def test_neither_the_start_nor_the_end_is_told_with_records(epochs: list[int]) -> None:
    dask = Worker()
    request = asked(tiny(seed=1), tiny(seed=2), epochs=epochs)
    teller = worker._Teller(cast(Any, dask), "task")
    teller.tell(request, True)
    assert not any(report.records for report in dask.reports)


@pytest.mark.parametrize(("viewers", "reports"), [(1, 2), (1_000, 1)])
def test_where_many_wait_each_is_told_less_often_but_of_the_first_epoch_at_once(
    viewers: int, reports: int
) -> None:
    dask = Worker()
    request = asked(tiny(seed=1), tiny(seed=2), epochs=[1, 1])
    teller = worker._Teller(cast(Any, dask), "task", lambda: viewers)
    teller.tell(request, True)
    time.sleep(2 * worker.SECONDS_BETWEEN_EVENTS)
    teller.tell(request, True)
    assert len(dask.reports) == reports


@pytest.mark.parametrize("said", [None, "1", "0"])
def test_what_pages_open_with_is_compiled_at_the_start_unless_a_host_wants_it_not(
    said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FMVIZ_WARM_UP", raising=False)
    if said is not None:
        monkeypatch.setenv("FMVIZ_WARM_UP", said)
    asked = []
    trainer = SimpleNamespace(gathered=4, warm=lambda *wanted: asked.append(wanted))
    monkeypatch.setattr(worker, "trainer", lambda: trainer)
    worker.warm_up()
    assert asked == ([] if said == "0" else [([RunConfig()], [1, 2, 4, MEMBERS_AT_ONCE])])
