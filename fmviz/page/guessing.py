"""Predict, then see: the question that a page asks before it shows its runs.

A lesson has a question of its own on the state it opens in. On any other state, where a teacher's
link hides the results, one of two questions fits every page: which network will be best, or, where
there is one alone, how wide its gap will be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fmviz.analysis import comparing
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig
from fmviz.run.naming import differing_settings, word
from fmviz.words import prose
from fmviz.words.numbers import listed
from fmviz.words.prose import Caption

# Bounds of the answers to "guess gap", in shares.
GAPS = (0.05, 0.15)

# Which of the options is right, counted from 0, on finished runs.
Answer = Callable[[list[Shown]], int]


class Span(NamedTuple):
    """The part of an axis of a page's main picture that an option speaks of.

    Attributes:
        axis: "x", the epochs, or "y", the accuracies.
        low, high: its ends; None where it goes on as far as the axis.
    """

    axis: Literal["x", "y"]
    low: float | None
    high: float | None


# What an option, counted from 0, speaks of, on finished runs.
Spans = Callable[[list[Shown], int], Span]


@dataclass(frozen=True)
class Question:
    """A question, its options in order, and which of them is right on finished runs.

    Attributes:
        spans: where its options are ranges of an axis.
    """

    text: str
    options: tuple[str, ...]
    answer: Answer
    spans: Spans | None = None


class Judged(NamedTuple):
    """What became of a guess; options are counted from 0."""

    question: Question
    guess: int
    answer: int

    @property
    def right(self) -> bool:
        """Whether it was right."""
        return self.guess == self.answer

    @property
    def caption(self) -> Caption:
        """It in words."""
        guess, answer = (self.question.options[k] for k in (self.guess, self.answer))
        section = "guess was right" if self.right else "guess was wrong"
        return Caption(section, {"guess": guess, "answer": answer})


def question(
    lesson: str,
    section: str,
    answer: Answer,
    *before: str,
    spans: Spans | None = None,
    figures: Mapping[str, str] | None = None,
) -> Question:
    """The question of a section of a lesson's words, whose options are the items of its list.

    Args:
        before: options that come first.
        spans: see `Question`.
        figures: of the section.
    """
    text, options = guess_words(lesson, section, figures)
    return Question(text, (*before, *options), answer, spans)


def of_runs(lesson: str, roles: Sequence[str]) -> Question | None:
    """A question on any matched runs; None where there are none."""
    if not roles:
        return None
    if len(roles) == 1:
        return question(lesson, "guess gap", gap_answer, spans=gap_span)
    return question(lesson, "guess best", best_answer, *roles)


def of_branch(lesson: str, branched: RunConfig) -> Question:
    """Where a run that branches ends, beside the same run as it goes on without: what changes is
    told of both, and when."""
    sides = branched.trunk, branched.after
    changed = differing_settings(sides)
    before, changes = (listed([word(field, side) for field in changed]) for side in sides)
    figures = {"epoch": str(branched.branch_epoch), "before": before, "changes": changes}
    return question(lesson, "guess branch", branch_answer, figures=figures)


def branch_answer(runs: list[Shown]) -> int:
    """Whether the second run's validation accuracy is above that of the first, cannot be told from
    it, or is below it."""
    trunk, branched = runs
    return 1 - comparing.change(branched, trunk, "val").sign


def gap_answer(runs: list[Shown]) -> int:
    """Between which of `GAPS` training accuracy − validation accuracy of the last run lies."""
    run = runs[-1]
    gap = run.record.gap(run.kept).value
    return sum(gap >= bound for bound in GAPS)


def gap_span(runs: list[Shown], option: int) -> Span:
    """Where validation accuracy lies if the gap is as an option has it."""
    bounds = (None, *GAPS, None)
    training = runs[-1].accuracy("train").value
    high, low = (None if b is None else training - b for b in bounds[option : option + 2])
    return Span("y", low, high)


def best_answer(runs: list[Shown]) -> int:
    """The run with the highest validation accuracy; one past the last where it cannot be told from
    the runner-up, the two being judged on the same images."""
    ranking = by_accuracy(dict(enumerate(runs)))
    runner_up = ranking.runner_up
    return len(runs) if runner_up is None or runner_up in ranking.level else ranking.best


def became(lesson: str, section: str, guessed: int | None, answer: int | None) -> list[Caption]:
    """What became of a guess; nothing where none was made, or where there is no right answer.

    Args:
        section: with the options.
        guessed: an option's index; −1 for skipped, None for not yet.
        answer: the right one's.
    """
    if guessed is None or guessed < 0 or answer is None:
        return []
    options = guess_words(lesson, section)[1]
    how = "guess was right" if guessed == answer else "guess was wrong"
    return [Caption(how, {"guess": options[guessed], "answer": options[answer]})]


def guess_words(
    lesson: str, section: str = "guess", figures: Mapping[str, str] | None = None
) -> tuple[str, list[str]]:
    """The question of a section and its options, the items of its list."""
    text = prose.text(lesson, section, figures)
    asked, _, items = text.partition("\n- ")
    return asked.strip(), [" ".join(item.split()).rstrip(".") for item in items.split("\n- ")]
