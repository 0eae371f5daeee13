"""Runs that are really trained, each once for all tests of a session."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest import mock

from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore
from tests.support.needs import time_to_train

FOLDER = "FMVIZ_TRAINED_FOR_TESTS"
# So few are taken one by one sooner than a program of them is compiled.
FEW_STEPS = 100


@contextmanager
def eagerly() -> Iterator[None]:
    """The trainer's formulas as they stand: programs of few steps are not worth a compiler's
    seconds each. What would have them compiled would only measure once more."""
    import tensorflow as tf

    from fmviz.training.group import Group

    tf.config.run_functions_eagerly(True)
    try:
        with mock.patch.object(Group, "_compile"):
            yield
    finally:
        tf.config.run_functions_eagerly(False)


def as_shown(
    configs: Sequence[RunConfig], *, weights: Collection[RunConfig] = ()
) -> list[RunRecord]:
    """The runs as the pages show them: as they ship with fmviz, those that do not trained.

    Args:
        weights: of which the weights are wanted; the others may come without.
    """
    store = RunStore(Path(os.environ[FOLDER]) / "none")
    shipped = {config: store.get(config, brief=config not in weights) for config in configs}
    found = {config: record for config, record in shipped.items() if record is not None}
    missing = [config for config in configs if config not in found]
    found |= zip(missing, train(missing), strict=True)
    return [found[config] for config in configs]


def train(configs: Sequence[RunConfig]) -> list[RunRecord]:
    """As `fmviz.training.train.train`, or what that has made of these runs in an earlier test.

    For tests of what a run shows. Those of the trainer itself call the trainer.
    """
    folder = Path(os.environ[FOLDER])
    files = [folder / f"{config.key}.npz" for config in configs]
    missing = [c for c, file in zip(configs, files, strict=True) if not file.exists()]
    if missing:
        time_to_train()
        from fmviz.training.train import train as really_train

        records = []
        for few in (True, False):
            some = [config for config in missing if (config.steps <= FEW_STEPS) == few]
            with eagerly() if few else nullcontext():
                records += really_train(some, test=True) if some else []
        for record in records:
            # Another process may be about to write the same run: either file is whole.
            part = folder / f"{record.config.key}.{os.getpid()}"
            part.write_bytes(archive.pack(record, level=0))
            part.rename(folder / f"{record.config.key}.npz")
    return [archive.unpack(file.read_bytes()) for file in files]
