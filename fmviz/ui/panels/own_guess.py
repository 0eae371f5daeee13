"""A guess of a panel's own, beside that of its page: asked before what the panel shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fmviz.page.guessing import guess_words
from fmviz.ui import state
from fmviz.ui.page import Page
from fmviz.ui.place import Place


def made(page: Page[Any], name: str) -> int | None:
    """What the reader has answered: see `state.guess`."""
    return state.guess(_place(page, name), obliged=page.view.taught.hide)


def _place(page: Page[Any], name: str) -> str:
    """Under which a browser's guess is kept, beside the page's own."""
    return f"{page.name}/{name}"


class OwnGuess:
    """A question and a button for each of its answers, where this is made.

    Args:
        name: of the question; the section "guess <name>" of the page's words has it with its
            answers.
        aloud: whether it says the question itself.
    """

    def __init__(self, page: Page[Any], name: str, *, aloud: bool = True) -> None:
        self.page, self.name = page, name
        self._question = Place()
        question, self.options = guess_words(page.name, f"guess {name}")
        self._aloud = f"**Predict, then see.** {question}" if aloud else ""
        self._buttons = [Place() for _ in self.options]
        self._skip = Place()

    @property
    def made(self) -> int | None:
        """What the reader has answered: see `state.guess`."""
        return made(self.page, self.name)

    def ask(self, then: Callable[[], None] | None = None) -> None:
        """Ask; there is a way round the answers, which a teacher's link does not leave.

        Args:
            then: called when there is an answer, or none is wanted.
        """
        place = _place(self.page, self.name)
        self._question.markdown(self._aloud)
        for index, (button, option) in enumerate(zip(self._buttons, self.options, strict=True)):
            button.button(
                option,
                key=f"{place} {index}",
                icon=":material/help:",
                on_click=_take,
                args=(place, index, then),
                quiet=False,
            )
        if not self.page.view.taught.hide:
            self._skip.button(
                "Just tell me",
                key=f"{place} none",
                icon=":material/visibility:",
                on_click=_take,
                args=(place, -1, then),
            )


def _take(place: str, option: int, then: Callable[[], None] | None) -> None:
    state.set_guess(place, option)
    if then is not None:
        then()
