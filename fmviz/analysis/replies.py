"""What networks answer to a picture that is of no data set: a reader's own. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import masks, network
from fmviz.analysis.kept import KeptWeights
from fmviz.analysis.stopping import Shown, shown_weights
from fmviz.run import data
from fmviz.run.measure import Estimate, accuracy

Floats = npt.NDArray[np.floating[Any]]

MASKS = 50


class Reply(NamedTuple):
    """What a network makes of a picture.

    Attributes:
        run: the network's name.
        by: the weights that answer.
        off: (10,) the share it gives each class in inference mode, as Keras predicts.
        on: the same with dropout on, over `MASKS` masks; None where it was trained without.
    """

    run: str
    by: KeptWeights
    off: npt.NDArray[np.float64]
    on: masks.Shares | None

    @property
    def answer(self) -> int:
        """The class with the largest share."""
        return int(self.off.argmax())

    @property
    def sure(self) -> float:
        """That share."""
        return float(self.off.max())


def replies(runs: Sequence[Shown], pixels: Floats) -> list[Reply]:
    """What runs that have ended answer side by side, by the weights that they are shown with. One
    whose weights are not kept, or are not finite any more, is left out.

    Args:
        pixels: (784,) in [0, 1].
    """
    found = []
    for run, (weights, _) in zip(runs, shown_weights(runs), strict=True):
        if weights:
            reply = _reply(run.name, KeptWeights(run.record.config, weights), pixels)
            if np.isfinite(reply.off).all():
                found.append(reply)
    return found


def _reply(run: str, by: KeptWeights, pixels: Floats) -> Reply:
    config, weights = by.config, by.weights
    # In double precision, where weights of a run that diverged overflow later.
    double = [w.astype(np.float64) for w in weights]
    off = network.softmax(
        network.forward(double, config.activation, pixels[None].astype(np.float64)).logits
    )[0]
    on = None
    if config.dropout and config.hidden:
        on = masks.shares_on(weights, config.activation, pixels, config.dropout, draws=MASKS)
    return Reply(run, by, off.astype(np.float64), on)


class Sureness(NamedTuple):
    """How good a network is on the validation images that it is as sure of.

    Attributes:
        images: so many of them.
        right: the share of those that it answers rightly; None where there are none.
    """

    images: int
    right: Estimate | None


def as_sure(reply: Reply) -> Sureness:
    """Of the validation images to whose answer a network gives at least the share that it gives its
    answer to this picture."""
    sure, right = _of_validation(reply.by)
    chosen = right[sure >= reply.sure]
    if not len(chosen):
        return Sureness(0, None)
    return Sureness(len(chosen), accuracy(float(chosen.mean()), len(chosen)))


@lru_cache(maxsize=16)
def _of_validation(of: KeptWeights) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """How sure a network is of its answer to each validation image, and whether that is right."""
    config = of.config
    images = data.load(config.dataset).validation
    shares = network.softmax(network.forward(of.weights, config.activation, images.pixels).logits)
    return shares.max(axis=1).astype(np.float64), shares.argmax(axis=1) == images.labels
