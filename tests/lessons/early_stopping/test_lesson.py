"""The page on early stopping, and that its presets show in real runs what its words say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis import calibration, comparing
from fmviz.analysis.significance import Comparison
from fmviz.analysis.stopping import Outcome, Rule, Shown, by_monitor, look, outcomes
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.early_stopping import calibration_says, outcomes_says, says
from fmviz.lessons.early_stopping.panels import stopping
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.record import Divergence, RunRecord
from fmviz.ui import live
from fmviz.ui.look import Look
from tests.lessons.early_stopping.test_calibration import BRANCHES as CALIBRATION
from tests.lessons.early_stopping.test_says import BRANCHES
from tests.support.lessons import check_prose, check_words, made_up, opened, texts
from tests.support.records import synthetic, tiny
from tests.support.scripted import ScriptedEngine, first_epochs
from tests.support.trained import as_shown

NAME = "early_stopping"
LESSON = LESSONS[NAME]
START = LESSON.start.config
# Falls to epoch 20, then rises.
CURVE = np.abs(np.arange(60) - 19.5) / 100 + 0.4


def test_the_words_are_whole() -> None:
    of_page: dict[str, set[str]] = {"kernels": {"epoch"}, "guess sure": set()}
    check_prose(NAME, {**BRANCHES, **CALIBRATION}, of_page)


def test_the_words_are_short_and_plain() -> None:
    check_words(NAME, {**BRANCHES, **CALIBRATION})


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    def answer(configs: Sequence[RunConfig]) -> list[Update]:
        epochs = configs[0].epochs
        curve = CURVE[:epochs]
        return [made_up(configs, val_loss=curve, val_crossentropy=curve, penalty=0.0)]

    engine = ScriptedEngine(answer)
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def slider(at: AppTest, label: str) -> Any:
    return next(s for s in at.select_slider if s.label == label)


def charts(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(c.proto.spec) for c in at.get("vega_lite_chart")]


def test_the_page_opens_on_one_long_run(scripted: ScriptedEngine) -> None:
    at = opened(NAME)
    assert scripted.asked[-1] == (START,)
    assert "Training stops after epoch 25; the weights of epoch 20 come back." in texts(at)
    assert "5 epochs since brought no improvement, and patience is 5." in texts(at)
    assert "Saved: 35 epochs of 60." in texts(at)
    assert "EarlyStopping(monitor='val_loss', patience=5, restore_best_weights=True)" in texts(at)
    # The monitored value, wait, every patience twice.
    assert len(charts(at)) == 4


def test_rules_ask_for_nothing_new(scripted: ScriptedEngine) -> None:
    at = opened(NAME)
    asked = len(scripted.asked)
    slider(at, "Patience").set_value(12).run()
    assert "Training stops after epoch 32;" in texts(at)
    at.selectbox[0].set_value("val_accuracy").run()
    next(t for t in at.toggle if t.label == "restore_best_weights").set_value(False).run()
    slider(at, "min_delta").set_value(0.01).run()
    slider(at, "start_from_epoch").set_value(7).run()
    assert not at.exception
    assert set(scripted.asked[asked:]) == {(START,)}
    assert at.query_params == {
        "patience": "12",
        "monitor": "val_accuracy",
        "restore": "false",
        "min_delta": "0.01",
        "start_from": "7",
    }
    assert "patience=12" in texts(at)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"patience": "off"}, "Early stopping is off"),
        ({"patience": "100"}, "Stopping never fired, and still the weights of epoch 20 come back."),
        ({"mode": "max"}, 'mode="max"` takes the largest `val_loss` for the best'),
        ({"baseline": "0.5"}, "Epoch 11 is the first to beat the baseline 0.5"),
        ({"start_from": "60"}, "never looked: the run ended before epoch 61"),
        ({"monitor": "val_crossentropy"}, 'SparseCategoricalCrossentropy(name="crossentropy"'),
        ({"section": "monitors"}, "so `val_loss` *is* the cross-entropy"),
        ({"section": "epochs"}, "Epoch 20 is the best so far"),
        ({"section": "epochs", "epoch": "100"}, "there would be no epoch 60"),
        ({"section": "epochs", "epoch": "24"}, "brings no improvement: `wait` is 4"),
        ({"epochs": "1"}, "After 1 epoch it may still improve"),
        ({"label_noise": "0.2", "section": "epochs"}, "wrong labels, and gets"),
    ],
)
def test_corners_have_their_words(
    scripted: ScriptedEngine, query: dict[str, str], told: str
) -> None:
    assert told in texts(opened(NAME, query))


def test_test_accuracy_shows_only_when_asked_for(scripted: ScriptedEngine) -> None:
    at = opened(NAME, {"section": "monitors"})
    assert "Test accuracy:" not in texts(at)
    assert texts(at).count("| test | hidden |") == 2
    next(t for t in at.toggle if t.label == "Show test accuracy").set_value(True).run()
    assert "Test accuracy:" in texts(at)
    assert "| hidden |" not in texts(at)


def test_a_run_that_grows_is_told_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made_up([START], val_loss=CURVE).records[0]
    assert whole is not None
    for epochs, told in (
        (0, "The curves begin"),
        (10, "best epoch so far is 10"),
        (40, "would have"),
    ):
        seen = () if epochs == 0 else (first_epochs(whole, epochs),)
        update = Update("training", seen or (None,), ("training",), "", 0.0)
        engine = ScriptedEngine(lambda configs, update=update: [update])
        monkeypatch.setattr(live, "engine", lambda engine=engine: engine)
        assert told in texts(opened(NAME))


def test_a_diverged_run_is_told_with_what_keras_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    where = Divergence(9, 0, 0, "loss")
    for section, epochs in (("patience", 0), ("monitors", 0), ("epochs", 0), ("patience", 8)):
        record = synthetic(START, epochs=epochs, diverged=where, val_loss=CURVE[:epochs])
        update = Update("done", (record,), ("store",), "", 0.0)
        engine = ScriptedEngine(lambda configs, update=update: [update])
        monkeypatch.setattr(live, "engine", lambda engine=engine: engine)
        at = opened(NAME, {"section": section})
        assert "**diverged**" in at.warning[0].value
        assert ("Keras would count on" in texts(at)) == bool(epochs)


def test_a_wrong_guess_is_told_the_answer(scripted: ScriptedEngine) -> None:
    at = opened(NAME, guesses=True)
    assert not charts(at)
    next(b for b in at.button if b.label.startswith("In the middle")).click().run()
    assert "You guessed *In the middle" in texts(at)
    assert "Measured: *In the first third" in texts(at)


ECE = "Expected calibration error"


def test_how_sure_it_is_is_asked_before_how_often_it_is_right(scripted: ScriptedEngine) -> None:
    at = opened(NAME, {"section": "calibration"}, guesses=True)
    assert "How many answers are right?" in texts(at)
    assert ECE not in {metric.label for metric in at.metric}
    at.button(key=f"{NAME}/sure 1").click().run()
    assert not at.exception
    # Of the three cards, that of ECE over the epochs has it in large type.
    assert [metric.label for metric in at.metric][1] == ECE
    assert "You guessed *Fewer: it is too sure*" in texts(at)
    # The three pictures stand beside the page's own curve and wait.
    assert len(charts(at)) == 5


def test_five_seeds_of_calibration_are_trained_on_request(scripted: ScriptedEngine) -> None:
    at = opened(NAME, {"section": "calibration"})
    at.button(key=f"{NAME}/calibration seeds button").click().run()
    assert not at.exception
    assert len(scripted.asked[-1]) == 5
    assert "| ECE in the end, points |" in texts(at)
    assert "Over 5 seeds" in texts(at)


# What the presets show, trained for real


@pytest.fixture(scope="module")
def records() -> dict[str, RunRecord]:
    """The presets' runs, as the page shows them."""
    runs = {p.name: LESSON.state_of(p).config for p in LESSON.presets}
    configs = list(dict.fromkeys(runs.values()))
    trained = dict(zip(configs, as_shown(configs), strict=True))
    return {name: trained[config] for name, config in runs.items()}


def outcome(records: dict[str, RunRecord], name: str) -> Outcome:
    """What the preset's own rule makes of its run."""
    preset = next(p for p in LESSON.presets if p.name == name)
    rule = Rule(**LESSON.state_of(preset).view.judging.early_stopping)
    assert rule.patience is not None
    return outcomes(records[name], rule)[rule.patience]


def apart(record: RunRecord, a: int, b: int, split: str = "val") -> Comparison:
    """Accuracy of epoch a − that of epoch b, image by image."""
    return comparing.change(Shown("", record, None, a), Shown("", record, None, b), split)


def test_a_long_run_turns_and_stopping_spares_the_rest(records: dict[str, RunRecord]) -> None:
    record, found = records["long"], outcome(records, "long")
    assert found.stopped == found.kept + 5
    assert found.saved > 20
    validation, training = record.history["val_loss"], record.history["train_crossentropy"]
    assert validation[-1] > 1.2 * found.val_crossentropy
    assert training[-1] < 0.2 * training[found.kept - 1]
    # The guess: the best third is the first.
    shown = look(record, "a", patience=5, monitor="val_loss", restore_best_weights=True)
    assert LESSON.answer is not None
    assert LESSON.answer([shown]) == 0


def test_without_patience_a_wobble_ends_the_run_too_early(records: dict[str, RunRecord]) -> None:
    record = records["impatient"]
    hasty, patient = outcome(records, "impatient"), outcome(records, "long")
    assert hasty.kept < patient.kept
    for split in ("val", "test"):
        loss = apart(record, patient.kept, hasty.kept, split)
        assert loss.value > 0.01
        assert not loss.could_be_noise


def test_keras_s_default_keeps_the_last_epoch_that_ran(records: dict[str, RunRecord]) -> None:
    kept, restored = outcome(records, "default"), outcome(records, "long")
    assert kept.stopped == kept.kept == restored.stopped
    assert kept.val_crossentropy > restored.val_crossentropy
    run = look(records["default"], "a", patience=5, monitor="val_loss", restore_best_weights=False)
    lost = says.against_end(run, False)[-1]
    # Worse in cross-entropy; in accuracy chance may be all.
    assert lost.section == "best lost, could be chance"
    assert lost.figures["best"] == str(restored.kept)


def test_noise_is_memorised_at_the_end_and_not_where_stopping_goes_back_to(
    records: dict[str, RunRecord],
) -> None:
    record, found = records["noise"], outcome(records, "noise")
    last = record.epochs
    assert record.examples["corrupted"] > 200
    assert record.at("corrupted_accuracy", last) > 0.7
    assert record.at("corrupted_accuracy", found.kept) < 0.2
    for split in ("val", "test"):
        gain = apart(record, found.kept, last, split)
        assert gain.value > 0.02
        assert not gain.could_be_noise


def test_under_a_penalty_the_three_monitors_choose_three_epochs(
    records: dict[str, RunRecord],
) -> None:
    record = records["trap"]
    found = {o.monitor: o for o in by_monitor(record, Rule(patience=5, restore_best_weights=True))}
    assert len({o.kept for o in found.values()}) == 3
    (told,) = (
        c for c in outcomes_says.monitors(list(found.values()), record) if "chosen" in c.section
    )
    # What the story asks: the best and the worst of the three cannot be told apart.
    assert not apart(record, int(told.figures["best"]), int(told.figures["worst"])).real
    # The penalty falls, and so val_loss goes on improving where cross-entropy no longer does.
    assert found["val_loss"].trained > found["val_crossentropy"].trained
    penalty = record.history["penalty"]
    assert penalty[found["val_crossentropy"].kept - 1] > penalty[found["val_loss"].trained - 1]
    assert (np.diff(penalty) < 0).mean() > 0.5


def test_a_slow_run_still_improves_at_its_end(records: dict[str, RunRecord]) -> None:
    record = records["improving"]
    assert record.history["val_loss"].argmin() == record.epochs - 1
    rule = Rule(restore_best_weights=True)
    assert all(o.stopped is None for o in outcomes(record, rule))


def test_the_shirt_is_shown_to_the_last_weights_and_to_those_that_come_back() -> None:
    record = synthetic(tiny(), val_crossentropy=[0.5, 0.2, 0.4])

    def names(kept: int, of: RunRecord = record) -> list[tuple[str, int]]:
        look = Look([Shown("the long run", of, None, kept)], made_up([of.config]), True)
        return [(run.name, run.kept) for run in stopping.end_and_kept(look)]

    assert names(2) == [("after epoch 3", 3), ("after epoch 2", 2)]
    assert names(3) == [("the long run", 3)]
    # Of the first epoch no weights are kept; without any, every answer is known.
    assert names(1) == [("the long run", 1)]
    assert names(1, record.brief()) == [("after epoch 3", 3), ("after epoch 1", 1)]


def ece(record: RunRecord, epoch: int) -> Estimate:
    return calibration.by_epoch(record)[epoch].ece


def test_where_cross_entropy_rises_the_network_grows_too_sure(
    records: dict[str, RunRecord],
) -> None:
    record = records["sure"]
    best, last = record.best_epoch, record.epochs
    end = calibration.by_epoch(record)[last]
    assert end.too_sure.sign == 1
    assert end.ece.value > 0.07
    rise, *_ = calibration_says.over_epochs(record)
    assert rise.section == "ece rises"
    assert ece(record, last).value > 2 * ece(record, best).value
    # The guess: fewer are right than it is sure.
    assert calibration_says.answer(record) == 1
    before, after = (calibration.parts(record, epoch) for epoch in (best, last))
    assert after.share > 0.8
    # All of the rise, and more, is what wrong answers cost.
    assert after.wrong - before.wrong > record.at("val_crossentropy", last) - record.at(
        "val_crossentropy", best
    )
    assert after.right.value < before.right.value
    assert after.sure.value > before.sure.value + 0.1


def test_wrong_labels_teach_doubt_until_they_are_learnt_by_heart(
    records: dict[str, RunRecord],
) -> None:
    record = records["doubt"]
    every = calibration.by_epoch(record)
    best, last = every[record.best_epoch], every[record.epochs]
    assert (best.too_sure.sign, last.too_sure.sign) == (-1, 1)
    assert best.excess.value < -0.05
    assert last.excess.value > 0.03
