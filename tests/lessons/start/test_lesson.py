"""The first page: images, one network, a game, the cards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis import network
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.start.panels import network_caption
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.store import RunStore, default_folder
from fmviz.ui import live
from fmviz.ui.session import KEY
from fmviz.words.numbers import percent
from fmviz.words.prose import Caption
from tests.support.lessons import APP, check_prose, opened, texts
from tests.support.scripted import ScriptedEngine
from tests.support.verdicts import check_verdicts

LESSON = LESSONS["start"]
NAMES = data.CLASS_NAMES


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The runs that ship, as the real engine finds them."""
    store = RunStore(default_folder())

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        records = tuple(store.get(config) for config in configs)
        return [Update("done", records, ("recorded",) * len(configs), "", 0.0)]

    engine = ScriptedEngine(script)
    engine.store = store
    monkeypatch.setattr(live, "engine", lambda: engine)
    return store


def test_prose_is_whole() -> None:
    branches = {
        "one network": lambda: network_caption(LESSON.runs_of(LESSON.start)["the network"]),
        "one network, other": lambda: network_caption(
            LESSON.runs_of(LESSON.start | {"hidden": (32, 16)})["the network"]
        ),
    }
    branches |= {
        "one network, no hidden layer": lambda: network_caption(
            LESSON.runs_of(LESSON.start | {"hidden": ()})["the network"]
        ),
    }
    of_page = {
        "data": {"train", "validation", "test"},
        "answer right": {"answer", "share"},
        "answer wrong": {"answer", "share", "truth", "truth_share"},
        "its accuracy": {"images", "test", "error"},
        "beat": set(),
        "score, vault": {"right", "network", "asked", "share"},
        "score": {"right", "network", "asked", "images", "test", "share"},
    }
    check_prose("start", branches, of_page)
    # What is said of the runs; the rest explains.
    names = ("answer right", "answer wrong", "its accuracy", "score", "score, vault", "beat")
    made = {n: partial(Caption, n, dict.fromkeys(of_page[n], "7")) for n in names}
    check_verdicts("start", made)


def test_weights_and_biases_are_counted() -> None:
    figures = network_caption(LESSON.runs_of(LESSON.start)["the network"]).figures
    assert figures["weights"] == f"{784 * 128 + 128 * 10:,}"
    assert figures["biases"] == "138"


@pytest.mark.parametrize("image", [0, 17, 2_499])
def test_an_image_goes_through_the_recorded_network(store: RunStore, image: int) -> None:
    at = opened("start", {"image": str(image)})
    (config,) = LESSON.runs_of(LESSON.start).values()
    record = store.get(config)
    assert record is not None
    pixels = data.load().validation.pixels[image : image + 1]
    shares = network.softmax(network.forward(record.weights, "relu", pixels).logits)[0]
    answer = int(record.val_predictions[-1][image])
    assert answer == shares.argmax()
    share = percent(float(shares[answer]))
    said = f"**It says {NAMES[answer]}, with a probability of {share}, and that"
    assert said in texts(at)


def test_a_class_is_browsed() -> None:
    at = opened("start", {"label": "5"})
    assert at.pills[0].value == 5
    at.pills[0].set_value(8).run()
    assert at.query_params["label"] == "8"
    bad = opened("start", {"label": "12"})
    assert "label must be off or a whole number from 0 to 9, not '12'" in bad.error[0].value


@pytest.mark.slow
def test_ten_garments_are_labelled_and_scored(store: RunStore) -> None:
    at = opened("start")
    game = at.session_state[KEY].kept.games["start"]
    labels = data.load().test.labels[list(game.images)]
    for label in labels[:-1]:
        at.button(key=f"start/garment {label}").click().run()
    assert len(at.session_state[KEY].kept.games["start"].answers) == 9
    wrong = (labels[-1] + 1) % 10
    at.button(key=f"start/garment {wrong}").click().run()
    assert not at.exception
    (config,) = LESSON.runs_of(LESSON.start).values()
    record = store.get(config)
    assert record is not None
    network_right = int((record.test_predictions[-1][list(game.images)] == labels).sum())
    assert "**You: 9 of 10." in texts(at)
    assert f"on the same ones: {network_right} of 10.**" in texts(at)
    assert "your share is 90% ± 9 points" in " ".join(texts(at).split())
    assert f"you: {NAMES[wrong]}" in texts(at)
    next(b for b in at.button if b.label == "Ten others").click().run()
    assert at.session_state[KEY].kept.games["start"].answers == ()


def test_every_other_lesson_has_a_card() -> None:
    at = AppTest.from_file(APP, default_timeout=60).run()
    links = [link.proto.label for link in at.get("page_link")]
    cards = [label for label in links if label.startswith("**")]
    assert cards == [f"**{lesson.title}**" for lesson in list(LESSONS.values())[1:]]
    assert np.all([lesson.name in LESSONS for lesson in LESSONS.values()])
