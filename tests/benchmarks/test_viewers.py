"""Viewers without browsers say what a browser says, and see what it sees."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from benchmarks.viewers import ForeignHost, Viewer, loopback, state_of
from fmviz.engine.watch import Update
from fmviz.ui.status import status
from tests.support.asynchronous import finished
from tests.support.records import SHIPPED, shipped

COOKIE = "_streamlit_xsrf=2|ab|cd|17"
PAGE = "0123456789abcdef"


class Stage:
    """A server that answers each of a viewer's messages with the next of some acts."""

    def __init__(self, *acts: Callable[[Run], Awaitable[None]]) -> None:
        self.heard: list[ClientState] = []
        self.headers: dict[str, str] = {}
        self._acts = list(acts)

    async def play(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.headers = dict(socket.request.headers.raw_items())
        async for frame in socket:
            assert isinstance(frame, bytes)
            self.heard.append(BackMsg.FromString(frame).rerun_script)
            await self._acts.pop(0)(Run(socket, f"run {len(self.heard)}"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        def health(socket: ServerConnection, request: Request) -> Response | None:
            if request.path != "/_stcore/health":
                return None
            response = socket.respond(http.HTTPStatus.OK, "ok")
            response.headers["Set-Cookie"] = f"{COOKIE}; Path=/; SameSite=Lax"
            return response

        async with serve(
            self.play,
            "127.0.0.1",
            0,
            process_request=health,
            select_subprotocol=lambda _, offered: offered[0],
        ) as listening:
            port = listening.sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}"


class Run:
    """One run of a page's script, message by message."""

    def __init__(self, socket: ServerConnection, name: str) -> None:
        self._socket, self._name = socket, name

    async def send(self, message: ForwardMsg) -> None:
        message.metadata.run.script_run_id = self._name
        await self._socket.send(message.SerializeToString())

    async def begin(self) -> None:
        message = ForwardMsg()
        message.new_session.page_script_hash = PAGE
        message.new_session.config.max_cached_message_age = 2
        await self.send(message)

    async def draw(self, place: int, element: Element, cached: str = "") -> None:
        message = ForwardMsg(hash=cached)
        message.metadata.delta_path.extend([0, place])
        message.metadata.cacheable = bool(cached)
        message.delta.new_element.CopyFrom(element)
        await self.send(message)

    async def end(self, how: Any = ForwardMsg.FINISHED_SUCCESSFULLY) -> None:
        await self.send(ForwardMsg(script_finished=how))


def note(text: str) -> Element:
    element = Element()
    element.markdown.body = text
    return element


def chart() -> Element:
    element = Element()
    element.vega_lite_chart.spec = "{}"
    return element


def lam_slider(value: str | None = None) -> Element:
    element = Element()
    slider = element.slider
    slider.id, slider.label, slider.type = "$$ID-abc-l2.lam", "Strength, λ", Slider.SELECT_SLIDER
    slider.options.extend(["0", "1", "3", "10"])
    slider.default.append(1)
    if value is not None:
        slider.set_value = True
        slider.raw_value.append(value)
    return element


def button(label: str) -> Element:
    element = Element()
    element.button.id, element.button.label = f"$$ID-def-l2/{label}", label
    return element


async def trained(run: Run) -> None:
    """A page on which two epochs are trained before one's eyes."""
    await run.begin()
    await run.draw(0, lam_slider())
    await run.draw(1, button("Reset"))
    await run.draw(2, note(":material/hourglass_top: waiting for the worker: (1 s)"))
    await run.draw(3, chart())
    await run.draw(2, note(":material/play_arrow: epoch 0 of 2"))
    await run.draw(3, chart())
    await run.draw(2, note(":material/play_arrow: epoch 1 of 2"))
    await asyncio.sleep(0.02)
    await run.draw(3, chart())
    await run.draw(2, note(":material/check: trained just now, 2 epochs"))
    await asyncio.sleep(0.02)
    await run.draw(3, chart())
    await run.end()


async def from_store(run: Run) -> None:
    await run.begin()
    await run.draw(0, lam_slider())
    await run.draw(2, note(":material/inventory_2: trained earlier, from the store"))
    await run.draw(3, chart())
    await run.end()


def test_a_viewer_says_what_a_browser_says() -> None:
    async def play() -> Stage:
        stage = Stage(trained, from_store, from_store)
        async with stage.open() as address, Viewer(address) as viewer:
            await viewer.open("l2", "lam=1")
            await viewer.press("Reset")
            await viewer.step("lam", +1)
        return stage

    stage = finished(play())
    first, pressed, moved = stage.heard
    assert stage.headers["Cookie"] == COOKIE
    assert stage.headers["Origin"].startswith("http://127.0.0.1:")
    assert stage.headers["Sec-WebSocket-Protocol"] == f"streamlit, {COOKIE.partition('=')[2]}"
    # A page opens by its name, and is then known by its hash.
    assert (first.page_name, first.page_script_hash, first.query_string) == ("l2", "", "lam=1")
    assert (moved.page_name, moved.page_script_hash) == ("", PAGE)
    assert not first.widget_states.widgets
    # A button is pressed once; all other widgets go along with every message.
    values = [{w.id[-3:]: w for w in s.widget_states.widgets} for s in (pressed, moved)]
    assert values[0]["set"].trigger_value
    assert list(values[0]["lam"].string_array_value.data) == ["1"]
    assert list(values[1]) == ["lam"]
    assert list(values[1]["lam"].string_array_value.data) == ["3"]


def test_times_are_those_of_the_charts_that_show_the_runs() -> None:
    async def play() -> Any:
        async with Stage(trained, from_store).open() as address, Viewer(address) as viewer:
            return await viewer.open("l2"), await viewer.step("lam", +1)

    trains, stored = finished(play())
    assert trains.done
    assert trains.waited
    assert trains.trained
    assert trains.charts == 4
    assert 0 < trains.first_point < trains.complete <= trains.ended
    # The chart of epoch 0 is none of a new point, and the status alone is no chart.
    assert trains.first_point >= 0.02
    assert trains.complete - trains.first_point >= 0.02
    assert stored.done
    assert not stored.trained
    assert stored.first_point is not None
    assert stored.complete is not None


def test_what_goes_wrong_on_a_page_is_seen() -> None:
    async def fails(run: Run) -> None:
        box, crash = Element(), Element()
        box.alert.body, box.alert.format = "The worker is gone.", box.alert.ERROR
        crash.exception.message = "list index out of range"
        await run.begin()
        await run.draw(0, note(":material/error: failed"))
        await run.draw(1, box)
        await run.draw(2, crash)
        await run.end()

    async def play() -> Any:
        async with Stage(fails).open() as address, Viewer(address) as viewer:
            return await viewer.open("l2")

    move = finished(play())
    assert move.state == "failed"
    assert not move.done
    assert move.errors == ["The worker is gone.", "list index out of range"]


def test_a_late_end_of_an_interrupted_run_is_not_that_of_the_move() -> None:
    async def slow(run: Run) -> None:
        await run.begin()
        await run.draw(0, lam_slider())
        await run.draw(2, note(":material/play_arrow: epoch 1 of 9"))

    async def interrupts(run: Run) -> None:
        before = Run(run._socket, "run 1")
        await before.draw(2, note(":material/play_arrow: epoch 2 of 9"))
        await before.end(ForwardMsg.FINISHED_EARLY_FOR_RERUN)
        await asyncio.sleep(0.02)
        await from_store(run)

    async def play() -> Any:
        async with Stage(slow, interrupts).open() as address, Viewer(address) as viewer:
            opened = await viewer.start("l2")
            while not viewer.screen.widgets():
                await asyncio.sleep(0.001)
            return opened, await viewer.step("lam", +1)

    opened, move = finished(play())
    assert opened.ended is None
    assert not move.trained
    assert move.done
    assert move.complete >= 0.02


def test_a_screen_shows_what_the_last_run_drew() -> None:
    async def changes(run: Run) -> None:
        await run.begin()
        await run.draw(0, lam_slider("10"))
        await run.draw(4, note("what is new"))
        await run.end()

    async def play() -> None:
        async with Stage(trained, changes).open() as address, Viewer(address) as viewer:
            await viewer.open("l2")
            assert viewer.value("Strength, λ") == "1"
            await viewer.choose("lam", "3")
            assert viewer.screen.texts() == ["what is new"]
            # The page has set the slider, whatever the viewer made of it.
            assert viewer.value("l2.lam") == "10"
            assert viewer.beside("lam", -1) == "3"
            assert viewer.beside("lam", +9) == "10"
            with pytest.raises(LookupError, match=r"no control 'Reset'.*Strength, λ \(l2\.lam\)"):
                await viewer.press("Reset")
            with pytest.raises(ValueError, match="Strength, λ is one of 0, 1, 3, 10, not 5"):
                await viewer.choose("lam", "5")

    finished(play())


def test_what_a_viewer_still_has_is_not_sent_again() -> None:
    async def caches(run: Run) -> None:
        await run.begin()
        await run.draw(0, lam_slider())
        await run.draw(1, note("a long text"), cached="hash of it")
        await run.end()

    async def refers(run: Run) -> None:
        await run.begin()
        await run.draw(0, lam_slider())
        message = ForwardMsg(ref_hash="hash of it")
        message.metadata.delta_path.extend([0, 1])
        await run.send(message)
        await run.end()

    async def play() -> Stage:
        stage = Stage(caches, refers, *[from_store] * 4)
        async with stage.open() as address, Viewer(address) as viewer:
            await viewer.open("l2")
            await viewer.step("lam", +1)
            assert viewer.screen.texts() == ["a long text"]
            for steps in (-1, +1, -1, +1):
                await viewer.step("lam", steps)
        return stage

    kept = [list(state.cached_message_hashes) for state in finished(play()).heard]
    # Two more runs after the last that showed it, and it is forgotten.
    assert kept == [[], ["hash of it"], ["hash of it"], ["hash of it"], [], []]


def test_what_unfolds_says_nothing_until_it_is_touched() -> None:
    async def folded(run: Run) -> None:
        await run.begin()
        message = ForwardMsg()
        message.metadata.delta_path.extend([0, 0])
        block = Block()
        block.expandable.id, block.expandable.label = "$$ID-012-l2/more", "More settings"
        message.delta.add_block.CopyFrom(block)
        await run.send(message)
        await run.draw(1, button("Reset"))
        await run.end()

    async def play() -> Stage:
        stage = Stage(folded, folded, folded)
        async with stage.open() as address, Viewer(address) as viewer:
            await viewer.open("l2")
            await viewer.press("Reset")
            await viewer.set("More settings", True)
            await viewer.rest()
        return stage

    _, pressed, unfolded = finished(play()).heard
    assert [w.id for w in pressed.widget_states.widgets] == ["$$ID-def-l2/Reset"]
    assert [(w.id, w.bool_value) for w in unfolded.widget_states.widgets] == [
        ("$$ID-012-l2/more", True)
    ]


def test_a_server_that_goes_away_is_an_error_of_the_move() -> None:
    async def dies(run: Run) -> None:
        await run.begin()
        await run._socket.close()

    async def play() -> Any:
        async with Stage(dies).open() as address, Viewer(address) as viewer:
            return await viewer.open("l2", patience=10)

    move = finished(play())
    assert move.errors == ["the connection was lost"]
    assert not move.done


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "http://192.168.0.7:8501",
        "https://localhost:8501",
        "http://localhost.example.org:8501",
        "http://127.0.0.1@example.org/",
        "localhost:8501",
        "",
    ],
)
def test_only_this_machine_is_loaded(address: str) -> None:
    with pytest.raises(ForeignHost, match="not an app of this machine"):
        Viewer(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"])
def test_this_machine_has_several_names(host: str) -> None:
    assert loopback(f"http://{host}:8501/") == f"http://{host}:8501"


def test_status_lines_are_read_as_the_pages_write_them() -> None:
    """The one place where these tools depend on how a page looks."""
    record = shipped(SHIPPED[0])
    for state, seen in [
        (Update("waiting", (None,), ("trained",), "it is starting up", 3.0), "waiting"),
        (Update("training", (None,), ("trained",), "", 3.0), "training"),
        (Update("failed", (None,), ("trained",), "no", 3.0), "failed"),
        (Update("done", (record,), ("trained",), "", 3.0), "done"),
        (Update("done", (record,), ("store",), "", 3.0), "done"),
        (Update("done", (record,), ("recorded",), "", 3.0), "done"),
    ]:
        assert state_of(status(state, horizon=5).text) == seen
    # Where the page asks before it trains what takes long.
    assert state_of(":material/timer: Training this takes about 40 s.") == "asking"
    assert state_of("L2 and L1") is None
