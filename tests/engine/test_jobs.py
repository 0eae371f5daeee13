"""The table of jobs with a scripted connection: who is told what, and when a job goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from fmviz.engine import jobs as jobs_module
from fmviz.engine import needs, worker
from fmviz.engine.job import Job
from fmviz.engine.jobs import QUEUE_LIMIT, Jobs
from fmviz.engine.reports import Beat, Phase, Report, Timing
from fmviz.engine.reports import Queue as Waiting
from fmviz.engine.requests import Cancelled
from fmviz.engine.urgency import Urgency
from fmviz.engine.watch import Update, Watch
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from fmviz.run.phases import PhaseName
from fmviz.run.store import RunStore
from fmviz.version import VERSION
from fmviz.words import waiting
from tests.support.records import synthetic, tiny


class Future:
    """Ends as it is told, on whichever thread waits for it."""

    def __init__(self, key: str) -> None:
        self.key, self.released = key, False
        self.outcome: Queue[list[bytes] | BaseException] = Queue()

    def exception(self) -> None:
        with self.outcome.not_empty:
            assert self.outcome.not_empty.wait_for(lambda: self.outcome.queue, 60)

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
        self.terms: list[dict[str, Any]] = []
        self.viewers: list[tuple[dict[str, int], list[str]]] = []

    def submit(self, task: Callable[..., Any], *arguments: Any, **options: Any) -> Future:
        if task is worker.note_viewers:
            self.viewers.append((arguments[0], options["workers"]))
            return Future(options["key"])
        assert task is worker.train_runs
        self.terms.append(arguments[1])
        self.futures.append(Future(options["key"]))
        return self.futures[-1]


@pytest.fixture
def table(tmp_path: Path) -> Jobs:
    return Jobs(RunStore(tmp_path, recorded=None), grace=60.0)


def ask(table: Jobs, *configs: RunConfig, **terms: Any) -> list[Job]:
    jobs, _ = table.ask(configs, **terms)
    return [jobs[config.key] for config in configs]


def test_what_is_to_be_trained_anew_is_trained_though_it_is_known(table: Jobs) -> None:
    known, other = tiny(), tiny(seed=1)
    for config in (known, other):
        table._store.put(synthetic(config))
    jobs, ended = table.ask([known, other], anew={known.key})
    assert list(jobs) == [known.key]
    assert list(ended) == [other.key]


def why(table: Jobs, *jobs: Job) -> str:
    return table.look(jobs).why_waiting


def report(
    job: Job,
    name: PhaseName,
    records: tuple[bytes, ...] | None = None,
    queue: Waiting | None = None,
    worker: str = "w",
) -> Report:
    assert job.future is not None
    keys = tuple(config.key for config in job.configs)
    return Report(job.future.key, Phase(name, keys), (Timing(keys),), records, queue, worker)


def epoch_phase(epoch: int) -> Phase:
    return Phase("training", (), epoch)


def beat(table: Jobs, name: str = "w", parts: int = 0, **state: Any) -> None:
    table.beat(Beat(name, parts, **{"busy": True, **state}))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_waited_for_is_told_in_words(table: Jobs) -> None:
    first, second = ask(table, tiny()) + ask(table, tiny(seed=1))
    assert why(table, first) == waiting.starting_up()
    table.lost("no Dask scheduler answers")
    assert why(table, first) == "no Dask scheduler answers"
    table.connected(Client())
    assert why(table, first) == waiting.starting_up()
    beat(table)
    assert why(table, first) == waiting.queued(0, 0.0)
    table.reported(report(second, "preparing", queue=Waiting(1, 2.5)))
    assert why(table, second) == waiting.queued(1, 2.5)
    assert table.look([second]).queue == (1, 2.5)
    table.reported(report(second, "preparing", queue=Waiting(2, 2.5)))
    assert why(table, second) == waiting.queued(2, 2.5)
    table.reported(report(first, "preparing"))
    assert why(table, first) == waiting.preparing()
    table.reported(report(first, "compiling"))
    assert why(table, first) == waiting.compiling()
    table.reported(report(first, "training"))
    assert why(table, first) == waiting.first_epoch()
    table.reported(report(first, "training", (b"",)))
    assert why(table, first) == ""


def test_workers_are_told_how_many_viewers_wait_for_a_run(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    beat(table, address="tcp://here")
    (popular,), (lonely,) = ask(table, tiny()), ask(table, tiny(seed=1))
    table.tick()
    assert client.viewers == []
    for _ in range(2):
        assert ask(table, tiny()) == [popular]
    table.tick()
    table.tick()
    assert client.viewers == [({popular.future.key: 3}, ["tcp://here"])]
    table.release([popular, popular, lonely])
    table.tick()
    assert client.viewers[1:] == [({popular.future.key: 1}, ["tcp://here"])]


def test_who_waits_for_a_run_is_told_with_it_when_it_is_handed_over_again(table: Jobs) -> None:
    for _ in range(3):
        (job,) = ask(table, tiny())
    client = Client()
    table.connected(client)
    assert [terms["viewers"] for terms in client.terms] == [3]
    table.lost("gone")
    table.release([job])
    table.connected(client)
    assert [terms["viewers"] for terms in client.terms] == [3, 2]


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
    told = snapshot.jobs[job].contents
    assert told is not None
    assert told.packed == (b"epoch 1",)
    # A report without records keeps those that came before.
    table.reported(report(job, "training"))
    assert table.look([job]).jobs[job].contents is told


def test_a_lost_connection_has_jobs_wait_and_handed_over_again(table: Jobs) -> None:
    first, second = Client(), Client()
    (job,) = ask(table, tiny())
    table.connected(first)
    table.reported(report(job, "training", (b"epoch 1",)))
    beat(table)
    table.lost("")
    # It is no fault of the run.
    assert not job.alone
    standing = table.look([job]).jobs[job]
    assert standing.state == "waiting"
    assert standing.report is None
    assert why(table, job) == waiting.starting_up()
    table.connected(second)
    assert [f.key for f in (*first.futures, *second.futures)] == [f"{job.task}-{k}" for k in (0, 1)]
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


def test_runs_with_test_figures_serve_whoever_does_without(table: Jobs) -> None:
    table.connected(Client())
    (tested,) = ask(table, tiny(), test=True)
    assert ask(table, tiny()) == [tested]
    (plain,) = ask(table, tiny(seed=1))
    assert ask(table, tiny(seed=1), test=True) != [plain]


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


class KilledWorker(Exception):
    """Of the name that Dask's has."""


@pytest.mark.parametrize("error", [Cancelled("x"), KilledWorker("of somebody else")])
def test_a_task_that_ended_for_no_fault_of_its_own_is_tried_under_another_name(
    table: Jobs, error: Exception
) -> None:
    client = Client()
    table.connected(client)
    (job,) = ask(table, tiny())
    table.reported(report(job, "compiling"))
    client.futures[0].outcome.put(error)
    wait_until(lambda: len(client.futures) == 2)
    assert client.futures[1].key == f"{job.task}-1"
    assert table.look([job]).jobs[job].report is None


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (ValueError("no such optimizer"), waiting.refused("no such optimizer")),
        (RuntimeError("/home/host/x"), waiting.broken_off("RuntimeError")),
        ([b"nonsense"], waiting.unreadable()),
        (
            worker.OtherVersion("0.1, records of schema 3"),
            "has fmviz 0.1, records of schema",
        ),
        (ModuleNotFoundError("No module named 'fmviz'"), waiting.without_fmviz(VERSION)),
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
    # The scheduler forgets it, and who asks again is served.
    wait_until(lambda: client.futures[0].released)
    (again,) = ask(table, tiny())
    assert again is not job
    client.futures[1].outcome.put([archive.pack(synthetic(tiny()))])
    wait_until(lambda: not again.live)
    assert again.state == "done"


def test_more_runs_than_one_model_holds_are_jobs_of_their_own(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    jobs = ask(table, *(tiny(seed=seed) for seed in range(20)))
    assert len(client.futures) == len(set(jobs)) == 3
    assert all(job.watchers == 1 for job in jobs)


def test_runs_with_large_records_are_tasks_of_their_own_that_expect_each_other(
    table: Jobs,
) -> None:
    client = Client()
    table.connected(client)
    wide = [RunConfig(hidden=(512,) * 4, epochs=3, seed=seed) for seed in range(8)]
    assert len(set(ask(table, *wide, brief=True))) == 1
    jobs = ask(table, *wide)
    assert [job.configs for job in jobs] == [(config,) for config in wide]
    assert [terms["company"] for terms in client.terms] == [8] * 9
    assert len({terms["together"] for terms in client.terms[1:]}) == 1
    largest = max(needs.record(config, brief=True) for config in wide)
    assert MEMBERS_AT_ONCE * largest < jobs_module.TASK_BYTES < 2 * needs.record(wide[0], False)


def test_what_ends_together_is_fetched_one_after_the_other(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    fetched: list[int] = []
    at_once = 0

    def slow(future: Future) -> list[bytes]:
        nonlocal at_once
        fetched.append(1)
        at_once = max(at_once, len(fetched))
        time.sleep(0.02)
        fetched.pop()
        return Future.result(future)

    jobs = [ask(table, tiny(seed=seed))[0] for seed in range(4)]
    for job, future in zip(jobs, client.futures, strict=True):
        future.result = partial(slow, future)  # type: ignore[method-assign]
        future.outcome.put([archive.pack(synthetic(job.configs[0]))])
    wait_until(lambda: not any(job.live for job in jobs))
    assert {job.state for job in jobs} == {"done"}
    assert at_once == 1


def test_what_was_reported_of_a_run_is_not_held_once_its_record_is_there(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    (job,) = ask(table, tiny(seed=1))
    table.reported(report(job, "training", (so_far(1, 1),)))
    assert job.report is not None
    assert job.report.records is None
    client.futures[0].outcome.put([so_far(1, job.configs[0].epochs)])
    wait_until(lambda: job.state == "done")
    assert (job.contents, job.before) == (None, None)


def test_only_what_a_dead_process_had_begun_is_suspected_and_only_the_culprit_blamed(
    table: Jobs,
) -> None:
    client = Client()
    table.connected(client)
    beat(table, "first")
    culprit, innocent, waits = (ask(table, tiny(seed=seed))[0] for seed in range(3))
    for job in (culprit, innocent):
        table.reported(report(job, "training", (b"epoch 1",), worker="first"))
    table.reported(report(waits, "preparing", queue=Waiting(2, 1.0), worker="first"))
    beat(table, "second")
    assert [job.alone for job in (culprit, innocent, waits)] == [True, True, False]
    assert [job.deaths for job in (culprit, innocent, waits)] == [0, 0, 0]
    assert why(table, innocent) == waiting.replaced(0)
    # What was on the screen stays there.
    assert innocent.contents is not None
    assert innocent.contents.packed == (b"epoch 1",)
    assert waits.attempt == 1
    for name in ("third", "fourth"):
        table.reported(report(culprit, "training", worker=culprit.worker or "second"))
        culprit.worker = next(iter(table._processes))
        beat(table, name)
    assert culprit.state == "failed"
    assert culprit.message == waiting.stopped_too_often(2)
    # Nor does the scheduler have it trained once more.
    assert all(f.released for f in client.futures if f.key.startswith(culprit.task))
    assert innocent.live
    assert waits.live


def test_a_process_that_leaves_on_purpose_leaves_no_suspicion(table: Jobs) -> None:
    table.connected(Client())
    beat(table, "first")
    (job,) = ask(table, tiny())
    table.reported(report(job, "training", (b"epoch 1",), worker="first"))
    beat(table, "first", leaving=True)
    beat(table, "first")  # its last, which its other thread sent
    beat(table, "second")
    assert not job.alone
    assert job.state == "waiting"


def test_who_leaves_says_so_and_the_page_that_its_run_goes_on(table: Jobs) -> None:
    table.connected(Client())
    beat(table, "first")
    (job,) = ask(table, tiny())
    table.reported(replace(report(job, "training", (b"2",), worker="first"), phase=epoch_phase(2)))
    beat(table, "first", leaving=True)
    assert table.look([job]).jobs[job].state == "waiting"
    assert why(table, job) == waiting.goes_on(2)
    beat(table, "second")
    assert why(table, job) == waiting.goes_on(2)
    # The same task: the scheduler hands it to the next process.
    assert job.attempt == 1
    table.reported(report(job, "training", (b"3",), worker="second"))
    assert why(table, job) == ""


def test_a_run_in_training_waits_for_its_own_worker_where_that_falls_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Jobs(RunStore(tmp_path, recorded=None), grace=60.0, elsewhere=True)
    table.connected(Client())
    now = time.monotonic()
    beat(table, "stopped")
    first, second = ask(table, tiny()) + ask(table, tiny(seed=1))
    table.reported(report(first, "training", (b"1",), worker="stopped"))
    table.reported(report(second, "training", (b"1",), worker="well"))
    for second_passed in range(int(jobs_module.SILENT_SECONDS) + 2):
        monkeypatch.setattr(jobs_module.time, "monotonic", lambda at=now + second_passed: at)
        beat(table, "well", parts=second_passed)
        assert table.tick() == ""
    assert table.look([first]).jobs[first].state == "waiting"
    assert why(table, first).startswith("The training process has been silent for 6 s.")
    assert table.look([second]).jobs[second].state == "training"
    beat(table, "stopped")
    assert table.look([first]).jobs[first].state == "training"


def so_far(seed: int, epochs: int) -> bytes:
    return archive.pack(synthetic(tiny(seed=seed), epochs=epochs, seed=seed))


def test_a_run_that_begins_again_stays_on_the_page_until_it_is_as_far(table: Jobs) -> None:
    """Whatever becomes of its process, and however often, no viewer sees fewer epochs."""
    table.connected(Client())
    configs = tuple(tiny(seed=seed) for seed in (1, 2))
    (job,) = set(table.ask(configs)[0].values())
    with Watch(table, configs, {}, {config.key: job for config in configs}) as watch:

        def told(process: str, first: int, second: int) -> Update:
            keys = tuple(config.key for config in configs)
            timing = Timing(keys, second, training=10.0 * second)
            contents = so_far(1, first), so_far(2, second)
            known = replace(report(job, "training", contents, worker=process), timings=(timing,))
            table.reported(replace(known, phase=epoch_phase(second + 1)))
            return look()

        def look() -> Update:
            return next(iter(watch))

        def shown(update: Update) -> list[int]:
            return [0 if record is None else record.epochs for record in update.records]

        beat(table, "first")
        assert shown(told("first", 2, 2)) == [2, 2]
        beat(table, "second")
        assert look().state == "waiting"
        assert look().message == waiting.replaced(3)
        assert shown(look()) == [2, 2]
        update = told("second", 1, 1)
        assert (update.state, shown(update)) == ("waiting", [2, 2])
        assert update.message == waiting.again(2, 3, 10.0)
        # Another viewer who comes now sees the same.
        with Watch(table, configs, {}, {config.key: job for config in configs}) as other:
            assert shown(next(iter(other))) == [2, 2]
        # One that ends before it was as far ends the second time too.
        beat(table, "second", leaving=True)
        table.lost("")
        table.connected(Client())
        beat(table, "third")
        assert shown(look()) == [2, 2]
        update = told("third", 2, 1)
        assert (update.state, shown(update)) == ("waiting", [2, 2])
        update = told("third", 2, 2)
        assert (update.state, shown(update), update.message) == ("training", [2, 2], "")
        update = told("third", 3, 2)
        assert (update.state, shown(update)) == ("training", [3, 2])


def test_a_watch_has_turned_with_the_first_epoch_and_the_end_and_with_none_between(
    table: Jobs,
) -> None:
    client, config = Client(), tiny(seed=1)
    table.connected(client)
    beat(table, "w")
    jobs, _ = table.ask([config])
    job = jobs[config.key]
    with Watch(table, (config,), {}, jobs) as watch:

        def look() -> str:
            state = next(iter(watch)).state
            assert not watch.turned
            return state

        assert look() == "waiting"
        table.reported(report(job, "preparing", queue=Waiting(1, 2.5)))
        assert not watch.turned
        table.reported(report(job, "training", (so_far(1, 1),)))
        assert watch.turned
        assert look() == "training"
        table.reported(report(job, "training", (so_far(1, 2),)))
        assert not watch.turned
        client.futures[0].outcome.put([so_far(1, config.epochs)])
        wait_until(lambda: watch.turned)
        assert look() == "done"


@pytest.mark.parametrize("seconds", [jobs_module.SILENT_SECONDS, jobs_module.HUNG_SECONDS])
def test_silence_is_told_and_in_the_end_calls_for_another_worker(
    table: Jobs, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    table.connected(Client())
    beat(table)
    (job,) = ask(table, tiny())
    now = time.monotonic()
    for second in range(int(seconds) + 2):
        monkeypatch.setattr(jobs_module.time, "monotonic", lambda at=now + second: at)
        hung = table.tick()
    assert why(table, job) == waiting.silent(seconds + 1)
    assert bool(hung) == (seconds == jobs_module.HUNG_SECONDS)


def test_after_a_sleep_of_the_machine_nobody_was_silent(
    table: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.connected(Client())
    beat(table)
    table.tick()
    now = time.monotonic()
    monkeypatch.setattr(jobs_module.time, "monotonic", lambda: now + 3_600)
    assert table.tick() == ""
    (job,) = ask(table, tiny())
    assert why(table, job) == waiting.queued(0, 0.0)


def test_training_without_getting_anywhere_calls_for_another_worker(
    table: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.connected(Client())
    now = time.monotonic()
    for second in range(0, 200, 2):
        monkeypatch.setattr(jobs_module.time, "monotonic", lambda at=now + second: at)
        beat(table, parts=7, busy=second > 50)
        assert bool(table.tick()) == (second > 52 + jobs_module.STUCK_SECONDS)
    beat(table, parts=8)
    assert table.tick() == ""


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_scheduler_without_workers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    table = Jobs(RunStore(tmp_path, recorded=None), grace=60.0, elsewhere=elsewhere)
    table.connected(Client())
    (job,) = ask(table, tiny())
    now = time.monotonic()
    monkeypatch.setattr(jobs_module.time, "monotonic", lambda: now + 60)
    # The worker of this machine is started by nobody but the engine.
    assert why(table, job) == (waiting.no_worker() if elsewhere else waiting.starting_up())


def test_past_a_limit_a_request_is_told_to_come_again(table: Jobs) -> None:
    for seed in range(QUEUE_LIMIT):
        assert ask(table, tiny(seed=seed))[0].live
    (job,) = ask(table, tiny(seed=999))
    assert job.state == "failed"
    assert f"{QUEUE_LIMIT} other requests are waiting" in job.message
    table.release({job})
    # A sweep may wait for as long as it takes.
    assert ask(table, tiny(seed=998), urgency=Urgency.SWEEP)[0].live


def test_what_is_trained_ahead_goes_on_unwatched_and_makes_way_for_who_waits(table: Jobs) -> None:
    client = Client()
    table.connected(client)
    beat(table)
    assert table.idle()
    (job,) = ask(table, tiny(), urgency=Urgency.AHEAD)
    table.give_up({job})
    table.tick()
    assert job.live
    assert table.ahead() == 1
    assert table.idle()
    # A viewer's request is one of its own: the worker joins the two.
    (viewer,) = ask(table, tiny())
    assert viewer is not job
    assert not table.idle()
    assert len(client.futures) == 2
