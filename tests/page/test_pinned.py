"""The pins of a session and the addresses that it meets."""

from __future__ import annotations

from fmviz.page.pinned import Pinned
from fmviz.page.pins import Pin
from fmviz.run.config import RunConfig

ONE = Pin("one", RunConfig(seed=1))


def test_a_link_with_pins_replaces_them_and_one_without_keeps_them() -> None:
    pinned = Pinned()
    assert pinned.read(("one:seed=1",)) == []
    assert pinned.pins == (ONE,)
    assert pinned.read(()) == []
    assert pinned.pins == (ONE,)
    assert pinned.parameters() == ["one:seed=1"]


def test_an_address_had_before_brings_nothing_back() -> None:
    pinned = Pinned()
    pinned.read(("one:seed=1",))
    pinned.keep([])
    assert pinned.parameters() == []
    assert pinned.read(("one:seed=1",)) == []
    assert pinned.pins == ()


def test_a_faulty_pin_stays_in_the_address_until_the_pins_change() -> None:
    pinned = Pinned()
    texts = ("one:seed=1", "two:seed=x")
    (problem,) = pinned.read(texts)
    assert "seed must be" in problem
    assert pinned.pins == (ONE,)
    assert tuple(pinned.parameters()) == texts
    assert pinned.read(texts) == [problem]
    pinned.keep(pinned.pins)
    assert pinned.problems == []
    assert pinned.parameters() == ["one:seed=1"]
