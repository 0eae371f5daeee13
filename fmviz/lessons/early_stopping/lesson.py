"""Early stopping: one long run, replayed under every rule."""

from __future__ import annotations

from fmviz.lessons.early_stopping.says import answer
from fmviz.page.lesson import Lesson, Preset, Runs, start
from fmviz.page.permalink import View
from fmviz.run.config import RunConfig

RUN = "the long run"


def runs(config: RunConfig, view: View) -> Runs:
    """The one run that all is replayed on."""
    return {RUN: config}


LESSON = Lesson(
    name="early_stopping",
    title="Early stopping",
    start=start(
        {"train_size": 2_000, "epochs": 60, "learning_rate": 0.002},
        {
            "patience": 5,
            "mode": "auto",
            "min_delta": 0.0,
            "baseline": None,
            "start_from": 0,
            "epoch": None,
            "section": "patience",
        },
    ),
    runs=runs,
    presets=(
        Preset("long"),
        Preset("impatient", {"patience": 1}),
        Preset("default", {"restore": False}),
        Preset("noise", {"label_noise": 0.2}),
        Preset("trap", {"penalty": "l1", "lam": 0.5, "section": "monitors"}),
        Preset("improving", {"learning_rate": 0.0001}),
    ),
    choices={"section": ("patience", "monitors", "epochs")},
    weights=True,
    answer=answer,
)
