"""What a lesson is: where its page starts, the story of its presets, its matched runs.

The words are elsewhere, in `lessons/<name>/words.md`; here is what a page, `make record` and the
tests need to know without drawing anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal

from fmviz.page import guessing, state
from fmviz.page.guessing import Answer, Question, Spans
from fmviz.page.state import Parsed, State, V
from fmviz.page.view import OF_STOPPING, OF_TEACHER
from fmviz.run.config import RunConfig
from fmviz.words import prose

# Role, as legends have it → run. The run that the captions speak of comes last.
Runs = dict[str, RunConfig]

# What is drawn of a page's runs against its main knob: training and validation accuracy of the run
# that the captions speak of, and so its gap; or validation accuracy of every run that the knob
# moves.
Row = Literal["gap", "accuracy"]

# Whether a page's run may branch: never; the page's own may; or what becomes of it then stands
# beside the page's runs, which go on without.
Branching = Literal["never", "itself", "beside"]
# The run that a branch makes of another, as legends have it.
BRANCHED = "branched"

# What the opening network has beside the defaults of a run. Batches of 100 divide 5,000 evenly:
# else the last step of every epoch, just before each measurement, would follow a few images only.
NETWORK = {"batch_size": 100, "epochs": 20}
# Read in silence, plain English (Brysbaert 2019, Journal of Memory and Language 109).
WORDS_A_MINUTE = 238
# No penalty is λ = 0 of one that its control offers: showing the control then changes nothing.
NO_PENALTY = {"penalty": "l2", "lam": 0.0}


@dataclass(frozen=True)
class Preset:
    """A step of a lesson's story: what differs from the lesson's start.

    Its words are the section "preset <name>": a label, an empty line, and what to look at.

    Attributes:
        recorded: whether its runs ship with fmviz. Where they are too many, the page says how long
            they take, and trains them when it is asked to.
        closer: whether a closer look that it opens is what it is about: what that says leads.
        goes: whether that is brought into sight, too; else the page's pictures stay there.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    recorded: bool = True
    closer: bool = True
    goes: bool = True

    @property
    def opens_closer(self) -> bool:
        """Whether it is about a closer look, which it opens."""
        return self.closer and "section" in self.changes


@dataclass(frozen=True)
class Lesson(Generic[V]):
    """One page.

    Attributes:
        name: of `pages/<name>.py`, of the folder `lessons/<name>` and in links.
        title: in the navigation.
        view: how its runs are looked at; has the page's fields beside the settings.
        runs: the matched runs that a state asks for.
        settings: of a run, what differs from its defaults where the page opens; None where the
            page has no run of its own.
        presets: the story in order; the first is the start itself where it changes nothing.
        weights: whether its panels need the weights of the runs; else brief records do.
        answer: which option of the section "guess" is right, counted from 0, on finished runs.
        spans: where its options are ranges of an axis of the main picture.
        knobs: the controls in sight that train, the main one first: settings of a run, or "width"
            or "depth" of its layers.
        row: what is drawn along the slider of the main one; None where it is none.
        branching: whether its run may branch.
        trunk: which role's run branches, where the page has it; else the last.
        story: fields of the view that the words of its steps hold for, each as the step sets it or
            else as the page opens; a step is left where one is moved. When training stops is one of
            them on any page.
    """

    name: str
    title: str
    view: type[V]
    runs: Callable[[RunConfig, V], Runs]
    settings: Mapping[str, Any] | None = field(default_factory=dict)
    presets: tuple[Preset, ...] = ()
    weights: bool = False
    answer: Answer | None = None
    spans: Spans | None = None
    knobs: tuple[str, ...] = ()
    row: Row | None = None
    branching: Branching = "never"
    trunk: str = ""
    story: tuple[str, ...] = ()

    @property
    def main_knob(self) -> str | None:
        """The control that the lesson is about; None where the page trains nothing by one."""
        return next(iter(self.knobs), None)

    @cached_property
    def start(self) -> State[V]:
        """The state that it opens in."""
        settings = None if self.settings is None else {**NO_PENALTY, **self.settings}
        return state.opening(self.view, settings, branches=self.branching != "never")

    def parse(self, query: Mapping[str, str]) -> Parsed[V]:
        """The state that an address opens, and what is wrong with the address."""
        return self.mend(state.parse(query, self.start))

    def mend(self, parsed: Parsed[V]) -> Parsed[V]:
        """A state whose fields are each as they may be, as the lesson needs them together."""
        return parsed

    def state_of(self, preset: Preset, present: Mapping[str, Any] | None = None) -> State[V]:
        """The state that a preset brings the page to.

        Args:
            present: the page's; what a teacher's link has set in it stays.
        """
        kept = {f: v for f, v in (present or {}).items() if f in OF_TEACHER}
        return self.start | dict(preset.changes) | kept

    def is_at(self, preset: Preset, present: State[V]) -> bool:
        """Whether the page is at a step of its story."""
        return preset == self.step_at(present)

    def step_at(self, present: State[V]) -> Preset | None:
        """The step of its story that the page is at. How its runs are looked at beside may change,
        as many a step invites to: what neither the step sets nor `story` names is no part of it. Of
        two steps that fit, the page is at the one that sets more."""
        fits = (each for each in self.presets if self._fits(each, present))
        return max(fits, key=lambda each: len(each.changes), default=None)

    def _fits(self, preset: Preset, present: State[V]) -> bool:
        differing = state.differing(present, self.state_of(preset, present))
        told = {*present.settings, *preset.changes, *OF_STOPPING, *self.story}
        return told.isdisjoint(differing)

    def runs_of(self, asked: State[V]) -> Runs:
        """The runs of a state; where a branch stands beside them, without it.

        Raises:
            pydantic.ValidationError: the settings do not go together.
        """
        config = asked.config
        return self.runs(config.trunk if self.branching == "beside" else config, asked.view)

    def trunk_of(self, roles: Sequence[str]) -> str:
        """The role whose run branches."""
        return self.trunk if self.trunk in roles else roles[-1]

    def branch_of(self, asked: State[V]) -> RunConfig | None:
        """The run that stands beside those of a state, for its branch; None where there is none.

        Raises:
            pydantic.ValidationError: the settings do not go together.
        """
        if self.branching != "beside" or not asked["branch"]:
            return None
        runs = self.runs_of(asked)
        trunk = runs[self.trunk_of(tuple(runs))]
        # The state knows a penalty whose λ is 0, and its words are those of the reader.
        changes = dict(asked.config.branch) | dict(asked["branch"])
        branched = trunk.replace(branch=changes, branch_epoch=asked["branch_epoch"])
        return branched if branched.branch else None

    def all_runs_of(self, asked: State[V]) -> Runs:
        """The runs of a state, the one of its branch last."""
        branched = self.branch_of(asked)
        return self.runs_of(asked) | ({} if branched is None else {BRANCHED: branched})

    @property
    def question(self) -> Question | None:
        """What there is to be guessed of the state it opens in."""
        if self.answer is None:
            return None
        return guessing.question(self.name, "guess", self.answer, spans=self.spans)

    def question_on(self, asked: State[V]) -> Question | None:
        """What there is to be guessed of any state whose settings go together."""
        return guessing.of_runs(self.name, tuple(self.runs_of(asked)))


def minutes(lesson: Lesson[Any]) -> int:
    """How long a lesson takes: a minute to look at each step of its story and to try what it says,
    and the time to read what that and the opening say. Notes, closer looks and what readers find
    out by themselves come on top."""
    said = ["question", "introduction", *(f"preset {preset.name}" for preset in lesson.presets)]
    said += ["guess"] * (lesson.answer is not None)
    words = sum(len(prose.source(lesson.name, section).split()) for section in said)
    return len(lesson.presets) + math.ceil(words / WORDS_A_MINUTE)


def preset_words(lesson: str, preset: Preset) -> tuple[str, str]:
    """A preset's label and its story."""
    label, _, story = prose.text(lesson, f"preset {preset.name}").partition("\n\n")
    return label.strip(), story.strip()
