"""Figures as words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.run.measure import Estimate
from fmviz.words.numbers import around, decimals, percent, points, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.10"),
        (0.012, "0.012"),
        (0.996, "1.0"),
        (1.64, "1.6"),
        (2.0, "2.0"),
        (-0.3, "−0.30"),
        (17.2, "17"),
        (1234.0, "1,200"),
        (0.0, "0"),
        (1e-6, "10⁻⁶"),
        (float("inf"), "inf"),
    ],
)
def test_figures_that_stand_together_keep_their_zeros(value: float, text: str) -> None:
    assert significant(value) == text


def as_read(text: str) -> float:
    """The figure at the head of a text, in points."""
    found = re.match(r"[+−]?[\d.]+", text)
    assert found is not None
    return float(found[0].replace("−", "-"))


@given(
    st.sampled_from([20, 100, 1_250, 2_500, 5_000, 10_000]).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))
    ),
    st.one_of(st.just(0.0), st.floats(1e-4, 0.05)),
)
def test_who_subtracts_two_figures_finds_the_difference_that_is_told(
    counts: tuple[int, int, int], error: float
) -> None:
    now, before = counts[0] / counts[2], counts[1] / counts[2]
    change = Estimate(abs(now - before), error)
    digits = decimals(now, before, change)
    told = [percent(now, digits), percent(before, digits), around(change, digits)]
    one, other, size = map(as_read, told)
    assert abs(one - other) == pytest.approx(size, abs=1e-9), told
    # Alike in precision.
    assert len({len(re.findall(r"\.(\d+)", text)[0]) for text in told}) == 1


@pytest.mark.parametrize(
    ("now", "before", "error", "told"),
    [
        # From Adam to SGD; two figures with a difference to be seen.
        (0.8404, 0.8408, 0.003, ["84.04%", "84.08%", "0.04 ± 0.30"]),
        (0.8404, 0.8408, 0.0, ["84.04%", "84.08%", "0.04"]),
        (0.84, 0.81, 0.003, ["84.0%", "81.0%", "3.0 ± 0.3"]),
        (0.84, 0.84, 0.003, ["84.0%", "84.0%", "0.0 ± 0.3"]),
        (0.9992, 0.9996, 0.0005, ["99.92%", "99.96%", "0.04 ± 0.05"]),
    ],
)
def test_a_pair_has_as_many_decimals_as_that_takes(
    now: float, before: float, error: float, told: list[str]
) -> None:
    change = Estimate(abs(now - before), error)
    digits = decimals(now, before, change)
    assert told == [percent(now, digits), percent(before, digits), points(change, digits=digits)]
