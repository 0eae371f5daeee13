"""What a browser is told of a page's looks before anything stands on it: style and scripts."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from fmviz.charts.style import BORDER, GREY, GROUND, INK
from fmviz.ui.session import session
from fmviz.ui.stage import STYLE as STAGE

# All of Streamlit's sizes follow the root's. On the far wall, lines of small print are lost anyway.
# A window of a small projector has no room for columns of that size; its pixels are large already.
# Streamlit has measured its navigation by then, and would cut its last letters off.
LARGE = (
    "<style>html {font-size: 125%} @media (max-width: 1399px) {html {font-size: 112.5%}}"
    ' [data-testid="stTopNav"] {overflow: visible}</style>'
)
SCRIPTS = "".join(
    (Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("aloud.js", "marks.js")
)
# How words of the glossary look, and their meanings, which browsers show where they are pressed.
COLOURS = {"ground": GROUND, "ink": INK, "border": BORDER, "grey": {False: GREY, True: GREY}}
WORDS = "<style>:root {{{}}} {} {}</style>".format(
    " ".join(f"--fmviz-{n}: light-dark({of[False]}, {of[True]});" for n, of in COLOURS.items()),
    (Path(__file__).parent / "words.css").read_text(encoding="utf-8"),
    STAGE,
)


def dress() -> None:
    """Send them, as the room needs them."""
    st.html(WORDS + LARGE if session().classroom.projector else WORDS)
    st.html(f"<script>{SCRIPTS}</script>", unsafe_allow_javascript=True)
