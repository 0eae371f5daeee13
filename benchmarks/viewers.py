"""Viewers of the app without browsers: websocket clients that speak Streamlit's own protocol.

A browser costs as much of a small machine as the app it looks at. These clients send what a browser
sends (cookies, origin, the state of every widget at each move) and take in what it gets, but draw
nothing, so that one process holds a whole class:

    async with Viewer(address) as viewer:
        await viewer.open("regularisation", "lam=3")
        move = await viewer.step("lam", +1)
        print(move.first_point, move.complete, move.status)

They go to this machine only.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

XSRF_COOKIE = "_streamlit_xsrf"
# What a browser sends for a token where it has no cookie.
NO_TOKEN = "PLACEHOLDER_AUTH_TOKEN"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) fmviz-viewer"
# Seconds that a move is waited for, unless told otherwise.
PATIENCE = 120.0

State = Literal["waiting", "training", "done", "failed", "asking"]
# The status line of a page begins with one of these; `fmviz.ui.status` writes it.
STATES: dict[str, State] = {
    ":material/hourglass_top:": "waiting",
    ":material/play_arrow:": "training",
    ":material/check:": "done",
    ":material/inventory_2:": "done",
    ":material/bolt:": "done",
    ":material/error:": "failed",
    # What takes long begins at a click.
    ":material/timer:": "asking",
}
EPOCH = re.compile(r"\bepoch (\d+) of \d+")
# Kinds of elements and the field of each that holds its words.
WORDS = {
    "alert": "body",
    "heading": "body",
    "markdown": "body",
    "text": "body",
    "exception": "message",
    "progress": "text",
}


class ForeignHost(ValueError):
    """An address that is not this machine's: load is for one's own server."""


def loopback(address: str) -> str:
    """The address of an app on this machine, without a slash at its end.

    Raises:
        ForeignHost: it is another machine's, or no http address.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    if parts.scheme != "http" or not own:
        raise ForeignHost(
            f"{address!r} is not an app of this machine: give http://localhost:PORT or "
            "http://127.0.0.1:PORT"
        )
    return address.rstrip("/")


def state_of(words: str) -> State | None:
    """What a status line says of the page's runs; None of any other words."""
    icon, _, _ = words.partition(" ")
    return STATES.get(icon)


@dataclass
class Move:
    """What a viewer did once, and what came of it. Times are seconds since it was sent.

    Attributes:
        what: in words.
        first_point: when the first chart came that had a point of the new runs.
        complete: when the charts came that show these runs to their end.
        ended: when the page's script had ended.
        waited: whether the page said that the runs wait for the worker.
        trained: whether any epoch was seen in training.
        status: the last status line.
        errors: exceptions and red boxes on the page.
        words: all that it said of its runs, of how far they are, and in boxes.
        heard: the clock, `time.perf_counter`, when it last said something new.
        bytes: received over the websocket; pictures come by http.
        charts: received.
    """

    what: str
    begun: float = field(default_factory=time.perf_counter)
    first_point: float | None = None
    complete: float | None = None
    ended: float | None = None
    waited: bool = False
    trained: bool = False
    status: str = ""
    errors: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    heard: float = field(default_factory=time.perf_counter)
    bytes: int = 0
    charts: int = 0

    @property
    def state(self) -> State | None:
        """What the last status line said; None where the page has none."""
        return state_of(self.status)

    @property
    def done(self) -> bool:
        """Whether all came that was asked for, whatever else the page may offer to train."""
        ended = self.ended is not None and self.complete is not None
        return ended and self.state != "failed" and not self.errors

    def _hear(self, words: str) -> None:
        if words not in self.words:
            self.words.add(words)
            self.heard = time.perf_counter()

    def _since(self) -> float:
        return time.perf_counter() - self.begun


class Shown(NamedTuple):
    """One element on a viewer's screen; of what is only looked at (charts, pictures) the kind."""

    kind: str
    content: Any = None


class Widget(NamedTuple):
    """A control on a viewer's screen.

    Attributes:
        kind: of element, such as "slider".
        id: Streamlit's, which ends with the key that the app gave it.
        label: as it stands beside it.
        field: of `WidgetState`, that holds its value.
        options: of one that has any, in their order, as they are written.
        value: as the page sent it.
        given: whether the page insists on that value, whatever the browser holds.
        disabled: whether it cannot be moved.
    """

    kind: str
    id: str
    label: str
    field: str
    options: Sequence[str]
    value: Any
    given: bool
    disabled: bool

    @property
    def key(self) -> str:
        """The app's name for it."""
        return self.id.split("-", 2)[-1]


class Screen:
    """What a browser would show: elements by their place on the page."""

    def __init__(self) -> None:
        self._elements: dict[tuple[int, ...], tuple[str, Shown]] = {}

    def draw(self, place: tuple[int, ...], run: str, shown: Shown) -> None:
        """Put an element in its place, for one run of the script."""
        self._elements[place] = run, shown

    def sweep(self, run: str) -> None:
        """A run of the script has ended: what it has not drawn goes away."""
        self._elements = {p: drawn for p, drawn in self._elements.items() if drawn[0] == run}

    def widgets(self) -> list[Widget]:
        """All controls, from the top of the page to its end."""
        found = (_widget(shown) for _, (_, shown) in sorted(self._elements.items()))
        return [widget for widget in found if widget is not None]

    def widget(self, name: str) -> Widget:
        """A control by its label, its key, or the end of its key after the page's name.

        Raises:
            LookupError: there is none, with what there is.
        """
        widgets = self.widgets()
        for widget in widgets:
            if name in (widget.label, widget.key, re.split(r"[./]", widget.key, maxsplit=1)[-1]):
                return widget
        names = ", ".join(sorted(f"{w.label} ({w.key})" for w in widgets))
        raise LookupError(f"no control {name!r} on the page; there are {names or 'none'}")

    def texts(self, *kinds: str) -> list[str]:
        """What stands on the page in words, or in its elements of these kinds."""
        return [
            _words(shown)
            for _, (_, shown) in sorted(self._elements.items())
            if shown.kind in WORDS and (not kinds or shown.kind in kinds)
        ]

    def metrics(self) -> list[tuple[str, str]]:
        """The figures on the page, each with its label."""
        return [
            (shown.content.label, shown.content.body)
            for _, (_, shown) in sorted(self._elements.items())
            if shown.kind == "metric"
        ]


class Viewer:
    """One viewer with one tab. `async with` closes it; `vanish` leaves as a dead battery does.

    Args:
        address: of an app on this machine.

    Raises:
        ForeignHost: it is another machine's.
    """

    def __init__(self, address: str) -> None:
        self.address = loopback(address)
        self.screen = Screen()
        self.query = ""
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._move = Move("nothing yet")
        self._page, self._page_hash, self._run = "", "", ""
        # Of the run that the last move has started; a late end of one before it counts for nothing.
        self._awaits_run = True
        self._states: dict[str, WidgetState] = {}
        self._cache = _Cache()

    async def __aenter__(self) -> Viewer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, page: str, query: str = "", *, patience: float = PATIENCE) -> Move:
        """Open a page in a new tab, in place of the one before, and wait until it is at rest.

        Args:
            page: its name in the address, such as "regularisation".
            query: what stands after the question mark.
        """
        await self.start(page, query)
        return await self.rest(patience)

    async def start(self, page: str, query: str = "") -> Move:
        """Open a page without waiting for it."""
        await self.close()
        self._page, self._page_hash, self.query = page, "", query
        self.screen, self._states, self._cache = Screen(), {}, _Cache()
        self._move = Move(f"open {page}" + (f"?{query}" if query else ""))
        self._socket = await self._connected()
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._send()
        return self._move

    async def choose(self, name: str, value: str, *, patience: float = PATIENCE) -> Move:
        """Set a control to one of its options, as it is written there."""
        await self.set(name, value)
        return await self.rest(patience)

    async def step(self, name: str, steps: int, *, patience: float = PATIENCE) -> Move:
        """Move a slider by some of its options."""
        await self.set(name, self.beside(name, steps))
        return await self.rest(patience)

    async def press(self, name: str, *, patience: float = PATIENCE) -> Move:
        """Press a button."""
        await self.set(name, True)
        return await self.rest(patience)

    def beside(self, name: str, steps: int) -> str:
        """The option so many steps from where a control stands; the last one there is, at its end.

        Raises:
            LookupError: there is no such control, or it has no options.
        """
        widget = self.screen.widget(name)
        if not widget.options:
            raise LookupError(f"{widget.label} has no options to step through")
        present = widget.options.index(self.value(name))
        return widget.options[min(max(present + steps, 0), len(widget.options) - 1)]

    def value(self, name: str) -> Any:
        """What a control says: as it is written, or a number."""
        widget = self.screen.widget(name)
        value = getattr(self._states[widget.id], widget.field)
        if widget.field in ("string_array_value", "double_array_value"):
            return value.data[0] if len(value.data) == 1 else list(value.data)
        return value

    async def set(self, name: str, value: Any) -> Move:
        """Move a control without waiting for what comes of it.

        Raises:
            LookupError: there is no such control.
            ValueError: it cannot be moved, or not there.
        """
        widget = self.screen.widget(name)
        if widget.disabled:
            raise ValueError(f"{widget.label} cannot be moved")
        if widget.options and value not in widget.options:
            raise ValueError(f"{widget.label} is one of {', '.join(widget.options)}, not {value}")
        self._move = Move(f"{widget.label}: {value}")
        state = _state(widget, value)
        if widget.field == "trigger_value":
            await self._send(state)
        else:
            self._states[widget.id] = state
            await self._send()
        return self._move

    async def rest(self, patience: float = PATIENCE) -> Move:
        """Wait until the page is at rest, or no longer; what came of the last move."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), patience)
        return self._move

    async def close(self) -> None:
        """Close the tab."""
        if self._socket is not None:
            await self._socket.close()
        await self._forget()

    async def vanish(self) -> None:
        """Be gone without a word: the connection breaks."""
        if self._socket is not None:
            self._socket.transport.abort()
        await self._forget()

    async def _forget(self) -> None:
        if self._reader is not None:
            await self._reader
        self._socket = self._reader = None

    # What goes over the wire ------------------------------------------------------------------

    async def _connected(self) -> ClientConnection:
        cookies = await asyncio.to_thread(_cookies, f"{self.address}/_stcore/health")
        tokens = ("streamlit", cookies.get(XSRF_COOKIE, NO_TOKEN))
        return await connect(
            f"ws{self.address.removeprefix('http')}/_stcore/stream",
            origin=Origin(self.address),
            subprotocols=[Subprotocol(token) for token in tokens],
            additional_headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
            user_agent_header=USER_AGENT,
            compression=None,
            max_size=None,
            proxy=None,
            open_timeout=PATIENCE,
        )

    async def _send(self, *pressed: WidgetState) -> None:
        """Have the script run again, with all widgets as they stand and one button pressed."""
        assert self._socket is not None
        self._ended.clear()
        self._awaits_run = True
        message = BackMsg()
        state: ClientState = message.rerun_script
        state.query_string = self.query
        state.widget_states.widgets.extend((*self._states.values(), *pressed))
        if self._page_hash:
            state.page_script_hash = self._page_hash
        else:
            state.page_name = self._page
        state.cached_message_hashes.extend(self._cache.hashes())
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en-GB"
        state.context_info.url = f"{self.address}/{self._page}"
        state.context_info.color_scheme = "light"
        await self._socket.send(message.SerializeToString())

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for frame in socket:
                assert isinstance(frame, bytes)
                self._move.bytes += len(frame)
                self._take(ForwardMsg.FromString(frame))
        if not self._ended.is_set():
            self._move.errors.append("the connection was lost")
            self._ended.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._run = message.metadata.run.script_run_id
            self._page_hash = message.new_session.page_script_hash or self._page_hash
            self._cache.age = message.new_session.config.max_cached_message_age
            self._awaits_run = False
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            self._move.errors.append("page not found")
        elif kind == "delta":
            delta = message.delta
            if delta.HasField("new_element"):
                shown = _shown(delta.new_element)
                if message.metadata.cacheable:
                    self._cache.put(message.hash, shown)
                self._draw(message, shown)
            elif delta.HasField("add_block"):
                self._draw(message, Shown("block", _kept_of(delta.add_block)))
        elif kind == "ref_hash":
            self._draw(message, self._cache.get(message.ref_hash))
        elif kind == "script_finished":
            self._finish(message)

    def _draw(self, message: ForwardMsg, shown: Shown) -> None:
        self.screen.draw(tuple(message.metadata.delta_path), self._run, shown)
        widget = _widget(shown)
        if widget is not None and shown.kind not in ("button", "block"):
            # As in a browser: a widget that is new has the value that the page gives it, and one
            # that the page has set anew takes it. What unfolds says nothing until it is touched.
            if widget.given or widget.id not in self._states:
                self._states[widget.id] = _state(widget, widget.value)
            return
        if not self._awaits_run:
            self._note(shown)

    def _note(self, shown: Shown) -> None:
        """See what the present move has brought."""
        move = self._move
        if shown.kind == "vega_lite_chart":
            move.charts += 1
            if move.state == "done" and move.complete is None:
                move.complete = move._since()
            if move.first_point is None and (move.trained or move.state == "done"):
                move.first_point = move._since()
        elif shown.kind == "markdown" and (state := state_of(_words(shown))) is not None:
            move.status = _words(shown)
            move._hear(move.status)
            epoch = EPOCH.search(move.status)
            move.waited |= state == "waiting"
            move.trained |= state == "training" and epoch is not None and epoch[1] != "0"
        elif shown.kind in ("alert", "exception", "progress"):
            move._hear(_words(shown))
            if shown.kind == "exception" or (
                shown.kind == "alert" and shown.content.format == shown.content.ERROR
            ):
                move.errors.append(_words(shown))

    def _finish(self, message: ForwardMsg) -> None:
        status, run = message.script_finished, message.metadata.run.script_run_id
        if status != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.screen.sweep(self._run)
            self._cache.next_run()
        present = not self._awaits_run and run in ("", self._run)
        if present and status != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._move.ended = self._move._since()
            if self._move.complete is None and self._move.state in ("done", None):
                self._move.complete = self._move.ended
            self._ended.set()


class _Cache:
    """Messages that the server need not send again, as a browser keeps them: for some runs of the
    script after the last that showed them."""

    def __init__(self) -> None:
        self.age = 2
        self._runs = 0
        self._kept: dict[str, tuple[int, Shown]] = {}

    def put(self, name: str, shown: Shown) -> None:
        self._kept[name] = self._runs, shown

    def get(self, name: str) -> Shown:
        _, shown = self._kept[name]
        self.put(name, shown)
        return shown

    def hashes(self) -> list[str]:
        return list(self._kept)

    def next_run(self) -> None:
        self._runs += 1
        self._kept = {n: k for n, k in self._kept.items() if self._runs - k[0] <= self.age}


def _cookies(address: str) -> dict[str, str]:
    request = urllib.request.Request(address, headers={"User-Agent": USER_AGENT})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as response:
        lines = response.headers.get_all("Set-Cookie") or []
    pairs = (line.split(";", 1)[0].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


def _shown(element: Element) -> Shown:
    kind = element.WhichOneof("type") or "empty"
    keep = kind in WORDS or kind in _READERS or kind == "metric"
    return Shown(kind, getattr(element, kind) if keep else None)


def _kept_of(block: Block) -> Any:
    return block.expandable if block.WhichOneof("type") == "expandable" else None


def _words(shown: Shown) -> str:
    return str(getattr(shown.content, WORDS[shown.kind]))


# How the widgets of each kind are read, and which field of `WidgetState` holds their value ----


def _slider(it: Any) -> tuple[str, Sequence[str], Any]:
    if it.type == Slider.SELECT_SLIDER:
        options = list(it.options)
        value = list(it.raw_value) if it.set_value else [options[int(i)] for i in it.default]
        return "string_array_value", options, value
    return "double_array_value", (), list(it.value if it.set_value else it.default)


def _one_of(it: Any) -> tuple[str, Sequence[str], Any]:
    options = list(it.options)
    default = options[it.default] if options and it.HasField("default") else None
    return "string_value", options, it.raw_value if it.set_value else default


def _some_of(it: Any) -> tuple[str, Sequence[str], Any]:
    options = [option.content for option in it.options]
    value = list(it.raw_values) if it.set_value else [options[i] for i in it.default]
    return "string_array_value", options, value


def _plain(field_name: str) -> Callable[[Any], tuple[str, Sequence[str], Any]]:
    def read(it: Any) -> tuple[str, Sequence[str], Any]:
        return field_name, (), it.value if it.set_value else it.default

    return read


_READERS: dict[str, Callable[[Any], tuple[str, Sequence[str], Any]]] = {
    "slider": _slider,
    "radio": _one_of,
    "selectbox": _one_of,
    "button_group": _some_of,
    "number_input": _plain("double_value"),
    "checkbox": _plain("bool_value"),
    "text_input": _plain("string_value"),
    "button": lambda _: ("trigger_value", (), False),
    "block": lambda it: ("bool_value", (), it.expanded),
}


def _widget(shown: Shown) -> Widget | None:
    it = shown.content
    if it is None or shown.kind not in _READERS or not it.id:
        return None
    field_name, options, value = _READERS[shown.kind](it)
    given, disabled = getattr(it, "set_value", False), getattr(it, "disabled", False)
    return Widget(shown.kind, it.id, it.label, field_name, options, value, given, disabled)


def _state(widget: Widget, value: Any) -> WidgetState:
    state = WidgetState(id=widget.id)
    if widget.field in ("string_array_value", "double_array_value"):
        values = value if isinstance(value, list) else [value]
        getattr(state, widget.field).data.extend(values)
        # Also an empty list is a value.
        getattr(state, widget.field).SetInParent()
    elif value is not None:
        setattr(state, widget.field, value)
    return state
