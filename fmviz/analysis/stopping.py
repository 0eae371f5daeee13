"""Early stopping, replayed on the values of a finished run.

`keras.callbacks.EarlyStopping` looks at nothing but the monitored value of each epoch. So one
long run answers for every patience: where it would have stopped, and with whose weights. And
`wait` does not depend on patience at all: counted once, it answers for all patiences together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fmviz.run.measure import Estimate
from fmviz.run.record import Array, RunRecord

# What `mode="auto"` comes to for the values that a run records. Keras takes the smaller val_loss;
# of a metric it asks the class (keras/src/callbacks/monitor_callback.py), and there accuracies
# are better large and cross-entropies small.
BETTER = {"val_loss": "min", "val_crossentropy": "min", "val_accuracy": "max"}


class Stop(NamedTuple):
    """What early stopping does to a run. Epochs are zero-based here, as in Keras; `stopped`, `best`
    and `kept` are the same as epochs trained.

    Attributes:
        stopped_epoch: the last epoch that ran, None where stopping never fired.
        best_epoch: the epoch with the best monitored value; None where there is none.
        weights_epoch: the epoch whose weights the model ends with; None for a run of no epochs.
        waits: Keras's `wait` after each epoch that ran.
        start_from_epoch: of the rule; the epochs before were not looked at.
    """

    stopped_epoch: int | None
    best_epoch: int | None
    weights_epoch: int | None
    waits: tuple[int, ...]
    start_from_epoch: int = 0

    @property
    def stopped(self) -> int | None:
        """Epochs trained when it stopped; None where it never fired."""
        return None if self.stopped_epoch is None else self.stopped_epoch + 1

    @property
    def best(self) -> int | None:
        """Epochs trained at the best monitored value; None where there is none."""
        return None if self.best_epoch is None else self.best_epoch + 1

    @property
    def looked_at(self) -> int:
        """How many epochs were looked at: of so many the best is the best."""
        return max(len(self.waits) - self.start_from_epoch, 0)

    @property
    def kept(self) -> int:
        """Epochs trained of the weights that the model ends with; 0 for a run of no epochs."""
        return 0 if self.weights_epoch is None else self.weights_epoch + 1


class _Step(NamedTuple):
    """What an epoch comes to: `wait` after it, the best epoch so far, and whether stopping is
    considered after it: not where it improved, was not looked at, or is the first of all."""

    wait: int
    best_epoch: int | None
    may_stop: bool


def _steps(
    values: Sequence[float],
    min_delta: float,
    mode: str,
    baseline: float | None,
    start_from_epoch: int,
) -> Iterator[_Step]:
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
    wait = 0
    for epoch, value in enumerate(map(float, values)):
        improved = False
        if epoch >= start_from_epoch:
            wait += 1
            improved = improves(value, best)
            if improved:
                best, best_epoch = value, epoch
                if baseline is None or improves(value, baseline):
                    wait = 0
        yield _Step(wait, best_epoch, epoch >= start_from_epoch and not improved and epoch > 0)


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
        patience: epochs in a row without improvement after which training stops; 0 acts as 1.
        mode: "min" where smaller is better, "max" where larger is.

    Raises:
        ValueError: an unknown mode.
    """
    waits: list[int] = []
    best_epoch: int | None = None
    stopped_epoch: int | None = None
    for step in _steps(values, min_delta, mode, baseline, start_from_epoch):
        waits.append(step.wait)
        best_epoch = step.best_epoch
        if step.may_stop and step.wait >= patience:
            stopped_epoch = len(waits) - 1
            break
    last = len(waits) - 1 if waits else None
    restored = restore_best_weights and best_epoch is not None
    kept = best_epoch if restored else last
    return Stop(stopped_epoch, best_epoch, kept, tuple(waits), start_from_epoch)


class Rule(NamedTuple):
    """The arguments of `keras.callbacks.EarlyStopping`, in Keras's words, order and defaults.

    Attributes:
        monitor: a name of the record's history: "val_loss", "val_crossentropy", "val_accuracy".
        patience: None is no early stopping.
        mode: "auto", "min" or "max".
    """

    monitor: str = "val_loss"
    min_delta: float = 0.0
    patience: int | None = 0
    mode: str = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0

    @property
    def direction(self) -> str:
        """The mode that is meant, "min" or "max"; what Keras's "auto" comes to."""
        return BETTER[self.monitor] if self.mode == "auto" else self.mode

    @property
    def right_way(self) -> bool:
        """Whether what the mode takes for better is better."""
        return self.direction == BETTER[self.monitor]

    def replay(self, record: RunRecord, *, patience: int) -> Stop:
        """What it does to a run, with another patience than its own."""
        return replay(
            record.history[self.monitor].tolist(),
            patience=patience,
            min_delta=self.min_delta,
            mode=self.direction,
            baseline=self.baseline,
            restore_best_weights=self.restore_best_weights,
            start_from_epoch=self.start_from_epoch,
        )

    def on(self, monitor: str) -> Rule:
        """The rule with another monitor, looked at in its own direction; `min_delta` and
        `baseline` are left out, for they are in the units of one monitor."""
        return self._replace(monitor=monitor, mode="auto", min_delta=0.0, baseline=None)

    def steps(self, record: RunRecord) -> Iterator[_Step]:
        """What each epoch of a run comes to, whatever patience would have made of it."""
        values = record.history[self.monitor].tolist()
        return _steps(values, self.min_delta, self.direction, self.baseline, self.start_from_epoch)

    def improvements(self, record: RunRecord) -> list[int]:
        """The epochs that beat the best so far, the first one looked at among them."""
        steps = enumerate(self.steps(record))
        return [epoch + 1 for epoch, step in steps if step.best_epoch == epoch]


class Shown(NamedTuple):
    """One run of a comparison as pages look at it.

    Attributes:
        name: as the legend has it.
        record: the run so far.
        stop: what early stopping does to it, or None where that is off.
        kept: epochs trained of the weights that the figures describe; 0 before the first has ended.
    """

    name: str
    record: RunRecord
    stop: Stop | None
    kept: int

    @classmethod
    def at_end(cls, record: RunRecord, name: str = "") -> Shown:
        """A run with its last weights."""
        return cls(name, record, None, record.epochs)

    @property
    def finite(self) -> bool:
        """Whether it has trained, and has not diverged."""
        return self.kept > 0 and self.record.diverged is None

    def at(self, name: str) -> float:
        """A figure of the history with these weights."""
        return self.record.at(name, self.kept)

    def accuracy(self, split: str = "val") -> Estimate:
        """Accuracy on a split, "train", "clean", "val", "test" or "corrupted", with its error."""
        return self.record.estimate(f"{split}_accuracy", self.kept)


def look(
    record: RunRecord,
    name: str,
    *,
    patience: int | None,
    monitor: str,
    restore_best_weights: bool,
    min_delta: float = 0.0,
    mode: str = "auto",
    baseline: float | None = None,
    start_from_epoch: int = 0,
) -> Shown:
    """A run with what early stopping does to it; the arguments are those of `Rule`."""
    if patience is None or not record.epochs:
        return Shown(name, record, None, record.epochs)
    rule = Rule(
        monitor, min_delta, patience, mode, baseline, restore_best_weights, start_from_epoch
    )
    stop = rule.replay(record, patience=patience)
    if not record.complete and stop.stopped_epoch is None:
        # A run that is still going has restored nothing yet; it shows its present weights.
        stop = stop._replace(weights_epoch=record.epochs - 1)
    return Shown(name, record, stop, stop.kept)


def shown_weights(runs: Sequence[Shown]) -> list[tuple[tuple[Array, ...], int]]:
    """The weights by which runs are shown side by side, each with the epochs it had been trained.

    Those that the figures are of, where every one of the runs has kept its own: records keep the
    weights of the last epoch and of the one with the lowest validation cross-entropy. Else those of
    all after their last epoch: the best of one beside the last of another would compare epochs.
    """
    kept = [(run.record.weights_after(run.kept), run.kept) for run in runs]
    if all(weights for weights, _ in kept):
        return kept
    return [(run.record.weights, run.record.epochs) for run in runs]


class Outcome(NamedTuple):
    """What a rule makes of a run: when it stops, and what the weights are worth that it leaves.

    Attributes:
        monitor, patience: of the rule.
        stopped: epochs trained when it stopped; None where stopping never fired.
        kept: epochs trained of the weights that the model ends with.
        trained, saved: epochs that ran, and epochs of the plan that did not because of stopping.
        looked_at: how many of those that ran the rule looked at.
        val_accuracy, val_crossentropy, test_accuracy: of those weights; the last None where test
            images were not measured.
    """

    monitor: str
    patience: int
    stopped: int | None
    kept: int
    trained: int
    saved: int
    looked_at: int
    val_accuracy: Estimate
    val_crossentropy: float
    test_accuracy: Estimate | None


def _outcome(
    record: RunRecord, rule: Rule, patience: int, stopped: int | None, best: int | None
) -> Outcome:
    trained = record.epochs if stopped is None else stopped
    kept = best if rule.restore_best_weights and best is not None else trained
    return Outcome(
        rule.monitor,
        patience,
        stopped,
        kept,
        trained,
        0 if stopped is None else record.config.epochs - trained,
        max(trained - rule.start_from_epoch, 0),
        record.estimate("val_accuracy", kept),
        record.at("val_crossentropy", kept),
        record.estimate("test_accuracy", kept) if record.has_test else None,
    )


def outcomes(record: RunRecord, rule: Rule) -> list[Outcome]:
    """What every patience from 0 to the number of epochs makes of a run, in order.

    `wait` goes up by one an epoch at most, so it meets the patiences in their order, and one pass
    over the run answers for all. Empty before the first epoch.
    """
    if not record.epochs:
        return []
    stops: list[tuple[int | None, int | None]] = []
    best: int | None = None
    for epoch, step in enumerate(rule.steps(record), start=1):
        best = None if step.best_epoch is None else step.best_epoch + 1
        while step.may_stop and step.wait >= len(stops):
            stops.append((epoch, best))
    stops += [(None, best)] * (record.config.epochs + 1 - len(stops))
    return [_outcome(record, rule, patience, *stop) for patience, stop in enumerate(stops)]


def by_monitor(record: RunRecord, rule: Rule) -> list[Outcome]:
    """What each monitor of `BETTER` makes of a run at the rule's patience, as `Rule.on` has it.
    Empty before the first epoch or where patience is None.
    """
    if not record.epochs or rule.patience is None:
        return []
    found = []
    for monitor in BETTER:
        own = rule.on(monitor)
        stop = own.replay(record, patience=rule.patience)
        found.append(_outcome(record, own, rule.patience, stop.stopped, stop.best))
    return found
