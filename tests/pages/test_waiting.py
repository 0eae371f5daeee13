"""What a viewer sees and can do while runs wait, after they have failed, and before heavy ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.run.config import RunConfig
from fmviz.ui import live
from fmviz.ui.status import StatusRow
from fmviz.words import waiting
from tests.support.lessons import made_up, opened, texts
from tests.support.markdown import errors, plain
from tests.support.scripted import ScriptedEngine, first_epochs

# The heaviest network that a link can ask for, and one that is long to train and quick to make up.
HEAVY = {"hidden": "-".join(["512"] * 6), "batch_size": "8", "epochs": "100"}
LONG = {"hidden": "128-128-128", "batch_size": "8", "epochs": "100", "train_size": "10000"}
OPENING = LESSONS["playground"].start.config
LONG_CONFIG = OPENING.replace(hidden=(128, 128, 128), batch_size=8, epochs=100, train_size=10_000)


def nothing_yet(configs: Sequence[RunConfig], state: str = "waiting", message: str = "") -> Update:
    count = len(configs)
    return Update(state, (None,) * count, ("trained",) * count, message, 1.0)  # type: ignore[arg-type]


def after(configs: Sequence[RunConfig], epochs: int) -> Update:
    done = made_up(configs)
    records = tuple(first_epochs(record, epochs) for record in done.records if record is not None)
    return replace(done, state="training", records=records, sources=("trained",) * len(configs))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def move(at: AppTest, lam: float) -> None:
    at.select_slider(key="playground.lam").set_value(lam).run()
    assert not at.exception


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label.startswith(label)).click().run()
    assert not at.exception


def said(at: AppTest) -> str:
    return plain(texts(at))


def charts(at: AppTest) -> int:
    return len(at.get("vega_lite_chart"))


def test_what_was_on_the_screen_stays_until_the_new_runs_have_a_point(
    scripted: ScriptedEngine,
) -> None:
    at = opened("playground")
    assert charts(at) > 1
    # A browser keeps what this run of the page does not draw anew, and shows it pale.
    scripted.script = lambda configs: [nothing_yet(configs)]
    move(at, 1.0)
    assert charts(at) == 0
    assert not at.metric
    scripted.script = lambda configs: [after(configs, 1)]
    move(at, 2.0)
    assert charts(at) > 1
    assert at.metric


def test_the_first_picture_of_a_visit_does_not_wait(scripted: ScriptedEngine) -> None:
    scripted.script = lambda configs: [nothing_yet(configs)]
    assert charts(opened("playground")) == 1


def test_one_run_of_a_page_that_has_begun_is_drawn_before_the_others(
    scripted: ScriptedEngine,
) -> None:
    at = opened("playground")

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        begun = after(configs, 1)
        return [replace(begun, records=(begun.records[0], *[None] * (len(configs) - 1)))]

    scripted.script = script
    move(at, 1.0)
    assert charts(at) == 1


def test_what_comes_first_is_told(scripted: ScriptedEngine) -> None:
    scripted.script = lambda configs: [nothing_yet(configs, message=waiting.queued(3, 4.2))]
    assert waiting.queued(3, 4.2) in said(opened("playground"))


def test_after_a_failure_the_runs_can_be_asked_for_again(scripted: ScriptedEngine) -> None:
    why = waiting.full(60, 41.0)
    scripted.script = lambda configs: [nothing_yet(configs, "failed", why)]
    at = opened("playground")
    assert why in said(at)
    asked = len(scripted.asked)
    scripted.script = lambda configs: [made_up(configs)]
    press(at, "Try again")
    assert scripted.asked[asked] == scripted.asked[asked - 1]
    assert why not in said(at)
    assert at.metric
    assert "Try again" not in labels(at)


@pytest.mark.parametrize("page", [name for name in LESSONS if name != "sweep"])
def test_every_page_tells_its_failure(scripted: ScriptedEngine, page: str) -> None:
    scripted.script = lambda configs: [nothing_yet(configs, "failed", "It broke.")]
    at = opened(page)
    assert "It broke." in said(at)
    assert "Try again" in labels(at)


def test_a_sweep_that_failed_can_be_asked_for_again(scripted: ScriptedEngine) -> None:
    unknown = nothing_yet([OPENING])
    scripted.script = lambda configs: [unknown]
    at = opened("sweep", {"values": "1,2"})
    scripted.script = lambda configs: [
        replace(nothing_yet(configs, "failed", "It broke."), timings=())
    ]
    press(at, "Train these")
    assert errors(at) == ["It broke."]
    assert "Stop" not in labels(at)
    scripted.script = lambda configs: [made_up(configs)]
    press(at, "Try again")
    assert not at.error
    assert charts(at) == 1


def test_a_heavy_link_starts_nothing(scripted: ScriptedEngine) -> None:
    scripted.script = lambda configs: [nothing_yet(configs)]
    at = opened("playground", HEAVY)
    assert scripted.asked == []
    assert scripted.warmed == []
    assert "to train on this server" in said(at)
    assert "5,000 training images, 100 epochs" in said(at)
    assert any(label.startswith("Train it (about ") for label in labels(at))
    # Nor do the closer looks and the seeds, which say what they take.
    assert any(label.startswith("Try 5 seeds (about ") for label in labels(at))
    assert scripted.asked == []


def test_a_heavy_run_begins_once_its_reader_agrees_and_asks_no_second_time(
    scripted: ScriptedEngine,
) -> None:
    scripted.script = lambda configs: [nothing_yet(configs)]
    at = opened("playground", HEAVY)
    press(at, "Train it")
    (pair,) = {tuple(asked) for asked in scripted.asked}
    assert {config.epochs for config in pair} == {100}
    at.run()
    assert scripted.asked[-1] == pair
    # Another setting is another run.
    count = len(scripted.asked)
    move(at, 1.0)
    assert len(scripted.asked) == count
    move(at, OPENING.lam)
    assert scripted.asked[-1] == pair


def stored(engine: ScriptedEngine, *configs: RunConfig, brief: bool = False) -> None:
    for record in made_up(configs).records:
        assert record is not None
        engine.store.put(record.brief() if brief else record)


def rows(at: AppTest) -> int:
    """Of the first chart."""
    return len(at.get("vega_lite_chart")[0].proto.data.data)


def test_what_is_stored_of_heavy_runs_shows_at_once(scripted: ScriptedEngine) -> None:
    scripted.script = lambda configs: [nothing_yet(configs)]
    nothing = rows(opened("playground", LONG))
    stored(scripted, LONG_CONFIG.baseline)
    at = opened("playground", LONG)
    assert rows(at) > nothing
    assert any(label.startswith("Train it (about ") for label in labels(at))
    assert scripted.asked == []
    stored(scripted, LONG_CONFIG)
    scripted.script = lambda configs: [made_up(configs)]
    at.run()
    assert not any(label.startswith("Train it (") for label in labels(at))
    assert at.metric
    # To compile what the next run needs takes an epoch of it.
    assert scripted.warmed == []


def test_light_runs_are_never_asked_about(scripted: ScriptedEngine) -> None:
    for lesson in LESSONS.values():
        for preset in (None, *lesson.presets):
            state = lesson.start if preset is None else lesson.state_of(preset)
            runs = lesson.runs_of(state)
            fresh = [config.replace(seed=9) for config in runs.values()]
            if lesson.name != "sweep":
                assert live.seconds_to_train(fresh) * 2 < live.SECONDS_UNASKED, lesson.name


def test_weights_of_a_heavy_run_wait_for_a_word_too(scripted: ScriptedEngine) -> None:
    def brief(configs: Sequence[RunConfig]) -> list[Update]:
        done = made_up(configs)
        return [replace(done, records=tuple(r.brief() for r in done.records if r is not None))]

    scripted.script = brief
    config = LESSONS["regularisation"].start.config.replace(
        **{field: LONG_CONFIG[field] for field in LONG}
    )
    stored(scripted, config.baseline, config, brief=True)
    at = opened("regularisation", {**LONG, "section": "pixels"})
    assert at.metric
    assert waiting.long_weights(0.0).partition(".")[0] in said(at)
    asked = len(scripted.asked)
    press(at, "Train it (about ")
    assert len(scripted.asked) == asked + 2


def test_weights_that_wait_say_for_what(
    scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = LESSONS["regularisation"].start.config
    lines: list[str] = []
    monkeypatch.setattr(StatusRow, "say", lambda row, text, behind=None: lines.append(text))

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        done = made_up(configs)
        if len(scripted.asked) == 1:  # the page's own runs, which come without weights
            return [replace(done, records=tuple(r.brief() for r in done.records if r is not None))]
        return [nothing_yet(configs, message=waiting.queued(2, 3.0)), done]

    scripted.script = script
    stored(scripted, opening.baseline, opening, brief=True)
    assert opened("regularisation", {"section": "pixels"}).metric
    # Before that and after it the line says where the runs come from.
    assert [plain(text) for text in lines][1:-1] == [waiting.queued(2, 3.0)]


def test_a_closer_look_of_its_own_waits_for_a_word_and_can_be_tried_again(
    scripted: ScriptedEngine,
) -> None:
    lesson = LESSONS["initialisation"]
    query = {**LONG, "section": "symmetry"}
    runs = lesson.runs_of(lesson.parse(query)[0])

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        alone = len(configs) == 1
        return [nothing_yet(configs, "failed", "It broke.") if alone else made_up(configs)]

    scripted.script = script
    stored(scripted, *runs.values(), brief=True)
    at = opened("initialisation", query)
    assert len(scripted.asked[-1]) > 1
    press(at, "Train it (about ")
    assert len(scripted.asked[-1]) == 1
    assert "It broke." in errors(at)
    asked = len(scripted.asked)
    press(at, "Try again")
    assert len(scripted.asked[asked:][-1]) == 1


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        ("2999-01-01T00:00:00.000+00:00", waiting.trained_meanwhile()),
        ("2001-01-01T00:00:00.000+00:00", waiting.trained_ahead()),
    ],
)
def test_a_run_that_was_trained_ahead_is_told_to_have_been(
    scripted: ScriptedEngine, begun: str, words: str
) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        done = made_up(configs)
        records = [replace(r, made={**r.made, "begun": begun}) for r in done.records if r]
        for record in records:
            scripted.store.put(record, ahead=True)
        return [replace(done, records=tuple(records))]

    scripted.script = script
    assert words in said(opened("playground"))
    assert waiting.stored() not in said(opened("playground"))


def test_a_run_that_somebody_has_asked_for_is_told_to_be_from_the_store(
    scripted: ScriptedEngine,
) -> None:
    stored(scripted, OPENING)
    assert waiting.stored() in said(opened("playground"))
