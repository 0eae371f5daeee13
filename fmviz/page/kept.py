"""What outlives a reload of the page: a browser's vault, its guesses and its games.

To Streamlit a browser that reloads is a new session. So the server remembers these few things by a
random name, which the browser brings along and which says nothing of who sits there. A server that
starts anew remembers nobody, and of very many browsers only the latest.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from fmviz.page.state import State
from fmviz.page.vault import Vault

# Browsers that are remembered: some classes at a time.
MOST = 300
_NAME = re.compile(r"[0-9a-f]{32}")


class Guess(NamedTuple):
    """What a reader has answered on a page.

    Attributes:
        option: counted from 0; −1 for skipped.
        on: the state that it was guessed on.
        seen: the one that the page has been seen in last since.
    """

    option: int
    on: State | None = None
    seen: State | None = None


@dataclass
class Kept:
    """What is kept of one browser.

    Attributes:
        vault: its test vault.
        guesses, games: by page.
        asks: whether it wants to be asked for guesses.
    """

    vault: Vault = field(default_factory=Vault)
    guesses: dict[str, Guess] = field(default_factory=dict)
    games: dict[str, Any] = field(default_factory=dict)
    asks: bool = True


class Browsers:
    """What is kept of the latest browsers, by name."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, name: str) -> Kept | None:
        """What is kept of a browser; None where nothing is."""
        with self._lock:
            return self._kept.get(name)

    def put(self, name: str, kept: Kept) -> None:
        """Keep this of a browser, as the latest; the one heard of longest ago makes room."""
        with self._lock:
            self._kept[name] = kept
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def named(given: object) -> str:
    """The name that a browser has brought; a new one, of 128 random bits, where that is none."""
    sound = isinstance(given, str) and _NAME.fullmatch(given)
    return str(given) if sound else secrets.token_hex(16)
