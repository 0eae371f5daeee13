"""Panels of the lesson on overfitting."""

from __future__ import annotations

from fmviz.analysis.stopping import Shown
from fmviz.lessons.overfitting import charts, says, widths, widths_charts, widths_says
from fmviz.lessons.overfitting.lesson import OverfittingView
from fmviz.page import guessing
from fmviz.run.choices import DATASETS
from fmviz.run.record import RunRecord
from fmviz.run.settings import SETTINGS
from fmviz.ui import view_controls
from fmviz.ui.board import Board
from fmviz.ui.look import Look
from fmviz.ui.page import Page
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.card import Card
from fmviz.ui.panels.own_guess import OwnGuess
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.told import Told
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


# The guess before ever wider networks, and what can be shown of them.
WIDER = "wider"
MEASURED = {"error": "error", "crossentropy": "cross-entropy"}


def _as_told(run: Shown, epoch: int) -> str:
    return f"{points(run.record.estimate('corrupted_accuracy', epoch))}%"


def _training_loss(run: Shown, epoch: int) -> str:
    return says.loss(run._replace(kept=epoch))[0].figures["training"]


class Labels(Card):
    """How many right and how many wrong labels the network answers as told, over the epochs."""

    def draw(self, look: Look) -> None:
        """The newest figures."""
        run = look.run
        if not run.record.examples["corrupted"]:
            self.note.caption(self.page.text("no wrong label measured"))
            return
        self.show(
            look,
            "Wrong labels answered as told",
            WRONG_LABELS,
            _as_told,
            rows=charts.labels_rows(run),
            spec=charts.labels_spec(run.record.config.epochs, self.board.dark),
            kind="lines",
            alt=LABELS_ALT,
            reel=lambda: charts.labels_reel(look.runs),
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
        self.show(
            look,
            f"Training loss, {run.name}",
            "Mean cross-entropy on the measured training images with the weights after the epoch. "
            "Guessing among ten classes costs ln 10 = 2.303.",
            _training_loss,
            rows=charts.loss_rows(look.runs),
            spec=charts.loss_spec(self.board.roles, self.board.horizon, self.board.dark),
            kind="lines",
            alt=LOSS_ALT,
            reel=lambda: charts.loss_reel(look.runs, self.board.horizon),
        )
        self.told.say(*captions)


class Widths(OnRequest):
    """What ever wider networks get wrong, told the truth and not, over several seeds: a sweep on
    request, after a guess."""

    def __init__(self, board: Board[OverfittingView]) -> None:
        super().__init__(board)
        config = self.page.config
        self.page.say(widths_says.intro(config))
        self.guess = OwnGuess(self.page, WIDER)
        if self.guess.made is None:
            self.guess.ask()
            return
        view_controls.choice(self.page.name, "held_out", "On validation images", MEASURED)
        self.figure = self.page.view.held_out
        self.names = {noise: widths_says.labels(noise) for noise in widths.noises(config)}
        self._chart, self._told = Place(), Told(self.page)
        self.offer("widths", widths.runs(config), outline=True)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The curves as far as widths have ended, the words at the end."""
        ended = [record for record in records if record is not None and record.complete]
        found = widths.descents(ended, self.figure)
        self._chart.chart(
            widths_charts.widths_rows(found, self.names, self.figure),
            widths_charts.widths_spec(tuple(self.names.values()), self.figure, self.board.dark),
            alt="What networks get wrong against the units of their hidden layer, told the truth "
            "and not; validation dashed, training solid.",
        )
        if not done:
            return
        # The guess is about the error, whatever is drawn.
        told = widths.descents(ended, "error").get(max(self.names))
        answer = None if told is None else widths.answer(told)
        self._told.say(
            *widths_says.told(found, self.figure),
            widths_says.about(self.page.config),
            in_sight=guessing.became(self.page.name, f"guess {WIDER}", self.guess.made, answer),
        )


def sizes(board: Board[OverfittingView]) -> Against:
    """Accuracy against training size, for the sizes of the control that the compact set has and the
    present one: a sweep on request."""
    config, most = board.page.config, DATASETS["compact"].train
    values = sorted({n for n in SETTINGS["train_size"].slider if n <= most} | {config.train_size})
    title = f"training images, n ({config.epochs} epochs each)"
    return Against(board, "train_size", values, title, says.learning_curve, log=True)
