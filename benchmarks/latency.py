"""Time from a slider's release to the picture, in real Chromium: `make bench-browser`.

Starts the app on a port of its own with an empty store, opens it, waits until the worker is warm,
then moves λ again and again and reads off the page when its first new point and its last one were
drawn. Prints medians over the moves. Chromium, the app and the worker share this machine.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from fmviz.engine.engine import Engine
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore
from tests.support.browser import FIRST_CHART, launched, server

# 30 epochs on 5,000 images, with and without a penalty.
LESSON = "regularisation?train_size=5000&epochs=30&lam=10"
# From λ = 10 to 20, 50 and 100.
MOVES_A_SEED = 3
# What a machine that is busy may take to start the worker and train the page's pair.
FIRST_RUN_MS = 120_000
# Notes each change of the status line with the browser's clock.
OBSERVE = r"""() => {
  window.seen = [];
  const look = () => {
    const found = document.body.innerText.match(/epoch \d+ of \d+|trained just now|from the store/);
    const text = found ? found[0] : '';
    const last = window.seen[window.seen.length - 1];
    if (!last || last[1] !== text) window.seen.push([performance.now(), text]);
  };
  new MutationObserver(look).observe(
    document.body, {subtree: true, childList: true, characterData: true});
}"""


def first_view(page: Any, address: str) -> float:
    """Seconds from opening the address to a page with its controls and a finished run."""
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("text=recorded run")
    page.wait_for_selector(FIRST_CHART)
    return time.perf_counter() - begun


def move(page: Any, key: str) -> tuple[float, float]:
    """Move λ by one; seconds until its first point, and until its last."""
    slider = page.locator("[data-testid=stSlider]").first.locator("input")
    page.evaluate("() => { window.seen = []; }")
    slider.focus()
    begun = page.evaluate("performance.now()")
    page.keyboard.press(key)
    page.wait_for_function(
        """() => {
          const first = window.seen.findIndex(s => /^epoch [1-9]/.test(s[1]));
          return first >= 0 && window.seen.slice(first).some(s => s[1].startsWith('trained'));
        }"""
    )
    seen = page.evaluate("window.seen")
    start = next(i for i, (_, text) in enumerate(seen) if re.match(r"epoch [1-9]", text))
    first = seen[start][0]
    last = next(t for t, text in seen[start:] if text.startswith("trained"))
    return (first - begun) / 1000, (last - begun) / 1000


def slides(browser: Any, address: str, moves: int) -> list[tuple[float, float]]:
    """Moves of λ, each to a value that no earlier one has left in the store: seconds until the
    first point and until the last. The page's own runs are trained first, so that the worker is
    up and has compiled. No run that ships has such a seed."""
    times = []
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    # There are few steps to either end of the slider.
    for index in range(moves):
        if index % MOVES_A_SEED == 0:
            page.goto(f"{address}/{LESSON}&seed={1 + index // MOVES_A_SEED}")
            page.wait_for_selector("text=trained just now", timeout=FIRST_RUN_MS)
            page.evaluate(OBSERVE)
        times.append(move(page, "ArrowRight"))
    page.close()
    return times


def to_the_client(folder: Path, repeats: int) -> list[float]:
    """Seconds from asking the engine for the page's default pair, both new, to its last epoch."""
    engine = Engine(RunStore(folder, recorded=None))
    seconds = []
    try:
        for seed in range(repeats + 1):
            config = RunConfig(penalty="l2", lam=10.0, seed=seed)
            begun = time.perf_counter()
            with engine.watch([config.baseline, config]) as watch:
                list(watch)
            seconds.append(time.perf_counter() - begun)
            time.sleep(10 if seed == 0 else 0.2)  # the first one waits for the warm-up
    finally:
        engine.close()
    return seconds[1:]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=10)
    parser.add_argument("--port", type=int, default=8765)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launched(playwright)
        views = []
        for repeat in range(3):
            own = Path(folder) / str(repeat)
            with server(own, arguments.port + repeat, FMVIZ_AHEAD="0") as address:
                page = browser.new_page(viewport={"width": 1400, "height": 1000})
                views.append(first_view(page, address))
                page.close()
                if repeat == 2:
                    firsts, lasts = zip(*slides(browser, address, arguments.moves))
        browser.close()
        pairs = to_the_client(Path(folder) / "pairs", arguments.moves)
    for name, values in (
        ("fresh server, opening to first view", views),
        ("slider to first new point", firsts),
        ("slider to last point", lasts),
        ("default pair, submitted to done, as the engine's client sees it", pairs),
    ):
        median = statistics.median(values)
        print(f"{name}: median {median:.2f} s, {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
