"""The prose of the lessons: Markdown files that a teacher can edit or translate.

A file is cut into sections by its `## name` headings. `{{name}}` stands for a figure that the
page puts in; everything else is plain Markdown with LaTeX. What all lessons say stands once, in
`shared.md`; a lesson that has a section of the same name says it its own way.

What is said of runs leads with a verdict in bold. A section that begins in bold stands in sight up
to its first empty line; what follows, and sections that begin otherwise, fold away: `told`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1]
SHARED = "shared"
PLACE = re.compile(r"\{\{(\w+)\}\}")


class LessonError(Exception):
    """A lesson lacks a section, or a section names a figure that the page does not have."""


def path(lesson: str) -> Path:
    """The file of a lesson's words, or of words that no lesson owns."""
    own = FOLDER / "lessons" / lesson / "words.md"
    return own if own.exists() else FOLDER / "words" / f"{lesson}.md"


@cache
def sections(lesson: str) -> dict[str, str]:
    """The sections of a lesson by name."""
    text = path(lesson).read_text(encoding="utf-8")
    pieces = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(pieces[::2], pieces[1::2], strict=True)}


def has(lesson: str, section: str) -> bool:
    """Whether a lesson has a section of its own or shares one."""
    return section in sections(lesson) or section in sections(SHARED)


def source(lesson: str, section: str) -> str:
    """A section as it is written, with its places.

    Raises:
        LessonError: neither the lesson nor the shared file has it.
    """
    if not has(lesson, section):
        raise LessonError(f"lesson '{lesson}' has no section '{section}'")
    own = sections(lesson)
    return own[section] if section in own else sections(SHARED)[section]


def places(lesson: str, section: str) -> set[str]:
    """The names of the figures that a section wants."""
    return set(PLACE.findall(source(lesson, section)))


def text(lesson: str, section: str, figures: Mapping[str, str] | None = None) -> str:
    """A section with its figures put in.

    Raises:
        LessonError: no such section, or a figure in it is not given.
    """
    given = figures or {}
    missing = places(lesson, section) - set(given)
    if missing:
        raise LessonError(
            f"section '{section}' of lesson '{lesson}' names {', '.join(sorted(missing))}; "
            f"it can have {', '.join(sorted(given)) or 'no figures'}"
        )
    return PLACE.sub(lambda match: given[match[1]], source(lesson, section))


class Claim(NamedTuple):
    """What a caption asserts of a run, as data: tests derive it again from the record.

    Attributes:
        figure: "gap", or a name of the record's history, such as "val_accuracy".
        subject: the run, by its name in the legend.
        direction: 1 higher, −1 lower, 0 not to be told apart.
        than: the run that it is compared with, by name; "" is a gap of 0, and for an accuracy
            what guessing gets.
    """

    figure: str
    subject: str
    direction: int
    than: str = ""


class Caption(NamedTuple):
    """A section of a lesson, the figures it is to be filled with, and what it claims.

    Attributes:
        leads: whether its verdict stands above the page's main picture, whatever else is said.
    """

    section: str
    figures: dict[str, str]
    claims: tuple[Claim, ...] = ()
    leads: bool = False


def lead(text: str) -> str:
    """The verdict that a filled section begins with, in bold, as a sentence of its own; its first
    paragraph where there is none."""
    first = " ".join(text.partition("\n\n")[0].split())
    verdict = re.match(r"\*\*.+?\*\*(?!\*)", first)
    return first if verdict is None else re.sub(r":\*\*$", ".**", verdict[0])


class Told(NamedTuple):
    """What stands in sight, a line a verdict, and what folds away; either may be empty."""

    sight: str
    folded: str


def told(texts: Sequence[str]) -> Told:
    """Sort filled sections into what stands in sight and what folds away.

    Before the first verdict everything stands in sight: a place is never left without words.
    """
    sight: list[str] = []
    folded: list[str] = []
    any_verdict = False
    for text in texts:
        first, _, rest = text.partition("\n\n")
        is_verdict = first.startswith("**")
        any_verdict = any_verdict or is_verdict
        (sight if is_verdict or not any_verdict else folded).append(first)
        if rest:
            folded.append(rest)
    return Told("  \n".join(sight), "\n\n".join(folded))
