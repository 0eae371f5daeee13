"""A reader's own garment on the pages of the lessons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis.replies import replies
from fmviz.analysis.stopping import Shown
from fmviz.lessons.catalogue import LESSONS
from fmviz.pictures.own import Own
from fmviz.pictures.strokes import Stroke
from fmviz.ui import live
from fmviz.ui.session import KEY
from fmviz.words import replies as words
from tests.support.lessons import made_up, opened, texts
from tests.support.scripted import ScriptedEngine

LINE = (Stroke(points=(100, 500, 900, 500), width=200),)
TO_MAKE_ONE = "What would they say to a garment of yours?"
TO_MAKE_ANOTHER = "Another garment of yours"
TITLE = "Your own garment, as these networks see it"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def links(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


def with_own(at: AppTest) -> Own:
    """Has something drawn, as on its page, and the present page run again."""
    own: Own = at.session_state[KEY].own
    own.draw(LINE)
    at.run()
    assert not at.exception
    return own


@pytest.mark.slow
def test_a_page_leads_to_it_and_shows_what_its_own_networks_say(engine: ScriptedEngine) -> None:
    at = opened("regularisation")
    assert TO_MAKE_ONE in links(at)
    assert TITLE not in texts(at)
    own = with_own(at)
    assert own.latest is not None
    assert TO_MAKE_ANOTHER in links(at)
    assert TO_MAKE_ONE not in links(at)
    runs = LESSONS["regularisation"].runs_of(LESSONS["regularisation"].start)
    records = made_up(list(runs.values())).records
    shown = [
        Shown(role, record, None, record.epochs)
        for role, record in zip(runs, records, strict=True)
        if record is not None
    ]
    verdict = words.text(words.verdict(replies(shown, own.latest.pixels)))
    assert TITLE in texts(at)
    assert verdict in texts(at)
    assert np.isfinite(own.latest.pixels).all()


def test_without_weights_it_says_what_brings_them(engine: ScriptedEngine) -> None:
    def brief(configs):
        update = made_up(configs)
        return [replace(update, records=tuple(each.brief() for each in update.records))]

    engine.script = brief
    at = opened("overfitting")
    with_own(at)
    assert "*How sure is each?* above brings them" in texts(at)


def test_its_own_page_does_not_lead_to_itself() -> None:
    assert TO_MAKE_ONE not in links(opened("your_garment"))
