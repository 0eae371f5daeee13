"""A clock in the browser: the fragment that it stands in runs again after some seconds.

Unlike `st.fragment(run_every=…)` it asks each time anew: the fragment says when it wants to look
next, and stops looking by leaving the clock out, without a run of the whole page. While its tab is
hidden it waits.
"""

from __future__ import annotations

import time

import streamlit as st

_CLOCK = st.components.v2.component(
    "fmviz.tick",
    js="""
const clocks = new WeakMap();
export default function ({ data, parentElement, setTriggerValue }) {
  const strike = () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", strike, { once: true });
    } else {
      setTriggerValue("due", data.at);
    }
  };
  clearTimeout(clocks.get(parentElement));
  clocks.set(parentElement, setTimeout(strike, 1000 * data.seconds));
  return () => clearTimeout(clocks.get(parentElement));
}
""",
)


def tick(key: str, seconds: float) -> None:
    """Run the fragment that this is called in again after so many seconds."""
    # Another number each time, so that the browser sets its clock anew.
    data = {"seconds": seconds, "at": time.monotonic()}
    _CLOCK(key=key, data=data, height=1, on_due_change=_heard)


def _heard() -> None:
    """That it is due is all there is to say: the fragment runs again."""
