"""What stands below every lesson's panels: the image of the course, the vault, tools, notes."""

from __future__ import annotations

import streamlit as st

from fmviz.ui import branch, pinning, share, take_home
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.panels.garment import Follow, Followed, all_runs
from fmviz.ui.panels.own import MADE_ON, OwnGarment
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import prose


def draw(
    page: Page, *, follow: Follow | None = all_runs, pins: bool = True, home: bool = True
) -> None:
    """The image of the course, the reader's own; the vault; pin, share, take home; words; notes.

    Args:
        follow: the runs of the page's board that the image is followed under; None where the page
            follows it elsewhere.
        pins: whether the page's runs can be pinned.
        home: whether the runs of the page's board can be taken home; some pages offer files of
            their own.
    """
    if follow is not None:
        page.add(Followed(page, follow))
        if page.name != MADE_ON:
            page.add(OwnGarment(page, follow))
        branch.left_out(page)
    page.vault = st.container()
    with st.container(horizontal=True, key=f"{page.name}-tools"):
        if pins:
            pinning.draw(page)
        share.draw(page)
        if home:
            take_home.draw(page)
    onward(page)
    if session().classroom.projector:
        return
    words()
    for section, title, icon in (
        ("why", "Why? Notes and sources", ":material/menu_book:"),
        ("teach", "Teach this in ten minutes", ":material/co_present:"),
    ):
        if prose.has(page.name, section):
            with st.expander(title, icon=icon):
                Place().markdown(page.text(section))


def onward(page: Page) -> None:
    """The way to the next page, on a telephone too, where the navigation is folded away."""
    names = [name for name, _ in session().course]
    after = names.index(page.name) + 1 if page.name in names else len(names)
    if after < len(names):
        name, title = session().course[after]
        st.page_link(page_file(name), label=f"Next: {title}", icon=":material/arrow_forward:")


def words() -> None:
    """The words of the glossary that the page says."""
    with st.expander("Words on this page", icon=":material/dictionary:"):
        Place().list_words()
