""" "Try 5 seeds": a verdict on one training each, made again on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence
from fmviz.ui import live
from tests.support.lessons import made_up, opened, texts
from tests.support.scripted import ScriptedEngine

# What sets two runs apart on each page, and how many there are.
PAGES = {
    "overfitting": {},
    "early_stopping": {"patience": "2"},
    "regularisation": {},
    "dropout": {},
    "initialisation": {"init_std": "0.2", "initializer": "normal"},
    "schedules": {},
    "playground": {"penalty": "l2", "lam": "5"},
}
BUTTON = "Try 5 seeds"


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def buttons(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_verdict_on_one_training_each_says_so_and_is_made_again_of_five(
    name: str, scripted: ScriptedEngine
) -> None:
    at = opened(name, PAGES[name])
    charts, asked = len(at.get("vega_lite_chart")), len(scripted.asked)
    assert "This speaks of th" in texts(at) or "on one training each" in texts(at)
    # Nothing is trained and nothing drawn before it is asked for.
    own = {config for configs in scripted.asked for config in configs}
    assert not any(config.replace(seed=LESSONS[name].start["seed"]) != config for config in own)
    at.button(key=f"{name}/seeds button").click().run()
    assert not at.exception
    wanted = max(scripted.asked[asked:], key=len)
    assert {config.seed for config in wanted} == {0, 1, 2, 3, 4}
    assert {config.replace(seed=0) for config in wanted} <= own
    assert len(at.get("vega_lite_chart")) == charts + 1
    said = texts(at)
    assert "95% interval" in said
    assert "The images and the order of the batches stay." in " ".join(said.split())
    assert "est accuracy:" not in said
    assert BUTTON not in buttons(at)


def test_one_network_alone_has_nothing_to_be_compared_with() -> None:
    for name, query in (
        ("playground", {"penalty": "none"}),
        ("dropout", {"dropout": "0"}),
        ("early_stopping", {"patience": "off"}),
        ("schedules", {"schedule": "constant"}),
    ):
        assert BUTTON not in buttons(opened(name, query))


def test_two_optimizers_have_seeds_and_more_are_told_to_be_one_training_each() -> None:
    at = opened("optimizers", {"racers": "sgd,adam"})
    at.button(key="optimizers/seeds button").click().run()
    assert not at.exception
    assert "95% interval" in texts(at)
    many = opened("optimizers", {"racers": "sgd,adam,lion"})
    assert BUTTON not in buttons(many)
    assert "This speaks of these trainings, one each" in texts(many)


def test_of_several_runs_the_two_are_named_that_are_compared() -> None:
    for name, query, two in (
        ("dropout", {"lam": "2"}, "“dropout” and “dropout + penalty”"),
        ("initialisation", {"init_std": "0.2"}, "“Glorot” and “yours”"),
    ):
        assert f"Of these runs, {two} are compared" in texts(opened(name, query))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("playground", {"penalty": "l2", "lam": "5"}),
        ("playground", {"penalty": "l2", "lam": "5", "branch": "lam-10000", "branch_epoch": "3"}),
        ("optimizers", {"racers": "sgd,adam"}),
        ("initialisation", {"init_std": "0.2"}),
        ("dropout", {"lam": "2"}),
    ],
)
def test_a_run_that_diverged_is_not_said_to_be_compared(
    name: str, query: dict[str, str], scripted: ScriptedEngine
) -> None:
    def last_diverges(configs: Sequence[RunConfig]) -> list[Update]:
        update = made_up(configs)
        *others, last = update.records
        assert last is not None
        where = Divergence(last.epochs, 0, 0, "loss")
        return [replace(update, records=(*others, replace(last, diverged=where)))]

    finite = opened(name, query)
    assert "compared on one training each" in texts(finite) or "these two trainings" in texts(
        finite
    )
    scripted.script = last_diverges
    said = texts(opened(name, query))
    assert "compared on one training each" not in said
    assert "This speaks of these two trainings" not in said
    assert "are not compared: not both stayed finite" in said


def test_a_run_is_not_compared_with_itself_over_seeds() -> None:
    at = opened("initialisation", {"initializer": "glorot_uniform"})
    assert BUTTON not in buttons(at)
    assert "compared on one training each" not in texts(at)
    assert "These are Glorot's weights." in texts(at)


def test_results_that_wait_for_a_guess_wait_over_seeds_too(scripted: ScriptedEngine) -> None:
    at = opened("regularisation", {"hide": "true", "seed": "7"})
    assert BUTTON not in buttons(at)
    assert "This speaks of these two trainings" not in texts(at)


def test_another_setting_has_to_be_asked_for_again() -> None:
    at = opened("regularisation")
    at.button(key="regularisation/seeds button").click().run()
    assert BUTTON not in buttons(at)
    at.select_slider(key="regularisation.lam").set_value(0.5).run()
    assert not at.exception
    assert BUTTON in buttons(at)
