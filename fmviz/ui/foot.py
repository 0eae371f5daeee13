"""What stands below every lesson's panels: the vault; pin, share and take home; notes."""

from __future__ import annotations

import streamlit as st

from fmviz.ui import pinning, share, take_home
from fmviz.ui.page import Page
from fmviz.ui.session import session
from fmviz.words import prose


def draw(page: Page, *, pins: bool = True, home: bool = True) -> None:
    """The vault; pin, share and take home; why, for the expert; the script for the teacher.

    Args:
        pins: whether the page's runs can be pinned.
        home: whether the runs of the page's board can be taken home; some pages offer files of
            their own.
    """
    page.vault = st.container()
    with st.container(horizontal=True, key=f"{page.name}-tools"):
        if pins:
            pinning.draw(page)
        share.draw(page)
        if home:
            take_home.draw(page)
    if session().classroom.projector:
        return
    for section, title, icon in (
        ("why", "Why? Notes and sources", ":material/menu_book:"),
        ("teach", "Teach this in ten minutes", ":material/co_present:"),
    ):
        if prose.has(page.name, section):
            with st.expander(title, icon=icon):
                st.markdown(page.text(section))
