"""The table of settings: whole, in step with `RunConfig`, and the one that all others read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.page import vault_words
from fmviz.run import choices, config, knobs
from fmviz.run.choices import CHOICES
from fmviz.run.config import RunConfig, canonical
from fmviz.run.setting import Part
from fmviz.run.settings import SETTINGS, acts, needs, said, written
from fmviz.ui import controls
from tests.run.test_config import settings_of_runs


def test_every_field_of_a_run_has_its_row_in_order() -> None:
    assert list(SETTINGS) == list(RunConfig.model_fields)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (choices.DATASETS, choices.Dataset),
        (choices.PENALTIES, choices.Penalty),
        (choices.ACTIVATIONS, choices.Activation),
        (choices.INITIALIZERS, choices.Initializer),
        (choices.OPTIMIZERS, choices.Optimizer),
        (choices.SCHEDULES, choices.Schedule),
        (choices.TICKETS, choices.Ticket),
    ],
)
def test_a_type_has_the_words_of_its_table(table: dict[str, object], words: object) -> None:
    assert tuple(table) == get_args(words)


@pytest.mark.parametrize("field", SETTINGS)
def test_all_values_that_a_row_offers_are_allowed_and_come_back_from_a_link(field: str) -> None:
    row = SETTINGS[field]
    for value in (*row.slider, *row.swept):
        assert config.validated(field, value) == value
        assert config.from_text(field, written(field, value)) == value
        assert said(field, value)
    if row.slider and field != "hidden":
        assert list(row.slider) == sorted(row.slider)


@pytest.mark.parametrize("field", SETTINGS)
def test_a_sweep_and_a_control_have_the_names_of_the_row(field: str) -> None:
    row = SETTINGS[field]
    assert controls.label(field) == row.label
    if row.swept:
        label = row.knob or row.label[0].lower() + row.label[1:]
        assert knobs.KNOBS[field] == knobs.Knob(label, row.symbol or row.name, row.swept, row.log)
        assert knobs.needs(field) == needs(field)


def test_no_two_settings_have_the_same_names() -> None:
    for names in (
        [row.label for row in SETTINGS.values()],
        [row.name for row in SETTINGS.values()],
        [row.file for row in SETTINGS.values() if row.file],
        [knob.label for knob in knobs.KNOBS.values()],
    ):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("lam", "a penalty with λ above 0"),
        ("penalty", "a penalty with λ above 0"),
        ("l1_share", "the penalty L1 + L2 with λ above 0"),
        ("init_std", "the initialiser normal(σ)"),
        ("activation", "a hidden layer"),
        ("dropout", "a hidden layer"),
        ("periods", "the schedule step or cosine with restarts"),
        ("plateau_factor", "the schedule ReduceLROnPlateau"),
        ("kept", "the ticket largest weights or random weights"),
        ("seed", ""),
    ],
)
def test_what_a_setting_needs_in_words(field: str, words: str) -> None:
    assert needs(field) == words


def test_a_part_is_of_words_that_there_are() -> None:
    for row in SETTINGS.values():
        if isinstance(row.when, Part):
            assert set(row.when.under) < set(CHOICES[row.when.of])


@given(settings_of_runs())
def test_the_canonical_form_is_its_own_and_leaves_no_idle_setting(
    settings: dict[str, object],
) -> None:
    run = RunConfig.model_validate(settings)
    assert canonical(run.model_dump()) == run.model_dump()
    assert RunConfig.model_validate(run.model_dump()).key == run.key
    plain = RunConfig.model_fields
    for field in SETTINGS:
        if not acts(field, run.model_dump()):
            assert run[field] == plain[field].default


@given(settings_of_runs(), st.data())
def test_a_setting_that_does_not_act_makes_no_other_run(
    settings: dict[str, object], data: st.DataObject
) -> None:
    run = RunConfig.model_validate(settings)
    idle = [f for f, row in SETTINGS.items() if row.slider and not acts(f, run.model_dump())]
    # λ and the penalty leave each other without effect: either alone is no penalty.
    idle = [field for field in idle if field != "lam"]
    if idle:
        field = data.draw(st.sampled_from(idle))
        value = data.draw(st.sampled_from(SETTINGS[field].slider))
        assert RunConfig.model_validate(run.model_dump() | {field: value}).key == run.key


def test_the_vault_writes_a_network_as_links_do() -> None:
    assert vault_words.changed_settings(RunConfig(hidden=())) == "hidden=none"
    assert vault_words.changed_settings(RunConfig(hidden=(64, 32))) == "hidden=64-32"


def test_a_setting_that_came_late_leaves_the_keys_of_runs_that_had_its_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if records had been made before there was dropout."""
    before, other = RunConfig().key, RunConfig(dropout=0.5).key
    late = {"dropout", *(field for field, row in SETTINGS.items() if row.late)}
    values = {f: v for f, v in RunConfig().model_dump(mode="json").items() if f not in late}
    monkeypatch.setitem(config.SETTINGS, "dropout", replace(SETTINGS["dropout"], late=True))
    text = json.dumps({"schema": config.RECORD_SCHEMA, **values}, sort_keys=True)
    text = text.replace(", ", ",").replace(": ", ":")
    assert RunConfig().key == hashlib.sha256(text.encode()).hexdigest()[:32]
    assert RunConfig().key != before
    assert RunConfig(dropout=0.5).key == other
