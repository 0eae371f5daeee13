"""Controls of a view."""

from __future__ import annotations

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.view import ALL
from fmviz.ui.view_controls import LABELS


def test_what_has_a_label_is_a_field_of_some_view() -> None:
    fields = {field for lesson in LESSONS.values() for field in lesson.view.model_fields}
    assert set(LABELS) <= fields | {ALL}
