"""Keras's running training accuracy beside what was measured after each epoch."""

from __future__ import annotations

from fmviz.analysis.stopping import Shown
from fmviz.charts import running as charts
from fmviz.ui.look import Look
from fmviz.ui.panels.card import Card
from fmviz.words.numbers import percent
from fmviz.words.prose import Caption
from fmviz.words.running import running

MEANING = (
    "What model.fit prints and History keeps: the mean over the epoch's batches, each scored "
    "before the step that it led to, with dropout on."
)
ALT = (
    "Keras's running training accuracy (dotted) beside measured training accuracy (solid) and "
    "validation accuracy (dashed), over the epochs."
)


def _running(run: Shown, epoch: int) -> str:
    return percent(run.record.at("running_accuracy", epoch))


class Running(Card):
    """Of the page's own run; where that branches, of the branch, which up to there is the same."""

    shows_branch = True

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.drawn[-1]
        if not run.kept:
            return
        place = self.board.names.index(run.name)
        self.show(
            look,
            f"Keras's training accuracy, {run.name}",
            MEANING,
            _running,
            rows=charts.running_rows(run),
            spec=charts.running_spec(run.record.config.epochs, place, self.board.dark),
            kind="lines",
            alt=ALT,
            reel=lambda: charts.running_reel(look.drawn, run),
            run=run,
        )
        self.told.say(*self.captions(run))

    def captions(self, run: Shown) -> list[Caption]:
        """What is said of it."""
        return running(run)
