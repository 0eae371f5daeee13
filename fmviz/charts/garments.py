"""Images, and what a run says of them after each epoch: as lines below pictures, and as a reel."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.charts.film import Reel
from fmviz.charts.style import DIVERGING
from fmviz.run import data
from fmviz.run.data import CLASS_NAMES

ALT = "Images, what they are, what the network was told of them, and what it says."


class Tile(NamedTuple):
    """An image and what a run makes of it.

    Attributes:
        grey: (784,) uint8.
        truth, told: its class, and the one that the run was told; None of an image it never saw.
        answers: (epochs + 1,) the classes that it gives, before the first step and after each
            epoch.
        note: what else is said of it, whatever the epoch.
    """

    grey: npt.NDArray[np.uint8]
    truth: int
    told: int | None
    answers: npt.NDArray[np.integer]
    note: str = ""

    def says(self, epoch: int) -> str:
        """The lines below it."""
        told = "" if self.told is None else f"told {CLASS_NAMES[self.told]}"
        says, truth = CLASS_NAMES[self.answers[epoch]], CLASS_NAMES[self.truth]
        return ", ".join(filter(None, [told, f"says {says}", f"is {truth}", self.note]))


class Row(NamedTuple):
    """Images side by side.

    Attributes:
        titles: what is said above them, before the first step and after each epoch.
    """

    titles: list[str]
    tiles: list[Tile]


def of_training(run: Shown, indices: Iterable[int]) -> list[Tile]:
    """Images of the training sample of a finished run."""
    record, sample = run.record, memory.training_sample(run.record.config)
    return [
        Tile(
            sample.images.grey[index],
            int(sample.truth[index]),
            int(sample.told[index]),
            record.train_predictions[:, index],
        )
        for index in indices
    ]


def of_validation(run: Shown, indices: Iterable[int]) -> list[Tile]:
    """Images of the validation set, which no run has been told of."""
    record, new = run.record, data.load(run.record.config.dataset).validation
    return [
        Tile(new.grey[index], int(new.labels[index]), None, record.val_predictions[:, index])
        for index in indices
    ]


def repeated(run: Shown) -> list[int]:
    """How many wrong labels of its training sample a finished run answers as told, before the first
    step and after each epoch."""
    sample = memory.training_sample(run.record.config)
    counts = (run.record.train_predictions == sample.told)[:, sample.wrong].sum(axis=1)
    return [int(count) for count in counts]


def rows_reel(rows: Sequence[Row], run: int, columns: int | None = None) -> Reel:
    """Rows as a picture that moves.

    Args:
        run: which of the page's runs they are of.
        columns: how many stand side by side; else as many as there is room for.
    """
    drawn = [
        {
            "titles": row.titles,
            "tiles": [
                {
                    "grey": base64.b64encode(tile.grey.tobytes()).decode(),
                    "truth": tile.truth,
                    "told": tile.told,
                    "answers": tile.answers.tolist(),
                    "note": tile.note,
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
        "columns": columns,
        "names": list(CLASS_NAMES),
        "right": list(blue),
        "wrong": list(vermilion),
        "shape": list(data.SHAPE),
    }
