"""Whatever a valid address asks for, and however its runs come out: the page opens and reads whole.

Addresses are drawn over every field of every page, at the ends of its range above all; runs are
small, and right or wrong everywhere, at chance, level with one another, or diverged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.address import ParameterError, choices, read, write
from fmviz.page.view import OF_TEACHER
from fmviz.run.choices import CHOICES
from fmviz.run.config import RunConfig, bounds
from fmviz.run.record import Divergence, RunRecord
from fmviz.run.settings import SETTINGS, written
from fmviz.ui import live
from tests.support.lessons import made_up, opened, texts
from tests.support.records import synthetic
from tests.support.scripted import ScriptedEngine

GARBLED = re.compile(r"\{\{|\b(nan|inf)\b|\b1 (epochs|false labels|wrong labels|runs|networks)\b")
SMALL: dict[str, Sequence[Any]] = {
    "dataset": ["compact"],
    "train_size": [10, 11, 100, 1_300],
    "hidden": [(), (1,), (1, 1), (3, 1, 2)],
    "epochs": [1, 2, 3],
}
ACCURACIES = ("train", "val", "test", "clean", "corrupted", "running")
# How all runs come out; nothing: each at random.
OUTCOMES: dict[str, dict[str, float]] = {
    "at random": {},
    "all right": {f"{split}_accuracy": 1.0 for split in ACCURACIES} | {"val_crossentropy": 0.0},
    "all wrong": {f"{split}_accuracy": 0.0 for split in ACCURACIES},
    "at chance": {f"{split}_accuracy": 0.1 for split in ACCURACIES} | {"val_loss": 2.303},
}


def of_setting(field: str) -> st.SearchStrategy[Any]:
    """A value of a run's setting: those offered, and the ends of its range."""
    if field in SMALL:
        return st.sampled_from(SMALL[field])
    if field in CHOICES:
        return st.sampled_from(sorted(CHOICES[field]))
    whole = RunConfig.model_fields[field].annotation is int
    ends = [end for end in map(int if whole else float, bounds(field)) if accepted(field, end)]
    return st.sampled_from([*SETTINGS[field].slider, *ends])


def accepted(field: str, value: float) -> bool:
    """Whether an end of a range belongs to it."""
    try:
        RunConfig(**{field: value})
    except ValidationError:
        return False
    return True


def of_view(name: str, field: str) -> list[str]:
    """What an address may say of a field of a page: some of it."""
    view = LESSONS[name].view
    offered = [write(choice) for choice in choices(view, field)]
    if offered and "tuple" in str(view.model_fields[field].annotation):
        offered = [offered[0], ",".join(offered[:2])]
    if not offered and view.model_fields[field].annotation is str:
        return []
    said = []
    for text in offered or ["off", "true", "false", "none", "0", "1", "2", "0.5", "100", "9999"]:
        try:
            read(view, field, text)
        except ParameterError:
            continue
        said.append(text)
    return said


def addresses(name: str) -> st.SearchStrategy[dict[str, str]]:
    run = {field: of_setting(field).map(lambda v, f=field: written(f, v)) for field in SETTINGS}
    view = {
        field: st.sampled_from(said)
        for field in LESSONS[name].view.model_fields
        if field not in OF_TEACHER and (said := of_view(name, field))
    }
    # Small networks always; of the rest, some.
    required = {field: run.pop(field) for field in SMALL}
    return st.fixed_dictionaries(required, optional=run | view)


def came_out(configs: Sequence[RunConfig], how: str) -> Update:
    """All runs, made up."""
    if how != "diverged":
        return made_up(configs, **OUTCOMES[how])
    records: list[RunRecord] = []
    for seed, config in enumerate(configs):
        # The first runs go on to their end.
        epochs = min(seed % 3, config.epochs - 1)
        where = Divergence(epochs + 1, 0, 0, "loss") if seed else None
        records.append(
            synthetic(config, seed=seed, epochs=epochs if seed else None, diverged=where)
        )
    return Update("done", tuple(records), ("store",) * len(configs), "", 0.0)


@pytest.mark.parametrize("name", LESSONS)
def test_whatever_an_address_asks_for_the_page_opens(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @given(addresses(name), st.sampled_from([*OUTCOMES, "diverged"]))
    @settings(
        max_examples=3,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def opens(query: dict[str, str], how: str) -> None:
        engine = ScriptedEngine(lambda configs: [came_out(configs, how)])
        monkeypatch.setattr(live, "engine", lambda: engine)
        at = opened(name, query)
        assert not at.error, query
        said = texts(at)
        assert GARBLED.search(said) is None, said

    opens()


def test_of_every_field_of_a_page_there_are_values_to_draw() -> None:
    for name, lesson in LESSONS.items():
        for field in set(lesson.view.model_fields) - set(OF_TEACHER):
            free = lesson.view.model_fields[field].annotation is str
            assert free or len(of_view(name, field)) > 1, (name, field)
