"""What controls offer: the tables of settings, and steps of numbers within their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.run.config import DEFAULTS, RunConfig, bounds
from fmviz.run.knobs import turned
from fmviz.run.offered import LARGE_LAMBDAS, field_of, offered, present
from fmviz.run.settings import SETTINGS

KNOBS = [*SETTINGS, "width", "depth"]


def of(knob: str, **changes: Any) -> tuple[Any, ...]:
    return offered(knob, (DEFAULTS | changes).__getitem__)


def test_a_slider_has_the_values_of_its_row_and_the_one_that_a_link_brought() -> None:
    row = SETTINGS["dropout"].slider
    assert of("dropout") == row
    assert of("dropout", dropout=0.25) == tuple(sorted({*row, 0.25}))


def test_what_acts_apart_from_the_gradient_is_offered_in_larger_amounts() -> None:
    assert of("lam", penalty="l2")[-1] == 100.0
    assert of("lam", penalty="weight_decay")[-len(LARGE_LAMBDAS) :] == LARGE_LAMBDAS


def test_there_are_no_more_images_than_the_data_set_has() -> None:
    assert of("train_size")[-1] == 10_000
    assert of("train_size", dataset="full")[-1] == 55_000


@pytest.mark.parametrize(
    ("knob", "beside"),
    [
        ("init_std", {"initializer": "glorot_uniform"}),
        ("l1_share", {"penalty": "l2"}),
        ("warmup", {"schedule": "cosine"}),
        ("hidden", {}),
        ("dataset", {}),
    ],
)
def test_a_control_that_cannot_be_moved_or_has_no_list_offers_nothing(
    knob: str, beside: dict[str, Any]
) -> None:
    assert of(knob, **beside) == ()


def test_numbers_go_in_steps_and_stop_at_their_bounds() -> None:
    assert of("epochs", epochs=30) == (20, 25, 30, 35, 40)
    assert of("epochs", epochs=98) == (88, 93, 98)
    assert of("seed", seed=0) == (0, 1, 2)


def test_no_hidden_layer_at_all_is_offered_only_where_a_page_has_come_to_it() -> None:
    assert of("depth", hidden=(128,)) == (1, 2, 3, 4, 5, 6)
    assert of("depth", hidden=()) == (0, 1, 2, 3, 4, 5, 6)
    assert present("width", {"hidden": ()}.__getitem__) == 128


@given(
    knob=st.sampled_from(KNOBS),
    hidden=st.sampled_from([(), (3,), (128, 64), (512,) * 6]),
    penalty=st.sampled_from(["none", "l2", "l1_l2", "weight_decay"]),
    schedule=st.sampled_from(["constant", "step", "warmup", "plateau"]),
    share=st.floats(0, 1),
)
def test_whatever_is_offered_makes_a_run_and_holds_the_present_value(
    knob: str,
    hidden: tuple[int, ...],
    penalty: str,
    schedule: str,
    share: float,
) -> None:
    beside = {"hidden": hidden, "penalty": penalty, "schedule": schedule, "lam": 1.0}
    settings = DEFAULTS | beside
    field = field_of(knob)
    if isinstance(settings[field], int | float):
        low, high = bounds(field)
        value = low + share * (high - low)
        settings[field] = int(value) if isinstance(settings[field], int) else value
        if settings["train_size"] > 10_000 or not valid(settings):
            settings[field] = DEFAULTS[field]
    values = offered(knob, settings.__getitem__)
    assert len(set(values)) == len(values)
    if values and (knob, penalty) != ("penalty", "none"):
        assert present(knob, settings.__getitem__) in values
    for value in values:
        RunConfig.model_validate(turned(settings, {knob: value}))


def valid(settings: dict[str, Any]) -> bool:
    """Whether settings make a run: some bounds are excluded."""
    try:
        RunConfig.model_validate(settings)
    except ValueError:
        return False
    return True
