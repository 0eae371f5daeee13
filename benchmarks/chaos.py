"""Faults at random under load: `make chaos`.

Starts an app with a small store, lets viewers without browsers move its sliders, and meanwhile, for
five minutes, kills and stops its worker and its scheduler, damages its stored runs, opens heavy
links and lets viewers vanish. What must hold all the while is checked all the while; after the last
fault everybody asks for something new once more; and in the end stored runs are compared with the
same runs, each trained alone. Only processes that this app has started are touched.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
import psutil
from websockets.exceptions import WebSocketException

from benchmarks.figures import Figure, percentile, table
from benchmarks.load import HEAVIEST, SWEEP, completed, opened
from benchmarks.processes import App, Meter
from benchmarks.viewers import Move, Viewer
from fmviz.engine.engine import Engine
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore
from tests.support.browser import server

# Words that belong in a log and not on a page.
JARGON = re.compile(
    r"KilledWorker|Traceback|File \"|tcp://|tls://|distributed|nanny|\bdask\b|Errno"
    r"|[0-9a-f]{16,}|\w+Error\b|\w+Exception\b|fmviz-warm|site-packages",
    re.IGNORECASE,
)
# Runs of a second or two, so that many end between two faults.
SETTING = {"train_size": "1000", "epochs": "15"}
STORE_MEGABYTES = 8
PATIENCE = 60.0
OPENING = 120.0
# After the last fault everything must have come within so long.
CALM = 30.0
# No word for so long is a page that stands still.
SILENCE = 20.0
# A fault is to be seen by somebody before the next.
SECONDS_BETWEEN_FAULTS = 8.0
COMPARED = 6
# Runs that are trained beside others and alone differ in the order of their sums only.
RELATIVE, ABSOLUTE = 0.05, 0.01
COMPARED_HISTORY = ("val_accuracy", "val_crossentropy", "train_accuracy", "train_crossentropy")


class Seen(NamedTuple):
    """What a viewer had on screen at rest: the page's address, and its figures."""

    query: str
    metrics: tuple[tuple[str, str], ...]


@dataclass
class Log:
    """What was done to the app, and what its viewers saw."""

    moves: list[Move] = field(default_factory=list)
    looks: list[Move] = field(default_factory=list)
    screens: list[Seen] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    faults: list[tuple[float, str]] = field(default_factory=list)

    def after(self, moment: float) -> float:
        """Seconds from a moment until a viewer saw a run end that was trained meanwhile; infinite
        where none did."""
        ends = [
            move.begun + move.complete - moment
            for move in self.moves
            if move.done and move.trained and move.complete and move.begun + move.complete > moment
        ]
        return min(ends, default=math.inf)


def jargon(moves: Sequence[Move]) -> list[str]:
    """What was on pages that belongs in a log."""
    words = {text for move in moves for text in move.words}
    return sorted(text for text in words if JARGON.search(text))


def contradictions(screens: Sequence[Seen]) -> list[str]:
    """Addresses under which viewers saw different figures; the last digit may differ."""
    found = []
    by_query: dict[str, tuple[tuple[str, str], ...]] = {}
    for seen in screens:
        known = by_query.setdefault(seen.query, seen.metrics)
        if len(known) != len(seen.metrics) or not all(
            one[0] == other[0] and _alike(one[1], other[1])
            for one, other in zip(known, seen.metrics)
        ):
            found.append(f"{seen.query}: {known} and {seen.metrics}")
    return found


def _alike(one: str, other: str) -> bool:
    first, second = (
        [float(n.replace("−", "-")) for n in re.findall(r"[-−]?\d+\.?\d*", text.replace(",", ""))]
        for text in (one, other)
    )
    return len(first) == len(second) and np.allclose(first, second, rtol=0.05, atol=0.5)


def stands_still(move: Move) -> bool:
    """Whether a page has neither come to rest nor said anything for long: nobody was told."""
    return move.ended is None and time.perf_counter() - move.heard > SILENCE


# What viewers do ----------------------------------------------------------------------------------


class Class:
    """Viewers at work until they are told to stop.

    Args:
        address: of the app.
        log: where they write what they saw.
        rng: of what they do.
    """

    def __init__(self, address: str, log: Log, rng: random.Random) -> None:
        self.address, self.log, self.rng = address, log, rng
        self.stopping = asyncio.Event()
        self._others: list[asyncio.Task[None]] = []

    async def student(self, index: int) -> None:
        """Moves λ on a row of settings, shared or their own; now and then the tab is gone."""
        own = {"penalty": "l1_l2", "l1_share": f"{0.2 + index / 100:g}"} if index % 2 else {}
        viewer = Viewer(self.address)
        while not self.stopping.is_set():
            try:
                await self._sit(viewer, urlencode(SETTING | own | {"lam": "0"}))
            except (OSError, WebSocketException, LookupError) as error:
                # A page that has no slider, or a server that does not answer.
                self.log.refused.append(str(error))
                await asyncio.sleep(1)
            await viewer.vanish()
        await viewer.close()

    async def _sit(self, viewer: Viewer, query: str) -> None:
        """Open the page and move until the tab is gone."""
        self._noted(await viewer.open("regularisation", query, patience=OPENING), viewer)
        for _ in range(self.rng.randint(3, 12)):
            if self.stopping.is_set():
                return
            options = viewer.screen.widget("lam").options
            option = self.rng.choice([o for o in options if o != viewer.value("lam")])
            self._noted(await viewer.choose("lam", option, patience=PATIENCE), viewer)
            await asyncio.sleep(self.rng.uniform(0.5, 3))

    async def onlooker(self) -> None:
        """Looks at a recorded run in other ways: nothing is ever trained for that."""
        while not self.stopping.is_set():
            try:
                async with await opened(self.address, "regularisation", {}) as viewer:
                    await self._look(viewer)
            except (OSError, WebSocketException, LookupError, RuntimeError) as error:
                self.log.refused.append(str(error))
                await asyncio.sleep(1)

    async def _look(self, viewer: Viewer) -> None:
        await viewer.set("More settings", True)
        await viewer.rest(PATIENCE)
        steps = 1
        while not self.stopping.is_set():
            if viewer.beside("patience", steps) == viewer.value("patience"):
                steps = -steps
            self.log.looks.append(await viewer.step("patience", steps, patience=PATIENCE))
            await asyncio.sleep(1.5)

    def passer_by(self, page: str, query: str, button: str | None = None) -> None:
        """Somebody opens a link, presses a button there, and is gone some seconds later."""

        async def pass_by() -> None:
            viewer = Viewer(self.address)
            with suppress(OSError, WebSocketException, LookupError):
                await viewer.start(page, query)
                await viewer.rest(4)
                if button is not None:
                    await viewer.set(button, True)
                    await viewer.rest(4)
            await viewer.vanish()

        self._others.append(asyncio.create_task(pass_by()))

    async def calm(self, count: int) -> list[Move]:
        """Everybody asks for something new, at one moment."""
        queries = [
            urlencode(SETTING | {"penalty": "l1_l2", "l1_share": f"{0.61 + i / 100:g}", "lam": "7"})
            for i in range(count)
        ]
        viewers = [Viewer(self.address) for _ in queries]
        moves = await asyncio.gather(
            *(v.open("regularisation", q, patience=CALM * 2) for v, q in zip(viewers, queries))
        )
        await asyncio.gather(*(viewer.close() for viewer in viewers), *self._others)
        return list(moves)

    def _noted(self, move: Move, viewer: Viewer) -> None:
        self.log.moves.append(move)
        if move.done:
            self.log.screens.append(Seen(viewer.query, tuple(viewer.screen.metrics())))


# Faults -------------------------------------------------------------------------------------------


class Faults:
    """Ways to hurt an app. Each returns whether there was something to hurt.

    Args:
        app: started by this process.
        store: its folder of runs.
        viewers: who can vanish, and open heavy links.
    """

    def __init__(self, app: App, store: Path, viewers: Class, rng: random.Random) -> None:
        self.app, self.store, self.viewers, self.rng = app, store, viewers, rng
        self.stopped: list[psutil.Process] = []

    @property
    def all(self) -> dict[str, Callable[[], bool]]:
        """By name."""
        return {
            "worker killed": lambda: self._signal(self.app.workers()[:1], signal.SIGKILL),
            "worker stopped": lambda: self._signal(self.app.workers()[:1], signal.SIGSTOP),
            "scheduler killed": lambda: self._signal(self._service(), signal.SIGKILL),
            "scheduler stopped": lambda: self._signal(self._service(), signal.SIGSTOP),
            "stored runs cut short": self._cut,
            "stored runs overwritten": self._overwrite,
            "a stored run under another's name": self._swap,
            "a named pipe for a stored run": self._pipe,
            "a stored run of 2 GB": self._blow_up,
            "a stored run dated in the future": self._date,
            "the heaviest link": self._heavy,
            "a sweep that nobody waits for": self._sweep,
        }

    def end(self) -> int:
        """End what was stopped and not replaced since; how many that were."""
        left = [process for process in self.stopped if process.is_running()]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(left)

    def _service(self) -> list[psutil.Process]:
        service = self.app.service()
        return [] if service is None else [service]

    def _signal(self, processes: Sequence[psutil.Process], number: signal.Signals) -> bool:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
                if number == signal.SIGSTOP:
                    self.stopped.append(process)
        return bool(processes)

    def _some(self, count: int) -> list[Path]:
        files = sorted(path for path in self.store.rglob("*.npz") if path.is_file())
        return self.rng.sample(files, count) if len(files) >= count else []

    def _cut(self) -> bool:
        paths = self._some(3)
        for path in paths:
            with suppress(FileNotFoundError):
                os.truncate(path, path.stat().st_size // 2)
        return bool(paths)

    def _overwrite(self) -> bool:
        paths = self._some(3)
        for path in paths:
            path.write_bytes(self.rng.randbytes(20_000))
        return bool(paths)

    def _swap(self) -> bool:
        paths = self._some(2)
        if paths:
            with suppress(FileNotFoundError):
                paths[1].write_bytes(paths[0].read_bytes())
        return bool(paths)

    def _pipe(self) -> bool:
        paths = self._some(1)
        for path in paths:
            path.unlink(missing_ok=True)
            os.mkfifo(path)
        return bool(paths)

    def _blow_up(self) -> bool:
        paths = self._some(1)
        for path in paths:
            with suppress(FileNotFoundError):
                # Full of holes: it takes no room on the disk.
                os.truncate(path, 2 * 10**9)
        return bool(paths)

    def _date(self) -> bool:
        paths = self._some(1)
        for path in paths:
            with suppress(FileNotFoundError):
                os.utime(path, (4e9, 4e9))
        return bool(paths)

    def _heavy(self) -> bool:
        self.viewers.passer_by("playground", urlencode(HEAVIEST | {"seed": self._seed()}), "long")
        return True

    def _sweep(self) -> bool:
        self.viewers.passer_by("sweep", urlencode(SWEEP | {"seed": self._seed()}), "sweep button")
        return True

    def _seed(self) -> str:
        return str(self.rng.randint(1, 10_000))


# What must hold -----------------------------------------------------------------------------------


def wrong_records(store: Path, rng: random.Random) -> tuple[list[str], int]:
    """Stored runs whose figures are not those of the same run, trained alone; of how many."""
    kept = RunStore(store).newest(10**4)
    sample = rng.sample(kept, min(COMPARED, len(kept)))
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fmviz-chaos-") as folder:
        engine = Engine(RunStore(Path(folder), recorded=None))
        try:
            for record in sample:
                with engine.watch([record.config]) as watch:
                    last = list(watch)[-1]
                alone = last.records[0]
                if last.state != "done" or alone is None or not same_run(record, alone):
                    wrong.append(f"{record.config.key[:8]} ({last.state}) {last.message}")
        finally:
            engine.close()
    return wrong, len(sample)


def same_run(one: RunRecord, other: RunRecord) -> bool:
    """Whether two records are of one run, up to the order of sums."""
    if one.config != other.config or one.epochs != other.epochs:
        return False
    return all(
        np.allclose(one.history[name], other.history[name], rtol=RELATIVE, atol=ABSOLUTE)
        for name in COMPARED_HISTORY
    )


async def play(
    app: App, store: Path, seconds: float, count: int, rng: random.Random
) -> tuple[Log, list[Figure]]:
    """Viewers and faults, and then what must have held."""
    log = Log()
    viewers = Class(app.address, log, rng)
    faults = Faults(app, store, viewers, rng)
    foreign = [store / "holiday.npz", store / "notes.txt"]
    store.mkdir(parents=True, exist_ok=True)
    for path in foreign:
        path.write_bytes(b"not a run of fmviz")
    work = [asyncio.create_task(viewers.student(index)) for index in range(count)]
    work.append(asyncio.create_task(viewers.onlooker()))
    begun = time.monotonic()
    order: list[str] = []
    while time.monotonic() - begun < seconds:
        await asyncio.sleep(SECONDS_BETWEEN_FAULTS * rng.uniform(0.5, 1.5))
        # Each once before any comes again.
        order = order or rng.sample(list(faults.all), len(faults.all))
        name = order.pop()
        moment = time.perf_counter()
        if faults.all[name]():
            log.faults.append((moment, name))
            print(f"{time.monotonic() - begun:5.0f} s  {name}", file=sys.stderr, flush=True)
    viewers.stopping.set()
    last = await viewers.calm(count)
    await asyncio.gather(*work)
    moves = [*log.moves, *log.looks, *last]
    return log, [
        *_held(log, moves, last),
        Figure("", "processes that were stopped and left so", faults.end(), 0, ""),
        Figure("", "foreign files deleted", sum(not path.exists() for path in foreign), 0, ""),
        Figure("", "the app's own process ended", int(not app.server.is_running()), 0, ""),
    ]


def _held(log: Log, moves: Sequence[Move], last: Sequence[Move]) -> list[Figure]:
    """What viewers saw, beside what they must see."""
    still = [move for move in moves if stands_still(move)]
    raw = jargon(moves)
    against = contradictions(log.screens)
    times = completed(last)
    kinds = Counter(
        "done" if move.done else "told of a failure" if move.errors else "waiting" for move in moves
    )
    note = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    looks = completed(log.looks) or [math.inf]
    return [
        Figure("", f"moves without a word for {SILENCE:.0f} s", len(still), 0, "", note=note),
        Figure("", "words that belong in a log", len(raw), 0, "", note="; ".join(raw[:3])),
        Figure("", "moves that train nothing: complete, 95th", percentile(looks, 0.95), 1.0),
        Figure("", "moves that train nothing: complete, last", max(looks), 5.0),
        Figure(
            "", "tabs that could not be opened", len(log.refused), 0, "", note=_first(log.refused)
        ),
        Figure("", "screens that contradict another", len(against), 0, "", note=_first(against)),
        Figure("", "new runs after the last fault: complete, last", max(times), CALM),
    ]


def _first(texts: Sequence[str]) -> str:
    return texts[0][:200] if texts else ""


def recoveries(log: Log) -> str:
    """How long after each kind of fault the next trained run came, a line each."""
    by_name: dict[str, list[float]] = {}
    for moment, name in log.faults:
        by_name.setdefault(name, []).append(log.after(moment))
    width = max(map(len, by_name), default=0)
    lines = [f"{'fault':{width}}  times  next run ended after, median and longest"]
    for name, seconds in sorted(by_name.items()):
        median, longest = percentile(seconds, 0.5), max(seconds)
        lines.append(f"{name:{width}}  {len(seconds):5}  {median:6.1f} s {longest:6.1f} s")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="of faults")
    parser.add_argument("--viewers", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="fmviz-chaos-") as folder:
        store = Path(folder) / "runs"
        with server(store, port=None, FMVIZ_STORE_MB=str(STORE_MEGABYTES)) as address:
            app = App(address)
            with Meter(app) as meter:
                log, held = asyncio.run(play(app, store, arguments.seconds, arguments.viewers, rng))
        wrong, compared = wrong_records(store, rng)
    what = f"of {compared} stored runs, not the same when trained alone"
    held.append(Figure("", what, len(wrong), 0, "", note=_first(wrong)))
    print(f"{recoveries(log)}\n\n{table(held)}\n\n{meter}")
    sys.exit(not all(figure.met for figure in held))


if __name__ == "__main__":
    main()
