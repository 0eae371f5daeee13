"""What a page knows of its runs at one moment, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.words.prose import Caption


class Look(NamedTuple):
    """What is known of a page's runs at one moment.

    Attributes:
        runs: those of which something is known, in the order of the page's roles.
        update: as the engine told it.
        whole: whether something is known of every run of the page.
    """

    runs: list[Shown]
    update: Update
    whole: bool

    @property
    def done(self) -> bool:
        """Whether all runs have ended."""
        return self.update.state == "done"

    def has_weights(self, of: str) -> bool:
        """Whether the run that the captions speak of, or with "runs" each, brought its weights."""
        return all(run.record.weights for run in (self.runs if of == "runs" else [self.run]))

    @property
    def run(self) -> Shown:
        """The run that the captions speak of: the last."""
        return self.runs[-1]


# When a panel is drawn: with every update; a few times a second, once all runs have begun; when
# all runs have ended.
LIVE, FIGURES, END = "live", "figures", "end"


class Panel(Protocol):
    """A part of a page. It reserves its places when it is made, and `draw` fills them.

    One with a class attribute `wants_weights`, of the last "run" or of all "runs", is drawn again
    once those are known: recorded runs may come without.
    """

    pace: str

    def draw(self, look: Look) -> None:
        """Show what is known."""
        ...


AnyPanel = TypeVar("AnyPanel", bound=Panel)


Captions = Callable[[Look], Sequence[Caption]]
