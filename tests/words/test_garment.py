"""What is said of the one image of the course."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from fmviz.analysis.garment import Answer, Garment, garment
from fmviz.analysis.stopping import Shown
from fmviz.words import garment as words
from fmviz.words import prose
from fmviz.words.prose import Caption
from tests.support.records import shown

SEEN = Garment(544, np.zeros(784, np.float32), 6)
SHIRT, COAT, PULLOVER = 6, 4, 2


def net(answer: int, share: float | None = None, run: str = "one", epoch: int = 3) -> Answer:
    """A network that gives a shirt this share, and its answer what is left."""
    if share is None:
        return Answer(run, epoch, answer, None)
    shares = np.zeros(10)
    shares[answer] = 1 - share
    shares[SHIRT] = share
    return Answer(run, epoch, answer, shares)


def told(*answers: Answer) -> Callable[[], Caption]:
    return lambda: words.verdict(SEEN, answers)


def shared(of: Answer) -> Caption:
    assert of.shares is not None
    return words.share(SEEN, of, of.shares)


def noted(section: str, *answers: Answer, kept: int = 3) -> Callable[[], Caption]:
    runs = [Shown(a.run, shown(0.9, 0.8).record, None, kept) for a in answers]
    return lambda: next(c for c in words.notes(SEEN, runs, answers) if c.section == section)


BRANCHES: dict[str, Callable[[], Caption]] = {
    "title": lambda: Caption("title", {"garment": "shirt"}),
    "title with shares": lambda: Caption(
        "title with shares", {"garment": "shirt", "truth": "Shirt"}
    ),
    "right": told(net(SHIRT, 0.6)),
    "wrong": told(net(COAT, 0.3)),
    "turned right": told(net(COAT, 0.3), net(SHIRT, 0.6)),
    "turned wrong": told(net(SHIRT, 0.6), net(COAT, 0.3)),
    "both right": told(net(SHIRT), net(SHIRT, 0.6)),
    "both right, surer": told(net(SHIRT, 0.6), net(SHIRT, 0.8)),
    "both right, less sure": told(net(SHIRT, 0.8), net(SHIRT, 0.6)),
    "both wrong": told(net(COAT, 0.3), net(PULLOVER, 0.3)),
    "both wrong alike": told(net(COAT, 0.3), net(COAT, 0.3)),
    "both wrong, nearer": told(net(COAT, 0.1), net(COAT, 0.3)),
    "both wrong, farther": told(net(COAT, 0.3), net(COAT, 0.1)),
    "many right": told(*[net(SHIRT)] * 3),
    "many wrong": told(*[net(COAT)] * 3),
    "many": told(net(COAT), net(SHIRT), net(SHIRT, run="two")),
    "many, one right": told(net(COAT), net(COAT), net(SHIRT)),
    "share right": lambda: shared(net(SHIRT, 0.6)),
    "share wrong": lambda: shared(net(COAT, 0.3)),
    "note": noted("note", net(SHIRT, 0.6)),
    "other epoch": noted("other epoch", net(SHIRT, 0.6), kept=2),
    "no shares": noted("no shares", net(SHIRT)),
}


# What is no verdict.
PLAIN = {
    "title",
    "title with shares",
    "share right",
    "share wrong",
    "note",
    "other epoch",
    "no shares",
}


def test_its_prose_is_whole_and_leads_with_a_few_bold_words() -> None:
    assert set(prose.sections(words.PROSE)) == set(BRANCHES)
    for section, make in BRANCHES.items():
        caption = make()
        assert caption.section == section
        text = words.text(caption)
        assert "{{" not in text
        if section not in PLAIN:
            assert text.startswith("**")
            assert len(text.split()) <= 15


@pytest.mark.parametrize("before", [0.1, 0.45, 0.9])
@pytest.mark.parametrize("now", [0.1, 0.452, 0.9])
def test_two_networks_are_told_apart_as_their_shares_are(before: float, now: float) -> None:
    for first, last in product((SHIRT, COAT), repeat=2):
        text = words.text(words.verdict(SEEN, [net(first, before, "a"), net(last, now, "b")]))
        right = [answer == SHIRT for answer in (first, last)]
        assert ("right" in text.lower()) == any(right)
        assert text.startswith("**Both") == (right[0] == right[1])
        moved = right[0] == right[1] and abs(now - before) > 0.01
        assert (f"{before:.0%} → {now:.0%}" in text) == moved
        assert ("surer" in text or "truth more" in text) == (moved and now > before)
        assert ("less sure" in text or "truth less" in text) == (moved and now < before)


def test_a_bar_says_what_its_network_says() -> None:
    assert words.text(shared(net(SHIRT, 0.6))) == "one: Shirt **60%**"
    assert words.text(shared(net(COAT, 0.3))) == "one: Coat 70%, Shirt **30%**"


def test_names_of_readers_stay_names() -> None:
    text = words.text(words.verdict(SEEN, [net(COAT), net(SHIRT), net(SHIRT, run="**<b>**")]))
    assert r"*\*\*\<b\>\*\**" in text
    assert garment("compact").place == SEEN.place
