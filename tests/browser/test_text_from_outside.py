"""What stands in an address, or a reader types, is only ever text: in real Chromium, where a
picture would be fetched and a link could be followed.

That no page and no parameter is left out of the sentences, `tests/page/test_text_from_outside.py`
shows without a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.pins import Pin, encode
from fmviz.ui.faults import MOST
from fmviz.words.escaping import JOINER
from tests.support.browser import FIRST_CHART, settled
from tests.support.outside import FOREIGN, HOSTILE, LONG, expected_name

pytestmark = pytest.mark.slow

ALERT = "[data-testid=stAlertContainer]"
# Four of them are as long as an address may be: servers refuse a first line of more than 64 kB at
# random.
LONG_VALUE = 9_000
# Every setting of a run by name, four lines of them, is the longest that is said.
TALLEST = 220


@pytest.fixture
def page(browser: Any, app: str) -> Iterator[Page]:
    """A page on which any request to another host fails the test."""
    asked: list[str] = []
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.context.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(120_000)
    yield page
    # What an element begins to fetch, it begins at once.
    page.wait_for_timeout(200)
    page.close()
    foreign = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in ("http", "https")}
    assert foreign == {urlsplit(app).netloc}


def shown(page: Page, locator: str) -> list[str]:
    """What a reader sees in some elements."""
    return [text.replace(JOINER, "") for text in page.locator(locator).all_inner_texts()]


def check_dom(page: Page) -> None:
    """Nothing on the page leads, or is fetched from, where the hostile texts point."""
    assert page.locator(f"body:has-text('{FOREIGN}')").count() == 1, "the text itself is there"
    for attribute in ("href", "src", "srcset", "style", "action", "poster", "data"):
        assert page.locator(f"[{attribute}*='{FOREIGN}' i]").count() == 0, attribute
    # The box's own icon and no other, and no formula.
    for alert in page.locator(ALERT).all():
        assert alert.locator("[data-testid=stIconMaterial], img, .katex, a, code").count() <= 1


# Every kind of setting: numbers, words of a table, lists, what is on or off, of a run or of how it
# is looked at; as many at once as are said.
FIELDS = {
    "playground": ("lam", "seed", "optimizer", "hidden", "tolerance", "lock"),
    "sweep": ("knob", "values", "knob2", "measure", "label_noise", "dataset"),
    "early_stopping": ("patience", "monitor", "restore", "epoch", "hide"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_kind_of_parameter_takes_hostile_text_for_text(
    page: Page, app: str, name: str
) -> None:
    begin = sum(len(FIELDS[before]) for before in list(FIELDS)[: list(FIELDS).index(name)])
    query = dict(zip(FIELDS[name], islice(cycle(HOSTILE), begin, None)))
    page.goto(f"{app}/{name}?{urlencode(query)}")
    page.wait_for_selector(ALERT)
    settled(page)
    said = shown(page, ALERT)
    for field, text in query.items():
        assert any(field in sentence and text in sentence for sentence in said), (name, field)
    check_dom(page)


def test_names_that_nobody_knows_are_text_and_so_are_long_values(page: Page, app: str) -> None:
    for first in range(0, len(HOSTILE), MOST):
        texts = HOSTILE[first : first + MOST]
        page.goto(f"{app}/compare?{urlencode([(text, '1') for text in texts])}")
        page.wait_for_selector(ALERT)
        settled(page)
        said = shown(page, ALERT)
        assert all(any(text in sentence for sentence in said) for text in texts)
        check_dom(page)
    long = LONG[:LONG_VALUE]
    query = {"lam": long, "values": long, "knob2": "init_std", "values2": LONG[:390], long: "1"}
    page.goto(f"{app}/sweep?{urlencode(query | {'pin': long})}")
    page.wait_for_selector(ALERT)
    settled(page)
    boxes = [alert.bounding_box() for alert in page.locator(ALERT).all()]
    assert len(boxes) == 5
    assert all(box is not None and box["height"] < TALLEST for box in boxes), boxes
    many = [(f"unknown{i}", "1") for i in range(500)] + [("pin", "x")] * 500
    page.goto(f"{app}/sweep?{urlencode(many)}")
    page.wait_for_selector(ALERT)
    settled(page)
    assert page.locator(ALERT).count() == MOST


def test_names_of_pins_are_text_wherever_they_stand(page: Page, app: str) -> None:
    lesson = LESSONS["regularisation"]
    # Runs that ship recorded, so that the page is whole at once.
    configs = list(
        dict.fromkeys(
            c for p in lesson.presets for c in lesson.runs_of(lesson.state_of(p)).values()
        )
    )
    names = [name for text in HOSTILE if (name := expected_name(text))]
    assert len(names) > 8
    for some in (names[:5], names[5:10]):
        pins = [("pin", encode(Pin(name, config))) for name, config in zip(some, configs)]
        page.goto(f"{app}/compare?{urlencode(pins)}")
        # The last to come of what stands above the button, and would move it.
        page.get_by_text("standard error: training on").wait_for()
        settled(page)
        assert page.locator(ALERT).count() == 0
        page.get_by_role("button", name="Rename or remove").click()
        buttons = page.locator("[class*='st-key-compare-remove'] button:visible")
        assert buttons.count() == len(some)
        for button, name in zip(buttons.all(), some):
            button.hover()
            page.locator("[data-testid=stTooltipContent]").filter(has_text="Remove").wait_for()
            assert shown(page, "[data-testid=stTooltipContent]") == [f"Remove {name}"]
        check_dom(page)


def test_what_a_reader_types_is_text(page: Page, app: str) -> None:
    page.goto(f"{app}/sweep")
    settled(page)
    field = page.locator("[data-testid=stTextInput] input").first
    field.fill(f"1, {HOSTILE[0]}")
    field.press("Enter")
    page.wait_for_selector(ALERT)
    settled(page)
    assert any(HOSTILE[0].partition(",")[0] in said for said in shown(page, ALERT))
    check_dom(page)

    page.goto(f"{app}/playground")
    page.wait_for_selector(FIRST_CHART)
    settled(page)
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_label("Name").fill("![a](http://evil.example/b.png)")
    page.get_by_role("button", name="Pin this run").click()
    toast = page.locator("[data-testid=stToast]")
    toast.wait_for()
    assert "![a](http://evil.example/b.png)" in toast.inner_text().replace(JOINER, "")
    check_dom(page)
