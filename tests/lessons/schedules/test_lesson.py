"""Schedules: prose, captions in every corner, charts as data, the page, and the lesson's claims on
its own runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Shown, look
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.schedules import charts, says, thumbnails
from fmviz.lessons.schedules.lesson import CONSTANT, SCHEDULED, SWEPT_FACTORS, raced, swept
from fmviz.page.address import choices
from fmviz.page.view import Judging
from fmviz.run.choices import SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence, RunRecord
from fmviz.run.settings import SETTINGS
from fmviz.theory import schedules
from fmviz.training import stock as model
from fmviz.ui import live
from fmviz.words import diagnosis, prose
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.lessons import check_prose, check_words, leads, made_up, opened, texts
from tests.support.records import answering, synthetic, tiny
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown

LESSON = LESSONS["schedules"]
LONG = tiny(epochs=6)
COSINE, PLATEAU = (LONG.replace(schedule=name) for name in ("cosine", "plateau"))
# A schedule that ends where it starts.
FLAT = COSINE.replace(final_rate=1.0)
GONE = synthetic(LONG, epochs=0, diverged=Divergence(1, 1, 0, "weight"))


def constant(share: float, **history: Any) -> Shown:
    return answering(CONSTANT, share, LONG, **history)


def scheduled(share: float, config: RunConfig = COSINE, **history: Any) -> Shown:
    return answering(SCHEDULED, share, config, **history)


def stuck() -> Shown:
    """A run of zero weights, which learns nothing."""
    run = scheduled(0.1, COSINE, train_accuracy=0.1)
    norms = np.zeros_like(run.record.start_layers["kernel_norm"])
    layers = {**run.record.start_layers, "kernel_norm": norms}
    return run._replace(record=replace(run.record, start_layers=layers))


def of_runs(section: str, *runs: Shown) -> Callable[[], Caption]:
    return lambda: next(c for c in says.of_runs(runs) if c.section == section)


def race(section: str, **records: RunRecord) -> Callable[[], Caption]:
    return lambda: next(c for c in says.race(records) if c.section == section)


def sweep(section: str, **records: RunRecord) -> Callable[[], Caption]:
    roles = {"constant": (CONSTANT, 0.1), "other": (CONSTANT, 1.0), "run": (SCHEDULED, 0.1)}
    known = {roles[name]: record for name, record in records.items()}
    return lambda: next(c for c in says.sweep(known) if c.section == section)


CUT = [0.001, 0.001, 1e-4, 1e-4, 1e-5, 1e-5]
BRANCHES: dict[str, Callable[[], Caption]] = {
    "rate": of_runs("rate", constant(0.7), scheduled(0.8, LONG.replace(schedule="warmup"))),
    "rate falls": of_runs("rate falls", constant(0.7), scheduled(0.8)),
    "rule letters": lambda: says.letters(COSINE)[0],
    "with the schedule": lambda: says.why([constant(0.1), stuck()])[0],
    "rate constant": of_runs("rate constant", constant(0.7)),
    "plateau fired": of_runs("plateau fired", scheduled(0.7, PLATEAU, learning_rate=CUT)),
    "rate unchanged": of_runs("rate unchanged", constant(0.7), scheduled(0.7, FLAT)),
    "plateau never fired": of_runs(
        "plateau never fired", scheduled(0.7, PLATEAU, learning_rate=0.001)
    ),
    "constant alone": of_runs("constant alone", constant(0.7)),
    "valley": lambda: says.valley([constant(0.7), scheduled(0.8)]),
    "schedule helps": of_runs("schedule helps", constant(0.7), scheduled(0.8)),
    "schedule costs": of_runs("schedule costs", constant(0.8), scheduled(0.7)),
    "schedule level": of_runs("schedule level", constant(0.8), scheduled(0.801)),
    "both at chance": of_runs("both at chance", constant(0.1), scheduled(0.1)),
    "schedule at chance": of_runs("schedule at chance", constant(0.7), scheduled(0.1)),
    "constant at chance": of_runs("constant at chance", constant(0.1), scheduled(0.7)),
    "chance and below": of_runs("chance and below", constant(0.1), scheduled(0.02)),
    "other epochs": of_runs("other epochs", constant(0.7)._replace(kept=2), scheduled(0.8)),
    "swings": of_runs("swings", constant(0.7), scheduled(0.8)),
    "schedules led": race("schedules led", cosine=scheduled(0.8).record),
    "schedules led, not alone": race(
        "schedules led, not alone", cosine=scheduled(0.8).record, step=scheduled(0.8).record
    ),
    "schedules all diverged": race("schedules all diverged", cosine=GONE),
    "schedules near": race(
        "schedules near", cosine=scheduled(0.8).record, step=scheduled(0.8).record
    ),
    "schedules far": race(
        "schedules far", cosine=scheduled(0.8).record, step=scheduled(0.7).record
    ),
    "schedules at chance": race("schedules at chance", cosine=scheduled(0.1).record),
    "schedules diverged": race("schedules diverged", cosine=GONE),
    "sweep constant": sweep("sweep constant", constant=constant(0.7).record),
    "sweep scheduled": sweep("sweep scheduled", constant=GONE, run=scheduled(0.8).record),
    **{
        f"sweep {kind}": sweep(
            f"sweep {kind}", constant=constant(0.7).record, run=scheduled(share).record
        )
        for kind, share in (("better", 0.8), ("worse", 0.6))
    },
    "sweep at chance": sweep(
        "sweep at chance", constant=constant(0.1).record, run=scheduled(0.1).record
    ),
    "sweep bands": sweep("sweep bands", constant=constant(0.7).record, run=scheduled(0.8).record),
    "sweep level": sweep("sweep level", constant=constant(0.8).record, run=scheduled(0.8).record),
    "sweep diverged": sweep("sweep diverged", constant=GONE, run=scheduled(0.8).record),
    "sweep all diverged": sweep("sweep all diverged", constant=GONE),
    **{
        f"rule {name}": lambda name=name: says.rule(LONG.replace(schedule=name))  # type: ignore[misc]
        for name in SCHEDULES
    },
}


def test_prose_is_whole() -> None:
    check_prose("schedules", BRANCHES, {"race": set(), "rates": set()})


def test_words_are_short_and_plain() -> None:
    check_words("schedules", BRANCHES)


def words(caption: Caption) -> str:
    return prose.text("schedules", caption.section, caption.figures)


SHARES = (0.02, 0.1, 0.101, 0.8, 0.801, 1.0)


@given(
    steady=st.sampled_from(SHARES),
    falling=st.sampled_from(SHARES),
    config=st.sampled_from([COSINE, FLAT, PLATEAU, LONG]),
    cut=st.booleans(),
    kept=st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_schedule_did_what_is_said_is_so(
    steady: float, falling: float, config: RunConfig, cut: bool, kept: int
) -> None:
    rates = CUT if cut and config is PLATEAU else 0.001
    run = scheduled(falling, config, learning_rate=rates)
    runs = [run] if config is LONG else [constant(steady)._replace(kept=kept), run]
    captions = says.of_runs(runs)
    confirm(captions, runs)
    first, sections = captions[0], {caption.section for caption in captions}
    assert leads(words(first))
    # A rate that never moved has won and lost nothing.
    same = config is FLAT or (config is PLATEAU and not cut)
    assert (len(captions) == 1) == same
    assert same <= (first.section in ("rate unchanged", "plateau never fired"))
    if same or config is LONG:
        return
    guesses = [abs(share - 0.1) < 0.005 for share in (steady, falling)]
    assert (first.section == "both at chance") == all(guesses)
    assert (first.section == "constant at chance") == (guesses == [True, False] and falling > 0.1)
    assert (first.section == "schedule at chance") == (guesses == [False, True] and steady > 0.1)
    assert (first.section == "schedule helps") <= (falling > steady)
    assert (first.section == "schedule costs") <= (falling < steady)
    assert ("other epochs" in sections) == (kept != 6)


@given(
    shares=st.lists(st.none() | st.sampled_from(SHARES), min_size=4, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_whatever_the_sweep_finds_what_is_said_is_so(shares: list[float | None]) -> None:
    cells = [(CONSTANT, 0.1), (CONSTANT, 1.0), (SCHEDULED, 0.1), (SCHEDULED, 1.0)]
    records = {
        cell: GONE if share is None else constant(share).record
        for cell, share in zip(cells, shares)
    }
    captions = says.sweep(records)
    first = captions[0]
    assert leads(words(first))
    steady, falling = ([s for s in pair if s is not None] for pair in (shares[:2], shares[2:]))
    assert (first.section == "sweep all diverged") == (not steady and not falling)
    assert (first.section == "sweep scheduled") == (not steady and bool(falling))
    assert (first.section == "sweep better") <= (max(falling, default=0) > max(steady, default=1))
    assert (first.section == "sweep worse") <= (max(falling, default=1) < max(steady, default=0))
    if steady and falling:
        bands = next(c for c in captions if c.section == "sweep bands").figures
        for name, found in (("constant_band", steady), ("band", falling)):
            assert bands[name] == str(sum(share > max(found) - 0.003 for share in found))
        assert bands["rates"] == "2"


def test_a_tie_is_not_told_as_less_harm() -> None:
    assert "less harm" not in words(BRANCHES["sweep level"]())


def test_an_exponential_spends_half_of_its_steps_below_a_tenth() -> None:
    preset = next(p for p in LESSON.presets if p.name == "too soon")
    config = LESSON.state_of(preset).config
    rates = schedules.learning_rates(config)
    assert (rates < config.learning_rate / 10).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_the_keras_lines_of_every_rule_build_that_schedule(schedule: str, optimizer: str) -> None:
    config = RunConfig(
        schedule=schedule,
        optimizer=optimizer,
        learning_rate=0.0123,
        epochs=7,
        final_rate=0.02,
        periods=4,
        power=2.0,
        warmup=0.2,
        plateau_patience=5,
    )
    caption = says.rule(config)
    text = prose.text("schedules", caption.section, caption.figures)
    names: dict[str, Any] = {"keras": keras}
    exec(text.split("```python\n")[1].split("\n```")[0], names)
    built = names["optimizer"]
    theirs = model._keras_optimizer(config)
    if schedule == "plateau":
        callback = names["callback"]
        assert (callback.monitor, callback.patience) == ("val_loss", config.plateau_patience)
        assert callback.factor == config.plateau_factor
        assert callback.min_delta == schedules.PLATEAU_MIN_DELTA
    if schedule in ("constant", "plateau"):
        assert float(built.learning_rate) == pytest.approx(0.0123)
    else:
        for step in (0, 1, 57, 140, 279):
            ours, stock = (float(o._learning_rate(step)) for o in (built, theirs))
            assert ours == pytest.approx(stock, rel=1e-3)
    assert type(built) is type(theirs)
    momentum = 0.9 if optimizer == "nesterov" else 0.0
    assert getattr(built, "momentum", momentum) == momentum


def test_runs_differ_in_the_schedule_alone() -> None:
    runs = LESSON.runs_of(LESSON.start)
    assert list(runs) == [CONSTANT, SCHEDULED]
    assert runs[SCHEDULED] == LESSON.start.config
    assert runs[CONSTANT] == runs[SCHEDULED].replace(schedule="constant")
    assert list(LESSON.runs_of(LESSON.start | {"schedule": "constant"})) == [CONSTANT]
    everyone = raced(runs[SCHEDULED])
    assert list(everyone) == list(SCHEDULES)
    assert everyone["cosine"] == runs[SCHEDULED]
    for (role, rate), config in swept(runs[SCHEDULED]).items():
        assert config == runs[role].replace(learning_rate=rate)
    assert len(swept(runs[SCHEDULED])) == 2 * len(SWEPT_FACTORS)
    swept(RunConfig(learning_rate=100.0, schedule="cosine"))  # stays within bounds


# Captions


def test_a_plateau_s_cuts_are_counted_from_the_epoch_they_follow() -> None:
    caption = BRANCHES["plateau fired"]()
    assert caption.figures["when"] == "epochs 2 and 4"
    assert caption.figures["times"] == "twice"
    once = scheduled(0.7, PLATEAU, learning_rate=[1e-3] * 5 + [1e-4])
    assert says.rate(once.record).figures["times"] == "once"
    assert says.rate(once.record).figures["when"] == "epoch 5"
    assert says.fired(once.record) == [5]


@pytest.mark.parametrize("schedule", sorted(SCHEDULES.keys() - {"plateau", "constant"}))
def test_a_rate_is_said_to_fall_only_where_it_never_rises(schedule: str) -> None:
    config = LONG.replace(schedule=schedule)
    falls = says.rate(scheduled(0.7, config).record).section == "rate falls"
    rates = list(schedules.learning_rates(config))
    assert falls == (rates == sorted(rates, reverse=True))


def test_a_cause_names_its_run_where_two_stand_side_by_side() -> None:
    cause = diagnosis.stuck(stuck())
    assert cause is not None
    assert says.why([stuck()]) == [cause]
    assert says.why([constant(0.8), stuck()]) == [Caption("with the schedule", {}), cause]
    assert says.why([stuck(), scheduled(0.8)]) == []


def test_a_diverged_run_is_not_compared() -> None:
    gone = Shown(SCHEDULED, GONE, None, 0)
    assert says.of_runs([constant(0.7), gone]) == []


def test_swings_are_those_of_the_last_epochs() -> None:
    accuracies = [0.1, 0.80, 0.82, 0.81, 0.79, 0.80]
    run = constant(0.7)
    history = {**run.record.history, "val_accuracy": np.array(accuracies)}
    run = run._replace(record=replace(run.record, history=history))
    caption = next(c for c in says.of_runs([run, scheduled(0.8)]) if c.section == "swings")
    assert caption.figures["constant_swing"] == "3.0"
    assert caption.figures["swing"] == "0.0"
    short = [
        answering(n, 0.7, tiny(schedule=s))
        for n, s in ((CONSTANT, "constant"), (SCHEDULED, "cosine"))
    ]
    assert all(c.section != "swings" for c in says.of_runs(short))


# Charts


@pytest.mark.parametrize("schedule", sorted(SCHEDULES.keys() - {"plateau"}))
def test_rate_rows_are_the_rates(schedule: str) -> None:
    config = tiny(schedule=schedule, epochs=30, train_size=2_000, learning_rate=0.1)
    rates = schedules.learning_rates(config)
    rows = charts.rate_rows([], {SCHEDULED: config}).table.to_pandas()
    assert len(rows) <= 2 * charts.POINTS
    inner = rows[rows["step"] < len(rates)]
    np.testing.assert_allclose(inner["rate"], rates[inner["step"]])
    np.testing.assert_allclose(rows["epoch"], rows["step"] / config.steps_per_epoch)
    assert rows["epoch"].max() == config.epochs


def test_a_plateau_s_rate_is_drawn_as_far_as_it_is_known() -> None:
    run = scheduled(0.7, PLATEAU, learning_rate=CUT)
    rows = charts.rate_rows([run], {SCHEDULED: PLATEAU}).table.to_pandas()
    inner = rows[rows["step"] < rows["step"].max()]
    assert [CUT[int(epoch)] for epoch in inner["epoch"]] == inner["rate"].tolist()
    assert rows["epoch"].max() == PLATEAU.epochs
    assert charts.rate_rows([], {SCHEDULED: PLATEAU}).table.to_pandas()["rate"].tolist() == [
        0.001,
        0.001,
    ]


def test_the_picture_names_the_accuracies_that_its_verdict_is_about() -> None:
    runs = [constant(0.7), scheduled(0.9)]
    lines = charts.loss_reel(runs, LONG.epochs)["lines"]
    figures = [line["labels"][-1].split(", ")[1:] for line in lines]
    assert figures == [[], ["70.0%"], [], ["90.0%"]]
    assert all(len(line["labels"]) == len(line["values"]) for line in lines)
    # The loss has a first epoch, and nothing before it.
    assert all(line["labels"][0] == "" for line in lines)


def test_loss_rows_are_the_history_and_the_cuts() -> None:
    run = scheduled(0.7, PLATEAU, learning_rate=CUT)
    rows = charts.loss_rows([constant(0.7), run]).table.to_pandas()
    for split, name in (("training", "train"), ("validation", "val")):
        curve = rows[(rows["kind"] == "curve") & (rows["run"] == SCHEDULED)]
        values = curve[curve["split"] == split]["loss"]
        np.testing.assert_allclose(values, run.record.history[f"{name}_crossentropy"])
    assert rows[rows["kind"] == "cut"]["epoch"].tolist() == [2, 4]


def test_race_and_sweep_rows_say_what_is_missing() -> None:
    records = {"cosine": scheduled(0.7).record, "step": GONE, "constant": None}
    rows = charts.race_rows(records).table.to_pandas()
    assert rows["label"].tolist()[1:] == ["diverged", "…"]
    assert rows["accuracy"].iloc[0] == 0.7
    swept_rows = charts.sweep_rows(
        {(CONSTANT, 0.1): constant(0.6).record, (CONSTANT, 1.0): GONE}
    ).table.to_pandas()
    assert swept_rows["label"].iloc[1] == "diverged"
    assert swept_rows["low"].iloc[0] < 0.6 < swept_rows["high"].iloc[0]
    for dark in (False, True):
        for present in ("constant", "cosine"):
            assert charts.race_spec(present, dark)["layer"]
        assert charts.sweep_spec(charts.ROLES, dark)["layer"]
        assert charts.loss_spec(charts.ROLES, 20, dark)["layer"]
        assert charts.rate_spec(charts.ROLES, 20, dark)["encoding"]


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


@pytest.mark.slow
@pytest.mark.parametrize("section", choices(LESSON.view, "section"))
@pytest.mark.parametrize("schedule", ["constant", "plateau", "warmup", "step"])
def test_every_schedule_draws(scripted: ScriptedEngine, section: str, schedule: str) -> None:
    at = opened("schedules", {"section": section, "schedule": schedule})
    assert not at.exception
    # The row of rates, the rate, the loss, the closer look.
    assert len(at.get("vega_lite_chart")) == 4
    config = LESSON.start.config.replace(schedule=schedule)
    expected = raced(config) if section == "race" else swept(config)
    assert set(scripted.asked[-1]) == set(expected.values())


def test_it_opens_on_stops_of_its_sliders() -> None:
    # A place between two is lost as soon as the slider is moved.
    for field, row in SETTINGS.items():
        assert not row.slider or LESSON.start[field] in row.slider, field


def test_every_schedule_is_one_click_away(scripted: ScriptedEngine) -> None:
    at = opened("schedules")
    (chosen,) = (group for group in at.button_group if group.label == "Schedule")
    assert list(chosen.options) == [thumbnails.breakable(name) for name in SCHEDULES]
    chosen.set_value("step").run()
    assert not at.exception
    assert scripted.asked[-1][:2] == tuple(
        LESSON.runs_of(LESSON.start | {"schedule": "step"}).values()
    )


def test_a_schedule_s_settings_are_beside_it(scripted: ScriptedEngine) -> None:
    at = opened("schedules", {"schedule": "warmup"})
    sliders = {s.label: s for s in at.select_slider}
    assert "Warm-up, share of all steps" in sliders
    assert "Power" not in sliders
    sliders["Warm-up, share of all steps"].set_value(0.3).run()
    assert not at.exception
    assert "W = 300 of T = 1000 steps" in texts(at)


# The claims, on the lesson's own runs


@pytest.fixture(scope="module")
def stories() -> dict[str, list[Shown]]:
    wanted = {p.name: LESSON.runs_of(LESSON.state_of(p)) for p in LESSON.presets}
    configs = list(dict.fromkeys(c for runs in wanted.values() for c in runs.values()))
    records = dict(zip(configs, as_shown(configs), strict=True))
    stopping = Judging().early_stopping
    assert all(LESSON.state_of(p).view.judging.early_stopping == stopping for p in LESSON.presets)
    return {
        name: [look(records[config], role, **stopping) for role, config in runs.items()]
        for name, runs in wanted.items()
    }


def sections(runs: list[Shown]) -> set[str]:
    return {caption.section for caption in says.of_runs(runs)}


def test_a_rate_that_falls_settles_what_a_large_one_stirs(stories: dict[str, list[Shown]]) -> None:
    runs = stories["falls"]
    assert "schedule helps" in sections(runs)
    assert LESSON.answer is not None
    assert LESSON.answer(runs) == 0
    swings = next(c for c in says.of_runs(runs) if c.section == "swings").figures
    assert float(swings["swing"]) < float(swings["constant_swing"])


def test_it_rescues_ten_times_adam_s_rate(stories: dict[str, list[Shown]]) -> None:
    steady, falling = stories["rescued"]
    assert "schedule helps" in sections(stories["rescued"])
    assert comparing.change(falling, steady, "val").value > 0.02
    losses = [r.record.at("train_crossentropy", r.kept) for r in (steady, falling)]
    assert losses[1] < losses[0]


def test_there_is_nothing_to_win_at_a_rate_that_suits(stories: dict[str, list[Shown]]) -> None:
    steady, falling = stories["nothing to win"]
    assert "schedule level" in sections(stories["nothing to win"])
    losses = [r.record.at("train_crossentropy", r.kept) for r in (steady, falling)]
    assert losses[1] > losses[0]


def test_a_rate_that_falls_too_soon_learns_less(stories: dict[str, list[Shown]]) -> None:
    steady, falling = stories["too soon"]
    assert "schedule costs" in sections(stories["too soon"])
    losses = [r.record.at("train_crossentropy", r.kept) for r in (steady, falling)]
    assert losses[1] > 1.3 * losses[0]


def test_warm_up_saves_a_start_that_cannot_bear_the_rate(stories: dict[str, list[Shown]]) -> None:
    assert "both at chance" in sections(stories["no warm-up"])
    assert "constant at chance" in sections(stories["warm-up"])
    assert stories["warm-up"][1].record.history["val_accuracy"][-1] > 0.75
    # Without it one is dead at once; the other has learnt a little before it dies too.
    steady, falling = (run.record.history["val_accuracy"] for run in stories["no warm-up"])
    assert max(falling) < 0.15
    assert max(steady) > 0.3


def test_the_plateau_fires_and_helps_a_rate_that_is_too_large(
    stories: dict[str, list[Shown]],
) -> None:
    steady, run = stories["plateau"]
    assert says.fired(run.record)
    assert "plateau fired" in sections(stories["plateau"])
    assert "schedule helps" in sections(stories["plateau"])
    first = says.fired(run.record)[0]
    for name in ("val_accuracy", "train_crossentropy"):  # the same run until the first cut
        np.testing.assert_array_equal(
            run.record.history[name][:first], steady.record.history[name][:first]
        )
