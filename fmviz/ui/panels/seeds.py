"""A verdict on one training each, and the same over five seeds on request."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis import stopping
from fmviz.analysis.seeds import SEEDS, over_seeds, repeated
from fmviz.analysis.stopping import Shown
from fmviz.charts import seeds as charts
from fmviz.page.lesson import BRANCHED
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.place import Place
from fmviz.words import prose
from fmviz.words import seeds as words
from fmviz.words.memory import on_true_labels
from fmviz.words.prose import Caption


class Seeds(Panel):
    """That a verdict speaks of two trainings, or that there is none, as one has diverged; a button
    that trains four more seeds of both, and the verdict over the five. Nothing is drawn or asked
    for before the button is pressed.

    Args:
        names: of the two roles that are compared; the first and the last of the page's without.
            Where a run branches, what becomes of it is compared with that run.
    """

    # Among what its page trains on request; the words beside the button; and whether what is ahead
    # was chosen on the validation images.
    name = "seeds"
    section = "one training each"
    of_several = "one training each, of several"
    chosen = False
    pace = END

    def __init__(self, board: Board, names: tuple[str, str] | None = None) -> None:
        self.board, self.page = board, board.page
        self.names = names or (board.roles[0], board.roles[-1])
        if self.page.branched is not None:
            self.names = self.page.lesson.trunk_of(board.roles), BRANCHED
        self.families = self.wanted()
        self._sweep: Sweep | None = None
        if not self.families:
            return
        with st.container(key=f"{self.page.name}-{self.name}".replace(" ", "-")):
            several = len(self.families) > 1 and len(self.page.all_runs) > 2
            first, second = self.names
            section = self.of_several if several else self.section
            figures = {"first": first, "second": second}
            self._of = Place()
            self._of.caption(prose.text(words.WORDS, section, figures))
            self._chart, self._caption = Place(), Place()
            configs = [config for family in self.families for config in family]
            self._sweep = Sweep(
                self.page, self.name, configs, self.show, label=f"Try {SEEDS} seeds", eager=False
            )

    def wanted(self) -> list[list[RunConfig]]:
        """The runs of each setting, one a seed; nothing where there are not two settings."""
        runs = self.page.all_runs
        if not {*self.names} <= {*runs} or len({runs[name] for name in self.names}) < 2:
            return []
        return [repeated(runs[name], SEEDS - 1) for name in self.names]

    def draw(self, look: Look) -> None:
        """What is not compared is not said to be: where a run has diverged there is no verdict."""
        if self._sweep is None or all(r.finite for r in look.drawn if r.name in self.names):
            return
        first, second = self.names
        figures = {"first": first, "second": second}
        self._of.caption(prose.text(words.WORDS, words.NOT_FINITE, figures))

    def run(self) -> None:
        """Train and draw them, where that was asked for."""
        if self._sweep is not None:
            self._sweep.run()

    def pair(self, records: tuple[RunRecord, ...]) -> tuple[Shown, Shown]:
        """The two networks of one seed, as the page judges its runs."""
        judging = self.page.view.judging.early_stopping
        first, second = (
            stopping.look(record, name, **judging)
            for record, name in zip(records, self.names, strict=True)
        )
        return first, second

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The five differences and what they come to, once all have ended."""
        if not done:
            return
        count = len(self.families[0])
        each = [records[k * count : (k + 1) * count] for k in range(len(self.families))]
        pairs, seeds = [], []
        for of_seed in zip(*each, strict=True):
            known = tuple(r for r in of_seed if r is not None and r.diverged is None and r.epochs)
            if len(known) == len(of_seed):
                pairs.append(self.pair(known))
                seeds.append(known[0].config.seed)
        found = over_seeds(pairs)
        if found:
            self._chart.chart(
                charts.seeds_rows(found, seeds),
                charts.seeds_spec(f"{self.names[1]} less {self.names[0]}, points", self.board.dark),
                alt=f"{self.names[1]} less {self.names[0]}, a dot a seed, with the mean and its "
                "95% interval.",
            )
        told = on_true_labels([run for pair in pairs for run in pair])
        captions = words.verdict(found, self.names, count, chosen=self.chosen, counted=told)
        captions.append(words.what_a_seed_is([family[0] for family in self.families]))
        self._caption.markdown(_said(captions))


def _said(captions: list[Caption]) -> str:
    return " ".join(prose.text(words.WORDS, c.section, c.figures) for c in captions)
