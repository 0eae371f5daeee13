"""The fields of a page, between its controls and its address.

A control's value lives under the key of `widget(page, field)`. The address holds what differs from
the page's defaults. Whichever of the two changed last wins: a control that moved rewrites the
address, an address that changed sets the controls. What holds on all pages of a session, its
`Classroom` and its pins, stands in every address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import streamlit as st

from fmviz.page import view
from fmviz.page.classroom import Classroom, classroom_query
from fmviz.page.kept import Guess
from fmviz.page.lesson import Lesson
from fmviz.page.pins import PARAMETER
from fmviz.page.state import FOREIGN, State, query, usable
from fmviz.ui.session import (
    PageMemory,
    find_widget,
    get_widget,
    has_widget,
    put_widget,
    session,
)

Game = TypeVar("Game")
# In place of the value that a widget has lost; None may be one.
LOST = object()


def _key(page: str, field: str) -> str:
    return f"{page}.{field}"


def note(page: str, field: str) -> None:
    """Note that the control of a field is drawn in this run."""
    session().page(page).drawn.add(field)
    session().changes += 1


def widget(page: str, field: str) -> dict[str, Any]:
    """Arguments for the widget of a field, noting that it is drawn in this run: the key of its
    value, and whether a teacher's link has locked it.

    A browser that is slow may draw a page's second run first, and never see the value that the
    first has given to a control. Streamlit gives it once more to a browser that has said nothing of
    that control only where its state persists; else the control would stand at its first option,
    and its next word would be that.
    """
    note(page, field)
    return {"key": _key(page, field), "disabled": locked(page, field), "persist_state": "page"}


def css_class(page: str, field: str) -> str:
    """The class by which a browser's scripts find the widget of a field."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", _key(page, field))


def locked(page: str, field: str) -> bool:
    """Whether a teacher's link has locked the control of a field."""
    key = _key(page, "lock")
    return has_widget(key) and view.locked(field, get_widget(key))


def load(lesson: Lesson) -> list[str]:
    """Bring the controls of a lesson's page in line with the address, before they are drawn.

    Returns:
        What was wrong with the address, a sentence each.
    """
    page, visit = lesson.name, session().visit
    memory = session().page(page)
    session().names[visit.place] = page
    arrived, memory.visit = visit.number != memory.visit, visit.number
    # The browser has what was drawn before a run was interrupted, and what an earlier one drew.
    memory.before = memory.drawn if memory.saved else memory.drawn | memory.before
    memory.drawn, memory.saved = set(), False
    address, unread = _own_address(), session().read_classroom(st.query_params.to_dict())
    values = memory.values
    asks = values is None or bool(unread) or _asks(memory, address, arrived=arrived)
    if values is None or asks:
        values, problems = lesson.parse(address)
        if values.view.taught.hide:
            _ask_anew(page, values)
        memory.address, memory.values, memory.problems = address, values, [*unread, *problems]
        memory.moved = None
    if asks or arrived:
        # Another page did not draw these controls: Streamlit forgets them, and so does the browser.
        memory.before = set()
    # What the page that was left has written late may stand in the new one's address.
    memory.unheard = arrived or address != memory.address
    memory.note(address)
    if memory.problems and any(
        has_widget(_key(page, field)) and get_widget(_key(page, field)) != value
        for field, value in values.items()
        if field in memory.before
    ):
        # A control has moved: what was wrong with the address is past, and `save` rewrites it.
        memory.problems = []
    for field, value in values.items():
        # A control that was not drawn in the last run has nothing newer to say; one that Streamlit
        # has lost, or whose value no page can have, neither.
        if field not in memory.before or not _usable(page, field):
            put(page, field, value)
    return memory.problems


def _ask_anew(page: str, values: State) -> None:
    """Forget a guess that was made on another question than the one that a link hides."""
    guesses = session().kept.guesses
    if page in guesses and values not in guesses[page][1:]:
        del guesses[page]


def _asks(memory: PageMemory, address: dict[str, str], *, arrived: bool) -> bool:
    """Whether an address asks for a state. It does not where the page itself has written it, and
    not where a click on the navigation comes back to a page that the session remembers."""
    if not arrived:
        # One that the page has had before comes from a browser that has yet to hear of the next:
        # who goes back to it arrives.
        return address != memory.address and not memory.has_had(address)
    return session().visit.by_history or (bool(address) and address != memory.address)


def _usable(page: str, field: str) -> bool:
    """Whether there is a value of a field that its page can have. Streamlit may hand back None, or
    lose a key, where a change of page crosses a control's word."""
    values = session().page(page).values
    return values is not None and _widget_value(page, field, values, LOST) is not LOST


def _widget_value(page: str, field: str, known: State, otherwise: Any) -> Any:
    """What a field's widget says, where that is a value that its page can have."""
    held = find_widget(_key(page, field), LOST)
    return held if held is not LOST and usable(field, held, known) else otherwise


def keep(place: str) -> None:
    """Remember how the controls of a page stand that was left before it could say so.

    Args:
        place: of a visit.
    """
    page = session().names.get(place, "")
    memory = session().page(page)
    if memory.values is not None:
        memory.values |= {field: value(page, field) for field in memory.values}


def _own_address() -> dict[str, str]:
    """The parameters of the address that are a page's own."""
    others = {*FOREIGN, *Classroom.model_fields}
    return {k: v for k, v in st.query_params.to_dict().items() if k not in others}


def value(page: str, field: str) -> Any:
    """The present value of a field, drawn or not; the last good one where its control has none."""
    known = session().page(page).values
    if known is None:
        return get_widget(_key(page, field))
    return _widget_value(page, field, known, known[field])


def values(page: str, fields: Iterable[str]) -> dict[str, Any]:
    """The present values of fields, as `value` has them, of a page that has been loaded."""
    known = session().page(page).values
    assert known is not None
    return {field: _widget_value(page, field, known, known[field]) for field in fields}


def moved(page: str) -> str | None:
    """The setting of a run that the reader has moved last on a page since a link or a preset has
    set them all."""
    return session().page(page).moved


def drawn(page: str, field: str) -> bool:
    """Whether a field's control has been drawn in this run of the page."""
    return field in session().page(page).drawn


def has(page: str, field: str) -> bool:
    """Whether a page's lesson has a field."""
    return has_widget(_key(page, field)) or field in (session().page(page).values or ())


def put(page: str, field: str, value: Any) -> None:
    """Set a field whose control is not drawn yet in this run."""
    put_widget(_key(page, field), value)


def save(page: str, start: State, values: State) -> None:
    """Remember what the controls say, and write it to the address.

    An address that could not be read whole stays as it is until a control moves, so that its
    reader can see and mend it.
    """
    memory, guesses = session().page(page), session().kept.guesses
    before = values if memory.values is None else memory.values
    for field, value in values.settings.items():
        if value != before[field]:
            memory.moved = field
    memory.values, memory.saved = values, True
    if page in guesses:
        guesses[page] = guesses[page]._replace(seen=values)
    present = {name: st.query_params.get_all(name) for name in st.query_params}
    address, room = memory.address, session().classroom_parameters
    if memory.problems:
        wanted = dict(present)
    else:
        address, room = query(values, start), classroom_query(session().classroom)
        wanted = {name: texts for name, texts in present.items() if name in FOREIGN}
        wanted |= {name: [text] for name, text in {**address, **room}.items()}
    wanted[PARAMETER] = session().pinned.parameters()
    wanted = {name: texts for name, texts in wanted.items() if texts}
    if wanted != present or memory.unheard:
        st.query_params.from_dict(wanted)
    # Only now: writing may be interrupted.
    memory.address, memory.unheard, session().classroom_parameters = address, False, room
    memory.note(address)


def load_pins() -> list[str]:
    """Bring the session's pins in line with the address; what is wrong with it, a sentence each."""
    return session().pinned.read(tuple(st.query_params.get_all(PARAMETER)))


def apply(page: str, values: State) -> None:
    """Set every control of a page; for callbacks, which run before the page does."""
    memory = session().page(page)
    memory.values, memory.problems, memory.moved = values, [], None
    for field, value in values.items():
        put(page, field, value)


def guess(page: str, *, obliged: bool = False) -> int | None:
    """What the reader has guessed: an option's index, −1 for skipped, None for not yet.

    Args:
        obliged: whether even a reader who wants no guesses is asked.
    """
    kept = session().kept
    made = kept.guesses.get(page)
    return (made and made.option) if kept.asks or obliged else -1


def guessed_on(page: str) -> State | None:
    """The state of the page on which the guess was made."""
    made = session().kept.guesses.get(page)
    return made and made.on


def set_guess(page: str, option: int, on: State | None = None) -> None:
    """Remember a guess and the state it was made on; −1 is skipped."""
    session().kept.guesses[page] = Guess(option, on)
    session().keep()


def asked_for(page: str, name: str, what: object) -> bool:
    """Whether the reader has pressed the button `name` of a page for this very thing."""
    return session().page(page).asked.get(name) == what


def ask_for(page: str, name: str, what: object) -> None:
    """Remember that a button was pressed, and for what; for callbacks."""
    session().page(page).asked[name] = what


def take_up(page: str, name: str) -> object:
    """What the reader has pressed the button `name` of a page for, once; else None."""
    return session().page(page).asked.pop(name, None)


def pick_key(page: str, field: str) -> str:
    """Session-state key for a chart on which a field's value can be clicked."""
    return f"{page}/{field} on a chart"


def pick(page: str, field: str) -> None:
    """Take a field's value from a click on its chart, whose selection "picked" holds that field;
    for `on_select`, which is called before the page runs."""
    picked = clicked(page, field, field)
    if picked is not None and not locked(page, field):
        put(page, field, picked)


def clicked(page: str, chart: str, field: str) -> int | None:
    """What was clicked on a chart whose selection "picked" holds a field; for `on_select`."""
    picked = get_widget(pick_key(page, chart))["selection"]["picked"]
    return int(picked[0][field]) if picked else None


def game(page: str, begin: Callable[[], Game]) -> Game:
    """The game that this browser is at; a new one where there is none."""
    games = session().kept.games
    if page not in games:
        games[page] = begin()
    running: Game = games[page]
    return running


def set_game(page: str, game: object) -> None:
    """Remember how a game stands; for callbacks."""
    session().kept.games[page] = game
    session().keep()


def made_file(page: str, what: object) -> bytes | None:
    """The file that the reader has had made last on a page, where it is this one."""
    held, content = session().page(page).file or (None, None)
    return content if held == what else None


def keep_file(page: str, what: object, content: bytes) -> None:
    """Hold on to a file in place of the last one, whatever page that was made on: it is the largest
    thing that a session holds."""
    for memory in session().pages.values():
        memory.file = None
    session().page(page).file = what, content
