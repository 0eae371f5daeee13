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

    from fmviz.charts.series import Rows
    from fmviz.ui.place import Place
    from fmviz.ui.session import session

    session().begin_page()
    changing, chart, gone = Place(), Place(), Place()
    changing.progress(0.5, "half")
    changing.metric("Gap", "1.0 points", help="Training − validation.")
    changing.warning("wide", icon=":material/warning:")
    for n in range(2):
        chart.chart(Rows([{"x": n}]), {"mark": "point"}, alt="One point.")
    gone.chart(Rows([{"x": 1.0}]), {"mark": "bar"}, alt="A bar.")
    gone.clear()
    asked = Place()
    asked.button("Again", key="again", icon=":material/refresh:", on_click=lambda: None, help="?")
    table = Place()
    table.dataframe(pd.DataFrame({"x": [1.0]}), columns={"x": "X"})
    kept = [(kept.title, kept.rows.table["x"].to_pylist()) for kept in session().charts.values()]
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


def listen() -> list[str]:
    """What this run of a script sends from now on, message by message."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    sent: list[str] = []
    context = get_script_run_ctx()
    assert context is not None
    plain = context.enqueue

    def enqueue(message: object) -> None:
        sent.append(str(message))
        plain(message)  # type: ignore[arg-type]

    context.enqueue = enqueue  # type: ignore[method-assign, assignment]
    return sent


def _of_nothing() -> None:
    from fmviz.ui.place import Place
    from tests.ui.test_place import listen

    sent = listen()
    place = Place()
    place.clear()
    assert not any("new_element" in message for message in sent), sent
    place.caption("first")
    assert sum("new_element" in message for message in sent) == 1


def test_nothing_is_sent_before_the_first_drawing() -> None:
    assert not AppTest.from_function(_of_nothing, default_timeout=60).run().exception


def _drawn_twice() -> None:
    import streamlit as st

    from fmviz.charts.series import Rows
    from fmviz.ui.place import Place
    from fmviz.ui.session import session
    from tests.ui.test_place import listen

    session().begin_page()
    sent = listen()
    spec = {"mark": "point"}

    def rows(*values: float) -> Rows:
        return Rows([{"x": value} for value in values])

    drawings = {
        "chart": lambda place: place.chart(rows(1.0, 2.0), spec, alt="Points."),
        "more": lambda place: place.chart(rows(1.0, 2.0, 3.0), spec, alt="Points."),
        "told": lambda place: place.chart(rows(1.0, 2.0), spec, alt="Other words."),
        "shape": lambda place: place.chart(rows(1.0, 2.0), {"mark": "bar"}, alt="Points."),
        "text": lambda place: place.markdown("The loss of a network."),
        "small": lambda place: place.caption("The loss of a network."),
        "note": lambda place: place.note("Stored."),
        "metric": lambda place: place.metric("Gap", "0.1", help="?"),
        "other": lambda place: place.metric("Gap", "0.2", help="?"),
        "far": lambda place: place.progress(0.5, "half"),
        "warning": lambda place: place.warning("wide", icon=":material/warning:"),
        "error": lambda place: place.error("gone"),
        "picture": lambda place: place.image("https://example.org/a.png", alt="A."),
        "none": lambda place: place.clear(),
    }
    # Each after each: twice the same is sent once, and all else as it comes.
    for first in drawings:
        for second in drawings:
            place = Place()
            counts = []
            for name in (first, first, second, second, first):
                sent.clear()
                drawings[name](place)
                counts.append(sum("new_element" in message for message in sent))
            nothing_to_clear = int(first != "none")
            other = int(second != first)
            assert counts == [nothing_to_clear, 0, other, 0, other], (first, second, counts)
    st.caption("as it should be")


def test_what_is_in_sight_is_not_sent_again_and_all_else_is() -> None:
    at = AppTest.from_function(_drawn_twice, default_timeout=60).run()
    assert not at.exception
    assert at.caption[-1].value == "as it should be"
    # Each run of the script sends everything anew.
    sent = len(at.main)
    assert len(at.run().main) == sent
    assert not at.exception
