"""Diagnoses on real runs that go wrong, each in its own way."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig
from fmviz.run.measure import FLAT
from fmviz.run.record import Divergence, RunRecord
from fmviz.run.settings import number
from fmviz.words import diagnosis, prose
from tests.support.records import synthetic, tiny
from tests.support.trained import train
from tests.support.verdicts import faults

SMALL: dict[str, Any] = {"train_size": 500, "hidden": (16, 16), "batch_size": 50, "epochs": 6}
DEEP = (12,) * 6
# What is set wrong → the section that tells of it.
DIVERGED: dict[str, dict[str, Any]] = {
    "diverged by the penalty": {
        "penalty": "l2",
        "lam": 5_000.0,
        "learning_rate": 1.0,
        "optimizer": "sgd",
    },
    "diverged from the start": {
        "activation": "leaky_relu",
        "init_std": 10.0,
        "optimizer": "sgd",
        "learning_rate": 1.0,
    },
    "diverged by the rate": {
        "activation": "leaky_relu",
        "initializer": "he_normal",
        "optimizer": "sgd",
        "learning_rate": 100.0,
    },
}
STUCK: dict[str, dict[str, Any]] = {
    "stuck at zero": {"initializer": "zeros"},
    "stuck under the penalty": {"penalty": "l1", "lam": 1_000.0, "learning_rate": 0.003},
    "stuck with dead units": {"activation": "relu", "learning_rate": 50.0},
    "stuck with vanishing gradients": {
        "activation": "tanh",
        "init_std": 0.01,
        "hidden": DEEP,
        "optimizer": "sgd",
    },
    "stuck at a small rate": {"optimizer": "sgd", "learning_rate": 1e-5},
}


@cache
def ended(section: str) -> RunRecord:
    """The run of a section; all are trained at once."""
    return _all()[section]


@cache
def _all() -> dict[str, RunRecord]:
    settings = DIVERGED | STUCK
    records = train([RunConfig(**{**SMALL, **changes}) for changes in settings.values()])
    return dict(zip(settings, records, strict=True))


def shown(section: str) -> Shown:
    record = ended(section)
    return Shown("the run", record, None, record.epochs)


@pytest.mark.parametrize("section", DIVERGED)
def test_a_diverged_run_is_told_when_where_and_why(section: str) -> None:
    captions = diagnosis.diverged(ended(section))
    assert [caption.section for caption in captions] == ["diverged", section]
    for caption in captions:
        assert "{{" not in prose.text(prose.SHARED, caption.section, caption.figures)


def test_figures_are_counted_from_one() -> None:
    config = tiny(penalty="l2", lam=100.0, learning_rate=50.0, init_std=2.0, optimizer="sgd")
    where = Divergence(1, step=4, layer=2, where="gradient")
    first, cause = diagnosis.diverged(synthetic(config, epochs=0, diverged=where))
    assert first.figures == {"epoch": "1", "step": "5", "layer": "3 of 3", "where": "a gradient"}
    # ηλ/n = 50: every step multiplies by 1 − 50.
    assert cause.figures["factor"] == number(-49)


def test_a_run_that_did_not_diverge_has_no_such_cause() -> None:
    with pytest.raises(ValueError, match="did not diverge"):
        diagnosis.diverged(synthetic())


@pytest.mark.parametrize("section", STUCK)
def test_a_run_that_learns_nothing_is_told_why(section: str) -> None:
    caption = diagnosis.stuck(shown(section))
    assert caption is not None
    assert caption.section == section
    assert "{{" not in prose.text(prose.SHARED, caption.section, caption.figures)


def test_saturated_layers_are_the_cause_where_they_are() -> None:
    run = synthetic(tiny(), train_accuracy=0.1, val_accuracy=0.1)
    run.layers["saturation"][:] = 0.8
    run.start_layers["saturation"][:] = 0.02
    caption = diagnosis.stuck(Shown("the run", run, None, 3))
    assert caption is not None
    # The start was not to blame.
    assert caption.section == "stuck saturated by training"
    assert caption.figures["flat_start"] == "2.0%"
    run.start_layers["saturation"][:] = 0.9
    caption = diagnosis.stuck(Shown("the run", run, None, 3))
    assert caption is not None
    assert caption.section == "stuck saturated"
    assert caption.figures["flat"] == "80.0%"
    assert FLAT["tanh"][1] < 3


def test_who_is_not_warmed_up_is_told_to_warm_up() -> None:
    for schedule in ("constant", "warmup"):
        for activation, passes in (
            ("relu", "pass no gradient"),
            ("elu", "pass next to no gradient"),
        ):
            config = tiny(activation=activation, schedule=schedule)
            run = synthetic(config, train_accuracy=0.1, val_accuracy=0.1)
            run.layers["dead_units"][:] = 0.95
            caption = diagnosis.stuck(Shown("the run", run, None, 3))
            assert caption is not None
            assert faults(prose.SHARED, caption) == []
            told = prose.text(prose.SHARED, caption.section, caption.figures)
            assert ("let it warm up" in told) == (schedule == "constant")
            assert passes in told


def test_who_learns_is_not_stuck() -> None:
    run = synthetic(tiny(), train_accuracy=0.5, val_accuracy=0.1)
    assert diagnosis.stuck(Shown("the run", run, None, 3)) is None
    running = synthetic(tiny(), epochs=2, train_accuracy=0.1, val_accuracy=0.1)
    assert diagnosis.stuck(Shown("the run", running, None, 2)) is None


def judged(share: float, ratio: float = 0.001, **config: Any) -> str | None:
    """Of a run that is right on this share of 100 training and of 2,500 validation images."""
    run = synthetic(tiny(**config), train_accuracy=share, val_accuracy=share)
    for name in ("saturation", "dead_units"):
        run.layers[name][:] = 0.0
    if config.get("initializer") == "zeros":
        run.start_layers["kernel_norm"][:] = 0.0
    run.layers["update_ratio"][:] = ratio
    caption = diagnosis.stuck(Shown("the run", run, None, 3))
    if caption is not None:
        assert faults(prose.SHARED, caption) == []
    return caption and caption.section


def test_a_network_below_chance_knows_something() -> None:
    assert judged(0.1, label_noise=1.0) == "stuck on noise"
    # Of false labels it has learnt which class it is not.
    assert judged(0.02, label_noise=1.0) is None
    # Of true ones that is no knowledge: many images got the same wrong answer.
    assert judged(0.02, ratio=1e-6) == "stuck at a small rate"


def test_zeros_are_the_cause_in_hidden_layers_alone() -> None:
    assert judged(0.1, initializer="zeros") == "stuck at zero"
    assert judged(0.1, initializer="zeros", activation="sigmoid") == "stuck alike"
    assert judged(0.1, initializer="zeros", hidden=()) is None


def test_without_any_gradient_the_rate_is_not_to_blame() -> None:
    assert judged(0.1, ratio=1e-6) == "stuck at a small rate"
    assert judged(0.1, ratio=0.0) is None


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_a_penalty_that_diverges_is_one_under_which_weights_grow(optimizer: str) -> None:
    where = Divergence(1, step=4, layer=0, where="weight")
    for shrink in np.arange(0.05, 5, 0.1):
        config = tiny(penalty="l2", lam=shrink * 100, learning_rate=1.0, optimizer=optimizer)
        _, cause = diagnosis.diverged(synthetic(config, epochs=0, diverged=where))
        # One weight under the penalty alone, as Keras steps it.
        w, velocity, beta = 1.0, 0.0, 0.0 if optimizer == "sgd" else 0.9
        for _ in range(2_000):
            velocity = beta * velocity - shrink * w
            w += velocity if optimizer != "nesterov" else beta * velocity - shrink * w
            if abs(w) > 1e6:
                break
        assert cause.section.startswith("diverged by the penalty") == (abs(w) > 1), shrink
        assert "{{" not in prose.text(prose.SHARED, cause.section, cause.figures)


@pytest.mark.parametrize("section", [*DIVERGED, *STUCK])
def test_in_short_a_run_that_went_wrong_has_a_verdict_and_its_cause(section: str) -> None:
    run = shown(section)._replace(kept=ended(section).epochs)
    found = diagnosis.in_short(run)
    assert found is not None
    assert found.cause.section == section
    verdict = prose.text(prose.SHARED, found.verdict.section, found.verdict.figures)
    where = run.record.diverged
    assert verdict == (
        f"**This run diverged in epoch {where.epoch}.**"
        if where is not None
        else "**This network has learnt nothing: it does no better than a guess.**"
    )


def test_a_run_that_learns_has_no_diagnosis() -> None:
    assert diagnosis.in_short(Shown("", synthetic(val_accuracy=0.8), None, 3)) is None


BRANCHED = {
    "learning_rate": st.sampled_from([1e-4, 0.1, 10.0, 100.0]),
    "lam": st.sampled_from([0.5, 20.0, 1e4]),
    "optimizer": st.sampled_from(["sgd", "momentum", "nesterov", "adam", "lion"]),
    "penalty": st.sampled_from(["l1", "l2", "weight_decay"]),
}


@given(
    trunk=st.fixed_dictionaries(BRANCHED),
    changes=st.fixed_dictionaries({}, optional=BRANCHED),
    epoch=st.integers(1, 3),
    far=st.booleans(),
)
def test_a_branch_that_diverges_has_its_own_cause(
    trunk: dict[str, Any], changes: dict[str, Any], epoch: int, far: bool
) -> None:
    """It is what a run under the settings of that epoch would be told, but that its start, which
    it has outlived, is not to blame."""
    config = tiny(branch=changes, branch_epoch=1, **trunk)
    where = Divergence(epoch, step=4, layer=0, where="weight")
    run = replace(synthetic(config, epochs=epoch - 1), diverged=where)
    run = replace(run, start=run.start | {"val_crossentropy": 100.0 if far else 2.3})
    plain = replace(run, config=config.in_epoch(epoch))
    cause, own = (diagnosis.diverged(each)[1] for each in (run, plain))
    if own.section == "diverged from the start" and epoch > config.branch_epoch > 0:
        assert cause.section == "diverged by the rate"
    else:
        assert cause == own


def test_a_rate_that_was_too_large_is_one_that_was_in_force() -> None:
    where = Divergence(1, step=2, layer=0, where="weight")

    def told(**settings: Any) -> str:
        config = tiny(optimizer="sgd", learning_rate=10.0, **settings)
        found = synthetic(config, epochs=where.epoch - 1, diverged=where, val_loss=1.0)
        return diagnosis.diverged(found)[1].figures["eta"]

    # Two of the eight steps of a warm-up to 10.
    assert told(schedule="warmup", warmup=0.5) == "2.5"
    assert told(schedule="cosine") == "10"
    # What a plateau has left of η by the branch stays.
    where = where._replace(epoch=3)
    plateau: dict[str, Any] = {"schedule": "plateau", "plateau_patience": 1, "plateau_factor": 0.1}
    assert told(**plateau) == "10"
    assert told(**plateau, branch={"lam": 1.0, "penalty": "l2"}, branch_epoch=2) == "1"


@pytest.mark.parametrize("measure", ["kernel_norm", "dead_units", "saturation", "update_ratio"])
@pytest.mark.parametrize("since", [1, 2, 3])
def test_a_run_that_is_stuck_is_told_of_what_was_set_when_it_came_about(
    measure: str, since: int
) -> None:
    after = {"lam": 500.0, "learning_rate": 20.0, "schedule": "warmup"}
    config = tiny(
        activation="relu" if measure == "dead_units" else "tanh",
        **{"penalty": "l1", "lam": 100.0, "learning_rate": 5.0},
        **{"branch": after, "branch_epoch": 2},
    )
    run = synthetic(config, train_accuracy=0.1, val_accuracy=0.1)
    for rows in (*run.layers.values(), *run.start_layers.values()):
        rows[...] = 0 if rows.dtype == np.int64 else 1
    for name in ("saturation", "dead_units"):
        run.layers[name][:] = 0.0
        run.start_layers[name][:] = 0.0
    if measure == "update_ratio":
        # Small under a schedule that has ended says nothing; small in all of a run does.
        run.layers[measure][:] = 1e-7
        run.layers[measure][since - 1] = 2e-7
        since = config.epochs
    else:
        run.layers[measure][since - 1 :] = 0.001 if measure == "kernel_norm" else 0.99
    caption = diagnosis.stuck(Shown("the run", run, None, 3))
    assert caption is not None
    own = config.in_epoch(since)
    assert (caption.figures["lam"], caption.figures["eta"]) == (
        number(own.lam),
        number(own.learning_rate),
    )
    if measure == "dead_units":
        assert caption.section.endswith("warmed up") == (own.schedule == "warmup")


def test_steps_that_a_schedule_has_made_small_are_no_cause() -> None:
    run = synthetic(tiny(schedule="cosine"), train_accuracy=0.1, val_accuracy=0.1)
    for name in ("saturation", "dead_units"):
        run.layers[name][:] = 0.0
    run.layers["update_ratio"][:] = [[0.001] * 3, [1e-4] * 3, [1e-9] * 3]
    assert diagnosis.stuck(Shown("the run", run, None, 3)) is None
