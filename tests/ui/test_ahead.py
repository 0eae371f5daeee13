"""What a page tells the engine of the runs that its viewer may ask for next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fmviz import shell
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.regularisation.lesson import swept
from fmviz.run.config import RunConfig
from fmviz.ui import ahead, live
from fmviz.ui.ahead import HEAVIEST, MOST_SOON, Stand, light
from fmviz.ui.session import KEY
from tests.support.lessons import made_up, opened
from tests.support.scripted import ScriptedEngine


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def foreseen(at: AppTest, engine: ScriptedEngine) -> list[RunConfig]:
    rows = engine.foreseen[at.session_state[KEY].viewer]
    return [config for runs in rows for config in runs]


def test_the_neighbours_on_the_slider_moved_last_come_first(scripted: ScriptedEngine) -> None:
    at = opened("regularisation")
    assert {config.lam for config in foreseen(at, scripted)[:4]} == {5.0, 10.0, 50.0, 100.0}
    next(s for s in at.select_slider if s.label.startswith("Strength")).set_value(1.0).run()
    assert {config.lam for config in foreseen(at, scripted)[:4]} == {0.2, 0.5, 2.0, 5.0}
    at.radio[0].set_value("l1").run()
    # Of L1 the neighbours in the list are L2 and two others.
    first = {config.penalty for config in foreseen(at, scripted)[:3]}
    assert first == {"l2", "l1_l2", "l1_proximal"}


def test_what_an_open_closer_look_offers_comes_before_all_that_is_foreseen(
    scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(configs: Iterable[RunConfig]) -> set[RunConfig]:
        return {config for config in configs if scripted.store.get(config, brief=True) is None}

    def lacking(seeds: int) -> set[RunConfig]:
        return unknown(c for _, c in swept(LESSONS["regularisation"].start.config, seeds))

    # What is known is not on offer.
    monkeypatch.setattr(scripted, "known", lambda configs, **_: not unknown(configs))
    at = opened("regularisation", {"section": "sweep"})
    rows = scripted.foreseen[at.session_state[KEY].viewer]
    assert {config for runs in rows[: len(lacking(1))] for config in runs} == lacking(1)
    # Of many no more than a few, before what the sliders lead to.
    at = opened("regularisation", {"section": "sweep", "seeds": "5"})
    rows = scripted.foreseen[at.session_state[KEY].viewer]
    first = {config for runs in rows[:MOST_SOON] for config in runs}
    assert len(first) == MOST_SOON
    assert first < lacking(5)
    assert {config.seed for runs in rows[MOST_SOON:] for config in runs} == {0}


def test_the_same_place_foresees_the_same_for_everybody(scripted: ScriptedEngine) -> None:
    one, other = (opened("dropout") for _ in range(2))
    assert len(scripted.foreseen) == 2
    assert foreseen(one, scripted) == foreseen(other, scripted)


@pytest.mark.parametrize("page", ["compare", "dropout"])
def test_who_goes_to_another_page_leaves_nothing_behind(
    scripted: ScriptedEngine, page: str
) -> None:
    at = opened("regularisation")
    before = foreseen(at, scripted)
    assert before
    at.switch_page(f"pages/{page}.py").run()
    assert not set(before) & set(foreseen(at, scripted))


def test_before_the_guess_nothing_is_foreseen(scripted: ScriptedEngine) -> None:
    opened("regularisation", guesses=True)
    assert scripted.foreseen == {}


HEAVY: dict[str, Any] = {"hidden": (512,) * 6, "batch_size": 8, "epochs": 100}


def test_what_takes_long_is_not_trained_unasked() -> None:
    assert not light((RunConfig(**HEAVY),))
    assert light((RunConfig(),))
    lesson = LESSONS["regularisation"]
    state = lesson.start | HEAVY
    rows = ahead.foreseen(Stand("regularisation", (), None, lesson, state))
    # Only the steps of the story, which have another network.
    assert rows
    assert all(config.hidden == (128,) for runs in rows for config in runs)


def test_most_rows_of_the_lessons_are_light() -> None:
    for lesson in LESSONS.values():
        assert light(tuple(lesson.runs_of(lesson.start).values())), HEAVIEST


def test_the_server_begins_with_the_rows_that_pages_open_with(
    scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "engine", lambda: scripted)
    shell.train_opening_rows()
    brief = {wanted for _, wanted in scripted.opening}
    assert brief == {False, True}
    configs = [config for config, _ in scripted.opening]
    opening = LESSONS["regularisation"].start
    assert {opening.config, (opening | {"lam": 0.01}).config} <= set(configs)
