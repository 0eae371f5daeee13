"""Optimizers: prose, captions in every corner, charts as data, the page, and the lesson's claims on
its own runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown, look
from fmviz.charts.style import RUN_SHAPES
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.optimizers import charts, ravine, ravine_charts, ravine_says, rules_says, says
from fmviz.lessons.optimizers.lesson import (
    LABELS,
    OWN_RATES,
    RACERS,
    SWEPT_RATES,
    OptimizersView,
    own_rates_fit,
    raced,
    swept,
)
from fmviz.lessons.optimizers.ravine import Ravine
from fmviz.page.address import choices
from fmviz.page.lesson import BRANCHED
from fmviz.run.choices import DATASETS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence, RunRecord, layer_sizes
from fmviz.run.settings import number
from fmviz.theory import schedules
from fmviz.training import stock
from fmviz.ui import live
from fmviz.words import prose
from fmviz.words.numbers import listed
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.lessons import check_prose, check_words, leads, made_up, opened, texts
from tests.support.records import answering, synthetic, tiny
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown

LESSON = LESSONS["optimizers"]
GONE = Divergence(1, 1, 0, "weight")
COMMON, OWN = OptimizersView(racers=RACERS), OptimizersView(racers=RACERS, rates="own")


def lost(name: str = "Adam") -> Shown:
    """A run that diverged in its first epoch."""
    record = synthetic(tiny(), epochs=0, diverged=GONE)
    return Shown(name, record, None, 0)


def race(section: str, *runs: Shown, view: OptimizersView = COMMON) -> Callable[[], Caption]:
    return lambda: next(c for c in says.race(runs, view) if c.section == section)


def with_ratio(name: str, ratio: float, share: float = 0.8, **history: float) -> Shown:
    run = answering(name, share, **history)
    layers = {**run.record.layers, "update_ratio": np.full((3, 3), ratio)}
    return run._replace(record=replace(run.record, layers=layers))


def updates(section: str, *runs: Shown) -> Callable[[], Caption]:
    return lambda: next(c for c in says.updates(runs, 1) if c.section == section)


def swept_records(*shares: float, diverged: bool = False) -> dict[tuple[str, float], RunRecord]:
    """A sweep of as many racers, all of whose cells answer alike."""
    records = {
        (name, rate): answering(name, share).record
        for name, share in zip(RACERS, shares)
        for rate in SWEPT_RATES
    }
    if diverged:
        records["sgd", SWEPT_RATES[-1]] = lost().record
    return records


def sweep(section: str, records: dict[tuple[str, float], RunRecord]) -> Callable[[], Caption]:
    return lambda: next(c for c in says.sweep(records) if c.section == section)


def on_ravine(section: str, **view: Any) -> Callable[[], Caption]:
    settings = OptimizersView(**{"curvature": 20.0, "ravine_rate": 0.09, **view})
    return lambda: next(c for c in ravine_says.on_ravine(RACERS, settings) if c.section == section)


SGD, ADAM, LION = (answering(n, s) for n, s in (("SGD", 0.6), ("Adam", 0.82), ("Lion", 0.821)))
GUESSING = answering("SGD", 0.1)
HERE, ELSEWHERE = LESSON.start.config, RunConfig(hidden=(64,))
ALL_GONE = {("sgd", rate): lost().record for rate in SWEPT_RATES}


def timed(name: str, seconds: float, begun: str = "now") -> Shown:
    run = answering(name, 0.6, seconds=[seconds, 2 * seconds, 3 * seconds])
    return run._replace(record=replace(run.record, made={"begun": begun}))


TIMED = [timed("SGD", 0.1), timed("Adam", 0.2)]
BRANCHES: dict[str, Callable[[], Caption]] = {
    "race led": race("race led", SGD, ADAM),
    "race led, some level": race("race led, some level", SGD, ADAM, LION),
    "race level": race("race level", ADAM, LION),
    "race alone": race("race alone", ADAM),
    "race nothing learnt": race("race nothing learnt", GUESSING, answering("Adam", 0.09)),
    "race all diverged": race("race all diverged", lost("SGD"), lost()),
    "other epochs": race("other epochs", SGD, ADAM._replace(kept=1)),
    "race first": race("race first", ADAM, LION),
    "race training": race("race training", SGD, answering("Adam", 0.82, train_crossentropy=0.3)),
    "race training, alike": race(
        "race training, alike",
        *(answering(n, 0.8, train_crossentropy=0.0) for n in ("SGD", "Adam")),
    ),
    "race at one rate": race("race at one rate", SGD, ADAM),
    "race at one rate, scheduled": race(
        "race at one rate, scheduled",
        *(answering(n, 0.8, tiny(schedule="warmup")) for n in ("SGD", "Adam")),
    ),
    "race at one rate, measured": race("race at one rate, measured", SGD, ADAM),
    "race at own rates": race("race at own rates", answering("SGD", 0.5, HERE), view=OWN),
    "race at own rates, elsewhere": race(
        "race at own rates, elsewhere", answering("SGD", 0.5, ELSEWHERE), view=OWN
    ),
    "clock": lambda: says.clock(TIMED),  # type: ignore[dict-item, return-value]
    "clock alike": lambda: says.clock([TIMED[0], timed("Adam", 0.101)]),  # type: ignore[dict-item, return-value]
    "clock too short": lambda: says.clock([timed("SGD", 0.0), timed("Adam", 0.0)]),  # type: ignore[dict-item, return-value]
    "clock apart": lambda: says.clock([TIMED[0], timed("Adam", 0.2, "then")]),  # type: ignore[dict-item, return-value]
    "updates": updates("updates", with_ratio("SGD", 1e-3)),
    "updates below, the best too": updates(
        "updates below, the best too", with_ratio("SGD", 1e-4, 0.9), with_ratio("Adam", 1e-3)
    ),
    "updates above, the best too": updates(
        "updates above, the best too", with_ratio("SGD", 1e-2, 0.9), with_ratio("Adam", 1e-3)
    ),
    "updates, own rates": lambda: says.updates([with_ratio("SGD", 1e-4)], 1, own_rates=True)[1],
    "updates below": updates(
        "updates below", with_ratio("SGD", 1e-4), with_ratio("Adam", 1e-3, 0.9)
    ),
    "updates above": updates("updates above", with_ratio("SGD", 1e-2)),
    "updates of the best": updates(
        "updates of the best", with_ratio("SGD", 1e-4), with_ratio("Adam", 1e-2, 0.9)
    ),
    "updates unknown": updates("updates unknown", with_ratio("SGD", np.nan), lost()),
    "sweep": sweep("sweep", swept_records(0.6)),
    "sweep led": sweep("sweep led", swept_records(0.6, 0.8)),
    "sweep led, some level": sweep("sweep led, some level", swept_records(0.6, 0.8, 0.8)),
    "sweep level": sweep("sweep level", swept_records(0.8, 0.8)),
    "sweep one": sweep("sweep one", swept_records(0.6)),
    "sweep nothing learnt": sweep("sweep nothing learnt", swept_records(0.1, 0.1)),
    "sweep diverged": sweep("sweep diverged", swept_records(0.6, diverged=True)),
    "sweep all diverged": sweep("sweep all diverged", ALL_GONE),
    "ravine": lambda: ravine_says.ravine_rule(OptimizersView()),
    "ravine reached": on_ravine("ravine reached"),
    "ravine others": on_ravine("ravine others"),
    "ravine round": on_ravine("ravine round", curvature=1.0),
    "ravine reached by none": on_ravine("ravine reached by none", ravine_rate=0.001),
    "ravine under way": on_ravine("ravine under way"),
    "ravine left": on_ravine("ravine left"),
    "ravine limits": on_ravine("ravine limits"),
    "ravine sgd": on_ravine("ravine sgd"),
    "ravine tilted": on_ravine("ravine tilted", tilted=True),
    **{
        f"rule {name}": lambda name=name: rules_says.rules(raced(HERE, name, 0.01))[0]  # type: ignore[misc]
        for name in RACERS
    },
    "rule, scheduled": lambda: rules_says.rules(HERE.replace(schedule="warmup"))[1],
}


def test_prose_is_whole() -> None:
    check_prose("optimizers", BRANCHES, {"rules": set(), "ravine map": set()})


def test_words_are_short_and_plain() -> None:
    check_words("optimizers", BRANCHES)


def text(caption: Caption) -> str:
    return prose.text("optimizers", caption.section, caption.figures)


@given(
    accuracies=st.lists(
        st.sampled_from([0.0, 0.1, 0.1004, 0.8, 0.8004, 1.0]), min_size=1, max_size=4
    ),
    gone=st.sets(st.integers(0, 3)),
    loss=st.sampled_from([0.0, 0.5]),
    ratio=st.sampled_from([0.0, 1e-3, 0.5, float("nan")]),
    view=st.sampled_from([COMMON, OWN]),
)
@hypothesis.settings(max_examples=60, deadline=None)
def test_whatever_the_race_what_is_said_is_so(
    accuracies: list[float], gone: set[int], loss: float, ratio: float, view: OptimizersView
) -> None:
    runs = [
        lost(LABELS[name])
        if place in gone
        else with_ratio(LABELS[name], ratio, share, train_crossentropy=loss)
        for place, (name, share) in enumerate(zip(RACERS, accuracies))
    ]
    going = {r.name: r.at("val_accuracy") for r in runs if r.finite}
    panels = [says.race(runs, view), says.updates(runs, 1)]
    for captions in panels:
        told = [text(caption) for caption in captions]
        assert leads(told[0])
        assert "nan" not in "".join(told)
    confirm(panels[0], runs)
    first = panels[0][0]
    assert (first.section == "race all diverged") == (not going)
    if going:
        highest = max(going.values())
        assert going[first.figures["best"]] == highest
        guessed = 0.09 < highest < 0.11
        assert (first.section == "race nothing learnt") == guessed
        if first.section == "race led":
            assert sum(value > highest - 0.01 for value in going.values()) == 1
    sections = {caption.section for caption in panels[0]}
    assert ("race training, alike" in sections) == (len(going) > 1)


@given(
    shares=st.lists(
        st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5004, 1.0, None]), min_size=8, max_size=8),
        min_size=1,
        max_size=3,
    )
)
@hypothesis.settings(max_examples=15, deadline=None)
def test_whatever_the_sweep_finds_what_is_said_is_so(shares: list[list[float | None]]) -> None:
    records = {
        (name, rate): lost().record if share is None else answering(name, share).record
        for name, row in zip(RACERS, shares)
        for rate, share in zip(SWEPT_RATES, row)
    }
    captions = says.sweep(records)
    first, sections = captions[0], {caption.section for caption in captions}
    assert leads(text(first))
    tops = [max((s for s in row if s is not None), default=None) for row in shares]
    found = {LABELS[name]: top for name, top in zip(RACERS, tops) if top is not None}
    assert (first.section == "sweep all diverged") == (not found)
    assert ("sweep diverged" in sections) == (bool(found) and any(None in row for row in shares))
    if not found:
        return
    highest = max(found.values())
    assert (first.section == "sweep nothing learnt") == (abs(highest - 0.1) < 0.01)
    if "lead" in first.figures:
        assert found[first.figures["lead"]] == highest
        level = [name for name, top in found.items() if highest - top < 0.001]
        assert (first.section == "sweep one") == (len(found) == 1)
        assert (first.section == "sweep led") <= (len(level) == 1)
        assert (first.section == "sweep level") <= (len(level) == len(found) > 1)


@pytest.mark.parametrize("racers", [("sgd",), ("adam",), ("sgd", "nesterov"), RACERS])
@pytest.mark.parametrize("curvature", [1.0, 1.001, 20.0, 1_000.0])
def test_of_a_ravine_only_what_races_and_what_is_there_is_told(
    racers: tuple[str, ...], curvature: float
) -> None:
    view = OptimizersView(curvature=curvature, tilted=True)
    captions = ravine_says.on_ravine(racers, view)
    sections = {caption.section for caption in captions}
    assert captions[0].section in ("ravine reached", "ravine reached by none")
    assert leads(text(captions[0]))
    bounded = [n for n in racers if ravine.largest_rate(n, curvature) is None]
    assert ("ravine others" in sections) == bool(bounded)
    # A bowl has no condition to pay for, and is the same turned.
    assert ("ravine sgd" in sections) == ("sgd" in racers and curvature > 1)
    assert ("ravine tilted" in sections) == (curvature > 1)
    for name in bounded:
        path = Ravine(curvature, True).path(name, view.ravine_rate)
        assert np.abs(np.diff(path, axis=0)).max() < 4 * view.ravine_rate


def test_plain_sgd_crosses_a_round_bowl_in_one_step() -> None:
    path = Ravine(1.0).path("sgd", 1.0, 1)
    np.testing.assert_allclose(path[-1], 0.0, atol=1e-12)


def test_every_optimizer_but_adamw_races_and_has_a_rate_of_the_sweep() -> None:
    assert set(RACERS) == OPTIMIZERS.keys() - {"adamw"}
    assert OWN_RATES.keys() == set(RACERS)
    assert set(OWN_RATES.values()) <= set(SWEPT_RATES)
    assert len(RACERS) <= len(RUN_SHAPES)


def test_runs_differ_in_optimizer_and_rate_alone() -> None:
    state = LESSON.start | {"racers": RACERS, "seed": 3, "rates": "own"}
    runs = LESSON.runs_of(state)
    assert list(runs) == [LABELS[name] for name in RACERS]
    for name, config in zip(RACERS, runs.values(), strict=True):
        assert config == RunConfig(
            optimizer=name, learning_rate=OWN_RATES[name], batch_size=100, epochs=20, seed=3
        )
    common = LESSON.runs_of(LESSON.start | {"racers": ("adam", "sgd")})
    assert list(common) == ["SGD", "Adam"]
    assert {config.learning_rate for config in common.values()} == {1e-3}
    assert LESSON.runs_of(LESSON.start | {"racers": ()}) == LESSON.runs_of(LESSON.start)


def test_own_rates_are_claimed_for_their_network_alone() -> None:
    assert own_rates_fit(HERE)
    assert own_rates_fit(HERE.replace(seed=5, optimizer="lion", learning_rate=0.5))
    for change in ({"hidden": (64,)}, {"train_size": 500}, {"epochs": 5}, {"batch_size": 32}):
        assert not own_rates_fit(HERE.replace(**change))


@pytest.mark.slow
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("penalty", ["none", "l2", "weight_decay"])
def test_the_keras_lines_of_every_rule_step_as_the_run(schedule: str, penalty: str) -> None:
    for name in RACERS:
        config = raced(HERE.replace(schedule=schedule, penalty=penalty, lam=5.0), name, 0.0123)
        code = text(rules_says.rules(config)[0]).split("```python\n")[1].split("\n```")[0]
        made: dict[str, Any] = {"keras": keras}
        exec(code, made)
        ours, theirs = made["optimizer"], stock._keras_optimizer(config)
        assert type(ours) is type(theirs)
        assert ours.get_config().keys() == theirs.get_config().keys()
        assert ours.weight_decay == pytest.approx(theirs.weight_decay)
        assert ours.get_config().get("momentum") == theirs.get_config().get("momentum")
        assert ours.get_config().get("nesterov") == theirs.get_config().get("nesterov")
        weights = keras.Variable(np.ones((2, 2)), name="kernel"), keras.Variable([1.0], name="bias")
        for optimizer in (ours, theirs):
            optimizer.build(list(weights))
        decays = [[o._use_weight_decay(each) for each in weights] for o in (ours, theirs)]
        assert decays[0] == decays[1]
        for step in (0, 1, config.steps // 3, config.steps - 1):
            rates = [
                float(
                    o._learning_rate
                    if isinstance(o._learning_rate, keras.Variable)
                    else o._learning_rate(step)
                )
                for o in (ours, theirs)
            ]
            assert rates[0] == pytest.approx(rates[1], rel=1e-3)
        assert ("callback" in made) == (schedule == "plateau")


@given(
    schedule=st.sampled_from(list(SCHEDULES)),
    warmup=st.sampled_from([0.1, 0.9]),
    racers=st.lists(st.sampled_from(RACERS), min_size=1, unique=True),
)
def test_a_rate_is_told_where_all_steps_have_it_alone(
    schedule: str, warmup: float, racers: list[str]
) -> None:
    config = tiny(schedule=schedule, warmup=warmup, learning_rate=0.0123)
    rates = schedules.learning_rates(config)
    moves = schedule != "constant"
    for name in racers:
        captions = rules_says.rules(raced(config, name, 0.0123))
        told = text(captions[0]).partition("```")[0]
        # What is said of a step has no figure of a rate that not all steps have.
        assert ("0.0123" in told or "0.123" in told) == (not moves)
        if moves:
            assert captions[1].figures["top"] == number(float(f"{rates.max():.3g}"))
    runs = [answering(LABELS[name], 0.8, raced(config, name, 0.0123)) for name in racers]
    of_rates = [c for c in says.race(runs, COMMON) if c.section.startswith("race at one rate")]
    # One alone is compared with nobody.
    assert bool(of_rates) == (len(racers) > 1 or ("adam" in racers and not moves))
    if len(racers) > 1:
        told = " ".join(text(of_rates[0]).split())
        assert ("run under one schedule" in told) == moves
        for name in RACERS:
            assert (f"{LABELS[name]}'s " in told) == (name in racers)


# Captions


@given(kept=st.lists(st.integers(0, 3), min_size=1, max_size=4), updates=st.booleans())
def test_who_is_compared_after_another_epoch_is_told_with_it(
    kept: list[int], updates: bool
) -> None:
    runs = [
        with_ratio(LABELS[name], 1e-3)._replace(kept=epoch) for name, epoch in zip(RACERS, kept)
    ]
    captions = says.updates(runs, 1) if updates else says.race(runs, COMMON)
    told = [text(c) for c in captions if c.section == "other epochs"]
    compared = {run.name: run.kept for run in runs if run.kept}
    assert len(told) == (len({*compared.values()}) > 1)
    for groups in told:
        parts = groups.partition("** ")[2].rstrip(".").split("; ")
        assert parts == [
            f"{listed([n for n, its in compared.items() if its == epoch])} after epoch {epoch}"
            for epoch in sorted({*compared.values()})
        ]


def test_the_leader_leads_by_the_paired_difference() -> None:
    caption = BRANCHES["race led, some level"]()
    assert caption.figures["best"] == "Lion"
    assert caption.figures["near"] == "Adam"
    behind = comparing.change(LION, SGD, "val")
    assert behind.value == pytest.approx(0.221, abs=1e-3)
    assert caption.figures["far"] == f"SGD {100 * behind.value:.1f} ± {100 * behind.error:.1f}"


def test_adams_step_is_measured_in_its_rate() -> None:
    run = with_ratio("Adam", 0.001)
    record, sizes = run.record, layer_sizes(run.record.config)
    norms = np.sqrt([a * b for a, b in pairwise(sizes)])
    layers = {**record.layers, "kernel_norm": np.tile(norms, (record.epochs, 1))}
    # Every weight has size 1, so a step of 0.001 of it is one of 0.001: of η, as here.
    assert says.step_over_rate(replace(record, layers=layers), record.epochs) == pytest.approx(1)
    # Without Adam, or where its steps have no size, there is nothing to tell.
    for runs in ([SGD, LION], [SGD, with_ratio("Adam", float("nan"))], [SGD, lost()]):
        sections = [caption.section for caption in says.race(runs, COMMON)]
        assert "race at one rate" in sections
        assert "race at one rate, measured" not in sections


def test_a_diverged_racer_neither_leads_nor_is_forgotten() -> None:
    captions = says.race([lost("SGD"), ADAM], COMMON)
    assert captions[0].section == "race alone"
    table = says.table([lost("SGD"), ADAM])
    assert "| SGD | 0.001 | diverged |" in table


def test_the_table_is_of_the_records() -> None:
    run = answering("Adam", 0.85, train_crossentropy=0.25, seconds=[1.0, 2.0, 3.5])
    row = says.table([run]).splitlines()[-1]
    assert row == "| Adam | 0.001 | 0.250 | 85.0 ± 0.7% | 1 | 1000 |"
    assert says.reached(answering("Adam", 0.79).record) is None
    assert "| – |" in says.table([answering("Adam", 0.79)])
    timed_row = says.table([run], "seconds").splitlines()
    assert timed_row[0].split(" | ")[4] == "s to 80%"
    assert timed_row[-1].split(" | ")[4] == "1"
    apart = says.table([TIMED[0], timed("Adam", 0.2, "then")])
    assert "ms an epoch" not in apart
    assert "ms an epoch" in says.table(TIMED)


def test_who_is_first_at_the_target_is_told_in_what_the_race_runs_over() -> None:
    runs = [timed("SGD", 0.1), timed("Adam", 0.3), timed("Lion", 0.4)]
    for run, curve in zip(runs, ([0.1, 0.8, 0.9], [0.8, 0.9, 0.9], [0.85, 0.9, 0.9]), strict=True):
        run.record.history["val_accuracy"][:] = curve  # type: ignore[index]

    def first(runs: list[Shown], view: OptimizersView) -> list[tuple[str, str]]:
        captions = (c for c in says.race(runs, view) if c.section == "race first")
        return [(c.figures["first"], c.figures["when"]) for c in captions]

    seconds = OptimizersView(axis="seconds")
    assert first(runs, COMMON) == [("Adam and Lion", "1 epoch")]
    assert first(runs, seconds) == [("SGD", "0.2 s")]
    # Times of different moments are no comparison; who gets nowhere is not first.
    apart = [runs[0], runs[1]._replace(record=replace(runs[1].record, made={"begun": "then"}))]
    assert first(apart, seconds) == []
    assert first([answering("SGD", 0.5), answering("Adam", 0.6)], COMMON) == []


def test_no_other_rate_is_advised_to_those_whose_rate_was_picked_or_gave_the_best() -> None:
    runs = [with_ratio("SGD", 1e-4, 0.5), with_ratio("Adam", 1e-2, 0.9)]
    common = [text(c) for c in says.updates(runs, 1)]
    assert any("SGD. Such steps are small" in told for told in common)
    assert not any("should come down" in told for told in common)
    own = " ".join(text(c) for c in says.updates(runs, 1, own_rates=True))
    assert "rough guide" in own
    assert "η can go up" not in own
    assert "should come down" not in own


def test_an_epoch_s_time_is_that_of_the_fastest_and_no_busy_moment_s() -> None:
    assert says.milliseconds(TIMED[0].record) == pytest.approx(100)
    busy = answering("Adam", 0.85, seconds=[0.4, 0.9, 1.0])
    assert says.milliseconds(busy.record) == pytest.approx(100)
    clock = says.clock(TIMED)
    assert clock is not None
    assert (clock.figures["cheap"], clock.figures["times"]) == ("SGD", "2.0")
    assert says.clock(TIMED[:1]) is None
    assert says.clock([lost(), *TIMED]) is None


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_in_words(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_the_sweep_tells_a_best_at_its_edge() -> None:
    shares = dict(zip(SWEPT_RATES, (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)))
    records = {("sgd", rate): answering("SGD", share).record for rate, share in shares.items()}
    told = says.sweep(records)[1].figures["bests"]
    assert told == "SGD 90.0% at η = 0.3, at the edge of the sweep"


@pytest.mark.parametrize("tilted", [False, True])
@pytest.mark.parametrize("rate", [0.001, 0.09, 0.3, 2.0])
@pytest.mark.parametrize("curvature", [1.0, 20.0, 1_000.0])
def test_every_walker_of_the_ravine_is_told_of_once(
    curvature: float, rate: float, tilted: bool
) -> None:
    view = OptimizersView(curvature=curvature, ravine_rate=rate, tilted=tilted)
    captions = {c.section: c.figures for c in ravine_says.on_ravine(RACERS, view)}
    told = "; ".join(
        captions[f"ravine {s}"][f]
        for s, f in (("reached", "arrived"), ("under way", "under_way"), ("left", "left"))
        if f"ravine {s}" in captions
    )
    here = Ravine(curvature, tilted)
    if "all 8" in told:
        told = told.replace("all 8", ", ".join(LABELS.values()))
        captions["ravine reached"] = {"arrived": told}
    for name in RACERS:
        assert LABELS[name] in told
        path = here.path(name, rate)
        arrived = here.value(path[-1]) < ravine_says.ARRIVED
        names = captions.get("ravine reached", {}).get("arrived", "").replace(" and ", ", ")
        assert (LABELS[name] in names.split(", ")) == arrived
    assert ("ravine reached by none" in captions) == ("ravine reached" not in captions)


# Charts


def test_a_racer_keeps_its_colour_whoever_else_runs() -> None:
    specs = [
        charts.race_spec(shown, measure, axis, 20, dark)
        for shown in (("SGD",), ("SGD", "Lion"))
        for measure in (charts.LOSS, charts.ACCURACY)
        for axis in ("epochs", "seconds")
        for dark in (False, True)
    ]
    for spec in specs:
        domain = json.dumps([*LABELS.values(), BRANCHED], ensure_ascii=False)
        assert domain in json.dumps(spec, ensure_ascii=False)
    assert charts.updates_spec(("SGD",), 20, False) is charts.updates_spec(("SGD",), 20, False)


def test_race_rows_are_the_history() -> None:
    run = TIMED[1]
    rows = charts.race_rows([run], charts.ACCURACY, "seconds").table.to_pandas()
    assert rows[rows["kind"] == "end"]["label"].tolist() == ["Adam"]
    rows = rows[rows["kind"] == "curve"]
    np.testing.assert_allclose(rows["x"], [0.2, 0.4, 0.6])
    np.testing.assert_allclose(rows["value"], run.record.history["val_accuracy"])
    rows = charts.race_rows([run], charts.LOSS, "epochs").table.to_pandas()
    assert rows[rows["kind"] == "curve"]["x"].tolist() == [1, 2, 3]
    (end,) = rows[rows["kind"] == "end"].to_dict("records")
    assert (end["label"], end["x"]) == ("Adam", 3)
    zero = answering("SGD", 0.5, train_crossentropy=0.0)
    assert (charts.race_rows([zero], charts.LOSS, "epochs").table.to_pandas()["value"] > 0).all()


def test_ratios_that_have_no_logarithm_are_left_out() -> None:
    assert (
        charts.updates_rows([with_ratio("SGD", 0.0), with_ratio("Adam", np.nan)], 1, 1e-3)
        .table.to_pandas()
        .empty
    )
    rows = charts.updates_rows([with_ratio("SGD", 0.01)], 2, 1e-3).table.to_pandas()
    assert rows[rows["kind"] == "curve"]["ratio"].tolist() == [0.01] * 3
    assert rows[rows["kind"] == "healthy"]["ratio"].tolist() == [1e-3]


def test_sweep_rows_show_the_best_the_diverged_and_what_is_to_come() -> None:
    records: dict[tuple[str, float], RunRecord | None] = {
        ("sgd", 0.1): answering("SGD", 0.7).record,
        ("sgd", 0.3): lost().record,
        ("adam", 0.1): None,
    }
    rows = charts.sweep_rows(records).table.to_pandas()
    assert rows["label"].tolist() == ["70.0", "diverged", "…"]
    assert rows["best"].tolist() == [True, False, False]
    assert charts.sweep_spec(("SGD", "Adam"), True)["layer"]


def test_ravine_rows_are_the_paths_and_contours_of_one_height() -> None:
    here = Ravine(20.0, True)
    rows = ravine_charts.ravine_rows(("sgd", "adam"), here, 0.05).table.to_pandas()
    for name in ("sgd", "adam"):
        path = rows[(rows["kind"] == "path") & (rows["run"] == LABELS[name])]
        np.testing.assert_allclose(path[["x", "y"]], here.path(name, 0.05))
        np.testing.assert_allclose(path["value"], here.value(here.path(name, 0.05)))
    contours = rows[rows["kind"] == "contour"]
    heights = here.value(contours[["x", "y"]].to_numpy())
    np.testing.assert_allclose(heights, contours["level"].astype(float))
    left = ravine_charts.ravine_rows(("sgd",), Ravine(1_000.0), 2.0).table.to_pandas()
    assert left[left["kind"] == "path"][["x", "y"]].abs().to_numpy().max() <= 50
    start = here.start
    assert abs(start[0]) < ravine_charts.ALONG
    assert abs(start[1]) < ravine_charts.ACROSS
    assert set(ravine_charts.ravine_spec(("SGD",), False)) >= {"layer", "height"}
    assert ravine_charts.descent_spec(("SGD",), False)["layer"]


@pytest.mark.parametrize("tilted", [False, True])
def test_on_the_map_everybody_walks_the_path_of_their_rule(tilted: bool) -> None:
    here = Ravine(20.0, tilted)
    reel = ravine_charts.ravine_reel(("sgd", "adam"), here, 0.05, "a map")
    for name, places in zip(("sgd", "adam"), reel["paths"], strict=True):
        np.testing.assert_allclose(places, here.path(name, 0.05), atol=5e-4)
    clock = reel["film"]
    assert (clock["first"], clock["last"], clock["rest"]) == (0, ravine.STEPS, ravine.STEPS)
    assert [walker["place"] for walker in clock["runs"]] == [0, 1]
    # The contours as it draws them are of one height.
    turn = np.linspace(0, 2 * np.pi, 7)
    for level in reel["levels"]:
        half = np.sqrt(2 * level)
        narrow = half / np.sqrt(reel["curvature"])
        places = np.stack([half * np.cos(turn), narrow * np.sin(turn)])
        angle = np.deg2rad(reel["turn"])
        rotation = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        np.testing.assert_allclose(here.value((rotation @ places).T), level)
    json.dumps(reel, allow_nan=False)


def test_another_map_is_another_film() -> None:
    keys = {
        ravine_charts.ravine_reel(racers, Ravine(curvature, tilted), rate, "")["film"]["key"]
        for racers in (("sgd",), ("sgd", "adam"))
        for curvature in (20.0, 50.0)
        for tilted in (False, True)
        for rate in (0.05, 0.09)
    }
    assert len(keys) == 16


def test_a_walker_that_flies_off_stays_where_the_picture_can_point() -> None:
    reel = ravine_charts.ravine_reel(("sgd",), Ravine(1_000.0), 2.0, "")
    (path,) = reel["paths"]
    assert len(path) < ravine.STEPS
    assert np.abs(path).max() <= ravine_charts.OUTSIDE


def test_on_the_map_of_the_story_sgd_jumps_across_without_end() -> None:
    preset = next(p for p in LESSON.presets if p.name == "ravine")
    view = LESSON.state_of(preset).view
    here = Ravine(view.curvature, view.tilted)
    across = here.path("sgd", view.ravine_rate)[:, 1]
    np.testing.assert_allclose(np.abs(across), abs(here.start[1]))


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


@pytest.mark.slow
@pytest.mark.parametrize("section", choices(LESSON.view, "section"))
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"rates": "own", "axis": "seconds", "racers": "adam"},
        {"hidden": "none", "layer": "5", "tilted": "true"},
    ],
)
def test_every_section_draws(scripted: ScriptedEngine, section: str, query: dict[str, str]) -> None:
    at = opened("optimizers", {"section": section, **query})
    assert not at.exception
    # The row of rates where they share one, the race, the ravine, the closer look.
    assert len(at.get("vega_lite_chart")) >= 3
    assert "nothing yet" not in texts(at)
    # One rule is in sight, the others are folded.
    folded = [box.label for box in at.expander if box.label in LABELS.values()]
    racing = [LABELS[name] for name in LESSON.parse(query).state.view.racers]
    assert folded == racing[1:]


def test_the_ravine_is_there_before_the_guess(scripted: ScriptedEngine) -> None:
    at = opened("optimizers", guesses=True)
    (chart,) = at.get("vega_lite_chart")
    assert "A ravine as a map" in chart.proto.alt
    assert {"η on the map", "Curvature κ"} <= {slider.label for slider in at.select_slider}
    assert "f = ½ (u² + κ v²)" in texts(at)
    assert scripted.asked == []


def test_racers_and_rates_ask_for_their_runs(scripted: ScriptedEngine) -> None:
    at = opened("optimizers", {"racers": "sgd,lion"})
    assert scripted.asked[-1] == tuple(raced(HERE, n, 1e-3) for n in ("sgd", "lion"))
    at = opened("optimizers", {"racers": "sgd,lion", "rates": "own"})
    assert scripted.asked[-1] == tuple(raced(HERE, n, OWN_RATES[n]) for n in ("sgd", "lion"))
    assert not [s for s in at.select_slider if s.label.startswith("Learning rate, η")]
    assert at.query_params == {"racers": "sgd,lion", "rates": "own"}


def test_what_only_looks_trains_nothing(scripted: ScriptedEngine) -> None:
    runs = tuple(LESSON.runs_of(LESSON.start).values())
    for query in ({"axis": "seconds"}, {"layer": "2"}, {"section": "ravine", "curvature": "50"}):
        opened("optimizers", query)
        assert scripted.asked[-1] == runs


def test_the_sweep_waits_for_its_button(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of this seed none ships.
    state = LESSON.start | {"seed": 3}
    runs = tuple(LESSON.runs_of(state).values())

    class OnlyTheRace(ScriptedEngine):
        def known(self, configs: Any, **_: bool) -> bool:
            return set(configs) <= set(runs)

    engine = OnlyTheRace(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("optimizers", {"section": "sweep", "seed": "3"})
    assert engine.asked[-1] == runs
    button = next(b for b in at.button if b.label.startswith("Train these"))
    button.click().run()
    assert not at.exception
    config = state.config
    assert set(engine.asked[-1]) == set(swept(config, state["racers"]).values())
    assert "Best validation accuracy after the last epoch" in texts(at)


# The claims, on the lesson's own runs


@pytest.fixture(scope="module")
def stories() -> dict[str, list[Shown]]:
    """The runs of the presets that train something new."""
    states = {p.name: LESSON.state_of(p) for p in LESSON.presets}
    wanted = {n: LESSON.runs_of(states[n]) for n in ("one rate", "own rates", "too much")}
    configs = list(dict.fromkeys(c for runs in wanted.values() for c in runs.values()))
    records = dict(zip(configs, as_shown(configs), strict=True))
    return {
        name: [
            look(records[config], role, **states[name].view.judging.early_stopping)
            for role, config in runs.items()
        ]
        for name, runs in wanted.items()
    }


def named(runs: list[Shown], name: str) -> Shown:
    return next(run for run in runs if run.name == LABELS[name])


def accuracy(runs: list[Shown], name: str) -> float:
    run = named(runs, name)
    return run.record.at("val_accuracy", run.kept)


def test_at_one_small_rate_sgd_is_far_behind(stories: dict[str, list[Shown]]) -> None:
    runs = stories["one rate"]
    assert LESSON.answer is not None
    assert LESSON.answer(runs) == 2
    assert accuracy(runs, "sgd") < accuracy(runs, "momentum") - 0.05
    assert accuracy(runs, "momentum") < accuracy(runs, "adam") - 0.03
    behind = comparing.change(named(runs, "adam"), named(runs, "sgd"), "val")
    assert not behind.could_be_noise


def test_at_its_own_rate_everyone_comes_within_a_few_points(
    stories: dict[str, list[Shown]],
) -> None:
    runs = stories["own rates"]
    spread = [accuracy(runs, name) for name in ("sgd", "adam", "momentum", "rmsprop")]
    assert min(spread) > 0.79
    assert max(spread) - min(spread) < 0.05
    before = stories["one rate"]
    assert accuracy(runs, "sgd") > accuracy(before, "sgd") + 0.1


def test_at_one_large_rate_it_is_the_other_way_round(stories: dict[str, list[Shown]]) -> None:
    runs = stories["too much"]
    for name in ("adam", "rmsprop"):
        ahead = comparing.change(named(runs, "sgd"), named(runs, name), "val")
        assert ahead.value > 0.05
        assert not ahead.could_be_noise


def test_a_step_of_adam_is_larger_at_the_same_rate(stories: dict[str, list[Shown]]) -> None:
    runs = stories["one rate"]
    sgd, adam = (named(runs, n).record.layers["update_ratio"] for n in ("sgd", "adam"))
    assert (adam[:, 0] > 5 * sgd[:, 0]).all()


def test_seconds_are_a_run_s_own_and_only_grow(stories: dict[str, list[Shown]]) -> None:
    for run in stories["one rate"]:
        seconds = run.record.history["seconds"]
        assert seconds[0] > 0
        assert (np.diff(seconds) > 0).all()


def test_the_ravine_s_opening_tells_its_story() -> None:
    view = LESSON.start.view
    here = Ravine(view.curvature, view.tilted)
    limits = {n: ravine.largest_rate(n, view.curvature) for n in ("sgd", "momentum", "nesterov")}
    assert limits["nesterov"] < view.ravine_rate < limits["sgd"] < limits["momentum"]  # type: ignore[operator]
    assert here.value(here.path("sgd", view.ravine_rate)[-1]) < ravine_says.ARRIVED


def test_data_sizes_divide() -> None:
    assert HERE.train_size % HERE.batch_size == 0
    assert HERE.train_size <= DATASETS["compact"].train
