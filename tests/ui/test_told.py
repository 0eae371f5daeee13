"""What is said of runs: the epochs that it names lead the player to them."""

from __future__ import annotations

import pytest

from fmviz.ui.told import moments


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("It stops after epoch 13.", "It stops after [epoch 13](#epoch-13)."),
        ("**Epoch 5**, epochs 3 to 4", "**Epoch 5**, epochs 3 to 4"),
        (
            "best after epoch 2, last epoch 100",
            "best after [epoch 2](#epoch-2), last [epoch 100](#epoch-100)",
        ),
        ("`start_from_epoch` = 3", "`start_from_epoch` = 3"),
    ],
)
def test_an_epoch_is_a_link_to_it(text: str, linked: str) -> None:
    assert moments(text) == linked
