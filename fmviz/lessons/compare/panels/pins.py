"""Pinned runs: the page that they are the runs of, and how they are renamed and removed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import streamlit as st

from fmviz.lessons.compare import tables
from fmviz.lessons.compare.lesson import COMPARE, EXAMPLES, CompareView
from fmviz.page.lesson import Runs
from fmviz.page.pins import MAX_NAME, Pin, PinError, bold, removed, renamed
from fmviz.run.record import RunRecord
from fmviz.ui import live, share, state, take_home
from fmviz.ui.faults import fault
from fmviz.ui.page import WRONG_ADDRESS, Page, begin
from fmviz.ui.session import session
from fmviz.words import taking_home
from fmviz.words.numbers import upper_first

OF_PINS = ("first", "second", "repeat")


class ComparePage(Page[CompareView]):
    """The page of pinned runs: a page whose runs are the session's pins."""

    def __init__(self) -> None:
        super().__init__(COMPARE)

    @cached_property
    def runs(self) -> Runs:
        """Name → run, of all pins. First asked for when pins have been removed and renamed."""
        return {pin.name: pin.config for pin in session().pinned.pins}


def open_page() -> ComparePage:
    """Begin the page, with what the address asks for and no pin answers to."""
    page = begin(ComparePage())
    count = len(session().pinned.pins)
    for field in OF_PINS:
        asked, default = state.value(page.name, field), COMPARE.start[field]
        if asked > max(count, default):
            state.put(page.name, field, default)
            fault(
                f"In the address: {field} counts pins, of which there are {count}, and cannot be "
                f"{asked}.",
                icon=WRONG_ADDRESS,
            )
    return page


def offer(page: ComparePage) -> None:
    """How to pin runs, and three to begin with: by a click, or by a link for somebody else."""
    st.info(page.text("none pinned"), icon=":material/keep:")
    st.button(
        "Three interesting pins",
        key=f"{page.name}/examples",
        icon=":material/keep:",
        type="primary",
        on_click=session().pinned.keep,
        args=(EXAMPLES,),
    )
    link = share.address(page, {}, session().classroom, EXAMPLES)
    st.caption(page.text("examples", {"link": link}))


def tools(page: ComparePage) -> None:
    """Rename and remove pins, and take the figures away as files."""
    with st.container(horizontal=True):
        with st.popover("Rename or remove", icon=":material/edit:", key=f"{page.name}/edit"):
            _edit(page)
        _downloads(page)
    if len(session().pinned.pins) == 1:
        st.info(page.text("one pinned"), icon=":material/keep:")


def _edit(page: ComparePage) -> None:
    pinned = session().pinned.pins
    for pin in pinned:
        left, right = st.columns([5, 1], vertical_alignment="bottom")
        name = left.text_input(
            "Name",
            pin.name,
            max_chars=MAX_NAME,
            key=f"{page.name}/name {pin.name}",
            label_visibility="collapsed",
        )
        if name.strip() != pin.name:
            try:
                session().pinned.keep(renamed(pinned, pin.name, name))
            except PinError as error:
                fault(f"{upper_first(str(error))}.")
            else:
                st.rerun()
        right.button(
            "",
            key=f"{page.name}/remove {pin.name}",
            icon=":material/delete:",
            help=f"Remove {bold(pin.name)}",
            on_click=_remove,
            args=(page, pin.name),
        )
    st.button(
        "Remove all pins",
        key=f"{page.name}/clear",
        icon=":material/delete_sweep:",
        on_click=session().pinned.keep,
        args=((),),
    )


def _remove(page: ComparePage, name: str) -> None:
    """Remove a pin. Choices of others go with them; a choice of it falls back to the default."""
    before = [pin.name for pin in session().pinned.pins]
    session().pinned.keep(removed(session().pinned.pins, name))
    after = [pin.name for pin in session().pinned.pins]
    for field in OF_PINS:
        place = state.value(page.name, field)
        chosen = before[place - 1] if 0 < place <= len(before) else None
        moved = after.index(chosen) + 1 if chosen in after else COMPARE.start[field]
        state.put(page.name, field, moved)


def _downloads(page: ComparePage) -> None:
    """The table and the curves as CSV, of what is known when the button is pressed."""
    pinned, show_test, tolerance = session().pinned.pins, page.view.test, page.view.tolerance

    def table() -> bytes:
        return tables.figures_csv(pinned, known(pinned), tolerance, show_test=show_test)

    def curves() -> bytes:
        return tables.curves_csv(pinned, known(pinned), show_test=show_test)

    for label, make, file in (
        ("Table as CSV", table, "fmviz-pins.csv"),
        ("Curves as CSV", curves, "fmviz-curves.csv"),
    ):
        st.download_button(
            label,
            make,
            file,
            "text/csv",
            key=f"{page.name}/{file}",
            icon=":material/download:",
            on_click="ignore",
        )
    take_home.charts(page, "fmviz-pins", taking_home.lines(dict(page.runs)))


def known(pinned: Sequence[Pin]) -> list[RunRecord | None]:
    """What the store has of some pins."""
    return [live.engine().store.get(pin.config, brief=True) for pin in pinned]
