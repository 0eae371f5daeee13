"""One module touches the session's state, and its memory has names and types."""

from __future__ import annotations

import re

from fmviz.page.classroom import Classroom
from fmviz.ui.session import ADDRESSES_KEPT, PageMemory, Session
from tests.support.lessons import ROOT


def test_one_module_touches_session_state() -> None:
    files = [*ROOT.glob("fmviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]
    # In code: comments and docstrings may speak of it.
    touching = [f for f in files if re.search(r"^[^#`]*st\.session_state", f.read_text(), re.M)]
    assert [f.name for f in touching] == ["session.py"]


def test_the_classroom_follows_an_address_that_changed_and_says_something() -> None:
    session = Session()
    assert session.read_classroom({"lam": "1"}) == []
    assert session.classroom == Classroom()
    assert session.read_classroom({"projector": "true"}) == []
    assert session.classroom == Classroom(projector=True)
    # A link within the app names none of it; one that names one thing leaves the other.
    assert session.read_classroom({}) == []
    assert session.read_classroom({"vault": "true"}) == []
    assert session.classroom == Classroom(projector=True, vault=True)
    (problem,) = session.read_classroom({"projector": "big"})
    assert problem == "projector must be true or false, not 'big'"
    assert session.classroom == Classroom(projector=True, vault=True)


def test_places_on_a_page_are_counted() -> None:
    session = Session()
    assert [session.next_place(), session.next_place()] == [0, 1]
    session.begin_page()
    assert session.next_place() == 0


def test_a_page_remembers_its_newest_addresses_and_no_more() -> None:
    memory = PageMemory()
    for lam in range(ADDRESSES_KEPT + 50):
        memory.note({"lam": str(lam), "seed": "1"})
        # Come back to, it is a new one again.
        memory.note({"lam": "0", "seed": "1"})
    assert len(memory.addresses) == ADDRESSES_KEPT
    assert memory.has_had({"seed": "1", "lam": "0"})
    assert memory.has_had({"lam": str(ADDRESSES_KEPT + 49), "seed": "1"})
    assert not memory.has_had({"lam": "1", "seed": "1"})
