"""What a reader sees of a lesson at once, that it stays where it is, and that all can use it: in
real Chromium, on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.sweep.preview import SWEEP_ABOVE
from tests.support.browser import check_whole, grave, past_guess, settled

pytestmark = pytest.mark.slow

# Those with a main picture.
STAGED = [name for name in LESSONS if name != "start"]
WITH_KNOB = [name for name in STAGED if LESSONS[name].main_knob]
# Those whose main picture the player moves.
PLAYED = [name for name in STAGED if name not in ("initialisation", "your_garment", "sweep")]
TITLES = {name: lesson.title for name, lesson in LESSONS.items()} | {"compare": "Compare"}
WINDOWS = [(1400, 900, "light"), (1280, 720, "dark")]
# It keeps the place, whether it is in sight or under the picture that moves.
MAIN_CHART = ".st-key-picture [data-testid=stVegaLiteChart]"
# The parts that are to be in sight together: the question, the verdict, what the page is about and
# what it does.
PARTS = {
    "question": "h1",
    "verdict": ".st-key-verdict",
    "control": ".st-key-stage [data-testid=stColumn]:first-child "
    ":is([data-testid=stSlider], [data-testid=stSelectbox], [data-testid=stMultiSelect], "
    ".st-key-paper)",
    "picture": ".st-key-picture",
    "player": ".st-key-player",
}
# The first page opens on a picture that moves.
OPENING = {
    "question": "h1",
    "picture": ".st-key-film-start-network:has([data-fmviz-drawn])",
    "control": ".st-key-player",
}
# A picture that moves, as it is drawn.
DRAWN = "[data-fmviz-drawn]"
BOXES = """parts => Object.fromEntries(Object.entries(parts).map(([name, selector]) => {
    const {top, bottom, height} = document.querySelector(selector).getBoundingClientRect();
    return [name, {top, bottom, height}];
}))"""
# What Vega warns of, but that a chart has no rows yet: `quiet.js` keeps most of that to itself, and
# may come too late for the first chart.
WARNED = (
    r"WARN (?!Infinite extent for field .*: \[Infinity, -Infinity\]$"
    r"|Log scale domain includes zero: \[(NaN,NaN|Infinity,-Infinity|,)\]$)"
)


@pytest.fixture(scope="module", params=WINDOWS, ids=lambda window: f"{window[0]} {window[2]}")
def window(request: pytest.FixtureRequest, browser: Any) -> Iterator[Page]:
    width, height, theme = request.param
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.said = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.said.append(message.text))  # type: ignore[attr-defined]
    page.faults = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda m: m.type == "error" and page.faults.append(m.text))  # type: ignore[attr-defined]
    yield page
    context.close()


def shown(page: Page, address: str) -> None:
    """A page past its guess, with its runs."""
    page.goto(address)
    past_guess(page)


def reached(page: Page, app: str, name: str, query: str = "") -> None:
    """A page past its guess, from the one before; by its address where there is none, or where the
    navigation has no room for its name."""
    link = page.get_by_test_id("stTopNavLink").filter(has_text=TITLES[name])
    if link.count() and not link.evaluate("link => Boolean(link.closest('[inert]'))"):
        link.click()
        expect(page).to_have_title(f"{TITLES[name]} · fmviz")
        past_guess(page)
    else:
        shown(page, f"{app}/{name}{query}")


@pytest.mark.parametrize("name", TITLES)
def test_all_that_counts_is_in_sight_at_once_for_everybody_and_stays_there(
    window: Page, nowhere: str, name: str
) -> None:
    window.said.clear()  # type: ignore[attr-defined]
    # In one window a reader comes by addresses, in the other goes from page to page.
    if window.viewport_size == dict(zip(("width", "height"), WINDOWS[0])):
        shown(window, f"{nowhere}/{name}")
    else:
        reached(window, nowhere, name)
    window.faults.clear()  # type: ignore[attr-defined]
    check_sight(window, name)
    check_whole(window)
    if name in STAGED:
        window.wait_for_selector("text=recorded run")
    if name == "playground":
        check_names(window)
    if name in WITH_KNOB:
        check_calm(window, name)
    assert window.faults == []  # type: ignore[attr-defined]


def check_sight(window: Page, name: str) -> None:
    """What the page is about is in sight at once, and axe and Vega have nothing against it."""
    expect(window).to_have_title(f"{TITLES[name]} · fmviz")
    assert window.locator("h1").count() == 1
    assert window.locator("img:not([alt])").count() == 0
    levels = [int(e.evaluate("e => e.tagName[1]")) for e in window.locator("h1, h2, h3, h4").all()]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    boxes = check_together(window, name)
    # One line of the theme's size: else Streamlit lays headings out in another way.
    assert boxes["question"]["height"] < 60
    assert grave(window) == []
    said = window.said  # type: ignore[attr-defined]
    assert [text for text in said if re.match(WARNED, text)] == []


def check_together(window: Page, name: str) -> dict[str, dict[str, float]]:
    """All that counts is within the window; returns where each part of it is."""
    plays = name in (*PLAYED, "compare")
    parts = dict(PARTS)
    if name == "compare":
        del parts["control"]
    if not plays:
        del parts["player"]
    if name == "compare":
        window.get_by_role("button", name="Three interesting pins").click()
        window.get_by_text("Highest on validation: ").first.wait_for()
    if name == "start":
        window.locator(OPENING["picture"]).wait_for()
        parts = OPENING
    else:
        window.locator(MAIN_CHART).first.wait_for(state="attached")
    if plays:
        window.locator(f".st-key-picture {DRAWN}").first.wait_for(state="attached")
    boxes: dict[str, dict[str, float]] = window.evaluate(BOXES, parts)
    height = window.viewport_size["height"]  # type: ignore[index]
    for part, box in boxes.items():
        assert box["top"] >= 0, (part, boxes)
        assert box["bottom"] <= height, (part, boxes)
    return boxes


@pytest.fixture(scope="module")
def projector(browser: Any) -> Iterator[Page]:
    """A teacher's window, for one page after another."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    yield page
    page.close()


@pytest.mark.parametrize("name", TITLES)
def test_on_a_small_projector_all_that_counts_is_in_sight_at_once(
    projector: Page, nowhere: str, name: str
) -> None:
    reached(projector, nowhere, name, "?projector=true")
    assert "projector=true" in projector.url
    check_together(projector, name)


def test_a_picture_further_down_is_in_sight_with_what_moves_it(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    shown(page, f"{nowhere}/initialisation")
    race = page.locator(f"[class*=st-key-film-]:not(.st-key-picture *) {DRAWN}").first
    top = race.bounding_box()["y"]
    player = page.locator(PARTS["player"]).bounding_box()
    assert top < player["y"]
    assert player["y"] + player["height"] - top < 600
    page.close()


def check_names(page: Page) -> None:
    """The names of all settings are seen whole."""
    page.locator("[data-testid=stExpander] [data-testid=stSelectbox]").first.wait_for()
    cut = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stExpander] label p, '
            + '[data-testid=stExpander] [data-testid=stSelectbox] [data-baseweb=select] div')]
            .filter(each => each.scrollWidth > each.clientWidth + 1
                && getComputedStyle(each).textOverflow === 'ellipsis')
            .map(each => each.textContent)"""
    )
    assert cut == []


def check_calm(window: Page, name: str) -> None:
    """Nothing moves while a slider does."""
    chart = window.locator(MAIN_CHART).first
    before = chart.bounding_box()
    slider = window.locator(".st-key-stage [data-testid=stSlider] input").first
    if not slider.count():
        return
    presets = window.locator("[class*=st-key-presets-of-] button[data-testid*=stBaseButton]")
    # Off to a run that waits, and back to the one that is there; not by a key, as a story may begin
    # beside the slider's steps.
    first = slider.evaluate("input => Number(input.value) === Number(input.min)")
    slider.focus()
    window.keyboard.press("ArrowRight" if first else "ArrowLeft")
    window.wait_for_timeout(400)
    assert chart.bounding_box() == before
    presets.nth(0).click()
    window.wait_for_timeout(400)
    settled(window)
    assert chart.bounding_box() == before
    step = presets.nth(1)
    if LESSONS[name].presets and "section" not in LESSONS[name].presets[1].changes:
        step.click()
        window.wait_for_timeout(400)
        after = chart.bounding_box()
        assert after is not None
        assert before is not None
        assert (after["y"], after["height"]) == (before["y"], before["height"])


def test_what_was_asked_goes_at_once_and_pushes_nothing_down(browser: Any, app: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    page.goto(f"{app}/regularisation")
    settled(page)
    # Where the player is, at each change of the page.
    page.evaluate(
        """player => {
            window.tops = [];
            new MutationObserver(() => {
                const box = document.querySelector(player)?.getBoundingClientRect();
                if (box?.height) window.tops.push(Math.round(box.top));
            }).observe(document.body, {childList: true, subtree: true, attributes: true});
        }""",
        OPENING["control"],
    )
    page.get_by_role("button", name="Just show me").click()
    page.locator(MAIN_CHART).first.wait_for(state="attached")
    settled(page)
    tops = page.evaluate("window.tops")
    assert tops
    assert max(tops) - min(tops) <= 2
    page.close()


def test_a_run_in_training_moves_nothing(browser: Any, app: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(f"{app}/playground?train_size=2000&epochs=30&lam=2")
    page.locator(MAIN_CHART).first.wait_for(state="attached")
    settled(page)
    before = page.locator(MAIN_CHART).first.bounding_box()
    # Where the chart is, at each change of the page.
    page.evaluate(
        """chart => {
            window.places = new Set();
            new MutationObserver(() => {
                const found = document.querySelector(chart);
                if (found) {
                    const {top, height} = found.getBoundingClientRect();
                    window.places.add(`${top} ${height}`);
                }
            }).observe(document.body, {childList: true, subtree: true, characterData: true});
        }""",
        MAIN_CHART,
    )
    # How often in a row there is nothing to be seen there: no picture, and what stands in hidden.
    page.evaluate(
        """() => {
            window.blank = 0;
            let now = 0;
            setInterval(() => {
                const place = document.querySelector(".st-key-picture [class*=st-key-film-]");
                const seen = [...place.querySelectorAll("[data-fmviz-drawn], canvas")].some(e =>
                    e.getClientRects().length && getComputedStyle(e).visibility === "visible");
                now = seen ? 0 : now + 1;
                window.blank = Math.max(window.blank, now);
            }, 50);
        }"""
    )
    page.locator(".st-key-stage [data-testid=stSlider] input").first.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator(".st-key-said[role=status][aria-live=polite]")
    said.get_by_text("Training goes on").wait_for(state="attached")
    said.get_by_text("Training has ended").wait_for(state="attached")
    assert page.evaluate("window.places.size") == 1
    assert page.evaluate("window.blank") < 3
    assert page.locator(MAIN_CHART).first.bounding_box() == before
    page.close()


def test_the_focus_goes_from_a_guess_to_what_became_of_it(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{nowhere}/regularisation")
    page.wait_for_selector("h1")
    settled(page)
    option = page.get_by_role("button", name="It narrows")
    option.focus()
    page.keyboard.press("Enter")
    option.wait_for(state="detached")
    page.wait_for_function("document.activeElement.classList.contains('st-key-verdict')")
    assert "Your guess was right" in page.locator(".st-key-verdict").inner_text()
    page.close()


def test_a_step_about_a_closer_look_shows_it(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{nowhere}/regularisation")
    page.get_by_role("button", name="L1: few weights").click()
    page.wait_for_function(
        """() => {
            const look = document.querySelector('.st-key-closer');
            return look && Math.abs(look.getBoundingClientRect().top) < 200;
        }"""
    )
    page.close()


def test_of_another_closer_look_nothing_stays_while_weights_are_trained(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{nowhere}/regularisation?section=wiggle")
    closer = page.locator(".st-key-closer")
    closer.get_by_test_id("stVegaLiteChart").first.wait_for()
    page.get_by_role("button", name="Exact zeros").click()
    closer.get_by_text("Three matched runs under plain SGD").wait_for()
    expect(closer.locator("[data-stale=true] :is(canvas, p, button)")).to_have_count(0)
    page.close()


def test_a_telephone_leads_on_to_the_next_page(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    shown(page, f"{nowhere}/overfitting")
    page.set_default_timeout(60_000)
    onward = page.get_by_test_id("stPageLink").filter(has_text="Next: Early stopping")
    onward.get_by_role("link").click()
    page.wait_for_url("**/early_stopping")
    page.close()


def test_on_a_telephone_pins_are_compared_in_its_window(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    shown(page, f"{nowhere}/compare")
    # With none, what gives some is in sight.
    expect(page.get_by_role("button", name="Three interesting pins")).to_be_in_viewport(ratio=1)
    boxes = check_together(page, "compare")
    assert boxes["verdict"]["bottom"] <= boxes["picture"]["top"]
    assert boxes["picture"]["bottom"] <= boxes["player"]["top"]
    page.close()


def test_on_a_telephone_a_sweep_is_in_sight_with_what_it_comes_to(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    shown(page, f"{nowhere}/sweep")
    page.locator(MAIN_CHART).first.wait_for(state="attached")
    boxes = page.evaluate(BOXES, {part: PARTS[part] for part in ("verdict", "picture")})
    assert boxes["verdict"]["bottom"] <= boxes["picture"]["top"]
    # Of the picture the curves of one run, which stand last, may be cut.
    below = SWEEP_ABOVE * boxes["picture"]["height"] + 100
    assert boxes["picture"]["top"] + below <= 844
    assert boxes["picture"]["top"] <= 520
    page.close()


def test_controls_that_stay_are_in_sight_while_the_page_moves_beside_them(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{nowhere}/playground")
    control = page.locator(PARTS["control"]).first
    page.get_by_role(
        "heading", name="The rule, with this run's numbers"
    ).scroll_into_view_if_needed()
    expect(control).to_be_in_viewport()
    assert control.bounding_box()["x"] < page.locator(".st-key-closer").bounding_box()["x"]
    page.close()


def test_on_a_telephone_pictures_of_weights_leave_no_gap(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    shown(page, f"{nowhere}/regularisation")
    film = page.locator("[class*=st-key-film-][class*=-kernels]")
    last = film.locator("figcaption").last
    last.wait_for()
    ends = [box["y"] + box["height"] for box in (film.bounding_box(), last.bounding_box())]
    assert ends[0] - ends[1] < 40
    page.close()


def test_charts_follow_a_switch_of_the_theme_at_once(browser: Any, nowhere: str) -> None:
    context = browser.new_context(
        viewport={"width": 1400, "height": 900}, color_scheme="light", device_scale_factor=1
    )
    page = context.new_page()
    shown(page, f"{nowhere}/playground")
    page.locator(MAIN_CHART).first.wait_for(state="attached")
    # Pixels of the orange that runs without a penalty have on a dark ground alone.
    orange = """chart => {
        const canvas = document.querySelector(chart + ' canvas');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4)
            found += data[i] === 230 && data[i + 1] === 159 && data[i + 2] === 0;
        return found;
    }"""
    assert page.evaluate(orange, MAIN_CHART) == 0
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"chart => ({orange})(chart) > 50", arg=MAIN_CHART)
    context.close()


def test_a_run_is_pinned_once_by_the_key_and_the_button(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{nowhere}/playground")
    page.get_by_role("button", name="Pin", exact=True).click()
    name = page.get_by_label("Name")
    name.wait_for()
    button = page.get_by_role("button", name="Pin this run")
    name.press("Enter")
    button.evaluate("each => each.click()")
    page.get_by_text("Compare 1 pinned run").wait_for()
    settled(page)
    assert page.get_by_text("Compare 1 pinned run").count() == 1
    page.close()


def test_an_address_of_no_page_says_so(browser: Any, nowhere: str) -> None:
    page = browser.new_page()
    page.goto(f"{nowhere}/nosuchpage")
    page.get_by_text("Page not found").wait_for()
    page.close()


def test_embedded_in_a_narrow_page_every_button_can_be_pressed(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 800})
    shown(page, f"{nowhere}/playground?embed=true")
    page.locator(".st-key-picture").hover()
    button = page.get_by_role("button", name="Train it live")
    button.scroll_into_view_if_needed()
    assert button.evaluate(
        """each => {
            const {left, top, width, height} = each.getBoundingClientRect();
            return each.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }"""
    )
    page.close()
