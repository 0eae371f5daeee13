"""Spots on a page that are drawn many times in one run of its script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.charts.specification import projected
from fmviz.export.chart_files import Chart
from fmviz.ui.session import session
from fmviz.words import glossary

Spec: TypeAlias = dict[str, Any]
Width: TypeAlias = Literal["stretch", "content"]


def draw_chart(
    rows: pd.DataFrame,
    spec: Spec,
    *,
    alt: str,
    width: Width = "stretch",
    key: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A chart that is drawn once, where the page is at; it can be taken home.

    Args:
        alt: what it shows, in words.
        key, on_select: of one that can be clicked.
    """
    session().charts[session().next_place()] = Chart(alt, spec, rows)
    st.vega_lite_chart(
        rows, _for_room(spec), alt=alt, width=width, key=key, on_select=on_select or "ignore"
    )


def _for_room(spec: Spec) -> Spec:
    """A chart's specification as the room needs it."""
    return projected(spec) if session().classroom.projector else spec


class Place:
    """One element that is exchanged in place: `place.metric("Gap", "0.1 points")`.

    Unlike `st.empty()` it sends nothing before it is first drawn. So the element of the page's
    previous run stays until its successor comes, and a chart is given new rows instead of being
    taken away and built again, which would cost its browser some 50 ms each time.

    A button and a chart that can be clicked are widgets, of which a run of the script has one:
    nothing is drawn in place of them.
    """

    def __init__(self) -> None:
        self._spot = st.container()
        self._element: Any = None
        self._drawn = False
        self._number = session().next_place()

    @property
    def _here(self) -> DeltaGenerator:
        """Where to draw: always on the first element, which keeps its place. What is drawn on it
        has it for a parent, and a chain of hundreds of those exceeds Python's recursion limit."""
        self._drawn = True
        return self._spot if self._element is None else self._element

    def _keep(self, element: Any) -> None:
        if self._element is None:
            self._element = element

    def markdown(self, text: str) -> None:
        """Text, with the words explained that the page says here first."""

        def draw(marked: str, html: bool) -> None:
            self._keep(self._here.markdown(marked, unsafe_allow_html=html))

        session().spoken.say(self._number, text, draw)

    def caption(self, text: str) -> None:
        """Small print, likewise."""

        def draw(marked: str, html: bool) -> None:
            self._keep(self._here.caption(marked, unsafe_allow_html=html))

        session().spoken.say(self._number, text, draw)

    def note(self, text: str) -> None:
        """Small print that is no part of what the page tells, such as where a run comes from."""
        self._keep(self._here.caption(text))

    def list_words(self) -> None:
        """The words of the glossary that the page says, with their meanings."""

        def draw(names: tuple[str, ...]) -> None:
            self._keep(self._here.markdown(glossary.listed(names)))

        session().spoken.listed(draw)

    def metric(self, label: str, value: str, *, help: str | None = None) -> None:
        """A figure, large."""
        self._keep(self._here.metric(label, value, help=help))

    def error(self, text: str) -> None:
        """What has failed."""
        self._keep(self._here.error(text, icon=":material/error:"))

    def warning(self, text: str, *, icon: str) -> None:
        """What to be aware of."""
        self._keep(self._here.warning(text, icon=icon))

    def progress(self, share: float, text: str | None = None) -> None:
        """How far something is, from 0 to 1."""
        self._keep(self._here.progress(share, text=text))

    def chart(
        self,
        rows: pd.DataFrame,
        spec: Spec,
        *,
        alt: str,
        key: str | None = None,
        on_select: Callable[[], None] | None = None,
    ) -> None:
        """A chart as wide as its place; it can be taken home.

        Args:
            alt: what it shows, in words.
            key, on_select: of one that can be clicked.
        """
        session().charts[self._number] = Chart(alt, spec, rows)
        self._keep(
            self._here.vega_lite_chart(
                rows,
                _for_room(spec),
                alt=alt,
                width="stretch",
                key=key,
                on_select=on_select or "ignore",
            )
        )

    def image(
        self,
        images: str | Sequence[str],
        *,
        captions: Sequence[str] | None = None,
        alt: str | None = None,
        width: int | Width = "content",
    ) -> None:
        """One picture or several, as addresses of `pictures.png`.

        Args:
            captions: one a picture.
            alt: what a picture without a caption shows, in words.
        """
        several = images if isinstance(images, str) else list(images)
        below = None if captions is None else list(captions)
        self._keep(self._here.image(several, caption=below, alt=alt, width=width))

    def dataframe(self, frame: pd.DataFrame, *, columns: Mapping[str, Any] | None = None) -> None:
        """A table without its index, all of its rows in sight.

        Args:
            columns: how some of them are shown, by name.
        """
        self._keep(
            self._here.dataframe(
                frame, hide_index=True, width="stretch", height="content", column_config=columns
            )
        )

    def button(
        self,
        label: str,
        *,
        key: str,
        icon: str,
        on_click: Callable[..., None],
        args: tuple[Any, ...] = (),
        help: str | None = None,
    ) -> None:
        """A quiet button."""
        self._keep(
            self._here.button(
                label,
                key=key,
                icon=icon,
                on_click=on_click,
                args=args,
                help=help,
                type="tertiary",
            )
        )

    def clear(self) -> None:
        """Take the element away, if there is one."""
        if self._drawn:
            session().spoken.unsay(self._number)
            self._element.empty()
            self._drawn = False
            session().charts.pop(self._number, None)
