"""The lessons in their order. Each is a folder of its own, and none knows another."""

from __future__ import annotations

from importlib import import_module

from fmviz.page.lesson import Lesson

ORDER = (
    "start",
    "overfitting",
    "early_stopping",
    "regularisation",
    "dropout",
    "initialisation",
    "optimizers",
    "schedules",
    "your_garment",
    "playground",
    "sweep",
)

LESSONS: dict[str, Lesson] = {
    name: import_module(f"fmviz.lessons.{name}.lesson").LESSON for name in ORDER
}
