"""What a browser has to do until it shows a page, in real Chromium."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.browser import CHART, past_guess, settled

pytestmark = pytest.mark.slow

# Style is worked out for each element as it comes, and for some again as others come around them:
# 1.8 times on this page; 11 times where rules asked with `:has` of what lies deep in others.
TIMES = 4


def test_style_is_not_worked_out_anew_for_a_whole_page_with_each_of_its_parts(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{nowhere}/playground")
    past_guess(page)
    page.locator(CHART).first.wait_for(state="attached")
    page.get_by_role("link", name="Sweep", exact=True).first.click()
    page.wait_for_function("document.title.startsWith('Sweep')")
    settled(page)
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.get_by_role("link", name="Playground", exact=True).first.click()
    page.locator("[data-fmviz-drawn=lines]").first.wait_for()
    settled(page)
    found = json.loads(browser.stop_tracing())["traceEvents"]
    styled = [e["args"]["elementCount"] for e in found if e["name"] == "UpdateLayoutTree"]
    assert 0 < sum(styled) < TIMES * page.evaluate("document.querySelectorAll('*').length")
    page.close()


def test_what_lies_in_a_picture_is_marked_as_soon_as_it_is_there(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{nowhere}/playground")
    past_guess(page)
    film = page.locator(".st-key-picture [data-fmviz-film=drawn]").first
    film.locator(".reel").first.wait_for()
    film.hover()
    film.get_by_role("button", name="Fullscreen").click()
    opened = film.locator("[data-fmviz-opened]")
    opened.locator("canvas").first.wait_for()
    assert (
        opened.locator("canvas").first.evaluate("e => getComputedStyle(e).visibility") == "visible"
    )
    page.keyboard.press("Escape")
    opened.wait_for(state="detached")
    assert film.locator("canvas").first.evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.close()
