"""The pages through Streamlit's AppTest: with a scripted engine, and with the real small one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis.sweeps import weight_rms
from fmviz.engine.engine import Engine
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.record import HIDDEN_MEASURES, Divergence, RunRecord
from fmviz.run.store import RunStore, default_folder
from fmviz.ui import live
from fmviz.words import waiting
from fmviz.words.numbers import percent, points, small_percent
from tests.support import lessons
from tests.support.lessons import texts
from tests.support.markdown import errors, plain
from tests.support.scripted import ScriptedEngine, first_epochs
from tests.support.trained import train

APP = str(Path(__file__).parents[2] / "app.py")
OPENING = LESSONS["regularisation"].start.config
LAST = OPENING.epochs


def recorded(config: RunConfig) -> RunRecord:
    record = RunStore(default_folder()).get(config)
    assert record is not None
    return record


def finished(configs: Sequence[RunConfig], source: str = "store") -> Update:
    """Every run is answered with the opening pair's figures, under its own settings."""
    records = []
    for config in configs:
        record = recorded(OPENING if config.penalty != "none" else OPENING.baseline)
        columns = [0] * len(config.hidden)  # every hidden layer as the recorded run's only one
        layers = {n: v[:, columns] if n in HIDDEN_MEASURES else v for n, v in record.layers.items()}
        start = {
            n: v[columns] if n in HIDDEN_MEASURES else v for n, v in record.start_layers.items()
        }
        records.append(replace(record, config=config, layers=layers, start_layers=start))
    return Update("done", tuple(records), (source,) * len(configs), "", 0.0)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [finished(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def opened(query: dict[str, str] | None = None, *, unfolded: bool = False) -> AppTest:
    return lessons.opened("regularisation", query, unfolded=unfolded)


def slider(at: AppTest, label: str) -> Any:
    return next(s for s in at.select_slider if s.label.startswith(label))


def metric(at: AppTest, label: str) -> str:
    return next(m.value for m in at.metric if m.label.startswith(label))


def charts(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(c.proto.spec) for c in at.get("vega_lite_chart")]


def test_the_page_opens_on_its_recorded_run(scripted: ScriptedEngine) -> None:
    at = opened()
    assert scripted.asked[-1] == (OPENING.baseline, OPENING)
    record = recorded(OPENING)
    assert metric(at, "Accuracy gap") == f"{points(record.gap(LAST))} points"
    assert metric(at, "Sparsity") == small_percent(record.sparsity(1e-3, LAST))
    assert float(metric(at, "Typical weight")) == pytest.approx(weight_rms(record, LAST), rel=0.05)
    # The row of λ, curves, three cards, two of the closer look.
    assert len(charts(at)) == 7
    assert percent(record.at("val_accuracy", LAST)) in texts(at)


@pytest.mark.parametrize(
    ("label", "chosen", "expected"),
    [
        ("Strength", 1.0, {"lam": 1.0}),
        ("Initial std", 0.5, {"init_std": 0.5}),
    ],
)
def test_a_slider_asks_for_its_run_and_the_matched_baseline(
    scripted: ScriptedEngine, label: str, chosen: float, expected: dict[str, float]
) -> None:
    at = opened({}, unfolded=True)
    slider(at, label).set_value(chosen).run()
    assert not at.exception
    run = OPENING.replace(**expected)
    assert scripted.asked[-1] == (run.baseline, run)


def test_l1_and_l2_are_one_click_apart(scripted: ScriptedEngine) -> None:
    at = opened()
    at.radio[0].set_value("l1").run()
    assert scripted.asked[-1][-1] == OPENING.replace(penalty="l1")
    assert "regularizers.L1(0.02)" in texts(at)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("penalty", "told"),
    [
        ("l1_l2", "regularizers.L1L2(l1=0.01, l2=0.005)"),
        ("l1_proximal", "Soft-thresholding"),
        ("weight_decay", "AdamW(..., weight_decay=0.02)"),
    ],
)
def test_every_penalty_is_one_click_away(scripted: ScriptedEngine, penalty: str, told: str) -> None:
    at = opened()
    at.radio[0].set_value(penalty).run()
    assert not at.exception
    run = OPENING.replace(penalty=penalty)
    assert scripted.asked[-1] == (OPENING.baseline, run)
    assert told in texts(at)
    assert opened({"penalty": penalty}).radio[0].value == penalty


@pytest.mark.slow
def test_settings_show_where_they_have_an_effect(scripted: ScriptedEngine) -> None:
    at = opened({}, unfolded=True)

    def sliders() -> dict[str, Any]:
        return {s.label: s for s in at.select_slider}

    before = set(sliders())
    schedule = next(s for s in at.selectbox if s.label == "Schedule")
    schedule.set_value("plateau").run()
    factor, patience = sorted(set(sliders()) - before)
    sliders()[factor].set_value(0.5).run()
    sliders()[patience].set_value(8).run()
    expected = OPENING.replace(schedule="plateau", plateau_factor=0.5, plateau_patience=8)
    assert scripted.asked[-1][-1] == expected
    next(s for s in at.selectbox if s.label == "Schedule").set_value("polynomial").run()
    assert len(set(sliders()) - before) == 2
    assert factor not in sliders()
    at.radio[0].set_value("l1_l2").run()
    assert len(set(sliders()) - before) == 3
    assert not at.exception


@pytest.mark.parametrize("activation", ["leaky_relu", "gelu"])
def test_flat_parts_are_told_of_as_the_activation_has_them(
    scripted: ScriptedEngine, activation: str
) -> None:
    at = lessons.opened("playground", {"activation": activation, "train_size": "1000"})
    told = {
        "leaky_relu": "Leaky ReLU is flat nowhere",
        "gelu": "Flat is the part of GELU far below",
    }
    assert told[activation] in texts(at)


def test_lambda_zero_is_one_run_and_keeps_the_choice_of_penalty(scripted: ScriptedEngine) -> None:
    at = opened()
    at.radio[0].set_value("l1").run()
    slider(at, "Strength").set_value(0.0).run()
    assert scripted.asked[-1] == (OPENING.baseline,)
    assert "λ is 0" in texts(at)
    slider(at, "Strength").set_value(2.0).run()
    assert scripted.asked[-1][-1] == OPENING.replace(penalty="l1", lam=2.0)


def test_patience_and_tolerance_ask_for_nothing_new(scripted: ScriptedEngine) -> None:
    at = opened({}, unfolded=True)
    before = len(scripted.asked) - 1
    slider(at, "Patience").set_value(1).run()
    slider(at, "Tolerance").set_value(0.01).run()
    assert not at.exception
    assert set(scripted.asked[before:]) == {(OPENING.baseline, OPENING)}
    record = recorded(OPENING)
    losses = record.history["val_loss"]
    stop = next(e for e in range(2, OPENING.epochs + 1) if losses[e - 1] >= losses[: e - 1].min())
    best = int(losses[:stop].argmin()) + 1
    assert f"ends training after epoch {stop}; epoch {best} comes back" in texts(at)
    assert metric(at, "Sparsity") == small_percent(record.sparsity(0.01, best))
    assert metric(at, "Accuracy gap") == f"{points(record.gap(best))} points"


def test_test_accuracy_shows_only_when_asked_for(scripted: ScriptedEngine) -> None:
    assert "Test accuracy" not in texts(opened())
    at = opened({"test": "true"})
    labels = data.load().test.labels
    run, base = (recorded(c).test_predictions[-1] == labels for c in (OPENING, OPENING.baseline))
    assert f"Test accuracy: {100 * run.mean():.1f}% ± " in texts(at)
    gained, lost = (run & ~base).sum(), (base & ~run).sum()
    change = 100 * (gained - lost) / len(labels)
    way = "higher" if change > 0 else "lower"
    assert f"it is {way} by {abs(change):.1f} ± " in texts(at)


def test_the_address_follows_the_controls_and_leaves_defaults_out(
    scripted: ScriptedEngine,
) -> None:
    at = opened({}, unfolded=True)
    assert at.query_params == {}
    slider(at, "Strength").set_value(1.0).run()
    slider(at, "Patience").set_value(3).run()
    assert at.query_params == {"lam": "1", "patience": "3"}
    slider(at, "Strength").set_value(OPENING.lam).run()
    assert at.query_params == {"patience": "3"}


def test_a_link_sets_the_page(scripted: ScriptedEngine) -> None:
    # λ = 0.3 is no stop of the slider: it is added for this reader.
    query = {"penalty": "l1", "lam": "0.3", "hidden": "64-32", "patience": "4"}
    at = opened(query, unfolded=True)
    expected = OPENING.replace(penalty="l1", lam=0.3, hidden=(64, 32))
    assert scripted.asked[-1] == (expected.baseline, expected)
    assert slider(at, "Strength").value == 0.3
    assert slider(at, "Patience").value == 4
    assert metric(at, "Typical weight")


def test_a_bad_link_says_what_is_wrong_and_what_is_allowed(scripted: ScriptedEngine) -> None:
    at = opened({"lam": "-3", "nonsense": "1", "epochs": "1000000", "init_std": "0.5"})
    said = "\n".join(errors(at))
    assert "lam must be a number from 0 to 10,000, not '-3'" in said
    assert "'nonsense' is no parameter" in said
    assert "epochs must be a whole number from 1 to 100, not '1000000'" in said
    expected = OPENING.replace(init_std=0.5)
    assert scripted.asked[-1] == (expected.baseline, expected)
    # The address stays as it was until the reader moves something.
    assert at.query_params["lam"] == "-3"
    slider(at, "Strength").set_value(1.0).run()
    assert not at.error
    assert at.query_params == {"lam": "1", "init_std": "0.5"}


def test_more_settings_reach_the_run_and_survive_being_folded(scripted: ScriptedEngine) -> None:
    at = opened({}, unfolded=True)
    choose = {s.label: s for s in at.selectbox}
    choose["Activation"].set_value("relu").run()
    next(n for n in at.number_input if n.label == "Batch size").set_value(64).run()
    assert not at.exception
    assert scripted.asked[-1][-1].activation == "relu"
    assert scripted.asked[-1][-1].batch_size == 64
    at.text_input[0].set_value("64-32").run()
    asked = scripted.asked[-1][-1]
    assert asked.hidden == (64, 32)
    assert asked.activation == "relu"
    at.text_input[0].set_value("64-x").run()
    assert "at most 6 widths" in at.error[0].value
    assert scripted.asked[-1][-1] == asked


def test_a_running_job_shows_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        done = finished(configs)
        base, run = done.records
        assert run is not None
        return [Update("training", (base, first_epochs(run, 7)), ("store", "trained"), "", 1.0)]

    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(script))
    at = opened()
    assert f"epoch 7 of {OPENING.epochs}" in texts(at)
    assert percent(recorded(OPENING).at("val_accuracy", 7)) in texts(at)


def test_a_waiting_page_says_so_and_shows_the_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        base = finished(configs).records[0]
        return [Update("waiting", (base, None), ("store", "trained"), waiting.starting_up(), 4.0)]

    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(script))
    at = opened({"section": "nudge"})
    assert waiting.starting_up() in plain(texts(at))
    assert len(charts(at)) == 1
    assert not at.metric  # no figure of the baseline in the place of the run's


def test_a_failed_run_shows_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        return [Update("failed", (None, None), ("trained",) * 2, "DataError: x is missing", 1.0)]

    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(script))
    at = opened()
    assert "DataError: x is missing" in plain(texts(at))


@pytest.mark.parametrize("epochs", [0, 3])
def test_a_diverged_run_is_told_and_drawn(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        done = finished(configs)
        base, run = done.records
        assert run is not None
        broken = replace(first_epochs(run, epochs), diverged=Divergence(epochs + 1, 4, 1, "loss"))
        return [replace(done, records=(base, broken))]

    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(script))
    at = opened()
    assert f"in epoch {epochs + 1}, step 5" in at.warning[0].value
    assert "layer 2 of 2" in at.warning[0].value
    opened({"patience": "2"})


@pytest.mark.slow
@pytest.mark.parametrize("query", [{"hidden": "none"}, {"activation": "relu"}, {"epochs": "1"}])
def test_odd_networks_are_drawn(monkeypatch: pytest.MonkeyPatch, query: dict[str, str]) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        return [Update("done", tuple(train(configs)), ("trained",) * len(configs), "", 1.0)]

    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(script))
    opened({"train_size": "50", "epochs": "1", **query})


def test_a_page_gives_up_what_it_watched_before(scripted: ScriptedEngine) -> None:
    at = opened()
    slider(at, "Strength").set_value(1.0).run()
    first, second = scripted.watches[-2:]
    assert first.given_up
    assert not second.given_up
    assert second.closed


@pytest.fixture
def real_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = Engine(RunStore(tmp_path / "runs"))
    monkeypatch.setattr(live, "engine", lambda: engine)
    yield engine
    engine.close()


@pytest.mark.slow
def test_the_real_engine_trains_what_the_page_asks_for(real_engine: Engine) -> None:
    at = opened({"train_size": "200", "epochs": "2"})
    assert not at.exception
    assert "trained just now" in texts(at)
    run = OPENING.replace(train_size=200, epochs=2)
    record = real_engine.store.get(run)
    assert record is not None
    assert metric(at, "Accuracy gap") == f"{points(record.gap(2))} points"
    at.run()
    assert "from the store" in texts(at)


@pytest.mark.slow
def test_pages_leave_tensorflow_alone() -> None:
    """In a process of its own: everything a page imports, without TensorFlow or Keras."""
    script = (
        "import sys, runpy\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"at = AppTest.from_file({APP!r}, default_timeout=60).run()\n"
        "assert not at.exception, at.exception\n"
        "import fmviz.engine.engine, fmviz.engine.worker, fmviz.engine.local_cluster\n"
        "heavy = ('tensorflow', 'keras', 'fmviz.training')\n"
        "found = [name for name in sys.modules if name.startswith(heavy)]\n"
        "sys.exit(f'imported: {found}' if found else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(APP).parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
