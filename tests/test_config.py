"""Runs as values: canonical form, stable keys, bounds."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fmviz import config as config_module
from fmviz.config import CHOICES, DATASETS, RunConfig, allowed, bounds, problems

ROOT = Path(__file__).parent.parent


def settings_of_runs() -> st.SearchStrategy[dict[str, Any]]:
    """Any settings that validation accepts, whether or not they have an effect."""
    return st.fixed_dictionaries(
        {
            "dataset": st.sampled_from(sorted(DATASETS)),
            "train_size": st.integers(10, 10_000),
            "label_noise": st.floats(0, 1),
            "hidden": st.lists(st.integers(1, 512), max_size=6).map(tuple),
            "activation": st.sampled_from(["tanh", "sigmoid", "relu"]),
            "initializer": st.sampled_from(sorted(CHOICES["initializer"])),
            "init_std": st.floats(0, 10),
            "penalty": st.sampled_from(["none", "l1", "l2"]),
            "lam": st.just(0.0) | st.just(-0.0) | st.floats(0, 10_000),
            "dropout": st.floats(0, 0.95),
            "optimizer": st.sampled_from(sorted(CHOICES["optimizer"])),
            "learning_rate": st.floats(0, 100, exclude_min=True),
            "schedule": st.sampled_from(["constant", "exponential", "cosine"]),
            "batch_size": st.integers(8, 1_024),
            "epochs": st.integers(1, 100),
            "seed": st.integers(0, 2**31 - 1),
        }
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"penalty": "l2", "lam": 0.0}, {"penalty": "none"}),
        ({"penalty": "l1", "lam": 0.0}, {"penalty": "l2", "lam": 0.0}),
        ({"penalty": "none", "lam": 3.0}, {}),
        ({"penalty": "l2", "lam": -0.0}, {}),
        ({"label_noise": -0.0}, {}),
        ({"dropout": -0.0}, {}),
        ({"init_std": -0.0}, {"init_std": 0.0}),
        ({"initializer": "xavier", "init_std": 1.0}, {"initializer": "xavier", "init_std": 2.0}),
        ({"initializer": "he_normal", "init_std": 9.0}, {"initializer": "he_normal"}),
        ({"hidden": (), "activation": "relu", "dropout": 0.5}, {"hidden": ()}),
        ({"train_size": 50, "batch_size": 1_000}, {"train_size": 50, "batch_size": 50}),
        ({"init_std": 1}, {"init_std": 1.0}),
        ({"hidden": [64, 32]}, {"hidden": (64, 32)}),
    ],
)
def test_settings_that_mean_the_same_run_are_one_config(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    a, b = RunConfig(**one), RunConfig(**other)
    assert a == b
    assert hash(a) == hash(b)
    assert a.key == b.key
    assert a.model_dump_json() == b.model_dump_json()


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "full"},
        {"train_size": 4_999},
        {"label_noise": 0.1},
        {"hidden": (127,)},
        {"hidden": (64, 64)},
        {"hidden": ()},
        {"activation": "relu"},
        {"initializer": "xavier"},
        {"init_std": 0.06},
        {"init_std": 0.0},
        {"penalty": "l1", "lam": 1.0},
        {"penalty": "l2", "lam": 1.0},
        {"penalty": "l2", "lam": 1.0000000000000002},
        {"dropout": 0.1},
        {"optimizer": "sgd"},
        {"learning_rate": 0.002},
        {"schedule": "cosine"},
        {"batch_size": 64},
        {"epochs": 31},
        {"seed": 1},
    ],
)
def test_a_setting_with_an_effect_makes_another_run(change: dict[str, Any]) -> None:
    assert RunConfig(**change) != RunConfig()
    assert RunConfig(**change).key != RunConfig().key


@given(settings_of_runs())
@settings(max_examples=150, deadline=None)
def test_the_canonical_form_is_its_own_canonical_form(given_settings: dict[str, Any]) -> None:
    config = RunConfig(**given_settings)
    for again in (
        RunConfig(**config.model_dump()),
        RunConfig.model_validate_json(config.model_dump_json()),
        RunConfig(**json.loads(json.dumps(config.model_dump(mode="json")))),
        config.replace(),
    ):
        assert again == config
        assert again.key == config.key
    assert (config.penalty == "none") == (config.lam == 0)
    assert config.batch_size <= config.train_size
    assert math.copysign(1, config.lam) == 1


@given(settings_of_runs())
@settings(max_examples=100, deadline=None)
def test_the_baseline_differs_in_the_penalty_alone(given_settings: dict[str, Any]) -> None:
    config = RunConfig(**given_settings)
    baseline = config.baseline.model_dump()
    assert (baseline.pop("penalty"), baseline.pop("lam")) == ("none", 0.0)
    assert baseline.items() <= config.model_dump().items()
    assert config.baseline.baseline == config.baseline


def test_a_key_of_this_schema_never_changes() -> None:
    # Golden values: a change here orphans every stored run and every shipped one.
    assert config_module.RECORD_SCHEMA == 1
    assert RunConfig().key == "7d68f19a520445d410a35e7e0768f676"
    assert RunConfig(penalty="l2", lam=10).key == "284819adc6022b83ee8c351129995fc2"


def test_the_key_is_the_hash_of_the_canonical_json_written_by_hand() -> None:
    text = (
        '{"activation":"relu","batch_size":64,"dataset":"full","dropout":0.5,"epochs":7,'
        '"hidden":[64,32],"init_std":0.1,"initializer":"normal","label_noise":0.25,"lam":1e-05,'
        '"learning_rate":0.3,"optimizer":"sgd","penalty":"l1","schedule":"cosine","schema":1,'
        '"seed":9,"train_size":20000}'
    )
    config = RunConfig(**{name: v for name, v in json.loads(text).items() if name != "schema"})
    assert config.key == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_another_schema_gives_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunConfig().key
    monkeypatch.setattr(config_module, "RECORD_SCHEMA", 10**6)
    assert RunConfig().key != before


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_another_process_with_another_hash_seed_gives_the_same_key(hash_seed: str) -> None:
    config = RunConfig(hidden=(64, 32), lam=0.1, penalty="l1", learning_rate=0.3, label_noise=1 / 3)
    code = (
        "import sys; from fmviz.config import RunConfig;"
        "print(RunConfig.model_validate_json(sys.argv[1]).key)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, config.model_dump_json()],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == config.key


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        RunConfig().lam = 1.0  # type: ignore[misc]


OUT_OF_BOUNDS: list[tuple[str, Any]] = [
    ("dataset", "mnist"),
    ("train_size", 9),
    ("train_size", 10_001),
    ("train_size", 10.5),
    ("label_noise", -0.01),
    ("label_noise", 1.01),
    ("hidden", (0,)),
    ("hidden", (513,)),
    ("hidden", (8,) * 7),
    ("hidden", (-1,)),
    ("activation", "swish"),
    ("initializer", "zeros"),
    ("init_std", -1e-9),
    ("init_std", 10.1),
    ("penalty", "elastic"),
    ("lam", -1.0),
    ("lam", 10_001.0),
    ("lam", math.nan),
    ("lam", math.inf),
    ("dropout", 0.96),
    ("dropout", -0.1),
    ("optimizer", "lion"),
    ("learning_rate", 0.0),
    ("learning_rate", -0.1),
    ("learning_rate", math.inf),
    ("learning_rate", 101.0),
    ("schedule", "warm"),
    ("batch_size", 7),
    ("batch_size", 1_025),
    ("epochs", 0),
    ("epochs", 101),
    ("seed", -1),
    ("seed", 2**31),
    ("epochs", None),
    ("lam", "many"),
]


@pytest.mark.parametrize(("field", "value"), OUT_OF_BOUNDS)
def test_a_value_out_of_bounds_is_refused_in_words_that_name_field_and_value(
    field: str, value: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(penalty="l2", **{field: value}) if field != "penalty" else RunConfig(
            penalty=value
        )
    sentences = problems(caught.value)
    assert sentences
    assert field in sentences[0]
    shown = f"{value:,}" if field == "train_size" and value == 10_001 else repr(value)
    if field != "hidden":
        assert shown in sentences[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train_size", 10),
        ("train_size", 10_000),
        ("label_noise", 1.0),
        ("hidden", (512,) * 6),
        ("hidden", (1,)),
        ("init_std", 10.0),
        ("dropout", 0.95),
        ("learning_rate", 100.0),
        ("learning_rate", 5e-324),
        ("batch_size", 1_024),
        ("batch_size", 8),
        ("epochs", 100),
        ("epochs", 1),
        ("seed", 2**31 - 1),
    ],
)
def test_the_bounds_themselves_are_allowed(field: str, value: Any) -> None:
    assert RunConfig(**{field: value})[field] == value


def test_the_full_set_allows_more_images_than_the_compact_one() -> None:
    assert RunConfig(dataset="full", train_size=55_000).train_size == 55_000
    with pytest.raises(ValidationError) as caught:
        RunConfig(dataset="compact", train_size=55_000)
    (sentence,) = problems(caught.value)
    assert "10,000" in sentence
    assert "compact" in sentence


def test_replace_validates() -> None:
    with pytest.raises(ValidationError):
        RunConfig().replace(epochs=1_000)
    with pytest.raises(ValidationError):
        RunConfig(dataset="full", train_size=20_000).replace(dataset="compact")


def test_an_unknown_setting_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(lambda_=1)  # type: ignore[call-arg]
    (sentence,) = problems(caught.value)
    assert sentence.startswith("lambda_ ")
    for field in RunConfig.model_fields:
        assert field in sentence


@pytest.mark.parametrize(
    "field",
    [
        *("train_size", "batch_size", "epochs", "seed"),
        *("label_noise", "init_std", "lam", "dropout", "learning_rate"),
    ],
)
def test_the_stated_bounds_are_the_ones_that_validation_has(field: str) -> None:
    low, high = bounds(field)
    step = 1 if isinstance(RunConfig()[field], int) else 1e-6
    frame: dict[str, Any] = {"dataset": "full", "penalty": "l2", "lam": 1.0, "train_size": 10_000}
    RunConfig(**{**frame, field: high})
    for outside in (low - step, high + step):
        with pytest.raises(ValidationError):
            RunConfig(**{**frame, field: outside})
    if field == "learning_rate":
        assert "above 0" in allowed(field)
    else:
        RunConfig(**{**frame, field: low})
        assert f"from {low:g}" in allowed(field)


@pytest.mark.parametrize("field", sorted(CHOICES))
def test_every_listed_choice_is_accepted_and_explained(field: str) -> None:
    for name, choice in CHOICES[field].items():
        frame = {"penalty": "l2", "lam": 1.0, field: name}
        assert RunConfig(**frame)[field] == name
        assert name in allowed(field)
        assert choice.label


@pytest.mark.parametrize(
    ("train_size", "batch_size", "steps"),
    [(1_000, 128, 8), (1_024, 128, 8), (1_025, 128, 9), (10, 1_024, 1), (80, 8, 10)],
)
def test_the_last_smaller_batch_is_a_step_too(train_size: int, batch_size: int, steps: int) -> None:
    assert RunConfig(train_size=train_size, batch_size=batch_size).steps_per_epoch == steps


def test_the_splits_add_up_to_the_files() -> None:
    assert DATASETS["full"].train + DATASETS["full"].validation == 60_000
    assert DATASETS["full"].test == 10_000
    assert DATASETS["compact"].train + DATASETS["compact"].validation >= 12_000
    assert DATASETS["compact"].test >= 5_000
