"""What the views of lessons have in common."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.compare.lesson import COMPARE
from fmviz.page.address import choices
from fmviz.page.view import MONITORS, OF_TEACHER, Judging, Monitor, Taught
from fmviz.run.config import RunConfig

ALL = {**LESSONS, "compare": COMPARE}
START = LESSONS["regularisation"].start


def test_every_monitor_has_a_label() -> None:
    assert tuple(MONITORS) == get_args(Monitor)


@pytest.mark.parametrize("name", ALL)
def test_a_view_has_fields_of_its_own_kind_and_opens_on_allowed_values(name: str) -> None:
    lesson = ALL[name]
    view = lesson.view
    assert not set(view.model_fields) & set(RunConfig.model_fields)
    assert view.model_validate(dict(view())) == view()
    for field, value in view():
        offered = choices(view, field)
        assert not offered or {*(value if isinstance(value, tuple) else [value])} <= {*offered}
    # Links and sentences name the teacher's fields last.
    assert view.fields()[len(view.fields()) - 2 :] == OF_TEACHER or not issubclass(view, Taught)
    assert list(lesson.start) == [*lesson.start.settings, *view.fields()]


def test_what_a_page_has_no_field_of_judges_as_ever() -> None:
    assert LESSONS["initialisation"].start.view.judging == Judging()
    assert LESSONS["early_stopping"].start.view.judging == Judging(patience=5)
    assert COMPARE.start.view.judging == Judging()


def test_only_a_page_that_can_be_taught_with_has_something_locked() -> None:
    assert not LESSONS["start"].start.view.taught.locks("lam")
    state = START | {"lock": ("lam",)}
    assert state.view.taught.locks("lam")
    assert not state.view.taught.locks("hidden")
    assert (START | {"lock": ("all",)}).view.taught.locks("hidden")
    with pytest.raises(ValidationError, match=r"some of all, dataset, .*with commas between them"):
        _ = START | {"lock": ("lock",)}
