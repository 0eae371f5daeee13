"""The garments beside the curves: what a network has learnt, and what became of it on others.

Where labels are wrong, images that were told one, and whether the network repeats it. Where none
is, pairs that look alike: an image that it has learnt, and a new one that it gets wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.charts import film, garments
from fmviz.charts.garments import ALT, Row
from fmviz.lessons.overfitting.lesson import OverfittingView
from fmviz.run import data
from fmviz.run.naming import plural
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.panels.memory import draw_row
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.words.prose import Caption

COLUMNS, ROWS = 3, 2
# Of the stand-in's images, in pixels.
WIDTH = 92

Say = Callable[[Caption], str]


def wrong_labels(run: Shown, say: Say) -> list[Row]:
    """Images that were told a wrong label: those that the run repeats, then those that it does
    not."""
    found = memory.by_heart(run.record, run.kept)
    chosen = np.concatenate([found.memorised, found.others])[: COLUMNS * ROWS]
    wrong = plural(found.wrong, "wrong label")
    titles = [
        say(Caption("beside, by heart", {"repeated": f"{count:,}", "wrong": wrong}))
        for count in garments.repeated(run)
    ]
    return [Row(titles, garments.of_training(run, chosen))]


def look_alikes(run: Shown, say: Say) -> list[Row]:
    """Pairs of one class, each above the other: an image of the training sample that the run gets
    right, and one of the validation set that it gets wrong.

    Args:
        say: a caption in the lesson's words.
    """
    record, sample = run.record, memory.training_sample(run.record.config)
    new = data.load(record.config.dataset).validation
    pairs = memory.look_alikes(record, run.kept)[:COLUMNS]
    known = garments.of_training(run, (pair.training for pair in pairs))
    missed = garments.of_validation(run, (pair.validation for pair in pairs))

    def titles(section: str, right: npt.NDArray[np.bool_]) -> list[str]:
        """How many are right after each epoch, of (epochs + 1, images)."""
        images = f"{right.shape[1]:,}"
        counts = right.sum(axis=1)
        return [say(Caption(section, {"right": f"{n:,}", "images": images})) for n in counts]

    return [
        Row(titles("beside, learnt", record.train_predictions == sample.truth), known),
        Row(titles("beside, new", record.val_predictions == new.labels), missed),
    ]


class Garments(Panel):
    """What the last run has learnt, as pictures, at the epoch of the player."""

    pace = END

    def __init__(self, board: Board[OverfittingView]) -> None:
        self.page = board.page
        self.screen = Screen(board.page, "garments")
        with self.screen.stand_in():
            self.places = [(Place(), Place()) for _ in range(ROWS)]
        self.note = Place()

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run = look.run
        if not run.kept:
            return
        noisy = bool(run.record.examples["corrupted"])
        rows = (wrong_labels if noisy else look_alikes)(run, self._say)
        for (title, images), row in zip(self.places, rows, strict=False):
            draw_row(title, images, row, run.kept, WIDTH)
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock,
                "garments",
                ALT,
                garments.rows_reel(rows, len(look.runs) - 1, COLUMNS),
            ),
        )
        alone = "beside, note of labels" if noisy else "beside, note of pairs"
        self.note.caption(self.page.text(alone if rows[-1].tiles else "beside, none alike"))

    def _say(self, caption: Caption) -> str:
        return self.page.text(caption.section, caption.figures)
