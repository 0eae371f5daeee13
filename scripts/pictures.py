"""Take the README's pictures of the app: `make pictures`.

Chromium opens the app on its recorded runs. One picture is a page as its reader has it; the other
moves: what the first page shows of a network that learns, epoch by epoch.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.browser import ROOT, launched, server, settled

FOLDER = ROOT / "docs" / "pictures"
WINDOW = {"width": 1280, "height": 720}
# Of the moving picture: pixels across, steps from one epoch to the next, milliseconds a step, and
# before the first and after the last.
WIDTH, STEPS, PACE, HOLDS = 960, 4, 90, (900, 3_000)
SEEK = """([film, at]) => {
    const found = fmvizPlayer.films.get(film);
    found.stop();
    found.at = at;
    found.playing = at % 1 > 0;
    found.tell();
}"""


def picture(page: Any, address: str) -> bytes:
    """A lesson with its curves, as in a laptop's window."""
    page.goto(f"{address}/playground")
    page.wait_for_selector("[data-fmviz-drawn]")
    settled(page)
    page.wait_for_timeout(500)
    taken: bytes = page.screenshot()
    return taken


def frames(page: Any, address: str) -> list[Image.Image]:
    """The network of the first page, from before training to its last epoch."""
    page.goto(address)
    page.wait_for_selector("[data-fmviz-drawn=network]")
    settled(page)
    shown, bar = (page.locator(f".st-key-{key}") for key in ("film-start-network", "player"))
    above, below = shown.bounding_box(), bar.bounding_box()
    clip = {
        "x": above["x"] - 16,
        "y": above["y"] - 12,
        "width": above["width"] + 32,
        "height": below["y"] + below["height"] - above["y"] + 24,
    }
    last = page.evaluate("fmvizPlayer.films.get('start').clock.last")
    taken = []
    for step in range(last * STEPS + 1):
        page.evaluate(SEEK, ["start", step / STEPS])
        image = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        height = round(WIDTH * image.height / image.width)
        taken.append(image.resize((WIDTH, height), Image.Resampling.LANCZOS))
    return taken


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), FMVIZ_AHEAD="0") as address,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        # Sharp on paper and on screens of any kind.
        page = browser.new_page(viewport=WINDOW, device_scale_factor=1.5, reduced_motion="reduce")
        still = Image.open(io.BytesIO(picture(page, address)))
        still.convert("RGB").quantize(256).save(FOLDER / "playground.png", optimize=True)
        first, *others = frames(page, address)
        first.save(
            FOLDER / "learning.webp",
            save_all=True,
            append_images=others,
            duration=[HOLDS[0], *[PACE] * (len(others) - 1), HOLDS[1]],
            loop=0,
            quality=80,
            method=6,
        )
        browser.close()
    for path in sorted(FOLDER.iterdir()):
        print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
