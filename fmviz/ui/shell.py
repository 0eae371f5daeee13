"""The frame around every page: navigation, and the first deep link after a cold start."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[2] / "pages"
# A file of our own: Streamlit fetches the picture of an icon name from elsewhere.
ICON = Path(__file__).parent / "icon.png"
_MARK = "fmviz.entered through app.py"


def pages() -> list[st.Page]:
    """The lessons in their order; `url_path` is the file's stem."""
    lesson = PAGES / "regularisation.py"
    return [
        st.Page(lesson, title="Regularisation", default=True, url_path="start"),
        # Streamlit serves a default page at the bare address alone; links name the lesson.
        st.Page(lesson, title="Regularisation", url_path=lesson.stem, visibility="hidden"),
    ]


def run() -> None:
    """What `app.py` does: set the page up and run the one that the address names."""
    st.set_page_config(page_title="fmviz", page_icon=ICON, layout="wide")
    st.session_state[_MARK] = True
    st.navigation(pages(), position="top").run()


def require_app() -> None:
    """First line of every page.

    Until some session has called `st.navigation`, Streamlit takes the folder `pages/` for its old
    kind of multipage app and runs the page of a deep link without `app.py`. Calling it here, and
    starting over, brings that first visitor to the same page in the right frame.
    """
    if _MARK not in st.session_state:
        st.session_state[_MARK] = True
        st.navigation(pages(), position="top")
        st.rerun()
