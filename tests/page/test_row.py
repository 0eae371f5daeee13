"""The row of a page's main knob: the runs of the page at each position of the slider."""

from __future__ import annotations

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.row import KnobRow, row_of
from fmviz.run.settings import SETTINGS

DRAWN = {name: lesson for name, lesson in LESSONS.items() if lesson.row is not None}


def row(name: str, **changes: object) -> KnobRow:
    found = row_of(LESSONS[name], LESSONS[name].start | changes)
    assert found is not None
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_row_has_the_values_of_its_slider_and_at_each_the_runs_of_the_page(name: str) -> None:
    lesson, found = DRAWN[name], row(name)
    knob = lesson.knobs[0]
    offered = [n for n in SETTINGS[knob].slider if knob != "train_size" or n <= 10_000]
    assert set(offered) <= {position.value for position in found.positions}
    for position in found.positions:
        page = lesson.runs_of(lesson.start | {knob: position.value})
        assert set(position.runs.values()) <= set(page.values())
        assert (
            all(config[knob] == position.value for config in position.runs.values())
            or not position.value
        )
    present = found.positions[found.at]
    assert present.value == lesson.start[knob]
    # What captions speak of, the last run, is always drawn.
    assert [*lesson.runs_of(lesson.start).values()][-1] in present.runs.values()


def test_the_run_with_a_penalty_meets_the_one_without_where_lambda_is_0() -> None:
    found = row("regularisation")
    assert found.names == ("with penalty",)
    assert [position.runs["with penalty"].penalty for position in found.positions[:2]] == [
        "none",
        "l2",
    ]
    assert found.positions[found.at].label == "λ = 20"


def test_of_runs_that_the_knob_does_not_move_none_is_drawn() -> None:
    assert row("initialisation").names == ("yours",)
    assert row("optimizers").names == ("SGD", "Adam", "SGD + momentum", "RMSprop")
    assert row("schedules").names == ("constant η", "with schedule")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("optimizers", {"rates": "own"}),  # each racer has its own η
        ("initialisation", {"initializer": "he_normal"}),  # no σ
        ("regularisation", {"lock": ("lam",)}),
        ("start", {}),
        ("early_stopping", {}),
        ("sweep", {}),
    ],
)
def test_where_no_control_moves_the_runs_there_is_no_row(
    name: str, changes: dict[str, object]
) -> None:
    lesson = LESSONS[name]
    changes = {f: v for f, v in changes.items() if f in lesson.start}
    assert row_of(lesson, lesson.start | changes) is None


def test_a_value_from_a_link_has_its_place_in_the_row() -> None:
    found = row("dropout", dropout=0.25)
    assert found.positions[found.at].value == 0.25
    assert len(found.positions) == len(SETTINGS["dropout"].slider) + 1


def test_each_run_is_listed_once() -> None:
    configs = row("optimizers").configs
    assert len(set(configs)) == len(configs) == 4 * len(SETTINGS["learning_rate"].slider)
