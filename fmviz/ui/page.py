"""What every lesson's page has around its panels: question, presets, guess, notes, the address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fmviz.analysis.stopping import Shown
from fmviz.charts.style import BORDER, GREY, GROUND, INK
from fmviz.page.guessing import Question
from fmviz.page.lesson import Lesson, Preset, Runs, preset_words
from fmviz.page.state import State, V, parameters
from fmviz.page.view import OF_TEACHER
from fmviz.run.config import RunConfig
from fmviz.ui import controls, state, vault
from fmviz.ui.look import Panel
from fmviz.ui.navigation import page_file
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.words import prose
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption

# All of Streamlit's sizes follow the root's. On the far wall, lines of small print are lost anyway.
LARGE = "<style>html {font-size: 125%}</style>"
# How words of the glossary look, and their meanings, which browsers show where they are pressed.
COLOURS = {"ground": GROUND, "ink": INK, "border": BORDER, "grey": {False: GREY, True: GREY}}
WORDS = "<style>:root {{{}}} {}</style>".format(
    " ".join(f"--fmviz-{n}: light-dark({of[False]}, {of[True]});" for n, of in COLOURS.items()),
    (Path(__file__).parent / "words.css").read_text(encoding="utf-8"),
)


class Page(Generic[V]):
    """One run of a lesson's page: its state as the controls leave it, and its frame.

    Draw the controls first; `config`, `view` and `runs` are read from them when first asked for.
    """

    def __init__(self, lesson: Lesson[V]) -> None:
        self.lesson = lesson
        self.name = lesson.name
        # Those of the frame, which is drawn before there is a board.
        self.panels: list[tuple[float, Panel]] = []
        # Where the test vault stands, if the page has a place for it.
        self.vault: DeltaGenerator | None = None

    @property
    def values(self) -> State[V]:
        """The present state of all fields."""
        start = self.lesson.start
        return start | state.values(self.name, start)

    @cached_property
    def config(self) -> RunConfig:
        """The run that the controls ask for; ends the page with words where there is none."""
        return controls.config(self.values)

    @property
    def view(self) -> V:
        """How it is looked at. Controls drawn later in the page may still change it."""
        asked = self.values.view
        if asked.judging.test and not vault.shows(self.runs.values()):
            return asked.model_copy(update={"test": False})
        return asked

    @cached_property
    def runs(self) -> Runs:
        """Role → run, of all that stand side by side."""
        _ = self.config
        return self.lesson.runs_of(self.values)

    def add(self, panel: Panel) -> None:
        """Have a panel of the frame drawn, which stands here."""
        self.panels.append((session().next_place(), panel))

    def text(self, section: str, figures: dict[str, str] | None = None) -> str:
        """A section of the lesson's prose."""
        return prose.text(self.name, section, figures)

    def words(self, *captions: Caption) -> str:
        """Captions in the lesson's words, as one paragraph."""
        return " ".join(self.text(caption.section, caption.figures) for caption in captions)

    def say(self, *captions: Caption) -> None:
        """Captions in the lesson's words, a paragraph each."""
        for caption in captions:
            Place().markdown(self.text(caption.section, caption.figures))

    def locks(self) -> None:
        """Say what a teacher's link has locked."""
        if names := ", ".join(map(controls.label, self.view.taught.lock)):
            st.caption(f":material/lock: {self.text('locked', {'controls': names})}")

    def columns(self) -> Sequence[DeltaGenerator]:
        """Place for the controls in sight, and for what they change."""
        return st.columns([1, 2.6], gap="large")

    def presets(self) -> None:
        """The lesson's story as a row of buttons, and the words of the step that is on screen."""
        story, present, taught = "", self.values, self.view.taught
        guessing = self.guessing
        with st.container(horizontal=True, key=f"{self.name}-presets"):
            for preset in self.lesson.presets:
                label, words = preset_words(self.name, preset)
                wanted = self.lesson.state_of(preset, present)
                active = _same(present, wanted)
                # It would move what a teacher's link locks, or show results that wait for a guess.
                barred = (taught.hide and guessing) or any(
                    map(taught.locks, _moved(present, wanted))
                )
                story = words if active else story
                st.button(
                    label,
                    key=f"{self.name}/preset {preset.name}",
                    type="primary" if active else "secondary",
                    on_click=self._take,
                    args=(preset,),
                    disabled=barred,
                )
        # A place for the words also where there are none: else all that follows would move up, and
        # a browser would build it anew, and a slider that is being moved would lose its focus.
        with st.container():
            # The story of the opening state would give the answer away.
            if story and not guessing:
                Place().markdown(story)

    def _take(self, preset: Preset) -> None:
        # A story is told on open cards.
        if state.guess(self.name) is None:
            state.set_guess(self.name, -1)
        state.apply(self.name, self.lesson.state_of(preset, self.values))

    @cached_property
    def question(self) -> Question | None:
        """What there is to be guessed of the present state: the lesson's own question where it
        opens, another where a teacher's link hides the results."""
        question = self.lesson.question if _same(self.values, self.lesson.start) else None
        if question is None and self.view.taught.hide:
            _ = self.config
            question = self.lesson.question_on(self.values)
        return question

    @property
    def guessing(self) -> bool:
        """Whether the reader is still to guess. That is asked once."""
        asked = state.guess(self.name, obliged=self.view.taught.hide)
        return asked is None and self.question is not None

    def guess(self) -> None:
        """Ask for a guess before the first results, where one is due. The page then ends here."""
        question = self.question
        if question is None or not self.guessing:
            return
        with st.container(border=True, key=f"{self.name}-guess"):
            Place().markdown(f"**Predict, then see.** {question.text}")
            for index, option in enumerate(question.options):
                st.button(
                    upper_first(option),
                    key=f"{self.name}/guess {index}",
                    width="stretch",
                    on_click=state.set_guess,
                    args=(self.name, index, self.values),
                )
            # A teacher's link leaves no way round.
            skips = st.container(horizontal=True)
            if not self.view.taught.hide:
                self._skips(skips)
        self._end()

    def _skips(self, place: DeltaGenerator) -> None:
        with place:
            st.button(
                "Just show me",
                key=f"{self.name}/guess none",
                type="tertiary",
                on_click=state.set_guess,
                args=(self.name, -1),
            )
            st.button(
                "Never ask me",
                key=f"{self.name}/guess never",
                type="tertiary",
                on_click=session().skip_guesses,
            )

    def _end(self) -> NoReturn:
        self.save()
        st.stop()

    def verdict(self, runs: list[Shown]) -> list[Caption]:
        """What became of the guess, on the finished runs of the state it was made on; none where
        there is nothing to say."""
        guessed = state.guess(self.name, obliged=self.view.taught.hide)
        question = self.question
        if question is None or guessed is None or guessed < 0:
            return []
        on = state.guessed_on(self.name)
        if on is None or not _same(self.values, on):
            return []
        right = question.answer(runs)
        section = "guess was right" if right == guessed else "guess was wrong"
        options = question.options
        return [Caption(section, {"guess": options[guessed], "answer": options[right]})]

    def save(self) -> None:
        """Write the state to the address. Call it once all controls are drawn."""
        state.save(self.name, self.lesson.start, self.values)


def _same(values: State, others: State) -> bool:
    """Whether two states show the same, whatever a teacher's link has locked or hidden."""
    return set(_moved(values, others)).issubset(OF_TEACHER)


def _moved(values: State, others: State) -> list[str]:
    """The fields in which two states differ."""
    one, other = parameters(values), parameters(others)
    return [name for name, text in one.items() if text != other[name]]


AnyPage = TypeVar("AnyPage", bound=Page[Any])


def open_page(lesson: Lesson[V]) -> Page[V]:
    """Begin a lesson's page."""
    return begin(Page(lesson))


def begin(page: AnyPage) -> AnyPage:
    """Begin a page: its question, what is wrong with the address, its presets."""
    if (target := session().gone_to()) is not None:
        st.switch_page(page_file(target[0]), query_params=target[1])
    lesson = page.lesson
    session().begin_page()
    problems = state.load(lesson) + state.load_pins()
    st.html(WORDS + LARGE if session().classroom.projector else WORDS)
    st.title(page.text("question"))
    Place().markdown(page.text("introduction"))
    for problem in problems:
        st.error(f"In the address: {problem}.", icon=":material/link_off:")
    page.locks()
    if lesson.presets:
        page.presets()
    return page
