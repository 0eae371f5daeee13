"""Two engines on one store: what one of them trains the other waits for, and takes over in need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmviz.engine import jobs as jobs_module
from fmviz.engine.job import Job
from fmviz.engine.jobs import Jobs
from fmviz.engine.urgency import Urgency
from fmviz.run import archive
from fmviz.run.store import RunStore
from fmviz.words import waiting as words
from tests.engine.test_jobs import Client, ask, wait_until, why
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
