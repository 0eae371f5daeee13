"""The garments beside the curves: what a network has learnt, and what became of it on others.

Where labels are wrong, images that were told one, and whether the network repeats it. Where none
is, pairs that look alike: an image that it has learnt, and a new one that it gets wrong.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.charts.style import DIVERGING
from fmviz.lessons.overfitting.lesson import OverfittingView
from fmviz.run import data
from fmviz.run.data import CLASS_NAMES
from fmviz.run.naming import plural
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.words.prose import Caption

ALT = "Images, what they are, what the network was told of them, and what it says."
COLUMNS, ROWS = 3, 2
# Of the stand-in's images, in pixels.
WIDTH = 92


class Tile(NamedTuple):
    """An image and what a run makes of it.

    Attributes:
        grey: (784,) uint8.
        truth, told: its class, and the one that the run was told; None of an image it never saw.
        answers: (epochs + 1,) the classes that it gives, before the first step and after each
            epoch.
    """

    grey: npt.NDArray[np.uint8]
    truth: int
    told: int | None
    answers: npt.NDArray[np.integer]

    def says(self, epoch: int) -> str:
        """The lines below it."""
        told = [f"told {CLASS_NAMES[self.told]}"] if self.told is not None else []
        says = f"says {CLASS_NAMES[self.answers[epoch]]}"
        return ", ".join([*told, says, f"is {CLASS_NAMES[self.truth]}"])


class Row(NamedTuple):
    """Images side by side.

    Attributes:
        titles: what is said above them, before the first step and after each epoch.
    """

    titles: list[Caption]
    tiles: list[Tile]


def wrong_labels(run: Shown) -> list[Row]:
    """Images that were told a wrong label: those that the run repeats, then those that it does
    not."""
    record, sample = run.record, memory.training_sample(run.record.config)
    found = memory.by_heart(record, run.kept)
    others = np.sort(np.concatenate([found.seen_through, found.astray]))
    chosen = np.concatenate([found.memorised, others])[: COLUMNS * ROWS]
    tiles = [
        Tile(
            sample.images.grey[index],
            int(sample.truth[index]),
            int(sample.told[index]),
            record.train_predictions[:, index],
        )
        for index in chosen
    ]
    repeats = (record.train_predictions == sample.told)[:, sample.wrong].sum(axis=1)
    titles = [
        Caption(
            "beside, by heart",
            {"repeated": f"{count:,}", "wrong": plural(int(sample.wrong.sum()), "wrong label")},
        )
        for count in repeats
    ]
    return [Row(titles, tiles)]


def look_alikes(run: Shown) -> list[Row]:
    """Pairs of one class, each above the other: an image of the training sample that the run gets
    right, and one of the validation set that it gets wrong."""
    record, sample = run.record, memory.training_sample(run.record.config)
    new = data.load(record.config.dataset).validation
    pairs = memory.look_alikes(record, run.kept)[:COLUMNS]
    known = [
        Tile(
            sample.images.grey[pair.training],
            int(sample.truth[pair.training]),
            int(sample.told[pair.training]),
            record.train_predictions[:, pair.training],
        )
        for pair in pairs
    ]
    missed = [
        Tile(
            new.grey[pair.validation],
            int(new.labels[pair.validation]),
            None,
            record.val_predictions[:, pair.validation],
        )
        for pair in pairs
    ]
    return [
        Row(_right("beside, learnt", record.train_predictions == sample.truth), known),
        Row(_right("beside, new", record.val_predictions == new.labels), missed),
    ]


def _right(section: str, right: npt.NDArray[np.bool_]) -> list[Caption]:
    """How many are right after each epoch, of (epochs + 1, images)."""
    images = f"{right.shape[1]:,}"
    return [Caption(section, {"right": f"{n:,}", "images": images}) for n in right.sum(axis=1)]


def reel(rows: list[Row], run: int, say: Callable[[Caption], str]) -> film.Reel:
    """Rows as a picture that moves.

    Args:
        run: which of the page's runs they are of.
        say: a caption in the lesson's words.
    """
    drawn = [
        {
            "titles": [say(title) for title in row.titles],
            "tiles": [
                {
                    "grey": base64.b64encode(tile.grey.tobytes()).decode(),
                    "truth": tile.truth,
                    "told": tile.told,
                    "answers": tile.answers.tolist(),
                }
                for tile in row.tiles
            ],
        }
        for row in rows
    ]
    blue, _, vermilion = zip(*(DIVERGING[dark] for dark in (False, True)), strict=True)
    return {
        "run": run,
        "rows": drawn,
        "columns": COLUMNS,
        "names": list(CLASS_NAMES),
        "right": list(blue),
        "wrong": list(vermilion),
        "shape": list(data.SHAPE),
    }


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
        rows = (wrong_labels if noisy else look_alikes)(run)
        for (title, images), row in zip(self.places, rows, strict=False):
            title.markdown(f"**{self._say(row.titles[run.kept])}**")
            if row.tiles:
                said = [tile.says(run.kept) for tile in row.tiles]
                shown = [picture(data.SHADES[tile.grey]) for tile in row.tiles]
                images.image(shown, alt=said, captions=said, width=WIDTH)
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "garments", ALT, reel(rows, len(look.runs) - 1, self._say)
            ),
        )
        alone = "beside, note of labels" if noisy else "beside, note of pairs"
        self.note.caption(self.page.text(alone if rows[-1].tiles else "beside, none alike"))

    def _say(self, caption: Caption) -> str:
        return self.page.text(caption.section, caption.figures)
