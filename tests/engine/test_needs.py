"""The model of memory against what a worker process is seen to take, and what follows from it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.engine import limits, needs
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE, slots_for
from tests.support.records import synthetic

ROOT = Path(__file__).parents[2]
MB = 10**6
DEEP = RunConfig(hidden=(512, 512, 512, 512))

NETWORKS = st.builds(
    RunConfig,
    hidden=st.lists(st.integers(1, 512), max_size=6).map(tuple),
    optimizer=st.sampled_from(["sgd", "momentum", "adam", "nadam"]),
)


@given(NETWORKS, st.integers(0, 4_000))
def test_what_is_said_to_fit_fits_and_one_more_would_not(config: RunConfig, free: int) -> None:
    most = needs.most_members(config, free * MB)
    taken = [needs.compiling(config) + needs.model(config, slots_for(k)) for k in (most, most + 1)]
    assert 0 <= most <= MEMBERS_AT_ONCE
    assert not most or taken[0] <= free * MB
    assert most == MEMBERS_AT_ONCE or taken[1] > free * MB


@given(NETWORKS, st.integers(0, 4_000))
def test_a_program_at_hand_takes_no_compiler_and_has_all_its_places(
    config: RunConfig, free: int
) -> None:
    def at_hand(config: RunConfig, members: int) -> int:
        return 4 if members in (2, 3, 4) else 0

    most = needs.most_members(config, free * MB, at_hand)
    assert (most >= 4) == (needs.model(config, 4) <= free * MB)


def test_what_is_asked_for_before_tensorflow_is_there_counts_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "worker_room", lambda: 500 * MB)
    free = []
    for taken in (60, 290, 400):
        monkeypatch.setattr(limits, "taken", lambda taken=taken: taken * MB)
        free.append(needs.free())
    assert free[0] == free[1] == free[2] + 110 * MB


def test_a_run_is_refused_at_the_moment_when_not_even_the_reserve_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "taken", lambda: needs.BASE)
    needed = needs.height(DEEP, 1)

    def there(free: int) -> None:
        monkeypatch.setattr(limits, "worker_room", lambda: needs.BASE - limits.RESERVE + free)

    there(needed)
    needs.check_now(DEEP)
    there(needed - 1)
    with pytest.raises(needs.TooLarge):
        needs.check_now(DEEP)
    # Its program is there already.
    needs.check_now(DEEP, lambda config, members: 1)
    there(0)
    needs.check_now(RunConfig())


@given(NETWORKS, st.integers(300, 4_000))
def test_a_run_is_refused_where_a_fresh_worker_has_no_room_for_it_alone(
    config: RunConfig, room: int
) -> None:
    free = max(room * MB - needs.BASE, needs.LEAST)
    if needs.most_members(config, free):
        needs.check([RunConfig(), config], room * MB)
    else:
        with pytest.raises(needs.TooLarge) as raised:
            needs.check([RunConfig(), config], room * MB)
        assert raised.value.needed > raised.value.there == free / MB


def test_what_the_pages_open_with_is_tried_everywhere() -> None:
    needs.check([RunConfig(), RunConfig(dropout=0.5)], 0)


def test_a_model_that_trains_holds_about_half_of_what_it_needs_already() -> None:
    whole = needs.height(DEEP, 2)
    assert needs.promised(DEEP, 2, begun=False) == whole
    assert 0 < needs.promised(DEEP, 2, begun=True) < whole / 2


def test_a_refusal_survives_its_way_from_the_worker() -> None:
    sent = pickle.loads(pickle.dumps(needs.TooLarge(900.0, 600.0)))
    assert (sent.needed, sent.there) == (900.0, 600.0)


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize(
    "config", [RunConfig(), RunConfig(epochs=3), DEEP, DEEP.replace(epochs=5)], ids=str
)
def test_a_record_is_about_as_large_as_the_model_says(config: RunConfig, brief: bool) -> None:
    record = synthetic(config, examples={"train": 1_000})
    packed = archive.pack(record.brief() if brief else record, level=0)
    assert len(packed) == pytest.approx(needs.record(config, brief), rel=0.15)


def test_fewer_runs_of_a_large_network_are_trained_together_where_there_is_less() -> None:
    most = [needs.most_members(DEEP, free * MB) for free in (200, 400, 800)]
    assert most == sorted(set(most))
    assert most[-1] == MEMBERS_AT_ONCE


# Trains, and prints the megabytes that were taken at the height, once with and once without the
# compiler. A process a model: what one leaves behind would be room for the next.
MEASURE = """
import gc, json, sys, threading, time
from fmviz.engine import limits
from fmviz.training import process

process.prepare()
from fmviz.run.config import RunConfig
from fmviz.training.train import train

height = 0

def watch():
    global height
    while True:
        height = max(height, limits.taken())
        time.sleep(0.003)

threading.Thread(target=watch, daemon=True).start()

def taken(runs):
    global height
    before = height = limits.taken()
    train(runs)
    found = (height - before) / 1e6
    give_back()
    return found

def give_back():
    # What is part of a circle goes too, or the next run would take it over unseen.
    gc.collect()
    process.give_back()

train([RunConfig(epochs=1, train_size=100, seed=k) for k in range(2)])
give_back()
base = limits.taken() / 1e6
changes, members = json.loads(sys.argv[1])
runs = [RunConfig(epochs=2, train_size=100, seed=k, **changes) for k in range(members)]
print(json.dumps([base, taken(runs), taken(runs)]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count a process's own otherwise")
@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"hidden": (128,)}, 8),
        ({"hidden": (512, 512, 512, 512)}, 2),
        ({"hidden": (256, 256), "optimizer": "sgd"}, 8),
    ],
    ids=["narrow", "deep", "sgd"],
)
def test_a_worker_takes_about_what_the_model_says_and_hardly_ever_more(
    changes: dict[str, object], members: int
) -> None:
    command = [sys.executable, "-c", MEASURE, json.dumps([changes, members])]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    base, first, again = json.loads(answer.stdout)
    config = RunConfig.model_validate(changes)
    model = needs.model(config, members) / MB
    assert base < needs.BASE / MB * 1.1
    assert 0.6 * (needs.compiling(config) / MB + model) < first
    assert first < 1.2 * (needs.compiling(config) / MB + model)
    assert again < 1.2 * model
