"""What the viewer of a page is likely to ask for next: the settings around the one on the screen.

A reader turns one slider at a time, mostly by a step. So the neighbours on the slider that was
moved last come first, then the rest of its row, then the neighbours on the page's other controls,
the row of its main one, and the steps of its story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fmviz.page.lesson import Lesson
from fmviz.page.state import State, differing
from fmviz.run.config import RunConfig
from fmviz.run.knobs import turned
from fmviz.run.offered import field_of, offered, present

# The runs that a page shows in one state, as far as they are not spoken for.
Asked = tuple[RunConfig, ...]
# Whether the runs of an item cost so little that they may be trained without being asked for.
Light = Callable[[Asked], bool]

# A neighbour is at most so many steps away.
NEAR = 2
# Runs that are foreseen for one viewer. More are out of date before they are trained.
MOST_RUNS = 128


def ahead(
    lesson: Lesson, state: State, moved: str | None, light: Light = lambda runs: True
) -> list[Asked]:
    """What may be asked for next, most likely first: an item for each state of the page, with those
    of its runs that are neither on the screen nor in an earlier item. No more than `MOST_RUNS`.

    Args:
        state: whose settings go together.
        moved: the setting of a run that was moved last; None before any was.
    """
    shown = lesson.runs_of(state).values()
    found: list[Asked] = []
    room = MOST_RUNS
    for runs in distinct(_states(lesson, state, moved), lesson, shown, light):
        room -= len(runs)
        if room < 0:
            break
        found.append(runs)
    return found


def opening_row(lesson: Lesson, light: Light = lambda runs: True) -> list[Asked]:
    """The row of a lesson's main knob where its page opens, the present setting first; each run
    once."""
    if lesson.main_knob is None:
        return []
    row = [lesson.start, *_row(lesson, lesson.start, lesson.main_knob)]
    return [*distinct(row, lesson, (), light)]


def distinct(
    states: Iterable[State], lesson: Lesson, seen: Iterable[RunConfig], light: Light
) -> Iterator[Asked]:
    """The runs of each state that no earlier one has; states that cannot be, or whose runs are not
    light, are passed over.

    Args:
        seen: runs that are left out.
    """
    known = set(seen)
    for state in states:
        try:
            runs = dict.fromkeys(lesson.runs_of(state).values())
        except ValueError:  # settings, or the knobs of a sweep, that do not go together
            continue
        new = tuple(config for config in runs if config not in known)
        if new and light(new):
            known.update(new)
            yield new


def positions(lesson: Lesson, state: State, knob: str) -> list[tuple[Any, State]]:
    """Each value that the control of a knob offers, in its order, with the state it leads to. None
    where a teacher's link has locked it."""
    if not state.settings or state.view.taught.locks(field_of(knob)):
        return []
    return [
        (value, state | turned(state.settings, {knob: value}))
        for value in offered(knob, state.settings.__getitem__)
    ]


def _row(
    lesson: Lesson, state: State, knob: str, near: int = 0, far: int | None = None
) -> list[State]:
    """The states of a knob's row more than `near` and at most `far` steps away, the nearest first,
    and of two as near the one further along."""
    row = positions(lesson, state, knob)
    values = [value for value, _ in row]
    at = present(knob, state.settings.__getitem__)
    if at not in values:
        return []
    steps = {step: reached for step, (_, reached) in enumerate(row, start=-values.index(at))}
    return [
        steps[step]
        for step in sorted(steps, key=lambda step: (abs(step), -step))
        if near < abs(step) and (far is None or abs(step) <= far)
    ]


def _states(lesson: Lesson, state: State, moved: str | None) -> Iterator[State]:
    """The states that a reader may bring the page to next, most likely first."""
    main = lesson.main_knob
    first = _knob_of(lesson, moved) or main
    if first is not None:
        yield from _row(lesson, state, first, far=NEAR)
        if moved is not None:
            yield from _row(lesson, state, first, near=NEAR)
    for knob in lesson.knobs:
        if knob != first:
            yield from _row(lesson, state, knob, far=NEAR)
    if main is not None:
        yield from _row(lesson, state, main, near=NEAR)
    for preset in lesson.presets:
        wanted = lesson.state_of(preset, state)
        # Where they are too many to ship with fmviz, the page waits until they are asked for.
        if preset.recorded and not any(map(state.view.taught.locks, differing(state, wanted))):
            yield wanted


def _knob_of(lesson: Lesson, field: str | None) -> str | None:
    """The knob by which a lesson's page turns a setting."""
    if field is None:
        return None
    return next((knob for knob in lesson.knobs if field_of(knob) == field), field)
