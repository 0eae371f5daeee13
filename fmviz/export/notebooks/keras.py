"""A run as a Keras notebook: stock layers, optimizers, schedules and callbacks."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from fmviz.analysis.stopping import Rule

from fmviz.export.notebooks import cells, context
from fmviz.page.view import Judging
from fmviz.run.record import RunRecord
from fmviz.theory import penalties
from fmviz.theory.schedules import Course, courses
from fmviz.words import keras_lines


def keras_notebook(record: RunRecord, view: Judging) -> NotebookNode:
    """A notebook that trains the run in Keras and compares its figures.

    Raises:
        ValueError: the run has no finished epoch.
    """
    return cells.rendered("keras", context.with_parent(record, _shared(record, view), _course))


def _course(record: RunRecord) -> str:
    """The training of a run, in a section of its own."""
    return cells.text("keras_course", _shared(record, Judging()) | {"heading": "###"})


def _shared(record: RunRecord, view: Judging) -> dict[str, Any]:
    shared = context.of(record, view)
    begun, *rest = courses(record.config)
    shared |= _stretch(begun, shared["rule"])
    later = context.branch(record, shared, "float(before.optimizer.learning_rate)")
    if later is not None:
        (after,) = rest
        shared["branch"] = cells.text("keras_branch", later | _stretch(after, shared["rule"]))
    return shared


def _stretch(course: Course, rule: Rule | None) -> dict[str, Any]:
    """What is Keras's of some epochs of a run."""
    config, steps = course.config, course.steps
    its = keras_lines.names(config, steps)
    regularizer = keras_lines.regularizer(config, its)
    strength = penalties.coefficients(config)
    decay = its.weight_decay if strength.weight_decay else ""
    return {
        "library": "Keras",
        "keras_lines": keras_lines,
        "coefficients": [f"{c:.4g}" for c in (strength.l1, strength.l2) if c],
        "regularizer": regularizer,
        "layers": keras_lines.layers(
            config, its, kernel_regularizer="penalty" if regularizer else ""
        ),
        "decay": keras_lines.schedule(config, its, steps),
        "optimizer_call": keras_lines.optimizer(config.optimizer, "rate", decay),
        "plateau": keras_lines.reduce_on_plateau(config, its)
        if config.schedule == "plateau"
        else None,
        "early_stopping": rule and keras_lines.early_stopping(rule, _code),
    }


def _code(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
