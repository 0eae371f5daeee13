"""Early stopping: one long run, replayed under every rule."""

from __future__ import annotations

from typing import Literal

from fmviz.lessons.early_stopping.says import answer, spans
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Epoch, EveryArgument, Patience, Taught
from fmviz.run.config import RunConfig

RUN = "the long run"
Section = Literal["patience", "monitors", "epochs", "calibration"]


class EarlyStoppingView(Taught, EveryArgument):
    """Every argument of the rule, the epoch that is looked at, and the closer look."""

    patience: Patience = 5
    epoch: Epoch = None
    section: Section = "patience"


def runs(config: RunConfig, view: EarlyStoppingView) -> Runs:
    """The one run that all is replayed on."""
    return {RUN: config}


LESSON = Lesson(
    name="early_stopping",
    title="Early stopping",
    view=EarlyStoppingView,
    runs=runs,
    settings={"train_size": 2_000, "epochs": 60, "learning_rate": 0.002},
    presets=(
        Preset("long"),
        Preset("impatient", {"patience": 1}),
        Preset("default", {"restore": False}),
        Preset("noise", {"label_noise": 0.2}),
        Preset("trap", {"penalty": "l1", "lam": 0.5, "section": "monitors"}),
        Preset("improving", {"learning_rate": 0.0001}),
        Preset("sure", {"section": "calibration"}),
        Preset("doubt", {"label_noise": 0.2, "section": "calibration"}),
    ),
    weights=True,
    answer=answer,
    spans=spans,
    branching="itself",
)
