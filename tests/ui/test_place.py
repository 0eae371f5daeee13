"""Spots on a page that are drawn many times."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _drawn_often() -> None:
    import streamlit as st

    from fmviz.ui.place import Place

    first, second = Place(), Place()
    # Far beyond Python's recursion limit.
    for i in range(3_000):
        first.draw("markdown", f"at {i}")
    second.draw("markdown", "gone")
    second.clear()
    second.clear()
    st.write("after")
    second.draw("markdown", "back")


def test_a_place_shows_what_was_drawn_last_however_often_it_was() -> None:
    at = AppTest.from_function(_drawn_often, default_timeout=60).run()
    assert not at.exception
    assert [element.value for element in at.markdown] == ["at 2999", "back", "after"]
