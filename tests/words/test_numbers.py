"""Figures as words."""

from __future__ import annotations

import pytest

from fmviz.words.numbers import significant


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
