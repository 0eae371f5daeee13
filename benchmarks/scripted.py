"""A trainer that only waits, for `make bench-scale`: as a worker's preload it takes the place of
the real one, and everything else is real.

A run takes `SECONDS` (SCRIPTED_SECONDS), a model as long as its members one after the other; what
comes out is a recorded run under another seed, which says which training and worker it is of.
TensorFlow is not imported, so that a worker is thin.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from fmviz.engine import worker
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.phases import PhaseName
from fmviz.run.record import ANSWERS, RunRecord
from fmviz.run.store import RECORDED_FOLDER

EPOCHS = 4
SECONDS = float(os.environ.get("SCRIPTED_SECONDS") or 4)


@cache
def recorded() -> RunRecord:
    """The first epochs of a run that ships, as of a run that ends there."""
    run = archive.unpack((RECORDED_FOLDER / f"{RunConfig().key}.npz").read_bytes())
    return replace(
        run,
        config=run.config.replace(epochs=EPOCHS),
        history={name: values[:EPOCHS] for name, values in run.history.items()},
        layers={name: values[:EPOCHS] for name, values in run.layers.items()},
        **{name: getattr(run, name)[: EPOCHS + 1] for name in ANSWERS},
    ).brief()


def runs(count: int) -> list[RunConfig]:
    """So many different runs of one shape."""
    return [recorded().config.replace(seed=seed) for seed in range(count)]


def so_far(config: RunConfig, epochs: int, training: str) -> RunRecord:
    """What is known of a run after so many epochs."""
    made = {**recorded().made, "training": training, "worker": worker.NAME}
    whole = replace(recorded(), config=config, made=made)
    if epochs == EPOCHS:
        return whole
    none = np.empty((0, 0), np.uint8)
    return replace(
        whole,
        history={name: values[:epochs] for name, values in whole.history.items()},
        layers={name: values[:epochs] for name, values in whole.layers.items()},
        train_predictions=none,
        val_predictions=none,
        test_predictions=none,
        val_confidences=none,
    )


class Waiting:
    """A group that waits instead of training; see `engine.requests.Group`."""

    def __init__(self, configs: Sequence[RunConfig], on_phase: Callable[[PhaseName], None]) -> None:
        self._configs, self._on_phase = configs, on_phase
        self._epochs, self._name = 0, uuid.uuid4().hex

    @property
    def ended(self) -> bool:
        return self._epochs == EPOCHS

    @property
    def have_ended(self) -> list[bool]:
        return [self.ended] * len(self._configs)

    def parts(self) -> Iterator[bool]:
        yield True  # the start
        while not self.ended:
            self._on_phase("training")
            time.sleep(SECONDS * len(self._configs) / EPOCHS)
            self._epochs += 1
            yield True

    def records(self) -> list[RunRecord]:
        return [so_far(config, self._epochs, self._name) for config in self._configs]

    def kept(self) -> None:
        """It begins again."""


class Backend:
    """Makes such groups; see `engine.requests.Backend`."""

    def at_hand(self, configs: Sequence[RunConfig], most: int) -> int:
        return len(configs)

    def slots(self, members: int) -> int:
        return members

    def group(
        self,
        configs: Sequence[RunConfig],
        *,
        slots: int,
        test: bool,
        begun: str,
        on_phase: Callable[[PhaseName], None],
    ) -> Waiting:
        return Waiting(configs, on_phase)

    def resumed(self, kept: object, on_phase: Callable[[PhaseName], None]) -> Waiting:
        raise NotImplementedError


def dask_setup(_: object) -> None:
    """Called by `--preload`, before that of the worker itself."""
    worker.backend = Backend
