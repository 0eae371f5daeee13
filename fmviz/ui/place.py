"""Spots on a page that are drawn many times in one run of its script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.charts.marks import PICKED
from fmviz.charts.series import Rows
from fmviz.charts.specification import projected
from fmviz.export.chart_files import Chart
from fmviz.export.csv_files import harmless
from fmviz.ui.faults import ICON
from fmviz.ui.session import Session, session
from fmviz.words import glossary
from fmviz.words.escaping import escaped

Spec: TypeAlias = dict[str, Any]
Width: TypeAlias = Literal["stretch", "content"]


def draw_chart(
    rows: Rows,
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
        rows.table,
        _for_room(spec, session(), staged=session().staged),
        alt=alt,
        width=width,
        key=key,
        on_select=on_select or "ignore",
        # What a pointer is on is the browser's own.
        selection_mode=None if on_select is None else PICKED,
    )


def _for_room(spec: Spec, session: Session, *, staged: bool) -> Spec:
    """A chart's specification as the room needs it."""
    return projected(spec, taller=not staged) if session.classroom.projector else spec


class Place:
    """One element that is exchanged in place: `place.metric("Gap", "0.1 points")`.

    Unlike `st.empty()` it sends nothing before it is first drawn. So the element of the page's
    previous run stays until its successor comes, and a chart is given new rows instead of being
    taken away and built again, which would cost its browser some 50 ms each time.

    A button and a chart that can be clicked are widgets, of which a run of the script has one:
    nothing is drawn in place of them.

    What it is told to show and shows already is not sent again: of what a page says of runs that
    grow, much stays from one picture to the next, and to send it is most of what a picture costs a
    server. A place is of one run of the script, or of the fragment in which it was made, for
    browsers let go of what a run does not send.
    """

    def __init__(self) -> None:
        self._spot = st.container()
        self._element: Any = None
        self._session = session()
        self._number = self._session.next_place()
        self._staged = self._session.staged
        # What is in sight: the kind of element, and all that it was made of.
        self._shown: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None

    def _show(self, kind: str, *arguments: Any, **options: Any) -> None:
        """Have an element here, by the name of Streamlit's function for it. It is always drawn on
        the first one, which keeps its place: what is drawn on an element has it for a parent, and a
        chain of hundreds of those exceeds Python's recursion limit."""
        wanted = kind, arguments, options
        if self._shown == wanted:
            return
        here: DeltaGenerator = self._spot if self._element is None else self._element
        element = getattr(here, kind)(*arguments, **options)
        self._shown = wanted
        if self._element is None:
            self._element = element

    def markdown(self, text: str) -> None:
        """Text, with the words explained that the page says here first."""
        self._say("markdown", text)

    def caption(self, text: str) -> None:
        """Small print, likewise."""
        self._say("caption", text)

    def _say(self, kind: str, text: str) -> None:
        def draw(marked: str, html: bool) -> None:
            self._show(kind, marked, unsafe_allow_html=html)

        self._session.spoken.say(self._number, text, draw)

    def note(self, text: str, *, help: str | None = None) -> None:
        """Small print that is no part of what the page tells, such as where a run comes from.

        Args:
            help: what stands behind it, for whoever wants to know more.
        """
        self._show("caption", text, help=help)

    def list_words(self) -> None:
        """The words of the glossary that the page says, with their meanings."""

        def draw(names: tuple[str, ...]) -> None:
            self._show("markdown", glossary.listed(names))

        self._session.spoken.listed(draw)

    def metric(self, label: str, value: str, *, help: str | None = None) -> None:
        """A figure, large."""
        self._show("metric", label, value, help=help)

    def error(self, sentence: str) -> None:
        """What has failed: a sentence of an error, as text."""
        self._show("error", escaped(sentence), icon=ICON)

    def warning(self, text: str, *, icon: str) -> None:
        """What to be aware of."""
        self._show("warning", text, icon=icon)

    def progress(self, share: float, text: str | None = None) -> None:
        """How far something is, from 0 to 1."""
        self._show("progress", share, text=text)

    def chart(
        self,
        rows: Rows,
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
        self._session.charts[self._number] = Chart(alt, spec, rows)
        self._show(
            "vega_lite_chart",
            rows.table,
            _for_room(spec, self._session, staged=self._staged),
            alt=alt,
            width="stretch",
            key=key,
            on_select=on_select or "ignore",
            selection_mode=None if on_select is None else PICKED,
        )

    def image(
        self,
        images: str | Sequence[str],
        *,
        alt: str | Sequence[str],
        captions: Sequence[str] | None = None,
        width: int | Width = "content",
    ) -> None:
        """One picture or several, as addresses of `pictures.png`.

        Args:
            captions: one a picture.
            alt: what each shows, in words, for those who do not see it.
        """
        several = [images] if isinstance(images, str) else list(images)
        said = [alt] * len(several) if isinstance(alt, str) else list(alt)
        below = None if captions is None else list(captions)
        self._show("image", several, caption=below, alt=said, width=width)

    def dataframe(self, frame: pd.DataFrame, *, columns: Mapping[str, Any] | None = None) -> None:
        """A table without its index, all of its rows in sight.

        Args:
            columns: how some of them are shown, by name.
        """
        # Not compared with the one before: it is drawn once a run, and frames are not compared so.
        self._shown = None
        # Browsers offer it as a CSV file.
        safe = frame.map(harmless)
        self._show(
            "dataframe",
            safe,
            hide_index=True,
            width="stretch",
            height="content",
            column_config=columns,
        )

    def button(
        self,
        label: str,
        *,
        key: str,
        icon: str,
        on_click: Callable[..., None] | None = None,
        args: tuple[Any, ...] = (),
        help: str | None = None,
        quiet: bool = True,
    ) -> None:
        """A button.

        Args:
            quiet: whether it is one that few readers want.
        """
        self._show(
            "button",
            label,
            key=key,
            icon=icon,
            on_click=on_click,
            args=args,
            help=help,
            type="tertiary" if quiet else "secondary",
        )

    def clear(self) -> None:
        """Take the element away, if there is one."""
        if self._shown is not None:
            self._session.spoken.unsay(self._number)
            self._element.empty()
            self._shown = None
            self._session.charts.pop(self._number, None)
