"""The page that sets pinned runs side by side. It has no runs of its own: the reader pins them."""

from __future__ import annotations

from fmviz.page.lesson import Lesson, Runs
from fmviz.page.permalink import View
from fmviz.run.config import RunConfig, bounds

SEEDS = (1, 2, 3, 4, 5)
# With so many runs, each a line through the axes of its settings, lines show which go together.
PARALLEL_FROM = 5


def runs(config: RunConfig, view: View) -> Runs:
    """None; those that are pinned are the session's."""
    return {}


def repeated(config: RunConfig, seeds: int) -> list[RunConfig]:
    """A run and so many more that differ from it in the seed alone."""
    past = int(bounds("seed")[1]) + 1
    return [config.replace(seed=(config.seed + k) % past) for k in range(seeds + 1)]


# What of a view the page has. Weights are those after the last epoch: pins are of runs, and what
# early stopping makes of one is its lesson's.
FIELDS = ("test", "tolerance", "first", "second", "repeat", "seeds")

COMPARE = Lesson(
    name="compare",
    title="Compare",
    start={field: getattr(View(seeds=3), field) for field in FIELDS},
    runs=runs,
)
