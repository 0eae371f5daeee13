"""Paper to draw on, in the browser: a component in plain JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from fmviz.pictures import strokes
from fmviz.pictures.strokes import Drawing
from fmviz.ui.session import get_widget

_FOLDER = Path(__file__).parent
# Under this token the paper's own strokes come back to it.
YOURS = "yours"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


# Registered once a process, as Streamlit wants it.
_paper = st.components.v2.component("fmviz.paper", css=_read("paper.css"), js=_read("paper.js"))


def paper(
    key: str,
    drawing: Drawing,
    token: str,
    take: Callable[[Drawing], None],
    *,
    locked: bool = False,
) -> None:
    """A sheet of paper with a drawing on it, which the reader goes on with.

    Args:
        key: of the component.
        drawing: what is on it, where `token` is another than before.
        token: what it shows: a name, or `YOURS` for what the reader has drawn.
        take: is given the whole drawing after each stroke, before the page runs again. What is no
            drawing, as no paper sends it, is let go.
        locked: whether it cannot be drawn on.
    """

    def changed() -> None:
        with suppress(ValueError):
            take(strokes.read(_sent(key)))

    _paper(
        data={"token": token, "strokes": strokes.written(drawing), "locked": locked},
        key=key,
        on_strokes_change=changed,
    )


def _sent(key: str) -> Any:
    sent: Any = get_widget(key)
    return sent["strokes"]
