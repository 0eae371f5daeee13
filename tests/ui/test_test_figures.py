"""Test images are measured when a page shows figures of them, and what stood there before stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.ui import live
from fmviz.ui.session import KEY
from tests.support.lessons import made_up, opened, texts
from tests.support.scripted import ScriptedEngine, ScriptedWatch

pytestmark = pytest.mark.slow

# As the lesson says it, and the vault.
SAID = "on 5,000 images not used for any choice"
LOOKED = "of 5,000 test images"


class Measuring(ScriptedEngine):
    """Knows all runs, with test figures those that it has been asked for once; notes each ask."""

    def __init__(self) -> None:
        super().__init__(lambda configs: [made_up(configs)])
        self.tests: list[bool] = []
        self.measured: set[RunConfig] = set()
        self.fails = False

    def known(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
    ) -> bool:
        return not test or set(configs) <= self.measured

    def watch(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        retrain: bool = False,
    ) -> ScriptedWatch:
        self.tests.append(test)
        if test and self.fails:
            nothing = (None,) * len(configs)
            failed = Update("failed", nothing, ("trained",) * len(configs), "no room", 0.0)
            return ScriptedWatch([failed])
        if test:
            self.measured.update(configs)
        return super().watch(configs, brief=brief, test=test, outline=outline, retrain=retrain)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Measuring:
    engine = Measuring()
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def press(at: AppTest, key: str) -> None:
    at.button(key=key).click().run()
    assert not at.exception, at.exception


def test_a_page_that_shows_no_test_figure_measures_none(engine: Measuring) -> None:
    at = opened("regularisation")
    assert engine.tests == [False]
    assert SAID not in texts(at)


def test_runs_that_are_known_without_them_are_shown_and_trained_again_with_them(
    engine: Measuring,
) -> None:
    at = opened("regularisation", {"test": "true"})
    assert engine.tests == [False, True]
    assert engine.asked[0] == engine.asked[1]
    assert SAID in texts(at)
    at.run()
    assert engine.tests == [False, True, True]  # they are known now


def test_where_that_fails_the_page_stands_without_them_and_can_try_again(
    engine: Measuring,
) -> None:
    engine.fails = True
    at = opened("regularisation", {"test": "true"})
    assert SAID not in texts(at)
    assert "no room" in texts(at)
    assert "points" in texts(at)  # what was known stands there
    engine.fails = False
    press(at, "regularisation/try again")
    assert SAID in texts(at)


def test_the_game_on_the_first_page_is_of_test_images(engine: Measuring) -> None:
    at = opened("start")
    assert engine.tests == [False, True]
    assert at.button(key="start/garment 0")


def test_the_vault_measures_nothing_until_somebody_looks(engine: Measuring) -> None:
    at = opened("regularisation", {"vault": "true", "test": "true"})
    assert engine.tests == [False]
    press(at, "regularisation/vault look")
    assert True in engine.tests
    assert "with 1 look into" in texts(at)
    assert LOOKED in texts(at)


def test_opened_for_good_the_vault_measures_all_that_was_tried_once(engine: Measuring) -> None:
    at = opened("regularisation", {"vault": "true"})
    at.button(key="regularisation/preset l1").click().run()
    assert True not in engine.tests
    press(at, "regularisation/vault open")
    assert "The vault is open" in texts(at)
    tried = at.session_state[KEY].kept.vault.tried
    assert len(tried) > 2
    assert engine.measured == {each.config for each in tried}
    asked = engine.tests.count(True)
    at.run()
    assert engine.tests.count(True) == asked


def test_a_vault_whose_test_images_cannot_be_measured_says_so_and_tries_again(
    engine: Measuring,
) -> None:
    at = opened("regularisation", {"vault": "true"})
    engine.fails = True
    press(at, "regularisation/vault open")
    assert "The vault is open" not in texts(at)
    assert [error.value for error in at.error] == ["no room"]
    engine.fails = False
    press(at, "regularisation/vault again")
    assert "The vault is open" in texts(at)
