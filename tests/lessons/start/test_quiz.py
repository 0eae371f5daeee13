"""The game against the network."""

from __future__ import annotations

import numpy as np
import pytest

from fmviz.lessons.start import quiz
from fmviz.run.measure import accuracy


def test_a_game_asks_every_image_once_and_then_is_over() -> None:
    game = quiz.deal(5_000, seed=1)
    assert len(set(game.images)) == quiz.QUESTIONS
    for step, image in enumerate(game.images):
        assert not game.over
        assert game.asked == image
        game = game.answered(step % 10)
    assert game.over
    assert game.answered(3) == game
    assert quiz.deal(5_000, seed=1).images == game.images
    assert quiz.deal(5_000, seed=2).images != game.images


def test_the_score_is_the_share_of_right_answers_with_its_error() -> None:
    labels = np.arange(100) % 10
    game = quiz.Quiz((3, 14, 25, 39))
    for label in (3, 4, 9, 9):
        game = game.answered(label)
    assert game.score(labels) == accuracy(0.75, 4)
    with pytest.raises(ValueError, match="examples"):
        quiz.Quiz((3,)).score(labels)
