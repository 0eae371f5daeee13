"""The state of a page: the only module that touches `st.session_state` and `st.query_params`.

A control's value lives under the key of `widget(page, field)`. The address holds what differs from
the page's defaults. Whichever of the two changed last wins: a control that moved rewrites the
address, an address that changed sets the controls. What holds on all pages of a session, its
`Classroom`, stands in every address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from fmviz.engine.watch import Watch
from fmviz.export.chart_files import Chart
from fmviz.page import view
from fmviz.page.classroom import Classroom, classroom_query, read_classroom
from fmviz.page.lesson import Lesson
from fmviz.page.pins import PARAMETER, Pin, decode_all, encode_all
from fmviz.page.state import FOREIGN, State, query
from fmviz.page.vault import Vault

Game = TypeVar("Game")
_WATCH = "fmviz.watch"
_NO_GUESSES = "fmviz.no guesses"
_GO = "fmviz.go"
_CHARTS = "fmviz.charts"
_PLACES = "fmviz.places"
_CLASSROOM = "fmviz.classroom"
_VAULT = "fmviz.vault"
_PINS = "fmviz.pins"


def _key(page: str, field: str) -> str:
    return f"{page}.{field}"


def note(page: str, field: str) -> None:
    """Note that the control of a field is drawn in this run."""
    _memory(page)["drawn"].add(field)


def widget(page: str, field: str) -> dict[str, Any]:
    """Arguments for the widget of a field, noting that it is drawn in this run: the key of its
    value, and whether a teacher's link has locked it."""
    note(page, field)
    return {"key": _key(page, field), "disabled": locked(page, field)}


def locked(page: str, field: str) -> bool:
    """Whether a teacher's link has locked the control of a field."""
    return view.locked(field, st.session_state.get(_key(page, "lock"), ()))


def _memory(page: str) -> dict[str, Any]:
    memory: dict[str, Any] = st.session_state.setdefault(f"{page}/memory", {"drawn": set()})
    return memory


def load(lesson: Lesson) -> list[str]:
    """Bring the controls of a lesson's page in line with the address, before they are drawn.

    Returns:
        What was wrong with the address, a sentence each.
    """
    page = lesson.name
    memory = _memory(page)
    drawn, memory["drawn"] = memory["drawn"], set()
    address, unread = _own_address(), _load_classroom()
    if address and address == memory.get("passed"):
        # The browser's way back from where `go` led: the parameters were on their way there.
        address = {}
    # Coming back from another page, the address is bare and the session remembers.
    if "values" not in memory or unread or (address and address != memory["address"]):
        parsed = lesson.parse(address)
        memory.update(address=address, values=parsed.state, problems=[*unread, *parsed.problems])
        if parsed.state.get("hide"):
            # What was guessed before was another question.
            st.session_state.pop(f"{page}/guess", None)
        drawn = set()
    if memory["problems"] and any(
        st.session_state.get(_key(page, field), value) != value
        for field, value in memory["values"].items()
        if field in drawn
    ):
        # A control has moved: what was wrong with the address is past, and `save` rewrites it.
        memory.update(problems=[], address=None)
    for field, value in memory["values"].items():
        # A control that was not drawn in the last run has nothing newer to say, and Streamlit
        # forgets one that another page did not draw.
        if field not in drawn or _key(page, field) not in st.session_state:
            st.session_state[_key(page, field)] = value
    problems: list[str] = memory["problems"]
    return problems


def _own_address() -> dict[str, str]:
    """The parameters of the address that are a page's own."""
    others = {*FOREIGN, *Classroom.model_fields}
    return {k: v for k, v in st.query_params.to_dict().items() if k not in others}


def _load_classroom() -> list[str]:
    """Take from an address that changed what it says for the whole session; a sentence for each
    parameter of it that cannot be read."""
    present = st.query_params.to_dict()
    said = {name: present[name] for name in Classroom.model_fields if name in present}
    room = st.session_state.setdefault(_CLASSROOM, Classroom())
    if not said or said == st.session_state.get(f"{_CLASSROOM}: address"):
        return []
    named, problems = read_classroom(said)
    # A bare link within the app names none of it, and changes none of it.
    st.session_state[_CLASSROOM] = room.model_copy(
        update=named.model_dump(include=named.model_fields_set)
    )
    st.session_state[f"{_CLASSROOM}: address"] = said
    return problems


def classroom() -> Classroom:
    """What holds on all pages of this session."""
    room: Classroom = st.session_state.setdefault(_CLASSROOM, Classroom())
    return room


def set_classroom(**changes: bool) -> None:
    """Change what holds on all pages; for callbacks."""
    st.session_state[_CLASSROOM] = classroom().model_copy(update=changes)


def vault() -> Vault:
    """The test vault of this session."""
    present: Vault = st.session_state.setdefault(_VAULT, Vault())
    return present


def set_vault(vault: Vault) -> None:
    """Remember what the vault holds."""
    st.session_state[_VAULT] = vault


def value(page: str, field: str) -> Any:
    """The present value of a field, drawn or not."""
    return st.session_state[_key(page, field)]


def drawn(page: str, field: str) -> bool:
    """Whether a field's control has been drawn in this run of the page."""
    return field in _memory(page)["drawn"]


def has(page: str, field: str) -> bool:
    """Whether a page's lesson has a field."""
    return _key(page, field) in st.session_state


def put(page: str, field: str, value: Any) -> None:
    """Set a field whose control is not drawn yet in this run."""
    st.session_state[_key(page, field)] = value


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


def mirror(
    page: str, field: str, form: str, shown: Any, read: Callable[[Any], Any]
) -> dict[str, Any]:
    """Arguments for a widget that shows a field in another form, such as text for a list.

    The widget has a key of its own, and shows the field's value whatever changed that. What the
    reader makes of it becomes the field's value before the page runs again.

    Args:
        form: names the widget's key on its page.
        shown: the field's value in the widget's form.
        read: from the widget's form to the field's value; a ValueError, with a sentence, leaves
            the field as it was. The entry then stays, to be mended, until the field gets another
            value; meanwhile `refusal` gives the sentence.
    """
    note(page, field)
    key = _form(page, form)
    refused = _refused(page, form)
    if refused is not None and refused.shown != shown:
        del st.session_state[f"{key}: refused"]
        refused = None
    st.session_state[key] = shown if refused is None else refused.entry

    def take() -> None:
        entry = st.session_state[key]
        try:
            put(page, field, read(entry))
        except ValueError as error:
            st.session_state[f"{key}: refused"] = Refused(entry, str(error), shown)
        else:
            st.session_state.pop(f"{key}: refused", None)

    return {"key": key, "on_change": take, "disabled": locked(page, field)}


def refusal(page: str, form: str) -> str | None:
    """Why what was entered last in a widget of `mirror` is not the field's value; None where it
    is."""
    refused = _refused(page, form)
    return None if refused is None else refused.reason


def _form(page: str, form: str) -> str:
    return f"{page}/{form}"


def _refused(page: str, form: str) -> Refused | None:
    found: Refused | None = st.session_state.get(f"{_form(page, form)}: refused")
    return found


def save(page: str, start: State, values: State) -> None:
    """Remember what the controls say, and write it to the address.

    An address that could not be read whole stays as it is until a control moves, so that its
    reader can see and mend it.
    """
    memory = _memory(page)
    memory["values"] = values
    present = {name: st.query_params.get_all(name) for name in st.query_params}
    if memory["problems"]:
        wanted = dict(present)
    else:
        address, room = query(values, start), classroom_query(classroom())
        memory["address"] = address
        st.session_state[f"{_CLASSROOM}: address"] = room
        wanted = {name: texts for name, texts in present.items() if name in FOREIGN}
        wanted |= {name: [text] for name, text in {**address, **room}.items()}
    wanted[PARAMETER] = _pins_address()
    wanted = {name: texts for name, texts in wanted.items() if texts}
    if wanted != present:
        st.query_params.from_dict(wanted)


def load_pins() -> list[str]:
    """Bring the session's pins in line with the address: a link that has some replaces them, one
    without keeps them, and so does one that this session has had before, to which a browser goes
    back.

    Returns:
        What was wrong with the address's pins, a sentence each.
    """
    memory = _pins_memory()
    texts = tuple(st.query_params.get_all(PARAMETER))
    if texts != memory["faulty"]:
        memory.update(problems=[], faulty=None)
        if texts and texts not in memory["seen"]:
            pins, problems = decode_all(texts)
            memory.update(pins=pins, problems=problems, faulty=texts if problems else None)
            memory["seen"].add(texts)
    said: list[str] = memory["problems"]
    return said


def pins() -> tuple[Pin, ...]:
    """The runs that this session has pinned, in their order."""
    kept: tuple[Pin, ...] = _pins_memory()["pins"]
    return kept


def set_pins(pins: Sequence[Pin]) -> None:
    """Pin these runs and no others. What was wrong with the address is past then."""
    _pins_memory().update(pins=tuple(pins), problems=[], faulty=None)


def _pins_memory() -> dict[str, Any]:
    empty: dict[str, Any] = {"pins": (), "problems": [], "faulty": None, "seen": set()}
    memory: dict[str, Any] = st.session_state.setdefault(_PINS, empty)
    return memory


def _pins_address() -> list[str]:
    """The pins as they stand in every page's address; a faulty one stays, to be seen and mended."""
    memory = _pins_memory()
    texts = memory["faulty"] or tuple(encode_all(memory["pins"]))
    memory["seen"].add(texts)
    return list(texts)


def apply(page: str, values: State) -> None:
    """Set every control of a page; for callbacks, which run before the page does."""
    _memory(page).update(values=values, problems=[])
    for field, value in values.items():
        st.session_state[_key(page, field)] = value


def guess(page: str, *, obliged: bool = False) -> int | None:
    """What the reader has guessed: an option's index, −1 for skipped, None for not yet.

    Args:
        obliged: whether even a reader who wants no guesses is asked.
    """
    if st.session_state.get(_NO_GUESSES) and not obliged:
        return -1
    guessed: int | None = st.session_state.get(f"{page}/guess")
    return guessed


def guessed_on(page: str) -> State:
    """The state of the page on which the guess was made."""
    values: State = st.session_state[f"{page}/guessed on"]
    return values


def set_guess(page: str, option: int, on: State | None = None) -> None:
    """Remember a guess and the state it was made on; −1 is skipped."""
    st.session_state[f"{page}/guess"] = option
    st.session_state[f"{page}/guessed on"] = on


def skip_guesses() -> None:
    """Ask for no guess on any page of this session."""
    st.session_state[_NO_GUESSES] = True


def asked_for(page: str, name: str, what: object) -> bool:
    """Whether the reader has pressed the button `name` of a page for this very thing."""
    return bool(st.session_state.get(f"{page}/{name}") == what)


def ask_for(page: str, name: str, what: object) -> None:
    """Remember that a button was pressed, and for what; for callbacks."""
    st.session_state[f"{page}/{name}"] = what


def pick_key(page: str, field: str) -> str:
    """Session-state key for a chart on which a field's value can be clicked."""
    return f"{page}/{field} on a chart"


def pick(page: str, field: str) -> None:
    """Take a field's value from a click on its chart, whose selection "picked" holds that field;
    for `on_select`, which is called before the page runs."""
    picked = st.session_state[pick_key(page, field)]["selection"]["picked"]
    if picked and not locked(page, field):
        st.session_state[_key(page, field)] = int(picked[0][field])


def clicked(page: str, chart: str, field: str) -> int | None:
    """What was clicked on a chart whose selection "picked" holds a field; for `on_select`."""
    picked = st.session_state[pick_key(page, chart)]["selection"]["picked"]
    return int(picked[0][field]) if picked else None


def go(page: str, target: str, query: dict[str, str]) -> None:
    """Have a page lead on to another one as it next begins; for callbacks, which cannot."""
    st.session_state[_GO] = target, query
    # On the way there Streamlit puts the query into the address of the page that is left.
    _memory(page)["passed"] = query


def gone_to() -> tuple[str, dict[str, str]] | None:
    """The page that `go` has named, and its parameters; once."""
    target: tuple[str, dict[str, str]] | None = st.session_state.pop(_GO, None)
    return target


def game(page: str, begin: Callable[[], Game]) -> Game:
    """The game that this session is at; a new one where there is none."""
    key = f"{page}/game"
    if key not in st.session_state:
        st.session_state[key] = begin()
    running: Game = st.session_state[key]
    return running


def set_game(page: str, game: object) -> None:
    """Remember how a game stands; for callbacks."""
    st.session_state[f"{page}/game"] = game


def swap_watch(watch: Watch | None) -> Watch | None:
    """Remember the watch that this session holds; returns the one it held before."""
    previous: Watch | None = st.session_state.get(_WATCH)
    st.session_state[_WATCH] = watch
    return previous


def begin_charts() -> None:
    """Forget the charts of the page's last run; its script begins."""
    st.session_state[_CHARTS], st.session_state[_PLACES] = {}, 0


def charts() -> dict[int, Chart]:
    """The charts on the page, by their place on it: grows as they are drawn."""
    drawn: dict[int, Chart] = st.session_state.setdefault(_CHARTS, {})
    return drawn


def next_place() -> int:
    """A number for a place on the page: they go up in the order in which places are made."""
    number: int = st.session_state.get(_PLACES, 0)
    st.session_state[_PLACES] = number + 1
    return number


def made_file(page: str, what: object) -> bytes | None:
    """The file that the reader has had made last on a page, where it is this one."""
    held, content = st.session_state.get(f"{page}/file", (None, None))
    return content if held == what else None


def keep_file(page: str, what: object, content: bytes) -> None:
    """Hold on to a file in place of the last one."""
    st.session_state[f"{page}/file"] = what, content


def is_dark() -> bool:
    """Whether the reader's theme is dark."""
    return bool(st.context.theme.type == "dark")
