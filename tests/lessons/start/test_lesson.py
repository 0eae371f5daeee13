"""The first page: a network that learns, a game, the cards, the images."""

from __future__ import annotations

import base64
import re
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis import network
from fmviz.analysis.garment import garment
from fmviz.analysis.stopping import Shown
from fmviz.charts import film
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.start import charts, growth, says
from fmviz.page.lesson import minutes
from fmviz.run import data
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore, default_folder
from fmviz.ui import live
from fmviz.ui.session import KEY
from fmviz.words import prose
from fmviz.words.numbers import percent
from fmviz.words.prose import Caption
from tests.support.lessons import APP, check_prose, opened, texts
from tests.support.markdown import errors
from tests.support.records import synthetic, tiny
from tests.support.scripted import shipping
from tests.support.verdicts import check_verdicts

LESSON = LESSONS["start"]
NAMES = data.CLASS_NAMES


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The runs that ship, as the real engine finds them."""
    engine = shipping()
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine.store


def test_prose_is_whole() -> None:
    branches = {
        "one network": lambda: says.network(LESSON.runs_of(LESSON.start)["the network"]),
        "one network, other": lambda: says.network(
            LESSON.runs_of(LESSON.start | {"hidden": (32, 16)})["the network"]
        ),
    }
    branches |= {
        "one network, no hidden layer": lambda: says.network(
            LESSON.runs_of(LESSON.start | {"hidden": ()})["the network"]
        ),
    }
    grown, shirt = growth.shipped(), garment("compact")
    right = [int(shares.argmax()) == shirt.truth for shares in grown.shares]
    first = {"grown wrong": right.index(False, 1), "grown right": right.index(True, 1)}
    branches |= {
        section: partial(says.grown, shirt, grown, epoch)
        for section, epoch in {"untrained": 0, **first}.items()
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
    made |= {name: branches[name] for name in ("untrained", "grown right", "grown wrong")}
    check_verdicts("start", made)


def test_weights_and_biases_are_counted() -> None:
    figures = says.network(LESSON.runs_of(LESSON.start)["the network"]).figures
    assert figures["weights"] == f"{784 * 128 + 128 * 10:,}"
    assert figures["biases"] == "138"


@pytest.mark.parametrize("image", [0, 17, 2_499])
def test_an_image_goes_through_the_recorded_network(store: RunStore, image: int) -> None:
    at = opened("start", {"image": str(image)})
    (config,) = LESSON.runs_of(LESSON.start).values()
    record = store.get(config)
    assert record is not None
    pixels = data.load().validation[image : image + 1].pixels
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
    assert "label must be off or a whole number from 0 to 9, not '12'" in errors(bad)[0]


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


def test_every_other_lesson_has_a_card_in_learning_order_with_its_minutes() -> None:
    at = AppTest.from_file(APP, default_timeout=60).run()
    times = re.findall(r":material/schedule: (\d+) minutes", texts(at))
    others = list(LESSONS.values())[1:]
    assert times == [str(minutes(lesson)) for lesson in others]
    assert all(len(lesson.presets) < minutes(lesson) <= 20 for lesson in others)
    links = [link.proto.label for link in at.get("page_link")]
    cards = [label for label in links if label.startswith("**")]
    assert cards == [f"**{lesson.title}**" for lesson in list(LESSONS.values())[1:]]
    assert np.all([lesson.name in LESSONS for lesson in LESSONS.values()])


def test_no_card_gives_a_guess_away() -> None:
    """No word of its own that the right answer has stands on a lesson's card."""
    store, told = RunStore(default_folder()), {}
    for name, lesson in LESSONS.items():
        question = lesson.question
        if question is None:
            continue
        runs = [
            Shown(role, record, None, record.epochs)
            for role, config in lesson.runs_of(lesson.start).items()
            if (record := store.get(config, brief=True)) is not None
        ]
        options = [set(re.findall(r"\w+", option.lower())) for option in question.options]
        right = options.pop(question.answer(runs))
        own = right.difference(*options)
        card = set(re.findall(r"\w+", prose.text(name, "card").lower()))
        told[name] = own
        assert not {word[:5] for word in own if len(word) > 3} & {word[:5] for word in card}, name
    assert told["regularisation"] == {"narrows"}


# The network that grows


@pytest.fixture
def recorded(store: RunStore) -> RunRecord:
    (config,) = LESSON.runs_of(LESSON.start).values()
    record = store.get(config)
    assert record is not None
    return record


def test_what_grows_is_the_recorded_run(recorded: RunRecord) -> None:
    grown, shirt = growth.shipped(), garment("compact")
    assert grown.key == recorded.config.key
    assert grown.epochs == recorded.epochs
    answers = [recorded.answers("val", e)[shirt.place] for e in range(recorded.epochs + 1)]
    assert grown.shares.argmax(axis=1).tolist() == answers
    assert grown.images == recorded.examples["validation"]
    assert grown.accuracy[0] == recorded.start["val_accuracy"]
    assert grown.accuracy[1:] == pytest.approx(recorded.history["val_accuracy"])
    # The last epoch is the one whose weights are kept: the whole network, in another way.
    passed = network.forward(recorded.weights, "relu", shirt.pixels[None])
    assert grown.activations[-1] == pytest.approx(passed.activations[0][0], abs=1e-4)
    assert grown.shares[-1] == pytest.approx(network.softmax(passed.logits)[0], abs=1e-4)


def test_a_network_that_answers_otherwise_is_not_kept(recorded: RunRecord) -> None:
    with pytest.raises(ValueError, match="answers otherwise"):
        growth.grown(recorded, [list(recorded.weights)] * (recorded.epochs + 1))


def test_the_picture_has_the_bytes_and_words_of_every_epoch() -> None:
    grown, shirt = growth.shipped(), garment("compact")
    told = [{"lead": str(e), "note": ""} for e in range(grown.epochs + 1)]
    reel = charts.growth_reel("start", "the network", shirt, grown, told)
    rows, units = grown.epochs + 1, grown.activations.shape[1]
    assert reel["film"]["first"] == 0
    assert reel["film"]["last"] == reel["film"]["rest"] == grown.epochs
    # It has what the clock of any page has.
    assert set(film.clock("x", [Shown("a", synthetic(tiny()), None, 3)])) < set(reel["film"])
    assert [len(reel[name]) for name in ("told", "shares", "labels")] == [rows] * 3
    votes = np.frombuffer(base64.b64decode(reel["votes"]), np.uint8).reshape(rows, units, 10)
    exact = grown.pushes - grown.pushes.mean(axis=2, keepdims=True)
    scale = exact.max() / 255
    assert np.abs(votes * scale - np.maximum(exact, 0)).max() < scale
    active = np.frombuffer(base64.b64decode(reel["activations"]), np.uint8).reshape(rows, units)
    scale = grown.activations.max() / 255
    assert np.abs(active * scale - grown.activations).max() < scale
    # Votes and bias are the answer, up to what all ten have in common.
    total = exact.sum(axis=1) + grown.biases
    assert network.softmax(total) == pytest.approx(grown.shares, abs=1e-5)
    assert reel["labels"][-1][shirt.truth] == percent(float(grown.shares[-1, shirt.truth]), 0)


def test_without_scripts_the_page_shows_where_the_network_ends() -> None:
    at = opened("start")
    chart = next(c for c in at.get("vega_lite_chart") if "ten answers" in c.proto.alt)
    shares = growth.shipped().shares[-1]
    assert f"it says {NAMES[shares.argmax()]}" in texts(at)
    rows = pa.ipc.open_stream(chart.proto.data.data).read_pandas()
    assert rows["share"].to_numpy() == pytest.approx(shares, abs=1e-6)
