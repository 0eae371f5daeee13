"""The rules on NumPy's arrays against the same on TensorFlow's, which test_optimizers holds
against Keras."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from fmviz.run.choices import OPTIMIZERS
from fmviz.theory import numpy_rules
from fmviz.training import optimizers


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_both_libraries_take_the_same_steps(name: str) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = numpy_rules.RULES[name], optimizers.RULES[name]
    start = rng.normal(size=(3, 4))
    weight, tensor = start, tf.constant(start.astype(np.float32))
    slots, tensors = ours.start(weight), theirs.start(tensor)
    assert [np.shape(slot) for slot in slots] == [tuple(slot.shape) for slot in tensors]
    for step in range(1, 30):
        gradient = rng.normal(size=start.shape) * 10.0 ** rng.integers(-4, 3, start.shape)
        change, slots = ours.step(gradient, slots, 0.01, step)
        weight = weight + change
        moved, tensors = theirs.step(
            tf.constant(gradient.astype(np.float32)),
            tensors,
            tf.constant(0.01),
            tf.constant(float(step)),
        )
        tensor += moved
    np.testing.assert_allclose(weight, tensor.numpy(), rtol=1e-4, atol=1e-5)


def test_the_rules_and_the_ravine_need_no_tensorflow() -> None:
    modules = "fmviz.theory.numpy_rules, fmviz.lessons.optimizers.ravine"
    code = f"import sys, {modules}; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
