"""A garment is drawn with a mouse and with a finger, and uploaded, in real Chromium."""

from __future__ import annotations

import base64
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from fmviz.run.claims import ALIVE
from tests.support.browser import settled

pytestmark = pytest.mark.slow

Place = tuple[float, float]
PAPER = ".st-key-paper canvas"
SEEN = ".st-key-side img"
VERDICT = ".st-key-verdict"
# A trouser, in shares of the paper's edge.
TROUSER = [
    (0.33, 0.1),
    (0.67, 0.1),
    (0.72, 0.9),
    (0.56, 0.9),
    (0.5, 0.35),
    (0.44, 0.9),
    (0.28, 0.9),
    (0.33, 0.12),
]


def shown(page: Page, address: str) -> None:
    """The page in a state that it does not open in, so without a guess."""
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("h1")
    settled(page)


def says(page: Page, words: str) -> None:
    """Wait until the verdict says that."""
    expect(page.locator(VERDICT)).to_contain_text(words, timeout=60_000)
    settled(page)


def seen(page: Page) -> np.ndarray:
    """What the page shows of 28 × 28 pixels."""
    address = str(page.locator(SEEN).last.get_attribute("src"))
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(picture.resize((28, 28), Image.Resampling.NEAREST))


def places(page: Page, way: list[Place]) -> list[Place]:
    """On the screen, of places on the paper."""
    # Clear of the page's header.
    page.locator(PAPER).evaluate("paper => paper.scrollIntoView({block: 'center'})")
    box = page.locator(PAPER).bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]


def like_a_trouser(grey: np.ndarray) -> bool:
    """Ink above, two legs and a gap between them below, nothing at the sides."""
    bright = grey > 128
    return bool(
        bright[4, 10:18].all()
        and bright[24, 9]
        and bright[24, 18]
        and not bright[24, 12:16].all()
        and not bright[:, :3].any()
        and not bright[:, 25:].any()
    )


def test_a_mouse_draws_one_on_a_desktop(browser: Any, nowhere: str) -> None:
    page: Page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{nowhere}/your_garment?example=bag")
    says(page, "Both say Bag")
    bag = seen(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a garment, upload a picture").first.wait_for()
    page.get_by_role("button", name="Pen: fine").click()
    page.get_by_role("button", name="Fill", exact=True).click()
    (x, y), *rest = places(page, TROUSER)
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    says(page, "say Trouser")
    drawn = seen(page)
    assert not np.array_equal(drawn, bag)
    assert like_a_trouser(drawn)
    assert "example=yours" in page.url
    # Nothing of the drawing stands in the address.
    assert len(page.url.partition("?")[2]) < 40
    # Undo takes it away, and brings nothing else.
    page.locator(PAPER).focus()
    page.keyboard.press("Control+z")
    page.get_by_text("Draw a garment, upload a picture").first.wait_for()
    page.close()


def touched(page: Page, way: list[Place]) -> None:
    """A finger goes that way on the screen, and is lifted."""
    finger = page.context.new_cdp_session(page)

    def tell(kind: str, *at: Place) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    tell("touchStart", way[0])
    for (x, y), (to_x, to_y) in pairwise(way):
        for share in (0.25, 0.5, 0.75, 1):
            tell("touchMove", (x + share * (to_x - x), y + share * (to_y - y)))
    tell("touchEnd")


def test_a_finger_draws_one_on_a_telephone(browser: Any, nowhere: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page: Page = context.new_page()
    shown(page, f"{nowhere}/your_garment?example=bag")
    says(page, "Both say Bag")
    page.get_by_role("button", name="Clear").tap()
    page.get_by_text("Draw a garment, upload a picture").first.wait_for()
    page.get_by_role("button", name="Pen: fine").tap()
    page.get_by_role("button", name="Fill", exact=True).tap()
    way = places(page, TROUSER)
    top = page.locator(PAPER).bounding_box()
    touched(page, way)
    says(page, "say Trouser")
    assert like_a_trouser(seen(page))
    # The finger has drawn and has not moved the page; nothing is wider than the telephone.
    assert page.locator(PAPER).bounding_box() == top
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_file_is_read_and_stored_nowhere(browser: Any, bare: tuple[str, Path]) -> None:
    address, folder = bare
    page: Page = browser.new_page(viewport={"width": 1400, "height": 900})
    shown(page, f"{address}/your_garment?source=upload")
    before = {*folder.rglob("*")}
    bag = np.full((300, 400), 240, np.uint8)
    bag[110:260, 80:320] = 40
    bag[60:110, 140:155] = bag[60:110, 245:260] = bag[50:65, 140:260] = 40
    file = io.BytesIO()
    Image.fromarray(bag).save(file, "JPEG")
    chosen = {"name": "bag.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    page.locator("[data-testid=stFileUploader] input").set_input_files(chosen)  # type: ignore[arg-type]
    says(page, "Bag")
    page.get_by_alt_text("a frame around what was kept of it").wait_for()
    liar = chosen | {"name": "bag.png"}
    page.locator("[data-testid=stFileUploader] input").set_input_files(liar)  # type: ignore[arg-type]
    page.get_by_text("but what it holds is JPEG").wait_for()
    # A sign of life is of whatever other pages wait for.
    assert all(path.suffix == ALIVE for path in {*folder.rglob("*")} - before)
    page.close()
