"""What a script or a notebook of one's own needs: train runs here and now, or load stored ones.

>>> from fmviz import RunConfig, load_run
>>> run = load_run(RunConfig(penalty="l2", lam=10.0))
>>> run.epochs
30
>>> run.at("val_accuracy", 0) < 0.2 < run.at_end("val_accuracy")
True
>>> gap = run.gap(run.epochs)
>>> f"{100 * gap.value:.1f} ± {100 * gap.error:.1f} points"
'8.3 ± 1.1 points'

A run without a penalty is the same run whatever λ says:

>>> RunConfig(penalty="none", lam=3.0) == RunConfig()
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore, default_bytes, default_folder


@overload
def train(runs: RunConfig, *, test: bool = False) -> RunRecord: ...


@overload
def train(runs: Sequence[RunConfig], *, test: bool = False) -> list[RunRecord]: ...


def train(
    runs: RunConfig | Sequence[RunConfig], *, test: bool = False
) -> RunRecord | list[RunRecord]:
    """Train one run or several in this process. Those that differ in numbers alone (λ, rates, σ,
    seed) are trained as one model.

    TensorFlow is loaded on the first call; nothing is read from the store or written to it.

    Args:
        test: whether to measure the test images after each epoch as well.

    Raises:
        fmviz.run.data.DataError: the images cannot be read.
    """
    from fmviz.training import train as trainer

    if isinstance(runs, RunConfig):
        return trainer.train([runs], test=test)[0]
    return trainer.train(list(runs), test=test)


def load_run(run: RunConfig, *, test: bool = False) -> RunRecord:
    """A run that ships with fmviz, or that the app has trained on this machine.

    Args:
        test: whether it must have the figures of the test images; the app measures those only
            where somebody asks for them.

    Raises:
        LookupError: there is none; `train` makes it.
    """
    store = RunStore(default_folder(), default_bytes())
    found = store.find(run, test=test) or store.find(run, brief=True, test=test)
    if found is None:
        if test and store.find(run, brief=True) is not None:
            raise LookupError(
                f"the stored run {run.key} has no test figures; "
                "fmviz.train(config, test=True) trains it with them"
            )
        raise LookupError(f"no stored run {run.key}; fmviz.train(config) trains it")
    return found.record
