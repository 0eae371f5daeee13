"""Questions on any runs, and what is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.lessons.catalogue import LESSONS
from fmviz.page import guessing
from fmviz.run import data
from tests.support.records import shown


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
