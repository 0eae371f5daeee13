"""Pictures of growing runs leave the server time for whoever moves a control."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.ui.budget import LONGEST_SECONDS, SHARE, SHORTEST_SECONDS, DrawingBudget

PICTURE = 0.008


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(costs: list[float], seconds: float) -> list[int]:
    """How many pictures each of some viewers gets, who draw and wait for so long."""
    clock = Clock()
    budget = DrawingBudget(clock)
    end = clock.now + seconds
    counts = [0] * len(costs)
    due = [(clock.now, viewer) for viewer in range(len(costs))]
    while due[0][0] < end:
        clock.now, viewer = heapq.heappop(due)
        counts[viewer] += 1
        heapq.heappush(due, (clock.now + budget.spend(costs[viewer]), viewer))
    return counts


def test_one_viewer_has_pictures_as_fast_as_a_browser_draws() -> None:
    (count,) = drawn([PICTURE], 6.0)
    assert count == pytest.approx(6.0 / SHORTEST_SECONDS, abs=2)


@given(st.integers(4, 20))
def test_a_class_takes_its_share_and_no_more(viewers: int) -> None:
    counts = drawn([PICTURE] * viewers, 10.0)
    assert sum(counts) * PICTURE <= 10.0 * SHARE + (viewers + 1) * PICTURE
    assert sum(counts) * PICTURE >= 10.0 * SHARE * 0.8
    # Everybody gets as much as the others.
    assert max(counts) - min(counts) <= max(2, 0.2 * max(counts))


def test_those_who_wait_cost_those_who_watch_little() -> None:
    alone = drawn([PICTURE] * 8, 10.0)
    beside = drawn([PICTURE] * 8 + [0.0005] * 50, 10.0)[:8]
    assert sum(beside) >= 0.5 * sum(alone)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_nobody_waits_longer_than_it_takes_to_see_runs_grow(costs: list[float]) -> None:
    budget = DrawingBudget(Clock())
    for cost in costs:
        assert SHORTEST_SECONDS <= budget.spend(cost) <= LONGEST_SECONDS + 1e-9


def test_what_was_spent_is_forgotten() -> None:
    clock = Clock()
    budget = DrawingBudget(clock)
    for _ in range(100):
        budget.spend(1.0)
    clock.now += LONGEST_SECONDS
    assert budget.spend(0.001) == SHORTEST_SECONDS
