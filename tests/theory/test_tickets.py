"""Which weights stay in a lottery ticket."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.run.config import RunConfig
from fmviz.theory import tickets
from fmviz.theory.initializers import initial_weights
from tests.support.records import tiny


def ticket(**changes: Any) -> RunConfig:
    return tiny(**{"ticket": "magnitude", "kept": 0.2, **changes})


@given(
    kept=st.sampled_from([0.001, 0.02, 0.1, 0.5, 0.999]),
    kind=st.sampled_from(["magnitude", "random"]),
    seed=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_every_layer_keeps_its_share(kept: float, kind: str, seed: int) -> None:
    config = ticket(kept=kept, ticket=kind, seed=seed)
    trained = initial_weights(config)
    masks = tickets.masks(config, trained)
    # The output layer is the last of three.
    for mask, kernel, share in zip(masks, trained[::2], (kept, kept, kept**0.5), strict=True):
        assert mask.shape == kernel.shape
        assert mask.sum() == round(share * mask.size)


def test_the_largest_stay_and_of_equals_the_earlier() -> None:
    # The only layer is that of the outputs, which keeps half.
    config = ticket(hidden=(), kept=0.25)
    kernel = np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)
    (mask,) = tickets.masks(config, [kernel, np.zeros(10, np.float32)])
    assert np.abs(kernel[mask]).min() > np.abs(kernel[~mask]).max()
    # As NumPy has it: those above a quantile of the sizes.
    np.testing.assert_array_equal(mask, np.abs(kernel) > np.quantile(np.abs(kernel), 0.5))
    (alike,) = tickets.masks(config, [np.ones_like(kernel), np.zeros(10, np.float32)])
    np.testing.assert_array_equal(np.flatnonzero(alike), np.arange(3_920))


def test_a_random_choice_is_the_seeds_own_and_every_weight_has_its_chance() -> None:
    config = ticket(ticket="random", kept=0.25, hidden=())
    drawn = np.array([tickets.masks(config.replace(seed=seed))[0] for seed in range(60)])
    np.testing.assert_array_equal(drawn[3], tickets.masks(config.replace(seed=3))[0])
    # 7,840 weights, each drawn Binomial(60, ½) times: mean 30, within six deviations.
    counts = drawn.sum(axis=0)
    assert counts.mean() == pytest.approx(30)
    assert np.abs(counts - 30).max() < 6 * np.sqrt(60 / 4)


def test_fewer_of_the_largest_are_some_of_more() -> None:
    trained = initial_weights(tiny())
    few, many = (tickets.masks(ticket(kept=kept), trained) for kept in (0.1, 0.3))
    for small, large in zip(few, many, strict=True):
        assert not (small & ~large).any()


def test_a_whole_network_keeps_all_and_a_ticket_wants_its_parents_weights() -> None:
    assert all(mask.all() for mask in tickets.masks(tiny()))
    with pytest.raises(ValueError, match="network that has been trained"):
        tickets.masks(ticket())


def test_what_does_not_stay_is_zero_and_biases_all_stay() -> None:
    weights = [array + np.float32(1) for array in initial_weights(tiny())]
    masks = tickets.masks(ticket(ticket="random"))
    left = tickets.masked(weights, masks)
    for array, before in zip(left[1::2], weights[1::2], strict=True):
        np.testing.assert_array_equal(array, before)
    for kernel, before, mask in zip(left[::2], weights[::2], masks, strict=True):
        np.testing.assert_array_equal(kernel[mask], before[mask])
        assert not kernel[~mask].any()
        assert kernel.dtype == np.float32
