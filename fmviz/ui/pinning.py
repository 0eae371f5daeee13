"""The popover that pins a run of a page."""

from __future__ import annotations

import streamlit as st

from fmviz.page.pins import MAX_NAME, MAX_PINS, PinError, added, bold, suggested
from fmviz.run.naming import plural
from fmviz.ui.faults import fault
from fmviz.ui.navigation import page_file
from fmviz.ui.page import Page
from fmviz.ui.session import session
from fmviz.words.numbers import upper_first


def draw(page: Page) -> None:
    """Choose a run of the page, name it, pin it; and the way to all that are pinned."""
    # Open or closed is the browser's own business. A popover that tells also tells of its closing,
    # after the click outside that closes it: where that was a link, the page would come back.
    with st.popover("Pin", icon=":material/keep:", key=f"{page.name}/pin", wrap=False):
        if page.runs:
            _form(page)
        pinned = session().pinned.pins
        st.page_link(
            page_file("compare"),
            label=f"Compare {plural(len(pinned), 'pinned run')}",
            icon=":material/compare_arrows:",
            disabled=not pinned,
        )


def _form(page: Page) -> None:
    runs = page.all_runs
    roles = list(runs)
    role = roles[-1]
    if len(roles) > 1:
        role = st.selectbox("Run", roles, index=len(roles) - 1, key=f"{page.name}/pin role")
    config = runs[role]
    pinned = session().pinned.pins
    taken = [pin.name for pin in pinned]
    beside = [other for other in runs.values() if other != config]
    # A run has a form of its own, so that the name offered is always that of the run chosen.
    with st.form(f"{page.name}/pin {config.key}", border=False):
        name = st.text_input(
            "Name",
            suggested(config, beside, taken),
            max_chars=MAX_NAME,
            key=f"{page.name}/pin name {config.key} {len(pinned)}",
        )
        full = len(pinned) >= MAX_PINS
        same = [bold(pin.name) for pin in pinned if pin.config == config]
        # Disabled, a button does not stop a press that was made before the browser knew.
        pressed = st.form_submit_button(
            "Pin this run", icon=":material/keep:", disabled=full or bool(same)
        )
    if full:
        st.caption(f"{MAX_PINS} runs are pinned, and there may be no more.")
    if same and not pressed:
        st.caption(f"This run is pinned already, as {', '.join(same)}.")
    if pressed:
        try:
            session().pinned.keep(added(pinned, name, config))
        except PinError as error:
            fault(f"{upper_first(str(error))}.")
        else:
            st.toast(f"Pinned: {bold(name.strip())}", icon=":material/keep:")
