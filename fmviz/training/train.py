"""Train runs, measure them after every epoch, and hand back records.

Runs that share a model form a *group* (`training.group`); several of them take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from fmviz.run.config import RunConfig
from fmviz.run.groups import group
from fmviz.run.phases import PhaseName
from fmviz.run.record import Array, RunRecord
from fmviz.training import stock
from fmviz.training.group import Group

OnEpoch = Callable[[list[RunRecord]], None]
OnPhase = Callable[[list[int], PhaseName], None]


def train(
    configs: Sequence[RunConfig],
    on_epoch: OnEpoch | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_phase: OnPhase | None = None,
    *,
    test: bool = False,
) -> list[RunRecord]:
    """Train the configs and return their records, in the same order.

    Args:
        on_epoch: called with the records so far after the start has been measured and after
            each epoch of all groups.
        should_stop: asked between epochs and, in long ones, within; where it answers True the
            records so far come back, with `complete` False.
        on_phase: called as a phase begins for runs that are trained as one model, with their
            indices; with "training" at the beginning of each epoch.
        test: whether to measure the test images after each epoch too.

    Raises:
        fmviz.run.data.DataError: the images cannot be read.
    """
    begun = datetime.now(UTC).isoformat(timespec="milliseconds")
    enter = on_phase or (lambda indices, phase: None)
    groups = []
    for indices in group(configs):
        alike = [configs[i] for i in indices]
        members = Group(alike, test=test, begun=begun, on_phase=partial(enter, indices))
        groups.append((indices, members))
    records: list[RunRecord | None] = [None] * len(configs)
    stopped = should_stop or (lambda: False)
    progress = [(indices, members, members.parts()) for indices, members in groups]
    while progress:
        # Groups advance epoch by epoch in turn, so that all curves of a comparison grow together.
        for turn in list(progress):
            indices, members, parts = turn
            for measured in parts:
                if measured or stopped():
                    break
            if members.ended:
                progress.remove(turn)
            for index, record in zip(indices, members.records(), strict=True):
                records[index] = record
        if on_epoch is not None:
            on_epoch([record for record in records if record is not None])
        if stopped():
            break
    return [record for record in records if record is not None]


def weights_after(config: RunConfig, epoch: int) -> Generator[None, None, list[Array]]:
    """The weights of a run after so many epochs, in `keras.Sequential.get_weights()` order: it is
    trained again up to there. A record keeps only those of its best and last epoch.

    A generator, which yields after every part of the training and returns the weights.

    Raises:
        ValueError: the run has no such epoch, or diverges before its end.
    """
    if not 1 <= epoch <= config.epochs:
        raise ValueError(f"epoch must be from 1 to {config.epochs}, not {epoch}")
    members = Group([config])
    done = -1  # the first of them measures the start
    for measured in members.parts():
        done += measured
        if done == epoch:
            break
        yield
    (record,) = members.records()
    if record.epochs < epoch:
        assert record.diverged is not None
        raise ValueError(f"the run diverges in epoch {record.diverged.epoch}")
    return _taken(members)


def weights_of_epochs(config: RunConfig) -> Iterator[list[Array]]:
    """The weights of a run before its first step and after each epoch, in
    `keras.Sequential.get_weights()` order: it is trained again. The run is one that does not
    diverge."""
    members = Group([config])
    for measured in members.parts():
        if measured:
            yield _taken(members)


def _taken(members: Group) -> list[Array]:
    """The weights of a group's first run, where it stands."""
    return stock.take([w.numpy() for w in members.state.weights], 0)
