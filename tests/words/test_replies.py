"""What is said of answers to a reader's own picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fmviz.analysis.kept import KeptWeights
from fmviz.analysis.masks import Shares
from fmviz.analysis.replies import MASKS, Reply, Sureness
from fmviz.run.measure import Estimate
from fmviz.words import prose
from fmviz.words import replies as words
from fmviz.words.prose import Caption
from tests.support.lessons import leads
from tests.support.records import tiny

BAG, BOOT, DRESS = 8, 9, 3
BY = KeptWeights(tiny(), ())


def reply(answer: int, share: float, run: str = "one", on: float | None = None) -> Reply:
    """A network that gives its answer this share, and another with dropout on."""
    off = np.full(10, (1 - share) / 9)
    off[answer] = share
    if on is None:
        return Reply(run, BY, off, None)
    means = np.full(10, (1 - on) / 9)
    means[answer] = on
    votes = np.zeros(10, np.intp)
    votes[answer], votes[(answer + 1) % 10] = MASKS - 10, 10
    return Reply(run, BY, off, Shares(means, np.full(10, 0.03), votes))


FIRST, SECOND = reply(BAG, 0.6, "no penalty", 0.5), reply(BAG, 0.9, "with penalty")


def told(*replies: Reply) -> Callable[[], Caption]:
    return lambda: words.verdict(replies)


BRANCHES: dict[str, Callable[[], Caption]] = {
    "alone": told(FIRST),
    "agree": told(FIRST, SECOND),
    "differ": told(FIRST, reply(BOOT, 0.7)),
    "all agree": told(FIRST, SECOND, reply(BAG, 0.8)),
    "all differ": told(FIRST, SECOND, reply(BOOT, 0.8)),
    "unknown": told(),
    "title": lambda: Caption("title", {}),
    "how to know": lambda: Caption("how to know", {}),
    "not of its kind": lambda: Caption("not of its kind", {}),
    "with dropout": lambda: words.with_dropout([FIRST])[0],
    "votes": lambda: Caption("votes", {"run": "one", "same": "3 of 50", "answer": "Bag"}),
    "as sure": lambda: words.as_sure(FIRST, Sureness(1_200, Estimate(0.93, 0.007))),
    "surer than ever": lambda: words.as_sure(FIRST, Sureness(0, None)),
}


def test_every_section_is_said() -> None:
    assert set(prose.sections(words.PROSE)) == set(BRANCHES)
    for section, make in BRANCHES.items():
        caption = make()
        assert caption.section == section
        assert "{{" not in words.text(caption)
        leads(words.text(caption))


def test_verdicts_name_answers_and_shares() -> None:
    assert words.text(words.verdict([FIRST])) == "**No penalty says Bag, 60% sure.**"
    agree = words.text(words.verdict([FIRST, SECOND]))
    assert agree == "**Both say Bag: no penalty 60% sure, with penalty 90%.**"
    differ = words.text(words.verdict([FIRST, reply(BOOT, 0.7, "with penalty")]))
    assert differ == "**No penalty says Bag, 60% sure; with penalty says Ankle boot, 70%.**"
    many = [reply(BAG, 0.6), reply(DRESS, 0.6), reply(BAG, 0.6)]
    assert words.text(words.verdict(many)) == "**2 say Bag and 1 says Dress.**"


@pytest.mark.parametrize(("share", "said"), [(0.9999, ">99.5%"), (0.994, "99%"), (0.31, "31%")])
def test_nothing_is_called_wholly_sure(share: float, said: str) -> None:
    assert words.sure(reply(BAG, share)) == said


def test_dropout_on_is_told_with_its_error_and_votes_where_it_was_trained_with() -> None:
    assert words.with_dropout([SECOND]) == []
    (caption,) = words.with_dropout([FIRST, SECOND])
    text = words.text(caption)
    assert "*no penalty* 50.0 ± 3.0%" in text
    assert "with penalty" not in text
    assert "Of the masks of *no penalty*, 40 of 50 say Bag too." in text


def test_how_right_it_is_has_its_count_and_error() -> None:
    text = words.text(words.as_sure(SECOND, Sureness(1_200, Estimate(0.93, 0.007))))
    assert (
        "at least as sure of 1,200 validation images, and gets 93.0 ± 0.7% of those right" in text
    )


def test_names_of_a_reader_are_text() -> None:
    assert "\\*" in words.text(words.verdict([reply(BAG, 0.5, "*mine*")]))
