"""Panels of the lesson on schedules."""

from __future__ import annotations

from fmviz.lessons.schedules import charts, says
from fmviz.lessons.schedules.lesson import SchedulesView, raced, swept
from fmviz.run.record import RunRecord
from fmviz.run.settings import parts
from fmviz.ui import controls
from fmviz.ui.board import Board
from fmviz.ui.look import LIVE, Look, Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.curves import Warnings
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.told import Told
from fmviz.words.prose import Caption


def settings(page: Page[SchedulesView]) -> None:
    """The schedule, and the settings that it has."""
    controls.setting(page.name, "schedule")
    controls.setting(page.name, "learning_rate")
    for field in parts("schedule"):
        controls.setting(page.name, field)


class Twins(Panel):
    """The rate over the steps, above the loss that it gives."""

    pace = LIVE

    def __init__(self, board: Board[SchedulesView]) -> None:
        self.board, self.page = board, board.page
        self.rate, self.loss, self.told = Place(), Place(), Told(board.page)
        self.warnings = Warnings(board)

    def draw(self, look: Look) -> None:
        """The rate as far as it is known, the loss as far as it has come."""
        board, runs = self.board, look.runs
        names = ", ".join(board.roles)
        self.rate.chart(
            charts.rate_rows(runs, self.page.runs),
            charts.rate_spec(board.roles, board.horizon, board.dark),
            alt=f"Learning rate at every step: {names}.",
        )
        self.loss.chart(
            charts.loss_rows(runs),
            charts.loss_spec(board.roles, board.horizon, board.dark),
            alt="Cross-entropy on training images (solid) and validation images (dashed) after "
            f"each epoch: {names}.",
        )
        captions: list[Caption] = []
        in_sight: list[Caption] = []
        if look.done:
            captions = says.of_runs(runs)
            in_sight = [*says.why(runs), *self.page.verdict(runs)]
        elif not runs:
            in_sight = [Caption("nothing yet", {})]
        self.told.say(*captions, in_sight=in_sight)
        self.warnings.draw(look)


class Race(OnRequest):
    """The same run under every schedule."""

    def __init__(self, board: Board[SchedulesView]) -> None:
        super().__init__(board)
        self.configs = raced(self.page.config)
        self.chart, self.told = Place(), Told(board.page)
        Place().caption(self.page.text("race"))
        self.offer("race", list(self.configs.values()))

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The result of each as far as it has ended, the words at the end."""
        known = dict(zip(self.configs, records, strict=True))
        self.chart.chart(
            charts.race_rows(known),
            charts.race_spec(self.page.config.schedule, self.board.dark),
            alt="Validation accuracy after the last epoch under each schedule.",
        )
        if done:
            self.told.say(*says.race(known))


class Rates(OnRequest):
    """Without and with the schedule at rates around the page's."""

    def __init__(self, board: Board[SchedulesView]) -> None:
        super().__init__(board)
        self.configs = swept(self.page.config)
        self.chart, self.told = Place(), Told(board.page)
        Place().caption(self.page.text("rates"))
        self.offer("rates", list(self.configs.values()))

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The result at each rate as far as it has ended, the words at the end."""
        known = dict(zip(self.configs, records, strict=True))
        self.chart.chart(
            charts.sweep_rows(known),
            charts.sweep_spec(self.board.roles, self.board.dark),
            alt="Validation accuracy after the last epoch against the learning rate.",
        )
        if done:
            self.told.say(*says.sweep(known))
