"""The prose of the lessons: Markdown files that a teacher can edit or translate.

A file is cut into sections by its `## name` headings. `{{name}}` stands for a figure that the
page puts in; everything else is plain Markdown with LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lessons"
PLACE = re.compile(r"\{\{(\w+)\}\}")


class LessonError(Exception):
    """A lesson lacks a section, or a section names a figure that the page does not have."""


@cache
def sections(lesson: str) -> dict[str, str]:
    """The sections of a lesson by name."""
    text = (FOLDER / f"{lesson}.md").read_text(encoding="utf-8")
    pieces = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(pieces[::2], pieces[1::2], strict=True)}


def places(lesson: str, section: str) -> set[str]:
    """The names of the figures that a section wants."""
    return set(PLACE.findall(sections(lesson)[section]))


def text(lesson: str, section: str, figures: Mapping[str, str] | None = None) -> str:
    """A section with its figures put in.

    Raises:
        LessonError: no such section, or a figure in it is not given.
    """
    if section not in sections(lesson):
        raise LessonError(f"lesson '{lesson}' has no section '{section}'")
    given = figures or {}
    missing = places(lesson, section) - set(given)
    if missing:
        raise LessonError(
            f"section '{section}' of lesson '{lesson}' names {', '.join(sorted(missing))}; "
            f"it can have {', '.join(sorted(given)) or 'no figures'}"
        )
    return PLACE.sub(lambda match: given[match[1]], sections(lesson)[section])
