"""What a control hands back that no page can have never gets into a page's state."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.lesson import Lesson
from fmviz.page.state import usable
from fmviz.ui import live, state
from fmviz.ui.session import KEY
from tests.support.lessons import made_up, opened
from tests.support.scripted import ScriptedEngine

LOST = object()
QUERY = {"init_std": "0.1", "hidden": "64-32", "patience": "3"}


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [None, "nonsense", -1.5, (3,), [3], LOST],
    ids=lambda value: "lost" if value is LOST else repr(value),
)
@pytest.mark.parametrize("name", ["playground", "sweep"])
def test_what_no_page_can_have_gives_way_to_the_last_good_value(
    name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = QUERY if name == "playground" else {"knob": "depth", "seeds": "2"}
    at = opened(name, query, unfolded=True)
    start = LESSONS[name].start
    before = dict(at.session_state[KEY].page(name).values)
    refused = [f for f in start if value is LOST or not usable(f, value, start)]
    assert len(refused) > len(start) / 2
    load = state.load

    def loaded(lesson: Lesson) -> list[str]:
        # AppTest can hand back nothing that a widget has not.
        for key in (f"{name}.{field}" for field in refused):
            if value is not LOST:
                st.session_state[key] = value
            elif key in st.session_state:
                del st.session_state[key]
        return load(lesson)

    monkeypatch.setattr(state, "load", loaded)
    at.run()
    assert not at.exception
    assert dict(at.session_state[KEY].page(name).values) == before
    assert at.query_params == query


@pytest.mark.slow
def test_a_bare_address_restores_a_page_that_the_navigation_comes_back_to() -> None:
    at = opened("playground", QUERY)
    at.query_params.clear()
    at.switch_page("pages/dropout.py").run()
    at.query_params.clear()
    at.switch_page("pages/playground.py").run()
    assert not at.exception
    assert at.query_params == QUERY


def test_an_address_that_the_page_has_had_before_is_late() -> None:
    at = opened("playground", {}, unfolded=True)
    slider = next(s for s in at.select_slider if s.label == "Patience")
    slider.set_value(1).run()
    assert at.query_params == {"patience": "1"}
    # The browser moves on before it has heard of that address.
    at.query_params.clear()
    next(s for s in at.select_slider if s.label == "Patience").set_value(2).run()
    assert at.query_params == {"patience": "2"}


def test_the_page_remembers_which_setting_was_moved_last() -> None:
    at = opened("regularisation")
    memory = at.session_state[KEY].page("regularisation")
    assert memory.moved is None
    next(s for s in at.select_slider if s.label.startswith("Strength")).set_value(5.0).run()
    assert memory.moved == "lam"
    # What only looks at the runs leaves it as it is.
    next(s for s in at.select_slider if s.label.startswith("Tolerance")).set_value(0.01).run()
    assert memory.moved == "lam"
    at.radio[0].set_value("l1").run()
    assert memory.moved == "penalty"
    at.button(key="regularisation/preset alone").click().run()
    assert memory.moved is None


def test_an_address_moves_no_setting() -> None:
    at = opened("regularisation")
    next(s for s in at.select_slider if s.label.startswith("Strength")).set_value(5.0).run()
    at.query_params["lam"] = "2"
    at.run()
    memory = at.session_state[KEY].page("regularisation")
    assert memory.values["lam"] == 2.0
    assert memory.moved is None


def told(at: AppTest) -> dict[str, Any]:
    """The controls that the browser is told how to stand, by the fields that are theirs."""
    kinds = ("select_slider", "selectbox", "toggle", "number_input", "button_group")
    protos = [element.proto for kind in kinds for element in at.get(kind)]
    return {p.id.rpartition("-playground.")[2]: p for p in protos if p.set_value}


def test_a_browser_that_has_drawn_nothing_yet_is_told_again_how_the_controls_stand() -> None:
    at = opened("playground")
    first = told(at)
    # It has not come to draw the first run, and so says nothing of any control.
    at._run(WidgetStates())
    again = told(at)
    assert {"lam", "init_std", "train_size", "optimizer", "restore", "epochs", "section"} <= set(
        again
    )
    assert all(proto == first[field] for field, proto in again.items())
    # Once it has, nobody insists: what the reader does meanwhile counts.
    at.run()
    assert told(at) == {}
