"""A page's state made of the settings of its run and of its view."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.state import State, usable

START = LESSONS["regularisation"].start


def test_a_state_is_a_mapping_of_its_settings_and_its_view() -> None:
    state = START | {"lam": 0.0, "prune": 0.25}
    assert dict(state) == {**START, "lam": 0.0, "prune": 0.25}
    assert len(state) == len([*state])
    assert state.view.prune == 0.25
    # The controls still know which penalty has no strength.
    assert state["penalty"] == "l2"
    assert state.config.penalty == "none"
    assert state != START
    assert state | dict(START) == START
    with pytest.raises(KeyError):
        state["magic"]
    with pytest.raises(ValidationError):
        _ = state | {"magic": 1}
    with pytest.raises(ValidationError):
        _ = state | {"prune": 2.0}


def test_settings_that_do_not_go_together_are_found_when_a_run_is_asked_for() -> None:
    state: State = START | {"train_size": 55_000}
    with pytest.raises(ValidationError):
        _ = state.config


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("lam", 20.0, True),
        ("lam", -1.0, False),
        ("lam", None, False),
        ("lam", "20", False),
        ("epochs", True, False),
        ("hidden", (64, 32), True),
        ("hidden", (0,), False),
        ("penalty", "l1", True),
        ("penalty", "L1", False),
        ("section", "sweep", True),
        ("section", None, False),
        ("section", "race", False),
        ("patience", None, True),
        ("restore", 1, False),
        ("tolerance", 0.01, True),
        ("tolerance", 0.011, False),
        ("lock", ("lam",), True),
        ("lock", ["lam"], False),
        ("lock", ("lock",), False),
    ],
)
def test_what_a_page_can_have_in_a_field(name: str, value: object, expected: bool) -> None:
    assert usable(name, value, START) == expected
