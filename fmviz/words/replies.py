"""What is said of networks that answer to a reader's own picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fmviz.analysis.replies import MASKS, Reply, Sureness
from fmviz.run.data import CLASS_NAMES
from fmviz.words import prose
from fmviz.words.escaping import escaped
from fmviz.words.numbers import listed, percent, points, upper_first
from fmviz.words.prose import Caption

PROSE = "replies"


def text(*captions: Caption) -> str:
    """Captions as one paragraph."""
    return " ".join(prose.text(PROSE, c.section, c.figures) for c in captions)


def named(reply: Reply) -> str:
    """A network's name within a sentence."""
    return f"*{escaped(reply.run)}*"


def share(value: float) -> str:
    """A share of an answer. What is not all is not called 100%."""
    said = percent(value, 0)
    return said if said != "100%" else ">99.5%"


def sure(reply: Reply) -> str:
    """How sure a network is of its answer."""
    return share(reply.sure)


def verdict(replies: Sequence[Reply]) -> Caption:
    """What the networks answer, the last beside the first where there are two."""
    if not replies:
        return Caption("unknown", {})
    first, last = replies[0], replies[-1]
    figures = {
        "run": upper_first(escaped(last.run)) if len(replies) == 1 else escaped(last.run),
        "answer": CLASS_NAMES[last.answer],
        "share": sure(last),
        "before": escaped(first.run),
        "answer_before": CLASS_NAMES[first.answer],
        "share_before": sure(first),
    }
    alike = len({reply.answer for reply in replies}) == 1
    if len(replies) == 1:
        return Caption("alone", figures)
    if len(replies) == 2:
        if alike:
            return Caption("agree", figures)
        return Caption("differ", figures | {"before": upper_first(escaped(first.run))})
    return _of_many(replies, figures, alike)


def _of_many(replies: Sequence[Reply], figures: dict[str, str], alike: bool) -> Caption:
    by_share = sorted(replies, key=lambda reply: reply.sure)
    counts = Counter(CLASS_NAMES[reply.answer] for reply in replies).most_common()
    figures |= {
        "count": str(len(replies)),
        "least": sure(by_share[0]),
        "most": sure(by_share[-1]),
        "votes": listed([f"{n} {'say' if n > 1 else 'says'} {name}" for name, n in counts]),
    }
    return Caption("all agree" if alike else "all differ", figures)


def with_dropout(replies: Sequence[Reply]) -> list[Caption]:
    """How sure they are with dropout on, of those that were trained with it."""
    masked = [(reply, reply.on) for reply in replies if reply.on is not None]
    if not masked:
        return []
    each = [f"{named(reply)} {points(on.estimate(reply.answer))}%" for reply, on in masked]
    votes = [
        prose.text(
            PROSE,
            "votes",
            {
                "run": named(reply),
                "same": f"{on.votes[reply.answer]} of {MASKS}",
                "answer": CLASS_NAMES[reply.answer],
            },
        )
        for reply, on in masked
    ]
    figures = {"each": listed(each), "draws": str(MASKS), "votes": " ".join(votes)}
    return [Caption("with dropout", figures)]


def as_sure(reply: Reply, of: Sureness) -> Caption:
    """How right a network is where it is as sure, on images of the data set."""
    figures = {"run": f"*{upper_first(escaped(reply.run))}*"}
    if of.right is None:
        return Caption("surer than ever", figures)
    figures |= {"count": f"{of.images:,}", "right": f"{points(of.right)}%"}
    return Caption("as sure", figures)
