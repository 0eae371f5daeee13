"""What a page knows of its runs at one moment, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeVar

from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.words.prose import Caption


class Look(NamedTuple):
    """What is known of a page's runs at one moment.

    Attributes:
        runs: those of which something is known, in the order of the page's roles.
        update: as the engine told it.
        whole: whether something is known of every run of the page.
        figures: whether what is read is to be drawn too, such as captions; while runs grow that is
            less often than what is watched.
        pair: where one of the runs branches, that run as it goes on without, and what becomes of
            it; once something is known of both.
    """

    runs: list[Shown]
    update: Update
    whole: bool
    figures: bool = True
    pair: tuple[Shown, Shown] | None = None

    @property
    def drawn(self) -> list[Shown]:
        """The runs, and at last the one of the branch: what the main picture shows."""
        return self.runs if self.pair is None else [*self.runs, self.pair[1]]

    @property
    def asked(self) -> list[Shown]:
        """The runs that a guess is about: where one branches, that one and its branch."""
        return self.runs if self.pair is None else [*self.pair]

    @property
    def done(self) -> bool:
        """Whether all runs have ended."""
        return self.update.state == "done"

    @property
    def has_test(self) -> bool:
        """Whether the test images of all runs were measured."""
        return all(run.record.has_test for run in self.runs)

    @property
    def run(self) -> Shown:
        """The run that the captions speak of: the last."""
        return self.runs[-1]


Captions = Callable[[Look], Sequence[Caption]]

# When a panel is drawn: with every update; a few times a second, once all runs have begun; when
# all runs have ended.
Pace = Literal["live", "figures", "end"]
LIVE: Pace = "live"
FIGURES: Pace = "figures"
END: Pace = "end"


class Panel:
    """A part of a page. It reserves its places when it is made; what it shows comes later.

    Attributes:
        pace: when it is drawn.
        wants_weights: whether it shows weights: what is trained for the page then keeps them.
        wants_test: whether it shows figures of the test images, whatever the view says; they are
            measured only where somebody wants them.
        shows_branch: whether the run of a branch is among those that it shows.
    """

    pace: Pace = FIGURES
    wants_weights: bool = False
    wants_test: bool = False
    shows_branch: bool = False

    def draw(self, look: Look) -> None:
        """Show what is known of the page's runs."""

    def weighed(self, look: Look) -> Sequence[Shown]:
        """The runs whose weights it shows, or may when the reader says so."""
        return look.runs if self.wants_weights else ()

    def lacks(self, look: Look) -> bool:
        """Whether ended runs came without the weights that it shows now, as recorded ones may: it
        is drawn again once those are known."""
        return not all(run.record.weights for run in self.weighed(look))

    @property
    def offered(self) -> Sequence[RunConfig]:
        """The runs that a button of it offers."""
        return ()

    @property
    def is_known(self) -> bool:
        """Whether all that `run` asks for is known: it waits for no weights of the page's runs."""
        return False

    def run(self) -> None:
        """Ask for runs beyond the page's own, once those have ended, and show them."""


class Pictured(Panel):
    """A panel that shows first layers as pictures: runs without weights may have them."""

    wants_weights = True

    def weighed(self, look: Look) -> Sequence[Shown]:
        """None: pictures will do."""
        return ()

    def lacks(self, look: Look) -> bool:
        """Whether ended runs came without their pictures."""
        return not all(run.record.has_snapshots for run in look.runs)


AnyPanel = TypeVar("AnyPanel", bound=Panel)
