"""What a run was told and what it learnt by heart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis import memory
from fmviz.run import data
from fmviz.run.record import RunRecord
from fmviz.training.recorder import Recorder
from tests.support.records import synthetic, tiny

NOISY = tiny(label_noise=0.3, seed=4)


def answering(rows: dict[int, list[int]]) -> RunRecord:
    """A run of three epochs in which these images are answered as told, true or otherwise in each
    row (0 told, 1 true, 2 neither), and all others truly."""
    sample = memory.training_sample(NOISY)
    predictions = np.tile(sample.truth, (4, 1))
    for image, kinds in rows.items():
        told, truth = sample.told[image], sample.truth[image]
        neither = next(c for c in range(10) if c not in (told, truth))
        predictions[:, image] = [(told, truth, neither)[kind] for kind in kinds]
    record = synthetic(NOISY, examples={"train": 100, "corrupted": 30})
    return replace(record, train_predictions=predictions.astype(np.uint8))


def test_the_sample_is_what_the_trainer_measures() -> None:
    sample, recorder = memory.training_sample(NOISY), Recorder(NOISY)
    assert len(sample.images) == recorder.sample == 100
    np.testing.assert_array_equal(sample.told, recorder.labels)
    np.testing.assert_array_equal(sample.truth, data.load().train.labels[:100])
    assert sample.wrong.sum() == 30


def test_of_a_large_training_set_only_the_first_images_are_in_the_sample() -> None:
    config = tiny(train_size=5_000, label_noise=0.2)
    sample, recorder = memory.training_sample(config), Recorder(config)
    assert len(sample.told) == 1_250
    np.testing.assert_array_equal(sample.told, recorder.labels[:1_250])


def test_wrong_labels_are_sorted_by_what_the_network_makes_of_them() -> None:
    wrong = np.flatnonzero(memory.training_sample(NOISY).wrong)
    a, b, c, d, e = wrong[:5].tolist()
    record = answering({a: [1, 1, 0, 0], b: [0, 0, 0, 0], c: [0, 1, 2, 0], d: [0, 0, 0, 2]})
    found = memory.by_heart(record, 3)
    assert found.memorised.tolist() == [a, b, c]
    # Learnt in the second epoch, before the first step, in the third.
    assert found.since.tolist() == [2, 0, 3]
    assert found.astray.tolist() == [d]
    assert e in found.seen_through
    assert len(found.seen_through) == len(wrong) - 4


def test_an_earlier_epoch_knows_nothing_of_later_ones() -> None:
    a = int(np.flatnonzero(memory.training_sample(NOISY).wrong)[0])
    record = answering({a: [1, 0, 1, 0]})
    assert memory.by_heart(record, 1).memorised.tolist() == [a]
    assert memory.by_heart(record, 1).since.tolist() == [1]
    assert not len(memory.by_heart(record, 2).memorised)


def test_images_with_a_true_label_are_never_learnt_by_heart() -> None:
    sample = memory.training_sample(NOISY)
    right = int(np.flatnonzero(~sample.wrong)[0])
    found = memory.by_heart(answering({right: [0, 0, 0, 0]}), 3)
    assert right not in np.concatenate([found.memorised, found.seen_through, found.astray])


def test_a_run_that_goes_on_has_no_answers_yet() -> None:
    with pytest.raises(ValueError, match="come with the end"):
        memory.by_heart(synthetic(NOISY, epochs=1), 1)


def pairing(known: list[int], missed: list[int]) -> RunRecord:
    """A run that at its end gets right these training images alone, and all validation images but
    these."""
    config = tiny()
    sample, new = memory.training_sample(config), data.load().validation
    training = (sample.truth + 1) % 10
    training[known] = sample.truth[known]
    answers = new.labels.copy()
    answers[missed] = (new.labels[missed] + 1) % 10
    return replace(
        synthetic(config),
        train_predictions=np.tile(training, (4, 1)).astype(np.uint8),
        val_predictions=np.tile(answers, (4, 1)).astype(np.uint8),
    )


def test_look_alikes_are_the_nearest_of_a_class_one_known_one_missed() -> None:
    sample, new = memory.training_sample(tiny()), data.load().validation
    bags, coats = (np.flatnonzero(sample.truth == label).tolist() for label in (8, 4))
    new_bags, new_coats = (np.flatnonzero(new.labels == label)[:20].tolist() for label in (8, 4))
    # Nothing else is known, and of sneakers all are missed: they have no pair.
    sneakers = np.flatnonzero(new.labels == 7).tolist()
    found = memory.look_alikes(pairing(bags + coats, new_bags + new_coats + sneakers), 3)
    assert len(found) == 2
    for pair in found:
        label = int(new.labels[pair.validation])
        assert sample.truth[pair.training] == label
        ours, others = (bags, new_bags) if label == 8 else (coats, new_coats)
        # One by one.
        nearest = min(
            float(np.linalg.norm(sample.images.pixels[i] - new.pixels[j]))
            for i in ours
            for j in others
        )
        assert pair.distance == pytest.approx(nearest, rel=1e-3)
    assert found[0].distance <= found[1].distance


def test_a_network_that_misses_nothing_has_no_look_alikes() -> None:
    assert memory.look_alikes(pairing([0, 1, 2], []), 3) == ()
    assert memory.look_alikes(pairing([], [0, 1, 2]), 3) == ()
