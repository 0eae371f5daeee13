"""Sweep: one or two knobs over many values and seeds, as curves or as a map."""

from __future__ import annotations

from fmviz.lessons.sweep import panels
from fmviz.lessons.sweep.lesson import LESSON
from fmviz.page.lesson import Lesson
from fmviz.ui import controls, foot
from fmviz.ui.page import open_page


def show(single: Lesson) -> None:
    """The page, top to bottom.

    Args:
        single: the lesson on whose page a single run of the sweep opens.
    """
    page = open_page(LESSON)
    stage = page.set(side=False)
    with stage.controls:
        panels.settings(page)
    with stage.more:
        controls.more(page.name)

    with stage.controls:
        panels.measure(page)
    result = panels.Result(page, single)

    foot.draw(page, follow=None, home=False)
    page.save()
    result.run()
