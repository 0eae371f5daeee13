"""Panels of the lesson on early stopping: one long run under the reader's rule."""

from __future__ import annotations

import streamlit as st

from fmviz.analysis import stopping
from fmviz.analysis.seeds import SEEDS, repeated
from fmviz.analysis.stopping import Rule, Shown
from fmviz.charts import film
from fmviz.charts.weights import kernel_pictures, picture_limit
from fmviz.lessons.early_stopping import charts, outcomes_says, says, tables
from fmviz.lessons.early_stopping.lesson import EarlyStoppingView
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel, Pictured
from fmviz.ui.panels.curves import Curves, below
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.pictures import png
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.ui.told import Told
from fmviz.words.numbers import points
from fmviz.words.prose import Caption


def rule_of(board: Board[EarlyStoppingView]) -> Rule:
    """The reader's rule."""
    return Rule(**board.page.view.judging.early_stopping)


def _share(record: RunRecord, name: str, epoch: int) -> str:
    return points(record.estimate(name, epoch))


WAITS_ALT = "wait after each epoch that ran, and patience as a line."


class Machine(Curves):
    """The monitored value over the epochs, `wait` beneath it, and what the rule comes to."""

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        # `wait` stands between the curve and the words.
        self.board, self.page = board, board.page
        stage = board.page.stage
        with stage.picture:
            self.screen = Screen(board.page, "monitor")
            with self.screen.stand_in():
                self.curves = Place()
            self.waiting = Screen(board.page, "waits")
            with self.waiting.stand_in():
                self.waits = Place()
        self.told, self.warnings = below(board, plays=True)
        self.captions = self._say

    def _say(self, look: Look) -> list[Caption]:
        rule, view = rule_of(self.board), self.page.view
        captions = says.long_run(look.run, rule, look.done)
        if look.done:
            captions += says.against_end(look.run, view.test)
        return captions

    def picture(self, look: Look) -> None:
        """Curve and `wait`, on one x axis."""
        if not look.runs:
            return
        board, run, rule = self.board, look.run, rule_of(self.board)
        epoch = self.page.view.epoch
        scrub = None if epoch is None or epoch > run.record.epochs else epoch
        rows = charts.monitor_rows(run.record, rule, run.stop, run.kept, scrub=scrub)
        self.curves.chart(
            rows,
            charts.monitor_spec(rule.monitor, board.horizon, board.dark),
            alt=(
                alt := f"{rule.monitor} (dashed) and the same on training images (solid) after "
                "each epoch. Filled: the best so far. Ring: the weights that are kept. Pale: "
                "epochs that would not have been trained."
            ),
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "lines", alt, charts.monitor_reel(run, rule, board.horizon)
            ),
            judged=True,
        )
        self.waits.chart(
            charts.wait_rows(run, rule.patience),
            charts.wait_spec(board.horizon, board.dark),
            alt=WAITS_ALT,
        )
        if (patience := rule.patience) is not None and run.stop is not None:
            self.waiting.draw(
                look,
                lambda clock: film.reel(
                    clock, "waits", WAITS_ALT, charts.wait_reel(run, patience, board.horizon)
                ),
            )


class Stops(Seeds):
    """What comes back beside the end of the run, over five seeds."""

    section = "one training"

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.chosen = board.page.view.restore
        super().__init__(board, ("the end", "what comes back"))

    def wanted(self) -> list[list[RunConfig]]:
        """One run a seed, which has both; nothing where early stopping is off."""
        if self.page.view.judging.patience is None:
            return []
        return [repeated(self.page.config, SEEDS - 1)]

    def pair(self, records: tuple[RunRecord, ...]) -> tuple[Shown, Shown]:
        """The end of a run, and what the rule makes of it."""
        (record,) = records
        end, back = self.names
        judging = self.page.view.judging.early_stopping
        return Shown.at_end(record, end), stopping.look(record, back, **judging)


class Moments(Panel):
    """The epochs that matter, side by side: what is kept, the stop, the end."""

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.board, self.page = board, board.page
        self.table, self.note = Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        test = self.page.view.test
        columns = tables.moments(run, test)
        if not columns:
            return
        self.table.markdown(tables.markdown(columns))
        n = run.record.examples
        self.note.caption(
            f"± one standard error over {n['train']:,} training"
            + (f", {n['validation']:,} validation and {n['test']:,} test images" if test else "")
            + ("" if test else f" and {n['validation']:,} validation images")
            + (f"; wrong labels: {n['corrupted']:,}" if n["corrupted"] else "")
            + ". Cross-entropy: validation.",
        )


class Patiences(Panel):
    """What every patience makes of the run."""

    pace = END

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.board, self.page = board, board.page
        self.accuracy, self.cost, self.note = Place(), Place(), Place()
        self.told = Told(board.page)

    def draw(self, look: Look) -> None:
        """All patiences at once."""
        board, record = self.board, look.run.record
        rule, view = rule_of(board), self.page.view
        if not record.epochs:
            return
        found = stopping.outcomes(record, rule)
        rows = charts.patience_rows(found, rule.patience, view.test)
        self.accuracy.chart(
            rows,
            charts.patience_spec(board.horizon, view.test, board.dark),
            alt="Accuracy of the weights that are kept, with its error, under each patience.",
        )
        self.cost.chart(
            rows,
            charts.cost_spec(board.horizon, board.dark),
            alt="Epochs trained (bars) and the epoch whose weights are kept (dots) under each "
            "patience.",
        )
        self.note.caption(
            "Above: accuracy of the weights that are kept, ± one standard error. Below: epochs "
            "trained (bars), and the epoch whose weights are kept (dots).",
        )
        self.told.say(*outcomes_says.patiences(found, record))


class Monitors(Panel):
    """What the three monitors make of the run under one patience."""

    pace = END

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.board, self.page = board, board.page
        self.titles: list[Place] = []
        self.curves: list[Place] = []
        for column in st.columns(len(stopping.BETTER), gap="medium"):
            with column:
                self.titles.append(Place())
                self.curves.append(Place())
        self.table, self.note, self.told = Place(), Place(), Told(board.page)

    def draw(self, look: Look) -> None:
        """All three."""
        board, record = self.board, look.run.record
        rule, view = rule_of(board), self.page.view
        found = stopping.by_monitor(record, rule)
        if not found or rule.patience is None:
            self.told.say(Caption("rule off", {}))
            return
        for title, curve, outcome in zip(self.titles, self.curves, found, strict=True):
            own = rule.on(outcome.monitor)
            stop = own.replay(record, patience=rule.patience)
            penalised = outcome.monitor == "val_loss" and bool(record.history["penalty"].any())
            title.markdown(f"**`{outcome.monitor}`**")
            curve.chart(
                charts.monitor_rows(
                    record, own, stop, outcome.kept, penalty=penalised, training=False
                ),
                charts.monitor_spec(outcome.monitor, board.horizon, board.dark, small=True),
                alt=f"{outcome.monitor} after each epoch, its improvements, stop and weights.",
            )
        self.table.markdown(tables.markdown(tables.monitor_table(found, view.test)))
        own_words = rule.min_delta or rule.baseline is not None or rule.mode != "auto"
        self.note.caption(
            f"All at patience {rule.patience}, each in its own direction. The first two rows are "
            "epochs; the next two are measured on validation images."
            + (" Grey: the penalty." if record.history["penalty"].any() else "")
            + (" min_delta, baseline and mode are left out: they suit one." if own_words else ""),
        )
        self.told.say(*outcomes_says.monitors(found, record))


class Epochs(Pictured):
    """One epoch of the run: its figures, its first layer's weights."""

    pace = END

    def __init__(self, board: Board[EarlyStoppingView]) -> None:
        self.board, self.page = board, board.page
        self.epoch = view_controls.epoch(board.page.name, board.horizon)
        self.figures = []
        for column in st.columns(4):
            with column:
                self.figures.append(Place())
        self.told = Told(board.page)
        pictures, weights = st.columns([1.3, 1], gap="large")
        with pictures:
            self.kernels, self.kernels_note = Place(), Place()
        with weights:
            self.weights = Place()

    def draw(self, look: Look) -> None:
        """That epoch, or the one whose weights are kept."""
        board, run, rule = self.board, look.run, rule_of(self.board)
        record = run.record
        if not run.kept:
            return
        epoch = run.kept if self.epoch is None else min(self.epoch, record.epochs)
        wait = "off"
        if run.stop is not None:
            waits = run.stop.waits
            wait = str(waits[epoch - 1]) if epoch <= len(waits) else "not run"
        for place, (label, figure) in zip(
            self.figures,
            {
                f"Training, epoch {epoch}": f"{_share(record, 'train_accuracy', epoch)}%",
                "Validation": f"{_share(record, 'val_accuracy', epoch)}%",
                "Gap, points": points(record.gap(epoch)),
                "wait": wait,
            }.items(),
            strict=True,
        ):
            place.metric(label, figure)
        self.told.say(*says.at_epoch(run, rule, epoch))
        if record.has_snapshots:
            # All epochs on one scale.
            every = [record.snapshot(each) for each in range(record.epochs + 1)]
            self.kernels.image(
                png(kernel_pictures(every[epoch], picture_limit(every), board.dark)),
                alt="First-layer weights as pictures, one a unit.",
                width="stretch",
            )
            self.kernels_note.caption(
                self.page.words(Caption("kernels", {"epoch": str(epoch)})),
            )
        self.weights.chart(
            charts.weights_rows(record, epoch),
            charts.weights_spec(board.dark),
            alt="Density of the first layer's weights before training and at this epoch.",
        )


def end_and_kept(look: Look) -> list[Shown]:
    """The run with its last weights and with those that it ends with, where those are others and
    both are kept."""
    run = look.run
    last, here = Shown.at_end(run.record), run.record.weights_after(run.kept)
    if run.kept == last.kept or (run.record.weights and not here):
        return [run]
    return [each._replace(name=f"after epoch {each.kept}") for each in (last, run)]
