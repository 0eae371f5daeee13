"""On every page: a word of the glossary is explained where it is first said; the shirt is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from fmviz.analysis.garment import PLACES
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.compare.lesson import COMPARE
from fmviz.ui import live
from fmviz.words import glossary
from tests.support.lessons import MARK, made_up, opened, plain, texts
from tests.support.scripted import ScriptedEngine

LIST = "Words on this page"
# What is no part of what the page tells: controls, tools, where a run comes from.
APART = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|^\|.*?$|\[.*?\]\(.*?\)", re.S | re.M)


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)


def told(node: Node) -> Iterator[str]:
    """The texts of a page, top to bottom, without those that explain no word: links as a whole, and
    what lies under a film."""
    if isinstance(node, Block):
        label = getattr(node, "label", "")
        if node.type == "popover" or label in (LIST, "More settings"):
            return
        if re.search("-(card-.*|hero)$", str(getattr(node.proto, "id", ""))):
            return
        for index in sorted(node.children):
            yield from told(node.children[index])
    elif node.type in ("markdown", "caption") and not node.value.startswith(":material/"):
        yield node.value


def first_sayings(said: list[str]) -> dict[str, int]:
    """Term → the index of the first text that says it, found in the plainest way."""
    found = {}
    for name, term in glossary.terms().items():
        # A sentence may begin with a term, but not with a Greek letter in upper case.
        forms = "|".join(
            f"(?{'i' if form.isascii() else ''}:{form})".replace(" ", r"\s+") for form in term.forms
        )
        word = re.compile(rf"(?<![\w/-])(?:{forms})(?![\w/-])")
        for index, text in enumerate(said):
            prose = APART.sub(" ", plain(text))
            if name == "gradient":
                prose = re.sub(r"gradient\s+steps?", "", prose)
            if word.search(prose):
                found[name] = index
                break
    return found


@cache
def page(name: str) -> AppTest:
    """A page as it opens."""
    return opened(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_a_word_is_explained_where_a_page_first_says_it(name: str) -> None:
    at = page(name)
    said = list(told(at.main))
    marks = [
        (target[5:], index)
        for index, text in enumerate(said)
        for target in re.findall(r'popovertarget="([^"]+)"', text)
    ]
    expected = {glossary.identifier(n)[5:]: i for n, i in first_sayings(said).items()}
    assert dict(marks) == expected
    assert len(marks) == len(expected), "a term is marked twice"
    places = [expected[glossary.identifier(term)[5:]] for term in listed(at)]
    assert len(places) == len(expected)
    assert places == sorted(places)


def listed(at: AppTest) -> list[str]:
    """The terms of the list at the page's foot."""
    (expander,) = (e for e in at.expander if e.label == LIST)
    return re.findall(r"^- \*\*(.+?)\*\*", expander.markdown[0].value, re.MULTILINE)


def test_titles_are_left_alone() -> None:
    at = page("optimizers")
    headings = [element.value for element in (*at.title, *at.header)]
    assert not any(MARK.search(heading) for heading in headings)


@pytest.mark.parametrize(("name", "following"), list(pairwise([*LESSONS, "compare"])))
def test_the_shirt_is_followed_from_every_page_to_the_next(name: str, following: str) -> None:
    at = page(name)
    assert f"Validation image {PLACES['compact']}: no run of any page trains on it" in texts(at)
    title = COMPARE.title if following == "compare" else LESSONS[following].title
    assert [link.proto.page for link in at.get("page_link") if "Follow" in link.proto.label] == [
        following
    ]
    assert f"Follow the shirt to {title}" in [link.proto.label for link in at.get("page_link")]
