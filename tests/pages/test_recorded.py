"""The runs that ship: every page and preset has its own, and they are what training gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.ahead import positions
from fmviz.page.state import query
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RECORDED_FOLDER, RunStore
from fmviz.training.train import train
from fmviz.ui import live
from scripts.record import WITH_WEIGHTS, recorded_configs, timed
from tests.support.lessons import every_section, opened, texts
from tests.support.scripted import ScriptedEngine, ScriptedWatch

pytestmark = pytest.mark.slow

LIMIT = 29_500_000
# Of the accuracies of the curves.
AXIS = r"'domain': \[([0-9.]+), 1.0\], 'nice': False, 'padding': 4, 'zero'"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "empty")


@pytest.mark.parametrize("name", LESSONS)
def test_every_state_of_the_story_is_recorded(name: str, store: RunStore) -> None:
    lesson = LESSONS[name]
    for state in (
        lesson.start,
        *(lesson.state_of(preset) for preset in lesson.presets if preset.recorded),
    ):
        for role, config in lesson.all_runs_of(state).items():
            record = store.get(config, brief=True, outline=name == "sweep")
            assert record is not None, (role, config, "run: make record")
            assert {"date", "keras", "tensorflow", "machine"} <= set(record.made)


def test_a_branch_is_recorded_beside_its_trunk_and_the_two_begin_as_one(store: RunStore) -> None:
    branches = [config for config in recorded_configs() if config.branch]
    assert len(branches) == 5
    for config in branches:
        pair = [store.get(each, brief=True) for each in (config.trunk, config)]
        one, other = (record.history["val_loss"] for record in pair if record is not None)
        after = config.branch_epoch
        assert (one[:after] == other[:after]).all()
        assert one[after] != other[after]


def test_the_race_over_seconds_was_trained_in_one_go(store: RunStore) -> None:
    race = [store.get(config, brief=True) for config in timed()]
    assert len({record.made["begun"] for record in race if record is not None}) == 1


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_opening_runs_have_their_weights(name: str, store: RunStore) -> None:
    runs = LESSONS[name].runs_of(LESSONS[name].start)
    assert WITH_WEIGHTS[name] <= set(runs)
    for role in WITH_WEIGHTS[name]:
        assert store.get(runs[role]) is not None


def test_no_more_is_recorded_than_pages_show_and_all_of_it_is_small() -> None:
    files = list(RECORDED_FOLDER.iterdir())
    assert {path.stem for path in files} == {config.key for config in recorded_configs()}
    assert sum(path.stat().st_size for path in files) <= LIMIT


def sample() -> list[RunConfig]:
    """One small network of each lesson but the first, shortest first."""
    found: list[RunConfig] = []
    for name, lesson in LESSONS.items():
        runs = [c for p in lesson.presets for c in lesson.runs_of(lesson.state_of(p)).values()]
        calm = [c for c in runs if c.learning_rate <= 0.01 and c not in found]
        if name in ("regularisation", "dropout", "optimizers"):
            found.append(min(calm, key=lambda c: c.steps_per_epoch * c.epochs))
    return found


@pytest.fixture(scope="module")
def trained() -> dict[RunConfig, RunRecord]:
    configs = sample()
    return dict(zip(configs, train(configs, test=True), strict=True))


@pytest.mark.parametrize("which", range(3))
def test_trained_anew_a_recorded_run_tells_the_same(
    which: int, trained: dict[RunConfig, RunRecord], store: RunStore
) -> None:
    config = sample()[which]
    anew, recorded = trained[config], store.get(config, brief=True)
    assert recorded is not None
    assert anew.epochs == recorded.epochs
    # The first epoch differs by rounding alone; later ones drift apart where processors differ.
    for name in ("train_accuracy", "val_accuracy"):
        first = [record.at(name, 0) for record in (anew, recorded)]
        last = [record.estimate(name, record.epochs) for record in (anew, recorded)]
        assert first[0] == pytest.approx(first[1], abs=0.01)
        assert last[0].value == pytest.approx(last[1].value, abs=4 * last[0].error + 0.005)
    assert anew.start == pytest.approx(recorded.start, abs=1e-3, nan_ok=True)


class Shipping(ScriptedEngine):
    """Answers from the recorded runs; what they lack takes an epoch first."""

    def __init__(self, store: RunStore) -> None:
        super().__init__(lambda configs: [])
        self.store = store
        self.modes: list[tuple[bool, bool]] = []
        # Runs that do not ship, or not with all that was asked for.
        self.waited: list[RunConfig] = []

    def known(
        self, configs: object, *, brief: bool = False, test: bool = False, outline: bool = False
    ) -> bool:
        assert isinstance(configs, list)
        return all(
            self.store.get(config, brief=brief, outline=outline) is not None for config in configs
        )

    def watch(
        self,
        configs: object,
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        retrain: bool = False,
    ) -> ScriptedWatch:
        assert isinstance(configs, list)
        self.modes.append((brief, retrain))
        whole = [self.store.get(c, brief=brief, outline=outline) for c in configs]
        if all(whole) and not retrain:
            done = Update("done", tuple(whole), ("recorded",) * len(whole), "", 0.0)
            return ScriptedWatch([done])
        if not retrain:
            self.waited += configs
        known = tuple(self.store.get(config, brief=True) for config in configs)
        nothing = (None,) * len(known)
        return ScriptedWatch(
            [
                Update("waiting", nothing, ("trained",) * len(known), "it is starting up", 9.0),
                Update("done", known, ("trained",) * len(known), "", 9.0),
            ]
        )


@pytest.fixture
def engine(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Shipping:
    """The pages' engine."""
    made = Shipping(store)
    monkeypatch.setattr(live, "engine", lambda: made)
    return made


def past_guess(lesson: str, query: dict[str, str] | None = None) -> AppTest:
    """A page whose own guess has been passed over; what its panels ask still waits."""
    at = opened(lesson, query, guesses=True)
    for button in at.button:
        if button.label == "Just show me":
            return button.click().run()
    return at


def test_a_preset_is_shown_at_once_and_its_weights_are_fetched_after(engine: Shipping) -> None:
    at = opened("regularisation", {"penalty": "l1", "lam": "1"})
    # The pictures of the first layer ship without the weights that they are of.
    assert engine.modes == [(True, False)]
    assert at.get("vega_lite_chart")
    # First without weights, from what ships; then with them, for a closer look.
    engine.modes.clear()
    opened("regularisation", {"lam": "100", "section": "pixels"})
    assert engine.modes == [(True, False), (False, False)]


@pytest.mark.parametrize("name", LESSONS)
def test_every_page_and_preset_is_shown_without_training(name: str, engine: Shipping) -> None:
    at = opened(name)
    assert at.get("vega_lite_chart")
    # Where a page opens, nothing at all is trained.
    assert set(engine.modes) <= {(True, False)}
    for preset in LESSONS[name].presets:
        if preset.recorded:
            engine.modes.clear()
            at.button(key=f"{name}/preset {preset.name}").click().run()
            assert not at.exception
            assert at.get("vega_lite_chart")
    assert not engine.waited


@pytest.mark.parametrize("name", [name for name in LESSONS if LESSONS[name].main_knob])
def test_every_position_of_a_pages_main_slider_is_shown_without_training(
    name: str, engine: Shipping
) -> None:
    lesson = LESSONS[name]
    for _, state in positions(lesson, lesson.start, str(lesson.main_knob)):
        opened(name, query(state, lesson.start))
        assert not engine.waited, state


@pytest.mark.parametrize("name", LESSONS)
def test_every_closer_look_of_an_opening_page_is_shown_without_training(
    name: str, engine: Shipping
) -> None:
    at = opened(name)
    for section in every_section(at, name):
        assert not engine.waited, section
        assert on_request(at) == [], section


@pytest.mark.parametrize("name", LESSONS)
def test_the_closer_look_of_every_preset_has_its_runs_too(name: str, engine: Shipping) -> None:
    lesson = LESSONS[name]
    for preset in lesson.presets:
        if preset.recorded and "section" in preset.changes:
            at = opened(name, query(lesson.state_of(preset), lesson.start))
            assert on_request(at) == [], preset.name
    assert not engine.waited


def on_request(at: AppTest) -> list[str]:
    """The buttons that would have runs trained which a picture lacks."""
    return [button.label for button in at.button if re.match("Train th(ese|is) ", button.label)]


def test_an_axis_that_one_bad_run_has_stretched_comes_back(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "engine", lambda: Shipping(store))

    def begins(at: AppTest) -> float:
        specs = [str(json.loads(chart.proto.spec)) for chart in at.get("vega_lite_chart")]
        (found,) = {m[1] for spec in specs for m in re.finditer(AXIS, spec)}
        return float(found)

    def moved(at: AppTest, rate: float) -> AppTest:
        (slider,) = (each for each in at.select_slider if each.label == "Dropout rate")
        return slider.set_value(rate).run()

    at = opened("dropout")
    assert begins(at) == 0.7
    assert begins(moved(at, 0.9)) == 0.2
    # Half of the axis would be empty.
    assert begins(moved(at, 0.2)) == begins(opened("dropout", {"dropout": "0.2"}))
    # A run that leaves a little more empty than it needs moves nothing.
    low = begins(moved(at, 0.7))
    assert low < 0.7
    assert begins(moved(at, 0.6)) == low


def test_the_weights_of_a_preset_are_trained_ahead_while_its_riddle_waits(engine: Shipping) -> None:
    lesson = LESSONS["dropout"]
    (much,) = (preset for preset in lesson.presets if preset.name == "much")
    at = past_guess("dropout", query(lesson.state_of(much), lesson.start))
    run = lesson.runs_of(lesson.state_of(much))["dropout"]
    assert not engine.waited
    ((first, *_),) = engine.foreseen.values()
    assert first == (run,)
    # Where they are not there yet when it is answered, the card says what goes on.
    at.button(key="dropout/riddle none").click().run()
    assert run in engine.waited
    assert "Now it is measured" in texts(at)


def test_a_recorded_run_can_be_trained_live(engine: Shipping) -> None:
    at = opened("overfitting")
    assert "recorded run" in texts(at)
    at.button(key="overfitting/anew").click().run()
    assert not at.exception
    # The closer look that stands open asks after it.
    assert (True, True) in engine.modes
    assert "trained just now" in texts(at)
    assert "overfitting/anew" not in {button.key for button in at.button}
