"""What a teacher's link does: controls locked, results hidden until a guess, projector mode."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.classroom import Classroom, read_classroom
from fmviz.ui import live
from tests.support.lessons import every_section, made_up, opened, texts
from tests.support.markdown import errors
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.slow

WIDGETS = ("select_slider", "slider", "radio", "selectbox", "number_input", "toggle", "text_input")
TAUGHT = [name for name in LESSONS if name != "start"]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def widgets(at: AppTest) -> dict[str, Any]:
    """All controls of a page but those that make a link or choose what to take home."""
    found = [*(w for kind in WIDGETS for w in getattr(at, kind)), *at.button_group]
    return {str(w.key): w for w in found if not re.search("/(share|take home|pin) ", str(w.key))}


def test_what_is_named_is_locked_and_nothing_else() -> None:
    at = opened("regularisation", {"lock": "lam,hidden", "lam": "5"}, unfolded=True)
    locked = {key for key, widget in widgets(at).items() if widget.disabled}
    assert {"regularisation.lam", "regularisation/hidden as text"} <= locked
    assert not any("penalty" in key or "epochs" in key for key in locked)
    assert "Your teacher's link has locked: Strength, λ, Hidden layers." in texts(at)
    assert at.query_params["lock"] == "lam,hidden"


@pytest.mark.parametrize("name", TAUGHT)
def test_all_of_a_page_can_be_locked(name: str) -> None:
    at = opened(name, {"lock": "all"}, unfolded=True)
    for section in every_section(at, name):
        loose = {key for key, widget in widgets(at).items() if not widget.disabled}
        assert not loose, section
    for preset in LESSONS[name].presets[1:]:
        # One that only opens a closer look moves nothing that is locked.
        moves = preset.changes.keys() - {"section"}
        assert at.button(key=f"{name}/preset {preset.name}").disabled == bool(moves)


def test_a_preset_that_moves_nothing_locked_can_be_taken_and_keeps_the_lock() -> None:
    at = opened("regularisation", {"lock": "hidden"})
    at.button(key="regularisation/preset l1").click().run()
    assert not at.exception
    assert at.query_params["lock"] == "hidden"
    assert at.query_params["penalty"] == "l1"


@pytest.mark.parametrize("name", TAUGHT)
def test_hidden_results_wait_for_a_guess_on_any_state(name: str, scripted: ScriptedEngine) -> None:
    at = opened(name, {"hide": "true", "seed": "7"})  # a session that wants no guesses
    keys = {str(b.key) for b in at.button}
    assert f"{name}/guess 0" in keys
    assert not keys & {f"{name}/guess none", f"{name}/guess never"}
    assert all(at.button(key=f"{name}/preset {p.name}").disabled for p in LESSONS[name].presets)
    runs = tuple(LESSONS[name].runs_of(LESSONS[name].start | {"seed": 7}).values())
    assert runs not in scripted.asked
    at.button(key=f"{name}/guess 0").click().run()
    assert not at.exception
    assert runs in scripted.asked
    assert "You guessed *" in texts(at)


def test_a_guess_does_not_open_the_next_link() -> None:
    at = opened("regularisation", {"hide": "true"})
    at.button(key="regularisation/guess 0").click().run()
    assert "You guessed" in texts(at)
    at.query_params["lam"] = "5"
    at.run()
    assert "You guessed" not in texts(at)
    assert "regularisation/guess 0" in {b.key for b in at.button}


def test_the_projector_enlarges_and_leaves_notes_out_on_every_page() -> None:
    plain = opened("regularisation")
    assert any("Why?" in e.label for e in plain.expander)
    at = opened("regularisation", {"projector": "true"})
    assert any("font-size" in html.proto.body for html in at.get("html"))
    assert not any("Why?" in e.label for e in at.expander)
    at.switch_page("pages/dropout.py").run()
    assert at.query_params["projector"] == "true"
    assert not any("Why?" in e.label for e in at.expander)


def specs(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in at.get("vega_lite_chart")]


def test_the_picture_that_the_first_page_opens_with_has_no_more_room_on_a_projector() -> None:
    plain, large = (specs(opened("start", query))[0] for query in ({}, {"projector": "true"}))
    assert large["config"] != plain["config"]
    assert large["height"] == plain["height"]


@pytest.mark.parametrize("name", TAUGHT)
def test_charts_grow_with_the_projector_and_tell_the_same(name: str) -> None:
    plain, large = specs(opened(name)), specs(opened(name, {"projector": "true"}))
    assert plain
    assert len(plain) == len(large)
    taller = []
    for one, other in zip(plain, large, strict=True):
        assert other["config"]["axis"]["labelFontSize"] >= 17
        if "height" in one:
            taller.append(other["height"] / one["height"])
        fields = [re.findall(r'"field": ?"([^"]+)"', json.dumps(spec)) for spec in (one, other)]
        assert fields[0] == fields[1]
    # What is to be in sight together has no more room there; all else grows.
    assert all(each in (1, pytest.approx(1.4, abs=0.01)) for each in taller)
    assert 1 in taller


def test_a_link_says_what_the_teacher_wants_and_what_is_on_the_screen() -> None:
    at = opened("regularisation", {"lam": "5"})
    at.multiselect(key="regularisation/share lock").set_value(["penalty", "lam"]).run()
    for name in ("hide", "projector", "vault"):
        at.toggle(key=f"regularisation/share {name}").set_value(True).run()
    (link,) = (code.value for code in at.code if "lock" in code.value)
    query = dict(parse_qsl(urlsplit(link).query))
    lesson = LESSONS["regularisation"]
    parsed = lesson.parse(query)
    assert parsed.problems == []
    assert parsed.state == lesson.start | {"lam": 5.0, "lock": ("penalty", "lam"), "hide": True}
    assert read_classroom(query) == (Classroom(projector=True, vault=True), [])
    # Making a link changes nothing here.
    assert "lock" not in at.query_params
    assert "vault" not in at.query_params


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"lock": "nonsense"}, "lock must be some of all, dataset"),
        ({"hide": "perhaps"}, "hide must be true or false, not 'perhaps'"),
        ({"projector": "big"}, "projector must be true or false, not 'big'"),
        ({"vault": "7"}, "vault must be true or false, not '7'"),
    ],
)
def test_what_cannot_be_read_is_said(query: dict[str, str], sentence: str) -> None:
    at = opened("regularisation", query)
    assert sentence in " ".join(errors(at))
    # And the page is the ordinary one.
    assert not any(
        widget.disabled for widget in widgets(at).values() if "init_std" not in widget.key
    )
