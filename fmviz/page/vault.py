"""The locked test vault: test images kept for the last word, and every look at them counted.

Who chooses a run by its validation accuracy chooses partly by luck: of many equally good runs the
one that looks best is the one that the validation images happened to flatter. Only images that
took no part in the choice tell what the chosen run is worth. The vault keeps them out of sight
while choices are made, and then sets the best validation score beside its test score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from fmviz.analysis.significance import Comparison, separate
from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord


class Tried(NamedTuple):
    """A network whose validation accuracy the reader has seen.

    Attributes:
        epoch: after how many epochs its weights are.
        validation, test: accuracy of those weights; the latter None until the vault is opened.
        images: how many test images judge it; 0 until then.
    """

    config: RunConfig
    epoch: int
    validation: Estimate
    test: Estimate | None = None
    images: int = 0

    @property
    def score(self) -> Estimate:
        """The accuracy on test images.

        Raises:
            ValueError: those have not been measured.
        """
        if self.test is None:
            raise ValueError("the test images have not been measured")
        return self.test


@dataclass(frozen=True)
class Vault:
    """What a session has tried on validation, and how often it has looked at test figures.

    Attributes:
        tried: each network once, in the order in which they were first seen.
        peeked: the runs that it has looked into the vault for, a tuple of keys a look.
        opened: whether it has been opened for good.
    """

    tried: tuple[Tried, ...] = ()
    peeked: tuple[tuple[str, ...], ...] = ()
    opened: bool = False

    def saw(self, runs: Iterable[Shown]) -> Vault:
        """With the validation accuracy of some ended runs seen. Once opened, it counts no more."""
        if self.opened:
            return self
        known = {(each.config, each.epoch) for each in self.tried}
        new = [
            Tried(run.record.config, run.kept, run.accuracy())
            for run in runs
            if run.kept and (run.record.config, run.kept) not in known
        ]
        return replace(self, tried=self.tried + tuple(new)) if new else self

    def peek(self, configs: Iterable[RunConfig]) -> Vault:
        """With one more look at the test figures of some runs."""
        keys = tuple(config.key for config in configs)
        return self if self.shows(keys) else replace(self, peeked=(*self.peeked, keys))

    def shows(self, keys: tuple[str, ...]) -> bool:
        """Whether the reader may see the test figures of the runs with these keys."""
        return self.opened or keys in self.peeked

    def open(self) -> Vault:
        """Opened for good."""
        return replace(self, opened=True)

    @property
    def unjudged(self) -> tuple[RunConfig, ...]:
        """The runs of which test accuracy is still to be measured."""
        return tuple(dict.fromkeys(each.config for each in self.tried if each.test is None))

    def judged(self, records: Iterable[RunRecord]) -> Vault:
        """With the test accuracy of networks tried, from records that have it."""
        known = {record.config: record for record in records}

        def judge(each: Tried) -> Tried:
            record = known.get(each.config)
            if record is None or each.test is not None:
                return each
            # A run that diverges may do so an epoch earlier where it is trained again.
            test = record.estimate("test_accuracy", min(each.epoch, record.epochs))
            return each._replace(test=test, images=record.examples["test"])

        return replace(self, tried=tuple(map(judge, self.tried)))

    @property
    def best(self) -> Tried:
        """The network with the highest validation accuracy; the first of equals.

        Raises:
            ValueError: nothing has been tried.
        """
        return max(self.tried, key=lambda each: each.validation.value)


def drop(tried: Tried) -> Comparison:
    """Validation − test accuracy of one network, on separate images."""
    return separate(tried.validation, tried.score)
