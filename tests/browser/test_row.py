"""The row below a slider in Chromium: it grows by itself, and its points are there at once."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.row import row_of
from fmviz.run.store import RunStore
from tests.support.browser import OF_ROW, free_port, server, settled, slider
from tests.support.lessons import made_up

pytestmark = pytest.mark.slow

L2 = LESSONS["regularisation"]
# Small runs, none of which ships with fmviz.
SMALL = {"train_size": 300, "epochs": 6, "hidden": (16,), "lam": 1.0}
ADDRESS = "regularisation?train_size=300&epochs=6&hidden=16&lam=1"
# Keeps what small print says, so that a training of a moment would be seen.
WATCH_STATUS = """() => {
    window.said = new Set();
    const look = () => {
        for (const line of document.querySelectorAll('[data-testid=stCaptionContainer]')) {
            window.said.add(line.textContent);
        }
        setTimeout(look, 20);
    };
    look();
}"""
SAYS = f"(text) => (document.querySelector('{OF_ROW}')?.textContent ?? '').includes(text)"
# What is in the store is drawn in a moment; a machine under load has longer ones.
MOST_SECONDS = 20.0


def test_a_row_grows_while_nobody_does_anything_and_then_every_move_is_there_at_once(
    browser: Any, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "store", recorded=None)
    row = row_of(L2, L2.start | SMALL)
    assert row is not None
    shown = [*L2.runs_of(L2.start | SMALL).values()]
    *others, last = (c for c in row.configs if c not in shown)
    first = [*shown, *others[:5]]
    for record in made_up(first).records:
        assert record is not None
        store.put(record, ahead=True)
    # Nobody listens there: all that the row wants is in the store, and no worker has to start.
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with (
        server(tmp_path / "store", FMVIZ_AHEAD="1", FMVIZ_SCHEDULER=nobody) as address,
        browser.new_context(viewport={"width": 1400, "height": 1000}) as context,
    ):
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{address}/{ADDRESS}")
        page.wait_for_function(SAYS, arg="7 of 14 settings so far")
        settled(page)
        page.evaluate(WATCH_STATUS)
        chart = page.locator(f"{OF_ROW} canvas")
        before = chart.evaluate("canvas => canvas.toDataURL()")
        for record in made_up([*others[5:], last]).records:
            assert record is not None
            store.put(record, ahead=True)
        page.wait_for_function(SAYS, arg="14 of 14 settings.")
        assert chart.evaluate("canvas => canvas.toDataURL()") != before

        slider(page, "Strength").focus()
        page.evaluate("window.said.clear()")
        begun = time.perf_counter()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("location.search.includes('lam=2')")
        settled(page)
        assert time.perf_counter() - begun < MOST_SECONDS
        said = " ".join(page.evaluate("[...window.said]"))
        assert "trained" in said
        assert not re.search(r"epoch \d+ of|ompiling|aiting", said)

        # A click on a point moves the slider there: on the first, to λ = 0.
        box = chart.bounding_box()
        page.mouse.click(box["x"] + 7, box["y"] + box["height"] / 2)
        page.wait_for_function("location.search.includes('lam=0')")
        settled(page)
        assert page.locator("[data-testid=stException]").count() == 0
        page.goto("about:blank")  # before its server goes
