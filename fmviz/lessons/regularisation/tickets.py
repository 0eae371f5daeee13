"""The lottery ticket on this page's run: prune, put back, train again, beside a random choice.

Frankle & Carbin 2019 (arXiv:1803.03635): of a trained network the weights that have become largest
are kept, put back to where they began, and trained again without the others. They prune in
rounds, a fifth at a time; here once. NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.analysis.seeds import SEEDS, repeated
from fmviz.analysis.significance import Comparison, among, of_draws, of_seeds, pooled_spread
from fmviz.run.choices import Ticket
from fmviz.run.config import RunConfig
from fmviz.run.data import Images
from fmviz.run.measure import Estimate, accuracy
from fmviz.run.record import RunRecord
from fmviz.theory import tickets

Floats = npt.NDArray[np.float64]

# Shares of each hidden layer's weights that stay.
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5)
# The one that the guess is about.
GUESSED = 0.1
LARGEST: Ticket = "magnitude"
RANDOM: Ticket = "random"
# So early it shows who learns fast.
EARLY = 3


def runs(config: RunConfig) -> list[RunConfig]:
    """The whole network, and its tickets of each share beside as many weights drawn at random, with
    so many seeds each; what has a seed stands together, for it has a parent to share."""
    return [
        of_seed.replace(ticket=ticket, kept=share)
        for of_seed in repeated(config.parent, SEEDS - 1)
        for ticket, share in (("none", 1.0), *((t, k) for k in SHARES for t in (LARGEST, RANDOM)))
    ]


class Share(NamedTuple):
    """What networks with one share of the weights do: accuracy on validation images, one a seed."""

    kept: float
    largest: Floats
    random: Floats


class Lottery:
    """The whole network and its tickets, compared seed by seed.

    Args:
        whole: its validation accuracy, one a seed.
        shares: from few weights to many, of the same seeds.
        images: how many accuracies are measured on.
    """

    def __init__(self, whole: Floats, shares: Sequence[Share], images: int) -> None:
        self.whole, self.shares, self.images = whole, list(shares), images
        rows = [whole, *(row for share in shares for row in (share.largest, share.random))]
        self._spread = pooled_spread(np.array(rows))

    def lead(self, share: Share) -> Comparison:
        """Mean accuracy of the largest weights − that of random ones; held out against as many
        tries as there are shares."""
        return among(self._less(share.largest, share.random), len(self.shares))

    def gain(self, share: Share) -> Comparison:
        """Mean accuracy of the largest weights − that of the whole network, likewise."""
        return among(self._less(share.largest, self.whole), len(self.shares))

    def loss(self, share: Share) -> Comparison:
        """Mean accuracy of the whole network − that of the largest weights, by itself: many tries
        would excuse a loss."""
        return self._less(self.whole, share.largest)

    def _less(self, first: Floats, second: Floats) -> Comparison:
        return of_seeds(first - second, self.images, self._spread)

    @property
    def winning(self) -> Share | None:
        """The fewest weights that do as well as all, as far as can be told, and so do all larger
        shares; None where even the largest share does worse."""
        found = None
        for share in reversed(self.shares):
            if self.loss(share).sign > 0:
                break
            found = share
        return found

    @property
    def leading(self) -> list[Share]:
        """The shares at which the largest weights beat random ones by more than chance."""
        return [share for share in self.shares if self.lead(share).sign > 0]

    @property
    def trailing(self) -> list[Share]:
        """The shares at which random ones beat the largest."""
        return [share for share in self.shares if self.lead(share).sign < 0]


def lottery(records: Sequence[RunRecord], epoch: int | None = None) -> Lottery | None:
    """What the runs of `runs` come to; None where not all seeds of the whole network and of one
    share have ended finite.

    Args:
        records: of runs that have ended.
        epoch: after how many epochs; None is all.
    """
    found: dict[tuple[str, float], list[RunRecord]] = {}
    for record in records:
        if record.diverged is None:
            config = record.config
            kept = 1.0 if config.ticket == "none" else config.kept
            found.setdefault((config.ticket, kept), []).append(record)
    ends = {
        place: np.array([_accuracy(r, epoch) for r in sorted(some, key=_seed)])
        for place, some in found.items()
        if len(some) == SEEDS
    }
    whole = ends.get(("none", 1.0))
    shares = [
        Share(kept, ends[LARGEST, kept], ends[RANDOM, kept])
        for kept in SHARES
        if {(LARGEST, kept), (RANDOM, kept)} <= ends.keys()
    ]
    if whole is None or not shares:
        return None
    return Lottery(whole, shares, records[0].examples["validation"])


def _seed(record: RunRecord) -> int:
    return record.config.seed


def _accuracy(record: RunRecord, epoch: int | None) -> float:
    return record.at("val_accuracy", record.epochs if epoch is None else min(epoch, record.epochs))


def answer(found: Lottery) -> int | None:
    """Which option of the guess is right of the guessed share: about as good as the whole network,
    worse but better than random weights, or no better than those; None where it is not known."""
    share = next((share for share in found.shares if share.kept == GUESSED), None)
    if share is None:
        return None
    if found.lead(share).sign <= 0:
        return 2
    return 0 if found.loss(share).sign <= 0 else 1


def mean(values: Floats) -> Comparison:
    """The mean over the seeds; its 95% interval is by Student's t."""
    return of_draws(values)


def pruned(record: RunRecord, images: Images) -> Mapping[float, Estimate]:
    """Share kept → accuracy of a network whose other weights are set to zero after its training,
    and which is not trained again: the weights of its tickets, with the values they ended with.

    Args:
        record: of the whole network, with its weights.
    """
    found = {}
    for kept in SHARES:
        ticket = record.config.replace(ticket=LARGEST, kept=kept)
        left = tickets.masked(record.weights, tickets.masks(ticket, record.weights))
        right = network.predict(left, record.config.activation, images.pixels) == images.labels
        found[kept] = accuracy(float(right.mean()), len(images))
    return found
