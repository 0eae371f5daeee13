"""The small pictures by which a schedule is chosen."""

from __future__ import annotations

import re
from urllib.parse import unquote

import numpy as np
import pytest

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.schedules import thumbnails
from fmviz.lessons.schedules.lesson import raced
from fmviz.run.choices import SCHEDULES
from fmviz.theory import schedules

START = LESSONS["schedules"].start.config


def heights(picture: str) -> list[float]:
    """Of a picture's line, from 0 at its foot to 1 at its top."""
    drawn = thumbnails.HEIGHT - 2 * thumbnails.EDGE
    found = re.findall(r"(?:M\d+ |V)([\d.]+)", picture)
    return [(thumbnails.HEIGHT - thumbnails.EDGE - float(y)) / drawn for y in found]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_picture_is_the_rate_of_the_page_s_run(schedule: str) -> None:
    config = START.replace(schedule=schedule, learning_rate=0.05)
    rates = schedules.learning_rates(config) / config.learning_rate
    seen = heights(thumbnails.picture(config))
    steps = np.linspace(0, len(rates) - 1, len(seen)).round().astype(int)
    np.testing.assert_allclose(seen, rates[steps], atol=0.005)
    assert ("dasharray" in thumbnails.picture(config)) == (schedule == "plateau")


def test_each_button_has_its_own() -> None:
    style = thumbnails.style(START)
    pictures = re.findall(r'nth-child\((\d+)\) \{--rate: url\("data:image/svg\+xml,(.*?)"\)', style)
    assert [int(place) for place, _ in pictures] == list(range(1, len(SCHEDULES) + 1))
    for (_, picture), config in zip(pictures, raced(START).values(), strict=True):
        assert unquote(picture) == thumbnails.picture(config)
    # Streamlit takes away a style that could hold markup.
    assert "<" not in style


def test_a_run_of_few_steps_has_a_picture_too() -> None:
    short = START.replace(epochs=1, train_size=10, batch_size=1_024)
    assert heights(thumbnails.picture(short)) == [1.0]
