"""What is said of a replayed run: every branch, from records that make it true."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import comparing
from fmviz.analysis.stopping import Outcome, Rule, Shown, by_monitor, look, outcomes
from fmviz.lessons.early_stopping import outcomes_says, says, tables
from fmviz.run.record import Divergence, RunRecord
from fmviz.words import prose
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.lessons import leads
from tests.support.records import synthetic, tiny

LESSON = "early_stopping"
TURNS = [0.9, 0.5, 0.3, 0.4, 0.5, 0.6, 0.7]
FALLS = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
RISES = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def record_of(
    values: Sequence[float], *, planned: int | None = None, diverged: bool = False, **history: Any
) -> RunRecord:
    where = Divergence(len(values), 0, 0, "loss") if diverged else None
    config = tiny(epochs=planned or len(values))
    return synthetic(config, epochs=len(values), diverged=where, val_loss=values, **history)


def replayed(record: RunRecord, rule: Rule) -> Shown:
    return look(record, "the long run", **rule._asdict())


def said(
    values: Sequence[float], *, planned: int | None = None, diverged: bool = False, **rule: Any
) -> list[Caption]:
    """What is said of a run of these val_losses."""
    given_rule = Rule(**{"patience": 2, "restore_best_weights": True, **rule})
    record = record_of(values, planned=planned, diverged=diverged)
    return says.long_run(replayed(record, given_rule), given_rule, record.complete)


def with_right(record: RunRecord, shares: Sequence[float]) -> RunRecord:
    """The record with predictions that are right on such a share of the images, an epoch each."""
    tables = {}
    for split in ("val", "test"):
        truth = comparing.labels(record.config, split)
        ranks = np.arange(len(truth)) / len(truth)
        rows = [np.where(ranks < share, truth, (truth + 1) % 10) for share in (0.1, *shares)]
        tables[f"{split}_predictions"] = np.array(rows, np.uint8)
    return replace(record, **tables)


def ended(shares: Sequence[float], *, corrupted: int = 0, test: bool = False) -> list[Caption]:
    """What is said of what comes back, epoch 3, beside the end of the run."""
    record = with_right(record_of(TURNS, corrupted_accuracy=0.5), shares)
    record = replace(record, examples={**record.examples, "corrupted": corrupted})
    run = replayed(record, Rule(patience=2, restore_best_weights=True))
    return says.against_end(run, test)


def lost(shares: Sequence[float], values: Sequence[float] = TURNS) -> list[Caption]:
    """What is said of the best epoch, 3, where the weights of epoch 5 stay."""
    record = with_right(record_of(values), shares)
    return says.against_end(replayed(record, Rule(patience=2)), False)


BETTER, WORSE, SAME = ([*[0.5] * 6, last] for last in (0.4, 0.6, 0.5))
# Two images of 2,500 part these epochs.
CLOSE = [0.5, 0.5008, 0.5, 0.5008, 0.5, 0.5008, 0.5008]


def patience_said(
    values: Sequence[float], shares: Sequence[float] = SAME, **rule: Any
) -> list[Caption]:
    record = with_right(record_of(values), shares)
    found = outcomes(record, Rule(**{"restore_best_weights": True, **rule}))
    return outcomes_says.patiences(found, record)


def monitors_said(
    loss: Sequence[float],
    crossentropy: Sequence[float],
    accuracy: Sequence[float],
    shares: Sequence[float] = SAME,
    penalty: float = 0.0,
    restore: bool = True,
) -> list[Caption]:
    record = record_of(loss, val_crossentropy=crossentropy, val_accuracy=accuracy, penalty=penalty)
    record = with_right(record, shares)
    found = by_monitor(record, Rule(patience=2, restore_best_weights=restore))
    return outcomes_says.monitors(found, record)


def epoch_said(epoch: int, *, corrupted: int = 0, **rule: Any) -> list[Caption]:
    given_rule = Rule(**{"patience": 2, "restore_best_weights": True, **rule})
    record = record_of(TURNS, examples={"corrupted": corrupted})
    return says.at_epoch(replayed(record, given_rule), given_rule, epoch)


def rule_said(values: Sequence[float], **rule: Any) -> list[Caption]:
    given_rule = Rule(**{"patience": 2, "restore_best_weights": True, **rule})
    return says.rule_in_figures(replayed(record_of(values), given_rule), given_rule)


BRANCH = {"penalty": "l2", "lam": 20.0}


def branch_said(values: Sequence[float], epoch: int, **rule: Any) -> list[Caption]:
    given_rule = Rule(**{"patience": 2, "restore_best_weights": True, **rule})
    config = tiny(epochs=len(values), branch=BRANCH, branch_epoch=epoch)
    run = replayed(synthetic(config, val_loss=values), given_rule)
    return says.rule_in_figures(run, given_rule)


def one(captions: Sequence[Caption], section: str) -> Caption:
    return next(caption for caption in captions if caption.section == section)


MAKERS: dict[str, Callable[[], list[Caption]]] = {
    "fired, restored": lambda: said(TURNS),
    "fired, last kept": lambda: said(TURNS, restore_best_weights=False),
    "fired at once, restored": lambda: said(RISES),
    "fired at once, last kept": lambda: said(RISES, restore_best_weights=False),
    "fired, goes on": lambda: said(TURNS[:5], planned=9),
    "still waiting": lambda: said(TURNS[:4], planned=9),
    "not looking yet": lambda: said(TURNS[:2], planned=9, start_from_epoch=5),
    "never looked": lambda: said(TURNS, start_from_epoch=20),
    "never fired, still improving": lambda: said(FALLS),
    "never fired, restored": lambda: said(TURNS, patience=9),
    "never fired, last kept": lambda: said(TURNS, patience=9, restore_best_weights=False),
    "diverged first, restored": lambda: said(TURNS, patience=9, planned=20, diverged=True),
    "diverged first, lost": lambda: said(
        TURNS, patience=9, planned=20, diverged=True, restore_best_weights=False
    ),
    "mode is wrong": lambda: said(TURNS, mode="max"),
    "baseline never beaten": lambda: said(TURNS, baseline=0.1),
    "baseline beaten": lambda: said(TURNS, baseline=0.45),
    "patience 0 is 1": lambda: said(TURNS, patience=0),
    "end, better here": lambda: ended(BETTER),
    "end, worse here": lambda: ended(WORSE),
    "end, could be noise": lambda: ended(CLOSE),
    "end, chosen": lambda: ended([0.5, 0.5, 0.5012, *[0.5] * 4]),
    "end, same": lambda: ended(SAME),
    "best lost": lambda: lost([0.5, 0.5, 0.6, *[0.5] * 4]),
    "best lost, could be chance": lambda: lost(SAME),
    "noise memorised": lambda: ended(SAME, corrupted=20),
    "end, test differs": lambda: ended(BETTER, test=True),
    "end, test could be noise": lambda: ended(CLOSE, test=True),
    "end, test same": lambda: ended(SAME, test=True),
    "end is kept": lambda: says.against_end(replayed(record_of(FALLS), Rule(patience=2)), False),
    "patience makes no difference": lambda: patience_said(TURNS),
    "patience changes nothing": lambda: patience_said(FALLS),
    "patience, few epochs": lambda: patience_said([0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7]),
    "patience, many epochs": lambda: patience_said(
        [*TURNS, 0.8], [*SAME, 0.5], restore_best_weights=False
    ),
    "patience from which it never fires": lambda: patience_said(TURNS),
    "patience never fires": lambda: patience_said(FALLS),
    "impatience, better here": lambda: patience_said(
        [0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7], [0.5, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]
    ),
    "impatience, worse here": lambda: patience_said(
        [0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7], [0.5, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5]
    ),
    "impatience, could be noise": lambda: patience_said(
        [0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7],
        [0.5, 0.5, 0.5012, 0.5, 0.5, 0.5, 0.5],
        restore_best_weights=False,
    ),
    "impatience, chosen": lambda: patience_said(
        [0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7], [0.5, 0.5, 0.5, 0.5012, 0.5, 0.5, 0.5]
    ),
    "impatience, same": lambda: patience_said([0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7]),
    "monitors, 1 epochs": lambda: monitors_said(TURNS, TURNS, TURNS[::-1][4:] + FALLS[3:]),
    "monitors, 2 epochs": lambda: monitors_said(FALLS, TURNS, RISES),
    "monitors, 3 epochs": lambda: monitors_said(FALLS, TURNS, FALLS),
    "penalty in val_loss": lambda: monitors_said(FALLS, TURNS, FALLS, penalty=0.2),
    "no penalty": lambda: monitors_said(FALLS, TURNS, FALLS),
    "monitors, apart": lambda: monitors_said(
        FALLS, TURNS, FALLS, [0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.3]
    ),
    "monitors, could be noise": lambda: monitors_said(
        TURNS, RISES, FALLS, [*[0.5] * 4, 0.5008, 0.5, 0.5], restore=False
    ),
    "monitors, chosen": lambda: monitors_said(FALLS, TURNS, FALLS, CLOSE[::-1]),
    "monitors, same": lambda: monitors_said(FALLS, TURNS, FALLS),
    "epoch improves": lambda: epoch_said(3),
    "epoch improves, baseline not": lambda: epoch_said(2, baseline=0.1),
    "epoch waits": lambda: epoch_said(4),
    "epoch stops": lambda: epoch_said(5),
    "epoch not looked at": lambda: epoch_said(1, start_from_epoch=1),
    "epoch not run": lambda: epoch_said(6),
    "at epoch": lambda: epoch_said(6),
    "at epoch, some labels wrong": lambda: epoch_said(6, corrupted=20),
    "at epoch, all labels wrong": lambda: epoch_said(6, corrupted=100),
    "stopping off": lambda: said(TURNS, patience=None),
    "rule off": lambda: rule_said(TURNS, patience=None),
    "rule min": lambda: rule_said(TURNS),
    "rule max": lambda: rule_said(TURNS, monitor="val_accuracy"),
    "rule live, fired": lambda: rule_said(TURNS),
    "rule live, never": lambda: rule_said(FALLS),
    "rule in keras": lambda: rule_said(TURNS, monitor="val_crossentropy"),
    "rule in keras, branched": lambda: branch_said(TURNS, 2),
    "branch not reached": lambda: branch_said(TURNS, 5),
}
BRANCHES: dict[str, Callable[[], Caption]] = {
    section: lambda make=make, section=section: one(make(), section)  # type: ignore[misc]
    for section, make in MAKERS.items()
}


@pytest.mark.parametrize("section", sorted(MAKERS))
def test_every_branch_is_reached_and_has_its_words(section: str) -> None:
    caption = BRANCHES[section]()
    assert prose.text(LESSON, caption.section, caption.figures)


def test_epochs_are_counted_from_one() -> None:
    (caption,) = said(TURNS)
    figures = caption.figures
    assert (figures["stopped"], figures["kept"], figures["saved"]) == ("5", "3", "2 epochs")


def test_a_stop_is_at_once_only_where_nothing_after_the_first_look_improved() -> None:
    assert said([0.9, 0.1, 0.2, 0.3, 0.4])[0].section == "fired, restored"
    assert said(RISES, start_from_epoch=3)[0].section == "fired at once, restored"
    assert said([*FALLS[:2], *RISES], start_from_epoch=2)[0].section == "fired at once, restored"


def test_a_wrong_mode_takes_the_worst_for_the_best() -> None:
    outcome, mode = said(TURNS, mode="max")
    assert outcome.section == "fired at once, restored"
    assert outcome.figures["kept"] == "1"
    assert prose.text(LESSON, mode.section, mode.figures).startswith(
        '**`mode="max"` takes the largest `val_loss` for the best.**'
    )


def test_a_baseline_is_beaten_where_wait_first_returns_to_zero() -> None:
    caption = one(said(TURNS, baseline=0.45), "baseline beaten")
    assert caption.figures["beaten"] == "3"


def test_what_comes_back_is_compared_image_by_image() -> None:
    (caption,) = ended(BETTER)
    # Right on 50% against 40% of the same images: 10 points, ± √(0.1 · 0.9 / 2,500).
    assert caption.figures["change"] == f"10.0 ± {100 * np.sqrt(0.09 / 2_500):.1f}"
    (caption,) = ended(WORSE)
    assert caption.figures["signed"].startswith("−10.0")


def test_of_the_best_epoch_is_told_only_where_it_is_lost() -> None:
    assert not [c for c in ended(SAME) if c.section.startswith("best lost")]
    assert not [c for c in lost(SAME, FALLS) if c.section.startswith("best lost")]
    # Ahead on 2 images of 2,500, and picked as the best of five.
    caption = lost([0.5, 0.5, 0.5008, *[0.5] * 4])[-1]
    assert caption.section == "best lost, could be chance"
    assert (caption.figures["best"], caption.figures["kept"]) == ("3", "5")


def test_a_second_reading_confirms_how_what_is_kept_compares() -> None:
    for shares in (BETTER, WORSE, SAME):
        record = with_right(record_of(TURNS), shares)
        record.history["val_accuracy"][:] = shares  # type: ignore[index]
        run = replayed(record, Rule(patience=2))
        epochs = [Shown(f"epoch {e}", record, None, e) for e in range(1, record.epochs + 1)]
        confirm(says.against_end(run, test=False), epochs)


def test_what_was_chosen_on_the_images_has_to_be_ahead_by_more_than_the_best_of_many() -> None:
    # Ahead on 7 images of 2,500, p = 1/64, as the best of five epochs looked at: no evidence.
    (caption,) = ended([0.5, 0.5, 0.5028, *[0.5] * 4])
    assert (caption.section, caption.figures["tried"]) == ("end, chosen", "5")
    # On 12: p = 1/2,048.
    assert ended([0.5, 0.5, 0.5048, *[0.5] * 4])[0].section == "end, better here"
    # Epochs that were not chosen are compared as they stand, and so are those that fall behind.
    assert ended([0.5, 0.5, 0.4968, *[0.5] * 4])[0].section == "end, worse here"


def test_nothing_is_compared_while_a_run_goes_on_or_after_it_diverged() -> None:
    rule = Rule(patience=2, restore_best_weights=True)
    for record in (record_of(TURNS, planned=9), record_of(TURNS, planned=9, diverged=True)):
        assert says.against_end(replayed(record, rule), True) == []


def test_without_patience_early_stopping_is_off() -> None:
    assert [c.section for c in said(TURNS, patience=None)] == ["stopping off"]
    assert said(TURNS[:3], planned=9, patience=None) == []


def test_before_the_first_epoch_there_is_nothing_to_say() -> None:
    rule = Rule(patience=2)
    run = replayed(record_of([], planned=3), rule)
    assert says.long_run(run, rule, False) == []
    assert tables.moments(run, False) == []
    sections = [c.section for c in says.rule_in_figures(run, rule)]
    assert sections == ["rule min", "rule in keras"]


def test_stretches_of_patience_are_told_one_by_one() -> None:
    caption = patience_said([0.9, 0.5, 0.6, 0.4, 0.5, 0.6, 0.7])[0]
    assert caption.figures["stretches"] == (
        "epoch 2 under patience 0 or 1; epoch 4 under patience 2 to 7"
    )
    never = patience_said(TURNS)[1]
    assert never.figures["never"] == "5"


def test_what_monitors_chose_was_chosen_out_of_the_epochs_that_they_saw() -> None:
    # Every monitor is at its best by epoch 3 and stops 2 epochs later, of 7 that were trained.
    turns_early = [0.9, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    told = {c.section: c for c in monitors_said(turns_early, TURNS, RISES[::-1], CLOSE[::-1])}
    assert told["monitors, chosen"].figures["tried"] == "5"


# Tables


def headings(record: RunRecord, rule: Rule) -> list[tuple[str, str]]:
    columns = tables.moments(replayed(record, rule), False)
    return [(column["weights"], column["epoch"]) for column in columns]


@given(
    values=st.lists(st.sampled_from([0.2, 0.3, 0.4, 0.5]), min_size=2, max_size=12),
    start=st.integers(0, 11),
    patience=st.integers(0, 4),
    restore=st.booleans(),
)
@settings(deadline=None)
def test_the_best_is_told_to_be_the_best_of_those_that_were_looked_at(
    values: list[float], start: int, patience: int, restore: bool
) -> None:
    record = record_of(values, val_crossentropy=values, val_accuracy=[1 - v for v in values])
    shares = [0.5 + 0.001 * place for place in range(len(values))]
    record = with_right(record, shares)
    rule = Rule(patience=patience, restore_best_weights=restore, start_from_epoch=start)
    run = replayed(record, rule)
    assert run.stop is not None
    seen = len(run.stop.waits[start:])
    for caption in says.against_end(run, False):
        assert caption.figures.get("tried", str(seen)) == str(seen)
    every, three = outcomes(record, rule), by_monitor(record, rule)
    for captions, found in (
        (outcomes_says.patiences(every, record), every),
        (outcomes_says.monitors(three, record), three),
    ):
        most = max(max(outcome.trained - start, 0) for outcome in found)
        for caption in captions:
            assert caption.figures.get("tried", str(most)) == str(most)


def test_the_best_of_few_has_less_to_prove_than_the_best_of_many() -> None:
    values = [*[0.9 - 0.01 * epoch for epoch in range(26)], 0.1, 0.5, 0.6, 0.7]
    # Ten images to none part epoch 27 and the last: p is 0.002, 30 times that 0.06.
    record = with_right(record_of(values), [*[0.5] * 26, 0.504, 0.5, 0.5, 0.5])
    sections = []
    for start in (0, 26):
        rule = Rule(patience=3, restore_best_weights=True, start_from_epoch=start)
        run = replayed(record, rule)
        assert run.kept == 27
        sections.append(says.against_end(run, False)[0].section)
    assert sections == ["end, chosen", "end, better here"]


@given(st.floats(1e-9, 1e3))
def test_a_penalty_however_small_is_told_with_figures_that_show_it(penalty: float) -> None:
    (caption,) = (
        c
        for c in monitors_said(*[TURNS] * 3, penalty=penalty)
        if c.section == "penalty in val_loss"
    )
    for name, figure in caption.figures.items():
        if name.endswith(("_share", "_penalty")):
            assert re.search("[1-9]", figure), (name, figure)


class Scripted:
    """What stands for a model where Keras trains it: it has these val_losses, and its weights are
    the number of the epoch."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values, self.epochs, self.weights, self.stop_training = values, 0, 0, False

    def compile(self, *arguments: Any, **options: Any) -> None:
        """Nothing to be made ready."""

    def get_weights(self) -> int:
        return self.weights

    def set_weights(self, weights: int) -> None:
        self.weights = weights

    def fit(self, *, epochs: int, callbacks: Any, initial_epoch: int = 0, **data: Any) -> None:
        self.stop_training = False
        callbacks = keras.callbacks.CallbackList(callbacks, model=self)
        callbacks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            self.epochs, self.weights = epoch + 1, epoch + 1
            callbacks.on_epoch_end(epoch, {"val_loss": self.values[epoch]})
            if self.stop_training:
                break
        callbacks.on_train_end()


@given(
    values=st.lists(st.sampled_from([0.2, 0.3, 0.4, 0.5]), min_size=2, max_size=9),
    branch=st.integers(1, 8),
    patience=st.integers(1, 4),
    restore=st.booleans(),
)
@settings(deadline=None)
def test_the_keras_lines_of_a_run_that_branches_stop_where_the_page_has_it(
    values: list[float], branch: int, patience: int, restore: bool
) -> None:
    branch = min(branch, len(values) - 1)
    rule = {"patience": patience, "restore_best_weights": restore}
    captions = branch_said(values, branch, **rule)
    caption = one(captions, "rule in keras, branched")
    code = prose.text(LESSON, caption.section, caption.figures).split("```")[1]
    model = Scripted(values)
    names: dict[str, Any] = {"keras": keras, "model": model, "optimizer": None, "loss": None}
    exec(code.removeprefix("python\n"), names | dict.fromkeys(("x", "y", "x_val", "y_val")))
    run = replayed(record_of(values), Rule(**rule))
    assert run.stop is not None
    assert (model.epochs, model.weights) == (len(run.stop.waits), run.kept)
    unreached = run.stop.stopped is not None and run.stop.stopped <= branch
    assert unreached == ("branch not reached" in [c.section for c in captions])
    assert "λ = 20" in code


def test_the_table_has_each_epoch_once() -> None:
    record = record_of(TURNS)
    restored = Rule(patience=2, restore_best_weights=True)
    assert headings(record, restored) == [
        ("kept", "3"),
        ("at the stop", "5"),
        ("at the end", "7"),
    ]
    assert headings(record, Rule(patience=2)) == [
        ("kept = at the stop", "5"),
        ("at the end", "7"),
    ]
    assert headings(record_of(FALLS), restored) == [("kept = at the end", "7")]
    assert headings(record, Rule(patience=None)) == [("at the end", "7")]


def test_while_a_run_goes_on_nothing_has_come_back_before_it_stops() -> None:
    restored = Rule(patience=3, restore_best_weights=True)
    assert headings(record_of(TURNS[:5], planned=9), restored) == [("now", "5")]
    assert headings(record_of(TURNS, planned=9), restored)[0] == ("kept", "3")
    diverged = record_of(TURNS[:4], planned=9, diverged=True)
    assert headings(diverged, restored) == [("kept", "3"), ("last finite epoch", "4")]


def test_test_accuracy_is_hidden_until_asked_for() -> None:
    record = record_of(TURNS)
    rule = Rule(patience=2, restore_best_weights=True)
    run, found = replayed(record, rule), by_monitor(record, rule)
    for test in (False, True):
        for column in (*tables.moments(run, test), *tables.monitor_table(found, test)):
            assert (column["test"] == "hidden") == (not test)


def test_wrong_labels_have_a_row_where_there_are_some() -> None:
    record = record_of(TURNS, corrupted_accuracy=0.25)
    rule = Rule(patience=2)
    assert "wrong labels, as told" not in tables.moments(replayed(record, rule), False)[0]
    noisy = replace(record, examples={**record.examples, "corrupted": 100})
    column = tables.moments(replayed(noisy, rule), False)[0]
    assert column["wrong labels, as told"] == "25.0%"  # of all there are


def test_the_answer_is_the_third_that_holds_the_lowest_cross_entropy() -> None:
    for best, third in ((0, 0), (2, 0), (3, 1), (5, 1), (6, 2), (8, 2)):
        curve = [1.0] * 9
        curve[best] = 0.5
        record = synthetic(tiny(epochs=9), val_crossentropy=curve)
        assert says.answer([Shown("a", record, None, 9)]) == third


@given(
    values=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), min_size=0, max_size=8),
    more=st.integers(0, 2),
    diverged=st.booleans(),
    monitor=st.sampled_from(["val_loss", "val_crossentropy", "val_accuracy"]),
    patience=st.none() | st.integers(0, 9),
    min_delta=st.sampled_from([0.0, 0.15]),
    mode=st.sampled_from(["auto", "min", "max"]),
    baseline=st.none() | st.just(0.25),
    restore=st.booleans(),
    start_from=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_run_and_the_rule_there_are_words(
    values: list[float],
    more: int,
    diverged: bool,
    monitor: str,
    patience: int | None,
    min_delta: float,
    mode: str,
    baseline: float | None,
    restore: bool,
    start_from: int,
) -> None:
    planned = max(len(values) + more, 1)
    record = record_of(
        values,
        planned=planned,
        diverged=diverged and len(values) < planned,
        val_crossentropy=values,
        val_accuracy=values,
    )
    rule = Rule(monitor, min_delta, patience, mode, baseline, restore, start_from)
    run = replayed(record, rule)
    first = says.long_run(run, rule, record.complete)
    panels = [first] if first else []
    others = says.against_end(run, True) + says.rule_in_figures(run, rule)
    if record.complete and record.epochs:
        found = outcomes(record, rule)
        panels.append(outcomes_says.patiences(found, record))
        if by := by_monitor(record, rule):
            panels.append(outcomes_says.monitors(by, record))
        panels += [says.at_epoch(run, rule, epoch) for epoch in range(1, record.epochs + 1)]
        check_patiences(panels[1 if first else 0][0].section, found)
    tables.moments(run, True)
    for captions in panels:
        assert leads(words(captions[0])) or run.stop is None
    assert "{{" not in "".join(map(words, others))
    if first and run.stop is not None:
        check_first(words(first[0]), run, rule, values)


def words(caption: Caption) -> str:
    return prose.text(LESSON, caption.section, caption.figures)


def check_first(text: str, run: Shown, rule: Rule, values: list[float]) -> None:
    """What is said of the rule, told again from the values themselves."""
    stop = run.stop
    assert stop is not None
    # Nothing comes back unless weights are restored.
    assert rule.restore_best_weights or not re.search("come back|comes back", text)
    tried = re.search(r"(\d+) epochs? (?:since )?brought no improvement", text)
    if tried is None:
        return
    assert stop.stopped is not None
    assert stop.best is not None
    assert int(tried[1]) == stop.stopped - stop.best
    sign = 1 if rule.direction == "max" else -1
    best = sign * values[stop.best - 1]
    later = values[stop.best : stop.stopped]
    assert not any(sign * value - rule.min_delta > best for value in later)
    # Of epochs that the rule would not have trained nothing is said.
    assert "no epoch after" not in text


def check_patiences(section: str, found: Sequence[Outcome]) -> None:
    """Whether patience matters, from what it makes of the run."""
    kept = {outcome.kept for outcome in found}
    trained = {outcome.trained for outcome in found}
    assert (section == "patience changes nothing") == (len(kept) == len(trained) == 1)
    assert (section == "patience makes no difference") == (len(kept) == 1 < len(trained))


def test_where_nothing_fires_nobody_waits_longer() -> None:
    caption = patience_said(FALLS)[0]
    assert caption.section == "patience changes nothing"
    assert "how long one waits" not in words(caption)


def test_without_restoring_nothing_comes_back() -> None:
    for values in (TURNS, FALLS, RISES):
        for patience in (0, 1, 2, 9):
            captions = said(values, patience=patience, restore_best_weights=False)
            captions += patience_said(values, restore_best_weights=False)
            assert not any("come back" in words(caption) for caption in captions)


def test_a_better_epoch_that_would_not_have_been_trained_is_no_matter() -> None:
    """The loss rises and then falls below the first: patience 2 sees but the rise."""
    (caption,) = said([0.5, 0.6, 0.7, 0.1, 0.1])
    assert words(caption).startswith(
        "**Training stops after epoch 3: 2 epochs brought no improvement on the first.**"
    )


def test_monitors_that_choose_equally_good_epochs_are_told_apart() -> None:
    caption = one(monitors_said(FALLS, TURNS, [0.5] * 7), "monitors, same")
    assert caption.figures["best"] != caption.figures["worst"]
