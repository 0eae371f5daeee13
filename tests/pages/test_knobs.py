"""The knobs that a lesson declares are the controls that its page has in sight."""

from __future__ import annotations

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.run.offered import field_of, offered
from fmviz.ui import live
from fmviz.ui.session import KEY
from tests.support.lessons import made_up, opened
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", sorted(set(LESSONS) - {"sweep"}))
def test_a_page_has_the_controls_of_its_lesson_in_sight(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    lesson = LESSONS[name]
    drawn = opened(name).session_state[KEY].page(name).drawn & set(lesson.start.settings)
    declared = {field_of(k) for k in lesson.knobs if offered(k, lesson.start.__getitem__)}
    if name == "optimizers":  # it trains all of them side by side
        drawn -= {"optimizer"}
    if name == "playground":  # of all controls, those that a reader is likely to turn
        assert declared <= drawn
    else:
        assert drawn == declared
