"""Predict, then see: the question that a page asks before it shows its runs.

A lesson has a question of its own on the state it opens in. On any other state, where a teacher's
link hides the results, one of two questions fits every page: which network will be best, or, where
there is one alone, how wide its gap will be. Of a sweep, it is which value of its knob.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fmviz.analysis import paired, sweeps
from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import Lesson, guess_words
from fmviz.page.state import State
from fmviz.run import knobs
from fmviz.run.naming import knob_value

# Bounds of the answers to "guess gap", in shares.
GAPS = (0.05, 0.15)


@dataclass(frozen=True)
class Question:
    """A question, its options in order, and which of them is right on finished runs."""

    text: str
    options: tuple[str, ...]
    answer: Callable[[list[Shown]], int]


def own(lesson: Lesson) -> Question | None:
    """A lesson's question on the state it opens in."""
    if lesson.answer is None:
        return None
    text, options = guess_words(lesson.name)
    return Question(text, tuple(options), lesson.answer)


def of_runs(lesson: str, roles: Sequence[str]) -> Question | None:
    """A question on any matched runs; None where there are none."""
    if not roles:
        return None
    if len(roles) == 1:
        text, options = guess_words(lesson, "guess gap")
        return Question(text, tuple(options), gap_answer)
    text, options = guess_words(lesson, "guess best")
    return Question(text, (*roles, *options), best_answer)


def of_sweep(lesson: str, state: State) -> Question:
    """Which value of a sweep's first knob its best cell has."""
    knob = state["knob"]
    values = knobs.read(knob, state["values"])
    text, options = guess_words(lesson, "guess best")

    def answer(runs: list[Shown]) -> int:
        """One past the last where another value cannot be told from it, or nothing finished."""
        cells, records = knobs.cells(state), {run.record.config: run.record for run in runs}
        found = sweeps.outcomes(cells, [records.get(c) for cell in cells for c in cell.configs])
        best = sweeps.best(found)
        if best is None:
            return len(values)
        first = best.outcome.cell.at[0]
        alike = all(other.cell.at[0] == first for other in best.level)
        return values.index(first) if alike else len(values)

    return Question(text, (*(knob_value(knob, value) for value in values), *options), answer)


def gap_answer(runs: list[Shown]) -> int:
    """Between which of `GAPS` the accuracy gap of the last run lies."""
    run = runs[-1]
    gap = run.record.gap(run.kept).value
    return sum(gap >= bound for bound in GAPS)


def best_answer(runs: list[Shown]) -> int:
    """The run with the highest validation accuracy; one past the last where it cannot be told from
    the runner-up, the two being judged on the same images."""
    ranked = sorted(
        range(len(runs)),
        key=lambda i: runs[i].record.estimate("val_accuracy", runs[i].kept).value,
        reverse=True,
    )
    first, second = ranked[:2]
    lead = paired.change(runs[first], runs[second], "val")
    return len(runs) if lead.could_be_noise else first
