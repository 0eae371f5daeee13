"""What is said of a network's weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.words import weights
from fmviz.words.prose import Caption
from tests.support.records import shown, tiny


def run_with(name: str = "with penalty", **changes: Any) -> Shown:
    """A made-up run with some of its figures set: "val_crossentropy" and other names of the
    history, or "kernel_norm"."""
    config = tiny(**{"penalty": "l2", "lam": 1.0} | changes.pop("config", {}))
    norm = changes.pop("kernel_norm", None)
    record = shown(0.9, 0.8, config=config, name=name, **changes).record
    if norm is not None:
        layers = dict(record.layers)
        layers["kernel_norm"] = np.full_like(layers["kernel_norm"], norm)
        record = replace(record, layers=layers)
    return Shown(name, record, None, config.epochs)


def spread(now: float, before: float | None) -> Callable[[], Caption]:
    baseline = None if before is None else run_with("no penalty", kernel_norm=before)
    return lambda: weights.spread(run_with(kernel_norm=now), baseline)


# Every section that `weights` can return, with what makes it return it.
BRANCHES: dict[str, Callable[[], Caption]] = {
    "spread": spread(2.0, None),
    "spread narrower": spread(1.0, 2.0),
    "spread wider": spread(2.0, 1.0),
    "spread alike": spread(2.0, 2.01),
    "spread gone": spread(0.0, 1.0),
    "spread alone": spread(1.0, 0.0),
    "pictures": lambda: weights.pictures(0.21, 0.005, 16, hidden=True),
    "roughness": lambda: weights.roughness(0.5, None),
    "roughness falls": lambda: weights.roughness(0.3, 0.7),
    "roughness rises": lambda: weights.roughness(0.7, 0.3),
    "roughness alike": lambda: weights.roughness(0.7, 0.65),
    "roughness none": lambda: weights.roughness(math.nan, 0.7),
    "weights of another epoch": lambda: weights.of_another_epoch(),
}


@pytest.mark.parametrize("section", BRANCHES)
def test_a_caption_is_of_its_section(section: str) -> None:
    assert BRANCHES[section]().section == section


@pytest.mark.parametrize(
    ("now", "before", "how"),
    [
        (0.097, 0.1, "3% smaller than"),
        (0.05, 0.105, "2.1 times smaller than"),
        (0.104, 0.1, "4% larger than"),
        (0.21, 0.1, "2.1 times as large as"),
    ],
)
def test_a_typical_weight_is_compared_in_words_that_fit(
    now: float, before: float, how: str
) -> None:
    assert spread(now, before)().figures["how"] == how
