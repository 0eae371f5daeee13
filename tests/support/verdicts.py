"""How captions are to read: a verdict in bold, two sentences at most, the rest folded away."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from fmviz.words import prose
from fmviz.words.prose import Caption

WORDS, SENTENCES = 15, 2
# What no first-year student knows before it is explained.
UNEXPLAINED = re.compile(r"\bkernel|\binference mode\b|\btwins?\b", re.IGNORECASE)
VERDICT = re.compile(r"\*\*((?:[^*]|\*(?!\*))+)\*\*")


def in_sight(lesson: str, caption: Caption) -> str:
    """What a place shows of a caption at once; empty where all of it folds away."""
    text = prose.text(lesson, caption.section, caption.figures)
    return text.partition("\n\n")[0] if text.startswith("**") else ""


def faults(lesson: str, caption: Caption) -> list[str]:
    """What is wrong with the part of a caption that stands in sight."""
    text = re.sub(r"\s+", " ", in_sight(lesson, caption))
    found = VERDICT.match(text)
    if found is None:
        return [f"no verdict in bold: {text!r}"] if text else []
    wrong = []
    # "−ln", "λ = 10", "28 × 28" and "0.8 ± 0.1" are read as a word each.
    words = re.sub(r" [=×±] ", "", found[1].replace("*", "")).split()
    if len(words) > WORDS:
        wrong.append(f"{len(words)} words: {found[1]!r}")
    rest = text[found.end() :]
    sentences = len(re.findall(r"[.?!:](?= |$)", rest.strip()))
    if sentences > SENTENCES + rest.count(": "):
        wrong.append(f"{sentences} sentences: {rest!r}")
    if unexplained := UNEXPLAINED.search(text):
        wrong.append(f"{unexplained[0]!r} before it is explained: {text!r}")
    return wrong


def check_verdicts(
    lesson: str, branches: Mapping[str, Callable[[], Caption]], details: Collection[str] = ()
) -> None:
    """Hold a lesson's captions to that.

    Args:
        branches: section → what makes it.
        details: sections that follow a verdict of another one and fold away.
    """
    wrong = {name: faults(lesson, make()) for name, make in branches.items()}
    assert not any(wrong.values()), {name: texts for name, texts in wrong.items() if texts}
    if lesson != prose.SHARED:
        told = " ".join(in_sight(lesson, make()) for make in branches.values())
        introduced = "standard error" in prose.source(lesson, "introduction") + told
        assert introduced or "±" not in told
    folded = {name for name, make in branches.items() if not in_sight(lesson, make())}
    assert folded == set(details) & set(branches), folded ^ set(details)
