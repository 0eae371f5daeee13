"""The images of a data set as tensors: bytes in memory, numbers where a batch of them is used.

As `float32` they take four times the memory, and TensorFlow keeps an array that it is given twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from fmviz.run import data
from fmviz.run.choices import DATASETS

Tensor = Any

# Images a step of the evaluation, a divisor of all its parts and of the probe. What a step of eight
# members makes of so many fits a cache; of five times as many an evaluation took a sixth longer.
EVALUATION_BATCH = 250


class ImageTensors(NamedTuple):
    """Shared by all that a process trains; uint8.

    Attributes:
        train: (pool, 784).
        evaluation: (chunks, EVALUATION_BATCH, 784), in the order of `evaluation_slices`.
    """

    train: Tensor
    evaluation: Tensor


@lru_cache(maxsize=2)
def image_tensors(name: str) -> ImageTensors:
    """The images of a data set.

    Raises:
        fmviz.run.data.DataError: they cannot be read.
    """
    images = data.load(name)
    sample = images.train[: DATASETS[name].train_sample]
    evaluation = np.concatenate([images.validation.grey, sample.grey, images.test.grey])
    return ImageTensors(
        _tensor(images.train.grey),
        _tensor(evaluation.reshape(-1, EVALUATION_BATCH, evaluation.shape[1])),
    )


def _tensor(array: Any) -> Tensor:
    # A tensor made of an array keeps the array beside its own copy; one made of a tensor does not.
    return tf.identity(tf.constant(array))


def pixels(grey: Tensor) -> Tensor:
    """Bytes as numbers in [0, 1], bit for bit those of `fmviz.run.data.SHADES`.

    By way of `float64`, whose product with the rounded 1/255 rounds to the right `float32` for
    every byte. XLA turns a division by 255 into that product in `float32`, which does so for half
    of them.
    """
    return tf.cast(tf.cast(grey, tf.float64) * (1 / 255), tf.float32)
