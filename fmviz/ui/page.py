"""What every lesson's page has around its panels: question, presets, guess, notes, the address."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, NoReturn, TypeVar

import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from fmviz.analysis.stopping import Shown
from fmviz.page import guessing
from fmviz.page.guessing import Judged, Question
from fmviz.page.lesson import BRANCHED, Lesson, Preset, Runs, preset_words
from fmviz.page.state import State, V, branching, differing
from fmviz.page.view import OF_TEACHER
from fmviz.run.config import RunConfig
from fmviz.ui import ahead, controls, state, vault
from fmviz.ui.dressing import dress
from fmviz.ui.faults import faults
from fmviz.ui.look import Panel
from fmviz.ui.place import Place
from fmviz.ui.session import session
from fmviz.ui.stage import Stage
from fmviz.words import prose
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption

WRONG_ADDRESS = ":material/link_off:"


class Page(Generic[V]):
    """One run of a lesson's page: its state as the controls leave it, and its frame.

    Draw the controls first; `config`, `view` and `runs` are read from them when first asked for.
    """

    def __init__(self, lesson: Lesson[V]) -> None:
        self.lesson = lesson
        self.name = lesson.name
        # Those of the frame, which is drawn before there is a board.
        self.panels: list[tuple[float, Panel]] = []
        self._read: tuple[int, State[V]] | None = None
        # Whether what is known of its runs is without test figures.
        self.untested = False
        # Where the test vault stands, if the page has a place for it.
        self.vault: DeltaGenerator | None = None
        # What is right about the guess, and on which runs.
        self._answer: tuple[list[Shown], int] | None = None
        self._stage: Stage | None = None
        # Whether what plays its pictures stands.
        self.plays = False
        # From which place to which the closer look stands that the step of its story is about.
        self.closer: tuple[float, float] | None = None

    @property
    def values(self) -> State[V]:
        """The present state of all fields."""
        # A page asks for it some twenty times, and each field is looked up and checked.
        changes = session().changes
        if self._read is None or self._read[0] != changes:
            start = self.lesson.start
            self._read = changes, branching(start | state.values(self.name, start))
        return self._read[1]

    @cached_property
    def config(self) -> RunConfig:
        """The run that the controls ask for, without a branch that stands beside it; ends the page
        with words where there is none."""
        return self._without_branch(controls.config(self.values))

    def config_at(self, **changes: Any) -> RunConfig:
        """`config` as it would be with some controls moved. A run's simplest form, such as a batch
        no larger than its few images, is no start for others: each has its own.

        Raises:
            pydantic.ValidationError: the settings do not go together.
        """
        return self._without_branch((self.values | changes).config)

    def _without_branch(self, asked: RunConfig) -> RunConfig:
        return asked.trunk if self.lesson.branching == "beside" else asked

    @property
    def view(self) -> V:
        """How it is looked at. Controls drawn later in the page may still change it. Test figures
        are not shown while they are in the vault, or still to be measured."""
        asked = self.values.view
        # In this order: runs are read from the controls, which may not have spoken yet.
        if asked.judging.test and (self.untested or not vault.shows(self.all_runs.values())):
            return asked.model_copy(update={"test": False})
        return asked

    @cached_property
    def runs(self) -> Runs:
        """Role → run, of all that stand side by side."""
        _ = self.config
        return self.lesson.runs_of(self.values)

    @property
    def all_runs(self) -> Runs:
        """Those, and at last the one of the branch that stands beside them."""
        branched = self.branched
        return self.runs if branched is None else self.runs | {BRANCHED: branched}

    @property
    def branched(self) -> RunConfig | None:
        """The run of that branch, as the controls stand now."""
        try:
            return self.lesson.branch_of(self.values)
        except ValidationError:  # which `config` tells the reader
            return None

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

    def set(
        self,
        *,
        side: bool = True,
        controls: bool = True,
        stays: bool = False,
        leads: bool = False,
    ) -> Stage:
        """Make the places of the lesson's parts.

        Args:
            side: whether there is an image beside the main picture.
            controls: whether there are controls beside it.
            stays: whether those stay in sight while the page moves.
            leads: whether the image stands before the main picture.
        """
        self._stage = Stage(self._head, side=side, controls=controls, stays=stays, leads=leads)
        return self._stage

    @property
    def staged(self) -> bool:
        """Whether the page has a main picture with what belongs to it."""
        return self._stage is not None

    @property
    def stage(self) -> Stage:
        """Where the parts of the page stand, once it is set.

        Raises:
            RuntimeError: it is not.
        """
        if self._stage is None:
            raise RuntimeError(f"the page {self.name} has no stage")
        return self._stage

    def head(self) -> None:
        """The question; the steps of the lesson's story as a row of buttons; the words of the step
        that is on the screen, or what the page is about."""
        self._head = st.container(gap="xsmall")
        first, _, rest = self.text("introduction").partition("\n\n")
        with self._head:
            st.title(self.text("question"))
            with st.container(horizontal=True, key=f"presets-of-{self.name}", gap="xsmall"):
                story = self._presets()
                with st.popover("About", icon=":material/info:", type="tertiary"):
                    # No place: what a word means is told where it is in sight.
                    st.markdown(f"{first}\n\n{rest}")
            with st.container(key="story"):
                Place().markdown(story or first)

    def _presets(self) -> str:
        story, present, taught = "", self.values, self.view.taught
        guessing, step = self.guessing, self.lesson.step_at(self.values)
        for preset in self.lesson.presets:
            label, words = preset_words(self.name, preset)
            wanted = self.lesson.state_of(preset, present)
            active = preset == step
            # It would move what a teacher's link locks, or show results that wait for a guess.
            barred = (taught.hide and guessing) or any(
                map(taught.locks, differing(present, wanted))
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
        # The story of the opening state would give the answer away.
        return "" if guessing else story

    def _take(self, preset: Preset) -> None:
        # What a step is about is to be seen.
        session().page(self.name).goes_closer = preset.opens_closer and preset.goes
        # A story is told on open cards, but for that of a branch, which has a guess of its own.
        if state.guess(self.name) is None:
            state.set_guess(self.name, -1)
        state.apply(self.name, self.lesson.state_of(preset, self.values))

    @property
    def is_about_closer(self) -> bool:
        """Whether the step of its story that it is at is about a closer look."""
        step = self.lesson.step_at(self.values)
        return step is not None and step.opens_closer

    def leads_from(self, place: float) -> bool:
        """Whether what is said at a place leads before what is said of the main picture."""
        return self.closer is not None and self.closer[0] <= place < self.closer[1]

    @cached_property
    def question(self) -> Question | None:
        """What there is to be guessed of the present state: the lesson's own question where it
        opens, another where a teacher's link hides the results."""
        if (branched := self.branched) is not None:
            return guessing.of_branch(self.name, branched)
        question = self.lesson.question if _same(self.values, self.lesson.start) else None
        if question is None and self.view.taught.hide:
            _ = self.config
            question = self.lesson.question_on(self.values)
        return question

    @property
    def _guess(self) -> str:
        """Under which name a guess is kept: a branch has one of its own."""
        return self.name if self.branched is None else f"{self.name}/branch"

    @property
    def guessing(self) -> bool:
        """Whether the reader is still to guess. That is asked once."""
        asked = state.guess(self._guess, obliged=self.view.taught.hide)
        return asked is None and self.question is not None

    def guess(self) -> None:
        """Ask for a guess before the first results, where one is due. The page then ends here."""
        # A place of its own, empty where nothing is asked: in that of a picture, the answers would
        # stay below it, and push down all else, until the script has ended.
        slot = self.stage.picture.empty()
        question = self.question
        if question is None or not self.guessing:
            return
        self.stage.lead(f"**Predict, then see.** {question.text}")
        with slot.container(border=True, key=f"{self.name}-guess"):
            for index, option in enumerate(question.options):
                st.button(
                    upper_first(option),
                    key=f"{self.name}/guess {index}",
                    width="stretch",
                    on_click=state.set_guess,
                    args=(self._guess, index, self.values),
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
                args=(self._guess, -1),
            )
            st.button(
                "Never ask me",
                key=f"{self.name}/guess never",
                type="tertiary",
                on_click=session().skip_guesses,
            )

    def _end(self) -> NoReturn:
        self.save()
        session().page(self.name).pictured = None
        st.stop()

    def verdict(self, runs: list[Shown]) -> list[Caption]:
        """What became of the guess in words; none where there is nothing to say."""
        judged = self.judged(runs)
        return [] if judged is None else [judged.caption]

    @property
    def guessed(self) -> int | None:
        """Which option the reader has guessed, counted from 0, on the state that is shown."""
        option = state.guess(self._guess, obliged=self.view.taught.hide)
        on = state.guessed_on(self._guess)
        asked = self.question is not None and on is not None and _same(self.values, on)
        return option if asked and option is not None and option >= 0 else None

    def judged(self, runs: list[Shown]) -> Judged | None:
        """What became of the guess, on finished runs."""
        question, guessed = self.question, self.guessed
        if question is None or guessed is None:
            return None
        # Every picture of a page asks.
        if self._answer is None or self._answer[0] != runs:
            self._answer = runs, question.answer(runs)
        return Judged(question, guessed, self._answer[1])

    def save(self) -> None:
        """Write the state to the address. Call it once all controls are drawn."""
        state.save(self.name, self.lesson.start, self.values)


def _same(values: State, others: State) -> bool:
    """Whether two states show the same, whatever a teacher's link has locked or hidden."""
    return set(differing(values, others)).issubset(OF_TEACHER)


AnyPage = TypeVar("AnyPage", bound=Page[Any])


def open_page(lesson: Lesson[V]) -> Page[V]:
    """Begin a lesson's page."""
    return begin(Page(lesson))


def begin(page: AnyPage) -> AnyPage:
    """Begin a page: its question, what is wrong with the address, its presets."""
    lesson = page.lesson
    ahead.leave(lesson.name)
    session().begin_page()
    problems = state.load(lesson) + state.load_pins()
    dress()
    page.head()
    faults([f"In the address: {problem}." for problem in problems], icon=WRONG_ADDRESS)
    page.locks()
    return page
