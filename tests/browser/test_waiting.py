"""What stays on the screen while runs wait, in real Chromium."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import settled, slider

pytestmark = pytest.mark.slow

ROW = ".st-key-status-row"
# Where the main picture and all that follows stand, and how opaque it is.
PICTURE = ".st-key-picture [data-fmviz-drawn]"
LOOK = """() => {
    const chart = document.querySelector('.st-key-picture [data-fmviz-drawn]');
    const around = chart.closest('[data-testid=stElementContainer]');
    const main = document.querySelector('[data-testid=stMain]');
    const row = document.querySelector('.st-key-status-row').getBoundingClientRect();
    const {top, height} = chart.getBoundingClientRect();
    const down = main.scrollTop;
    return {
        opacity: Number(getComputedStyle(around).opacity),
        boxes: [down + row.top, row.height, down + top, height],
        page: main.scrollHeight,
    };
}"""


# Whether picture and page have had their heights for a while: the picture takes it from the width
# that it is given, and what the page ends with comes last.
STILL = """() => {
    const picture = document.querySelector("[data-fmviz-drawn]").getBoundingClientRect();
    const main = document.querySelector('[data-testid=stMain]');
    const heights = `${picture.height} ${main.scrollHeight}`;
    if (window.heights !== heights) {
        [window.heights, window.heightsSince] = [heights, Date.now()];
    }
    return Date.now() - window.heightsSince > 1000;
}"""


@pytest.mark.parametrize(("width", "theme"), [(1400, "light"), (390, "dark")])
def test_what_was_on_the_screen_stays_pale_and_nothing_moves(
    browser: Any, nowhere: str, width: int, theme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=theme)
    page.set_default_timeout(120_000)
    # No step of the lesson's story, whose words go as the slider moves; and a slider of which no
    # position ships.
    page.goto(f"{nowhere}/playground?patience=5")
    page.wait_for_selector(PICTURE)
    settled(page)
    page.wait_for_function(STILL)
    before = page.evaluate(LOOK)
    assert before["opacity"] == 1
    slider(page, "Initial std").focus()
    page.keyboard.press("ArrowRight")
    page.locator(ROW).get_by_text("hourglass_top").wait_for()
    page.wait_for_function(f"({LOOK})().opacity < 0.5")
    after = page.evaluate(LOOK)
    assert after["boxes"] == before["boxes"]
    assert after["page"] == before["page"]
    page.close()
