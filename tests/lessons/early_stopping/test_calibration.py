"""What is said and drawn of calibration: every branch, from records that make it true."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis import calibration
from fmviz.analysis.comparing import labels
from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.lessons.early_stopping import calibration_charts as charts
from fmviz.lessons.early_stopping import calibration_says as says
from fmviz.lessons.early_stopping import tables
from fmviz.run.record import RunRecord
from fmviz.words import prose
from fmviz.words.prose import Caption
from tests.support.records import synthetic, tiny
from tests.support.verdicts import check_verdicts

# How sure a network is, and the share of those answers that is right; a part of the images each.
Answers = Sequence[tuple[float, float]]
CALIBRATED: Answers = [(0.4, 0.4), (0.6, 0.6), (0.8, 0.8), (1.0, 1.0)]
TOO_SURE: Answers = [(0.6, 0.5), (0.8, 0.6), (1.0, 0.8), (1.0, 0.8)]
MODEST: Answers = [(0.4, 0.6), (0.6, 0.7), (0.8, 0.9), (0.8, 0.9)]
BOTH: Answers = [(0.4, 0.6), (0.6, 0.7), (0.8, 0.7), (1.0, 0.8)]
NEVER_WRONG: Answers = [(0.8, 1.0)] * 4
TURNS = [0.9, 0.5, 0.7]


def record_of(*epochs: Answers, crossentropy: Sequence[float] = TURNS, seed: int = 0) -> RunRecord:
    """A run that answers like this after each epoch, and at the start like a calibrated one."""
    record = synthetic(
        tiny(epochs=len(epochs), seed=seed), val_crossentropy=crossentropy[: len(epochs)]
    )
    truth = labels(record.config, "val")
    answers, sure = record.val_predictions.copy(), record.val_confidences.copy()
    for row, parts in enumerate([CALIBRATED, *epochs]):
        for part, (p, share) in zip(np.array_split(np.arange(len(truth)), 4), parts, strict=True):
            right = np.arange(len(part)) < round(share * len(part))
            answers[row, part] = np.where(right, truth[part], (truth[part] + 1) % 10)
            sure[row, part] = round(255 * p)
    means = (answers[1:] == truth).mean(axis=1)
    history = {**record.history, "val_accuracy": means}
    return replace(record, val_predictions=answers, val_confidences=sure, history=history)


def at(answers: Answers) -> Callable[[], Caption]:
    return lambda: says.at_epoch(record_of(answers), 1)


def over(section: str, *epochs: Answers, rises: bool = True) -> Callable[[], Caption]:
    """What is said from the second epoch to the third, or where the third is the best."""
    curve = TURNS if rises else sorted(TURNS, reverse=True)
    return lambda: next(
        caption
        for caption in says.over_epochs(record_of(*epochs, crossentropy=curve))
        if caption.section == section
    )


def paid(section: str, last: Answers = TOO_SURE) -> Callable[[], Caption]:
    found = record_of(CALIBRATED, CALIBRATED, last)
    return lambda: next(c for c in says.parts(found) if c.section == section)


def of_seeds(*pairs: tuple[Answers, Answers]) -> Callable[[], Caption]:
    found = [record_of(best, best, last, seed=k) for k, (best, last) in enumerate(pairs)]
    return lambda: says.seeds(found)[0]


UP, DOWN = (CALIBRATED, TOO_SURE), (TOO_SURE, CALIBRATED)
BRANCHES: dict[str, Callable[[], Caption]] = {
    "sure": lambda: says.question(record_of(TOO_SURE)),
    "calibration, too sure": at(TOO_SURE),
    "calibration, not sure enough": at(MODEST),
    "calibration, both": at(BOTH),
    "calibration, could be luck": at(CALIBRATED),
    "ece rises": over("ece rises", CALIBRATED, CALIBRATED, TOO_SURE),
    "ece falls": over("ece falls", TOO_SURE, TOO_SURE, CALIBRATED),
    "ece could be noise": over("ece could be noise", BOTH, TOO_SURE, TOO_SURE),
    "ece, best is last": over("ece, best is last", BOTH, TOO_SURE, TOO_SURE, rises=False),
    "ece lowest": over("ece lowest", CALIBRATED, CALIBRATED, TOO_SURE),
    "accuracy meanwhile, falls": over(
        "accuracy meanwhile, falls", MODEST, MODEST, [(p, 0.5) for p, _ in MODEST]
    ),
    "accuracy meanwhile, rises": over("accuracy meanwhile, rises", TOO_SURE, TOO_SURE, NEVER_WRONG),
    "accuracy meanwhile, could be noise": over(
        "accuracy meanwhile, could be noise", TOO_SURE, TOO_SURE, TOO_SURE
    ),
    "wrong answers cost": paid("wrong answers cost"),
    "wrong answers, then and now": paid("wrong answers, then and now"),
    "nothing is wrong": paid("nothing is wrong", NEVER_WRONG),
    "ece of seeds, rises": of_seeds(UP, UP, UP),
    "ece of seeds, falls": of_seeds(DOWN, DOWN, DOWN),
    "ece of seeds, could be noise": of_seeds(UP, DOWN, UP),
    "ece of seeds, too few": of_seeds(UP),
}


@pytest.mark.parametrize("section", sorted(BRANCHES))
def test_every_branch_is_reached_and_has_its_words(section: str) -> None:
    caption = BRANCHES[section]()
    assert caption.section == section
    assert prose.text("early_stopping", caption.section, caption.figures)


def test_every_verdict_is_short() -> None:
    plain = ("ece lowest", "accuracy meanwhile", "wrong answers, then")
    captions = {n: make for n, make in BRANCHES.items() if not n.startswith(plain)}
    check_verdicts("early_stopping", captions)


@pytest.mark.parametrize(
    ("answers", "right"), [(CALIBRATED, 0), (TOO_SURE, 1), (MODEST, 2), (BOTH, 0)]
)
def test_a_guess_is_judged_by_the_mean_of_the_last_epoch(answers: Answers, right: int) -> None:
    record = record_of(TOO_SURE, answers)
    assert says.answer(record) == right
    said = says.solved(record, 1)[0].section
    assert said == ("guess was right" if right == 1 else "guess was wrong")
    assert says.solved(record, -1) == says.solved(record, None) == []


def test_figures_are_those_of_the_images() -> None:
    figures = at(TOO_SURE)().figures
    assert figures["confidence"] == "85.0%"
    assert figures["accuracy"] == "67.5%"
    # √(Var(p − right)/2,500), by hand: p − right is p or p − 1.
    parts = [(p, share) for p, share in TOO_SURE]
    second = np.mean([share * (p - 1) ** 2 + (1 - share) * p**2 for p, share in parts])
    error = 100 * np.sqrt((second - 0.175**2) / 2_500)
    assert figures["excess"] == f"17.5 ± {error:.1f}"
    assert figures["ece"].startswith("17.5 ± ")


def test_what_right_answers_cost_is_minus_the_logarithm_of_how_sure_they_are() -> None:
    record = record_of(CALIBRATED, CALIBRATED, TOO_SURE)
    figures = paid("wrong answers, then and now")().figures
    right = -np.mean([share * np.log(round(255 * p) / 255) for p, share in TOO_SURE])
    assert figures["right"] == f"{right:.3f}"
    assert figures["wrong"] == f"{0.7 - right:.3f}"
    assert figures["mistakes"] == str(sum(625 - round(share * 625) for _, share in TOO_SURE))
    assert calibration.parts(record, 3).share == pytest.approx(1 - right / 0.7, abs=1e-3)


def test_the_reel_has_every_epoch_and_the_chart_the_one_that_is_kept() -> None:
    record = record_of(CALIBRATED, TOO_SURE, BOTH)
    run = Shown("the long run", record, None, 2)
    reel = charts.reliability_reel(run)
    assert len(reel["bins"]) == 4
    # (0.6, 0.5], (0.8, 0.6] and the two halves at 1.
    drawn = {i: entry for i, entry in enumerate(reel["bins"][2]) if entry is not None}
    assert sorted(drawn) == [5, 7, 9]
    share, sure, right, error = drawn[9]
    assert (share, sure, right) == (0.5, 1.0, 0.8)
    assert error == pytest.approx(np.sqrt(0.8 * 0.2 / 1_250), abs=1e-4)
    rows = [row for row in charts.reliability_rows(run).values if row["kind"] == "bin"]
    assert [row["images"] for row in rows] == [625, 625, 1_250]
    assert [row["right"] for row in rows] == pytest.approx([0.5, 0.6, 0.8], abs=1e-3)


def test_curves_of_ece_carry_their_error_and_mark_what_is_lowest() -> None:
    record = record_of(CALIBRATED, TOO_SURE, BOTH)
    run = Shown("the long run", record, None, 2)
    reel = charts.ece_reel(run)
    every = calibration.by_epoch(record)
    ece, luck = reel["lines"]
    for epoch in (1, 2, 3):
        found = every[epoch]
        assert ece["values"][epoch] == pytest.approx(found.ece.value, rel=1e-3)
        low, high = (around[epoch] for around in ece["around"])
        # No error is less than nothing.
        assert low == pytest.approx(max(found.ece.value - found.ece.error, 0), rel=1e-3)
        assert high == pytest.approx(found.ece.value + found.ece.error, rel=1e-3)
        assert luck["values"][epoch] == pytest.approx(found.luck.mean, rel=1e-3)
    assert [(e["text"], e["epoch"]) for e in reel["events"]] == [
        ("lowest cross-entropy", 2),
        ("lowest ECE", 1),
    ]
    json.dumps(film.reel(film.clock("page", [run]), "lines", "alt", reel), allow_nan=False)
    marked = [row for row in charts.ece_rows(record).values if row["kind"] == "marked"]
    assert [(row["name"], row["epoch"]) for row in marked] == list(charts.marked(record).items())


def test_the_parts_of_a_cross_entropy_add_up_to_it() -> None:
    record = record_of(CALIBRATED, TOO_SURE, BOTH)
    run = Shown("the long run", record, None, 2)
    whole, wrong, right = (line["values"][1:] for line in charts.parts_reel(run)["lines"])
    assert whole == pytest.approx(TURNS, rel=1e-4)
    assert np.add(wrong, right) == pytest.approx(whole, rel=1e-3)
    rows = charts.parts_rows(record).values
    assert [row["nats"] for row in rows[:3]] == pytest.approx(TURNS)


def test_a_table_of_seeds_has_a_column_each() -> None:
    records = [record_of(CALIBRATED, CALIBRATED, TOO_SURE, seed=seed) for seed in (3, 4)]
    columns = tables.ece_of_seeds(records)
    assert [column["seed"] for column in columns] == ["3", "4"]
    assert all(column["ECE in the end, points"].startswith("17.5 ± ") for column in columns)
    assert tables.markdown(columns).count("\n") == 4
