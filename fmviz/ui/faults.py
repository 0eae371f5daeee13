"""What is wrong, said on a page.

Sentences of errors are plain text and may name what an address, a reader or a worker has said. So
nothing else in fmviz calls `st.error` with a sentence that an error brings.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fmviz.run.naming import plural
from fmviz.words.escaping import escaped

ICON = ":material/error:"
# An address may be wrong in as many places as it is long.
MOST = 6


def fault(sentence: str, *, icon: str = ICON) -> None:
    """A sentence in a red box, as text."""
    st.error(escaped(sentence), icon=icon)


def faults(sentences: Sequence[str], *, icon: str = ICON) -> None:
    """A box a sentence; past the first few, how many more there are."""
    shown = list(sentences if len(sentences) <= MOST else sentences[: MOST - 1])
    if left := len(sentences) - len(shown):
        shown.append(f"There are {plural(left, 'further fault')}.")
    for sentence in shown:
        fault(sentence, icon=icon)
