"""Garments with what a run says of them: each epoch is the record's."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.charts import garments
from fmviz.charts.garments import Row
from fmviz.run import data
from fmviz.run.data import CLASS_NAMES
from tests.support.records import synthetic, tiny

NOISY = tiny(label_noise=0.3, seed=4)


def answering() -> Shown:
    """A run of three epochs that answers anything."""
    record = synthetic(NOISY, examples={"train": 100, "corrupted": 30})
    random, (rows, images) = np.random.default_rng(1), record.val_predictions.shape
    answers = random.integers(0, 10, (rows, 100)), random.integers(0, 10, (rows, images))
    training, validation = (each.astype(np.uint8) for each in answers)
    record = replace(record, train_predictions=training, val_predictions=validation)
    return Shown("your network", record, None, 3)


def test_what_is_repeated_is_counted_image_by_image() -> None:
    run = answering()
    sample = memory.training_sample(NOISY)
    counts = garments.repeated(run)
    assert len(counts) == 4
    for epoch, count in enumerate(counts):
        answers = run.record.train_predictions[epoch]
        both = zip(answers, sample.told, sample.truth, strict=True)
        assert count == sum(answer == told != truth for answer, told, truth in both)


def test_a_reel_has_the_images_and_every_answer() -> None:
    run = answering()
    sample, new = memory.training_sample(NOISY), data.load().validation
    known = garments.of_training(run, [7, 3])
    missed = garments.of_validation(run, [5])
    rows = [Row(["a", "b", "c", "d"], known), Row(["e"] * 4, missed)]
    reel = garments.rows_reel(rows, 1)
    first, second = reel["rows"]
    assert first["titles"] == ["a", "b", "c", "d"]
    for index, drawn in zip([7, 3], first["tiles"], strict=True):
        assert base64.b64decode(drawn["grey"]) == sample.images.grey[index].tobytes()
        assert drawn["answers"] == run.record.train_predictions[:, index].tolist()
        assert (drawn["told"], drawn["truth"]) == (sample.told[index], sample.truth[index])
    assert second["tiles"][0]["told"] is None
    assert base64.b64decode(second["tiles"][0]["grey"]) == new.grey[5].tobytes()
    assert reel["columns"] is None


def test_the_lines_below_an_image_are_those_of_the_epoch() -> None:
    run = answering()
    (tile,) = garments.of_training(run, [7])
    assert tile.told is not None
    told, truth = CLASS_NAMES[tile.told], CLASS_NAMES[tile.truth]
    for epoch in (1, 3):
        says = CLASS_NAMES[run.record.train_predictions[epoch, 7]]
        assert tile.says(epoch) == f"told {told}, says {says}, is {truth}"
    assert tile._replace(note="since epoch 2").says(3).endswith(", since epoch 2")
