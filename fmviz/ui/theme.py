"""A switch of the theme in the browser: the page runs again, and its charts follow.

Streamlit's own parts change their colours by themselves. Those of runs are ours, light or dark, and
stand in the charts' specifications; without this they would wait for the next control to be moved.
"""

from __future__ import annotations

import streamlit as st

# A component's variables change with the theme, whatever has changed that: *Settings*, or the
# system by day and by night. Out of sight, and without a gap.
HIDDEN = (
    '[data-testid="stLayoutWrapper"]:has(> .st-key-theme)'
    " {position: absolute; width: 1px; visibility: hidden}"
)
_EYE = st.components.v2.component(
    "fmviz.theme",
    html="<i></i>",
    css="i {background-color: var(--st-background-color); transition: background-color 1ms}",
    js="""
export default function ({ parentElement, setTriggerValue }) {
  const eye = parentElement.querySelector("i");
  eye.ontransitionend = () => {
    setTriggerValue("switched", getComputedStyle(eye).backgroundColor);
  };
}
""",
)


def watch() -> None:
    """Have the page run again when its reader has switched the theme."""
    with st.container(key="theme"):
        st.html(f"<style>{HIDDEN}</style>")
        _EYE(key="theme/eye", height=1, on_switched_change=_heard)


def _heard() -> None:
    """That it was switched is all there is to say: this run knows the new theme."""
