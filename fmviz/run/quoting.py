"""Text that fmviz did not write, inside a sentence that it did.

Addresses, typed numbers, names of pins and the environment may hold anything. Where a sentence
names such a text, `quoted` brings it to a length that can be read. The sentence stays plain text;
whoever shows it as Markdown escapes it whole (`fmviz.words.escaping`).
"""

from __future__ import annotations

LONGEST = 80
UNSEEN = "�"


def one_line(text: str, limit: int) -> str:
    """Text of at most `limit` characters, the last an ellipsis where there were more.

    A line break is a space, and what cannot be seen, or would move what stands beside it (control
    characters, marks that turn the direction of writing), is "�".
    """
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else " " if c.isspace() else UNSEEN for c in short)


def quoted(value: object, limit: int = LONGEST) -> str:
    """A value from outside, at a length that can be read: a text between quotation marks, anything
    else as Python writes it."""
    if isinstance(value, str):
        return f"'{one_line(value, limit)}'"
    return one_line(repr(value), limit)
