"""Panels of the lesson on overfitting."""

from __future__ import annotations

from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.lessons.overfitting import charts, says
from fmviz.lessons.overfitting.lesson import OverfittingView
from fmviz.run.choices import DATASETS
from fmviz.run.settings import SETTINGS
from fmviz.ui.board import Board
from fmviz.ui.look import Look
from fmviz.ui.page import Page
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.card import Card
from fmviz.ui.panels.figures import Gap, Headline
from fmviz.words.numbers import points
from fmviz.words.prose import Caption


def definition(page: Page[OverfittingView]) -> None:
    """What overfitting is, what that leaves out, and what each set of images is for."""
    info = DATASETS[page.config.dataset]
    figures = {
        "train": f"{page.config.train_size:,}",
        "validation": f"{info.validation:,}",
        "test": f"{info.test:,}",
    }
    page.say(Caption("definition", {}), Caption("three sets", figures))


WRONG_LABELS = (
    "Among the measured training images, those that were told a wrong class: the share that the "
    "network answers with that very class, ± one standard error."
)
LABELS_ALT = (
    "Share answered as told over the epochs: training images with a true label, with a wrong "
    "label, and validation images."
)
LOSS_ALT = (
    "Cross-entropy on training images (solid) and validation images (dashed) of each run over the "
    "epochs."
)


def _as_told(run: Shown, epoch: int) -> str:
    return f"{points(run.record.estimate('corrupted_accuracy', epoch))}%"


def _training_loss(run: Shown, epoch: int) -> str:
    return says.loss(run._replace(kept=epoch))[0].figures["training"]


class ToldGap(Gap):
    """The gap meter, of the images with a true label; its bars are scored as told, and say so."""

    def headline(self, run: Shown) -> Headline:
        """No gap where no label is true."""
        if not run.record.examples["corrupted"]:
            return super().headline(run)
        gap = says.true_gap(run)
        return Headline(
            f"Accuracy gap on true labels, {run.name}",
            "–" if gap is None else f"{points(gap)} points",
            "Accuracy on the training images that were told their true class − validation "
            "accuracy. Where every label is wrong there is none. ± is one standard error.",
        )

    def describe(self, look: Look) -> str:
        """With what training is scored against."""
        wrong = look.run.record.examples["corrupted"]
        return super().describe(look) + (f" {self.page.text('told gap')}" if wrong else "")


class Labels(Card):
    """How many right and how many wrong labels the network answers as told, over the epochs."""

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        if not run.record.examples["corrupted"]:
            self.note.caption(self.page.text("no wrong label measured"))
            return
        share = run.record.estimate("corrupted_accuracy", run.kept)
        self.metric.metric(
            label := "Wrong labels answered as told",
            f"{points(share)}%",
            help=(meaning := WRONG_LABELS),
        )
        self.chart.chart(
            charts.labels_rows(run),
            charts.labels_spec(run.record.config.epochs, self.board.dark),
            alt=LABELS_ALT,
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "lines",
                LABELS_ALT,
                charts.labels_reel(look.runs),
                film.head(look.runs, label, meaning, _as_told),
            ),
        )
        self.note.caption(self.page.text("labels note"))


class Loss(Card):
    """Cross-entropy over the epochs: on training images towards 0, on validation not."""

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        captions = says.loss(run)
        if not captions:
            return
        self.metric.metric(
            label := f"Training loss, {run.name}",
            captions[0].figures["training"],
            help=(
                meaning := "Mean cross-entropy on the measured training images with the weights "
                "after the epoch. Guessing among ten classes costs ln 10 = 2.303."
            ),
        )
        self.chart.chart(
            charts.loss_rows(look.runs),
            charts.loss_spec(self.board.roles, self.board.horizon, self.board.dark),
            alt=LOSS_ALT,
        )
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "lines",
                LOSS_ALT,
                charts.loss_reel(look.runs, self.board.horizon),
                film.head(look.runs, label, meaning, _training_loss),
            ),
        )
        self.told.say(*captions)


def sizes(board: Board[OverfittingView]) -> Against:
    """Accuracy against training size, for the sizes of the control that the compact set has and the
    present one: a sweep on request."""
    config, most = board.page.config, DATASETS["compact"].train
    values = sorted({n for n in SETTINGS["train_size"].slider if n <= most} | {config.train_size})
    title = f"training images, n ({config.epochs} epochs each)"
    return Against(board, "train_size", values, title, says.learning_curve, log=True)
