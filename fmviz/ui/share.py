"""A link to what is on the screen, with what a teacher wants to say to a class in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from fmviz.page.classroom import Classroom, classroom_query
from fmviz.page.pins import PARAMETER, Pin, encode_all
from fmviz.page.state import query
from fmviz.page.view import Taught
from fmviz.ui import controls
from fmviz.ui.page import Page
from fmviz.ui.session import session


def draw(page: Page) -> None:
    """A popover: what the link is to lock, hide and set, and the link."""
    with st.popover("Share", icon=":material/link:"):
        st.markdown(page.text("share"))
        room, teaching = session().classroom, _teaching(page)
        projector = st.toggle(
            "Projector",
            value=room.projector,
            key=f"{page.name}/share projector",
            help="Larger type and charts on every page; notes are left out.",
        )
        vault = st.toggle(
            "Test vault",
            value=room.vault,
            key=f"{page.name}/share vault",
            help="Test accuracy is locked away on every page, and every look at it is counted.",
        )
        st.code(
            address(page, teaching, Classroom(projector=projector, vault=vault)),
            language=None,
            wrap_lines=True,
        )


def _teaching(page: Page) -> dict[str, Any]:
    """What the link is to lock and hide, on a page that has such things."""
    if not issubclass(page.lesson.view, Taught):
        return {}
    present = page.view.taught
    lock = st.multiselect(
        "Lock controls",
        page.lesson.view.lockable(),
        default=list(present.lock),
        format_func=lambda field: controls.label(field),
        key=f"{page.name}/share lock",
    )
    hide = st.toggle(
        "Hide results until a guess",
        value=present.hide,
        key=f"{page.name}/share hide",
        help="Whoever opens the link guesses before the page shows what became of the runs.",
    )
    return {"lock": tuple(lock), "hide": hide}


def address(
    page: Page,
    teaching: Mapping[str, Any],
    room: Classroom,
    pins: Sequence[Pin] | None = None,
) -> str:
    """The link to a page as it stands, with a teacher's options.

    Args:
        pins: those of the link; by default the session's.
    """
    pins = session().pinned.pins if pins is None else pins
    own = query(page.values | teaching, page.lesson.start) | classroom_query(room)
    named = [*own.items(), *((PARAMETER, text) for text in encode_all(pins))]
    base = str(st.context.url or "").partition("?")[0]
    return f"{base}?{urlencode(named, safe=',')}" if named else base
