"""Keras's words for a run, evaluated: what they make is what the stock model of the run has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.analysis.stopping import BETTER, Rule
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.theory import schedules
from fmviz.theory.initializers import initial_sigma
from fmviz.training import stock
from fmviz.words import keras_lines
from fmviz.words.keras_lines import Call, Quantities

SMALL = RunConfig(train_size=1_000, batch_size=64, epochs=7, hidden=(16, 8), lam=3.0, penalty="l2")
SPELLINGS = (keras_lines.numbers, keras_lines.names)


def made(call: Call, config: RunConfig, **names: Any) -> Any:
    """What a call makes, written as pages have it and with every argument named."""
    given = {
        "keras": keras,
        "LAM": config.lam,
        "N": config.train_size,
        "STEPS": config.epochs * config.steps_per_epoch,
        **names,
    }
    by_name = f"keras.{call.name}({', '.join(call.written(0))})"
    found = [eval(text, given) for text in (str(call), by_name)]
    if hasattr(found[0], "get_config"):
        assert as_made(found[0]) == as_made(found[1])
    return found[0]


def as_made(thing: Any) -> dict[str, Any]:
    """Its config, but for the name that Keras counts up and the seed that it draws."""
    return {k: v for k, v in thing.get_config().items() if k not in ("name", "seed")}


def assert_same(found: Any, expected: Any, rel: float) -> None:
    """Hold a config against another, numbers within a relative error."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            assert_same(found[key], expected[key], rel)
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other, rel)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=rel)
    else:
        assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize(
    ("penalty", "activation"),
    [*((name, "tanh") for name in PENALTIES), *(("l1_l2", name) for name in ACTIVATIONS)],
)
def test_layers_are_those_of_the_stock_model(
    spell: Callable[[RunConfig], Quantities], penalty: str, activation: str
) -> None:
    config = SMALL.replace(penalty=penalty, activation=activation, dropout=0.3, l1_share=0.7)
    its = spell(config)
    regularizer = keras_lines.regularizer(config, its)
    text = str(regularizer) if regularizer else ""
    model = keras.Sequential(
        [made(call, config) for call in keras_lines.layers(config, its, kernel_regularizer=text)]
    )
    theirs = stock.as_keras(config)
    assert len(model.layers) == len(theirs.layers)
    for ours, other in zip(model.layers, theirs.layers, strict=True):
        assert type(ours) is type(other)
        assert_same(as_made(ours), as_made(other), 1e-5)
    assert model.input_shape == theirs.input_shape


@pytest.mark.slow
@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_optimizer_is_that_of_the_stock_model(
    spell: Callable[[RunConfig], Quantities], schedule: str, optimizer: str
) -> None:
    for penalty in ("weight_decay", "l1"):
        config = SMALL.replace(
            optimizer=optimizer,
            schedule=schedule,
            penalty=penalty,
            learning_rate=0.0123,
            final_rate=0.02,
            periods=4,
            power=2.0,
            warmup=0.2,
        )
        its = spell(config)
        decay = keras_lines.schedule(config, its)
        rate = made(decay, config) if decay else config.learning_rate
        weight_decay = its.weight_decay if penalty == "weight_decay" else ""
        call = keras_lines.optimizer(config.optimizer, "rate", weight_decay)
        ours, theirs = made(call, config, rate=rate), stock._keras_optimizer(config)
        assert type(ours) is type(theirs)
        # Of a step schedule's rates pages show four digits.
        assert_same(as_made(ours), as_made(theirs), 5e-4 if decay else 1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_spares_the_biases(name: str) -> None:
    config = SMALL.replace(optimizer=name, penalty="weight_decay")
    model = stock.as_keras(config)
    its = keras_lines.numbers(config)
    call = keras_lines.optimizer(config.optimizer, its.rate, its.weight_decay)
    ours = made(call, config)
    exec(keras_lines.NO_DECAY_OF_BIASES, {"optimizer": ours})
    ours.build(model.trainable_variables)
    decays = [ours._use_weight_decay(variable) for variable in model.trainable_variables]
    assert decays == [True, False] * 3
    short = keras_lines.decaying(config.optimizer, its.weight_decay)
    assert str(short) == f"keras.{call.name}(..., weight_decay={its.weight_decay})"


def test_a_notebook_writes_what_keras_is_given() -> None:
    for schedule in SCHEDULES:
        config = SMALL.replace(schedule=schedule, final_rate=0.3, periods=5, learning_rate=1 / 7)
        decay = keras_lines.schedule(config, keras_lines.names(config))
        if decay:
            theirs = stock._keras_optimizer(config)._learning_rate
            # Of a step schedule's rates six digits.
            rel = 1e-5 if schedule == "step" else 1e-12
            assert_same(as_made(made(decay, config)), as_made(theirs), rel)


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initializers_draw_what_the_run_draws(
    spell: Callable[[RunConfig], Quantities], initializer: str
) -> None:
    config = SMALL.replace(initializer=initializer, init_std=0.07)
    draw = made(keras_lines.initializer(config, spell(config)), config)
    known = {
        "normal": keras.initializers.RandomNormal(0.0, 0.07),
        "xavier": keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal"),
    }
    theirs = known.get(initializer) or keras.initializers.get(initializer)
    assert type(draw) is type(theirs)
    assert as_made(draw) == as_made(theirs)
    sigma = initial_sigma(config, 784, 300)
    assert float(np.std(draw((784, 300)))) == pytest.approx(sigma, rel=0.02)


def test_loss_and_metric_are_those_of_the_stock_model() -> None:
    model = stock.as_keras(SMALL)
    assert as_made(made(keras_lines.LOSS, SMALL)) == as_made(model.loss)
    metric = made(keras_lines.CROSSENTROPY, SMALL)
    assert (metric.name, metric.from_logits) == ("crossentropy", True)


@pytest.mark.parametrize("spell", SPELLINGS)
def test_the_plateau_is_that_of_the_run(spell: Callable[[RunConfig], Quantities]) -> None:
    config = SMALL.replace(schedule="plateau", plateau_factor=0.3, plateau_patience=4)
    callback = made(keras_lines.reduce_on_plateau(config, spell(config)), config)
    assert (callback.monitor, callback.mode) == ("val_loss", "auto")
    assert (callback.factor, callback.patience) == (0.3, 4)
    assert callback.min_delta == schedules.PLATEAU_MIN_DELTA
    assert (callback.cooldown, callback.min_lr) == (0, 0)


@given(
    rule=st.builds(
        Rule,
        monitor=st.sampled_from(sorted(BETTER)),
        min_delta=st.sampled_from([0.0, 1e-4, 0.01]),
        patience=st.integers(0, 100),
        mode=st.sampled_from(["auto", "min", "max"]),
        baseline=st.none() | st.sampled_from([0.0, 0.5, 2.0]),
        restore_best_weights=st.booleans(),
        start_from_epoch=st.integers(0, 100),
    )
)
def test_the_call_makes_the_callback_it_says(rule: Rule) -> None:
    callback = eval(str(keras_lines.early_stopping(rule)), {"keras": keras})
    assert {name: getattr(callback, name) for name in Rule._fields} == rule._asdict()


def test_the_call_leaves_defaults_out() -> None:
    assert str(keras_lines.early_stopping(Rule("val_loss", patience=5))) == (
        "keras.callbacks.EarlyStopping(monitor='val_loss', patience=5)"
    )
