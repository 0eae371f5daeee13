"""The draws of `tf.random.stateless_uniform` as XLA compiles it, in NumPy.

What trains a network draws its masks from a seed alone, so a page, whose process imports no
TensorFlow, can draw the very same. Philox 4×32, ten rounds: Salmon, Moraes, Dror & Shaw 2011,
*Parallel random numbers: as easy as 1, 2, 3*. How a seed becomes its key and first counter is in
tensorflow/core/kernels/stateless_random_ops.cc, how 32 bits become a number in [0, 1) in
xla/hlo/builder/lib/prng.cc: their upper 23 are the mantissa of a number in [1, 2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_SCRAMBLE = (0x3EC8F720, 0x02461E29)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
ROUNDS = 10


def _philox(counter: Words, key: tuple[int, int]) -> Words:
    """Four words for each counter: (…, 4) → (…, 4), of 32 bits each."""
    a, b, c, d = np.moveaxis(counter, -1, 0)
    low, high = key
    for _ in range(ROUNDS):
        left, right = np.uint64(_MULTIPLIERS[0]) * a, np.uint64(_MULTIPLIERS[1]) * c
        a, b, c, d = (
            (right >> _HALF) ^ b ^ np.uint64(low),
            right & _LOW,
            (left >> _HALF) ^ d ^ np.uint64(high),
            left & _LOW,
        )
        low, high = ((word + step) & 0xFFFFFFFF for word, step in zip((low, high), _WEYL))
    return np.stack([a, b, c, d], axis=-1)


def uniform(count: int, seed: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The first of the draws of a seed, in [0, 1): (count,).

    Args:
        seed: two whole numbers from 0 to 2³¹ − 1.
    """
    given: Any = np.array([seed[0], 0, seed[1], 0], np.uint64)
    mixed = _philox(given, _SCRAMBLE)
    counters = np.empty((-(-count // 4), 4), np.uint64)
    counters[:, 0], counters[:, 1] = np.arange(len(counters)), 0
    counters[:, 2:] = mixed[2:]
    words = _philox(counters, (int(mixed[0]), int(mixed[1]))).reshape(-1)[:count]
    bits = (words.astype(np.uint32) >> np.uint32(9)) | np.uint32(0x3F800000)
    return bits.view(np.float32) - np.float32(1)
