"""Closer looks: every page offers those that its view names, and what one says may lead."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.address import choices
from fmviz.page.state import query
from fmviz.ui import live
from tests.support.lessons import made_up, opened, plain, sections_of
from tests.support.scripted import ScriptedEngine

WITH_LOOKS = [name for name in LESSONS if sections_of(name) != ("",)]


@pytest.mark.parametrize("name", WITH_LOOKS)
def test_a_page_offers_the_closer_looks_of_its_view_in_their_order(name: str) -> None:
    offered = import_module(f"fmviz.lessons.{name}.page").CLOSER
    assert tuple(offered) == choices(LESSONS[name].view, "section")
    labels = [look.label for look in offered.values()]
    assert len(set(labels)) == len(labels)


def at_step(name: str, preset: str, **changes: str) -> AppTest:
    lesson = LESSONS[name]
    (step,) = (each for each in lesson.presets if each.name == preset)
    return opened(name, query(lesson.state_of(step), lesson.start) | changes)


def verdict(at: AppTest) -> str:
    """What stands below the story."""
    said = [plain(each.value) for each in at.markdown]
    return said[2]


# A step that is about a closer look, and how the verdict of that begins; then of the main picture.
LED = {
    ("optimizers", "ravine"): (
        "**On the map, near the minimum: Adam and SGD + momentum.**",
        "**In front is ",
    ),
    ("early_stopping", "sure"): ("**After epoch ", "**Training stops after epoch "),
    ("initialisation", "zeros"): ("**Nothing tells the units", "**All weights are 0"),
}


@pytest.mark.parametrize(("name", "preset"), LED)
def test_a_step_that_is_about_a_closer_look_has_its_verdict(
    name: str, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(lambda runs: [made_up(runs)]))
    closer, main = LED[name, preset]
    led = verdict(at_step(name, preset))
    assert led.startswith(closer)
    # It stands where it is from, too; and elsewhere the main picture's leads as ever.
    elsewhere = verdict(at_step(name, preset, section=choices(LESSONS[name].view, "section")[0]))
    assert elsewhere.startswith(main)


def test_what_is_marked_leads_before_what_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(lambda runs: [made_up(runs)]))
    led = verdict(at_step("early_stopping", "sure"))
    # How sure it is, and what becomes of that; a guess at it stands with the pictures.
    assert len(re.findall(r"\*\*.+?\*\*", led)) == 2
    assert "to the end" in led
