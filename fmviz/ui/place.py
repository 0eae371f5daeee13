"""Spots on a page that are drawn many times in one run of its script."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fmviz.charts.specification import projected
from fmviz.export.chart_files import Chart
from fmviz.ui import state


def draw_chart(rows: pd.DataFrame, spec: dict[str, Any], *, alt: str, **options: Any) -> None:
    """`st.vega_lite_chart` of a chart that is drawn once; it can be taken home.

    Args:
        alt: what it shows, in words.
    """
    state.charts()[state.next_place()] = Chart(alt, spec, rows)
    st.vega_lite_chart(rows, _for_room(spec), alt=alt, **options)


def _for_room(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart's specification as the room needs it."""
    return projected(spec) if state.classroom().projector else spec


class Place:
    """One element that is exchanged in place: `place.draw("metric", "Gap", 0.1)`.

    Unlike `st.empty()` it sends nothing before it is first drawn. So the element of the page's
    previous run stays until its successor comes, and a chart is given new rows instead of being
    taken away and built again, which would cost its browser some 50 ms each time.
    """

    def __init__(self) -> None:
        self._spot = st.container()
        self._element: Any = None
        self._drawn = False
        self._number = state.next_place()

    def draw(self, method: str, *arguments: Any, **options: Any) -> None:
        """Call a Streamlit method here in place of the last one."""
        if method == "vega_lite_chart":
            rows, spec = arguments
            state.charts()[self._number] = Chart(options["alt"], spec, rows)
            arguments = rows, _for_room(spec)
        if self._element is None:
            self._element = getattr(self._spot, method)(*arguments, **options)
        else:
            # Always on the first element, which keeps its place: what such a call returns has it
            # for a parent, and a chain of hundreds of those exceeds Python's recursion limit.
            getattr(self._element, method)(*arguments, **options)
        self._drawn = True

    def clear(self) -> None:
        """Take the element away, if there is one."""
        if self._drawn:
            self._element.empty()
            self._drawn = False
            state.charts().pop(self._number, None)
