"""Questions on any runs, and what is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.optimizers.lesson import LABELS
from fmviz.page import guessing
from fmviz.run import data
from tests.support.records import shown, tiny


def answering_right(first: int, last: int) -> Shown:
    """A run that is right about the validation images from one number to another."""
    run = shown(0.9, 0.8)
    truth = data.load().validation.labels.astype(np.uint8)
    wrong = (truth + 1) % 10
    place = np.arange(len(truth))
    row = np.where((first <= place) & (place < last), truth, wrong).astype(np.uint8)
    epochs = run.record.epochs
    share = (last - first) / len(truth)
    history = {**run.record.history, "val_accuracy": np.full(epochs, share, np.float32)}
    record = replace(run.record, history=history, val_predictions=np.tile(row, (epochs + 1, 1)))
    return run._replace(record=record)


@pytest.mark.parametrize(
    ("gap", "option"), [(-0.1, 0), (0.0, 0), (0.04, 0), (0.06, 1), (0.14, 1), (0.16, 2), (0.9, 2)]
)
def test_the_width_of_a_gap(gap: float, option: int) -> None:
    question = guessing.of_runs("playground", ["the network"])
    assert question is not None
    assert len(question.options) == 3
    assert question.answer([shown(0.05 + max(gap, 0), 0.05 - min(gap, 0))]) == option


def test_the_best_is_named_only_where_it_can_be_told_from_the_next() -> None:
    question = guessing.of_runs("regularisation", ["a", "b", "c"])
    assert question is not None
    assert question.options[:3] == ("a", "b", "c")
    assert len(question.options) == 4
    low, middle, high = (answering_right(0, k) for k in (1_500, 2_000, 2_200))
    assert question.answer([low, high, middle]) == 1
    assert question.answer([high, low, middle]) == 0
    # Eight images more of the very same ones: by chance one time in 128, and there are three pairs.
    # Had they erred on separate images it would be noise.
    assert question.answer([answering_right(0, 2_000), answering_right(0, 2_008), low]) == 1
    assert question.answer([answering_right(0, 2_000), answering_right(0, 2_005), low]) == 3
    assert question.answer([answering_right(0, 2_000), answering_right(490, 2_495), low]) == 3


def test_a_lesson_has_its_own_question_or_none() -> None:
    for lesson in LESSONS.values():
        question = lesson.question
        assert (question is None) == (lesson.answer is None)
        if question is not None:
            assert question.answer is lesson.answer


def test_without_runs_there_is_nothing_to_ask() -> None:
    assert guessing.of_runs("regularisation", []) is None


def of_early_stopping(epoch: int) -> list[Shown]:
    curve = [1.0] * 60
    curve[epoch - 1] = 0.5
    return [shown(0.9, 0.8, config=tiny(epochs=60), val_crossentropy=curve)]


def of_optimizers(behind: float) -> list[Shown]:
    return [
        shown(0.9, accuracy, name=LABELS[rule], config=tiny(optimizer=rule))
        for rule, accuracy in {"adam": 0.8, "sgd": 0.8 - behind}.items()
    ]


# Lesson → runs of which something is known, and where that is on the axis.
MEASURED = {
    "overfitting": [([shown(0.99, value)], value) for value in (0.5, 0.84, 0.86, 0.94, 0.96, 1.0)],
    "early_stopping": [(of_early_stopping(epoch), epoch) for epoch in (1, 20, 21, 40, 41, 60)],
    "optimizers": [(of_optimizers(b), 0.8 - b) for b in (-0.1, 0.01, 0.03, 0.09, 0.11, 0.5)],
}


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_lies_where_the_right_option_is_marked_and_in_no_other(name: str) -> None:
    question = LESSONS[name].question
    assert question is not None
    assert question.spans is not None
    for runs, value in MEASURED[name]:
        around = [question.spans(runs, option) for option in range(len(question.options))]
        inside = [
            (span.low is None or span.low <= value) and (span.high is None or value <= span.high)
            for span in around
        ]
        assert inside.index(True) == question.answer(runs)
        assert sum(inside) == 1


def test_a_gap_is_marked_where_validation_accuracy_would_be() -> None:
    question = guessing.of_runs("playground", ["the network"])
    assert question is not None
    assert question.spans is not None
    runs = [shown(0.9, 0.8)]
    spans = [question.spans(runs, option) for option in range(3)]
    assert [span.axis for span in spans] == ["y"] * 3
    ends = [end for span in spans for end in (span.high, span.low)]
    assert ends == [None, pytest.approx(0.85), pytest.approx(0.85), *ends[3:]]
    assert ends[3:] == [pytest.approx(0.75), pytest.approx(0.75), None]


# Page → where its steps branch, and what is asked there.
BRANCHES = {
    "dropout": "After epoch 25 one of two equal runs goes on with dropout 0, the other still with "
    "dropout 0.5. ",
    "schedules": "After epoch 5 one of two equal runs goes on with η = 0.001, the other still with "
    "η = 0.01. ",
    "optimizers": "After epoch 10 one of two equal runs goes on with SGD and η = 0.1, the other "
    "still with Adam and η = 0.001. ",
    "regularisation": "After epoch 30 one of two equal runs goes on with L2, λ = 20, the other "
    "still with no penalty. ",
}


@pytest.mark.parametrize("name", BRANCHES)
def test_what_is_asked_of_a_branch_says_what_changes_and_when(name: str) -> None:
    lesson = LESSONS[name]
    (step,) = (preset for preset in lesson.presets if "branch" in preset.changes)
    branched = lesson.branch_of(lesson.state_of(step))
    assert branched is not None
    question = guessing.of_branch(name, branched)
    assert " ".join(question.text.split()).startswith(BRANCHES[name])
    assert len(question.options) == 3
    assert question.answer([answering_right(0, 2_000), answering_right(0, 2_200)]) == 0
