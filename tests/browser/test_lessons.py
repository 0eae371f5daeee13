"""Every lesson on a telephone, in real Chromium: reached from the first page, shown from its
recorded runs. Of wide windows the tests of the stage ask that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fmviz.lessons.catalogue import LESSONS
from tests.browser.test_stage import BOXES, MAIN_CHART, PARTS, STAGED
from tests.support.browser import FIRST_CHART, check_whole, grave, past_guess, settled

pytestmark = pytest.mark.slow

# The height of a telephone's window.
TELEPHONE = 844
# Higher than one, so that more is in sight at once.
SIZE = {"width": 390, "height": 1000}
# Pages with controls below the picture; one opens on a picture that they are made of.
CONTROLLED = [name for name in STAGED if name != "your_garment"]
OTHERS = [lesson for name, lesson in LESSONS.items() if name != "start"]


@pytest.fixture(scope="module")
def page(browser: Any, nowhere: str) -> Iterator[Page]:
    """One reader who goes from page to page."""
    page = browser.new_page(viewport=SIZE, color_scheme="dark")
    page.set_default_timeout(30_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.faults.append(m.text))
    yield page
    page.close()


@pytest.mark.parametrize("lesson", OTHERS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_reached_from_its_card_and_shows_recorded_runs(
    page: Page, nowhere: str, lesson: Any
) -> None:
    if page.url == "about:blank":
        page.goto(nowhere)
    else:
        page.go_back()
        page.wait_for_url(f"{nowhere}/")
    page.wait_for_selector(FIRST_CHART)
    settled(page)
    page.faults.clear()  # type: ignore[attr-defined]
    card = page.get_by_test_id("stPageLink").filter(has_text=lesson.title).first
    card.get_by_role("link").click()
    page.wait_for_url(f"**/{lesson.name}")
    if lesson.answer is not None:
        skip = page.get_by_role("button", name="Just show me")
        skip.scroll_into_view_if_needed()
        if page.locator(".st-key-below").count():
            # What is asked is in sight with the answers.
            expect(page.locator(".st-key-verdict")).to_be_in_viewport(ratio=1)
        skip.click()
    page.wait_for_selector("text=recorded run")
    page.wait_for_selector(FIRST_CHART)
    settled(page)
    check_whole(page)
    if (slider := page.locator(".st-key-below [data-testid=stSlider]")).count():
        # What moves the picture is below it, and most of both is in sight together.
        chart, knob = page.locator(".st-key-picture").bounding_box(), slider.first.bounding_box()
        assert chart
        assert knob
        top = knob["y"] + knob["height"] - TELEPHONE
        assert top < chart["y"] + chart["height"] - 250 < knob["y"]
    assert grave(page) == []
    check_telephone(page, lesson.name)
    assert page.faults == []  # type: ignore[attr-defined]


def check_telephone(page: Page, name: str) -> None:
    """In the window of a telephone nothing moves sideways, and no tool lies on a legend."""
    page.set_viewport_size(SIZE | {"height": TELEPHONE})  # type: ignore[arg-type]
    main = page.get_by_test_id("stMain")
    expect(main).to_have_js_property("scrollWidth", 390)
    main.evaluate("main => main.scrollTo(0, 0)")
    if name in CONTROLLED:
        check_order(page)
    film = page.locator(".st-key-picture [data-fmviz-film=drawn]:has(.stVegaLiteChart)").first
    if film.count():
        film.hover()
        tools, legend = film.locator(".stElementToolbar").first, film.locator(".legend").first
        expect(tools).to_have_css("opacity", "1")
        assert tools.bounding_box()["y"] + tools.bounding_box()["height"] < (  # type: ignore[index]
            legend.bounding_box()["y"] + 5  # type: ignore[index]
        )
    page.set_viewport_size(SIZE)  # type: ignore[arg-type]


def check_order(page: Page) -> None:
    """The verdict, the picture as much of it as the window has room for, then the controls."""
    page.locator(MAIN_CHART).first.wait_for(state="attached")
    boxes = page.evaluate(BOXES, {part: PARTS[part] for part in ("verdict", "picture", "control")})
    assert boxes["verdict"]["bottom"] <= boxes["picture"]["top"] < 0.76 * TELEPHONE
    assert boxes["picture"]["bottom"] <= boxes["control"]["top"]


@pytest.mark.parametrize("name", ["start", "compare"])
def test_pages_without_a_card_fit_a_telephone_too(browser: Any, nowhere: str, name: str) -> None:
    page = browser.new_page(viewport=SIZE | {"height": TELEPHONE})
    page.set_default_timeout(60_000)
    page.goto(f"{nowhere}/{name}")
    past_guess(page)
    check_telephone(page, name)
    page.close()
