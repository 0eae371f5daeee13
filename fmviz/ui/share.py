"""A link to what is on the screen, with what a teacher wants to say to a class in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from fmviz import permalink
from fmviz.permalink import Classroom
from fmviz.ui import controls, state

if TYPE_CHECKING:
    from fmviz.ui.frame import Page


def draw(page: Page) -> None:
    """A popover: what the link is to lock, hide and set, and the link."""
    with st.popover("Share", icon=":material/link:"):
        st.markdown(page.text("share"))
        view, room = page.view, state.classroom()
        fields = permalink.lockable(page.lesson.start)
        lock = st.multiselect(
            "Lock controls",
            fields,
            default=list(view.lock),
            format_func=lambda field: controls.label(field),
            key=f"{page.name}/share lock",
        )
        hide = st.toggle(
            "Hide results until a guess",
            value=view.hide,
            key=f"{page.name}/share hide",
            help="Whoever opens the link guesses before the page shows what became of the runs.",
        )
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
            address(page, lock, hide, Classroom(projector=projector, vault=vault)),
            language=None,
            wrap_lines=True,
        )


def address(page: Page, lock: list[str], hide: bool, room: Classroom) -> str:
    """The link to a page as it stands, with a teacher's options."""
    values = page.values | {"lock": tuple(lock), "hide": hide}
    query = permalink.query(values, page.lesson.start) | permalink.classroom_query(room)
    base = str(st.context.url or "").partition("?")[0]
    return f"{base}?{urlencode(query, safe=',')}" if query else base
