"""A class at work on one app, in the mixes that its speed is promised for: `make load`.

Starts the app with an empty store for each row (or loads the app of this machine that `--url`
names), lets viewers without browsers move its sliders (`benchmarks.viewers`), and prints what was
measured beside its goal, with the CPU that app, scheduler, worker and viewers took meanwhile. Rows:

    a  20 viewers, a new setting each, at the same moment
    b  60 viewers, a move every 20 s, two thirds to settings that others use too
    c  30 viewers, every move to a new setting
    d  a slider while somebody's sweep of 128 runs trains
    e  a slider behind the heaviest legal link
    f  a lesson's slider moved one or two steps, after 10 s on its page
    g  a slider in real Chromium, 30 epochs on 5,000 images

What is "complete" has drawn its last point. A move that was not complete within its patience counts
as one that never was.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.figures import Figure, as_json, percentile, table
from benchmarks.processes import App, Meter
from benchmarks.viewers import ForeignHost, Move, Viewer, loopback
from fmviz.lessons.catalogue import LESSONS
from tests.support.browser import launched, server

# What a slider trains here: as in `make bench-browser`. No run that ships has this seed.
SETTING = {"train_size": "5000", "epochs": "30", "seed": "1"}
# A sweep as large as there is.
SWEEP = {
    "knob": "lam",
    "values": ",".join(map(str, (0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20))),
    "knob2": "label_noise",
    "values2": ",".join(map(str, (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35))),
    "seeds": "1",
}
SWEEP_RUNS = 128
# As much work as a link can ask for.
HEAVIEST = {
    "hidden": "-".join(["512"] * 6),
    "batch_size": "8",
    "epochs": "100",
    "train_size": "10000",
}
SECONDS_BETWEEN_MOVES = 20.0
READING_SECONDS = 10.0
MOVES_A_LESSON = 2
PATIENCE = 60.0
# A tab that opens may wait for the worker to come up, and for others' runs.
OPENING = 300.0
NOW = 0.3


@dataclass(frozen=True)
class Plan:
    """How much of each row is played.

    Attributes:
        seconds: that viewers go on moving, in rows b and c.
        viewers: in place of a row's own number.
        moves: of the slider in rows d, e and g, and of each lesson's in f, there at most two.
        seed: of what they do.
    """

    seconds: float = 60.0
    viewers: int | None = None
    moves: int = 5
    seed: int = 0


def completed(moves: Sequence[Move]) -> list[float]:
    """Seconds to the last point of each move; infinite where that never came."""
    return [move.complete if move.done and move.complete else math.inf for move in moves]


def first_points(moves: Sequence[Move]) -> list[float]:
    """Seconds to the first new point of each move; infinite where that never came."""
    return [move.first_point if move.first_point else math.inf for move in moves]


def found(moves: Sequence[Move]) -> list[Move]:
    """The moves whose viewers saw nothing train or wait, or fail."""
    return [move for move in moves if not (move.trained or move.waited or move.errors)]


# Viewers ------------------------------------------------------------------------------------------


async def opened(address: str, page: str, query: dict[str, str]) -> Viewer:
    """A viewer on a page at rest, past its question.

    Raises:
        RuntimeError: the page did not come to rest, or showed an error.
    """
    viewer = Viewer(address)
    move = await viewer.open(page, urlencode(query), patience=OPENING)
    with suppress(LookupError):
        move = await viewer.press("Just show me", patience=OPENING)
    if not move.done:
        await viewer.close()
        raise RuntimeError(f"{page} did not open: {move}")
    return viewer


async def readers(address: str, own: Sequence[int]) -> list[Viewer]:
    """Viewers who stand at λ = 0, each on a row of settings that is theirs alone.

    Args:
        own: numbers of those rows, less than 1,000.
    """
    # Whoever is first brings the worker up and has the one run trained that all begin at.
    shares = [f"{0.1 + index / 2_000:g}" for index in own]
    queries = [SETTING | {"penalty": "l1_l2", "l1_share": share, "lam": "0"} for share in shares]
    first = await opened(address, "regularisation", queries[0])
    others = (opened(address, "regularisation", query) for query in queries[1:])
    return [first, *await asyncio.gather(*others)]


async def warmed(address: str) -> None:
    """Wait until the worker has trained a run such as the sliders here ask for."""
    (viewer,) = await readers(address, [999])
    async with viewer:
        await viewer.choose("lam", "5", patience=OPENING)


async def stroll(
    viewer: Viewer, options: Iterator[str], begin: float, plan: Plan, every: float
) -> list[Move]:
    """Move λ through some options, one each so many seconds, each once the last is complete."""
    moves = []
    begun = time.monotonic()
    due = begin
    for option in options:
        await asyncio.sleep(max(begun + due - time.monotonic(), 0))
        if time.monotonic() - begun > plan.seconds:
            break
        moves.append(await viewer.choose("lam", option, patience=PATIENCE))
        due += every
    return moves


# Rows ---------------------------------------------------------------------------------------------


async def together(app: App, plan: Plan) -> list[Figure]:
    """Many new settings at one moment."""
    count = plan.viewers or 20
    await warmed(app.address)
    viewers = await readers(app.address, range(count))
    moves = await asyncio.gather(*(v.choose("lam", "10", patience=2 * PATIENCE) for v in viewers))
    await _close(viewers)
    times, what = completed(moves), f"{count} viewers, a new setting each"
    return [
        Figure("a", f"{what}: complete, median", percentile(times, 0.5), 8.0, note=_told(moves)),
        Figure("a", f"{what}: complete, last", max(times), 16.0),
        Figure("a", f"{what}: first point, last", max(first_points(moves)), 3.0),
    ]


async def shared(app: App, plan: Plan) -> list[Figure]:
    """A class, most of it on the same settings."""
    count = plan.viewers or 60
    rng = random.Random(plan.seed)
    await warmed(app.address)
    alone = await readers(app.address, range(count // 3))
    queries = [SETTING | {"lam": "0"}] * (count - len(alone))
    crowd = await asyncio.gather(*(opened(app.address, "regularisation", q) for q in queries))
    moves = await _strolls([*alone, *crowd], rng, plan)
    quick = found(moves)
    what = f"{count} viewers, two thirds of moves to shared settings"
    figures = [
        Figure("b", f"{what}: complete, median", percentile(completed(moves), 0.5), 0.3),
        Figure("b", f"{what}: complete, 95th", percentile(completed(moves), 0.95), 5.0),
    ]
    if quick:
        of_these = percentile(completed(quick), 0.95)
        figures.append(Figure("b", "the same, moves that train nothing: 95th", of_these, 0.3))
    return [figures[0]._replace(note=_told(moves)), *figures[1:]]


async def all_new(app: App, plan: Plan) -> list[Figure]:
    """A class in which nobody asks for what anybody else does."""
    count = plan.viewers or 30
    await warmed(app.address)
    viewers = await readers(app.address, range(count))
    moves = await _strolls(viewers, random.Random(plan.seed), plan)
    times, what = completed(moves), f"{count} viewers, every move to a new setting"
    share = 100 * sum(map(math.isfinite, times)) / len(times)
    return [
        Figure("c", f"{what}: done", share, 100.0, "%", at_least=True, note=_told(moves)),
        Figure("c", f"{what}: complete, 95th", percentile(times, 0.95), 20.0),
    ]


async def behind_sweep(app: App, plan: Plan) -> list[Figure]:
    """A slider while somebody sweeps."""
    await warmed(app.address)
    (viewer,) = await readers(app.address, [0])
    sweeper = await opened(app.address, "sweep", SWEEP)
    # Some of them ship with fmviz.
    asked = sweeper.screen.widget("sweep button").label
    missing = int("".join(filter(str.isdigit, asked)) or 0)
    if missing < 0.9 * SWEEP_RUNS:
        raise RuntimeError(f"the sweep is not of some {SWEEP_RUNS} runs: {asked}")
    sweeping = await sweeper.set("sweep button", True)
    await asyncio.sleep(READING_SECONDS)
    moves = await _slides(viewer, plan)
    note = "the sweep had ended before" if sweeping.ended else ""
    await _close([viewer, sweeper])
    times = first_points(moves)
    what = f"a slider beside a sweep of {SWEEP_RUNS} runs: first point"
    return [
        Figure("d", f"{what}, median", percentile(times, 0.5), 1.0, note=note),
        Figure("d", f"{what}, last of {len(times)}", max(times), 1.0),
    ]


async def behind_heavy(app: App, plan: Plan) -> list[Figure]:
    """A slider while the most that a link can ask for trains."""
    await warmed(app.address)
    (viewer,) = await readers(app.address, [0])
    heavy = Viewer(app.address)
    await heavy.open("playground", urlencode(HEAVIEST), patience=READING_SECONDS)
    # It is not begun unasked; an app that asks nobody has begun it by now.
    with suppress(LookupError):
        await heavy.set("long", True)
    await asyncio.sleep(READING_SECONDS / 2)
    moves = await _slides(viewer, plan)
    await _close([viewer, heavy])
    times, what = first_points(moves), "a slider behind the heaviest link: first point"
    return [
        Figure("e", f"{what}, median", percentile(times, 0.5), 2.0),
        Figure("e", f"{what}, last of {len(times)}", max(times), 2.0),
    ]


async def at_once(app: App, plan: Plan) -> list[Figure]:
    """A step of a lesson's slider, after a look at its page."""
    rng = random.Random(plan.seed)
    moves: list[Move] = []
    slow: list[str] = []
    for lesson in LESSONS:
        async with await opened(app.address, lesson, {}) as viewer:
            sliders = [w for w in viewer.screen.widgets() if w.kind == "slider" and w.options]
            if not sliders:
                continue
            for _ in range(min(plan.moves, MOVES_A_LESSON)):
                await asyncio.sleep(READING_SECONDS)
                name, steps = sliders[0].key, rng.choice((-2, -1, 1, 2))
                if viewer.beside(name, steps) == viewer.value(name):
                    steps = -steps
                moves.append(await viewer.step(name, steps, patience=PATIENCE))
                if completed(moves[-1:])[0] > NOW:
                    slow.append(f"{lesson}, {moves[-1].what}")
    within = 100 * sum(time <= NOW for time in completed(moves)) / len(moves)
    what = f"a lesson's slider, 1 or 2 steps after {READING_SECONDS:.0f} s: within {NOW} s"
    note = f"of {len(moves)} moves" + (f"; slower: {'; '.join(slow)}" if slow else "")
    return [Figure("f", what, within, 95.0, "%", at_least=True, note=note)]


async def in_chromium(app: App, plan: Plan) -> list[Figure]:
    """A slider in a browser, which draws, beside its app and worker."""
    times = await asyncio.to_thread(_in_chromium, app.address, plan.moves)
    firsts, lasts = zip(*times)
    what = "a slider in Chromium, 30 epochs, n = 5,000"
    return [
        Figure("g", f"{what}: first point, median", percentile(firsts, 0.5), 0.3),
        Figure("g", f"{what}: last point, median", percentile(lasts, 0.5), 1.5),
    ]


def _in_chromium(address: str, moves: int) -> list[tuple[float, float]]:
    from playwright.sync_api import sync_playwright

    from benchmarks.latency import slides

    with sync_playwright() as playwright:
        browser = launched(playwright)
        try:
            return slides(browser, address, moves)
        finally:
            browser.close()


async def _slides(viewer: Viewer, plan: Plan) -> list[Move]:
    options = ["10", "1", "20", "2", "50", "5", "0.5", "100", "0.2", "0.1"][: plan.moves]
    return [await viewer.choose("lam", option, patience=PATIENCE) for option in options]


async def _strolls(viewers: Sequence[Viewer], rng: random.Random, plan: Plan) -> list[Move]:
    """All moves of viewers who each go through λ in an order of their own, and leave."""
    every = SECONDS_BETWEEN_MOVES
    strolls = []
    for index, viewer in enumerate(viewers):
        options = [option for option in viewer.screen.widget("lam").options if option != "0"]
        order = iter(rng.sample(options, len(options)))
        strolls.append(stroll(viewer, order, index * every / len(viewers), plan, every))
    moves = [move for own in await asyncio.gather(*strolls) for move in own]
    await _close(viewers)
    return moves


async def _close(viewers: Sequence[Viewer]) -> None:
    await asyncio.gather(*(viewer.close() for viewer in viewers))


def _told(moves: Sequence[Move]) -> str:
    """How many moves there were, how many found their runs, and what became of the others."""
    text = f"{len(moves)} moves, {len(found(moves))} found their run"
    left = Counter(
        "not at rest in time" if move.ended is None else (move.errors or [move.status])[0]
        for move in moves
        if not move.done
    )
    return text + "".join(f"; {count}: {what}" for what, count in left.most_common(2))


ROWS: dict[str, Callable[[App, Plan], Coroutine[Any, Any, list[Figure]]]] = {
    "a": together,
    "b": shared,
    "c": all_new,
    "d": behind_sweep,
    "e": behind_heavy,
    "f": at_once,
    "g": in_chromium,
}
# Row g is of what trains while one looks, so that nothing may have been trained before.
ENVIRONMENT = {"g": {"FMVIZ_AHEAD": "0"}}


@contextmanager
def app_at(url: str | None, **environment: str) -> Iterator[App]:
    """An app of this machine: the one at this address, or one of our own with an empty store.

    Args:
        environment: variables of one of our own.
    """
    if url is not None:
        yield App(url)
        return
    with (
        tempfile.TemporaryDirectory(prefix="fmviz-load-") as folder,
        server(Path(folder), port=None, **environment) as address,
    ):
        yield App(address)


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="".join(ROWS), help="their letters, such as ab")
    parser.add_argument("--url", help="of a running app on this machine")
    parser.add_argument("--seconds", type=float, default=Plan.seconds, help="rows b and c go on")
    parser.add_argument("--viewers", type=int, help="in place of a row's own number")
    parser.add_argument(
        "--moves", type=int, default=Plan.moves, help="of a slider, d to g; f: at most 2 a lesson"
    )
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--json", type=Path, help="write what was measured to this file too")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.rows) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if chosen.url is not None:
        try:
            loopback(chosen.url)
        except ForeignHost as foreign:
            parser.error(str(foreign))
    return chosen


def main() -> None:
    arguments = parsed()
    plan = Plan(arguments.seconds, arguments.viewers, arguments.moves, arguments.seed)
    figures: list[Figure] = []
    meters: dict[str, Meter] = {}
    for row in arguments.rows:
        with app_at(arguments.url, **ENVIRONMENT.get(row, {})) as app, Meter(app) as meter:
            try:
                figures += asyncio.run(ROWS[row](app, plan))
            except (LookupError, OSError, RuntimeError, ValueError) as error:
                figures.append(Figure(row, "could not be played", math.inf, 0.0, note=str(error)))
        meters[row] = meter
        print(f"row {row}: {meter}", file=sys.stderr, flush=True)
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_text(as_json(figures, meters) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
