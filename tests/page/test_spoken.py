"""Which text of a page says a word first, in whatever order the texts are drawn."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from fmviz.page.spoken import Spoken
from tests.support.lessons import MARK, plain

TEXTS = {0.0: "A gradient.", 1.0: "The loss and its gradient.", 2.0: "Loss, gradient, epoch."}
SAID = [*TEXTS.values(), "A gradient of 3.", "Loss 0.3, epoch 2.", "The epoch, its loss.", "None."]
FIRST = {0.0: ["gradient"], 1.0: ["loss"], 2.0: ["epoch"]}


def drawing(drawn: dict[float, list[str]], place: float) -> Callable[[str, bool], None]:
    def draw(text: str, html: bool) -> None:
        assert html == bool(MARK.search(text))
        drawn.setdefault(place, []).append(text)

    return draw


def marks(text: str) -> list[str]:
    return [mark[1].lower() for mark in MARK.finditer(text)]


def test_a_word_is_marked_in_the_first_place_whatever_is_drawn_first() -> None:
    for order in itertools.permutations(TEXTS):
        spoken, drawn = Spoken(), dict[float, list[str]]()
        for place in order:
            spoken.say(place, TEXTS[place], drawing(drawn, place))
        assert {place: marks(texts[-1]) for place, texts in drawn.items()} == FIRST
        assert all(plain(text) == TEXTS[place] for place, ts in drawn.items() for text in ts)


def test_a_mark_moves_when_its_text_changes_or_goes() -> None:
    spoken, drawn = Spoken(), dict[float, list[str]]()
    for place, text in TEXTS.items():
        spoken.say(place, text, drawing(drawn, place))
    spoken.say(0.0, "Nothing yet.", drawing(drawn, 0.0))
    assert marks(drawn[1.0][-1]) == ["loss", "gradient"]
    spoken.unsay(1.0)
    assert marks(drawn[2.0][-1]) == ["loss", "gradient", "epoch"]


def test_a_text_is_drawn_again_only_where_its_marks_change() -> None:
    spoken, drawn = Spoken(), dict[float, list[str]]()
    for place, text in TEXTS.items():
        spoken.say(place, text, drawing(drawn, place))
    spoken.say(1.0, "A loss of 0.3, and a gradient.", drawing(drawn, 1.0))
    assert [len(drawn[place]) for place in TEXTS] == [1, 2, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(SAID)), min_size=1))
def test_marks_are_those_of_the_last_texts_whatever_was_said_before(
    said: list[tuple[float, str]],
) -> None:
    spoken, drawn = Spoken(), dict[float, list[str]]()
    for place, text in said:
        spoken.say(place, text, drawing(drawn, place))
    anew, of_last = Spoken(), dict[float, list[str]]()
    for place, text in dict(said).items():
        anew.say(place, text, drawing(of_last, place))
    assert {place: texts[-1] for place, texts in drawn.items()} == {
        place: texts[-1] for place, texts in of_last.items()
    }
    assert list(spoken.first.items()) == list(anew.first.items())


def test_the_list_has_the_words_in_the_order_of_the_page() -> None:
    spoken, lists = Spoken(), list[tuple[str, ...]]()
    spoken.say(5.0, "An epoch.", lambda text, html: None)
    spoken.listed(lists.append)
    spoken.say(2.0, "The loss.", lambda text, html: None)
    spoken.say(2.0, "The loss again.", lambda text, html: None)
    assert lists == [("epoch",), ("loss", "epoch")]
