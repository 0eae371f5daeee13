"""How the browser came to a page: by a link, by Back or Forward, or by staying on it.

To Streamlit's script an address without parameters looks the same after a click on the navigation
and after a press of Back. They mean different things: a click asks for the page as it was left,
Back asks for what the address says.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from fmviz.ui.session import COOKIE, Visit, session

SCRIPTS = "".join(
    (Path(__file__).parent / name).read_text(encoding="utf-8")
    for name in ("one_entry.js", "quiet.js", "again.js")
)
HIDDEN = '[data-testid="stLayoutWrapper"]:has(> .st-key-one-entry) {display: none}'


def begin() -> bool:
    """Note where the browser is, first thing in every run, before anything can interrupt it.

    A slider speaks up to 0.2 s after its reader has moved it, a text field as it loses its focus.
    Where that is by a click on a link, the control's late word asks for the page that was left, and
    Streamlit would go back there.

    Returns:
        Whether this run is of such a late word, from the place of the visit before.
    """
    context = get_script_run_ctx()
    assert context is not None
    place, visit = context.page_script_hash, session().visit
    if visit.place == context.pages_manager.main_script_hash:
        # The session's first run was interrupted before it knew its page.
        visit = replace(visit, place=place)
    if place != visit.place or context.is_history_navigation:
        # A click on a link is made on another page than the link's, a late word on its own.
        if place == visit.before == _shown() and not context.is_history_navigation:
            return True
        visit = Visit(
            number=visit.number + 1,
            place=place,
            by_history=context.is_history_navigation,
            before=visit.place,
            query={name: st.query_params.get_all(name) for name in st.query_params},
        )
    session().visit = visit
    return False


def _shown() -> str | None:
    """The place that the browser showed as it asked for this run; None where it did not say.

    `st.context.url` would say what is asked for.
    """
    context = get_script_run_ctx()
    if context is None or context.context_info is None:
        return None
    found = context.pages_manager.get_pages().items()
    places = {page.get("url_pathname"): place for place, page in found}
    # The default page has an empty path, below which the app may have a path of its own.
    path = urlsplit(context.context_info.url).path.rstrip("/").rpartition("/")[2]
    return places.get(path, places.get(""))


def settle() -> None:
    """Note which page `st.navigation` has found: a session's first run does not know before."""
    context = get_script_run_ctx()
    assert context is not None
    place, visit = context.pages_manager.current_page_script_hash, session().visit
    if visit.place == context.pages_manager.main_script_hash:
        session().visit = replace(visit, place=place)
    elif place != visit.place:
        # Without `app.py`, as AppTest runs pages.
        session().visit = Visit(visit.number + 1, place)


def go_on() -> NoReturn:
    """Go on to the page of the current visit, from a run of the one before."""
    context = get_script_run_ctx()
    assert context is not None
    visit = session().visit
    st.switch_page(
        context.pages_manager.get_pages()[visit.place]["script_path"], query_params=visit.query
    )


def tell_browser() -> None:
    """Have the browser make one entry of its history for each press, make a click again that was
    lost, log nothing of charts that are about to have rows, and keep the name by which the server
    remembers it, once there is something to remember; out of sight, and without a gap."""
    scripts = f"<style>{HIDDEN}</style><script>{SCRIPTS}</script>"
    if session().keeps:
        cookie = f"{COOKIE}={session().browser}; path=/; SameSite=Lax"
        scripts += f'<script>document.cookie = "{cookie}";</script>'
    with st.container(key="one-entry"):
        st.html(scripts, unsafe_allow_javascript=True)
