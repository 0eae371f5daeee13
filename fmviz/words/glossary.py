"""The words of the course: what each means, and where a text first says them.

`glossary.md` is their one source. A term is found in prose alone: not in code, formulas, tables,
headings and links.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from html import escape
from typing import NamedTuple

from fmviz.words import prose

FILE = "glossary"
# What keeps to a word beside it.
BEFORE, AFTER = tuple("([“‘"), tuple(".,:;!?)]”’")


class Term(NamedTuple):
    """A term, the forms in which texts say it, and its meaning in a line."""

    name: str
    forms: tuple[str, ...]
    meaning: str


class Mention(NamedTuple):
    """Where a text first says a term: text[start:end]."""

    name: str
    start: int
    end: int


@cache
def terms() -> dict[str, Term]:
    """All terms by name."""
    found = {}
    for heading, meaning in prose.sections(FILE).items():
        name, *forms = (part.strip() for part in heading.split("|"))
        found[name] = Term(name, tuple(forms) or (name,), " ".join(meaning.split()))
    return found


# Parts of a Markdown text that are no prose.
_APART = r"""
    ```.*?``` | `[^`\n]*` | \$\$.*?\$\$ | \$[^$\n]+\$ | ^\|[^\n]* | ^\#[^\n]*
    | \[[^\]\n]*\]\([^)\n]*\) | :material/\w+: | <[^>\n]+> | https?://\S+
"""


def _form(form: str) -> str:
    """A form as a pattern; a sentence may begin with it, but no one writes λ as Λ."""
    words = r"\s+".join(map(re.escape, form.split()))
    first = form[0]
    return f"[{first}{first.upper()}]{words[1:]}" if first.isascii() else words


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of what is apart and of all forms, the longest first; form → name."""
    names = {form: term.name for term in terms().values() for form in term.forms}
    forms = "|".join(map(_form, sorted(names, key=len, reverse=True)))
    # As a part of a longer word, or of a fraction such as λ/n, it is not the term.
    pattern = rf"(?:{_APART}) | (?<![\w/-])(?P<form>{forms})(?![\w/-])"
    return re.compile(pattern, re.VERBOSE | re.DOTALL | re.MULTILINE), names


def _mentions(text: str) -> Iterator[Mention]:
    pattern, names = _pattern()
    for match in pattern.finditer(text):
        if match["form"] is not None:
            form = " ".join(match["form"].split())
            name = names.get(form) or names[form[0].lower() + form[1:]]
            yield Mention(name, *match.span("form"))


@lru_cache(maxsize=1024)
def said(text: str) -> tuple[Mention, ...]:
    """The terms that a text says, each where it first does, in their order."""
    first: dict[str, Mention] = {}
    for mention in _mentions(text):
        first.setdefault(mention.name, mention)
    return tuple(first.values())


def identifier(name: str) -> str:
    """A term as the id of its meaning on a page."""
    return "word-" + re.sub(r"\W+", "-", name).strip("-")


def marked(text: str, names: Collection[str]) -> str:
    """A text in which some terms, where it first says them, are buttons that show their meaning:
    HTML within Markdown. Keyboards, fingers and screen readers know a button, and browsers show
    and hide what it is for."""
    pieces, done = [], 0
    for name, start, end in said(text):
        if name in names:
            button = _button(text[start:end], terms()[name])
            # On the line of a bracket or a full stop beside it: browsers take a button for a
            # picture, before and after which a line may break.
            before = text[start - 1] if text[done:start].endswith(BEFORE) else ""
            after = text[end] if text.startswith(AFTER, end) else ""
            if before or after:
                button = f'<span class="fmviz-kept">{before}{button}{after}</span>'
            pieces += [text[done : start - len(before)], button]
            done = end + len(after)
    return "".join([*pieces, text[done:]])


def _button(word: str, term: Term) -> str:
    at = identifier(term.name)
    return (
        f'<button type="button" class="fmviz-word" popovertarget="{at}" aria-describedby="{at}">'
        f'{word}</button><span class="fmviz-meaning" popover="auto" id="{at}">'
        f"<strong>{escape(term.name)}</strong>: {escape(term.meaning)}</span>"
    )


def listed(names: Collection[str]) -> str:
    """Terms with their meanings, as a list."""
    return "\n".join(f"- **{name}**: {terms()[name].meaning}" for name in names)
