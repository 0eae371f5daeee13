"""The app as its users have it: a fresh server, a real worker, real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page

from tests.support.browser import CHART, FIRST_CHART, figure, settled, slider

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.set_default_timeout(120_000)
    yield page
    page.close()
    assert faults == []


def show(page: Page, address: str) -> None:
    """The playground in its opening state: 30 epochs with and without a penalty."""
    page.goto(f"{address}/playground")
    page.wait_for_selector(FIRST_CHART)


def test_the_first_visitor_of_a_fresh_server_may_come_by_a_deep_link(
    fresh: str, page: Page
) -> None:
    page.goto(f"{fresh}/regularisation?penalty=l1&lam=1&train_size=500&epochs=3&patience=2")
    page.wait_for_selector("text=trained just now")
    body = page.inner_text("body")
    assert "Page not found" not in body
    assert re.search(r"Strength, λ\s+1\s", body)
    assert "regularizers.L1(0.002)" in body
    assert page.locator("[data-testid=stException]").count() == 0
    assert "lam=1" in page.url
    page.goto("about:blank")  # before its server may go


def test_a_word_shows_its_meaning_to_the_keyboard_and_hides_it_again(page: Page, app: str) -> None:
    show(page, app)
    word = page.locator(".fmviz-word").first
    meaning = page.locator(f"#{word.get_attribute('popovertarget')}")
    assert word.get_attribute("aria-describedby") == meaning.get_attribute("id")
    assert not meaning.is_visible()
    word.focus()
    page.keyboard.press("Enter")
    meaning.wait_for()
    page.keyboard.press("Escape")
    meaning.wait_for(state="hidden")


def test_a_lesson_opens_with_a_guess_and_then_on_its_recorded_run(page: Page, app: str) -> None:
    page.goto(app)
    page.get_by_role("link", name="L2 and L1").first.click()
    page.wait_for_selector("text=Predict, then see.")
    page.get_by_role("button", name="It narrows").click()
    page.wait_for_selector("text=recorded run")
    page.wait_for_selector("text=You guessed")
    assert figure(page, "Accuracy gap").endswith("points")


def test_a_reload_keeps_guesses_and_looks_and_another_browser_has_its_own(
    page: Page, browser: Any, app: str
) -> None:
    address = f"{app}/regularisation?vault=true"
    page.goto(address)
    page.get_by_role("button", name="It narrows").click()
    page.wait_for_selector("text=You guessed")
    page.get_by_role("button", name="Look at these networks' test accuracy").click()
    page.wait_for_selector("text=with 1 look into the vault")
    settled(page)
    page.reload()
    page.wait_for_selector("text=with 1 look into the vault")
    page.wait_for_selector("text=You guessed")
    settled(page)
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(address)
        other.get_by_role("button", name="Just show me").click()
        other.wait_for_selector("text=have not looked into the vault")


# Keeps what a reader would see of a training run: the epochs that the status line names, and how
# often the first chart looks different. A busy machine may be too slow to be asked meanwhile.
WATCH_TRAINING = """(chart) => {
    window.seen = {epochs: [], pictures: new Set()};
    const look = () => {
        for (const line of document.querySelectorAll('[data-testid=stCaptionContainer]')) {
            const epoch = /epoch (\\d+) of/.exec(line.textContent);
            if (epoch) window.seen.epochs.push(Number(epoch[1]));
        }
        const canvas = document.querySelector(chart);
        if (canvas) window.seen.pictures.add(canvas.toDataURL());
        setTimeout(look, 50);
    };
    look();
}"""


def test_moving_lambda_by_keyboard_trains_and_draws(page: Page, browser: Any, app: str) -> None:
    # Not recorded, and long enough that also a busy machine draws it more than once.
    page.goto(f"{app}/playground?train_size=4000&epochs=80")
    page.wait_for_selector("text=trained just now")
    settled(page)
    before = {name: figure(page, name) for name in ("Accuracy gap", "Sparsity", "Saturation")}
    page.evaluate(WATCH_TRAINING, CHART)
    for lam in (20, 50):
        slider(page, "Strength").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"location.search.includes('lam={lam}')")
    settled(page)
    page.wait_for_selector("text=trained just now")
    epochs = page.evaluate("window.seen.epochs")
    # Once, where the second run took the place of the first.
    assert sum(after < before for before, after in pairwise(epochs)) <= 1
    assert len(set(epochs)) >= 2
    # The curve was drawn again as it grew.
    assert page.evaluate("window.seen.pictures.size") >= 3
    settled(page)
    after = {name: figure(page, name) for name in before}
    assert all(after[name] != before[name] for name in before)

    # Patience looks at the run: it is answered from the store.
    slider(page, "Patience").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=/ends training after epoch|stopping never fires/")
    assert "from the store" in page.inner_text("body")
    assert "patience=0" in page.url

    # Another browser, given the link, shows the same figures.
    context = browser.new_context()
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("text=from the store")
    other.wait_for_selector(FIRST_CHART)
    settled(page)
    assert {n: figure(other, n) for n in before} == {n: figure(page, n) for n in before}
    context.close()


def test_a_shared_link_shows_another_profile_the_same_and_keeps_what_is_locked(
    browser: Any, page: Page, app: str
) -> None:
    # Figures that no other state has, of a network whose program is there.
    page.goto(f"{app}/playground?epochs=2&lam=3&seed=7&tolerance=0.01")
    page.wait_for_selector("text=/trained just now|from the store/")
    settled(page)
    names = ("Accuracy gap", "Sparsity", "Saturation")
    mine = {name: figure(page, name) for name in names}
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    box = page.get_by_test_id("stPopoverBody")
    box.get_by_role("combobox").fill("Strength")
    page.keyboard.press("Enter")
    link = box.get_by_test_id("stCode")
    link.filter(has_text="lock=lam").wait_for()
    address = link.inner_text().strip()
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    other = context.new_page()
    other.set_default_timeout(90_000)
    other.goto(address)
    other.wait_for_selector("text=from the store")
    other.wait_for_selector(FIRST_CHART)
    settled(other)
    assert {name: figure(other, name) for name in names} == mine
    assert slider(other, "Strength").is_disabled()
    assert slider(other, "Patience").is_enabled()
    context.close()


def test_a_bad_link_is_explained(page: Page, app: str) -> None:
    page.goto(f"{app}/regularisation?lam=banana&epochs=0")
    page.wait_for_selector("text=lam must be a number from 0 to 10,000")
    page.wait_for_selector("text=epochs must be a whole number from 1 to 100")
    page.get_by_role("button", name="Just show me").click()
    page.wait_for_selector(FIRST_CHART)


def test_settings_survive_folding(page: Page, app: str) -> None:
    page.goto(f"{app}/regularisation?train_size=500&epochs=2")
    page.wait_for_selector("text=/trained just now|from the store/")
    page.locator("summary").filter(has_text="More settings").click()
    field = page.get_by_role("textbox", name="Hidden layers")
    field.fill("32-16")
    field.press("Enter")
    page.wait_for_function("() => location.search.includes('hidden=32-16')")
    page.locator("summary").filter(has_text="More settings").click()
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stTextInput]') || "
        "!document.querySelector('[data-testid=stTextInput]').checkVisibility()"
    )
    slider(page, "Strength").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('lam')")
    assert "hidden=32-16" in page.url


def test_a_bare_address_opens_on_a_recorded_run_and_no_page_loads_tensorflow(
    page: Page, app: str
) -> None:
    page.goto(app)
    page.wait_for_selector("text=recorded run")
    page.wait_for_selector(FIRST_CHART)
    page.wait_for_selector("text=/It says .* with/")
    assert page.title() == "Start · fmviz"
    servers = [
        process
        for process in psutil.Process().children(recursive=True)
        if f"--server.port={urlsplit(app).port}" in process.cmdline()
    ]
    assert len(servers) == 1
    maps = Path(f"/proc/{servers[0].pid}/maps").read_text()
    assert "streamlit" in " ".join(servers[0].cmdline())
    assert "numpy" in maps
    assert "tensorflow" not in maps
