"""What a page says of an address names its texts quoted: short, and on one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.compare.lesson import COMPARE
from fmviz.page.classroom import Classroom, read_classroom
from fmviz.page.lesson import Lesson
from fmviz.page.pins import decode_all
from fmviz.run.quoting import quoted
from fmviz.words.escaping import LONGEST
from tests.support.outside import HOSTILE, LONG

PAGES: dict[str, Lesson] = {**LESSONS, "compare": COMPARE}
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=200) | st.sampled_from(
    [*HOSTILE, LONG]
)


def check(problems: list[str]) -> None:
    for problem in problems:
        assert problem.isprintable()
        # Whole when it is shown.
        assert len(problem) < LONGEST - len("In the address: .")


@pytest.mark.parametrize("name", PAGES)
@given(data=st.data())
def test_any_parameter_with_any_text_is_said_within_bounds(name: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([*PAGES[name].start]) | TEXTS)
    check(PAGES[name].parse({field: data.draw(TEXTS)}).problems)


@pytest.mark.parametrize("name", PAGES)
def test_what_no_parameter_can_be_is_quoted(name: str) -> None:
    lesson = PAGES[name]
    for text in (HOSTILE[0], LONG):
        for field in lesson.start:
            query = {field: text}
            if field == "values2":
                query["knob2"] = "init_std"
            said = lesson.parse(query).problems
            assert len(said) == 1, field
            # Lists are parted at their commas, and what is long for a list is said as a whole.
            assert quoted(text) in said[0] or field == "lock", field
            check(said)


@given(st.dictionaries(st.sampled_from([*Classroom.model_fields]), TEXTS))
def test_so_is_what_holds_for_all_pages(query: dict[str, str]) -> None:
    check(read_classroom(query)[1])


@given(st.lists(TEXTS | TEXTS.map(lambda text: f"{text}:{text}=1"), max_size=14))
def test_so_are_pins(texts: list[str]) -> None:
    check(decode_all(texts).problems)
