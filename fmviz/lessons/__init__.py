"""The lessons in their order. Each is a pair of files: what it shows, and its words."""

from __future__ import annotations

from importlib import import_module

from fmviz.lesson import Lesson

ORDER = (
    "start",
    "overfitting",
    "early_stopping",
    "regularisation",
    "dropout",
    "initialisation",
    "optimizers",
    "schedules",
    "playground",
    "sweep",
)

LESSONS: dict[str, Lesson] = {name: import_module(f"{__name__}.{name}").LESSON for name in ORDER}
