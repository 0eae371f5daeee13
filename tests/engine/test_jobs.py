"""The table of jobs with a scripted connection: who is told what, and when a job goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from fmviz.engine import worker
from fmviz.engine.job import Job, task_key
from fmviz.engine.jobs import COMPILING, NEXT, STARTING, Jobs
from fmviz.engine.reports import Phase, Report, Timing
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.phases import PhaseName
from fmviz.run.store import RunStore
from tests.support.records import synthetic, tiny

QUICK = RunConfig(train_size=200, epochs=3)


def test_the_same_runs_have_the_same_task_everywhere() -> None:
    assert task_key([QUICK]) == f"fmviz-{QUICK.key}"
    pair = [QUICK, QUICK.replace(seed=1)]
    assert task_key(pair) == task_key(list(pair))
    assert task_key(pair) != task_key(pair[::-1])


class Future:
    """Ends as it is told, on whichever thread waits for it."""

    def __init__(self, key: str) -> None:
        self.key, self.released = key, False
        self.outcome: Queue[list[bytes] | BaseException] = Queue()

    def result(self, timeout: float | None = None) -> list[bytes]:
        outcome = self.outcome.get(timeout=60)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def release(self) -> None:
        self.released = True
        self.outcome.put(CancelledError())


class Client:
    def __init__(self) -> None:
        self.futures: list[Future] = []

    def submit(self, task: Callable[..., Any], *arguments: Any, **options: Any) -> Future:
        assert task is worker.train_runs
        self.futures.append(Future(options["key"]))
        return self.futures[-1]


@pytest.fixture
def table(tmp_path: Path) -> Jobs:
    return Jobs(RunStore(tmp_path, recorded=None), grace=60.0)


def ask(table: Jobs, *configs: RunConfig, brief: bool = False) -> list[Job]:
    jobs, _ = table.ask(configs, brief=brief)
    return [jobs[config.key] for config in configs]


def why(table: Jobs, *jobs: Job) -> str:
    return table.look(jobs).why_waiting


def report(job: Job, name: PhaseName, records: tuple[bytes, ...] | None = None) -> Report:
    assert job.future is not None
    keys = tuple(config.key for config in job.configs)
    return Report(job.future.key, Phase(name, keys), (Timing(keys),), records)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_waited_for_is_told_in_words(table: Jobs) -> None:
    first, second = ask(table, tiny()) + ask(table, tiny(seed=1))
    assert why(table, first) == STARTING
    table.lost("no Dask scheduler answers")
    assert why(table, first) == "no Dask scheduler answers"
    table.connected(Client())
    assert why(table, first) == NEXT
    assert why(table, second) == "1 other run is ahead of this one"
    third = ask(table, tiny(seed=2))
    assert why(table, *third) == "2 other runs are ahead of this one"
    table.reported(report(first, "preparing"))
    assert why(table, first) == NEXT
    table.reported(report(first, "compiling"))
    assert why(table, first) == COMPILING
    assert why(table, second) == "1 other run is ahead of this one"
    table.reported(report(first, "training"))
    assert why(table, first) == NEXT
    table.reported(report(first, "training", (b"",)))
    assert why(table, first) == ""


def test_a_report_of_another_task_changes_nothing(table: Jobs) -> None:
    (job,) = ask(table, tiny())
    table.connected(Client())
    table.reported(Report("another", Phase("compiling"), ()))
    assert job.report is None


def test_only_new_records_wake_who_waits_and_a_phase_is_seen_at_the_next_look(
    table: Jobs,
) -> None:
    (job,) = ask(table, tiny())
    table.connected(Client())
    version = table.look([job]).version
    table.reported(report(job, "compiling"))
    snapshot = table.look([job])
    assert snapshot.version == version
    assert snapshot.jobs[job].report == report(job, "compiling")
    assert snapshot.jobs[job].state == "waiting"
    table.reported(report(job, "training", (b"epoch 1",)))
    snapshot = table.look([job])
    assert snapshot.version > version
    assert snapshot.jobs[job].state == "training"
    assert snapshot.jobs[job].contents == (b"epoch 1",)
    # A report without records keeps those that came before.
    table.reported(report(job, "training"))
    assert table.look([job]).jobs[job].contents == (b"epoch 1",)


def test_a_lost_connection_has_jobs_wait_and_handed_over_again(table: Jobs) -> None:
    first, second = Client(), Client()
    (job,) = ask(table, tiny())
    table.connected(first)
    table.reported(report(job, "training", (b"epoch 1",)))
    table.lost("")
    standing = table.look([job]).jobs[job]
    assert standing.state == "waiting"
    assert standing.report is None
    assert why(table, job) == STARTING
    table.connected(second)
    assert [f.key for f in first.futures] == [f.key for f in second.futures] == [job.task]
    # What the first one says now is of no interest.
    record = synthetic(tiny())
    first.futures[0].outcome.put(ValueError("lost"))
    second.futures[0].outcome.put([archive.pack(record)])
    wait_until(lambda: not job.live)
    assert job.state == "done"
    assert job.message == ""


def test_runs_are_shared_and_whole_records_serve_whoever_wants_brief_ones(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    (whole,) = ask(table, tiny())
    assert ask(table, tiny(), brief=True) == [whole]
    assert whole.watchers == 2
    (brief,) = ask(table, tiny(seed=1), brief=True)
    assert ask(table, tiny(seed=1)) != [brief]
    assert len(client.futures) == 3
    table.release({whole})
    assert not client.futures[0].released
    table.release({whole})
    table.tick()
    assert not client.futures[0].released  # its grace is not over
    table.give_up({whole})
    assert client.futures[0].released
    assert whole.state == "cancelled"


def test_a_run_that_has_just_ended_is_not_trained_again(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    (job,) = ask(table, tiny())
    client.futures[0].outcome.put([archive.pack(synthetic(tiny()))])
    wait_until(lambda: not job.live)
    jobs, ended = table.ask([tiny()])
    assert jobs == {}
    assert ended[tiny().key].source == "store"
    assert len(client.futures) == 1


def test_a_task_given_up_elsewhere_is_tried_under_another_name(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    (job,) = ask(table, tiny())
    table.reported(report(job, "compiling"))
    client.futures[0].outcome.put(worker.Cancelled("x"))
    wait_until(lambda: len(client.futures) == 2)
    assert client.futures[1].key == f"{job.task}-1"
    assert table.look([job]).jobs[job].report is None


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (ValueError("broken"), "ValueError: broken"),
        ([b"nonsense"], "the worker sent a record that this fmviz cannot read"),
    ],
)
def test_a_failure_is_told(table: Jobs, outcome: BaseException | list[bytes], message: str) -> None:
    client = Client()
    table.connected(client)
    (job,) = ask(table, tiny())
    client.futures[0].outcome.put(outcome)
    wait_until(lambda: not job.live)
    assert job.state == "failed"
    assert message in job.message


def test_more_runs_than_one_model_holds_are_jobs_of_their_own(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    jobs = ask(table, *(tiny(seed=seed) for seed in range(20)))
    assert len(client.futures) == len(set(jobs)) == 3
    assert all(job.watchers == 1 for job in jobs)
