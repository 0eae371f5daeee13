"""The model of what training costs."""

from __future__ import annotations

import pytest

from fmviz.engine.cost import cost
from fmviz.run.config import RunConfig


@pytest.mark.parametrize("changes", [{"train_size": 5_000}, {"hidden": (256,)}, {"batch_size": 8}])
def test_more_to_do_costs_more(changes: dict[str, object]) -> None:
    small = RunConfig(train_size=1_000, hidden=(64,), batch_size=32)
    large = small.replace(**changes)
    assert cost([large]).epoch > cost([small]).epoch
    assert cost([small] * 2).epoch > cost([small]).epoch
    # Together they take less than one after another.
    assert cost([small, small.replace(seed=1)]).epoch < 2 * cost([small]).epoch
    assert 0 < cost([small]).steps < cost([small]).epoch


def test_a_ticket_costs_its_parent_too() -> None:
    whole = RunConfig(train_size=1_000, hidden=(64,), batch_size=32)
    drawn, control = (whole.replace(ticket=ticket) for ticket in ("magnitude", "random"))
    assert cost([control]) == cost([whole])
    parent = cost([whole]).epoch * whole.epochs
    assert cost([drawn]).begin == pytest.approx(cost([whole]).begin + parent)
    assert cost([drawn]).epoch == cost([whole]).epoch
