"""Pictures of weights, a byte each: how far they may be off, and how little their scale moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fmviz.run import snapshots

WEIGHTS = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)


@given(arrays.arrays(np.float32, (7, 5), elements=WEIGHTS))
@settings(max_examples=200, deadline=None)
def test_a_weight_is_off_by_half_a_step_at_most(kernel: np.ndarray) -> None:
    numbers, scale = snapshots.taken(kernel)
    largest = float(np.abs(kernel).max())
    assert numbers.dtype == np.int8
    assert np.abs(numbers.astype(int)).max() <= snapshots.FULL
    assert largest <= scale * (1 + 1e-12)
    assert scale <= 2**0.25 * largest * (1 + 1e-12)
    error = np.abs(snapshots.weights(numbers, scale).astype(float) - kernel)
    # Half a step, and single precision's own rounding.
    assert error.max() <= scale / 254 + 1e-6 * largest
    assert error.max() <= 0.0047 * largest + 1e-6 * largest


@given(arrays.arrays(np.float32, (4, 3), elements=WEIGHTS))
@settings(max_examples=50, deadline=None)
def test_it_is_symmetric_about_zero(kernel: np.ndarray) -> None:
    (numbers, scale), (others, same) = map(snapshots.taken, (kernel, -kernel))
    assert scale == same
    np.testing.assert_array_equal(numbers, -others)


@pytest.mark.parametrize("units", [1, 16, 20])
def test_it_is_of_the_first_units(units: int) -> None:
    kernel = np.random.default_rng(0).normal(size=(784, units)).astype(np.float32)
    numbers, _ = snapshots.taken(kernel)
    first, _ = snapshots.taken(kernel[:, :16])
    assert numbers.shape == (784, min(units, 16))
    np.testing.assert_array_equal(numbers, first)


def test_weights_that_are_all_zero_have_no_scale() -> None:
    numbers, scale = snapshots.taken(np.zeros((784, 3), np.float32))
    assert scale == 0
    assert not snapshots.weights(numbers, scale).any()


def test_a_weight_that_grows_a_little_leaves_the_scale_alone() -> None:
    scales = [snapshots.taken(np.full((1, 1), w))[1] for w in np.linspace(0.51, 0.59, 9)]
    assert set(scales) == {2**-0.75}


@given(
    arrays.arrays(np.int8, (6, 4, 3), elements=st.integers(-127, 127)),
    st.lists(st.sampled_from([0.5, 1.0]), min_size=6, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_coarse_numbers_are_near_and_stay_where_a_weight_trembles(
    numbers: np.ndarray, scales: list[float]
) -> None:
    found = snapshots.coarse(numbers, np.array(scales))
    assert found.dtype == np.int8
    assert not (found % 4).any()
    assert np.abs(found.astype(int) - numbers).max() <= 3
    for epoch in range(1, 6):
        near = np.abs(numbers[epoch] - found[epoch - 1].astype(int)) <= 3
        if scales[epoch] == scales[epoch - 1]:
            assert (found[epoch] == found[epoch - 1])[near].all()
