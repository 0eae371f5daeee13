"""One browser and one server for all tests of the app in real Chromium, as long as those go on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.browser import chromium, free_port, launched, server
from tests.support.needs import require

# As long as Playwright waits for anything else: of its five seconds a busy machine takes more.
EXPECT_MS = 30_000


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    require(chromium(), "needs Chromium: install Debian's package chromium")
    expect.set_options(timeout=EXPECT_MS)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        # Placeholders that shimmer are drawn over and over by a processor that has none to spare.
        browser.new_context = partial(browser.new_context, reduced_motion="reduce")
        context = browser.new_context()

        def new_page(**options: Any) -> Any:
            """A page of a reader who was never here, in a browser that need not compile the app's
            scripts once more, which is half of what a page costs it."""
            context.clear_cookies()
            page = context.new_page()
            if "viewport" in options:
                page.set_viewport_size(options.pop("viewport"))
            page.emulate_media(**options)
            return page

        browser.new_page = new_page
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def visited() -> set[str]:
    """The addresses of servers that tests have been given."""
    return set()


@pytest.fixture(scope="package")
def app(browser: Any, visited: set[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, which trains and stores like a user's."""
    with server(tmp_path_factory.mktemp("store"), FMVIZ_WARM_UP="1") as address:
        visited.add(address)
        yield address


@pytest.fixture
def fresh(request: pytest.FixtureRequest, visited: set[str], tmp_path: Path) -> Iterator[str]:
    """The address of an app that nobody has visited: the one of all tests where this is the first
    that wants it, as a worker takes long to start."""
    if not visited:
        yield request.getfixturevalue("app")
    else:
        with server(tmp_path / "store", FMVIZ_WARM_UP="1") as address:
            yield address


@pytest.fixture(scope="package")
def bare(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The app with recorded runs alone, and where it could store something. Nobody listens at its
    scheduler's address: what is not recorded waits for ever."""
    folder = tmp_path_factory.mktemp("bare")
    with server(folder, FMVIZ_SCHEDULER=f"tcp://127.0.0.1:{free_port()}") as address:
        yield address, folder


@pytest.fixture(scope="package")
def nowhere(bare: tuple[str, Path]) -> str:
    """The address of the app with recorded runs alone."""
    return bare[0]
