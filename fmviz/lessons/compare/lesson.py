"""The page that sets pinned runs side by side. It has no runs of its own: the reader pins them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fmviz.page.lesson import Lesson, Runs
from fmviz.page.pins import MAX_PINS, Pin
from fmviz.page.view import Seeds, Tolerance, View
from fmviz.run.config import RunConfig

SEEDS = (1, 2, 3, 4, 5)
# For readers who have pinned nothing: recorded runs of the lesson on L2 and L1, which differ in the
# penalty alone. Their gaps are far apart, their validation accuracies are not.
_ALIKE = {"train_size": 1_000, "epochs": 100}
EXAMPLES = (
    Pin("No penalty", RunConfig.model_validate(_ALIKE)),
    Pin("L2, λ = 20", RunConfig.model_validate(_ALIKE | {"penalty": "l2", "lam": 20.0})),
    Pin("L1, λ = 1", RunConfig.model_validate(_ALIKE | {"penalty": "l1", "lam": 1.0})),
)
# With so many runs, each a line through the axes of its settings, lines show which go together.
PARALLEL_FROM = 5


class CompareView(View):
    """Which of the pinned runs, and how. Weights are those after the last epoch: pins are of runs,
    and what early stopping makes of one is its lesson's.

    Attributes:
        first, second: pins, counted from 1, that are set against each other.
        repeat: the pin, counted from 1, that is repeated over seeds; 0 is all of them.
        seeds: so many more.
    """

    test: bool = False
    tolerance: Tolerance = 1e-3
    first: Annotated[int, Field(ge=1, le=MAX_PINS)] = 1
    second: Annotated[int, Field(ge=1, le=MAX_PINS)] = 2
    repeat: Annotated[int, Field(ge=0, le=MAX_PINS)] = 0
    seeds: Seeds = 3


def runs(config: RunConfig, view: CompareView) -> Runs:
    """None; those that are pinned are the session's."""
    return {}


COMPARE = Lesson(
    name="compare",
    title="Compare",
    view=CompareView,
    runs=runs,
    settings=None,
)
