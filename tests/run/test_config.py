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

from fmviz.run import config as config_module
from fmviz.run.choices import CHOICES, DATASETS
from fmviz.run.config import RunConfig, allowed, bounds, problems
from fmviz.run.settings import acts, parts

ROOT = Path(__file__).parents[2]


def settings_of_runs() -> st.SearchStrategy[dict[str, Any]]:
    """Any settings that validation accepts, whether or not they have an effect."""
    return st.fixed_dictionaries(
        {
            "dataset": st.sampled_from(sorted(DATASETS)),
            "train_size": st.integers(10, 10_000),
            "label_noise": st.floats(0, 1),
            "hidden": st.lists(st.integers(1, 512), max_size=6).map(tuple),
            "activation": st.sampled_from(sorted(CHOICES["activation"])),
            "initializer": st.sampled_from(sorted(CHOICES["initializer"])),
            "init_std": st.floats(0, 10),
            "penalty": st.sampled_from(sorted(CHOICES["penalty"])),
            "lam": st.just(0.0) | st.just(-0.0) | st.floats(0, 10_000),
            "l1_share": st.sampled_from([0.0, -0.0, 0.5, 1.0]) | st.floats(0, 1),
            "dropout": st.floats(0, 0.95),
            "optimizer": st.sampled_from(sorted(CHOICES["optimizer"])),
            "learning_rate": st.floats(0, 100, exclude_min=True),
            "schedule": st.sampled_from(sorted(CHOICES["schedule"])),
            "final_rate": st.floats(1e-6, 1),
            "periods": st.integers(2, 10),
            "power": st.floats(0, 10, exclude_min=True),
            "warmup": st.floats(0, 1, exclude_min=True, exclude_max=True),
            "plateau_factor": st.floats(0, 1, exclude_min=True, exclude_max=True),
            "ticket": st.sampled_from(sorted(CHOICES["ticket"])),
            "kept": st.floats(0, 1, exclude_min=True),
            "plateau_patience": st.integers(1, 100),
            "batch_size": st.integers(8, 1_024),
            "epochs": st.integers(1, 100),
            "seed": st.integers(0, 2**31 - 1),
        }
    )


L1, L2 = {"penalty": "l1", "lam": 2.0}, {"penalty": "l2", "lam": 2.0}
NET, DECAY = {"penalty": "l1_l2", "lam": 2.0}, {"penalty": "weight_decay", "lam": 2.0}

# Settings of schedules, none at its default, and which schedules they are for.
OF_SCHEDULES: dict[str, Any] = {
    "final_rate": 0.3,
    "periods": 4,
    "power": 2.0,
    "warmup": 0.3,
    "plateau_factor": 0.6,
    "plateau_patience": 2,
}
USED: dict[str, set[str]] = {
    "constant": set(),
    "step": {"final_rate", "periods"},
    "exponential": {"final_rate"},
    "inverse_time": {"final_rate"},
    "polynomial": {"final_rate", "power"},
    "cosine": {"final_rate"},
    "cosine_restarts": {"final_rate", "periods"},
    "warmup": {"final_rate", "warmup"},
    "plateau": {"plateau_factor", "plateau_patience"},
}


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
        # AdamW's decay is the penalty's, and Adam with that decay is AdamW.
        ({"optimizer": "adamw"}, {"optimizer": "adam"}),
        ({"optimizer": "adamw", **L2}, {"optimizer": "adam", **L2}),
        ({"optimizer": "adamw", "penalty": "weight_decay", "lam": 0.0}, {"optimizer": "adam"}),
        ({"optimizer": "adam", **DECAY}, {"optimizer": "adamw", **DECAY}),
        ({**NET, "l1_share": 0.0}, L2),
        ({**NET, "l1_share": -0.0}, L2),
        ({**NET, "l1_share": 1.0}, L1),
        ({"penalty": "l1_l2", "lam": 0.0, "l1_share": 0.3}, {}),
        ({**L1, "l1_share": 0.3}, L1),
        ({**DECAY, "l1_share": 0.3}, DECAY),
        *(
            # Every setting of a schedule that another one does not use.
            ({"schedule": schedule, setting: value}, {"schedule": schedule})
            for schedule in CHOICES["schedule"]
            for setting, value in OF_SCHEDULES.items()
            if setting not in USED[schedule]
        ),
        ({"initializer": "zeros", "init_std": 1.0}, {"initializer": "zeros"}),
        ({"initializer": "orthogonal", "init_std": 1.0}, {"initializer": "orthogonal"}),
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


@pytest.mark.parametrize(
    ("frame", "change"),
    [
        *(
            ({"schedule": schedule}, {setting: OF_SCHEDULES[setting]})
            for schedule, used in USED.items()
            for setting in sorted(used)
        ),
        (NET, {"l1_share": 0.4}),
        (NET, {"l1_share": 0.0}),
        (NET, {"l1_share": 1.0}),
        (L2, {"penalty": "weight_decay"}),
        (L1, {"penalty": "l1_proximal"}),
        (DECAY, {"optimizer": "sgd"}),
        ({}, {"optimizer": "nadam"}),
    ],
)
def test_a_setting_in_use_makes_another_run(frame: dict[str, Any], change: dict[str, Any]) -> None:
    before, after = RunConfig(**frame), RunConfig(**{**frame, **change})
    assert before != after
    assert before.key != after.key


def test_adam_with_decoupled_decay_is_called_adamw_and_only_so() -> None:
    for asked in ("adam", "adamw"):
        decayed = RunConfig(optimizer=asked, **DECAY)
        assert decayed.optimizer == "adamw"
        # The baseline has no decay, and so no AdamW.
        assert decayed.baseline.optimizer == "adam"
        assert decayed.baseline == RunConfig()
        assert RunConfig(optimizer=asked, **L1).optimizer == "adam"
    for other in sorted(CHOICES["optimizer"].keys() - {"adam", "adamw"}):
        assert RunConfig(optimizer=other, **DECAY).optimizer == other


@pytest.mark.parametrize(("share", "penalty"), [(0.0, "l2"), (1.0, "l1"), (0.5, "l1_l2")])
def test_an_elastic_net_of_one_kind_is_that_kind(share: float, penalty: str) -> None:
    config = RunConfig(**NET, l1_share=share)
    assert (config.penalty, config.lam) == (penalty, 2.0)
    assert config.l1_share == 0.5  # the default, wherever it has no effect


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
    assert (config.optimizer == "adamw") == (
        config.penalty == "weight_decay" and given_settings["optimizer"] in ("adam", "adamw")
    )
    assert config.penalty != "l1_l2" or 0 < config.l1_share < 1
    for setting in OF_SCHEDULES.keys() - USED[config.schedule]:
        assert config[setting] == RunConfig()[setting]
    for setting in USED[config.schedule]:
        assert config[setting] == given_settings[setting]


@given(settings_of_runs())
@settings(max_examples=100, deadline=None)
def test_the_baseline_differs_in_the_penalty_alone(given_settings: dict[str, Any]) -> None:
    config = RunConfig(**given_settings)
    baseline = config.baseline.model_dump()
    assert (baseline.pop("penalty"), baseline.pop("lam")) == ("none", 0.0)
    assert baseline.pop("l1_share") == 0.5
    # AdamW without its decay is Adam.
    assert baseline.pop("optimizer") == config.optimizer.replace("adamw", "adam")
    assert baseline.items() <= config.model_dump().items()
    assert config.baseline.baseline == config.baseline


def test_a_key_of_this_schema_never_changes() -> None:
    # Golden values: a change here orphans every stored run and every shipped one.
    assert config_module.RECORD_SCHEMA == 6
    assert RunConfig().key == "6760adea57ecdec197e20ee8ba00504c"
    assert RunConfig(penalty="l2", lam=10).key == "298c41e347abb62b672652e1a3e5c5a0"


def test_the_key_is_the_hash_of_the_canonical_json_written_by_hand() -> None:
    text = (
        '{"activation":"relu","batch_size":64,"dataset":"full","dropout":0.5,"epochs":7,'
        '"final_rate":0.02,"hidden":[64,32],"init_std":0.1,"initializer":"normal",'
        '"l1_share":0.25,"label_noise":0.25,"lam":1e-05,"learning_rate":0.3,"optimizer":"sgd",'
        '"penalty":"l1_l2","periods":4,"plateau_factor":0.1,"plateau_patience":3,"power":1.0,'
        '"schedule":"cosine_restarts","schema":6,"seed":9,"train_size":20000,"warmup":0.1}'
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
        "import sys; from fmviz.run.config import RunConfig;"
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
    ("activation", "softmax"),
    ("initializer", "ones"),
    ("init_std", -1e-9),
    ("init_std", 10.1),
    ("penalty", "elastic"),
    ("lam", -1.0),
    ("lam", 10_001.0),
    ("lam", math.nan),
    ("lam", math.inf),
    ("dropout", 0.96),
    ("dropout", -0.1),
    ("optimizer", "adamax"),
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
    ("l1_share", -0.1),
    ("l1_share", 1.1),
    ("final_rate", 0.0),
    ("final_rate", 1.01),
    ("periods", 1),
    ("periods", 11),
    ("periods", 2.5),
    ("power", 0.0),
    ("power", 10.1),
    ("warmup", 0.0),
    ("warmup", 1.0),
    ("plateau_factor", 0.0),
    ("plateau_factor", 1.0),
    ("plateau_factor", math.nan),
    ("plateau_patience", 0),
    ("plateau_patience", 101),
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


# What it takes for a setting to have an effect.
IN_USE: dict[str, dict[str, Any]] = {
    "lam": L2,
    "l1_share": NET,
    "final_rate": {"schedule": "cosine"},
    "periods": {"schedule": "step"},
    "power": {"schedule": "polynomial"},
    "warmup": {"schedule": "warmup"},
    "plateau_factor": {"schedule": "plateau"},
    "kept": {"ticket": "random"},
    "plateau_patience": {"schedule": "plateau"},
}


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
        ("plateau_patience", 1),
        ("plateau_patience", 100),
        ("plateau_factor", 5e-324),
        ("plateau_factor", math.nextafter(1, 0)),
        ("warmup", 5e-324),
        ("warmup", math.nextafter(1, 0)),
        ("power", 5e-324),
        ("power", 10.0),
        ("periods", 2),
        ("periods", 10),
        ("final_rate", 1e-6),
        ("final_rate", 1.0),
        ("l1_share", 0.001),
    ],
)
def test_the_bounds_themselves_are_allowed(field: str, value: Any) -> None:
    assert RunConfig(**{**IN_USE.get(field, {}), field: value})[field] == value


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
    assert sentence.startswith("'lambda_' ")
    for field in RunConfig.model_fields:
        assert field in sentence


NUMERIC = [f for f, v in RunConfig().model_dump().items() if isinstance(v, int | float)]
# Bounds that are not themselves allowed.
OPEN = {
    "learning_rate": "low",
    "power": "low",
    "warmup": "both",
    "plateau_factor": "both",
    "kept": "low",
}


@pytest.mark.parametrize("field", NUMERIC)
def test_the_stated_bounds_are_the_ones_that_validation_has(field: str) -> None:
    low, high = bounds(field)
    whole = isinstance(RunConfig()[field], int)
    # Small enough for the narrowest range, large enough not to be lost beside the widest.
    step = 1 if whole else 1e-9 * max(1.0, high)
    frame: dict[str, Any] = {"dataset": "full", "train_size": 10_000, **IN_USE.get(field, {})}
    kind = "a whole number" if whole else "a number"
    for outside in (low - step, high + step):
        with pytest.raises(ValidationError):
            RunConfig(**{**frame, field: outside})
    for bound, inside, is_open in (
        (low, low + step, field in OPEN),
        (high, high - step, OPEN.get(field) == "both"),
    ):
        RunConfig(**{**frame, field: inside})
        if is_open:
            with pytest.raises(ValidationError):
                RunConfig(**{**frame, field: bound})
        else:
            RunConfig(**{**frame, field: bound})
    words = {
        None: f"{kind} from {low:,g} to {high:,.10g}",
        "low": f"{kind} above {low:,g} up to {high:,.10g}",
        "both": f"{kind} between {low:,g} and {high:,.10g}, neither of them included",
    }
    assert allowed(field) == words[OPEN.get(field)]


@pytest.mark.parametrize("field", sorted(CHOICES))
def test_every_listed_choice_is_accepted_and_explained(field: str) -> None:
    for name, choice in CHOICES[field].items():
        frame: dict[str, Any] = L2
        if name == "adamw":
            frame = DECAY
        assert RunConfig(**{**frame, field: name})[field] == name
        assert name in allowed(field)
        assert choice.label


def test_the_settings_of_every_schedule_are_settings_of_a_run() -> None:
    assert set(parts("schedule")) == set(OF_SCHEDULES)
    for schedule, used in USED.items():
        values = RunConfig(schedule=schedule).model_dump()
        assert {field for field in parts("schedule") if acts(field, values)} == used
    assert set().union(*USED.values()) == set(OF_SCHEDULES) <= set(RunConfig.model_fields)


@pytest.mark.parametrize(("dataset", "sample"), [("compact", 1_250), ("full", 2_500)])
def test_as_many_training_images_are_measured_as_the_lesson_says(dataset: str, sample: int) -> None:
    assert DATASETS[dataset].train_sample == sample


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
