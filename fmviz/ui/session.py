"""What a session holds: the only module that touches `st.session_state`.

The values of widgets lie there one by one, under the keys that Streamlit binds to them. All else is
one `Session`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import streamlit as st

from fmviz.charts.curves import Ghost
from fmviz.engine.watch import Watch
from fmviz.export.chart_files import Chart
from fmviz.page.classroom import Classroom, read_classroom
from fmviz.page.kept import Browsers, Kept, named
from fmviz.page.pinned import Pinned
from fmviz.page.spoken import Spoken
from fmviz.page.state import State
from fmviz.pictures.own import Own

KEY = "fmviz.session"
# By which a browser brings its name along when it reloads. It is gone when the browser is closed.
COOKIE = "fmviz"
# Between two places of a page there is room for so many others, over this.
STEP_WITHIN = 2.0**-10
# Of a page; further back than this no one goes by the browser's Back.
ADDRESSES_KEPT = 200


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
        addresses: those that it has had, the newest last.
        unheard: whether the browser has yet to hear of `address`.
        visit: the number of the visit in which it was last opened.
        problems: what is wrong with its address, a sentence each.
        drawn: fields whose controls are drawn in this run so far.
        before: those whose controls the browser has from earlier runs.
        saved: whether this run has come to its end.
        pictured: the number of the visit in which its runs were last drawn.
        asked: button → what the reader has pressed it for.
        file: the one that the reader has had made last, and of what.
        refused: what stands in widgets that show a field in another form, and cannot be read.
        moved: the setting of a run that was moved last; None where a link or a preset has set them.
        goes_closer: whether a step of the story has just been chosen that is told by a closer look.
        closer: the closer look that was drawn last, and on which of its two sides.
        floor: where the axis of accuracies begins, and in which scene; None before it is drawn.
        latest: the run that was drawn last to its end.
        ghost: the one before that.
    """

    goes_closer: bool = False
    closer: tuple[str, int] | None = None
    floor: tuple[object, float] | None = None
    latest: Ghost | None = None
    ghost: Ghost | None = None

    values: State | None = None
    address: dict[str, str] = field(default_factory=dict)
    addresses: OrderedDict[frozenset[tuple[str, str]], None] = field(default_factory=OrderedDict)
    unheard: bool = False
    visit: int | None = None
    problems: list[str] = field(default_factory=list)
    drawn: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    saved: bool = True
    pictured: int | None = None
    asked: dict[str, object] = field(default_factory=dict)
    file: tuple[object, bytes] | None = None
    refused: dict[str, Refused] = field(default_factory=dict)
    moved: str | None = None

    def has_had(self, address: Mapping[str, str]) -> bool:
        """Whether an address is one of `addresses`."""
        return frozenset(address.items()) in self.addresses

    def note(self, address: Mapping[str, str]) -> None:
        """Add an address to `addresses`; the oldest makes room."""
        had = frozenset(address.items())
        self.addresses[had] = None
        self.addresses.move_to_end(had)
        if len(self.addresses) > ADDRESSES_KEPT:
            self.addresses.popitem(last=False)


@dataclass
class Session:
    """What a session holds beside the values of its widgets.

    Attributes:
        begun: when its reader came.
        entered: whether it has been through `app.py`.
        visit: the page that the browser is on, and how it came there.
        pages: by name.
        names: place → the page that is shown there.
        classroom: what holds on all its pages.
        classroom_parameters: what an address has said of it last.
        pinned: its pins.
        browser: the name of the browser.
        kept: what outlives a reload; of this session alone until there is something to keep.
        keeps: whether the browser is to bring its name along.
        watch: what it is waiting for.
        agreed: keys of long runs that its reader has agreed to train.
        charts: those on the page, by their place on it; grows as they are drawn.
        spoken: its texts, likewise.
        own: what its reader has drawn and has sent, on whichever page.
        course: the pages in their order, each a name and a title.
        viewer: the name by which the engine knows whose runs are foreseen; one a tab.
        foreseen: the page of which that is; None where nothing is.
        staged: whether what is drawn now stands on the page's stage, which is to be in sight as a
            whole: there charts are as high on a projector as elsewhere.
        changes: goes up whenever the value of a field may have changed: it was set, or its control
            is drawn.
    """

    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    entered: bool = False
    visit: Visit = field(default_factory=Visit)
    pages: dict[str, PageMemory] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    classroom: Classroom = field(default_factory=Classroom)
    classroom_parameters: dict[str, str] = field(default_factory=dict)
    pinned: Pinned = field(default_factory=Pinned)
    browser: str = field(default_factory=lambda: named(None))
    kept: Kept = field(default_factory=Kept)
    keeps: bool = False
    watch: Watch | None = None
    agreed: set[str] = field(default_factory=set)
    charts: dict[float, Chart] = field(default_factory=dict)
    spoken: Spoken = field(default_factory=Spoken)
    own: Own = field(default_factory=Own)
    course: tuple[tuple[str, str], ...] = ()
    viewer: str = field(default_factory=lambda: named(None))
    foreseen: str | None = None
    staged: bool = False
    changes: int = 0
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
        # A run may end amidst.
        self.staged = False

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


@st.cache_resource(show_spinner=False)
def _browsers() -> Browsers:
    return Browsers()


def session() -> Session:
    """The session that this run of a page belongs to. A new one takes up what is kept of the
    browser, where it has brought its name."""
    # Once: it is looked up hundreds of times a run.
    present: Session | None = st.session_state.get(KEY)
    if present is None:
        browser = named(st.context.cookies.get(COOKIE))
        kept = _browsers().find(browser)
        present = Session(browser=browser) if kept is None else Session(browser=browser, kept=kept)
        st.session_state[KEY] = present
    return present


def has_widget(key: str) -> bool:
    """Whether there is a widget's value."""
    return key in st.session_state


def find_widget(key: str, otherwise: Any) -> Any:
    """A widget's value, or something else where there is none."""
    return st.session_state.get(key, otherwise)


def get_widget(key: str) -> Any:
    """A widget's value.

    Raises:
        KeyError: there is none.
    """
    return st.session_state[key]


def put_widget(key: str, value: Any) -> None:
    """Set the value of a widget that is not drawn yet in this run."""
    st.session_state[key] = value
    session().changes += 1


def is_dark() -> bool:
    """Whether the reader's theme is dark."""
    return bool(st.context.theme.type == "dark")
