"""A page's runs along its main knob: for each value of the slider, the runs that the page would
show."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError

from fmviz.page.ahead import positions
from fmviz.page.lesson import Lesson, Runs
from fmviz.page.state import State
from fmviz.run.config import RunConfig
from fmviz.run.naming import knob_value
from fmviz.run.offered import present


class Position(NamedTuple):
    """A position of the slider.

    Attributes:
        value: the knob's there.
        label: the knob with its value, "λ = 10".
        runs: by the names that the chart has for them; those that the knob moves.
    """

    value: Any
    label: str
    runs: dict[str, RunConfig]


class KnobRow(NamedTuple):
    """The row of a page's main knob.

    Attributes:
        knob: the setting that it turns.
        positions: its positions in order.
        names: the runs at each of them, as the chart tells them apart.
        at: the position that the page is at.
    """

    knob: str
    positions: tuple[Position, ...]
    names: tuple[str, ...]
    at: int

    @property
    def configs(self) -> list[RunConfig]:
        """All of its runs, each once."""
        return list(dict.fromkeys(c for at in self.positions for c in at.runs.values()))


def row_of(lesson: Lesson, state: State) -> KnobRow | None:
    """The row that a page draws along its main knob; None where it draws none: the knob cannot be
    moved, or moves none of the runs."""
    knob = lesson.main_knob
    if knob is None or lesson.row is None:
        return None
    reached = [
        (value, runs)
        for value, other in positions(lesson, state, knob)
        if (runs := _runs(lesson, other)) is not None
    ]
    at = present(knob, state.settings.__getitem__)
    values = [value for value, _ in reached]
    if at not in values:
        return None
    if lesson.row == "gap":
        # Its name goes with the position: λ = 0 is the run without a penalty.
        own = [*lesson.runs_of(state)][-1]
        drawn = [{own: [*runs.values()][-1]} for _, runs in reached]
    else:
        drawn = [runs for _, runs in reached]
    names = tuple(
        name
        for name in dict.fromkeys(name for runs in drawn for name in runs)
        if len({runs.get(name) for runs in drawn}) > 1
    )
    if not names:
        return None
    along = tuple(
        Position(value, knob_value(knob, value), {n: runs[n] for n in names if n in runs})
        for value, runs in zip(values, drawn, strict=True)
    )
    return KnobRow(knob, along, names, values.index(at))


def _runs(lesson: Lesson, state: State) -> Runs | None:
    try:
        return lesson.runs_of(state)
    except ValidationError:
        return None
