"""Knobs of a sweep: their values as text and back, cells, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.state import State
from fmviz.run import knobs
from fmviz.run.choices import CHOICES, MAX_HIDDEN_LAYERS, MAX_UNITS
from fmviz.run.config import RunConfig, bounds
from fmviz.run.knobs import KNOBS, KnobError
from fmviz.run.settings import written

START = LESSONS["sweep"].start


def state(**changes: Any) -> State:
    return START | changes


def values_of(knob: str) -> st.SearchStrategy[Any]:
    """Any value that a knob can have."""
    if knob in CHOICES:
        return st.sampled_from(sorted(CHOICES[knob]))
    if knob == "hidden":
        widths = st.integers(1, MAX_UNITS)
        return st.lists(widths, max_size=MAX_HIDDEN_LAYERS).map(tuple)
    if knob in ("depth", "width"):
        return st.integers(1, MAX_HIDDEN_LAYERS if knob == "depth" else MAX_UNITS)
    low, high = bounds(knob)
    if isinstance(KNOBS[knob].values[0], int):
        return st.integers(int(low), int(high))
    both = ("warmup", "plateau_factor")
    above = knob in ("learning_rate", "power", "kept", *both)
    return st.floats(low, high, exclude_min=above, exclude_max=knob in both)


@given(st.data())
def test_values_as_text_and_back(data: st.DataObject) -> None:
    knob = data.draw(st.sampled_from(sorted(KNOBS)))
    some = data.draw(st.lists(values_of(knob), min_size=1, max_size=knobs.MAX_VALUES))
    text = ",".join(written(knob, value) for value in some)
    found = knobs.read(knob, text)
    assert set(found) == set(some)
    assert len(found) == len(set(some))
    assert knobs.read(knob, knobs.write(knob, found)) == found
    if not knobs.is_choice(knob):
        assert list(found) == sorted(found)


@pytest.mark.parametrize("knob", KNOBS)
def test_the_usual_values_of_a_knob_need_no_text_and_are_in_order(knob: str) -> None:
    usual = KNOBS[knob].values
    assert knobs.read(knob, " ") == usual
    assert knobs.write(knob, usual) == ""
    assert set(knobs.read(knob, ",".join(written(knob, v) for v in usual))) == set(usual)
    cells = knobs.cells(state(knob=knob, seeds=1))
    assert [cell.at for cell in cells] == [(value,) for value in usual]


@pytest.mark.parametrize(
    ("knob", "text", "message"),
    [
        ("lam", "1,-1", "each value of lam must be a number from 0 to 10,000, not '-1'"),
        ("depth", "8", "each value of depth must be a whole number from 1 to 6, not '8'"),
        ("depth", "two", "each value of depth must be a whole number from 1 to 6, not 'two'"),
        ("width", "0", "each value of width must be a whole number from 1 to 512, not '0'"),
        ("epochs", "5,1000", "each value of epochs must be a whole number from 1 to 100"),
        ("optimizer", "sgd,magic", "each value of optimizer must be one of "),
        ("lam", "1,,2", "each value of lam must be a number from 0 to 10,000, not ''"),
        ("lam", ",".join(map(str, range(17))), "lam can have at most 16 values, not 17"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_what_is_allowed(
    knob: str, text: str, message: str
) -> None:
    with pytest.raises(KnobError) as error:
        knobs.read(knob, text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("knob", "text"),
    [
        ("lam", "0,01"),
        ("train_size", "1,000"),
        ("train_size", "1,000, 2,000"),
        ("lam", "0,5"),
        ("lam", "0,01; 0,1"),
        ("lam", "0,1,0,5"),
        ("lam", "1,5 2,5"),
        ("dropout", "0,2,0,4,0,6"),
    ],
)
def test_a_comma_that_could_be_part_of_a_number_is_asked_about(knob: str, text: str) -> None:
    with pytest.raises(KnobError, match="write decimals with a point") as error:
        knobs.typed(knob, text)
    assert "a space after each comma" in str(error.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.01, 0.1", (0.01, 0.1)),
        ("0.01,0.1", (0.01, 0.1)),
        ("0, 5", (0, 5)),
        ("0; 5", (0, 5)),
        ("1,3,10", (1, 3, 10)),
        ("10", (10,)),
        ("5, 5, 1", (1, 5)),
        ("", KNOBS["lam"].values),
    ],
)
def test_values_that_can_mean_one_thing_are_taken(text: str, values: tuple[float, ...]) -> None:
    assert knobs.typed("lam", text) == values


def test_a_link_that_was_made_here_is_read_and_a_padded_number_in_it_is_not() -> None:
    assert knobs.read("lam", "0,5") == (0, 5)
    for text in ("0,01", "1,000"):
        with pytest.raises(KnobError, match="write decimals with a point"):
            knobs.read("lam", text)
    assert knobs.typed("hidden", "128-64,32") == ((128, 64), (32,))


@given(st.data())
def test_what_a_field_shows_can_be_typed(data: st.DataObject) -> None:
    """The page writes values with a comma and a space; so typed they are never doubted."""
    knob = data.draw(st.sampled_from(sorted(KNOBS)))
    some = data.draw(st.lists(values_of(knob), min_size=1, max_size=knobs.MAX_VALUES))
    assert set(knobs.typed(knob, ", ".join(written(knob, value) for value in some))) == set(some)


def test_depth_and_width_turn_the_layers() -> None:
    def hidden(present: tuple[int, ...], **turns: int) -> tuple[int, ...]:
        found: tuple[int, ...] = knobs.turned({"hidden": present}, turns)["hidden"]
        return found

    assert hidden((64, 32), depth=3) == (64, 64, 64)
    assert hidden((), depth=2) == (knobs.DEFAULT_WIDTH,) * 2
    assert hidden((64, 32), width=8) == (8, 8)
    assert hidden((), width=8) == (8,)
    assert hidden((64,), depth=2, width=8) == (8, 8)


def test_knobs_that_turn_the_same_thing_clash() -> None:
    assert knobs.clash("lam", "lam")
    assert knobs.clash("depth", "hidden")
    assert not knobs.clash("depth", "width")
    assert not knobs.clash("lam", "dropout")
    with pytest.raises(KnobError, match="knob2 must be another knob than lam"):
        knobs.sweeping(state(knob="lam", knob2="lam"))


def test_cells_are_all_combinations_and_seeds() -> None:
    asked = state(knob="lam", values="0,5", knob2="dropout", values2="0,0.5", seeds=3, seed=2)
    cells = knobs.cells(asked)
    assert [cell.at for cell in cells] == [(0.0, 0.0), (0.0, 0.5), (5.0, 0.0), (5.0, 0.5)]
    for cell in cells:
        assert [config.seed for config in cell.configs] == [2, 3, 4]
        assert {(config.lam, config.dropout) for config in cell.configs} == {cell.at}
    # Seeds go round at their bound.
    last = int(bounds("seed")[1])
    (cell,) = knobs.cells(state(values="1", seeds=2, seed=last))
    assert [config.seed for config in cell.configs] == [last, 0]


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValidationError):
        knobs.cells(state(dataset="compact", knob="train_size", values="55000"))


def test_the_ends_of_a_knob() -> None:
    assert knobs.at_bound("depth", 1)
    assert knobs.at_bound("lam", 0.0)
    assert knobs.at_bound("width", MAX_UNITS)
    assert not knobs.at_bound("width", 128)
    assert not knobs.at_bound("lam", 1.0)


@pytest.mark.parametrize("knob", ["lam", "l1_share", "init_std", "dropout", "final_rate"])
def test_what_a_knob_needs_is_what_it_has_no_effect_without(knob: str) -> None:
    assert knobs.needs(knob)
    plain = RunConfig(penalty="none", lam=0.0, hidden=(), initializer="zeros").model_dump()
    different = {
        RunConfig.model_validate(knobs.turned(plain, {knob: value})) for value in KNOBS[knob].values
    }
    assert len(different) == 1
