"""Playground: every knob of a run in one place, beside the matched run without a penalty."""

from __future__ import annotations

from fmviz.page.lesson import Lesson, Preset, Runs, start
from fmviz.page.permalink import View
from fmviz.run.config import RunConfig

BASELINE, PENALISED = "no penalty", "with penalty"
SECTIONS = ("layers", "answers", "distributions", "pictures", "memory", "running")


def runs(config: RunConfig, view: View) -> Runs:
    """The run and its baseline, which is the run itself where it has no penalty."""
    if config.penalty == "none":
        return {BASELINE: config}
    return {BASELINE: config.baseline, PENALISED: config}


LESSON = Lesson(
    name="playground",
    title="Playground",
    start=start(
        {"penalty": "l2", "lam": 10.0},
        {"tolerance": 1e-3, "section": SECTIONS[0]},
    ),
    runs=runs,
    choices={"section": SECTIONS},
    weights=True,
    borrows=("regularisation", "overfitting"),
    presets=(
        Preset("start"),
        Preset("modern", {"activation": "relu", "initializer": "he_normal", "dropout": 0.3}),
        Preset("deep", {"hidden": (64,) * 5, "init_std": 0.01, "lam": 0.0}),
        Preset(
            "exploding",
            {
                **{"activation": "leaky_relu", "optimizer": "sgd", "learning_rate": 0.5},
                **{"hidden": (128, 128), "init_std": 1.0, "lam": 0.0},
            },
        ),
    ),
)
