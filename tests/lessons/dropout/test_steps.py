"""The network that the page draws has the masks of the run itself."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import tensorflow as tf

from fmviz.lessons.dropout.network_charts import (
    UNITS,
    network_reel,
    network_rows,
    network_spec,
)
from fmviz.lessons.dropout.steps import LAYERS_A_STEP, STEPS, first_steps
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.training import stock
from tests.support.charts import fields

CONFIG = RunConfig(hidden=(48, 32), dropout=0.4, seed=3, batch_size=64, train_size=640)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_the_masks_are_those_that_the_trainer_draws(rate: float) -> None:
    config = CONFIG.replace(dropout=rate)
    network = stock.build(1, config.hidden, config.activation)

    @tf.function(jit_compile=True)
    def masks(step: tf.Tensor) -> list[tf.Tensor]:
        keys = tf.stack([tf.constant([config.seed]), tf.fill((1,), step * LAYERS_A_STEP)], axis=1)
        return [
            network._mask((1, config.batch_size, units), tf.constant([rate]), keys, layer)
            for layer, units in enumerate(config.hidden)
        ]

    for number, step in enumerate(first_steps(config, 3)):
        for kept, factors in zip(step.kept, masks(tf.constant(number)), strict=True):
            # The first image of the batch.
            np.testing.assert_array_equal(kept, factors.numpy()[0, 0] > 0)


def test_a_unit_that_a_rate_drops_is_dropped_by_every_higher_rate() -> None:
    little, much = (first_steps(CONFIG.replace(dropout=rate)) for rate in (0.2, 0.7))
    for few, many in zip(little, much, strict=True):
        for some, fewer in zip(few.kept, many.kept, strict=True):
            assert not (fewer & ~some).any()


def test_each_step_is_of_the_first_image_of_its_batch() -> None:
    steps = first_steps(CONFIG, 12)
    first, second = (data.epoch_order(CONFIG.train_size, epoch) for epoch in (0, 1))
    expected = [first[k * 64] for k in range(10)] + [second[0], second[64]]
    assert [step.image for step in steps] == expected


def test_the_picture_is_of_these_steps() -> None:
    config = CONFIG.replace(label_noise=0.5)
    steps = first_steps(config)
    reel = network_reel(config, steps, "")
    assert (reel["film"]["last"], len(steps)) == (STEPS, STEPS)
    train = data.load().train
    pixels = np.frombuffer(base64.b64decode(reel["pixels"]), np.uint8).reshape(STEPS, 784)
    np.testing.assert_array_equal(pixels, train.grey[[step.image for step in steps]])
    # What it is told, which may be false.
    told, _ = data.with_noise(train.labels[:640], 0.5, 3)
    assert reel["told"] == [data.CLASS_NAMES[told[step.image]] for step in steps]
    for layer, drawn in enumerate(reel["layers"]):
        for step, letters, left in zip(steps, drawn["kept"], drawn["left"], strict=True):
            assert [letter == "1" for letter in letters] == step.kept[layer][:UNITS].tolist()
            assert left == step.kept[layer].sum()
    assert reel["counts"] == "× 1.67"
    assert network_reel(CONFIG, steps, "")["film"]["key"] != reel["film"]["key"]
    json.dumps(reel, allow_nan=False)


def test_what_stands_in_shows_one_step() -> None:
    step = first_steps(CONFIG, 1)[0]
    rows = network_rows(step).table.to_pandas()
    assert fields(network_spec(False)) <= set(rows.columns)
    for layer, kept in enumerate(step.kept, start=1):
        states = rows[rows.layer == layer].state
        assert states.tolist() == ["kept" if k else "dropped" for k in kept[:UNITS]]
