"""Pins: runs under names, in a link and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.page.pins import (
    MAX_NAME,
    MAX_PINS,
    Pin,
    PinError,
    added,
    decode,
    decode_all,
    encode,
    removed,
    renamed,
)
from fmviz.run.config import RunConfig
from fmviz.run.naming import differing

LETTERS = st.characters(categories=("L", "N", "P", "S", "Zs"))
NAMES = st.text(LETTERS, min_size=1, max_size=MAX_NAME).filter(
    lambda name: name.isprintable() and name == name.strip()
)
CONFIGS = st.builds(
    RunConfig,
    lam=st.floats(0, 10_000),
    penalty=st.sampled_from(["l1", "l2", "l1_l2", "l1_proximal"]),
    hidden=st.lists(st.integers(1, 512), max_size=4).map(tuple),
    seed=st.integers(0, 999),
    epochs=st.integers(1, 100),
    activation=st.sampled_from(["tanh", "relu", "gelu"]),
    dropout=st.floats(0, 0.8),
)


@given(NAMES, CONFIGS)
def test_a_pin_comes_back_from_a_link_as_it_was(name: str, config: RunConfig) -> None:
    text = encode(Pin(name, config))
    ((_, carried),) = parse_qsl(urlencode({"pin": text}), keep_blank_values=True)
    assert decode(carried) == Pin(name, config)


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert encode(Pin("plain", RunConfig())) == "plain:"
    written = encode(Pin("a: b, c", RunConfig(penalty="l2", lam=20.0, hidden=(64, 32))))
    assert written.startswith("a: b, c:")
    assert set(written.removeprefix("a: b, c:").split(",")) == {
        "penalty=l2",
        "lam=20",
        "hidden=64-32",
    }


@settings(max_examples=300)
@given(st.lists(st.one_of(st.text(max_size=60), NAMES.map(lambda n: f"{n}:lam=3")), max_size=15))
def test_no_text_of_a_link_is_an_exception_and_what_is_read_is_in_bounds(texts: list[str]) -> None:
    found, problems = decode_all(texts)
    assert len(found) <= MAX_PINS
    assert len({pin.name for pin in found}) == len(found)
    assert all(pin.config == RunConfig(**dict(pin.config)) for pin in found)
    assert len(found) == len(texts) or problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no settings", "a pin must be a name, a colon and settings such as lam=20"),
        (":lam=3", "the name of a pin must have from 1 to 40 characters"),
        ("a:lam=banana", "pin 'a': lam must be a number from 0 to 10,000, not 'banana'"),
        ("a:epochs=0", "epochs must be a whole number from 1 to 100"),
        ("a:lam=1,lam=2", "lam must be given once"),
        ("a:nonsense=1", "'nonsense' is no setting of a run; there are dataset"),
        (f"{'x' * 41}:lam=3", "from 1 to 40 characters"),
    ],
)
def test_a_fault_is_named_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(PinError) as error:
        decode(text)
    assert said in str(error.value)
    # It keeps no other pin from being read.
    read = decode_all([text, "good:lam=3"])
    assert [pin.name for pin in read.pins] == ["good"]
    assert read.problems


def test_a_link_has_no_more_than_so_many() -> None:
    read = decode_all([f"run {i}:seed={i}" for i in range(MAX_PINS + 3)])
    assert len(read.pins) == MAX_PINS
    (said,) = read.problems
    assert f"at most {MAX_PINS} parameters pin, not {MAX_PINS + 3}" in said


def test_names_are_their_own() -> None:
    present: Any = added((), " first ", RunConfig())
    assert present == (Pin("first", RunConfig()),)
    with pytest.raises(PinError, match="'first' is taken"):
        added(present, "first", RunConfig(seed=1))
    present = added(present, "second", RunConfig(seed=1))
    with pytest.raises(PinError, match="'second' is taken"):
        renamed(present, "first", "second")
    assert [p.name for p in renamed(present, "first", "first")] == ["first", "second"]
    assert [p.name for p in renamed(present, "first", "third")] == ["third", "second"]
    assert removed(present, "first") == (Pin("second", RunConfig(seed=1)),)
    with pytest.raises(PinError, match="pinned already, as 'first'"):
        added(present, "third", RunConfig())
    full = tuple(Pin(str(i), RunConfig(seed=i)) for i in range(MAX_PINS))
    with pytest.raises(PinError, match="at most"):
        added(full, "one more", RunConfig(seed=MAX_PINS))


def test_what_differs_is_found_in_the_order_of_the_settings() -> None:
    a, b = RunConfig(seed=1, penalty="l2", lam=3.0), RunConfig(seed=2, penalty="l2", lam=4.0)
    assert differing([a, b]) == ["lam", "seed"]
    assert differing([a, a]) == []
