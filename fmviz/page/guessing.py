"""Predict, then see: the question that a page asks before it shows its runs.

A lesson has a question of its own on the state it opens in. On any other state, where a teacher's
link hides the results, one of two questions fits every page: which network will be best, or, where
there is one alone, how wide its gap will be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.words import prose
from fmviz.words.prose import Caption

# Bounds of the answers to "guess gap", in shares.
GAPS = (0.05, 0.15)

# Which of the options is right, counted from 0, on finished runs.
Answer = Callable[[list[Shown]], int]


@dataclass(frozen=True)
class Question:
    """A question, its options in order, and which of them is right on finished runs."""

    text: str
    options: tuple[str, ...]
    answer: Answer


def question(lesson: str, section: str, answer: Answer, *before: str) -> Question:
    """The question of a section of a lesson's words, whose options are the items of its list.

    Args:
        before: options that come first.
    """
    text, options = guess_words(lesson, section)
    return Question(text, (*before, *options), answer)


def of_runs(lesson: str, roles: Sequence[str]) -> Question | None:
    """A question on any matched runs; None where there are none."""
    if not roles:
        return None
    if len(roles) == 1:
        return question(lesson, "guess gap", gap_answer)
    return question(lesson, "guess best", best_answer, *roles)


def gap_answer(runs: list[Shown]) -> int:
    """Between which of `GAPS` the accuracy gap of the last run lies."""
    run = runs[-1]
    gap = run.gap.value
    return sum(gap >= bound for bound in GAPS)


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


def guess_words(lesson: str, section: str = "guess") -> tuple[str, list[str]]:
    """The question of a section and its options, the items of its list."""
    text = prose.text(lesson, section)
    question, _, listed = text.partition("\n- ")
    return question.strip(), [" ".join(item.split()).rstrip(".") for item in listed.split("\n- ")]
