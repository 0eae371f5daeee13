"""What a page knows of its fields as its controls are drawn."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from fmviz.lessons.catalogue import LESSONS


def _asks_often() -> None:
    import streamlit as st

    from fmviz.lessons.regularisation.lesson import LESSON
    from fmviz.ui import controls, state
    from fmviz.ui.page import Page

    page = Page(LESSON)
    state.load(LESSON)
    read: list[str] = []
    fields = state.values
    state.values = lambda name, wanted: read.append(name) or fields(name, wanted)  # type: ignore[func-returns-value]
    try:
        before = page.values["lam"], page.values["lam"]
        state.put(page.name, "lam", 0.5)
        after_put = page.values["lam"]
        controls.lam(page.name)
        drawn = page.values["lam"], page.values["penalty"], page.view.tolerance
    finally:
        state.values = fields
    st.json({"before": before, "after put": after_put, "drawn": drawn, "read": len(read)})
    state.save(page.name, LESSON.start, page.values)


def _moves() -> None:
    import streamlit as st

    from fmviz.lessons.regularisation.lesson import LESSON
    from fmviz.ui import controls, state
    from fmviz.ui.page import Page

    page = Page(LESSON)
    state.load(LESSON)
    begun = page.values["lam"]
    controls.lam(page.name)
    st.json({"begun": begun, "lam": page.values["lam"]})
    state.save(page.name, LESSON.start, page.values)


def test_fields_are_read_again_only_where_they_may_have_changed() -> None:
    at = AppTest.from_function(_asks_often, default_timeout=60).run()
    assert not at.exception
    said = json.loads(at.json[0].value)
    opening = LESSONS["regularisation"].start["lam"]
    assert said == {
        "before": [opening, opening],
        "after put": 0.5,
        "drawn": [0.5, "l2", 0.001],
        "read": 3,
    }


def test_a_control_that_was_moved_is_seen_before_and_after_it_is_drawn() -> None:
    at = AppTest.from_function(_moves, default_timeout=60).run()
    at.select_slider(key="regularisation.lam").set_value(0.5).run()
    assert not at.exception
    assert json.loads(at.json[0].value) == {"begun": 0.5, "lam": 0.5}
