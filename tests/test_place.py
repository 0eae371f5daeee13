"""Spots on a page that are drawn again and again."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def test_a_place_is_drawn_as_often_as_a_long_run_wants() -> None:
    def page() -> None:
        import sys

        from fmviz.ui.place import Place

        first, second = Place(), Place()
        for turn in range(sys.getrecursionlimit() + 500):
            first.draw("caption", f"turn {turn}")
        first.draw("metric", "turns", turn)
        second.draw("caption", "taken away")
        second.clear()

    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    assert [metric.value for metric in at.metric] == ["1499"]
    assert not at.caption
