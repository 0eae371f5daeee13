"""What holds on every lesson's page: it opens, every control can be moved, every preset taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Radio, Selectbox, SelectSlider

from fmviz.lessons.catalogue import LESSONS, ORDER
from fmviz.lessons.catalogue import __file__ as lessons_file
from fmviz.page.address import choices
from fmviz.page.guessing import guess_words
from fmviz.page.lesson import preset_words
from fmviz.ui import live
from tests.support.lessons import ROOT, made_up, opened, sections_of, texts
from tests.support.markdown import errors
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.slow

# Widgets with a value that can be set to another of their options.
SLIDERS = ("select_slider", "selectbox", "radio")
# Controls that change which others there are, and their bounds.
CHANGING = ("knob", "knob2", "section", "penalty", "schedule", "optimizer", "dataset", "train_size")
# Whose picture of a formula, or of what is still to be trained, is there before the guess.
PICTURED = ("initialisation", "optimizers", "dropout")
GUESSES = [name for name, lesson in LESSONS.items() if lesson.answer is not None]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


@pytest.fixture
def options_by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest knows the labels of a widget's options, but wants the options themselves."""
    for widget in (SelectSlider, Selectbox, Radio):
        plain = widget.format_func.fget

        def either(self: Any, plain: Any = plain) -> Any:
            return lambda value: value if value in self.options else plain(self)(value)

        monkeypatch.setattr(widget, "format_func", property(either))


def moves(at: AppTest) -> list[tuple[str, str, Any]]:
    """For every widget of a page: its kind, its key, another value."""
    found: list[tuple[str, str, Any]] = []
    for kind in SLIDERS:
        for widget in getattr(at, kind):
            if widget.disabled:
                continue
            options = list(widget.options)
            present = options.index(widget.format_func(widget.value))
            found.append((kind, str(widget.key), (present + 1) % len(options)))
    for widget in at.number_input:
        if widget.disabled:
            continue
        step = widget.step or 1
        up = (widget.value or 0) + step
        found.append(("number_input", str(widget.key), up if up <= widget.max else widget.min))
    found += [
        ("toggle", str(widget.key), not widget.value) for widget in at.toggle if not widget.disabled
    ]
    return found


def move(at: AppTest, wanted: list[tuple[str, str, Any]]) -> None:
    """Move widgets, all at once, where they can be moved."""
    for kind, key, value in wanted:
        (widget,) = (w for w in getattr(at, kind) if w.key == key)
        widget.set_value(widget.options[value] if kind in SLIDERS else value)
    at.run()
    assert not at.exception, (wanted, at.exception)


def check_choices(at: AppTest, name: str) -> None:
    """A control offers all that a link may say of its field, and no more."""
    view = LESSONS[name].view
    for kind in ("button_group", "selectbox", "radio", "select_slider"):
        for widget in getattr(at, kind):
            page, _, field = str(widget.key).partition(".")
            # A second knob is another one than the first.
            if page == name and field in view.model_fields and field != "knob2":
                offered = choices(view, field)
                assert not offered or len(widget.options) == len(offered), field


def test_every_lesson_is_whole() -> None:
    assert tuple(LESSONS) == ORDER
    folder = Path(lessons_file).parent
    for name in ORDER:
        assert (folder / name / "words.md").exists()
        lines = (ROOT / "pages" / f"{name}.py").read_text().splitlines()
        assert len(lines) <= 90, f"pages/{name}.py holds logic that belongs in fmviz/"
    assert {p.stem for p in (ROOT / "pages").glob("*.py")} == {*ORDER, "compare"}


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_asks_one_question_and_survives_a_bad_address(name: str) -> None:
    at = opened(name, {"nonsense": "1", "epochs": "0"})
    (title,) = at.title
    assert title.value.endswith("?")
    said = " ".join(errors(at))
    assert "'nonsense' is no parameter" in said
    assert "epochs must be a whole number from 1 to 100" in said


@pytest.mark.parametrize("name", LESSONS)
def test_presets_bring_their_state_into_the_address_and_back(
    name: str, scripted: ScriptedEngine
) -> None:
    lesson = LESSONS[name]
    at = opened(name)
    for preset in lesson.presets:
        before = len(scripted.asked)
        at.button(key=f"{name}/preset {preset.name}").click().run()
        assert not at.exception, (preset.name, at.exception)
        wanted = lesson.state_of(preset)
        query = {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items()}
        assert lesson.parse(query).state == wanted
        assert preset_words(name, preset)[1] in texts(at)
        # A closer look may ask for runs of its own after them.
        assert tuple(lesson.all_runs_of(wanted).values()) in scripted.asked[before:]


@pytest.mark.parametrize("name", GUESSES)
def test_a_guess_comes_before_the_first_result(name: str, scripted: ScriptedEngine) -> None:
    at = opened(name, guesses=True)
    question, options = guess_words(name)
    assert question in texts(at)
    assert not at.get("vega_lite_chart") or name in PICTURED
    assert not any(
        asked == tuple(LESSONS[name].runs_of(LESSONS[name].start).values())
        for asked in scripted.asked
    )
    at.button(key=f"{name}/guess 0").click().run()
    assert not at.exception
    assert f"You guessed *{options[0]}*" in texts(at)
    assert at.get("vega_lite_chart")
    # It is asked once, and what was guessed outlives a walk through the story.
    at.run()
    assert question not in texts(at)
    first, second = LESSONS[name].presets[:2]
    for preset in (second, first):
        at.button(key=f"{name}/preset {preset.name}").click().run()
    assert f"You guessed *{options[0]}*" in texts(at)


@pytest.mark.parametrize("name", GUESSES)
def test_a_guess_can_be_skipped_here_and_everywhere(name: str) -> None:
    at = opened(name, guesses=True)
    at.button(key=f"{name}/guess none").click().run()
    assert "You guessed" not in texts(at)
    assert at.get("vega_lite_chart")
    other = opened(name, guesses=True)
    other.button(key=f"{name}/guess never").click().run()
    assert other.get("vega_lite_chart")


@pytest.mark.parametrize("name", GUESSES)
def test_a_link_to_a_state_shows_it_without_a_guess(name: str) -> None:
    assert opened(name, {"seed": "5"}, guesses=True).get("vega_lite_chart")


@pytest.mark.parametrize("name", [name for name in LESSONS if name != "start"])
def test_every_control_can_be_moved(name: str, options_by_label: None) -> None:
    sections = sections_of(name)
    moved: set[str] = set()
    for section in sections:
        at = opened(name, {"section": section} if section else {}, unfolded=section == sections[0])
        check_choices(at, name)
        # What is unfolded changes nothing by being drawn.
        assert set(at.query_params) <= {"section"}
        # A closer look shows the page's other controls too: once is enough for those. One that is
        # moved may bring others.
        while wanted := [each for each in moves(at) if each[1] not in moved]:
            # What makes the page another one goes alone: the others would not fit it any more.
            alone = [each for each in wanted if each[1].rpartition("/")[2] in CHANGING]
            now = alone[:1] or wanted
            move(at, now)
            moved |= {key for _, key, _ in now}
    assert len(moved) >= 10
