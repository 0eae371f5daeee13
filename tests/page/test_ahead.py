"""What is foreseen of a page: the moves that its sliders allow, nearest first, each run once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.ahead import MOST_RUNS, NEAR, Asked, ahead, opening_row
from fmviz.page.lesson import Lesson
from fmviz.page.state import State
from fmviz.page.view import ALL
from fmviz.run.config import RunConfig
from fmviz.run.knobs import turned
from fmviz.run.offered import field_of, offered, present

DRIVEN = {name: lesson for name, lesson in LESSONS.items() if lesson.knobs}
L2 = LESSONS["regularisation"]


@st.composite
def states(draw: st.DrawFn, name: str) -> State:
    """A state that a page's own controls lead to, from where it opens."""
    state = LESSONS[name].start
    for knob in draw(st.permutations(LESSONS[name].knobs)):
        if values := offered(knob, state.__getitem__):
            state |= turned(state.settings, {knob: draw(st.sampled_from(values))})
    return state


# An example makes hundreds of runs, each validated.
few = settings(max_examples=15)

moves = st.sampled_from(sorted(DRIVEN)).flatmap(
    lambda name: st.tuples(
        st.just(DRIVEN[name]),
        states(name),
        st.sampled_from([None, *map(field_of, DRIVEN[name].knobs)]),
    )
)


def steps(state: State, knob: str, most: int = NEAR) -> list[State]:
    """Where a knob leads in at most so many steps, a second time and simply."""
    values = list(offered(knob, state.__getitem__))
    at = present(knob, state.__getitem__)
    if at not in values:
        return []
    here = values.index(at)
    around = range(max(here - most, 0), min(here + most + 1, len(values)))
    return [state | turned(state.settings, {knob: values[i]}) for i in around if i != here]


def flat(items: list[Asked]) -> list[RunConfig]:
    return [config for runs in items for config in runs]


def new(lesson: Lesson, state: State, others: list[State]) -> set[RunConfig]:
    """The runs of some states that are not on the screen."""
    found = {config for other in others for config in lesson.runs_of(other).values()}
    return found - set(lesson.runs_of(state).values())


@few
@given(moves)
def test_a_step_or_two_of_the_slider_moved_last_is_foreseen_before_all_else(
    move: tuple[Lesson, State, str | None],
) -> None:
    lesson, state, moved = move
    knob = (
        lesson.knobs[0] if moved is None else next(k for k in lesson.knobs if field_of(k) == moved)
    )
    wanted = new(lesson, state, steps(state, knob))
    assert set(flat(ahead(lesson, state, moved))[: len(wanted)]) == wanted


@few
@given(moves)
def test_a_step_or_two_of_any_control_in_sight_is_foreseen(
    move: tuple[Lesson, State, str | None],
) -> None:
    lesson, state, moved = move
    foreseen = set(flat(ahead(lesson, state, moved)))
    for knob in lesson.knobs:
        assert new(lesson, state, steps(state, knob)) <= foreseen, knob


@few
@given(moves)
def test_each_run_is_foreseen_once_and_none_that_is_on_the_screen(
    move: tuple[Lesson, State, str | None],
) -> None:
    lesson, state, moved = move
    items = ahead(lesson, state, moved)
    configs = flat(items)
    assert all(items)
    assert len(set(configs)) == len(configs) <= MOST_RUNS
    assert not set(configs) & set(lesson.runs_of(state).values())
    assert all(RunConfig.model_validate(config.model_dump()) == config for config in configs)
    assert items == ahead(lesson, state, moved)


@few
@given(moves, st.data())
def test_what_a_teacher_has_locked_is_not_turned(
    move: tuple[Lesson, State, str | None], data: st.DataObject
) -> None:
    lesson, state, moved = move
    locked = field_of(data.draw(st.sampled_from(lesson.knobs)))
    state |= {"lock": (locked,)}
    free = [knob for knob in lesson.knobs if field_of(knob) != locked]
    reached = [other for knob in free for other in steps(state, knob, most=99)]
    foreseen = set(flat(ahead(lesson, state, moved)))
    assert foreseen <= new(lesson, state, reached) | presets(lesson, state)


def presets(lesson: Lesson, state: State) -> set[RunConfig]:
    """The runs of a lesson's story that leave the locked settings as they are."""
    found = set()
    for preset in lesson.presets:
        other = lesson.state_of(preset, state)
        if all(other[field] == state[field] for field in state["lock"]):
            found |= set(lesson.runs_of(other).values())
    return found


@pytest.mark.parametrize("name", DRIVEN)
def test_where_everything_is_locked_nothing_is_foreseen(name: str) -> None:
    lesson = LESSONS[name]
    assert ahead(lesson, lesson.start | {"lock": (ALL,)}, None) == []


def lams(items: list[Asked]) -> list[float]:
    return [config.lam for config in flat(items) if config.penalty == "l2"]


def test_the_row_goes_outwards_from_the_present_value() -> None:
    row = lams(ahead(L2, L2.start, "lam"))
    assert row == [50.0, 10.0, 100.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]


def test_before_anything_is_moved_a_step_of_each_control_comes_before_the_rest_of_the_row() -> None:
    items = ahead(L2, L2.start, None)
    kinds = [config.penalty for config in flat(items)]
    first = kinds.index("l1")
    assert lams(items[:first]) == [50.0, 10.0, 100.0, 5.0]
    assert 2.0 in lams(items[first:])


def test_a_setting_that_is_folded_away_has_a_row_too_once_it_was_moved() -> None:
    first = flat(ahead(L2, L2.start, "init_std"))[:8]
    assert {config.init_std for config in first} == {0.1, 0.02, 0.2, 0.01}


def test_what_is_heavy_is_left_out_and_what_follows_is_not() -> None:
    def light(runs: Asked) -> bool:
        return all(config.lam <= 10 for config in runs)

    row = lams(ahead(L2, L2.start, "lam", light))
    assert row[:3] == [10.0, 5.0, 2.0]


@pytest.mark.parametrize("most", [1, 7])
def test_there_is_a_bound_on_how_many_runs_are_foreseen(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    full = flat(ahead(L2, L2.start, None))
    monkeypatch.setattr("fmviz.page.ahead.MOST_RUNS", most)
    assert flat(ahead(L2, L2.start, None)) == full[:most]


@pytest.mark.parametrize("name", DRIVEN)
def test_the_opening_row_holds_every_run_of_the_main_slider_once(name: str) -> None:
    lesson = LESSONS[name]
    knob, state = lesson.knobs[0], lesson.start
    configs = flat(opening_row(lesson))
    assert len(set(configs)) == len(configs)
    row = [state, *steps(state, knob, most=99)]
    assert set(configs) == {config for other in row for config in lesson.runs_of(other).values()}


@pytest.mark.parametrize("name", sorted(set(LESSONS) - set(DRIVEN)))
def test_a_page_without_a_slider_that_trains_has_no_opening_row(name: str) -> None:
    assert opening_row(LESSONS[name]) == []


@pytest.mark.parametrize("changes", [{}, {"knob": "dropout", "values": "0,0.5"}])
def test_a_sweep_foresees_the_recorded_steps_of_its_story_alone(changes: dict[str, Any]) -> None:
    sweep = LESSONS["sweep"]
    recorded = [preset for preset in sweep.presets if preset.recorded]
    wanted = {c for preset in recorded for c in sweep.runs_of(sweep.state_of(preset)).values()}
    assert set(flat(ahead(sweep, sweep.start | changes, None))) <= wanted
