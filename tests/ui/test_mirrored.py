"""Controls that show a field in another form: what the reader makes of them, and what cannot be."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.markdown import errors


def _of_widths() -> None:
    import streamlit as st

    from fmviz.ui import mirrored, state

    if not state.has("page", "hidden"):
        state.put("page", "hidden", (64, 32))
        state.put("page", "racers", ("sgd", "adam"))
    mirrored.hidden("page", "Hidden layers")
    mirrored.width("page")
    mirrored.depth("page")
    mirrored.several("page", "racers", "Who races", {n: n.upper() for n in ("sgd", "lion", "adam")})
    st.write(f"{state.value('page', 'hidden')} {state.value('page', 'racers')}")
    if st.button("other widths"):
        state.put("page", "hidden", (8,))
        st.rerun()


@pytest.fixture
def at() -> AppTest:
    return AppTest.from_function(_of_widths, default_timeout=30).run()


def test_each_shows_the_field_in_its_own_form(at: AppTest) -> None:
    assert at.text_input(key="page/hidden as text").value == "64-32"
    assert at.select_slider(key="page/width").value == 64
    assert at.slider(key="page/depth").value == 2
    assert at.pills(key="page/racers").value == ["sgd", "adam"]


def test_what_one_of_them_sets_the_others_show(at: AppTest) -> None:
    at.text_input(key="page/hidden as text").set_value(" 16-8-4 ").run()
    assert at.slider(key="page/depth").value == 3
    assert at.select_slider(key="page/width").value == 16
    at.select_slider(key="page/width").set_value(32).run()
    assert at.text_input(key="page/hidden as text").value == "32-32-32"
    at.slider(key="page/depth").set_value(1).run()
    assert at.text_input(key="page/hidden as text").value == "32"
    assert at.markdown[0].value.startswith("(32,)")


def test_text_that_cannot_be_read_stays_until_the_field_gets_another_value(at: AppTest) -> None:
    at.text_input(key="page/hidden as text").set_value("64-many").run()
    assert at.text_input(key="page/hidden as text").value == "64-many"
    (error,) = errors(at)
    assert error.startswith("Hidden layers must be ")
    assert error.endswith(". 64-32 is still in use.")
    assert at.markdown[0].value.startswith("(64, 32)")
    at.run()
    assert len(at.error) == 1
    at.button[0].click().run()
    assert not at.error
    assert at.text_input(key="page/hidden as text").value == "8"


def test_text_that_was_mended_is_taken(at: AppTest) -> None:
    at.text_input(key="page/hidden as text").set_value("x").run()
    at.text_input(key="page/hidden as text").set_value("64").run()
    assert not at.error
    assert at.markdown[0].value.startswith("(64,)")


def test_some_of_a_few_keep_their_order_and_the_last_one_stays(at: AppTest) -> None:
    at.pills(key="page/racers").set_value(["adam", "lion"]).run()
    assert at.pills(key="page/racers").value == ["lion", "adam"]
    at.pills(key="page/racers").set_value([]).run()
    assert at.pills(key="page/racers").value == ["lion", "adam"]
    assert at.markdown[0].value.endswith("('lion', 'adam')")


def test_without_hidden_layers_a_width_or_a_depth_brings_one(at: AppTest) -> None:
    at.text_input(key="page/hidden as text").set_value("none").run()
    assert at.slider(key="page/depth").value == 0
    assert at.select_slider(key="page/width").value == 128
    at.slider(key="page/depth").set_value(2).run()
    assert at.text_input(key="page/hidden as text").value == "128-128"
