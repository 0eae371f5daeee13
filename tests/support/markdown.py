"""What a reader sees of Markdown that `escaped` has made."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from fmviz.words.escaping import JOINER


def parsed(markdown: str) -> str:
    """The text that Markdown leaves: each backslash takes its mark along."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", markdown)


def plain(markdown: str) -> str:
    """The text itself."""
    return parsed(markdown).replace(JOINER, "")


def errors(at: AppTest) -> list[str]:
    """The sentences in a page's red boxes."""
    return [plain(error.value) for error in at.error]
