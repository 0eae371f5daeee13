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


class Tried(NamedTuple):
    """A network whose validation accuracy the reader has seen.

    Attributes:
        epoch: after how many epochs its weights are.
        validation, test: accuracy of those weights.
        images: how many test images judge it.
    """

    config: RunConfig
    epoch: int
    validation: Estimate
    test: Estimate
    images: int


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
            Tried(
                run.record.config,
                run.kept,
                run.accuracy(),
                run.accuracy("test"),
                run.record.examples["test"],
            )
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
    def best(self) -> Tried:
        """The network with the highest validation accuracy; the first of equals.

        Raises:
            ValueError: nothing has been tried.
        """
        return max(self.tried, key=lambda each: each.validation.value)


def drop(tried: Tried) -> Comparison:
    """Validation − test accuracy of one network, on separate images."""
    return separate(tried.validation, tried.test)
