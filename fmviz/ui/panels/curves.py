"""The main picture of most pages: accuracy over the epochs, in words too."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves, film
from fmviz.charts.curves import Ghost
from fmviz.run.offered import field_of
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Captions, Look, Panel
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen, controls, telling
from fmviz.ui.session import session
from fmviz.ui.told import Told
from fmviz.words import branching, diagnosis, penalised
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption

ALT = "Accuracy on training images (solid) and validation images (dashed) after each epoch: {}."


class Warnings(Panel):
    """The runs that diverged."""

    pace = LIVE

    def __init__(self, board: Board) -> None:
        self.page = board.page
        self.place = Place()

    def name(self, run: Shown) -> str:
        """What a run is called at the head of what is said of it."""
        return f"**{upper_first(run.name)}.**"

    def draw(self, look: Look) -> None:
        """Say so as soon as it is known."""
        # Of a run that stands alone "No penalty." would read as the cause.
        several = len(look.drawn) > 1
        diverged = [
            f"{self.name(run)} " * several + self.page.words(*diagnosis.diverged(run.record))
            for run in look.drawn
            if run.record.diverged is not None
        ]
        if diverged:
            self.place.warning("  \n".join(diverged), icon=":material/trending_up:")


def below(board: Board, *, plays: bool = False) -> tuple[Told, Warnings]:
    """What stands below a main picture that moves: its player, and what is told of the runs.

    Args:
        plays: see `Told`.
    """
    with board.page.stage.player:
        controls(board.page)
    with board.page.stage.under:
        with telling():
            told = Told(board.page, leads=True, plays=plays)
        return told, Warnings(board)


def of_branch(look: Look, *, gap_seen: bool = True) -> list[Caption]:
    """What is said of a run that branches, once it and its trunk have ended, before what is said of
    the others.

    Args:
        gap_seen: whether the page's picture has training accuracy beside that of validation.
    """
    if look.pair is None or not look.done or not all(run.kept for run in look.pair):
        return []
    others = [run for run in look.runs if run.name != look.pair[0].name and run.kept]
    beside = others[0] if len(others) == 1 else None
    told = branching.of_pair(*look.pair, beside, gap_seen=gap_seen)
    return [*told, Caption("branch rest", {})]


class Curves(Panel):
    """Accuracy over the epochs, what that says, and what went wrong.

    Args:
        captions: what can be said of the runs as they stand; asked once all have an epoch.
        at_bench: whether any knob may be turned: then the run before stands pale behind the
            present one, and what went wrong leads.
    """

    pace = LIVE
    at_bench = False

    def __init__(self, board: Board, captions: Captions, *, at_bench: bool = False) -> None:
        self.board, self.page, self.captions = board, board.page, captions
        self.at_bench = at_bench
        stage = board.page.stage
        with stage.picture:
            self.screen = Screen(board.page, "curves")
            with self.screen.stand_in():
                self.curves = Place()
        self.told, self.warnings = below(board, plays=True)

    def picture(self, look: Look) -> None:
        """The curves alone."""
        board = self.board
        names = ", ".join(board.names)
        floor = self._floor(look)
        ghost = self._ghost(look) if self.at_bench else None
        self.curves.chart(
            curves.curves_rows(look.drawn, floor, ghost and ghost.until(board.horizon)),
            curves.curves_spec(board.names, board.horizon, board.dark, floor, ghosts=self.at_bench),
            alt=(alt := ALT.format(names)),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "lines", alt, film.curves(look.drawn, board.horizon, floor, ghost)
            ),
            judged=True,
        )

    @cached_property
    def _scene(self) -> dict[str, Any]:
        """All of the run but what the page's own controls set."""
        turned = set(map(field_of, self.page.lesson.knobs))
        return {f: v for f, v in self.page.config.model_dump().items() if f not in turned}

    def _floor(self, look: Look) -> float:
        """Where the axis begins. While only the page's own controls are moved it stays, or goes
        down once for a run that does worse than all before; it comes back up where ended runs would
        have less than half of it."""
        memory, scene = session().page(self.page.name), self._scene
        needed = curves.floor_of(look.drawn)
        before = memory.floor[1] if memory.floor is not None and memory.floor[0] == scene else 1.0
        if needed is None:
            return before if before < 1.0 else curves.FLOORS[3]
        cramped = look.done and 1 - needed <= (1 - before) / 2
        floor = needed if cramped else min(needed, before)
        memory.floor = scene, floor
        return floor

    def _ghost(self, look: Look) -> Ghost | None:
        """The run that was on the page before the present one."""
        memory, key = session().page(self.page.name), self.page.config.key
        latest = memory.latest
        before = memory.ghost if latest is None or latest.key == key else latest
        if look.done and (latest is None or latest.key != key):
            memory.latest, memory.ghost = Ghost.of(look.run), latest
        return before

    def draw(self, look: Look) -> None:
        """The curves at once; captions as often as they can be read."""
        self.picture(look)
        if look.figures:
            self._tell(look)
        self.warnings.draw(look)

    def _tell(self, look: Look) -> None:
        ready = look.whole and all(run.kept for run in look.drawn)
        captions = [*of_branch(look), *self.captions(look)] if ready else []
        in_sight: list[Caption] = []
        if ready and (why := diagnosis.stuck(look.run)) is not None:
            in_sight.append(why)
        if look.done and ready:
            in_sight += self.page.verdict(look.asked)
        if not look.runs:
            in_sight.append(Caption("nothing yet", {}))
        self.told.say(*captions, in_sight=in_sight)
        wrong = diagnosis.in_short(look.run) if self.at_bench and look.runs else None
        if wrong is not None:
            self.page.stage.lead(self.page.words(wrong.verdict))
            self.page.stage.guessed(self.page.words(wrong.cause))


def penalty_curves(board: Board, *, at_bench: bool = False) -> Curves:
    """The curves of a run with a penalty and of the matched one without.

    Args:
        at_bench: see `Curves`.
    """

    def captions(look: Look) -> list[Caption]:
        view = board.page.view.judging
        return penalised.of_runs(
            look.runs,
            look.done,
            patience=view.patience,
            monitor=view.monitor,
            test=view.test,
        )

    return Curves(board, captions, at_bench=at_bench)
