"""The one image of the course: never trained on, and answered as Keras would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis import garment
from fmviz.analysis.garment import PLACES
from fmviz.analysis.stopping import Shown
from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.training import stock
from tests.support.needs import require
from tests.support.records import synthetic, tiny


def test_it_is_a_validation_image_that_no_run_trains_on() -> None:
    seen = garment.garment("compact")
    assert data.CLASS_NAMES[seen.truth] == "Shirt"
    assert not (data.load().train.pixels == seen.pixels).all(axis=1).any()
    assert set(PLACES) == set(DATASETS)


def test_it_is_the_same_image_in_the_full_set_and_validates_there_too() -> None:
    require("full" in data.available(), "needs full Fashion-MNIST")
    compact, full = garment.garment("compact"), garment.garment("full")
    np.testing.assert_array_equal(compact.pixels, full.pixels)
    assert compact.truth == full.truth


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_shares_are_those_of_the_keras_network_with_the_weights_on_show(activation: str) -> None:
    record = synthetic(tiny(activation=activation), val_crossentropy=[0.5, 0.2, 0.4])
    pixels = garment.garment("compact").pixels
    for epoch, weights in ((2, record.best_weights), (3, record.weights)):
        found = garment.answers([Shown("it", record, None, epoch)])[0]
        out = stock.as_keras(record.config, weights).predict(pixels[None], verbose=0)[0]
        expected = np.exp(out.astype(float) - out.max())
        assert found.epoch == epoch
        assert found.shares is not None
        np.testing.assert_allclose(found.shares, expected / expected.sum(), rtol=1e-3, atol=1e-6)
        assert found.answer == out.argmax()
    # Weights of the first epoch are not kept: those of the last answer, and it is said.
    assert garment.answers([Shown("it", record, None, 1)])[0].epoch == 3


def test_side_by_side_networks_answer_after_the_same_epochs_on_show() -> None:
    examples = {"train": 100, "corrupted": 0, "validation": 2_500, "test": 5_000, "probe": 500}
    record = synthetic(tiny(), examples=examples, val_crossentropy=[0.5, 0.2, 0.4])
    # One has kept its epoch on show and the other has not: both answer after their last.
    both = [Shown("one", record, None, 2), Shown("two", record, None, 1)]
    assert [each.epoch for each in garment.answers(both)] == [3, 3]
    brief = [run._replace(record=record.brief()) for run in both]
    assert [each.epoch for each in garment.answers(brief)] == [2, 1]


def test_without_weights_the_recorded_answer_of_that_epoch_is_known() -> None:
    examples = {"train": 100, "corrupted": 0, "validation": 2_500, "test": 5_000, "probe": 500}
    record = synthetic(tiny(), examples=examples).brief()
    for epoch in (1, 3):
        found = garment.answers([Shown("it", record, None, epoch)])[0]
        assert found == ("it", epoch, record.val_predictions[epoch, PLACES["compact"]], None)
    broken = tuple(np.full_like(w, np.inf) for w in record.weights)
    diverged = replace(synthetic(tiny(), examples=examples), weights=broken)
    assert garment.answers([Shown.at_end(diverged)])[0].shares is None
