"""The player in real Chromium: all pictures of a page at one epoch, moved without the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fmviz.analysis.stopping import Shown
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.dropout.network_charts import UNITS
from fmviz.lessons.dropout.steps import first_steps
from fmviz.lessons.early_stopping.calibration_charts import excess_figure, reliability_reel
from fmviz.lessons.optimizers.ravine import Ravine
from fmviz.lessons.optimizers.ravine_charts import ACROSS, ALONG, ravine_reel
from fmviz.lessons.schedules.valley import LAST, unrest, walk
from fmviz.theory.schedules import learning_rates
from fmviz.words.numbers import percent, points, significant
from tests.support.browser import REEL, settled, slider
from tests.support.records import SHIPPED, shipped

pytestmark = pytest.mark.slow

# What each frame of a page shows: the epoch of its curves, and whether the guess is judged.
WATCH = """
window.frames_seen = [];
const look = () => {
  for (const host of document.querySelectorAll("[data-fmviz-drawn]")) {
    const verdict = host.shadowRoot?.querySelector(".lines .verdict");
    if (verdict) window.frames_seen.push([
      Number(host.dataset.fmvizEpoch),
      verdict.checkVisibility({ checkVisibilityCSS: true, opacityProperty: true }),
    ]);
  }
  requestAnimationFrame(look);
};
look();
"""

# Long timers, that of a verdict which nobody has moved on from, take so many times as long.
LONG_TIMERS = """{{
  const {{ setTimeout }} = window;
  window.setTimeout = (then, after, ...rest) =>
    setTimeout(then, after >= 5000 ? after * {factor} : after, ...rest);
}}"""
HASTE = LONG_TIMERS.format(factor=0.1)
# As long as a slow machine needs to look at it in three windows.
PATIENT = LONG_TIMERS.format(factor=10)
# Films go four times as fast.
FAST = """{
  const { requestAnimationFrame } = window;
  window.requestAnimationFrame = (then) => requestAnimationFrame((now) => then(4 * now));
}"""

# How many points of lines, words and marks lie under the box of a verdict; and whether that is
# within the picture.
UNDER = """(box) => {
  const picture = box.parentElement.querySelector(".picture");
  const own = box.getBoundingClientRect();
  const within = ({ left, right, top, bottom }) =>
    right > own.left && left < own.right && bottom > own.top && top < own.bottom;
  let under = 0;
  for (const line of picture.querySelectorAll(".line")) {
    const place = line.getScreenCTM();
    for (let at = 0; at <= line.getTotalLength(); at += 2) {
      const { x, y } = line.getPointAtLength(at).matrixTransform(place);
      under += within({ left: x, right: x, top: y, bottom: y });
    }
  }
  for (const each of picture.querySelectorAll(".dot, .ring, text")) {
    under += within(each.getBoundingClientRect());
  }
  const { left, right, top, bottom } = picture.getBoundingClientRect();
  const beyond = own.left < left || own.right > right || own.top < top || own.bottom > bottom;
  return [under, !beyond];
}"""
# Whether it stands as it should, once it is laid out for its window: on nothing, within the plot or
# where the legend is.
STANDS = f"""(box) => {{
  const [under, within] = ({UNDER})(box);
  return box.offsetWidth > 0 && under === 0 && (within || box.matches(".strip"));
}}"""
# How many points of lines lie under words.
ON_LINES = """(text) => {
  const { left, right, top, bottom } = text.getBoundingClientRect();
  let under = 0;
  for (const line of text.ownerSVGElement.querySelectorAll(".line")) {
    const place = line.getScreenCTM();
    for (let at = 0; at <= line.getTotalLength(); at += 2) {
      const { x, y } = line.getPointAtLength(at).matrixTransform(place);
      under += x > left && x < right && y > top + 3 && y < bottom - 3;
    }
  }
  return under;
}"""
# Pairs of figures beside lines, and of what says whose they are, that lie on each other.
ON_EACH_OTHER = """(texts) => {
  const written = texts.filter((text) => text.textContent);
  const boxes = written.map((text) => text.getBoundingClientRect());
  const onto = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return boxes.flatMap((a, k) => boxes.slice(k + 1).filter((b) => onto(a, b))).length;
}"""
SLIDER = "[class*=st-key-player] input[type=range]"
REELS = "[data-fmviz-epoch]"


def opened(
    browser: Any,
    app: str,
    guess: str = "Just show me",
    lesson: str = "regularisation",
    watch: str = "",
    **options: Any,
) -> Page:
    """A lesson's page, its guess answered."""
    page: Page = browser.new_page(viewport={"width": 1400, "height": 1000}, **options)
    page.set_default_timeout(30_000)
    page.add_init_script(watch)
    page.goto(f"{app}/{lesson}")
    page.get_by_role("button", name=guess).wait_for()
    watched(page)
    page.get_by_role("button", name=guess).click()
    page.wait_for_selector(REEL)
    return page


def watched(page: Page) -> None:
    """Keep what goes wrong on a page, and what it asks for."""
    page.faults, page.asked = [], []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda m: m.type == "error" and page.faults.append(m.text))  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def page(browser: Any, nowhere: str) -> Iterator[Page]:
    page = opened(browser, nowhere)
    page.wait_for_selector(".kernels")
    settled(page)
    yield page
    page.close()


def epochs(page: Page) -> list[int]:
    """The epoch that each picture shows."""
    shown = page.locator(REELS).evaluate_all("all => all.map(one => one.dataset.fmvizEpoch)")
    return [int(epoch) for epoch in shown]


def test_the_keyboard_moves_every_picture_to_one_epoch(page: Page) -> None:
    slider = page.locator(SLIDER)
    expect(slider).to_have_attribute("aria-valuetext", "epoch 100 of 100")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "epoch 13 of 100")
    assert len(epochs(page)) == 5
    assert set(epochs(page)) == {13}
    free, penalised = map(shipped, SHIPPED)
    gap = page.locator(".reel.gap")
    expect(gap.locator(".value")).to_have_text(f"{points(penalised.gap(13))} points")
    expect(gap.locator(".figure")).to_have_text([points(r.gap(13)) for r in (free, penalised)])
    ends = [
        f"{split} {percent(record.at(f'{name}_accuracy', 13))}"
        for record in (free, penalised)
        for split, name in (("training", "train"), ("validation", "val"))
    ]
    expect(page.locator(".lines .end")).to_have_text(ends)
    captions = page.locator(".kernels figcaption")
    expect(captions).to_have_text(["No penalty, after epoch 13", "With penalty, after epoch 13"])
    # The lines end elsewhere: whose the figures beside them are is said.
    told = page.locator(".lines .when").filter(has_text=re.compile("."))
    assert set(told.all_text_contents()) == {"epoch 13"}
    beside = page.locator(".lines .when, .lines .end")
    assert beside.evaluate_all(ON_EACH_OTHER) == 0
    page.keyboard.press("PageUp")
    assert len(set(epochs(page))) == 1
    page.keyboard.press("End")
    expect(told).to_have_count(0)


def test_pictures_of_weights_move_at_every_epoch(page: Page) -> None:
    slider = page.locator(SLIDER)
    caption = page.locator(".kernels figcaption").first
    canvas = page.locator(".kernels canvas").first
    drawn = []
    for epoch in ("60", "61"):
        slider.fill(epoch)
        expect(caption).to_have_text(f"No penalty, after epoch {epoch}")
        drawn.append(canvas.evaluate("one => one.toDataURL()"))
    assert drawn[0] != drawn[1]
    slider.fill("100")
    expect(caption).to_have_text("No penalty, after epoch 100")


def test_it_plays_to_the_end_and_nothing_leaves_for_it(page: Page) -> None:
    page.asked.clear()  # type: ignore[attr-defined]
    sent: list[Any] = []
    page.context.on("request", lambda request: sent.append(request.url))
    page.locator(SLIDER).fill("90")
    page.get_by_role("button", name="Play", exact=True).click()
    pause = page.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_visible()
    status = page.locator("[class*=st-key-player] [role=status]")
    expect(status).to_have_text("")
    expect(page.locator(SLIDER)).to_have_attribute("aria-valuetext", "epoch 100 of 100")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(status).to_have_text("Stopped at epoch 100 of 100")
    assert set(epochs(page)) == {100}
    assert page.asked == sent == []  # type: ignore[attr-defined]
    assert page.faults == []  # type: ignore[attr-defined]


def test_a_drag_on_the_curves_moves_the_epoch(page: Page) -> None:
    box = page.locator(".lines .picture svg").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 100, steps=4)
    page.mouse.up()
    (epoch,) = set(epochs(page))
    assert 20 < epoch < 45
    page.locator(SLIDER).fill("100")


def test_the_chart_keeps_its_place_and_is_seen_by_no_one(page: Page) -> None:
    chart = page.locator("[class*=st-key-film-regularisation-curves] canvas").first
    expect(chart).to_be_hidden()
    reel = page.locator(".reel.lines").bounding_box()
    box = page.locator("[class*=st-key-film-regularisation-curves]").bounding_box()
    assert reel is not None
    assert reel == pytest.approx(box, abs=1)


def test_the_theme_is_followed_at_once(page: Page) -> None:
    colour = "one => getComputedStyle(one).stroke"
    line = page.locator(".lines .gone path").first
    ground = "one => getComputedStyle(one).fill"
    assert line.evaluate(colour) == "rgb(213, 94, 0)"
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".reel.lines")).to_have_css("color-scheme", "dark")
    assert line.evaluate(colour) == "rgb(230, 159, 0)"
    assert page.locator(".lines .dot.dashed").first.evaluate(ground) == "rgb(16, 22, 29)"
    page.emulate_media(color_scheme="light")
    expect(page.locator(".reel.lines")).to_have_css("color-scheme", "light")


def test_another_penalty_is_looked_at_where_the_reader_is(page: Page) -> None:
    page.locator(SLIDER).fill("20")
    page.get_by_role("button", name="Too much λ").click()
    expect(page.locator(".lines .end").nth(2)).not_to_contain_text("98")
    settled(page)
    assert set(epochs(page)) == {20}
    page.get_by_role("button", name="With and without L2").click()
    settled(page)
    page.locator(SLIDER).fill("100")
    assert page.faults == []  # type: ignore[attr-defined]


def test_after_a_guess_the_curves_draw_themselves_and_then_it_is_judged(
    browser: Any, nowhere: str
) -> None:
    # However slow the machine, what was seen on the way is looked at afterwards.
    page = opened(browser, nowhere, guess="It widens", watch=WATCH, reduced_motion="no-preference")
    told = page.locator("[class*=st-key-told-]")
    verdict = page.locator(".lines .verdict")
    expect(page.locator(SLIDER)).to_have_attribute("aria-valuetext", "epoch 100 of 100")
    expect(verdict).to_be_visible(timeout=20_000)
    seen = page.evaluate("window.frames_seen")
    drawn = [epoch for epoch, judged in seen if not judged]
    assert verdict.evaluate(UNDER) == [0, True]
    assert drawn == sorted(drawn)
    assert drawn[0] == 1
    assert len(set(drawn)) > 3
    assert all(epoch == 100 for epoch, judged in seen if judged)
    expect(verdict).to_contain_text("Your guessIt widens")
    expect(verdict).to_contain_text("MeasuredIt narrows")
    expect(told).to_have_css("opacity", "1")
    expect(page.locator(SLIDER)).to_have_attribute("aria-valuetext", "epoch 100 of 100")
    # It has been read once its reader moves on, and does not come again.
    page.locator(SLIDER).press("ArrowLeft")
    expect(verdict).to_be_hidden()
    page.locator(SLIDER).press("End")
    settled(page)
    expect(verdict).to_be_hidden()
    page.close()


@pytest.mark.parametrize("option", [0, 2])
@pytest.mark.parametrize(
    "lesson",
    ["overfitting", "early_stopping", "regularisation", "dropout", "optimizers", "schedules"],
)
def test_what_became_of_a_guess_stands_on_every_picture_and_hides_none_of_it(
    browser: Any, nowhere: str, lesson: str, option: int
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page.set_default_timeout(30_000)
    page.add_init_script(PATIENT)
    page.goto(f"{nowhere}/{lesson}")
    page.locator(f"[class*=st-key-{lesson}-guess-{option}] button").click()
    verdict = page.locator(".st-key-picture .lines .verdict")
    for width, height in ((1400, 900), (1280, 720), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        expect(verdict).to_be_visible()
        assert until(page, lambda: verdict.evaluate(STANDS)), width
        settled(page)
        assert verdict.evaluate(STANDS), width
    words = verdict.inner_text()
    assert ("Measured" in words) == ("✗" in words)
    # What is said of a part of an axis lies on no line, either.
    spans = page.locator(".st-key-picture .lines text.span")
    for k in range(spans.count()):
        assert spans.nth(k).evaluate(ON_LINES) == 0
    page.close()


def test_the_reveal_is_skipped_by_a_key(browser: Any, nowhere: str) -> None:
    # Pressed by the page itself in the first frame that draws, as a test may come too late for it.
    press = """
    const waiting = setInterval(() => {
      if (!window.frames_seen.some(([, judged]) => !judged)) return;
      clearInterval(waiting);
      window.pressed_after = window.frames_seen.length;
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    }, 5);
    """
    page = opened(
        browser, nowhere, guess="It narrows", watch=WATCH + press, reduced_motion="no-preference"
    )
    expect(page.locator(".lines .verdict")).to_be_visible()
    settled(page)
    assert set(epochs(page)) == {100}
    after = page.evaluate("window.frames_seen.slice(window.pressed_after)")
    # In a while the verdict goes.
    after = after[: max(k for k, (_, judged) in enumerate(after) if judged) + 1]
    assert {epoch for epoch, judged in after if judged} == {100}
    # No frame in between draws on.
    assert len({epoch for epoch, judged in after if not judged}) <= 1
    page.close()


def test_a_picture_that_is_still_being_laid_out_is_not_drawn(browser: Any, app: str) -> None:
    page = opened(browser, app, reduced_motion="reduce")
    page.wait_for_selector(REEL)
    for height in (85, 60, 43, 41, 20):
        page.locator(".picture").evaluate_all(
            """(boxes, height) => {
                for (const box of boxes) box.style = `height: ${height}px; flex: none`;
                const frame = (then) => requestAnimationFrame(then);
                return new Promise((drawn) => frame(() => frame(drawn)));
            }""",
            height,
        )
    assert page.faults == []  # type: ignore[attr-defined]
    page.close()


def test_who_wants_no_motion_sees_the_end_at_once(browser: Any, nowhere: str) -> None:
    # However slow the machine: no frame that it has drawn shows anything else.
    page = opened(
        browser, nowhere, guess="It narrows", watch=HASTE + WATCH, reduced_motion="reduce"
    )
    # The verdict, and after a while the picture alone, whatever its reader does.
    page.wait_for_function("window.frames_seen.some(([, judged]) => judged)")
    expect(page.locator(".lines .verdict")).to_be_hidden()
    assert set(epochs(page)) == {100}
    assert {epoch for epoch, _ in page.evaluate("window.frames_seen")} == {100}
    page.close()


def test_a_telephone_has_the_player_too(browser: Any, nowhere: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{nowhere}/regularisation")
    page.get_by_role("button", name="Just show me").click()
    page.wait_for_selector(REEL)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    slider = page.locator(SLIDER).bounding_box()
    assert slider["width"] > 80
    labels = page.locator(".lines .end")
    expect(labels.first).to_be_visible()
    # In one look: a label that is drawn anew meanwhile has no box.
    ends = labels.evaluate_all("all => all.map(label => label.getBoundingClientRect().right)")
    assert ends
    assert max(ends) <= 390
    context.close()


def test_the_first_page_opens_on_a_network_that_learns(browser: Any, nowhere: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="no-preference")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(nowhere)
    # It plays by itself, and what it says of the last epoch is of the recorded run.
    lead = page.locator(".reel.network .told strong")
    expect(lead).to_contain_text("After 10 epochs it says Shirt", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    settled(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(SLIDER).focus()
    page.keyboard.press("Home")
    expect(lead).to_contain_text("Before training it guesses: Pullover")
    bars = page.locator(".reel.network .answer rect")
    page.keyboard.press("ArrowRight")
    expect(lead).to_contain_text("After 1 epoch it says Coat")
    widths = bars.evaluate_all("all => all.map(bar => Number(bar.getAttribute('width')))")
    assert widths.index(max(widths)) == 4
    assert asked == []
    # A card is a link as a whole.
    card = page.locator(".st-key-card-dropout")
    card.click(position={"x": 6, "y": 6})
    page.wait_for_url("**/dropout")
    assert faults == []
    page.close()


@pytest.fixture(scope="module")
def shelf(browser: Any, nowhere: str) -> Iterator[Callable[[str], Page]]:
    """The page of a lesson, opened once, as the last test of it has left it."""
    pages: dict[str, Page] = {}

    def taken(lesson: str) -> Page:
        if lesson not in pages:
            pages[lesson] = opened(browser, nowhere, lesson=lesson)
            settled(pages[lesson])
        return pages[lesson]

    yield taken
    for page in pages.values():
        page.close()


@pytest.mark.parametrize("lesson", ["early_stopping", "overfitting", "optimizers", "schedules"])
def test_every_page_with_epochs_has_a_film(shelf: Callable[[str], Page], lesson: str) -> None:
    page = shelf(lesson)
    assert page.get_by_test_id("stException").count() == 0
    page.get_by_role("slider", name="Epoch", exact=True).focus()
    page.keyboard.press("Home")
    shown = set(epochs(page))
    assert shown == {1}
    page.keyboard.press("ArrowRight")
    page.locator("[data-fmviz-epoch='2']").first.wait_for(state="attached")
    assert set(epochs(page)) == {2}
    assert page.faults == []  # type: ignore[attr-defined]


def test_an_epoch_in_the_words_plays_what_leads_up_to_it(browser: Any, nowhere: str) -> None:
    page = opened(browser, nowhere, lesson="early_stopping", reduced_motion="no-preference")
    settled(page)
    link = page.locator("[class*=st-key-told-] a[href^='#epoch-']").first
    epoch = link.inner_text().removeprefix("epoch ")
    link.click()
    status = page.locator("[class*=st-key-player] [role=status]")
    expect(status).to_have_text(f"Stopped at epoch {epoch} of 60")
    assert set(epochs(page)) == {int(epoch)}
    # Who wants no motion is there at once, and hears so.
    page.emulate_media(reduced_motion="reduce")
    page.locator(SLIDER).fill("1")
    link.click()
    expect(status).to_have_text(f"At epoch {epoch} of 60")
    assert set(epochs(page)) == {int(epoch)}
    assert "#" not in page.url
    page.close()


def test_an_axis_within_one_decade_has_numbers_too(shelf: Callable[[str], Page]) -> None:
    page = shelf("schedules")
    losses = page.locator(".reel.lines").first.locator("text").all_text_contents()
    numbers = [float(text) for text in losses if re.fullmatch(r"0\.\d+", text)]
    assert len(numbers) >= 2


def until(page: Page, holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold within ten seconds."""
    for _ in range(100):
        if holds():
            return True
        page.wait_for_timeout(100)
    return False


def in_sight(page: Page, *parts: Any) -> bool:
    """Whether all of these are within the window, whole, once they have taken their places."""
    height = page.viewport_size["height"]  # type: ignore[index]

    def whole() -> bool:
        boxes = [part.bounding_box() for part in parts]
        return all(box and 0 <= box["y"] <= box["y"] + box["height"] <= height for box in boxes)

    return until(page, whole)


def test_the_ravine_is_walked_before_the_guess_and_at_every_move_of_its_sliders(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720}, reduced_motion="no-preference")
    page.set_default_timeout(30_000)
    page.add_init_script(FAST)
    page.goto(f"{nowhere}/optimizers")
    map_ = page.locator("[data-fmviz-step]")
    map_.wait_for()
    # It goes by itself, to its end, and with what changes it is in sight.
    step = page.get_by_role("slider", name="Step", exact=True)
    expect(step).to_have_attribute("aria-valuetext", "step 60 of 60", timeout=20_000)
    settled(page)
    parts = [
        map_,
        slider(page, "η on the map"),
        slider(page, "Curvature κ"),
        page.get_by_text("Tilted", exact=True),
    ]
    assert in_sight(page, *parts, page.get_by_text("Who races"))
    # Each walker stands where the rule has led it after so many steps.
    step.fill("3")
    reel = ravine_reel(("sgd",), Ravine(20.0), 0.09, "")
    sgd = page.locator(".ravine .walker.run-0")
    before = sgd.bounding_box()
    start = page.locator(".ravine .goal").bounding_box()
    x, y = reel["paths"][0][3]
    across = page.locator(".ravine .picture svg").bounding_box()
    assert before is not None
    assert start is not None
    assert across is not None
    unit = min(across["width"] / 2 / ALONG, across["height"] / 2 / ACROSS)
    middle = [side["x"] + side["width"] / 2 for side in (before, start)]
    assert middle[0] - middle[1] == pytest.approx(x * unit, abs=1.5)
    middle = [side["y"] + side["height"] / 2 for side in (before, start)]
    assert middle[1] - middle[0] == pytest.approx(y * unit, abs=1.5)
    # Another rate is another walk, at the step where the reader is, and moves nothing else.
    place = page.locator(".ravine .picture").bounding_box()
    where = str(sgd.get_attribute("transform"))
    slider(page, "η on the map").press("ArrowRight")
    expect(sgd).not_to_have_attribute("transform", where)
    expect(step).to_have_attribute("aria-valuetext", "step 3 of 60")
    assert page.locator(".ravine .picture").bounding_box() == place
    page.close()


def test_a_schedule_is_a_click_away_from_the_dot_that_takes_steps_at_its_rate(
    browser: Any, nowhere: str
) -> None:
    page = opened(browser, nowhere, lesson="schedules")
    settled(page)
    page.set_viewport_size({"width": 1280, "height": 720})
    valley = page.locator(".reel.valley")
    step = page.get_by_role("radio", name="step", exact=True)
    assert in_sight(page, valley.locator("svg"), step, slider(page, "Learning rate, η"))
    # Their pictures have a size and are drawn.
    mask = "one => getComputedStyle(one, '::before').maskImage"
    assert "svg" in step.evaluate(mask)
    page.locator(SLIDER).fill("10")
    expect(valley.get_by_text("step 500")).to_have_count(2)
    page.locator(SLIDER).fill("20")
    runs = LESSONS["schedules"].runs_of(LESSONS["schedules"].start)
    for config in runs.values():
        places = walk(config.optimizer, learning_rates(config), config.seed)
        told = f"last {LAST} steps: |w| ≈ {significant(unrest(places) or 0)}"
        expect(valley.get_by_text(told)).to_be_visible()
    step.click()
    page.wait_for_url("**schedule=step**")
    assert page.faults == []  # type: ignore[attr-defined]
    page.close()


def test_units_vanish_as_they_did_in_the_run_and_the_rate_takes_more_at_once(
    browser: Any, nowhere: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(30_000)
    page.goto(f"{nowhere}/dropout")
    picture = page.locator("[data-fmviz-step] .reel.thinned")
    picture.wait_for()
    settled(page)
    assert in_sight(page, picture, slider(page, "Dropout rate"))
    step = page.get_by_role("slider", name="Step", exact=True)
    step.fill("0")
    expect(picture.get_by_text("in use: all units, each × 1")).to_be_visible()
    expect(picture.locator(".unit.dropped")).to_have_count(0)
    step.fill("2")

    def missing(rate: float) -> int:
        config = LESSONS["dropout"].start.config.replace(dropout=rate)
        return sum(int((~kept[:UNITS]).sum()) for kept in first_steps(config)[1].kept)

    expect(picture.locator(".unit.dropped")).to_have_count(missing(0.5))
    slider(page, "Dropout rate").press("ArrowRight")
    expect(picture.get_by_text("units left, each × 2.5")).to_be_visible()
    expect(picture.locator(".unit.dropped")).to_have_count(missing(0.6))
    page.close()


def test_how_sure_and_how_often_right_move_with_the_epoch(shelf: Callable[[str], Page]) -> None:
    page = shelf("early_stopping")
    page.get_by_role("button", name="Sure for good reason?").last.click()
    page.get_by_role("button", name="Just tell me").click()
    reel = page.locator(".reel.reliability")
    expect(reel).to_be_visible()
    run = Shown("the long run", shipped(LESSONS["early_stopping"].start.config), None, 13)
    dots = reel.locator("circle.mark")
    places = []
    for epoch in (13, 60):
        page.locator(SLIDER).fill(str(epoch))
        expect(reel.locator(".value")).to_have_text(excess_figure(run, epoch))
        drawn = sum(bin is not None for bin in reliability_reel(run)["bins"][epoch])
        expect(dots.locator("visible=true")).to_have_count(drawn)
        places.append(dots.evaluate_all("all => all.map(one => one.getAttribute('cy'))"))
    assert places[0] != places[1]


def test_a_run_is_branched_at_the_epoch_that_the_player_shows(browser: Any, app: str) -> None:
    page: Page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(30_000)
    # A run of a moment.
    page.goto(f"{app}/regularisation?train_size=500&epochs=20")
    page.wait_for_selector(REEL, timeout=120_000)
    watched(page)
    page.wait_for_selector("text=/trained just now|from the store/")
    settled(page)
    thumb, branch = page.locator(SLIDER), page.get_by_role("button", name="Branch here")
    # At its last epoch a run has nothing before it to change.
    expect(branch).to_be_disabled()
    thumb.focus()
    page.keyboard.press("Home")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    branch.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("After epoch")).to_have_value("13")
    dialog.get_by_role("button", name="Branch here").click()
    expect(dialog).to_be_hidden()
    # Both futures are guessed before they are seen.
    page.get_by_role("button", name="Lower", exact=True).click()
    page.wait_for_selector(REEL, timeout=120_000)
    expect(page.get_by_text("Branched after epoch 13: λ = ")).to_be_visible()
    settled(page)
    expect(page.locator(".lines text.branch").first).to_have_text("branch: epoch 13")
    expect(page.locator(".lines .legend")).to_contain_text("branched")
    assert "branch_epoch=13" in page.url
    page.get_by_role("button", name="Undo the branch").click()
    expect(page.get_by_text("Branched after epoch 13")).to_have_count(0)
    assert page.faults == []  # type: ignore[attr-defined]
    page.close()
