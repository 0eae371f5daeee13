"""What a link can ask of a sweep, and how large a sweep may be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fmviz.engine.pace import reference_seconds
from fmviz.lessons.sweep.lesson import LESSON, MAX_RUNS, MAX_SECONDS, TooMuch, check
from fmviz.page.state import query
from fmviz.run import knobs
from fmviz.run.knobs import KNOBS
from fmviz.run.settings import written
from tests.run.test_knobs import START, state, values_of

LINKS = st.dictionaries(
    st.sampled_from(["knob", "values", "knob2", "values2", "seeds", "measure", "dataset", "hide"]),
    st.one_of(
        st.text(max_size=20),
        st.sampled_from([*KNOBS, "0", "1,2,3", "1e9", "nan", "inf,1", "sgd,adam", "128-64,none"]),
        st.lists(st.floats().map(repr) | st.integers().map(str)).map(",".join),
    ),
)


@given(LINKS)
@settings(deadline=None)
def test_no_link_brings_an_exception_or_a_sweep_beyond_the_bounds(link: dict[str, str]) -> None:
    parsed = LESSON.parse(link)
    for problem in parsed.problems:
        assert any(name in problem for name in link)
    try:
        cells = knobs.cells(parsed.state)
        check(cells)
    except (ValidationError, TooMuch):
        return
    configs = {config for cell in cells for config in cell.configs}
    assert len(configs) <= MAX_RUNS
    assert reference_seconds(list(configs)) <= MAX_SECONDS


@given(st.data())
@settings(deadline=None)
def test_a_sweep_survives_its_own_link(data: st.DataObject) -> None:
    def values(knob: str) -> str:
        drawn = data.draw(st.lists(values_of(knob), min_size=1, max_size=3))
        found = tuple(v for v in drawn if knob != "train_size" or v <= 500)
        return knobs.write(knob, knobs.read(knob, ",".join(written(knob, v) for v in found)))

    first = data.draw(st.sampled_from(sorted(KNOBS)))
    others = [knob for knob in KNOBS if not knobs.clash(first, knob)]
    second = data.draw(st.sampled_from([knobs.NONE, *others]))
    asked = state(
        knob=first,
        values=values(first),
        knob2=second,
        values2="" if second == knobs.NONE else values(second),
        seeds=data.draw(st.integers(1, 5)),
    )
    link = query(asked, START)
    parsed = LESSON.parse(link)
    assert parsed.problems == []
    assert parsed.state == asked
    assert knobs.cells(parsed.state) == knobs.cells(asked)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"values": "5,-3"}, "values: each value of lam must be a number from 0 to 10,000"),
        ({"knob": "magic"}, "knob must be one of lam, "),
        ({"knob": "depth", "values": "9"}, "values: each value of depth must be a whole number"),
        ({"knob2": "lam"}, "knob2 must turn another thing than lam, not 'lam'"),
        ({"seeds": "6"}, "seeds must be a whole number from 1 to 5, not '6'"),
        ({"values": "1" * 500}, "values must be values with commas between them, in at most 400"),
        ({"measure": "luck"}, "measure must be one of accuracy, "),
        (
            {"knob": "train_size", "values": "55000", "dataset": "compact"},
            "values: train_size",
        ),
    ],
)
def test_what_is_wrong_in_a_link_is_named(link: dict[str, str], expected: str) -> None:
    parsed = LESSON.parse(link)
    assert any(problem.startswith(expected) for problem in parsed.problems), parsed.problems
    knobs.cells(parsed.state)


def test_a_sweep_has_bounds() -> None:
    many = state(knob="lam", values=",".join(map(str, range(16))), knob2="dropout", seeds=5)
    with pytest.raises(TooMuch) as error:
        check(knobs.cells(many))
    assert error.value.figures == {"runs": "400", "most": "128"}
    assert error.value.section == "too many runs"
    long = state(values="1,2,3", epochs=100, train_size=10_000, hidden=(512,) * 5, seeds=5)
    with pytest.raises(TooMuch) as error:
        check(knobs.cells(long | {"batch_size": 8}))
    assert error.value.section == "too long"
    for preset in LESSON.presets:
        check(knobs.cells(LESSON.state_of(preset)))
