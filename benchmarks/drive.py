"""Every page in real Chromium, every control moved: `make drive`.

Starts the app with an empty store, goes through all lessons as a reader would, times how long each
takes from the click on its card to its first chart, then moves every control in sight and under
"More settings", takes every preset and every closer look. Whatever goes wrong is printed, and a
failure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, sync_playwright

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.lesson import Lesson, preset_words
from tests.support.browser import FIRST_CHART, IDLE, launched, server

# While a run grows the script is busy; moving on to the next control interrupts it.
SETTLE_MS = 60_000
# Streamlit asks for these below a page's address before it finds them at the root.
PROBES = ("_stcore/health", "_stcore/host-config")


class Driver:
    """One reader with a mouse and a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.where = ""
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self.where}: {fault}")

    def settle(self) -> None:
        """Wait until the script has ended, then look for exceptions."""
        try:
            self.page.wait_for_timeout(150)
            self.page.wait_for_selector(IDLE, timeout=SETTLE_MS)
        except Error as error:
            self._note(f"still running: {error}")
        for box in self.page.locator("[data-testid=stException]").all():
            self._note(box.inner_text()[:400])

    def visit(self, lesson: Lesson) -> float:
        """Go to a lesson by the navigation; seconds from there to its first chart."""
        self.where = lesson.name
        self.page.goto(self.page.url.split("/", 3)[0] + "//" + self.page.url.split("/", 3)[2])
        self.page.wait_for_selector(FIRST_CHART)
        self.settle()
        card = self.page.get_by_test_id("stPageLink").filter(has_text=lesson.title)
        begun = time.perf_counter()
        card.get_by_role("link").click()
        self.page.wait_for_url(f"**/{lesson.name}")
        asked = lesson.answer is not None
        if asked:
            guess = self.page.get_by_role("button", name="Just show me")
            guess.wait_for()
            before = time.perf_counter() - begun
            begun = time.perf_counter()
            guess.click()
        self.page.wait_for_selector(FIRST_CHART)
        seconds = time.perf_counter() - begun
        self.settle()
        return max(seconds, before) if asked else seconds

    def sliders(self) -> int:
        """Move every slider one step up and every one back."""
        count = self.page.locator("[data-testid=stSlider] input").count()
        for key in ("ArrowRight", "ArrowLeft"):
            for index in range(count):
                slider = self.page.locator("[data-testid=stSlider] input").nth(index)
                if slider.count() and slider.is_enabled():
                    slider.focus()
                    self.page.keyboard.press(key)
                    self.settle()
        return count

    def steppers(self) -> int:
        """One step up in every number field."""
        count = self.page.locator("[data-testid=stNumberInputStepUp]").count()
        for index in range(count):
            button = self.page.locator("[data-testid=stNumberInputStepUp]").nth(index)
            if button.count() and button.is_enabled():
                button.click()
                self.settle()
        return count

    def choices(self) -> int:
        """The next option of every select box, radio group, segmented control, toggle."""
        moved = 0
        for index in range(self.page.locator("[data-testid=stSelectbox]").count()):
            box = self.page.locator("[data-testid=stSelectbox]").nth(index)
            if not box.count():
                continue
            box.locator("input").click()
            self.page.keyboard.press("ArrowDown")
            self.page.keyboard.press("Enter")
            self.settle()
            moved += 1
        for what in ("[data-testid=stRadio] label", "[data-testid=stButtonGroup] button"):
            for index in range(self.page.locator(what).count()):
                option = self.page.locator(what).nth(index)
                if option.count() and option.is_visible():
                    option.click()
                    self.settle()
                    moved += 1
        for index in range(self.page.locator("[data-testid=stCheckbox]").count()):
            self.page.locator("[data-testid=stCheckbox]").nth(index).click()
            self.settle()
            moved += 1
        return moved


def drive(page: Page, address: str, names: list[str]) -> list[str]:
    """Go through lessons; what went wrong."""
    driver: Any = Driver(page)
    page.goto(address)
    page.wait_for_selector(FIRST_CHART)
    driver.settle()
    for name in names:
        lesson = LESSONS[name]
        seconds = driver.visit(lesson)
        for preset in lesson.presets:
            driver.where = f"{name}, preset {preset.name}"
            label = preset_words(name, preset)[0]
            page.get_by_role("button", name=label, exact=True).click()
            driver.settle()
        driver.where = f"{name}, controls"
        moved = driver.choices() + driver.sliders() + driver.steppers()
        unfold = page.locator("summary").filter(has_text="More settings")
        if unfold.count():
            driver.where = f"{name}, more settings"
            unfold.first.click()
            driver.settle()
            moved += driver.choices() + driver.sliders() + driver.steppers()
        print(f"{name:16} first chart {seconds:5.2f} s, {moved} controls moved", flush=True)
    return driver.faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="their names; all of them by default")
    parser.add_argument("--port", type=int, default=8940)
    arguments = parser.parse_args()
    names = arguments.lessons or [name for name in LESSONS if name != "start"]
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), arguments.port) as address,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        faults = [fault for fault in drive(page, address, names) if not _probe(fault)]
        browser.close()
    print("\n".join(faults) or "nothing went wrong")
    sys.exit(bool(faults))


def _probe(fault: str) -> bool:
    return any(probe in fault for probe in PROBES)


if __name__ == "__main__":
    main()
