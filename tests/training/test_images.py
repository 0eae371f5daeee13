"""Images as tensors: the bytes of the data set, and the numbers that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from fmviz.run import data
from fmviz.training.images import image_tensors, pixels
from fmviz.training.recorder import evaluation_slices

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("compiled", [False, True])
def test_every_byte_becomes_the_number_that_the_data_set_gives_it(compiled: bool) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(2, 128)
    found = tf.function(pixels, jit_compile=compiled)(tf.constant(grey))
    np.testing.assert_array_equal(found.numpy(), data.SHADES[grey])


def test_images_to_be_measured_lie_in_the_order_of_their_splits() -> None:
    tensors, images = image_tensors("compact"), data.load("compact")
    assert tensors.train.dtype == tensors.evaluation.dtype == tf.uint8
    np.testing.assert_array_equal(tensors.train.numpy(), images.train.grey)
    flat = tensors.evaluation.numpy().reshape(-1, 784)
    parts = {"val": images.validation, "train": images.train, "test": images.test}
    for name, place in evaluation_slices("compact").items():
        measured = flat[place]
        np.testing.assert_array_equal(measured, parts[name].grey[: len(measured)])
    assert len(flat) == evaluation_slices("compact")["test"].stop
