"""One browser and one server for all tests of the app in real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import chromium, launched, server
from tests.support.needs import require


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    require(chromium(), "needs Chromium: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        # Placeholders that shimmer are drawn over and over by a processor that has none to spare.
        browser.new_context = partial(browser.new_context, reduced_motion="reduce")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, which trains and stores like a user's."""
    with server(tmp_path_factory.mktemp("store")) as address:
        yield address
