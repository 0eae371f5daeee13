"""Pages on paper: in real Chromium, as its *Print* has them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import TimeoutError

from tests.support.browser import past_guess, settled

pytestmark = pytest.mark.slow

# A4 less the margins of `ui/print.css`, in CSS pixels.
WIDTH, HEIGHT = (round((side - 24) / 25.4 * 96) for side in (210, 297))
# How full all sheets but the last are to be, as far as one may tell by what there is to print.
FULL = 0.75
# What scrolls, or stands beyond the margin.
CUT = """width => [...document.querySelectorAll('.stMain, .stMain *')]
    .filter(each => each.checkVisibility())
    // What is only heard.
    .filter(each => !each.closest('.st-key-said') && !each.querySelector('.st-key-said'))
    .filter(each => each.getBoundingClientRect().right > width + 2
        || (each.matches('.stMain, .stMainBlockContainer')
            && each.scrollHeight > each.clientHeight + 2))
    .map(each => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", ["regularisation", "start"])
def test_a_page_is_printed_whole_and_leaves_no_sheet_half_empty(
    browser: Any, nowhere: str, name: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{nowhere}/{name}")
    past_guess(page)
    page.locator("[data-fmviz-drawn]:visible").first.wait_for()
    page.get_by_text("Follow the shirt to").wait_for()
    settled(page)
    printed = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    page.emulate_media(media="print")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    # Charts take the width of the sheet after it is theirs.
    with suppress(TimeoutError):
        page.wait_for_function(f"width => ({CUT})(width).length === 0", arg=WIDTH)
    assert page.evaluate(CUT, WIDTH) == []
    height = page.locator(".stMain").bounding_box()["height"]
    assert sheets > 1
    assert height >= FULL * HEIGHT * (sheets - 1), (height, sheets)
    page.close()
