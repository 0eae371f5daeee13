"""The frame around every page: navigation, and the first deep link after a cold start."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from fmviz.analysis import stopping
from fmviz.charts import curves, figures, weights
from fmviz.charts import layers as layer_charts
from fmviz.charts.row import row_spec
from fmviz.engine import environment, lean
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.ahead import opening_row
from fmviz.page.lesson import Lesson
from fmviz.page.row import row_of
from fmviz.run import data
from fmviz.run.data import DataError
from fmviz.run.record import KERNEL_MEASURES
from fmviz.ui import ahead, controls, live, state, theme, visits
from fmviz.ui.faults import fault
from fmviz.ui.live import engine
from fmviz.ui.navigation import page_file
from fmviz.ui.session import session

# A file of our own: Streamlit fetches the picture of an icon name from elsewhere.
ICON = Path(__file__).parent / "icon.png"


SECONDS_TO_WORKER = 5.0
# The first viewer's first run should find the worker with nothing else to compile.
SECONDS_TO_OPENING_ROWS = 60.0
logger = logging.getLogger(__name__)


def pages() -> list[st.Page]:
    """The lessons in their order and what goes with all of them; `url_path` is the file's stem."""
    first, *others = LESSONS.values()
    start = page_file(first.name)
    return [
        st.Page(start, title=first.title, default=True, url_path="home"),
        *(st.Page(page_file(o.name), title=o.title, url_path=o.name) for o in others),
        st.Page(page_file("compare"), title="Compare", url_path="compare"),
        # Streamlit serves a default page at the bare address alone; links name the lesson.
        st.Page(start, title=first.title, url_path=first.name, visibility="hidden"),
    ]


def check() -> None:
    """End the process with a line for every setting of the host's that cannot be: whoever starts
    the server is there to read it, and a viewer could do nothing about it."""
    if problems := environment.problems():
        sys.exit("\n".join(f"fmviz cannot start: {problem}." for problem in problems))


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """What the server does before it answers and after it has stopped answering.

    What a page imports and the images are fetched here, so that the first viewer does not wait for
    them; what charts are made of, some seconds' work, is built beside that viewer. The worker
    starts a little later, or as soon as a run is asked for: importing TensorFlow takes all of a
    small machine for some seconds, and whoever opens the page as the server comes up should see it
    first.
    """
    lean.keep_little()
    prepare()
    lean.stay_small()
    engine()  # which has the store that charts are prepared from; made once, in one thread
    Thread(target=prepare_charts, daemon=True).start()
    later = asyncio.get_running_loop().call_later
    opening = Thread(target=train_opening_rows, daemon=True)
    timers = [
        later(SECONDS_TO_WORKER, engine().start),
        later(SECONDS_TO_OPENING_ROWS, opening.start),
    ]
    yield
    for timer in timers:
        timer.cancel()
    engine().close()


def routes() -> list[Route]:
    """What the server answers beside its pages."""
    return [Route("/health", health)]


async def health(request: Request) -> JSONResponse:
    """Whether runs can be trained: 200 where a worker answers, else 503. Streamlit's own
    `/_stcore/health` says whether pages can be drawn, and is "ok" without any worker."""
    answers = engine().answers()
    return JSONResponse({"worker": answers}, status_code=200 if answers else 503)


def run() -> None:
    """What `app.py` does: set the page up and run the one that the address names."""
    if visits.begin():
        state.keep(session().visit.before)
        visits.go_on()
    st.set_page_config(page_icon=ICON, layout="wide")
    visits.tell_browser()
    session().entered = True
    session().course = (*((o.name, o.title) for o in LESSONS.values()), ("compare", "Compare"))
    page = st.navigation(pages(), position="top")
    st.set_page_config(page_title=f"{page.title} · fmviz")
    theme.watch()
    try:
        page.run()
    except DataError as error:
        logger.error("%s", error)
        # The error itself names the host's folders.
        fault(controls.NO_IMAGES)


def require_app() -> None:
    """First line of every page.

    Until some session has called `st.navigation`, Streamlit takes the folder `pages/` for its old
    kind of multipage app and runs the page of a deep link without `app.py`. Calling it here, and
    starting over, brings that first visitor to the same page in the right frame.
    """
    if not session().entered:
        session().entered = True
        st.navigation(pages(), position="top")
        st.rerun()
    visits.settle()


def prepare() -> None:
    """Import what the pages need and read the images, once a server."""
    for name in (*LESSONS, "compare"):
        import_module(f"fmviz.lessons.{name}.page")
    data.load()
    settle_garbage()


def train_opening_rows() -> None:
    """Have what the main slider of each page leads to from where it opens trained while nobody
    waits."""
    engine().open_with(
        (config, not lesson.weights)
        for lesson in LESSONS.values()
        for runs in opening_row(lesson, ahead.light)
        for config in runs
    )


def prepare_charts() -> None:
    """Build the specifications of the charts that lessons open with, once a server."""
    for lesson in LESSONS.values():
        runs = lesson.runs_of(lesson.start)
        roles = tuple(runs)
        if not roles:
            continue
        horizon = max(config.epochs for config in runs.values())
        layers = max(len(config.hidden) for config in runs.values())
        floor, bench = opening_floor(lesson), lesson.name == "playground"
        row = row_of(lesson, lesson.start)
        for dark in (False, True):
            # With the very arguments of the pages: for others they would be built once more.
            curves.curves_spec(roles, horizon, dark, floor, ghosts=bench)
            if row is not None:
                row_spec(roles, row.names, len(row.positions) - 1, dark)
            figures.gap_spec(roles, dark)
            figures.sparsity_spec(roles, dark)
            figures.saturation_spec(roles, layers, dark)
            weights.distribution_spec(roles, dark)
        if bench:
            for name in layer_charts.MEASURES:
                layer_charts.over_epochs_spec(name, layers + (name in KERNEL_MEASURES))
    settle_garbage()


def opening_floor(lesson: Lesson[Any]) -> float:
    """Where the axis of the curves begins as the lesson opens: its runs are recorded."""
    judging = lesson.start.view.judging.early_stopping
    opening = lesson.runs_of(lesson.start)
    found = dict(zip(opening, live.find_all(list(opening.values()), brief=True), strict=True))
    runs = [stopping.look(f.record, name, **judging) for name, f in found.items() if f is not None]
    floor = curves.floor_of(runs)
    return curves.FLOORS[3] if floor is None else floor


def settle_garbage() -> None:
    """Take what the server holds for good out of the garbage collector's sight.

    Streamlit collects garbage after every run of a page, and looks at all that the libraries have
    made at import: 0.2 s in which no other viewer is served, more than the page itself takes.
    """
    gc.collect()
    gc.freeze()
