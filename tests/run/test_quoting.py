"""Text from outside in a sentence: short, on one line, and all of it in sight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.run.quoting import LONGEST, one_line, quoted

ANY = st.text(st.characters(exclude_categories=[]), max_size=3 * LONGEST)


@given(ANY)
def test_any_text_fits_its_place(text: str) -> None:
    said = quoted(text)
    assert said.isprintable()
    assert len(said) <= LONGEST + 2
    assert said[0] == said[-1] == "'"


@given(ANY)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    said = one_line(text, LONGEST)
    kept = len(text) if len(text) <= LONGEST else LONGEST - 1
    assert len(said) == min(len(text), LONGEST)
    for character, shown in zip(text[:kept], said):
        assert shown == character or not character.isprintable()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("banana", "'banana'"),
        ("", "''"),
        ("two\nlines\u2028and\ttabs", "'two lines and tabs'"),
        ("nul\0, bell\a, turned \u202etxt.exe", "'nul�, bell�, turned �txt.exe'"),
        ("x" * 60_000, f"'{'x' * (LONGEST - 1)}…'"),
        (0.5, "0.5"),
        ((1, 2), "(1, 2)"),
        (None, "None"),
    ],
)
def test_values_are_written(value: object, said: str) -> None:
    assert quoted(value) == said
