"""Differences between two networks, image by image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import comparing
from fmviz.analysis.significance import SAME, separate
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.config import RunConfig
from tests.support.records import SHIPPED, answering, shipped, shown, tiny


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
    # All training images are measured: there is no chance in which.
    expected = 0 if split == "train" else resampled.std()
    assert change.error == pytest.approx(expected, rel=0.06)


def test_a_change_of_the_gap_is_surer_than_for_separate_images(pair: list[Shown]) -> None:
    change = comparing.gap_change(*pair)
    apart = separate(*(run.record.gap(21) for run in pair))
    assert change.value == pytest.approx(apart.value)
    assert 0 < change.error < 0.8 * apart.error


def test_runs_that_go_on_or_see_other_labels_get_the_careful_error(pair: list[Shown]) -> None:
    run, other = pair
    empty = np.empty((0, 0), np.uint8)
    going = run._replace(record=replace(run.record, val_predictions=empty))
    expected = separate(*(each.record.estimate("val_accuracy", 21) for each in (going, other)))
    assert comparing.change(going, other, "val") == expected
    noisy = RunConfig(label_noise=0.5)
    assert not comparing.same_images(noisy, RunConfig(), "train")
    assert comparing.same_images(noisy, RunConfig(), "val")
    told, _ = data.with_noise(data.load().train.labels[:5_000], 0.5, 0)
    np.testing.assert_array_equal(comparing.labels(noisy, "train"), told[:1_250])
    small = comparing.labels(RunConfig(train_size=50), "train")
    assert len(small) == 50


def test_a_made_up_pair_counts_wins_and_losses() -> None:
    runs = [shown(0.5, 0.5, images=2_500, config=tiny(seed=k), name=n) for k, n in enumerate("ab")]
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
    change = comparing.change(a, b, "val")
    assert (change.value, change.error) == pytest.approx((-0.02, d.std() / 50))
    assert change.only == (50, 100)


def test_the_same_run_and_equal_answers_are_the_same_and_no_noise(pair: list[Shown]) -> None:
    run, _ = pair
    for split in ("train", "val", "test"):
        assert comparing.change(run, run, split) is SAME
    assert comparing.gap_change(run, run) is SAME
    # Another config whose network answers every image as the first does.
    twin = run._replace(record=replace(run.record, config=run.record.config.replace(seed=9)))
    assert comparing.change(run, twin, "val") is SAME
    assert SAME.same
    # The same run after other epochs is another network.
    assert not comparing.change(run, run._replace(kept=1), "val").same
    # A run that goes on is the same as itself, whatever it has not handed over yet.
    empty = np.empty((0, 0), np.uint8)
    going = run._replace(record=replace(run.record, val_predictions=empty))
    assert comparing.change(going, going, "val") is SAME


def test_twenty_images_are_a_census_and_leave_validation_alone_to_chance() -> None:
    a, b = (
        shown(training, 0.6, images=2_500, config=tiny(train_size=20, seed=seed))
        for seed, training in enumerate((0.75, 0.8))
    )
    training = comparing.change(a, b, "train")
    assert (training.error, training.source, training.sign) == (0.0, "census", -1)
    assert comparing.gap(a).error == a.accuracy("val").error
    alike = comparing.gap_change(a, b._replace(record=replace(a.record, config=b.record.config)))
    assert alike.could_be_noise


def test_where_training_is_equal_the_gap_changes_as_validation_does() -> None:
    config = tiny(train_size=20)
    runs = []
    for seed, share in enumerate((0.8, 0.8016)):
        run = answering("", share, config.replace(seed=seed))
        told = comparing.labels(run.record.config, "train").astype(np.uint8)
        rows = np.tile(told, (4, 1))
        runs.append(run._replace(record=replace(run.record, train_predictions=rows)))
    gap, validation = comparing.gap_change(*runs), comparing.change(*runs, "val")
    assert validation.only == (0, 4)
    assert (gap.value, gap.p, gap.only) == (-validation.value, 0.125, (4, 0))


@given(st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_a_change_turns_its_sign_with_the_order(a: int, b: int) -> None:
    runs = [answering(n, 0.5 + k / 2_500, tiny(seed=k)) for n, k in (("a", a), ("b", 41 + b))]
    there, back = comparing.change(*runs, "val"), comparing.change(*runs[::-1], "val")
    assert (there.value, there.sign, there.p) == (-back.value, -back.sign, back.p)
