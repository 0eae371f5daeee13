"""Frames a second of the player, in headless Chromium without a graphics card.

    make bench-player

Plays the film of each page from its first epoch to its last, and prints how many frames a second
were drawn, and how long the scripts of one took. Above 30 frames a second motion is smooth.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.support.browser import REEL, launched, server, settled

PAGES = ("regularisation", "overfitting", "early_stopping", "optimizers")
GOAL = 30
# Keeps when each frame of the player begins and how long its scripts take, layout and paint apart.
WATCH = """() => {
  const ask = window.requestAnimationFrame.bind(window);
  window.frames_drawn = [];
  window.requestAnimationFrame = (draw) => ask((now) => {
    const begun = performance.now();
    draw(now);
    if (window.counting) window.frames_drawn.push([begun, performance.now() - begun]);
  });
}"""


def played(page: Any, name: str) -> list[list[float]]:
    """The frames of a film, each when it began and what it took, in ms."""
    page.wait_for_function(f'globalThis.fmvizPlayer?.films.get("{name}")')
    page.evaluate(
        f"""() => {{
          const film = fmvizPlayer.films.get("{name}");
          film.seek(film.clock.first);
          window.frames_drawn = [];
          window.counting = true;
          film.play();
        }}"""
    )
    page.wait_for_function(f'!fmvizPlayer.films.get("{name}").playing', timeout=60_000)
    frames: list[list[float]] = page.evaluate("window.frames_drawn")
    return frames


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), FMVIZ_AHEAD="0") as address,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        for name in PAGES:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.add_init_script(f"({WATCH})()")
            page.goto(f"{address}/{name}")
            page.get_by_role("button", name="Just show me").click()
            page.wait_for_selector(REEL)
            settled(page)
            frames = played(page, name)
            seconds = (frames[-1][0] - frames[0][0]) / 1000
            took = sorted(cost for _, cost in frames)
            pace = (len(frames) - 1) / seconds
            print(
                f"{name:>15}: {pace:5.1f} frames/s over {seconds:.1f} s "
                f"({'' if pace >= GOAL else 'NOT '}smooth), "
                f"{page.locator('[data-fmviz-drawn]').count()} pictures, "
                f"{statistics.median(took):.1f} ms a frame, "
                f"95th percentile {took[int(0.95 * (len(took) - 1))]:.1f} ms"
            )
            page.close()


if __name__ == "__main__":
    main()
