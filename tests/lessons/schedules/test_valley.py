"""The dot in the valley: its steps, and what its picture shows of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.schedules import valley
from fmviz.lessons.schedules.lesson import CONSTANT, SCHEDULED
from fmviz.lessons.schedules.valley import NOISE, START, STEPS, rates_of, unrest, walk
from fmviz.lessons.schedules.valley_charts import valley_reel
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.theory import schedules
from tests.support.records import answering, tiny

LESSON = LESSONS["schedules"]


def walks(preset: str) -> dict[str, np.ndarray]:
    """The walks of a step of the story, by role."""
    state = LESSON.state_of(next(p for p in LESSON.presets if p.name == preset))
    return {
        role: walk(config.optimizer, schedules.learning_rates(config), config.seed)
        for role, config in LESSON.runs_of(state).items()
    }


def off(places: np.ndarray) -> float:
    found = unrest(places)
    assert found is not None
    return found


def test_sgd_steps_down_the_noisy_slope_at_the_rate_of_the_moment() -> None:
    rates = schedules.learning_rates(RunConfig(schedule="cosine", learning_rate=0.3, epochs=3))
    places = walk("sgd", rates, 7)
    noise = np.random.default_rng(7).normal(size=STEPS)
    at = rates[(np.arange(STEPS) * (len(rates) / STEPS)).astype(int)]
    np.testing.assert_allclose(
        places[1:], places[:-1] - at * (2 * places[:-1] + NOISE * noise), atol=1e-12
    )
    assert (places[0], len(places)) == (START, STEPS + 1)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_all_rules_come_down(optimizer: str) -> None:
    assert off(walk(optimizer, np.full(50, 0.1), 0)) < abs(START) / 2


def test_the_unrest_of_sgd_is_the_known_one() -> None:
    # Variance σ²η/(4(1 − η)).
    found = [off(walk("sgd", np.full(10, 0.3), seed)) ** 2 for seed in range(40)]
    assert np.mean(found) == pytest.approx(NOISE**2 * 0.3 / (4 * 0.7), rel=0.1)


def test_a_rate_that_is_too_large_throws_it_out() -> None:
    places = walk("sgd", np.full(10, 1.5), 0)
    assert len(places) < STEPS
    assert unrest(places) is None


def test_the_dot_tells_the_lesson_s_story() -> None:
    falls, rescued, soon = walks("falls"), walks("rescued"), walks("too soon")
    for story in (falls, rescued):
        assert off(story[SCHEDULED]) < off(story[CONSTANT]) / 3
    # It stops on the slope.
    assert off(soon[SCHEDULED]) > abs(START) / 2 > 3 * off(soon[CONSTANT])


def test_a_plateau_s_rates_are_those_that_were() -> None:
    config = tiny(schedule="plateau", epochs=2)
    run = answering(SCHEDULED, 0.7, config, learning_rate=[0.1, 0.01])
    per_epoch = config.steps_per_epoch
    assert rates_of(config, run.record).tolist() == [0.1] * per_epoch + [0.01] * per_epoch
    assert rates_of(config, None).tolist() == [config.learning_rate]


@pytest.mark.parametrize("settings", [{}, {"schedule": "step"}, {"learning_rate": 1.5}])
def test_the_picture_shows_the_rates_and_the_walk(settings: dict[str, Any]) -> None:
    config = tiny(epochs=6, **{"optimizer": "sgd", "schedule": "cosine"} | settings)
    runs = [
        answering(CONSTANT, 0.7, config.replace(schedule="constant")),
        answering(SCHEDULED, 0.8, config),
    ]
    reel = valley_reel(runs, 6)
    for run, part in zip(runs, reel["runs"], strict=True):
        rates = rates_of(run.record.config, run.record)
        steps = np.round(np.array(part["rates"]["x"][:-1]) * config.steps_per_epoch).astype(int)
        np.testing.assert_allclose(part["rates"]["y"][:-1], rates[steps], rtol=1e-3)
        assert part["rates"]["x"][-1] == 6
        assert len(part["labels"]) == run.record.epochs + 1
        np.testing.assert_allclose(part["walk"], valley.of_run(run.record), atol=5e-4)
    assert reel["y"]["ends"] == [0, pytest.approx(config.learning_rate)]
    json.dumps(reel, allow_nan=False)
