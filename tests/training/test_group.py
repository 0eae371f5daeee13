"""A group by itself: its parts, members of unlike length, places left over."""

from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest

from fmviz.run.config import RunConfig
from fmviz.run.groups import Kind, kinds_of
from fmviz.run.record import PREDICTIONS, RunRecord
from fmviz.training import group as group_module
from fmviz.training.group import Group
from fmviz.training.train import train

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

SHORT = RunConfig(train_size=200, epochs=2, hidden=(16,), batch_size=32)
LONG = SHORT.replace(epochs=5, penalty="l2", lam=3.0)


def trained(group: Group) -> list[RunRecord]:
    for _ in group.parts():
        pass
    assert group.ended
    return group.records()


def close(one: RunRecord, other: RunRecord) -> None:
    assert one.config == other.config
    assert one.epochs == other.epochs
    for name in ("val_crossentropy", "train_crossentropy", "penalty", "learning_rate"):
        np.testing.assert_allclose(one.history[name], other.history[name], rtol=2e-4)
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_members_of_unlike_length_end_as_they_do_alone(schedule: str) -> None:
    configs = [config.replace(schedule=schedule) for config in (SHORT, LONG)]
    for record in trained(Group(configs)):
        (alone,) = train([record.config])
        close(record, alone)


def test_places_left_over_change_nothing_and_are_not_recorded() -> None:
    records = trained(Group([SHORT, LONG], kinds=kinds_of([SHORT, LONG], 4)))
    assert [record.config for record in records] == [SHORT, LONG]
    for record in records:
        assert record.made["trained_together"] == 2
        close(record, *train([record.config]))


def test_an_epoch_goes_by_in_parts_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_module, "STEPS_AT_ONCE", 3)
    group = Group([SHORT])
    # 200 images in batches of 32 are 7 steps: two parts of three, and the rest with the measures.
    assert list(group.parts()) == [True, *[False, False, True] * 2]
    close(group.records()[0], *train([SHORT]))


def test_a_group_can_wait_between_any_two_parts() -> None:
    groups = [Group([SHORT]), Group([LONG])]
    parts = [group.parts() for group in groups]
    while any(not group.ended for group in groups):
        for group, rest in zip(groups, parts, strict=True):
            if not group.ended:
                next(rest)
    for group in groups:
        close(group.records()[0], *train([group.config]))


SGD = SHORT.replace(optimizer="sgd")
NADAM = LONG.replace(optimizer="nadam")
# Each with where it is interrupted: after so many parts, of which the first is the start. An epoch
# has three.
INTERRUPTED = [
    ([SGD, LONG.replace(optimizer="sgd")], 1),
    ([NADAM.replace(dropout=0.4, schedule="cosine_restarts")], 6),
    # One has ended, one diverges later, and learning rates depend on what was measured.
    (
        [
            SGD.replace(epochs=1),
            SGD.replace(epochs=4, schedule="plateau", plateau_patience=1, learning_rate=0.5),
            SGD.replace(epochs=6, learning_rate=0.01, label_noise=0.3),
            SGD.replace(epochs=6, learning_rate=1.0, penalty="l2", lam=1_600.0),
        ],
        5,
    ),
    ([NADAM.replace(penalty="l1_proximal", lam=1.0)], 15),
]


def programs_of(configs: list[RunConfig]) -> tuple[Kind, ...]:
    """One for all of an optimizer that are interrupted, as each compiles in two processes."""
    (optimizer,) = {config.optimizer for config in configs}
    alike = [some for some, _ in INTERRUPTED if some[0].optimizer == optimizer]
    return kinds_of(list(chain.from_iterable(alike)), max(map(len, alike)))


GO_ON = """
import pickle, sys
from fmviz.training import group as group_module
from fmviz.training.group import Group

group_module.STEPS_AT_ONCE = 3
groups = [Group.resumed(pickle.loads(kept)) for kept in pickle.load(sys.stdin.buffer)]
parts = [list(group.parts()) for group in groups]
assert all(group.ended for group in groups)
pickle.dump([group.records() for group in groups], open(sys.argv[1], "wb"))
"""


def test_a_group_goes_on_in_another_process_as_if_nothing_had_happened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(group_module, "STEPS_AT_ONCE", 3)
    kept, expected = [], []
    for configs, parts in INTERRUPTED:
        expected += trained(Group(configs, kinds=programs_of(configs), test=True))
        group = Group(configs, kinds=programs_of(configs), test=True)
        assert len(list(islice(group.parts(), parts))) == parts
        kept.append(pickle.dumps(group.kept()))
    records = tmp_path / "records"
    command = [sys.executable, "-c", GO_ON, str(records)]
    subprocess.run(command, input=pickle.dumps(kept), check=True, cwd=ROOT)
    found = list(chain.from_iterable(pickle.loads(records.read_bytes())))
    assert any(record.diverged for record in found)
    for one, other in zip(found, expected, strict=True):
        assert one.config == other.config
        assert one.diverged == other.diverged
        for name in ("layers", "start", "start_layers", "examples", *PREDICTIONS, "snapshots"):
            np.testing.assert_equal(getattr(one, name), getattr(other, name))
        for name in set(other.history) - {"seconds"}:
            np.testing.assert_array_equal(one.history[name], other.history[name])
        np.testing.assert_equal(one.weights, other.weights)
        np.testing.assert_equal(one.best_weights, other.best_weights)


def test_while_it_is_looked_into_why_a_member_diverged_nothing_can_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_module, "STEPS_AT_ONCE", 3)
    configs = [SGD.replace(learning_rate=100.0, penalty="l2", lam=10_000.0)]
    group = Group(configs, kinds=programs_of(configs))
    kept = [group.kept() is not None for _ in group.parts()]
    assert not all(kept)
    assert kept[0]
    assert kept[-1]
