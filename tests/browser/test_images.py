"""The image of each page, beside the control that changes it, in real Chromium: it moves with it,
and the server is not asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from fmviz.analysis import memory
from fmviz.charts.style import SPLITS
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.initialisation import xray
from fmviz.run import data, measure
from fmviz.words.numbers import percent, small_percent
from tests.support.browser import past_guess, settled
from tests.support.records import shipped

pytestmark = pytest.mark.slow

# Pixels from the edge of a sweep to its first value.
FIRST = 91
PLAYER = "[class*=st-key-player] input[type=range]"


def shown(browser: Any, address: str, reel: str) -> tuple[Page, list[Any]]:
    """A page past its guess with a picture that moves; and what it has sent to the server."""
    page: Page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(60_000)
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(address)
    past_guess(page)
    page.wait_for_selector(reel)
    settled(page)
    return page, sent


def test_histograms_move_with_the_thumb_of_sigma_and_a_cell_sets_both(
    browser: Any, nowhere: str
) -> None:
    page, sent = shown(browser, f"{nowhere}/initialisation", ".reel.layers .figure")
    config = LESSONS["initialisation"].start.config
    figures = page.locator(".reel.layers .figure")

    def measured(**changes: Any) -> list[str]:
        return [
            small_percent(layer.saturation) for layer in xray.of(config.replace(**changes)).layers
        ]

    expect(figures).to_have_text(measured())
    slider = page.locator(".st-key-initialisation-init_std")
    track = slider.locator("[role=group] > div").first.bounding_box()
    assert track is not None
    y = track["y"] + track["height"] / 2
    sent.clear()
    # The thumb is dragged from 1, the last but one of eleven values, and not let go.
    page.mouse.move(track["x"] + 0.9 * track["width"], y)
    page.mouse.down()
    page.mouse.move(track["x"] + 0.5 * track["width"], y, steps=5)
    expect(page.locator(".reel.layers .at")).to_have_text("σ = 0.05")
    expect(figures).to_have_text(measured(init_std=0.05))
    assert sent == []
    page.mouse.move(track["x"] + 0.9 * track["width"], y, steps=5)
    page.mouse.up()
    expect(figures).to_have_text(measured())
    # A click on the map.
    chart = page.locator(".st-key-at-once-map canvas")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    # The race from there is not recorded: its runs are waited for, the X-ray is there.
    expect(figures).to_have_text(measured(hidden=(128,)))
    page.close()


def test_garments_turn_with_the_epochs(browser: Any, nowhere: str) -> None:
    preset = next(p for p in LESSONS["overfitting"].presets if p.name == "noise")
    lesson = LESSONS["overfitting"]
    config = list(lesson.runs_of(lesson.state_of(preset)).values())[-1]
    record = shipped(config)
    page, sent = shown(
        browser,
        f"{nowhere}/overfitting?train_size=1000&label_noise=0.2&hidden=256&section=memory",
        ".reel.garments figure",
    )
    sample = memory.training_sample(config)
    beside, closer = page.locator(".st-key-side"), page.locator(".st-key-closer")
    title, other = (place.locator(".garments .row-title").first for place in (beside, closer))

    def repeated(epoch: int) -> str:
        count = int(((record.train_predictions[epoch] == sample.told) & sample.wrong).sum())
        return f"t repeats {count} of {int(sample.wrong.sum())} wrong labels"

    expect(title).to_have_text(f"I{repeated(record.epochs)}")
    sent.clear()
    page.locator(PLAYER).focus()
    page.keyboard.press("Home")
    expect(title).to_have_text(f"I{repeated(1)}")
    expect(other).to_have_text(f"After epoch 1 i{repeated(1)}. The first:")
    wrong = ".garments figure.wrong"
    assert beside.locator(wrong).count() < 6
    assert closer.locator(wrong).count() < 10
    page.keyboard.press("End")
    expect(beside.locator(wrong)).to_have_count(6)
    expect(closer.locator(wrong)).to_have_count(10)
    # They take no more room than they need.
    film = closer.locator("[class*=st-key-film-]").bounding_box()
    last = closer.locator(".garments figure").last.bounding_box()
    assert film is not None
    assert last is not None
    assert 0 <= film["y"] + film["height"] - (last["y"] + last["height"]) < 40
    assert sent == []
    page.close()


def test_on_the_bench_controls_stay_and_the_run_before_is_a_ghost(
    browser: Any, nowhere: str
) -> None:
    page, _ = shown(browser, f"{nowhere}/playground", ".reel.lines .end")
    assert page.locator(".reel.lines .ghost").count() == 0
    page.get_by_role("button", name="ReLU, He, dropout").click()
    page.wait_for_selector(".reel.lines .end.ghost")
    # That is the run of the opening state, to a tenth of a point.
    opening = list(LESSONS["playground"].runs_of(LESSONS["playground"].start).values())[-1]
    record = shipped(opening)
    ends = [record.at_end(f"{split}_accuracy") for split in ("train", "val")]
    names = [f"before, {split} {percent(end)}" for split, end in zip(SPLITS, ends, strict=True)]
    expect(page.locator(".reel.lines .end.ghost")).to_have_text(names)
    # The closer look goes by the player's clock.
    assert page.locator(".st-key-closer .reel.lines").count() == 3
    page.locator(PLAYER).fill("7")
    shown_epochs = page.locator("[data-fmviz-drawn]").evaluate_all(
        "all => [...new Set(all.map(one => one.dataset.fmvizEpoch))]"
    )
    assert shown_epochs == ["7"]
    page.evaluate("document.querySelector('.st-key-closer').scrollIntoView({block: 'start'})")
    strength = page.locator(".st-key-playground-lam")
    box = strength.bounding_box()
    assert box is not None
    assert 0 < box["y"] < box["y"] + box["height"] < 900
    page.close()


def test_a_pointer_on_a_sweep_shows_that_runs_curves(browser: Any, nowhere: str) -> None:
    page, sent = shown(browser, f"{nowhere}/sweep", ".st-key-picture canvas")
    expect(page.locator(".st-key-verdict")).to_contain_text("Highest: λ = 10;")
    chart = page.locator(".st-key-picture canvas")
    # The curves are right of where the sweep ends.
    curves = """canvas => {
        const from = Math.round(0.66 * canvas.width), wide = canvas.width - from;
        const {data} = canvas.getContext('2d').getImageData(from, 0, wide, canvas.height);
        return data.reduce((sum, value, index) => (sum + value * (index % 1009)) % 1e9, 0);
    }"""
    box = chart.bounding_box()
    assert box is not None
    sent.clear()
    seen = {chart.evaluate(curves)}
    # Up and down where the first value stands, until a point is hit.
    for at in range(60, 330, 4):
        page.mouse.move(box["x"] + FIRST, box["y"] + at)
        seen.add(chart.evaluate(curves))
    assert len(seen) > 1
    assert sent == []
    page.close()


def test_the_matrix_of_answers_counts_at_every_epoch(browser: Any, nowhere: str) -> None:
    page, _ = shown(browser, f"{nowhere}/playground?section=answers", ".reel.matrix .count")
    lesson = LESSONS["playground"]
    record = shipped(list(lesson.runs_of(lesson.start).values())[-1])
    truth = data.load().validation.labels
    for epoch in (1, record.epochs):
        page.locator(PLAYER).fill(str(epoch))
        right = np.diag(measure.confusion(truth, record.val_predictions[epoch], 10))
        cells = page.locator(".reel.matrix .count")
        assert [int(cells.nth(11 * k).text_content() or 0) for k in range(10)] == right.tolist()
    page.close()
