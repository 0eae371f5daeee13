"""The engine with a real worker process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from fmviz.engine import connection, limits
from fmviz.engine.engine import Engine
from fmviz.engine.orders import FileError
from fmviz.engine.watch import Update
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.phases import PhaseName
from fmviz.run.store import RunStore
from fmviz.words import waiting
from tests.support.records import same_figures, synthetic, tiny, untested

pytestmark = pytest.mark.slow

QUICK = RunConfig(train_size=200, epochs=3)
LONG = RunConfig(train_size=10_000, epochs=100)
# All its epochs take minutes, and on a busy machine more.
ENDLESS = LONG.replace(seed=21, batch_size=8)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(RunStore(tmp_path_factory.mktemp("runs"), recorded=None), grace=1.0)
    yield engine
    engine.close()
    assert engine.connection.service is None


def run(engine: Engine, *configs: RunConfig) -> list[Update]:
    with engine.watch(configs) as watch:
        return list(watch)


def wait_until(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_ended(process: psutil.Process) -> bool:
    """Also where nobody asks how: a container may be without an init, which does."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def worker_processes(engine: Engine) -> list[psutil.Process]:
    assert engine.connection.service is not None
    return [
        child
        for child in psutil.Process(engine.connection.service.pid).children(recursive=True)
        if "resource_tracker" not in " ".join(child.cmdline())
    ]


def test_runs_grow_epoch_by_epoch_and_are_kept(engine: Engine) -> None:
    config = RunConfig(train_size=5_000, epochs=12, penalty="l2", lam=1.0)
    updates = run(engine, config.baseline, config)
    states = [u.state for u in updates]
    assert states[0] == "waiting"
    assert states[-1] == "done"
    assert states == sorted(states, key=["waiting", "training", "done"].index)
    epochs = [u.epoch for u in updates]
    assert epochs == sorted(epochs)
    assert len({e for e in epochs if 0 < e < 12}) >= 3
    final = updates[-1].records
    assert [r.config for r in final if r] == [config.baseline, config]
    partial = next(u.records[1] for u in updates if u.state == "training")
    assert partial is not None
    assert partial.weights == ()

    again = run(engine, config)
    assert len(again) == 1
    assert again[0].sources == ("store",)
    # Viewers are told before the run is on disk.
    wait_until(lambda: (engine.store.folder / f"{config.key}.npz").exists())
    stored, trained = RunStore(engine.store.folder, recorded=None).get(config), final[1]
    assert stored is not None
    assert trained is not None
    assert same_figures(stored, trained)


def test_many_viewers_of_a_run_cost_one_training(engine: Engine) -> None:
    config = LONG.replace(epochs=20, seed=11)
    watches = [engine.watch([config]) for _ in range(5)]
    assert len(engine.jobs._jobs) == 1
    results: list[Update] = []

    def look(watch: object) -> None:
        results.append(list(watch)[-1])  # type: ignore[call-overload]

    threads = [threading.Thread(target=look, args=(w,)) for w in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for watch in watches:
        watch.close()
    first = results[0].records[0]
    assert first is not None
    assert all(r.state == "done" and r.records[0] is first for r in results)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems choose otherwise")
def test_should_memory_run_out_the_worker_goes_and_not_the_page(engine: Engine) -> None:
    def score(process: psutil.Process) -> int:
        return int(Path(f"/proc/{process.pid}/oom_score_adj").read_text())

    (worker,) = worker_processes(engine)
    assert engine.connection.service is not None
    service = psutil.Process(engine.connection.service.pid)
    assert score(worker) == limits.OOM_SCORE > max(score(service), score(psutil.Process()))


def test_a_run_given_up_makes_room_at_once(engine: Engine) -> None:
    watch = engine.watch([ENDLESS])
    for update in watch:
        if update.epoch >= 1:
            break
    begun = time.monotonic()
    with engine.watch([QUICK.replace(seed=21)]) as second:
        watch.give_up()
        assert list(second)[-1].state == "done"
    assert time.monotonic() - begun < 30
    assert engine.store.get(ENDLESS) is None


def test_a_lost_viewer_has_some_seconds_to_come_back(engine: Engine) -> None:
    config = LONG.replace(seed=31, epochs=60)
    watch = engine.watch([config])
    for update in watch:
        if update.epoch >= 1:
            break
    watch.close()
    with engine.watch([config]) as back:
        # The same training goes on: it does not begin anew.
        assert next(u for u in back if u.epoch).epoch >= 1
    wait_until(lambda: not engine.jobs._jobs, 5)
    assert engine.store.get(config) is None


def test_a_cancelled_run_can_be_asked_for_again(engine: Engine) -> None:
    config = RunConfig(train_size=5_000, epochs=10, seed=41)
    for _ in range(3):
        watch = engine.watch([config])
        for update in watch:
            if update.state == "training":
                break
        watch.give_up()
    assert run(engine, config)[-1].state == "done"


def test_a_worker_that_dies_is_replaced_and_its_run_tried_again(engine: Engine) -> None:
    config = LONG.replace(seed=51, epochs=40)
    killed = False
    with engine.watch([config]) as watch:
        for update in watch:
            if update.epoch >= 1 and not killed:
                killed = True
                # The process that has TensorFlow's memory is the worker.
                max(worker_processes(engine), key=lambda p: p.memory_info().rss).kill()
    assert killed
    assert update.state == "done"
    assert run(engine, QUICK.replace(seed=51))[-1].state == "done"


def test_a_service_that_dies_is_started_again(engine: Engine) -> None:
    assert engine.connection.service is not None
    old = engine.connection.service.pid
    children = psutil.Process(old).children(recursive=True)
    engine.connection.service.kill()
    wait_until(lambda: all(map(has_ended, children)))
    assert run(engine, QUICK.replace(seed=61))[-1].state == "done"
    assert engine.connection.service.pid != old


def test_brief_runs_are_kept_without_weights_until_somebody_wants_those(engine: Engine) -> None:
    config = tiny(seed=301)
    with engine.watch([config], brief=True) as watch:
        brief = list(watch)[-1].records[0]
    assert brief is not None
    assert brief.is_brief
    assert engine.known([config], brief=True)
    assert not engine.known([config])
    whole = run(engine, config)[-1].records[0]
    assert whole is not None
    assert whole.weights
    assert same_figures(whole.brief(), brief)
    engine.store.put(brief)
    assert engine.known([config])


def test_test_images_are_measured_when_asked_for_and_are_kept(engine: Engine) -> None:
    config = tiny(seed=302)
    plain = run(engine, config)[-1].records[0]
    assert plain is not None
    assert not plain.has_test
    assert not engine.known([config], test=True)
    # What the store has already, weights, is not lost by asking for something else.
    with engine.watch([config], brief=True, test=True) as watch:
        tested = list(watch)[-1].records[0]
    assert tested is not None
    assert tested.has_test
    assert same_figures(untested(tested), plain)
    assert engine.known([config], test=True)
    engine.store.put(plain)
    assert engine.known([config], test=True)


def test_many_runs_go_a_model_at_a_time_and_behind_single_ones(engine: Engine) -> None:
    sweep = [tiny(seed=400 + k, epochs=20) for k in range(20)]
    with engine.watch(sweep, brief=True) as watch:
        assert len({job.task for job in watch._jobs.values()}) == 3
        assert [update.state for update in run(engine, tiny(seed=399))][-1] == "done"
        updates = list(watch)
    shares = [update.progress(sweep) for update in updates]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(record is not None and record.is_brief for record in updates[-1].records)


def test_a_worker_compiles_ahead_what_a_page_may_want_next(engine: Engine) -> None:
    pair = [tiny(hidden=(5, 2), seed=seed) for seed in (1, 2)]
    engine.warm(pair)
    run(engine, tiny(seed=1))  # the engine is connected then
    engine.warm(pair)
    engine.warm(pair)

    def at_hand() -> int:
        from fmviz.training.backend import KerasBackend

        return KerasBackend().at_hand([tiny(hidden=(5, 2))] * 2, 2)

    assert engine.connection.client is not None
    client: Any = engine.connection.client
    wait_until(lambda: sum(client.run(at_hand).values()) == 2, 120)
    assert not engine.known(pair, brief=True)  # nothing is kept of it
    assert "compiling" not in phases(run(engine, *pair))


def phases(updates: Sequence[Update]) -> list[PhaseName]:
    """The phases that updates went through, without repetitions."""
    names = [update.phase.name for update in updates if update.phase is not None]
    return [name for name, _ in groupby(names)]


def test_a_new_shape_is_reported_to_compile_before_its_first_epoch_and_once_only(
    engine: Engine,
) -> None:
    new = RunConfig(train_size=5_000, epochs=12, hidden=(11, 7))
    updates = run(engine, new)
    assert "compiling" in phases(updates)
    assert phases(updates)[-1] == "training"
    compiling = [u for u in updates if u.phase is not None and u.phase.name == "compiling"]
    assert all(u.phase.keys == (new.key,) for u in compiling)
    assert all(u.state == "waiting" and u.epoch == 0 for u in compiling)
    assert {u.message for u in compiling} == {waiting.compiling()}
    (timing,) = updates[-1].timings
    assert timing.keys == (new.key,)
    assert timing.epochs == 12
    # Each phase is its own time: together they are no more than went by.
    assert timing.compiling > 0.1
    assert timing.training > 0
    total = timing.preparing + timing.compiling + timing.training
    assert total <= updates[-1].seconds

    again = run(engine, new.replace(seed=1, penalty="l2", lam=2.0))
    assert "compiling" not in phases(again)
    (timing,) = again[-1].timings
    assert timing.compiling == 0
    assert timing.epochs == 12


def test_each_shape_of_a_comparison_has_its_own_phases(engine: Engine) -> None:
    runs = [tiny(epochs=5, hidden=(width,)) for width in (13, 14)]
    updates = run(engine, *runs)
    at_work = {u.phase.keys for u in updates if u.phase is not None}
    assert at_work <= {(config.key,) for config in runs}
    assert [timing.keys for timing in updates[-1].timings] == [(config.key,) for config in runs]
    assert all(timing.compiling > 0 and timing.epochs == 5 for timing in updates[-1].timings)
    assert updates[-1].phase is None


# What a reader of a `.keras` file does, in a process that knows nothing of fmviz.
LOAD = """
import json, sys
import keras, numpy as np
images, labels, found = np.load("images.npy"), np.load("labels.npy"), {}
for name in sys.argv[1:]:
    network = keras.models.load_model(name)
    found[name] = {
        "answers": np.asarray(network(images)).argmax(1).tolist(),
        "name": network.name,
        "optimizer": network.optimizer.get_config(),
        "from_logits": network.loss.from_logits,
        "figures": network.evaluate(images, labels, verbose=0, return_dict=True),
        "layers": {layer.name: layer.get_config() for layer in network.layers},
    }
network.fit(images[:32], labels[:32], verbose=0)
assert "fmviz" not in sys.modules
print(json.dumps(found, default=str))
"""


def model_file(engine: Engine, *arguments: Any, **options: Any) -> bytes:
    with engine.model_file(*arguments, **options) as file:
        for words in file:
            assert words
    return file.content


def test_a_model_file_opens_in_plain_keras_and_answers_as_the_run_did(
    engine: Engine, tmp_path: Path
) -> None:
    # Each file is compiled with what was in force in its epoch.
    strengths = {"kept": 4.0, "again": 2.0}
    config = QUICK.replace(
        penalty="l1_l2", lam=2.0, dropout=0.3, branch={"lam": 4.0}, branch_epoch=2
    )
    with engine.watch([config], test=True) as watch:
        record = list(watch)[-1].records[0]
    assert record is not None
    epochs = {"kept": 3, "again": 2}
    for name, epoch in epochs.items():
        weights = record.weights if name == "kept" else ()
        content = model_file(engine, config, name, epoch, weights)
        (tmp_path / name).with_suffix(".keras").write_bytes(content)
    test = data.load().test
    np.save(tmp_path / "images.npy", test.pixels)
    np.save(tmp_path / "labels.npy", test.labels)
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, *(f"{name}.keras" for name in epochs)],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert loaded.returncode == 0, loaded.stderr
    found = json.loads(loaded.stdout.splitlines()[-1])
    for name, epoch in epochs.items():
        network = found[f"{name}.keras"]
        # Where two logits are all but equal, another order of additions may tip the scale.
        answers = record.test_predictions[epoch]
        assert np.count_nonzero(np.array(network["answers"]) != answers) <= 2
        assert network["name"] == name
        assert network["from_logits"] is True
        assert network["figures"]["accuracy"] == pytest.approx(
            record.at("test_accuracy", epoch), abs=5e-4
        )
        loss = record.at("test_crossentropy", epoch) + record.at("penalty", epoch)
        assert network["figures"]["loss"] == pytest.approx(loss, rel=1e-3)
        assert network["optimizer"]["name"].startswith("adam")
        assert network["optimizer"]["learning_rate"] == pytest.approx(0.001)
        layers = network["layers"]
        assert list(layers) == ["hidden_1", "dropout_1", "logits"]
        assert layers["dropout_1"]["rate"] == 0.3
        for layer in ("hidden_1", "logits"):
            assert layers[layer]["bias_regularizer"] is None
            penalty = layers[layer]["kernel_regularizer"]["config"]
            assert penalty["l1"] == pytest.approx(0.5 * strengths[name] / 200)
            assert penalty["l2"] == pytest.approx(0.5 * strengths[name] / 400)


def test_a_model_file_that_cannot_be_made_says_why(engine: Engine) -> None:
    with pytest.raises(FileError, match="epoch must be from 1 to 3, not 4"):
        model_file(engine, QUICK, "name", 4)


def test_an_order_that_is_let_go_of_stops_its_training(engine: Engine) -> None:
    with engine.model_file(ENDLESS, "name", 90) as file:
        for _ in zip(range(15), file):
            pass
    begun = time.monotonic()
    assert run(engine, QUICK.replace(seed=77))[-1].state == "done"
    assert time.monotonic() - begun < 30


def test_an_error_in_the_worker_reaches_the_viewer(engine: Engine) -> None:
    # A config that passes here and fails there: the full set is on no worker's folder.
    broken = QUICK.model_copy(update={"optimizer": "unheard of"})
    update = run(engine, broken)[-1]
    assert update.state == "failed"
    assert "optimizer" in update.message
    assert run(engine, QUICK.replace(seed=71))[-1].state == "done"


def test_a_viewer_may_move_on_while_an_event_is_being_handled(engine: Engine) -> None:
    handle = engine.connection._on_event

    def slowly(event: object) -> None:
        time.sleep(0.05)
        handle(event)  # type: ignore[arg-type]

    assert engine.connection.client is not None
    engine.connection.client._event_handlers["fmviz-progress"] = slowly
    try:
        for seed in range(90, 94):
            watch = engine.watch([LONG.replace(seed=seed)])
            for update in watch:
                if update.epoch >= 1:
                    break
            done = threading.Thread(target=watch.give_up, daemon=True)
            done.start()
            done.join(10)
            assert not done.is_alive()
    finally:
        engine.connection.client._event_handlers["fmviz-progress"] = handle


def test_a_long_epoch_can_be_given_up(engine: Engine) -> None:
    begun = time.monotonic()
    assert run(engine, QUICK.replace(seed=94))[-1].state == "done"
    usual = time.monotonic() - begun
    slow = RunConfig(train_size=10_000, batch_size=8, hidden=(512, 512), epochs=1)
    watch = engine.watch([slow])
    for update in watch:
        if update.phase is not None and update.phase.name == "training":
            break
    time.sleep(1)  # into the epoch's compiled steps, which take far longer
    begun = time.monotonic()
    watch.give_up()
    assert run(engine, QUICK.replace(seed=95))[-1].state == "done"
    # On a busy machine the quick run takes longer, too.
    assert time.monotonic() - begun < 8 + 2 * usual


def test_a_waiting_viewer_is_told_why(engine: Engine) -> None:
    first = engine.watch([LONG.replace(seed=97)])
    other = LONG.replace(seed=98, hidden=(6,))
    with engine.watch([other]) as second:
        told = {waiting.queued(0, 0.0), waiting.preparing(), waiting.compiling()}
        assert any(update.message in told for update, _ in zip(second, range(20)))
        second.give_up()
    first.give_up()


def test_a_scheduler_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    engine = Engine(RunStore(tmp_path / "runs", recorded=None), "tcp://127.0.0.1:1")
    try:
        with engine.watch([QUICK]) as watch:
            for update in watch:
                if update.message == waiting.no_scheduler():
                    break
                assert update.seconds < 30
        assert update.state == "waiting"
    finally:
        engine.close()


def test_closing_ends_the_worker_process(tmp_path: Path) -> None:
    engine = Engine(RunStore(tmp_path / "runs", recorded=None))
    engine.start()
    wait_until(lambda: engine.connection.client is not None)
    assert engine.connection.service is not None
    service = psutil.Process(engine.connection.service.pid)
    processes = [service, *service.children(recursive=True)]
    engine.close()
    wait_until(lambda: all(map(has_ended, processes)), 15)


def test_a_branch_that_is_trained_has_its_trunk_trained_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known or not: rounding grows, and what was trained in other company would not be one."""
    engine = Engine(RunStore(tmp_path / "runs", recorded=None))
    trunk, other = tiny(), tiny(seed=1)
    branch = trunk.replace(branch={"dropout": 0.5}, branch_epoch=1)
    for config in (trunk, other):
        engine.store.put(synthetic(config))
    asked: list[tuple[list[RunConfig], frozenset[str]]] = []

    def ask(configs: list[RunConfig], *, anew: frozenset[str], **terms: Any) -> Any:
        asked.append((configs, anew))
        return {}, {}

    monkeypatch.setattr(engine.jobs, "ask", ask)
    engine.watch([other, trunk, branch])
    engine.watch([other, trunk])
    engine.store.put(synthetic(branch))
    engine.watch([other, trunk, branch])
    engine.close()
    assert asked == [([branch, trunk], {trunk.key}), ([], set()), ([], set())]
