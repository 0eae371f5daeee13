"""Playground: every knob of a run in one place, beside the matched run without a penalty."""

from __future__ import annotations

from typing import Literal

from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Stopping, Taught, Tolerance
from fmviz.run.config import RunConfig

BASELINE, PENALISED = "no penalty", "with penalty"
Section = Literal["layers", "answers", "distributions", "pictures", "memory", "running"]


class PlaygroundView(Taught, Stopping):
    """Up to which |w| a weight counts as zero, and the closer look."""

    tolerance: Tolerance = 1e-3
    section: Section = "layers"


def runs(config: RunConfig, view: PlaygroundView) -> Runs:
    """The run and its baseline, which is the run itself where it has no penalty."""
    if config.penalty == "none":
        return {BASELINE: config}
    return {BASELINE: config.baseline, PENALISED: config}


LESSON = Lesson(
    name="playground",
    title="Playground",
    view=PlaygroundView,
    runs=runs,
    settings={"penalty": "l2", "lam": 10.0},
    weights=True,
    knobs=(
        *("lam", "penalty", "l1_share", "init_std", "dropout", "learning_rate", "label_noise"),
        *("train_size", "optimizer", "activation", "initializer", "schedule"),
    ),
    row="gap",
    presets=(
        Preset("start"),
        Preset("modern", {"activation": "relu", "initializer": "he_normal", "dropout": 0.3}),
        Preset("deep", {"hidden": (64,) * 5, "init_std": 0.01, "lam": 0.0}),
        Preset(
            "exploding",
            {
                "activation": "leaky_relu",
                "optimizer": "sgd",
                "learning_rate": 0.5,
                "hidden": (128, 128),
                "init_std": 1.0,
                "lam": 0.0,
            },
        ),
        Preset(
            "let go",
            {"branch": (("penalty", "none"), ("lam", 0.0)), "branch_epoch": 15},
        ),
    ),
    branching="beside",
)
