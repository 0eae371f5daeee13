"""What outlives a reload: kept of a browser by its name, of the latest ones, and by no other."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.page.kept import Browsers, Kept, named
from fmviz.ui import live
from fmviz.ui.session import COOKIE, KEY
from tests.support.lessons import APP, made_up, texts
from tests.support.scripted import ScriptedEngine


def test_only_the_latest_browsers_are_remembered() -> None:
    browsers, kept = Browsers(most=2), [Kept() for _ in range(3)]
    browsers.put("a", kept[0])
    browsers.put("b", kept[1])
    browsers.put("a", kept[0])
    browsers.put("c", kept[2])
    assert browsers.find("a") is kept[0]
    assert browsers.find("b") is None
    assert browsers.find("c") is kept[2]


def test_a_name_is_random_and_nothing_else_is_taken_for_one() -> None:
    name = named(None)
    assert named(name) == name
    assert len({named(None) for _ in range(100)}) == 100
    for given in ("", "x" * 32, f"{name}0", f'{name[:-1]}"', f"{name}\n"):
        assert named(given) != given


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Those that browsers bring along from here on."""
    jar: dict[str, str] = {}
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", jar)
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return jar


def arrived(query: dict[str, str], page: str = "regularisation") -> AppTest:
    """A browser that comes to a page, or comes to it again: a new session either way."""
    at = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    at.switch_page(f"pages/{page}.py").run()
    assert not at.exception
    return at


def name_of(at: AppTest) -> str:
    found: str = at.session_state[KEY].browser
    return found


def told(at: AppTest) -> bool:
    """Whether the browser is told to bring its name along; that it does, `tests/browser/` shows."""
    found: bool = at.session_state[KEY].keeps
    return found


def press(at: AppTest, key: str) -> None:
    at.button(key=f"regularisation/{key}").click().run()
    assert not at.exception


def test_a_reload_keeps_the_count_of_looks_and_what_is_open(cookies: dict[str, str]) -> None:
    asked = {"vault": "true"}
    at = arrived(asked)
    press(at, "guess none")
    assert "have not looked" in texts(at)
    assert "a reload keeps it" in texts(at)
    press(at, "vault look")
    assert told(at)
    # One that has brought no name is another browser.
    assert "with 1 look into" not in texts(arrived(asked))
    cookies[COOKIE] = name_of(at)
    again = arrived(asked)
    assert "with 1 look into" in texts(again)
    assert again.button(key="regularisation/vault look").disabled
    press(again, "vault open")
    assert "You took 1 look before" in texts(arrived(asked))


def test_a_reload_keeps_a_guess_and_asks_about_another_question(cookies: dict[str, str]) -> None:
    asked = {"hide": "true", "lam": "5"}
    at = arrived(asked)
    assert not told(at)  # there is nothing to remember
    press(at, "guess 0")
    assert "You guessed" in texts(at)
    cookies[COOKIE] = name_of(at)
    again = arrived(asked)
    assert "You guessed" in texts(again)
    # Moved on from there: still the same question.
    again.select_slider(key="regularisation.lam").set_value(2.0).run()
    moved = arrived(asked | {"lam": "2"})
    assert "regularisation/guess 0" not in {b.key for b in moved.button}
    assert "regularisation/guess 0" in {b.key for b in arrived(asked | {"lam": "20"}).button}


def test_who_wants_no_guesses_is_not_asked_after_a_reload(cookies: dict[str, str]) -> None:
    at = arrived({})
    press(at, "guess never")
    cookies[COOKIE] = name_of(at)
    assert "regularisation/guess 0" not in {b.key for b in arrived({}).button}


def test_the_garments_go_on_where_they_were(cookies: dict[str, str]) -> None:
    at = arrived({}, "start")
    at.button(key="start/garment 0").click().run()
    assert "Image 2 of" in str([p.proto for p in at.get("progress")])
    cookies[COOKIE] = name_of(at)
    again = arrived({}, "start")
    assert "Image 2 of" in str([p.proto for p in again.get("progress")])
