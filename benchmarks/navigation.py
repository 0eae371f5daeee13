"""Time from a click on the navigation to the page, in real Chromium: `make bench-pages`.

Starts the app with an empty store and goes round all pages twice, as a reader does. On the first
round, on which the server also builds each page's charts, a lesson shows its question, and it is
passed over; on the second its first picture is waited for. Prints the seconds from each click until
that is in sight and the page's script has ended.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from fmviz.lessons.catalogue import LESSONS
from tests.support.browser import FIRST_CHART, launched, server, settled

GOAL = 1.0
SKIP = "Just show me"
# It shows nothing before there are pins, or a sweep has been trained.
WITHOUT_PICTURE = ("compare", "sweep")


def visit(page: Any, name: str, *, picture: bool) -> float:
    """Seconds from a click on a page's link until the page is there."""
    title = LESSONS[name].title
    begun = time.perf_counter()
    page.get_by_role("link", name=title, exact=True).first.click()
    page.wait_for_function("title => document.title.startsWith(title)", arg=title)
    settled(page)
    if picture:
        page.locator(FIRST_CHART).first.wait_for()
    return time.perf_counter() - begun


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), FMVIZ_AHEAD="0") as address,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        settled(page)
        first, *others = LESSONS
        for tour in ("first visit", "later visit"):
            for name in (*others, first):
                later = tour == "later visit"
                seconds = visit(page, name, picture=later and name not in WITHOUT_PICTURE)
                print(f"{tour}, {name}: {seconds:.2f} s (goal: {GOAL:g})")
                skip = page.get_by_role("button", name=SKIP)
                if skip.count():
                    skip.first.click()
                    # Else what the browser still draws of this page counts as the next one's.
                    page.locator(FIRST_CHART).first.wait_for()
                    settled(page)
        browser.close()


if __name__ == "__main__":
    main()
