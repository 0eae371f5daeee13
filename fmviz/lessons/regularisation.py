"""L2 and L1: a run with a penalty beside the matched run without."""

from __future__ import annotations

from fmviz import paired
from fmviz.config import RunConfig
from fmviz.lesson import Lesson, Preset, Runs, start
from fmviz.permalink import View
from fmviz.stopping import Shown

BASELINE, PENALISED = "no penalty", "with penalty"


def runs(config: RunConfig, view: View) -> Runs:
    """The baseline and the run; the baseline alone where λ is 0."""
    if config.penalty == "none":
        return {BASELINE: config}
    return {BASELINE: config.baseline, PENALISED: config}


def answer(runs: list[Shown]) -> int:
    """Whether the penalty narrows the gap, leaves it within the noise, or widens it."""
    change = paired.gap_change(runs[-1], runs[0])
    if change.could_be_noise:
        return 1
    return 0 if change.value < 0 else 2


LESSON = Lesson(
    name="regularisation",
    title="L2 and L1",
    start=start({"penalty": "l2", "lam": 10.0}, {"tolerance": 1e-3}),
    runs=runs,
    presets=(Preset("twins"), Preset("underfits", {"lam": 100.0})),
    weights=True,
    answer=answer,
)
