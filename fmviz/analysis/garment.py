"""One image through the course: the same shirt under the networks of every page. NumPy only.

It validates in either data set, so no run trains on it. Networks take it for a coat as often as
not, which is why it was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.analysis.stopping import Shown, shown_weights
from fmviz.run import data

# Its place among the validation images of each data set.
PLACES = {"compact": 544, "full": 2182}


class Garment(NamedTuple):
    """The image.

    Attributes:
        pixels: (784,), in [0, 1].
        truth: its class.
    """

    place: int
    pixels: data.Floats
    truth: int


class Answer(NamedTuple):
    """What a network makes of it.

    Attributes:
        run: the network's name.
        epoch: epochs trained of the weights that answer.
        answer: the class with the largest share.
        shares: (10,) what it gives each class, adding up to 1; None where its weights are not kept.
    """

    run: str
    epoch: int
    answer: int
    shares: npt.NDArray[np.float64] | None


def garment(dataset: str) -> Garment:
    """The image, as a data set has it."""
    place = PLACES[dataset]
    image = data.load(dataset).validation[place : place + 1]
    return Garment(place, image.pixels[0], int(image.labels[0]))


def answers(runs: Sequence[Shown]) -> list[Answer]:
    """What runs that have ended answer side by side: by the weights that they are shown with, where
    any are kept; else by the answers that were recorded of the epochs on show."""
    shown = shown_weights(runs)
    if not any(weights for weights, _ in shown):
        shown = [((), run.kept) for run in runs]
    return [_answer(run, *each) for run, each in zip(runs, shown, strict=True)]


def _answer(run: Shown, weights: Sequence[npt.NDArray[Any]], epoch: int) -> Answer:
    record, config = run.record, run.record.config
    seen = garment(config.dataset)
    if weights:
        # In double precision, where weights of a run that diverged overflow later.
        passed = network.forward(
            [w.astype(np.float64) for w in weights],
            config.activation,
            seen.pixels[None].astype(np.float64),
        )
        shares = network.softmax(passed.logits)[0]
        if np.isfinite(shares).all():
            return Answer(run.name, epoch, int(shares.argmax()), shares.astype(np.float64))
    return Answer(run.name, epoch, int(record.answers("val", epoch)[seen.place]), None)
