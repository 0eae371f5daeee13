"""Differences between two networks, image by image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis import comparing
from fmviz.analysis.comparing import difference
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from tests.support.records import SHIPPED, shipped, shown


@pytest.fixture(scope="module")
def pair() -> list[Shown]:
    return [Shown("a", record, None, 21) for record in map(shipped, reversed(SHIPPED))]


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_shares_of_right_answers_are_the_accuracies_of_the_record(
    pair: list[Shown], split: str
) -> None:
    for run in pair:
        for epoch in (0, 1, 21):
            answers = comparing.right(run.record, split, epoch)
            assert answers is not None
            assert answers.mean() == pytest.approx(run.record.at(f"{split}_accuracy", epoch))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_paired_error_is_that_of_a_bootstrap_over_the_images(
    pair: list[Shown], split: str
) -> None:
    change = comparing.change(pair[0], pair[1], split)
    rights = [comparing.right(run.record, split, 21) for run in pair]
    a, b = (r.astype(float) for r in rights if r is not None)
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(a), (4_000, len(a)), dtype=np.int32)
    resampled = (a - b)[draws].mean(axis=1)
    assert change.value == pytest.approx((a - b).mean())
    assert change.error == pytest.approx(resampled.std(), rel=0.06)


def test_a_change_of_the_gap_is_surer_than_for_separate_images(pair: list[Shown]) -> None:
    change = comparing.gap_change(*pair)
    apart = difference(*(run.record.gap(21) for run in pair))
    assert change.value == pytest.approx(apart.value)
    assert 0 < change.error < 0.8 * apart.error


def test_runs_that_go_on_or_see_other_labels_get_the_careful_error(pair: list[Shown]) -> None:
    run, other = pair
    empty = np.empty((0, 0), np.uint8)
    going = run._replace(record=replace(run.record, val_predictions=empty))
    expected = difference(*(each.record.estimate("val_accuracy", 21) for each in (going, other)))
    assert comparing.change(going, other, "val") == expected
    noisy = RunConfig(label_noise=0.5)
    assert not comparing.same_images(noisy, RunConfig(), "train")
    assert comparing.same_images(noisy, RunConfig(), "val")
    told, _ = data.with_noise(data.load().train.labels[:5_000], 0.5, 0)
    np.testing.assert_array_equal(comparing.labels(noisy, "train"), told[:1_250])
    small = comparing.labels(RunConfig(train_size=50), "train")
    assert len(small) == 50


def test_a_made_up_pair_counts_wins_and_losses() -> None:
    runs = [shown(0.5, 0.5, images=2_500)._replace(name=name) for name in "ab"]
    truth = data.load().validation.labels
    records = []
    for wrong in (range(100), range(100, 150)):
        row = truth.astype(np.uint8).copy()
        row[list(wrong)] = (row[list(wrong)] + 1) % 10
        table = np.tile(row, (4, 1))
        records.append(replace(runs[0].record, val_predictions=table))
    a, b = (run._replace(record=r) for run, r in zip(runs, records, strict=True))
    d = np.zeros(2_500)
    d[:100], d[100:150] = -1, 1
    assert comparing.change(a, b, "val") == Estimate(-0.02, d.std() / 50)
