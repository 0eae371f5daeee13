"""Text as Markdown that shows it as it is, whoever wrote it."""

from __future__ import annotations

import re

from fmviz.run.quoting import one_line

# The longest sentence of fmviz's own names every setting of a run, in some 500 characters.
LONGEST = 1_500
# Takes no room, and is part of no word. Streamlit looks for addresses, icons, emoji and arrows in
# the text that Markdown has left, so no backslash keeps it from finding them.
JOINER = "\N{WORD JOINER}"
_FOUND = re.compile(
    r":(?=[\w+/-])"  # :material/home:, :smile:, https://
    r"|@"
    r"|www(?=\.)"
    r"|(?<!\S)(?:<->|->|<-|--|>=|<=|~=)(?!\S)",
    re.IGNORECASE,
)
# What Markdown, LaTeX or Streamlit's directives would take for more than a character.
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^&])")


def escaped(text: str) -> str:
    """Text as Markdown that shows it as it is, on one line: no emphasis, link, picture, formula,
    icon or tag comes of it, and no address becomes a link."""
    broken = _FOUND.sub(rf"\g<0>{JOINER}", one_line(text, LONGEST))
    return _MARKS.sub(r"\\\1", broken)
