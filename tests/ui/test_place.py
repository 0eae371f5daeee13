"""Spots on a page that are drawn many times."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _drawn_often() -> None:
    import streamlit as st

    from fmviz.ui.place import Place

    first, second = Place(), Place()
    # Far beyond Python's recursion limit.
    for i in range(3_000):
        first.markdown(f"at {i}")
    second.markdown("gone")
    second.clear()
    second.clear()
    st.write("after")
    second.markdown("back")


def test_a_place_shows_what_was_drawn_last_however_often_it_was() -> None:
    at = AppTest.from_function(_drawn_often, default_timeout=60).run()
    assert not at.exception
    assert [element.value for element in at.markdown] == ["at 2999", "back", "after"]


def _of_every_kind() -> None:
    import pandas as pd
    import streamlit as st

    from fmviz.ui.place import Place
    from fmviz.ui.session import session

    session().begin_page()
    changing, chart, gone = Place(), Place(), Place()
    changing.progress(0.5, "half")
    changing.metric("Gap", "1.0 points", help="Training − validation.")
    changing.warning("wide", icon=":material/warning:")
    rows = pd.DataFrame({"x": [1.0]})
    for n in range(2):
        chart.chart(rows.assign(x=n), {"mark": "point"}, alt="One point.")
    gone.chart(rows, {"mark": "bar"}, alt="A bar.")
    gone.clear()
    asked = Place()
    asked.button("Again", key="again", icon=":material/refresh:", on_click=lambda: None, help="?")
    table = Place()
    table.dataframe(rows, columns={"x": "X"})
    kept = [(kept.title, kept.rows["x"].tolist()) for kept in session().charts.values()]
    st.caption(str(kept))


def test_a_place_holds_one_element_whatever_its_kind() -> None:
    at = AppTest.from_function(_of_every_kind, default_timeout=60).run()
    assert not at.exception
    assert [element.value for element in at.warning] == ["wide"]
    assert not at.metric
    assert not at.get("progress")
    assert [button.label for button in at.button] == ["Again"]
    assert [frame.value["x"].tolist() for frame in at.dataframe] == [[1.0]]


def test_charts_are_taken_home_as_they_were_drawn_last_and_none_that_was_taken_away() -> None:
    at = AppTest.from_function(_of_every_kind, default_timeout=60).run()
    assert [chart.proto.alt for chart in at.get("vega_lite_chart")] == ["One point."]
    assert [note.value for note in at.caption] == ["[('One point.', [1])]"]


def _of_nothing() -> None:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from fmviz.ui.place import Place

    sent: list[str] = []
    context = get_script_run_ctx()
    assert context is not None
    plain = context.enqueue

    def enqueue(message: object) -> None:
        sent.append(str(message))
        plain(message)  # type: ignore[arg-type]

    context.enqueue = enqueue  # type: ignore[method-assign, assignment]
    place = Place()
    place.clear()
    assert not any("new_element" in message for message in sent), sent
    place.caption("first")
    assert sum("new_element" in message for message in sent) == 1


def test_nothing_is_sent_before_the_first_drawing() -> None:
    assert not AppTest.from_function(_of_nothing, default_timeout=60).run().exception
