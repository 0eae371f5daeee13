"""Every kind of file, taken home from a page in real Chromium."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browser import FIRST_CHART, OF_ROW, settled

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n"
STEM = "fmviz-l2-lam10-n5000-seed0"
BUTTONS = (
    "Keras notebook",
    "PyTorch notebook",
    "Make the .keras file",
    "History",
    "Figures",
    "Charts",
)
WIDE, NARROW = (1400, "light"), (390, "dark")


@pytest.fixture(scope="module", params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(browser: Any, app: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The playground on its recorded pair, its files in sight."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{app}/playground")
    page.wait_for_selector(FIRST_CHART)
    page.wait_for_selector("text=recorded run")
    settled(page)
    page.get_by_role("button", name="Take home").click()
    yield page
    context.close()


def pressed(page: Page, press: Callable[[], object]) -> tuple[str, bytes]:
    """The name and the content of the file that a press brings."""
    with page.expect_download() as download:
        press()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def taken(page: Page, label: str) -> tuple[str, bytes]:
    body = page.get_by_test_id("stPopoverBody")
    return pressed(page, body.get_by_role("button", name=label, exact=False).click)


def test_the_files_fit_the_screen(page: Page) -> None:
    body = page.get_by_test_id("stPopoverBody")
    box = body.bounding_box()
    width = page.viewport_size["width"]  # type: ignore[index]
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert body.evaluate("e => e.scrollWidth <= e.clientWidth")
    for label in BUTTONS:
        # Nothing lies over it. What it brings is looked into where windows are wide.
        body.get_by_role("button", name=label).click(trial=True)


# What is in a file does not depend on the window.
wide = pytest.mark.parametrize("page", [WIDE], ids=["wide"], indirect=True)


@wide
@pytest.mark.parametrize("kind", ["Keras", "PyTorch"])
def test_a_notebook_is_taken_home(page: Page, kind: str) -> None:
    name, content = taken(page, f"{kind} notebook")
    assert name == f"{STEM}-{kind.lower()}.ipynb"
    assert json.loads(content)["nbformat"] == 4


@wide
def test_the_tables_are_taken_home(page: Page) -> None:
    for label, name, rows in (
        ("History", f"{STEM}-history.csv", 31),
        ("Figures", f"{STEM}-playground-figures.csv", 2),
    ):
        found, content = taken(page, label)
        assert found == name
        table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert len(table) == rows
        shown = page.get_by_test_id("stMetricValue").first.text_content().strip()  # the gap
        if label == "Figures":
            last = table[-1]
            gap, error = (100 * float(last[f"accuracy_gap{end}"]) for end in ("", "_error"))
            assert shown == f"{gap:.1f} ± {error:.1f} points"


@wide
def test_the_charts_are_taken_home(page: Page) -> None:
    name, content = taken(page, "Charts")
    assert name == f"{STEM}-playground-charts.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert len(names) == 2 * page.locator("[data-testid=stVegaLiteChart]").count()
        for each in names:
            drawn = archive.read(each)
            if each.endswith(".png"):
                assert drawn.startswith(PNG)
            else:
                assert ET.fromstring(drawn).tag.endswith("svg")


@wide
def test_the_trained_network_is_taken_home(page: Page) -> None:
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_role("button", name="Make the .keras file").click()
    body.get_by_role("button", name="Download the network").wait_for()
    name, content = taken(page, "Download the network")
    assert name == f"{STEM}-epoch30.keras"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {"config.json", "metadata.json", "model.weights.h5"} <= set(archive.namelist())


def test_under_a_picture_that_moves_the_chart_s_own_menu_is_in_reach(page: Page) -> None:
    page.keyboard.press("Escape")
    film = page.locator("[class*=st-key-film-]").filter(has=page.locator(".reel.lines")).first
    film.hover()
    name, content = pressed(page, film.get_by_label("Download as PNG").click)
    assert name.endswith(".png")
    assert content.startswith(PNG)
    canvas = film.locator("canvas")
    assert not canvas.is_visible()
    film.get_by_label(re.compile("^Fullscreen")).click()
    canvas.wait_for()
    page.keyboard.press("Escape")
    canvas.wait_for(state="hidden")
    film.hover()
    film.get_by_label("Show data").click()
    film.get_by_test_id("stDataFrame").wait_for()
    film.locator(".reel").wait_for(state="hidden")
    film.get_by_label("Show chart").click()
    film.locator(".reel").wait_for()


def test_a_chart_s_own_menu_saves_it_as_a_png(page: Page, app: str) -> None:
    # Where no picture that moves lies over it.
    other = page.context.new_page()
    other.goto(f"{app}/sweep")
    frame = f"[data-testid=stFullScreenFrame]:not({OF_ROW} *)"
    chart = other.locator(frame).filter(has=other.locator("canvas"), visible=True).first
    chart.hover()
    button = chart.get_by_label("Download as PNG")
    name, content = pressed(other, lambda: button.dispatch_event("click"))
    assert name.endswith(".png")
    assert content.startswith(PNG)
