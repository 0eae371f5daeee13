"""Early stopping, replayed on the values of a finished run.

`keras.callbacks.EarlyStopping` looks at nothing but the monitored value of each epoch. So one
long run answers for every patience: where it would have stopped, and with whose weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fmviz.record import RunRecord


class Stop(NamedTuple):
    """What early stopping does to a run. Epochs are zero-based, as in Keras.

    Attributes:
        stopped_epoch: the last epoch that ran, None where stopping never fired.
        best_epoch: the epoch with the best monitored value; None where there is none.
        weights_epoch: the epoch whose weights the model ends with; None for a run of no epochs.
        waits: Keras's `wait` after each epoch that ran.
    """

    stopped_epoch: int | None
    best_epoch: int | None
    weights_epoch: int | None
    waits: tuple[int, ...]


def replay(
    values: Sequence[float],
    *,
    patience: int,
    min_delta: float = 0.0,
    mode: str = "min",
    baseline: float | None = None,
    restore_best_weights: bool = False,
    start_from_epoch: int = 0,
) -> Stop:
    """What `keras.callbacks.EarlyStopping` does on these values (Keras 3,
    keras/src/callbacks/early_stopping.py).

    An epoch improves where its value beats the best so far by more than |min_delta|; `wait`
    then returns to 0, if the value beats `baseline` too. Training stops where `wait` reaches
    `patience`, though never at epoch 0, so patience 0 and 1 behave alike. The first value ever
    looked at is an improvement whatever it is, NaN included, and nothing beats NaN.

    Args:
        values: the monitored value after each epoch, (epochs,).
        patience: epochs without improvement that are borne, at least 0.
        mode: "min" where smaller is better, "max" where larger is.

    Raises:
        ValueError: an unknown mode.
    """
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
    sign = 1.0 if mode == "max" else -1.0
    margin = abs(min_delta)

    def improves(value: float, reference: float | None) -> bool:
        # Keras adds min_delta in double precision and then compares in float32.
        return reference is None or bool(
            np.float32(sign * value - margin) > np.float32(sign * reference)
        )

    best: float | None = None
    best_epoch: int | None = None
    waits: list[int] = []
    wait = 0
    stopped_epoch: int | None = None
    for epoch, value in enumerate(map(float, values)):
        if epoch >= start_from_epoch:
            wait += 1
            if improves(value, best):
                best, best_epoch = value, epoch
                if baseline is None or improves(value, baseline):
                    wait = 0
            elif wait >= patience and epoch > 0:
                stopped_epoch = epoch
        waits.append(wait)
        if stopped_epoch is not None:
            break

    last = len(waits) - 1 if waits else None
    restored = restore_best_weights and best_epoch is not None
    return Stop(stopped_epoch, best_epoch, best_epoch if restored else last, tuple(waits))


class Shown(NamedTuple):
    """One run of a comparison as pages look at it.

    Attributes:
        name: as the legend has it.
        record: the run so far.
        stop: what early stopping does to it, or None where that is off.
        kept: the epoch whose weights the figures describe; None before the first epoch.
    """

    name: str
    record: RunRecord
    stop: Stop | None
    kept: int | None


def look(
    record: RunRecord, name: str, *, patience: int | None, monitor: str, restore_best_weights: bool
) -> Shown:
    """A run with what early stopping does to it; patience None is no early stopping.

    Args:
        monitor: a name of the record's history; one that ends in "accuracy" is better large.
    """
    last = record.epochs - 1 if record.epochs else None
    if patience is None or last is None:
        return Shown(name, record, None, last)
    stop = replay(
        record.history[monitor].tolist(),
        patience=patience,
        mode="max" if monitor.endswith("accuracy") else "min",
        # A run that is still going has restored nothing yet; it shows its present weights.
        restore_best_weights=restore_best_weights and record.complete,
    )
    return Shown(name, record, stop, stop.weights_epoch)
