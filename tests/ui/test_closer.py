"""Closer looks: every page offers those that its view names."""

from __future__ import annotations

from importlib import import_module

import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.address import choices
from tests.support.lessons import sections_of

WITH_LOOKS = [name for name in LESSONS if sections_of(name) != ("",)]


@pytest.mark.parametrize("name", WITH_LOOKS)
def test_a_page_offers_the_closer_looks_of_its_view_in_their_order(name: str) -> None:
    offered = import_module(f"fmviz.lessons.{name}.page").CLOSER
    assert tuple(offered) == choices(LESSONS[name].view, "section")
    labels = [look.label for look in offered.values()]
    assert len(set(labels)) == len(labels)
