"""What a lesson is: where its page starts, the story of its presets, its matched runs.

The words are elsewhere, in `lessons/<name>.md`; here is what a page, `make record` and the tests
need to know without drawing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fmviz.analysis.stopping import Shown
from fmviz.page import permalink
from fmviz.page.permalink import Choices, State, View
from fmviz.run.config import RunConfig
from fmviz.words import prose

# Role, as legends have it → run. The run that the captions speak of comes last.
Runs = dict[str, RunConfig]


@dataclass(frozen=True)
class Preset:
    """A step of a lesson's story: what differs from the lesson's start.

    Its words are the section "preset <name>": a label, an empty line, and what to look at.

    Attributes:
        recorded: whether its runs ship with fmviz. Where they are too many, the page says how long
            they take, and trains them when it is asked to.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    recorded: bool = True


@dataclass(frozen=True)
class Lesson:
    """One page.

    Attributes:
        name: of `pages/<name>.py`, `lessons/<name>.md` and in links.
        title: in the navigation.
        start: the state it opens in, of `permalink.defaults`.
        runs: the matched runs that a state asks for.
        presets: the story in order; the first is the start itself where it changes nothing.
        choices: what links may say in "section" and "racers".
        weights: whether its panels need the weights of the runs; else brief records do.
        borrows: other lessons, whose panels stand on its page too and speak their own words.
        answer: which option of the section "guess" is right, counted from 0, on finished runs.
    """

    name: str
    title: str
    start: State
    runs: Callable[[RunConfig, View], Runs]
    presets: tuple[Preset, ...] = ()
    choices: Choices = field(default_factory=dict)
    weights: bool = False
    borrows: tuple[str, ...] = ()
    answer: Callable[[list[Shown]], int] | None = None

    def state_of(self, preset: Preset, present: State | None = None) -> State:
        """The state that a preset brings the page to.

        Args:
            present: the page's; what a teacher's link has set in it stays.
        """
        kept = {f: v for f, v in (present or {}).items() if f in permalink.OF_TEACHER}
        return self.start | dict(preset.changes) | kept

    def runs_of(self, state: State) -> Runs:
        """The runs of a state.

        Raises:
            pydantic.ValidationError: the settings do not go together.
        """
        return self.runs(permalink.config_of(state), permalink.view_of(state))


def start(
    config: Mapping[str, Any] | None = None,
    view: Mapping[str, Any] | None = None,
    *,
    stopping: bool = True,
    taught: bool = True,
) -> State:
    """A lesson's start: what differs from the defaults of a run, and the fields of `View` that
    its page has, with their values.

    Args:
        stopping: whether it has those of early stopping and of the test too.
        taught: whether a teacher's link can lock its controls and hide its results.
    """
    # No penalty is λ = 0 of one that its control offers: showing the control then changes nothing.
    free = {"penalty": "l2", "lam": 0.0}
    common = {"patience": None, "monitor": "val_loss", "restore": True, "test": False}
    teacher = {"lock": (), "hide": False}
    return permalink.defaults(
        free | dict(config or {}),
        (common if stopping else {}) | dict(view or {}) | (teacher if taught else {}),
    )


def preset_words(lesson: str, preset: Preset) -> tuple[str, str]:
    """A preset's label and its story."""
    label, _, story = prose.text(lesson, f"preset {preset.name}").partition("\n\n")
    return label.strip(), story.strip()


def guess_words(lesson: str, section: str = "guess") -> tuple[str, list[str]]:
    """The question of a section and its options, the items of its list."""
    text = prose.text(lesson, section)
    question, _, listed = text.partition("\n- ")
    return question.strip(), [" ".join(item.split()).rstrip(".") for item in listed.split("\n- ")]


# What the opening network has beside the defaults of a run. Batches of 100 divide 5,000 evenly:
# else the last step of every epoch, just before each measurement, would follow a few images only.
NETWORK = {"batch_size": 100, "epochs": 20}
