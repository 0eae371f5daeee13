"""A branch as part of a run's value: one form, keys, links, names, and what is in force when."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fmviz.page import pins
from fmviz.page.pins import Pin
from fmviz.run.config import RunConfig, allowed, from_text, problems
from fmviz.run.groups import begins_anew, group, kinds_of, way_of
from fmviz.run.knobs import cells
from fmviz.run.naming import branch_name, differing_settings, run_name, setting
from fmviz.run.settings import BRANCHING, SETTINGS, said, written
from fmviz.words import taking_home
from tests.run.test_config import settings_of_runs

LATE = RunConfig(branch={"penalty": "l2", "lam": 10.0}, branch_epoch=12)


@st.composite
def branched_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of a run with a branch before its end, whether or not it changes anything."""
    run = draw(settings_of_runs()) | {"epochs": draw(st.integers(2, 100))}
    fields = draw(st.lists(st.sampled_from(BRANCHING), min_size=1, max_size=4, unique=True))
    other = draw(settings_of_runs())
    branch = {field: draw(st.sampled_from([run[field], other[field]])) for field in fields}
    return run | {"branch": branch, "branch_epoch": draw(st.integers(0, run["epochs"] - 1))}


@given(branched_settings())
@settings(max_examples=200, deadline=None)
def test_a_branch_has_one_form_and_comes_back_from_links_files_and_pins(
    given_settings: dict[str, Any],
) -> None:
    config = RunConfig(**given_settings)
    written_out = {field: written(field, config[field]) for field in SETTINGS}
    for again in (
        RunConfig(**config.model_dump()),
        RunConfig.model_validate_json(config.model_dump_json()),
        RunConfig(**{field: from_text(field, text) for field, text in written_out.items()}),
        pins.decode(pins.encode(Pin("it", config))).config,
    ):
        assert again == config
        assert again.key == config.key
    # It changes something, and says no more than that.
    for field, value in config.branch:
        assert value != config[field]
    changed = dict(config.branch)
    assert list(changed) == [field for field in BRANCHING if field in changed]
    assert bool(config.branch) == bool(config.branch_epoch)


@given(branched_settings())
@settings(max_examples=200, deadline=None)
def test_before_a_branch_a_run_is_its_trunk_and_then_what_the_branch_makes_of_it(
    given_settings: dict[str, Any],
) -> None:
    config = RunConfig(**given_settings)
    plain = {f: v for f, v in given_settings.items() if not f.startswith("branch")}
    changed = RunConfig(**plain | given_settings["branch"])
    trunk = RunConfig(**plain)
    if given_settings["branch_epoch"] == 0:
        assert config == changed
        return
    assert config.trunk == trunk
    assert config.after == changed
    assert (config == trunk) == (trunk == changed)
    at = given_settings["branch_epoch"]
    assert [config.in_epoch(epoch) for epoch in (0, 1, at)] == [trunk] * 3
    assert config.in_epoch(at + 1) == changed
    left = config.epochs - at
    assert config.steps == at * trunk.steps_per_epoch + left * changed.steps_per_epoch
    assert config.steps_in(at) == at * trunk.steps_per_epoch


def test_a_branch_that_changes_nothing_is_the_run_itself() -> None:
    for nothing in ({}, {"lam": 5.0}, {"penalty": "l2"}, {"final_rate": 0.5}, {"dropout": 0}):
        config = RunConfig(branch=nothing, branch_epoch=7)
        assert config == RunConfig()
        assert config.key == RunConfig().key
    # Even where there is no such epoch.
    assert RunConfig(branch={"dropout": 0}, branch_epoch=99, epochs=5).branch == ()


def test_a_penalty_whose_strength_is_none_so_far_is_known_to_its_branch() -> None:
    waiting = RunConfig(penalty="l2", lam=0.0, branch={"lam": 10.0}, branch_epoch=12)
    assert waiting == LATE
    assert LATE.trunk == RunConfig()
    assert LATE.baseline == RunConfig()
    assert RunConfig(penalty="l2", lam=3.0, branch={"lam": 5.0}, branch_epoch=2).baseline == (
        RunConfig()
    )


def test_a_branch_has_a_key_of_its_own_and_leaves_all_others_as_they_were() -> None:
    keys = {
        RunConfig().key,
        LATE.key,
        LATE.replace(branch_epoch=13).key,
        LATE.replace(branch={"penalty": "l2", "lam": 11.0}).key,
        LATE.after.key,
    }
    assert len(keys) == 5
    assert LATE.replace(branch_epoch=0).key == LATE.after.key


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"branch": {"lam": 1.0, "penalty": "l1"}, "branch_epoch": 30},
            "branch_epoch must be below epochs, which is 30, not 30",
        ),
        (
            {"branch": {"lam": -1}, "branch_epoch": 3},
            "lam of branch must be a number from 0 to 10,000, not -1",
        ),
        ({"branch_epoch": 100}, "branch_epoch must be a whole number from 0 to 99, not 100"),
        *(
            ({"branch": branch, "branch_epoch": 3}, f"branch must be {allowed('branch')}, not ")
            for branch in ({"seed": 1}, {"epochs": 5}, [("lam", 1.0), ("lam", 2.0)], 5)
        ),
    ],
)
def test_what_cannot_be_a_branch_is_refused_in_words(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**wrong)
    (said_so,) = problems(caught.value)
    assert said_so.startswith(sentence)


@pytest.mark.parametrize("text", ["lam", "lam-", "seed-1", "lam-1~lam-2", "~", "lam=1", ""])
def test_what_is_no_branch_in_a_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"changes such as|valid number"):
        from_text("branch", text)


def test_a_branch_is_written_and_said() -> None:
    assert written("branch", LATE.branch) == "penalty-l2~lam-10"
    assert written("branch", ()) == said("branch", ()) == "none"
    assert branch_name(LATE) == "after epoch 12: L2, λ = 10"
    assert run_name(LATE) == "no penalty, after epoch 12: L2, λ = 10"
    assert setting("branch", LATE) == branch_name(LATE)
    assert setting("branch", RunConfig()) == "none"
    assert differing_settings([LATE, LATE.trunk]) == ["branch"]
    assert differing_settings([LATE, LATE.replace(branch_epoch=5)]) == ["branch_epoch"]
    other = RunConfig(branch={"optimizer": "sgd", "learning_rate": 0.1}, branch_epoch=5)
    assert branch_name(other) == "after epoch 5: SGD; η = 0.1"
    assert "after epoch 5: SGD; η = 0.1" in taking_home.sentence(other)
    assert pins.suggested(LATE, [LATE.trunk], []) == "after epoch 12: L2, λ = 10"


def test_numbers_that_change_share_a_model_and_programs_that_change_do_not() -> None:
    numbers = [
        RunConfig(),
        LATE,
        LATE.replace(branch_epoch=3),
        RunConfig(branch={"dropout": 0.5, "schedule": "cosine"}, branch_epoch=9),
        RunConfig(branch={"penalty": "weight_decay", "lam": 1.0}, branch_epoch=9),
    ]
    smaller = RunConfig(branch={"batch_size": 64}, branch_epoch=9)
    other = RunConfig(branch={"optimizer": "sgd"}, branch_epoch=9)
    assert group([*numbers, smaller, smaller.replace(seed=1), other]) == [
        [0, 1, 2, 3, 4],
        [5, 6],
        [7],
    ]
    assert all(kinds_of(numbers)[0].features[:2])
    assert [stretch.first for stretch in way_of(other)] == [0, 9]
    assert [kind.shape.optimizer for kind in kinds_of([other])] == ["adam", "sgd"]
    assert [begins_anew(config) for config in (LATE, smaller, other)] == [False, False, True]


def test_the_epoch_of_a_branch_can_be_swept_from_the_start_on() -> None:
    state = LATE.model_dump() | {"knob": "branch_epoch", "values": "0,5,20", "seeds": 1}
    found = cells(state | {"knob2": "none", "values2": ""})
    runs = [config for cell in found for config in cell.configs]
    assert runs == [LATE.after, LATE.replace(branch_epoch=5), LATE.replace(branch_epoch=20)]
