"""What a session holds: the only module that touches `st.session_state`.

The values of widgets lie there one by one, under the keys that Streamlit binds to them. All else is
one `Session`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import streamlit as st

from fmviz.engine.watch import Watch
from fmviz.export.chart_files import Chart
from fmviz.page.classroom import Classroom, read_classroom
from fmviz.page.kept import Browsers, Kept, named
from fmviz.page.pinned import Pinned
from fmviz.page.spoken import Spoken
from fmviz.page.state import State

KEY = "fmviz.session"
# By which a browser brings its name along when it reloads. It is gone when the browser is closed.
COOKIE = "fmviz"
# Between two places of a page there is room for so many others, over this.
STEP_WITHIN = 2.0**-10


class Refused(NamedTuple):
    """What a reader has entered that makes no value.

    Attributes:
        entry: as it was entered.
        reason: a sentence.
        shown: what the widget showed of the field's value then.
    """

    entry: Any
    reason: str
    shown: Any


@dataclass(frozen=True)
class Visit:
    """A stay on one page, from the browser's coming to it to its leaving.

    Attributes:
        number: counts the visits of a session.
        place: Streamlit's hash of the page.
        by_history: whether Back or Forward has led here.
        before: the place of the visit before.
        query: the address's parameters when it began.
    """

    number: int = 0
    place: str = ""
    by_history: bool = False
    before: str = ""
    query: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass
class PageMemory:
    """What a session remembers of a page.

    Attributes:
        values: the state that it was last seen in; None before it first opens.
        address: the parameters of its own that it was given or has written last.
        addresses: all that it has ever had.
        unheard: whether the browser has yet to hear of `address`.
        visit: the number of the visit in which it was last opened.
        problems: what is wrong with its address, a sentence each.
        passed: the parameters that `go` has put there on the way to another page.
        drawn: fields whose controls are drawn in this run so far.
        before: those whose controls the browser has from earlier runs.
        saved: whether this run has come to its end.
        asked: button → what the reader has pressed it for.
        file: the one that the reader has had made last, and of what.
        refused: what stands in widgets that show a field in another form, and cannot be read.
    """

    values: State | None = None
    address: dict[str, str] = field(default_factory=dict)
    addresses: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    unheard: bool = False
    visit: int | None = None
    problems: list[str] = field(default_factory=list)
    passed: dict[str, str] | None = None
    drawn: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    saved: bool = True
    asked: dict[str, object] = field(default_factory=dict)
    file: tuple[object, bytes] | None = None
    refused: dict[str, Refused] = field(default_factory=dict)


@dataclass
class Session:
    """What a session holds beside the values of its widgets.

    Attributes:
        entered: whether it has been through `app.py`.
        visit: the page that the browser is on, and how it came there.
        pages: by name.
        names: place → the page that is shown there.
        going: the page that is to be shown instead of the next, and its parameters.
        classroom: what holds on all its pages.
        classroom_parameters: what an address has said of it last.
        pinned: its pins.
        browser: the name of the browser.
        kept: what outlives a reload; of this session alone until there is something to keep.
        keeps: whether the browser is to bring its name along.
        watch: what it is waiting for.
        charts: those on the page, by their place on it; grows as they are drawn.
        spoken: its texts, likewise.
        course: the pages in their order, each a name and a title.
    """

    entered: bool = False
    visit: Visit = field(default_factory=Visit)
    pages: dict[str, PageMemory] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    going: tuple[str, dict[str, str]] | None = None
    classroom: Classroom = field(default_factory=Classroom)
    classroom_parameters: dict[str, str] = field(default_factory=dict)
    pinned: Pinned = field(default_factory=Pinned)
    browser: str = field(default_factory=lambda: named(None))
    kept: Kept = field(default_factory=Kept)
    keeps: bool = False
    watch: Watch | None = None
    charts: dict[float, Chart] = field(default_factory=dict)
    spoken: Spoken = field(default_factory=Spoken)
    course: tuple[tuple[str, str], ...] = ()
    _places: float = 0
    _step: float = 1

    def page(self, name: str) -> PageMemory:
        """What it remembers of a page."""
        return self.pages.setdefault(name, PageMemory())

    def read_classroom(self, query: Mapping[str, str]) -> list[str]:
        """Take from an address that changed what it says for the whole session; a sentence for each
        parameter of it that cannot be read."""
        parameters = {name: query[name] for name in Classroom.model_fields if name in query}
        if not parameters or parameters == self.classroom_parameters:
            return []
        named, problems = read_classroom(parameters)
        # A bare link within the app names none of it, and changes none of it.
        changes = named.model_dump(include=named.model_fields_set)
        self.classroom = self.classroom.model_copy(update=changes)
        self.classroom_parameters = parameters
        return problems

    def keep(self) -> None:
        """Have the server remember what is kept of the browser: there is something new."""
        self.keeps = True
        _browsers().put(self.browser, self.kept)

    def skip_guesses(self) -> None:
        """Ask for no guess on any page; for callbacks."""
        self.kept.asks = False
        self.keep()

    def begin_page(self) -> None:
        """Forget the charts and texts of the page's last run; its script begins."""
        self.charts, self.spoken, self._places, self._step = {}, Spoken(), 0, 1

    def next_place(self) -> float:
        """A number for a place on the page: they go up in the order in which the places stand."""
        place = self._places
        self._places += self._step
        return place

    @contextmanager
    def within(self, place: float) -> Iterator[None]:
        """Number the places that are made here after that one and before the next, for they stand
        there though they are made late."""
        outer = self._places, self._step
        self._step = STEP_WITHIN
        self._places = place + self._step
        try:
            yield
        finally:
            self._places, self._step = outer

    def swap_watch(self, watch: Watch | None) -> Watch | None:
        """Hold another watch; returns the one it held before."""
        previous, self.watch = self.watch, watch
        return previous

    def gone_to(self) -> tuple[str, dict[str, str]] | None:
        """The page that is to be shown instead, and its parameters; once."""
        target, self.going = self.going, None
        return target


@st.cache_resource(show_spinner=False)
def _browsers() -> Browsers:
    return Browsers()


def session() -> Session:
    """The session that this run of a page belongs to. A new one takes up what is kept of the
    browser, where it has brought its name."""
    if KEY not in st.session_state:
        browser = named(st.context.cookies.get(COOKIE))
        kept = _browsers().find(browser)
        begun = Session(browser=browser) if kept is None else Session(browser=browser, kept=kept)
        st.session_state[KEY] = begun
    present: Session = st.session_state[KEY]
    return present


def has_widget(key: str) -> bool:
    """Whether there is a widget's value."""
    return key in st.session_state


def get_widget(key: str) -> Any:
    """A widget's value.

    Raises:
        KeyError: there is none.
    """
    return st.session_state[key]


def put_widget(key: str, value: Any) -> None:
    """Set the value of a widget that is not drawn yet in this run."""
    st.session_state[key] = value


def is_dark() -> bool:
    """Whether the reader's theme is dark."""
    return bool(st.context.theme.type == "dark")
