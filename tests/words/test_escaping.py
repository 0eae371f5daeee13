"""Escaped text: what Markdown, and Streamlit after it, would make something of.

That a browser shows it as it is, `tests/browser/test_text_from_outside.py` shows.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.run.quoting import one_line
from fmviz.words.escaping import LONGEST, escaped
from tests.support.markdown import parsed, plain

# What Streamlit's frontend looks for in text that Markdown has parsed, as its source has it.
FOUND_LATE = (
    r"(https?://|www(?=\.))([-.\w]+)",
    r"(?<![\w])([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)",
    r":material[/_]\w+:",
    r":streamlit:",
    r":\+1:|:-1:|:[\w-]+:",
    r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
)
PIECES = [
    "![x](http://evil.example/a.png)",
    "[sign in](https://evil.example)",
    "<img src=//evil.example/a>",
    "$x^2$",
    "$$",
    ":material/home:",
    ":streamlit:",
    ":smile:",
    ":+1:",
    ":red[x]",
    ":color[x]{foreground=red}",
    "www.evil.example",
    "WWW.evil.example",
    "HTTPS://evil.example",
    "mailto:a@evil.example",
    "a.b+c@evil.example",
    "**", "__", "~~", "`", "```", "|", "# ", "> ", "- ", "1. ", "\\", "&amp;", "[^1]", " -> ",
    " -- ", "\n", " ", ":", "@", "a", "0",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)


@given(HOSTILE)
def test_no_mark_stands_without_a_backslash(text: str) -> None:
    left = re.sub(r"\\([^\w\s]|_)", "", escaped(text))
    assert re.findall(r"[\\`*_{}\[\]()<>#+\-.!|~$:^&]", left) == []
    assert "\n" not in left


@given(HOSTILE)
def test_nothing_is_found_in_what_markdown_leaves(text: str) -> None:
    for pattern in FOUND_LATE:
        assert re.search(pattern, parsed(escaped(text)), re.IGNORECASE) is None, pattern
        # Some of it is replaced before Markdown is parsed.
        assert re.search(pattern, escaped(text), re.IGNORECASE) is None, pattern


@given(HOSTILE)
def test_the_reader_sees_the_text_itself(text: str) -> None:
    assert plain(escaped(text)) == one_line(text, LONGEST)


@pytest.mark.parametrize(
    "plain", ["λ = 10", "relu, epochs 5", "lam must be a number from 0 to 10,000, not 'banana'"]
)
def test_plain_words_stay_plain(plain: str) -> None:
    assert escaped(plain) == plain


def test_long_text_ends() -> None:
    assert len(parsed(escaped("x" * 60_000))) == LONGEST
