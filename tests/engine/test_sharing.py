"""Two engines on one store: what one of them trains the other waits for, and takes over in need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fmviz.engine import jobs as jobs_module
from fmviz.engine.job import Job
from fmviz.engine.jobs import Jobs
from fmviz.engine.reports import Phase, Queue, Report, Timing
from fmviz.engine.urgency import Urgency
from fmviz.engine.watch import Update, Watch
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore
from fmviz.words import waiting as words
from tests.engine.test_jobs import Client, ask, beat, wait_until, why
from tests.support.records import same_figures, synthetic, tiny

ROOT = Path(__file__).parents[2]
A, B = tiny(seed=1), tiny(seed=2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "LOOK_SECONDS", 0.02)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Jobs]:
    table = Jobs(RunStore(tmp_path, recorded=None), grace=0.0)
    yield table
    table.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Jobs]:
    table = Jobs(RunStore(tmp_path, recorded=None), grace=0.0)
    yield table
    table.close()


def end(job: Job) -> None:
    """Have a job's task end with records of its runs."""
    assert job.future is not None
    records = [synthetic(config, seed=config.seed) for config in job.configs]
    records = [record.brief() if job.brief else record for record in records]
    job.future.outcome.put([archive.pack(record) for record in records])  # type: ignore[attr-defined]


def epochs(job: Job, count: int, *runs: RunConfig, test: bool = False) -> Report:
    """What the worker of the server that has asked for a job tells all servers of its scheduler:
    so many epochs of these of its runs."""
    assert job.future is not None
    keys = tuple(config.key for config in runs)
    records = tuple(archive.pack(synthetic(config, epochs=count)) for config in runs)
    phase, timings = Phase("training", keys, count + 1), (Timing(keys, count),)
    asked = tuple(config.key for config in job.configs)
    return Report(job.future.key, phase, timings, records, None, "w", asked, test)


def seen(table: Jobs, job: Job) -> Update:
    (config,) = job.configs
    return next(iter(Watch(table, (config,), {}, {config.key: job})))


def tick(table: Jobs) -> None:
    for _ in range(2):  # a claim is given back when it is loose for the second time
        table.tick()


def test_what_one_trains_the_other_waits_for_in_words_and_has_then(one: Jobs, other: Jobs) -> None:
    mine, yours = Client(), Client()
    one.connected(mine)
    other.connected(yours)
    (trained,) = ask(one, A)
    waiting, own = ask(other, A, B)
    assert why(other, waiting) == words.elsewhere()
    assert why(other, own) == words.starting_up()
    assert [len(client.futures) for client in (mine, yours)] == [1, 1]
    end(trained)
    wait_until(lambda: waiting.state == "done")
    assert same_figures(waiting.records[A.key], synthetic(A, seed=A.seed))
    assert own.state == "waiting"
    assert len(yours.futures) == 1


def test_a_run_that_is_let_go_of_is_taken_over(one: Jobs, other: Jobs) -> None:
    yours = Client()
    one.connected(Client())
    other.connected(yours)
    (job,) = ask(one, A)
    (waiting,) = ask(other, A)
    one.release([job])
    tick(one)
    wait_until(lambda: len(yours.futures) == 1)
    assert waiting.live
    assert why(other, waiting) != words.elsewhere()
    end(waiting)
    wait_until(lambda: waiting.state == "done")


def test_a_server_that_has_lost_its_worker_leaves_its_runs_to_others(
    one: Jobs, other: Jobs
) -> None:
    mine, yours = Client(), Client()
    one.connected(mine)
    other.connected(yours)
    (first,) = ask(one, A)
    (second,) = ask(other, A)
    one.lost("no worker")
    wait_until(lambda: len(yours.futures) == 1)
    end(second)
    wait_until(lambda: second.state == "done")
    assert first.live


def test_what_a_viewer_waits_for_is_not_left_to_who_trains_it_ahead(one: Jobs, other: Jobs) -> None:
    mine, yours = Client(), Client()
    one.connected(mine)
    other.connected(yours)
    ask(one, A, urgency=Urgency.AHEAD)
    assert other.ask([A], urgency=Urgency.AHEAD) == ({}, {})
    assert not yours.futures
    (job,) = ask(other, A)
    assert len(yours.futures) == 1
    assert why(other, job) == words.starting_up()


def test_a_run_that_is_stored_already_is_not_trained_ahead(one: Jobs, tmp_path: Path) -> None:
    RunStore(tmp_path, recorded=None).put(synthetic(A), ahead=True)
    assert one.ask([A], urgency=Urgency.AHEAD) == ({}, {})
    assert [path.name for path in tmp_path.glob("*.npz")] == [f"{A.key}.ahead.npz"]


def test_a_run_that_another_has_just_ended_is_taken_from_the_store(
    one: Jobs, tmp_path: Path
) -> None:
    RunStore(tmp_path, recorded=None).put(synthetic(A))
    jobs, ended = one.ask([A])
    assert jobs == {}
    assert same_figures(ended[A.key].record, synthetic(A))


def test_a_claim_lasts_as_long_as_any_job_wants_its_run(one: Jobs, other: Jobs) -> None:
    one.connected(Client())
    (brief,) = ask(one, A, brief=True)
    (whole,) = ask(one, A)
    end(brief)
    wait_until(lambda: brief.state == "done")
    tick(one)
    (waiting,) = ask(other, A)
    assert waiting.elsewhere
    end(whole)
    wait_until(lambda: waiting.state == "done")


# Two servers on one scheduler: its workers tell both


def test_what_another_server_trains_grows_here_epoch_by_epoch(one: Jobs, other: Jobs) -> None:
    one.connected(Client())
    other.connected(Client())
    (trained,), (waiting,) = ask(one, A), ask(other, A)
    assert trained.future is not None
    beat(other)
    queued = Report(trained.future.key, Phase("preparing"), (), None, Queue(2, 3.0), "w", (A.key,))
    other.reported(queued)
    assert seen(other, waiting).message == words.queued(2, 3.0)
    for count in (1, 2):
        other.reported(epochs(trained, count, A))
        update = seen(other, waiting)
        assert (update.state, update.epoch, update.message) == ("training", count, "")
    end(trained)
    wait_until(lambda: waiting.state == "done")
    assert seen(other, waiting).epoch == A.epochs


def test_only_a_run_that_has_begun_and_has_what_is_wanted_is_shown(one: Jobs, other: Jobs) -> None:
    one.connected(Client())
    other.connected(Client())
    pair = ask(one, A, B)[0]
    (plain,), (tested,) = ask(other, A), ask(other, A, test=True)
    other.reported(epochs(pair, 1, B))
    assert seen(other, plain).epoch == 0
    other.reported(epochs(pair, 1, A, B))
    assert [seen(other, job).epoch for job in (plain, tested)] == [1, 0]
    other.reported(epochs(pair, 2, A, B, test=True))
    assert [seen(other, job).epoch for job in (plain, tested)] == [2, 2]


def test_what_was_shown_of_a_run_stays_when_it_is_taken_over(one: Jobs, other: Jobs) -> None:
    yours = Client()
    one.connected(Client())
    other.connected(yours)
    (trained,), (waiting,) = ask(one, A), ask(other, A)
    other.reported(epochs(trained, 2, A))
    one.release([trained])
    tick(one)
    wait_until(lambda: len(yours.futures) == 1)
    update = seen(other, waiting)
    assert (update.state, update.epoch) == ("waiting", 2)
    other.reported(epochs(waiting, 1, A))
    update = seen(other, waiting)
    assert (update.state, update.epoch) == ("waiting", 2)
    assert update.message == words.again(2, A.epochs, 0.0)


def test_another_servers_run_is_neither_blamed_nor_asked_for_when_its_worker_ends(
    one: Jobs, other: Jobs
) -> None:
    yours = Client()
    one.connected(Client())
    other.connected(yours)
    (trained,), (waiting,) = ask(one, A), ask(other, A)
    for name in ("w", "x", "y"):
        beat(other, name)
        other.reported(replace(epochs(trained, 1, A), worker=name))
    beat(other, "z")
    assert waiting.live
    assert not waiting.alone
    assert not yours.futures
    assert why(other, waiting) == words.elsewhere()
    assert seen(other, waiting).epoch == 1


# Two servers of their own, with a worker each
SERVER = """
import json, sys
from pathlib import Path
from fmviz.engine.engine import Engine
from fmviz.run.store import RunStore
from tests.support.records import tiny

engine = Engine(RunStore(Path(sys.argv[1]), recorded=None))
runs = [tiny(seed=seed, epochs=5) for seed in range(6)]
said = set()
begun = []
for config in runs:
    with engine.watch([config]) as watch:
        for update in watch:
            said.add(update.message)
    assert update.state == "done", update.message
    begun.append((config.seed, update.records[0].made["begun"]))
print(json.dumps([sorted(begun), sorted(said)]))
engine.close()
"""


@pytest.mark.slow
def test_two_servers_with_a_worker_each_train_each_run_once(tmp_path: Path) -> None:
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        told = [json.loads(server.communicate(timeout=240)[0]) for server in servers]
    finally:
        for server in servers:
            server.kill()
    # Each run of both began at the same moment: it is the same training.
    assert told[0][0] == told[1][0]
    assert len(told[0][0]) == 6
    assert any(words.elsewhere() in message for _, said in told for message in said)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert all(name.endswith(".npz") for name in names)
