"""The browser's Back and Forward, and clicks that cross what a control has to say, in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import settled, slider

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Any, app: str) -> Iterator[Page]:
    """The playground as it opens."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(40_000)
    page.goto(f"{app}/playground")
    settled_at(page, "/playground", lam="10", patience="off")
    page.wait_for_selector("text=recorded run")
    settled(page)
    yield page
    page.close()


def settled_at(page: Page, address: str, **shown: str) -> None:
    """Wait for an address and for what the sliders show there. They are moved by patience, which
    trains nothing."""
    page.wait_for_function("a => location.pathname + location.search === a", arg=address)
    labels = {"lam": "Strength", "patience": "Patience", "dropout": "Dropout rate"}
    for name, text in shown.items():
        expect(slider(page, labels[name])).to_have_attribute("aria-valuetext", text)
    assert page.locator("[data-testid=stException]").count() == 0


def move(page: Page, label: str) -> None:
    slider(page, label).focus()
    page.keyboard.press("ArrowRight")


def link(page: Page, title: str) -> Any:
    return page.get_by_test_id("stTopNavLink").filter(has_text=title)


def test_back_and_forward_go_through_every_state_of_a_page(page: Page) -> None:
    states = [
        ("/playground", {"lam": "10", "patience": "off"}),
        ("/playground?patience=0", {"lam": "10", "patience": "0"}),
        ("/playground?patience=1", {"lam": "10", "patience": "1"}),
    ]
    for address, shown in states[1:]:
        move(page, "Patience")
        settled_at(page, address, **shown)
        settled(page)
    for step, order in ((page.go_back, states[-2::-1]), (page.go_forward, states[1:])):
        for address, shown in order:
            step()
            settled_at(page, address, **shown)
            settled(page)


def test_back_and_forward_go_across_pages_and_the_navigation_restores(page: Page) -> None:
    move(page, "Patience")
    settled_at(page, "/playground?patience=0", patience="0")
    settled(page)
    link(page, "Dropout").click()
    settled_at(page, "/dropout", dropout="0.5")
    settled(page)
    # The session remembers the page, and coming back to it is one step, as any other.
    link(page, "Playground").click()
    settled_at(page, "/playground?patience=0", patience="0")
    settled(page)
    states: list[tuple[str, dict[str, str]]] = [
        ("/playground", {"patience": "off"}),
        ("/playground?patience=0", {"patience": "0"}),
        ("/dropout", {"dropout": "0.5"}),
        ("/playground?patience=0", {"patience": "0"}),
    ]
    for step, order in ((page.go_back, states[-2::-1]), (page.go_forward, states[1:])):
        for address, shown in order:
            step()
            settled_at(page, address, **shown)
            settled(page)


def open_pin(page: Page) -> None:
    page.get_by_test_id("stPopoverButton").filter(has_text="Pin").click()
    page.get_by_test_id("stPopoverBody").wait_for()


def type_widths(page: Page) -> None:
    page.get_by_role("textbox", name="Hidden layers").fill("6")


def press_arrow(page: Page) -> None:
    move(page, "Patience")


@pytest.mark.parametrize("before", [open_pin, type_widths, press_arrow])
def test_no_control_costs_the_click_that_follows(
    page: Page, before: Callable[[Page], None]
) -> None:
    box = link(page, "Dropout").bounding_box()
    assert box is not None
    before(page)
    # At once: a click of Playwright's own would wait until all is quiet.
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settled_at(page, "/dropout", dropout="0.5")
    settled(page)
    page.go_back()
    page.wait_for_function("location.pathname === '/playground'")
    settled(page)
    settled_at(page, page.evaluate("location.pathname + location.search"), lam="10")
    page.wait_for_selector("text=regularizers.L2")


# The next click on a link reaches nobody.
LOSE = """document.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
}, { capture: true, once: true });"""
# A page's seconds are tenths: whoever waits that long is done sooner.
HASTE = """const { setTimeout } = window;
window.setTimeout = (then, after, ...rest) =>
    setTimeout(then, after >= 1000 ? after / 10 : after, ...rest);"""


def test_a_click_that_is_folded_into_a_controls_late_word_is_made_again(page: Page) -> None:
    page.evaluate(HASTE)
    page.get_by_role("textbox", name="Hidden layers").focus()
    page.evaluate(LOSE)
    link(page, "Dropout").click()
    settled_at(page, "/dropout", dropout="0.5")
    settled(page)
    page.go_back()
    settled_at(page, "/playground", lam="10")
    settled(page)
    # Where no control had the focus, none can have spoken late: whoever lost it may have meant to.
    page.locator("h1").click()
    page.evaluate(LOSE)
    link(page, "Dropout").click()
    page.wait_for_timeout(450)
    assert page.evaluate("location.pathname") == "/playground"
