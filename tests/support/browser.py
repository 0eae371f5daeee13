"""The app and a browser, as its users have them: for tests and for benchmarks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
# Names of the program, on Debian and elsewhere; FMVIZ_CHROMIUM names another.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# The row of points below a slider is none of those that a page is about.
OF_ROW = "[class*=st-key-row-of-]"
# The first chart, in sight or under a picture of the player.
CHART = f"[data-testid=stVegaLiteChart]:not({OF_ROW} *) canvas"
# A picture of the player, once it lies over the chart that stands in for it.
REEL = "[data-fmviz-drawn] .reel:visible"
FIRST_CHART = f"{CHART}:visible, {REEL}"
# What a page has once it has got as far as its guess, or past it.
READY = (
    ".st-key-status-row, [data-testid=stVegaLiteChart], [class*=-guess] button, "
    ".st-key-compare-examples"
)


def chromium() -> str | None:
    """The path of Chromium; None where it is not installed."""
    named = os.environ.get("FMVIZ_CHROMIUM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


def launched(playwright: Any) -> Any:
    """Chromium under Playwright.

    Raises:
        RuntimeError: it is not installed.
    """
    program = chromium()
    if program is None:
        raise RuntimeError("needs Chromium: install Debian's package chromium")
    return playwright.chromium.launch(executable_path=program, args=FLAGS)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(folder: Path, port: int | None = None, **environment: str) -> Iterator[str]:
    """The app, ready to answer, on a port of its own; yields its address.

    Args:
        folder: its store of runs.
        environment: variables beside those of this process.
    """
    port = free_port() if port is None else port
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    process = subprocess.Popen(
        [*command, "--server.headless=true", f"--server.port={port}"],
        cwd=ROOT,
        env={**os.environ, "FMVIZ_STORE": str(folder), **environment},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def settled(page: Any) -> None:
    """Wait until the page's script has ended."""
    page.wait_for_selector(IDLE)


def past_guess(page: Any) -> None:
    """Go past the guess of a page that is opening, where it asks for one.

    That a script has ended tells nothing of it: the first script of a fresh server's first visitor
    ends before the page begins (`shell.require_app`).
    """
    page.wait_for_selector(READY, state="attached")
    settled(page)
    skip = page.get_by_role("button", name="Just show me")
    if skip.count():
        skip.click()
        skip.wait_for(state="detached")
        settled(page)


def grave(page: Any) -> list[str]:
    """What axe finds that is serious or critical."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def check_whole(page: Any) -> None:
    """A page shows no error, and nothing is wider than its window."""
    assert page.locator("[data-testid=stException]").count() == 0
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = page.evaluate(
        "Math.max(...[...document.querySelectorAll('canvas')]"
        ".map(c => c.getBoundingClientRect().right))"
    )
    assert right <= width


def slider(page: Any, label: str) -> Any:
    """The slider with this label."""
    return page.locator("[data-testid=stSlider]").filter(has_text=label).locator("input")


def figure(page: Any, label: str) -> str:
    """The value of the metric with this label."""
    box = page.locator("[data-testid=stMetric]").filter(has_text=label)
    # Of a film at rest it lies under the same figure in larger pictures.
    return str(box.locator("[data-testid=stMetricValue]").text_content()).strip()
