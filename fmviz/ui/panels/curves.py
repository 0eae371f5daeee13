"""The main picture of most pages: accuracy over the epochs, in words too."""

from __future__ import annotations

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Captions, Look, Panel
from fmviz.ui.place import Place
from fmviz.ui.told import Told
from fmviz.words import diagnosis, penalised
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption


class Warnings(Panel):
    """What went wrong: a failed training, and the runs that diverged."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.page = board.page
        self.place = Place()

    def name(self, run: Shown) -> str:
        """What a run is called at the head of what is said of it."""
        return f"**{upper_first(run.name)}.**"

    def draw(self, look: Look) -> None:
        """Say so as soon as it is known."""
        if look.update.state == "failed":
            self.place.error(look.update.message)
        # Of a run that stands alone "No penalty." would read as the cause.
        several = len(look.runs) > 1
        diverged = [
            f"{self.name(run)} " * several + self.page.words(*diagnosis.diverged(run.record))
            for run in look.runs
            if run.record.diverged is not None
        ]
        if diverged:
            self.place.warning("  \n".join(diverged), icon=":material/trending_up:")


class Curves(Panel):
    """Accuracy over the epochs, what that says, and what went wrong.

    Args:
        captions: what can be said of the runs as they stand; asked once all have an epoch.
    """

    pace = LIVE

    def __init__(self, board: Board, captions: Captions) -> None:
        self.board, self.page, self.captions = board, board.page, captions
        self.curves, self.told, self.warnings = Place(), Told(board.page), Warnings(board)

    def picture(self, look: Look) -> None:
        """The curves alone."""
        board = self.board
        names = ", ".join(board.roles)
        self.curves.chart(
            curves.curves_rows(look.runs),
            curves.curves_spec(board.roles, board.horizon, board.dark),
            alt="Accuracy on training images (solid) and validation images (dashed) after each "
            f"epoch: {names}.",
        )

    def draw(self, look: Look) -> None:
        """The curves at once; captions with them."""
        self.picture(look)
        ready = look.whole and all(run.kept for run in look.runs)
        captions = list(self.captions(look)) if ready else []
        in_sight: list[Caption] = []
        if ready and (why := diagnosis.stuck(look.run)) is not None:
            in_sight.append(why)
        if look.done and ready:
            in_sight += self.page.verdict(look.runs)
        if not look.runs:
            in_sight.append(Caption("nothing yet", {}))
        self.told.say(*captions, in_sight=in_sight)
        self.warnings.draw(look)


def penalty_curves(board: Board) -> Curves:
    """The curves of a run with a penalty and of the matched one without."""

    def captions(look: Look) -> list[Caption]:
        view = board.page.view.judging
        return penalised.of_runs(
            look.runs,
            look.done,
            patience=view.patience,
            monitor=view.monitor,
            test=view.test,
        )

    return Curves(board, captions)
