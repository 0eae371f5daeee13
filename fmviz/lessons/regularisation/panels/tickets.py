"""The lottery ticket: the largest weights of this page's run, trained again from their start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fmviz.lessons.regularisation import tickets, tickets_charts, tickets_says
from fmviz.lessons.regularisation.lesson import RegularisationView
from fmviz.page import guessing
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord
from fmviz.ui import live, view_controls
from fmviz.ui.board import Board
from fmviz.ui.panels.own_guess import OwnGuess
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.told import Told

GUESS = "ticket"
AFTER = {"end": "at the end", "early": f"after {tickets.EARLY} epochs"}


@lru_cache(maxsize=16)
def _pruned(record: RunRecord) -> Mapping[float, Estimate]:
    """A record is remembered as the object it is, which the store hands out again and again."""
    return tickets.pruned(record, data.load(record.config.dataset).validation)


def pruned(config: RunConfig) -> Mapping[float, Estimate]:
    """What a whole network's largest weights do without training again; nothing where the store
    does not have its weights."""
    record = live.engine().store.get(config)
    return _pruned(record) if record is not None and record.diverged is None else {}


class Tickets(OnRequest):
    """Winning tickets, random ones and the whole network, over several seeds: a sweep on request,
    after a guess."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        super().__init__(board)
        config = self.page.config
        self.page.say(tickets_says.intro(config))
        self.guess = OwnGuess(self.page, GUESS)
        if self.guess.made is None:
            self.guess.ask()
            return
        view_controls.choice(self.page.name, "ticket_after", "Validation accuracy", AFTER)
        self.epoch = tickets.EARLY if self.page.view.ticket_after == "early" else None
        self._chart, self._told = Place(), Told(self.page)
        self.offer("tickets", tickets.runs(config), outline=True)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The curves as far as all seeds have ended, the words at the end."""
        ended = [r for r in records if r is not None and r.complete]
        found, epochs = tickets.lottery(ended, self.epoch), self.page.config.epochs
        without = {} if self.epoch else pruned(self.page.config.parent)
        if found is not None:
            self._chart.chart(
                tickets_charts.tickets_rows(found, without),
                tickets_charts.tickets_spec(
                    tickets_charts.floor(found), bool(without), self.board.dark
                ),
                alt="Validation accuracy against the share of weights that stay: the largest, "
                "random ones, and the whole network.",
            )
        if not done:
            return
        last = tickets.lottery(ended)
        answer = None if last is None else tickets.answer(last)
        self._told.say(
            *tickets_says.told(found, min(self.epoch or epochs, epochs)),
            tickets_says.about(self.page.config, pruned=bool(without)),
            in_sight=guessing.became(self.page.name, f"guess {GUESS}", self.guess.made, answer),
        )
