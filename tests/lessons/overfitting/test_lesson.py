"""Overfitting: the words fit the figures, the page opens, and real runs bear the lesson out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import comparing, memory, significance
from fmviz.analysis.significance import Comparison
from fmviz.analysis.stopping import Shown
from fmviz.charts import against, figures, running
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.overfitting import charts, garments, says
from fmviz.lessons.overfitting.lesson import FEWER, MORE, OWN, TRUTH
from fmviz.page.row import row_of
from fmviz.page.view import Judging
from fmviz.run import data, measure
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.ui import live
from fmviz.ui.panels.against import Against
from fmviz.ui.panels.figures import gap_bars
from fmviz.words import prose
from fmviz.words.numbers import points
from fmviz.words.prose import Caption
from tests.lessons.overfitting.test_widths import BRANCHES as WIDER
from tests.support.charts import fields
from tests.support.claims import confirm
from tests.support.lessons import check_prose, check_words, leads, made_up, opened, texts
from tests.support.records import shown, synthetic, tiny
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown
from tests.words.test_prose import on_test

LESSON = LESSONS["overfitting"]

# The presets are trained before the first test that looks at them.
pytestmark = pytest.mark.timeout(900)


# Which runs stand side by side


def roles(**changes: Any) -> dict[str, RunConfig]:
    return LESSON.runs_of(LESSON.start | changes)


def test_with_true_labels_the_twin_has_ten_times_the_images_and_nothing_else_differs() -> None:
    runs = roles()
    assert list(runs) == [MORE, OWN]
    assert runs[OWN].train_size == 500
    assert runs[MORE] == runs[OWN].replace(train_size=5_000)
    assert roles(train_size=5_000)[MORE].train_size == 10_000


def test_a_network_that_has_all_images_stands_beside_a_tenth_of_them() -> None:
    runs = roles(train_size=10_000)
    assert list(runs) == [FEWER, OWN]
    assert runs[FEWER] == runs[OWN].replace(train_size=1_000)


def test_a_network_with_wrong_labels_stands_beside_one_that_was_told_the_truth() -> None:
    runs = roles(label_noise=0.2)
    assert list(runs) == [TRUTH, OWN]
    assert runs[TRUTH] == runs[OWN].replace(label_noise=0.0)


# Words


def noisy(
    share: float,
    clean: float,
    validation: float,
    *,
    wrong: int = 200,
    best: int = 2,
    config: RunConfig | None = None,
) -> Shown:
    """A run of three epochs with wrong labels among 1,000 images; the best epoch repeats none."""
    crossentropy = np.array([1.0, 1.0, 1.0])
    crossentropy[best] = 0.5
    run = shown(
        0.9,
        validation,
        config=config or tiny(label_noise=0.2),
        corrupted_accuracy=[0.0, 0.0, share],
        clean_accuracy=clean,
        val_crossentropy=crossentropy,
        images=1_000,
        name=OWN,
    )
    run.record.examples["corrupted"] = wrong  # type: ignore[index]
    return run


def of_one(section: str, run: Shown) -> Callable[[], Caption]:
    return lambda: next(c for c in says.of_one(run, done=True) if c.section == section)


def beside(section: str, run: Shown, twin: Shown) -> Callable[[], Caption]:
    return lambda: next(c for c in says.beside(run, twin) if c.section == section)


def pair(run: tuple[float, float], twin: tuple[float, float], **config: Any) -> tuple[Shown, Shown]:
    """(training, validation) of a run and its twin, both still going on."""
    made = []
    for (training, validation), changes in ((run, config), (twin, {"train_size": 200})):
        record = synthetic(
            tiny(epochs=9, **changes),
            epochs=3,
            train_accuracy=training,
            val_accuracy=validation,
            examples={"train": 10_000, "validation": 10_000},
        )
        made.append(Shown(OWN, record, None, 3))
    return made[0], made[1]


def curve(gaps: Sequence[float], noise: float = 0.0) -> list[RunRecord]:
    return [
        synthetic(
            tiny(train_size=100 * (k + 1), label_noise=noise, epochs=9),
            epochs=3,
            train_accuracy=0.8 + gap if not noise else 0.9,
            clean_accuracy=0.8 + gap,
            val_accuracy=0.8,
            examples={"train": 5_000, "validation": 5_000, "corrupted": round(noise * 5_000)},
        )
        for k, gap in enumerate(gaps)
    ]


def sweep(section: str, gaps: Sequence[float], noise: float = 0.0) -> Callable[[], Caption]:
    records = curve(gaps, noise)
    return lambda: next(c for c in says.learning_curve(records) if c.section == section)


def losing(
    *crossentropy: float, kept: int = 3, planned: int = 3, accuracy: Sequence[float] | float = 0.8
) -> list[Caption]:
    """What is said of three epochs with these validation cross-entropies."""
    record = synthetic(
        tiny(epochs=planned), epochs=3, val_crossentropy=crossentropy, val_accuracy=accuracy
    )
    none = np.empty((0, 0), np.uint8)
    record = replace(record, train_predictions=none, val_predictions=none)
    return says.loss(Shown(OWN, record, None, kept))


def loss(section: str, *crossentropy: float, **run: Any) -> Callable[[], Caption]:
    return lambda: next(c for c in losing(*crossentropy, **run) if c.section == section)


ALL_WRONG = tiny(label_noise=1.0)
BRANCHES: dict[str, Callable[[], Caption]] = {
    "memorised": of_one("memorised", noisy(0.92, 1.0, 0.71)),
    "memorised few": of_one("memorised few", noisy(0.14, 0.92, 0.76)),
    "not memorised": of_one("not memorised", noisy(0.03, 0.92, 0.76)),
    "memorised late": of_one("memorised late", noisy(0.92, 1.0, 0.71, best=0)),
    "clean gap": of_one("clean gap", noisy(0.92, 1.0, 0.71)),
    "clean gap could be noise": of_one("clean gap could be noise", noisy(0.1, 0.76, 0.76)),
    "clean gap reversed": of_one("clean gap reversed", noisy(0.1, 0.66, 0.76)),
    "clean at chance": of_one("clean at chance", noisy(0.1, 0.1, 0.1)),
    "gap": of_one("gap", shown(0.9, 0.1)),
    "learnt": of_one("learnt", shown(0.9, 0.8)),
    "learnt, of a sample": of_one("learnt, of a sample", shown(0.9, 0.4, images=50)),
    "gap could be noise": of_one("gap could be noise", shown(0.8, 0.8)),
    "gap reversed": of_one("gap reversed", shown(0.8, 0.9)),
    "nothing learnt": of_one("nothing learnt", shown(0.1, 0.1)),
    "all wrong, below": of_one("all wrong, below", noisy(0.9, 0.0, 0.02, wrong=1_000)),
    "all wrong, guessing": of_one("all wrong, guessing", noisy(0.1, 0.0, 0.1, wrong=1_000)),
    "all wrong, above": of_one("all wrong, above", noisy(0.1, 0.0, 0.3, wrong=1_000)),
    **{
        f"truth {kind}": beside(f"truth {kind}", *pair((0.9, 0.7), (0.9, twin), label_noise=0.2))
        for kind, twin in (("higher", 0.8), ("same", 0.7), ("lower", 0.6))
    },
    **{
        f"more images, gap {kind}": beside(
            f"more images, gap {kind}", *pair((0.9, 0.8), (twin, 0.8))
        )
        for kind, twin in (("higher", 0.95), ("same", 0.9), ("lower", 0.85))
    },
    "more images, gap below zero": beside(
        "more images, gap below zero", *pair((0.7, 0.8), (0.9, 0.8))
    ),
    **{
        f"more images, validation {kind}": beside(
            f"more images, validation {kind}", *pair((0.9, 0.8), (0.9, twin))
        )
        for kind, twin in (("higher", 0.85), ("same", 0.8), ("lower", 0.75))
    },
    "other epochs": lambda: says.beside(
        pair((0.9, 0.8), (0.9, 0.8))[0]._replace(kept=1), pair((0.9, 0.8), (0.9, 0.8))[1]
    )[-1],
    "test differs": lambda: on_test(0.8, 0.7),
    "test could be noise": lambda: on_test(0.8, 0.7994),
    "loss rises": loss("loss rises", 0.5, 1, 1),
    **{
        section: loss(section, 0.5, 1, 1, accuracy=[0.8, 0.8, last])
        for section, last in (
            ("loss rises, as often right", 0.8),
            ("loss rises, less often right", 0.5),
            ("loss rises, more often right", 0.95),
        )
    },
    "loss level": loss("loss level", 0.5, 0.6, 0.5001),
    "loss lowest": loss("loss lowest", 1, 1, 0.5),
    "loss lowest so far": loss("loss lowest so far", 1, 1, 0.5, planned=9),
    "loss lowest later": loss("loss lowest later", 1, 1, 0.5, kept=2),
    "sweep lower": sweep("sweep lower", [0.2, 0.1]),
    "sweep same": sweep("sweep same", [0.1, 0.1]),
    "sweep higher": sweep("sweep higher", [0.1, 0.2]),
    "sweep steady": sweep("sweep steady", [0.2, 0.15, 0.15, 0.1]),
    "sweep, not at every step": sweep("sweep, not at every step", [0.15, 0.2, 0.1]),
    "sweep with noise": sweep("sweep with noise", [0.2, 0.1], noise=0.2),
    "sweep, no true label": sweep("sweep, no true label", [0.2, 0.1], noise=1.0),
    "sweep too short": sweep("sweep too short", [0.2]),
    "rule gap": lambda: says.rule(shown(0.9, 0.8))[0],
    "rule sample": lambda: says.rule(shown(0.9, 0.8, images=50))[1],
    "rule census": lambda: says.rule(shown(1.0, 0.8))[1],
    "rule edge": lambda: says.rule(shown(1.0, 0.8, images=50))[2],
    "rule true labels": lambda: next(
        c for c in says.rule(noisy(0.9, 1.0, 0.7)) if c.section == "rule true labels"
    ),
    "rule no gap": lambda: says.rule(noisy(0.9, 0.0, 0.02, wrong=1_000))[0],
    "rule noise": lambda: says.code(tiny(label_noise=0.2))[0],
    "code noise": lambda: says.code(tiny(label_noise=0.2))[1],
    "code": lambda: says.code(tiny())[0],
    **WIDER,
}
OF_PAGE: dict[str, set[str]] = {
    name: set()
    for name in (
        "definition",
        "labels note",
        "no wrong label measured",
        "beside, note of labels",
        "beside, note of pairs",
        "beside, none alike",
        "guess wider",
    )
} | {
    "three sets": {"train", "validation", "test"},
    "beside, by heart": {"repeated", "wrong"},
    "beside, learnt": {"right", "images"},
    "beside, new": {"right", "images"},
}


def test_prose_is_whole() -> None:
    check_prose("overfitting", BRANCHES, OF_PAGE)


def test_words_are_short_and_plain() -> None:
    check_words("overfitting", BRANCHES)


shares = st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.9, 1.0])


@given(
    training=shares,
    validation=shares,
    clean=shares,
    wrong=shares,
    other=shares,
    noise=st.sampled_from([0.0, 0.01, 0.02, 0.5, 1.0]),
    crossentropy=st.lists(st.sampled_from([0.3, 0.3001, 0.305, 0.5]), min_size=3, max_size=3),
    kept=st.integers(1, 3),
    planned=st.sampled_from([3, 4]),
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_run_does_what_is_said_is_so(
    training: float,
    validation: float,
    clean: float,
    wrong: float,
    other: float,
    noise: float,
    crossentropy: list[float],
    kept: int,
    planned: int,
) -> None:
    """Each claim, told again from the record by a second, simple reading of it."""
    images = 100
    corrupted = round(noise * images)

    def record(seen: float, held_out: float, noise: float) -> RunRecord:
        made = synthetic(
            tiny(epochs=planned, label_noise=noise),
            epochs=3,
            train_accuracy=seen,
            val_accuracy=held_out,
            clean_accuracy=clean if noise < 1 else float("nan"),
            corrupted_accuracy=wrong if noise else float("nan"),
            val_crossentropy=crossentropy,
            examples={"train": images, "corrupted": round(noise * images)},
        )
        none = np.empty((0, 0), np.uint8)
        return replace(made, train_predictions=none, val_predictions=none)

    run = Shown(OWN, record(training, validation, noise), None, kept)
    twin = Shown(TRUTH, record(other, other, 0.0), None, 3)
    said = [says.of_runs([twin, run], Judging(), done=True), says.loss(run)]
    texts = [[prose.text("overfitting", c.section, c.figures) for c in each] for each in said]
    assert all(leads(each[0]) for each in texts)
    confirm(said[0], [twin, run])
    assert not any(re.search(r"\b1 wrong labels|nan", text) for each in texts for text in each)
    sections = {c.section for each in said for c in each}
    # Below it is no knowledge, where labels are true.
    chance = [share < 0.14 for share in (training, validation)]
    if not corrupted:
        assert ("nothing learnt" in sections) == all(chance)
        beyond = sections & {"gap", "learnt", "learnt, of a sample"}
        assert bool(beyond) <= (training > validation)
        # Nothing is learnt that leaves new images to a guess.
        assert bool(beyond - {"gap"}) <= (validation > 0.1)
        assert ("gap reversed" in sections) <= (training < validation)
    else:
        # What is true of lies is never called knowledge, or a want of it.
        assert not sections & {"gap", "gap reversed", "gap could be noise", "nothing learnt"}
        assert ("memorised" in sections) <= (wrong >= 0.5)
        assert ("all wrong, below" in sections) <= (noise == 1 and validation < 0.1)
        assert ("truth higher" in sections) <= (other > validation)
    now, least = crossentropy[kept - 1], min(crossentropy)
    # One in fifty more is no rise.
    assert ("loss rises" in sections) == (now > 1.02 * least and least in crossentropy[:kept])
    assert ("loss lowest so far" in sections) <= (planned > 3 and now == least)
    assert ("loss lowest" in sections) <= (planned == 3 and now == least)


@given(
    gaps=st.lists(st.sampled_from([-0.1, 0.0, 0.001, 0.1, 0.2]), max_size=4),
    noise=st.sampled_from([0.0, 0.2, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_learning_curve_does_what_is_said_is_so(
    gaps: list[float], noise: float
) -> None:
    captions = says.learning_curve(curve(gaps, noise))
    sections = {caption.section for caption in captions}
    first = captions[0]
    assert leads(prose.text("overfitting", first.section, first.figures))
    assert (first.section == "sweep too short") == (len(gaps) < 2)
    if len(gaps) < 2:
        return
    if noise == 1:
        assert sections == {"sweep, no true label"}
        return
    change = gaps[-1] - gaps[0]
    wanted = "lower" if change < -0.05 else "higher" if change > 0.05 else "same"
    assert first.section == f"sweep {wanted}"
    widened = any(after - before > 0.05 for before, after in pairwise(gaps))
    assert ("sweep, not at every step" in sections) == (wanted == "lower" and widened)
    assert ("sweep steady" in sections) == (wanted == "lower" and not widened)
    assert ("sweep with noise" in sections) == bool(noise)


def test_one_gap_is_told_where_labels_are_wrong_that_of_the_true_ones() -> None:
    for run, told in ((noisy(0.9, 1.0, 0.7), True), (shown(0.9, 0.8), False)):
        assert ("rule true labels" in {caption.section for caption in says.rule(run)}) == told
    run = noisy(0.9, 0.95, 0.7)
    gap = comparing.gap(run)
    assert gap is not None
    assert gap.value == pytest.approx(0.25)
    assert says.rule(run)[0].figures["gap"] == "0.2500"
    assert says.rule(run)[0].figures["train_images"] == "800"
    assert of_one("clean gap", run)().figures["gap"] == points(gap)
    # Of images that were all told a wrong class there is none.
    lied = noisy(0.9, 0.0, 0.02, wrong=1_000)
    assert comparing.gap(lied) is None
    assert [caption.section for caption in says.rule(lied)] == ["rule no gap"]


def test_a_rise_of_cross_entropy_is_not_called_surer_mistakes() -> None:
    for section in prose.sections("overfitting"):
        if section.startswith("loss"):
            assert "grows surer" not in prose.source("overfitting", section)


def test_two_wrong_labels_are_counted_and_one_too() -> None:
    for wrong, words in ((1, "1 of 1 wrong label."), (2, "2 of 2 wrong labels.")):
        caption = says.of_one(noisy(1.0, 1.0, 0.7, wrong=wrong), done=True)[0]
        assert words in prose.text("overfitting", caption.section, caption.figures)


def test_memory_is_what_exceeds_mistakes() -> None:
    # A network that never saw the wrong labels errs on 24% and hits one of nine: 2.7%.
    expected = says.by_mistake(measure.Estimate(0.76, 0.009))
    assert expected.value == pytest.approx(0.24 / 9)
    assert expected.error == pytest.approx(0.001)
    figures = BRANCHES["memorised few"]().figures
    assert figures["mistake"] == "2.7%"
    # Of all wrong labels there are: no error.
    assert figures["share"] == "14.0"


def test_mistakes_hit_a_wrong_label_as_often_as_said() -> None:
    """Against a simulation: a network that is right on 60% whatever the labels it was told."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 200_000).astype(np.int32)
    told, wrong = data.with_noise(truth, 0.5, seed=1)
    answers = np.where(rng.random(len(truth)) < 0.6, truth, (truth + 1) % 10)
    hit = (answers[wrong] == told[wrong]).mean()
    assert hit == pytest.approx(says.by_mistake(measure.Estimate(0.6, 0)).value, abs=0.003)


def test_the_first_epochs_are_not_called_late() -> None:
    sections = [c.section for c in says.of_one(noisy(0.92, 1.0, 0.71, best=2), done=True)]
    assert "memorised late" not in sections
    unfinished = [c.section for c in says.of_one(noisy(0.92, 1.0, 0.71, best=0), done=False)]
    assert "memorised late" not in unfinished


def test_finished_twins_are_compared_image_by_image() -> None:
    labels = data.load().validation.labels
    run, twin = (shown(0.9, 0.8, images=2_500) for _ in range(2))
    right = np.arange(2_500) < 2_000
    better = right.copy()
    better[2_000:2_010] = True

    def predicting(given: Shown, hits: np.ndarray) -> Shown:
        row = np.where(hits, labels, (labels + 1) % 10).astype(np.uint8)
        rows = np.tile(row, (given.record.epochs + 1, 1))
        return given._replace(record=replace(given.record, val_predictions=rows))

    caption = says.beside(predicting(run, right), predicting(twin, better))[1]
    # Ten images of 2,500, all one way: 0.4 ± 0.13 points, where separate errors would say 1.1. The
    # error shown is √(11 − 100/2,502)/2,502, with ½ added to each count.
    assert caption.section == "more images, validation higher"
    assert caption.figures["val_change"] == "0.4 ± 0.1"


def test_a_diverged_run_is_compared_with_nothing() -> None:
    from fmviz.run.record import Divergence

    run, twin = pair((0.9, 0.8), (0.9, 0.8))
    broken = replace(run.record, diverged=Divergence(2, 0, 0, "loss"))
    captions = says.of_runs([twin, run._replace(record=broken)], Judging(), done=False)
    assert [c.section for c in captions] == ["learnt"]


# The Keras lines


def program(config: RunConfig) -> str:
    (text,) = (
        prose.text("overfitting", c.section, c.figures)
        for c in says.code(config)
        if c.section.startswith("code")
    )
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(code)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_keras_lines_run_and_make_the_labels_that_the_run_is_told(noise: float) -> None:
    config = tiny(label_noise=noise, epochs=1, seed=5)
    images = data.load()
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
    names: dict[str, Any] = {
        "np": np,
        "model": model,
        "x": images.train.pixels,
        "y": images.train.labels,
        "x_val": images.validation[:50].pixels,
        "y_val": images.validation.labels[:50],
    }
    exec(program(config).replace("batch_size", "verbose=0, batch_size"), names)
    if noise:
        told, wrong = data.with_noise(images.train.labels[:100], noise, config.seed)
        np.testing.assert_array_equal(names["told"], told)
        assert sorted(names["wrong"]) == wrong.tolist()
        assert 0 <= names["memorised"] <= 1
    else:
        assert 0 <= names["training"] <= 1


def test_the_closer_look_that_a_step_opens_has_something_to_show() -> None:
    for preset in LESSON.presets:
        state = LESSON.state_of(preset)
        # What is learnt by heart can be told where labels are wrong.
        assert state.view.section != "memory" or state["label_noise"], preset.name
    by_heart = [p for p in LESSON.presets if LESSON.state_of(p).view.section == "memory"]
    assert [preset.name for preset in by_heart] == ["noise", "narrow", "all wrong"]
    # Their own subject is beside the chart, where the page stays.
    assert not any(preset.closer for preset in by_heart)


# Charts


def test_charts_read_only_columns_that_their_rows_have() -> None:
    run = noisy(0.9, 1.0, 0.7)
    cases = [
        (charts.labels_spec(3, False), charts.labels_rows(run).table.to_pandas()),
        (charts.loss_spec((MORE, OWN), 3, False), charts.loss_rows([run]).table.to_pandas()),
        (running.running_spec(3, 1, True), running.running_rows(run).table.to_pandas()),
        (
            against.against_spec("n", (100.0, 200.0), True, False),
            against.against_rows(
                "train_size", curve([0.2, 0.1]), 100, ["a", "b"]
            ).table.to_pandas(),
        ),
    ]
    for spec, rows in cases:
        assert len(rows)
        assert fields(spec) <= set(rows.columns)


def test_labels_are_drawn_as_measured_and_the_best_epoch_is_marked() -> None:
    rows = charts.labels_rows(noisy(0.9, 1.0, 0.7, best=1)).table.to_pandas()
    wrong = rows[rows.series == "told a wrong label"]
    assert wrong.accuracy.tolist() == [0.0, 0.0, 0.9]
    assert rows[rows.series == "epoch"].epoch.tolist() == [2]
    # The picture that moves stands in for that chart, and is read by the same words.
    assert charts.labels_reel([noisy(0.9, 1.0, 0.7, best=1)])["upright"] == 2


def test_a_loss_of_nothing_has_a_place_on_a_logarithmic_axis() -> None:
    rows = charts.loss_rows([shown(1.0, 0.8, train_crossentropy=0.0)]).table.to_pandas()
    assert rows.loss.min() == charts.LEAST_LOSS


def test_a_sweep_draws_each_run_with_its_errors_and_marks_the_present_one() -> None:
    rows = against.against_rows("train_size", curve([0.2, 0.1]), 200, ["a", "b"]).table.to_pandas()
    training = rows[rows.split == "training"]
    assert training.value.tolist() == [100, 200]
    assert training.accuracy.tolist() == pytest.approx([1.0, 0.9])
    assert training.other.tolist() == pytest.approx([0.8, 0.8])
    # All training images are measured: no whisker.
    assert training.low.tolist() == training.high.tolist() == training.accuracy.tolist()
    error = measure.accuracy(0.8, 5_000).error
    validation = rows[rows.split == "validation"]
    assert (validation.high - validation.accuracy).tolist() == pytest.approx([error] * 2)
    assert rows[rows.kind == "present"].value.tolist() == [200]


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def test_the_page_asks_for_its_runs_and_draws_them(scripted: ScriptedEngine) -> None:
    at = opened("overfitting")
    assert tuple(roles().values()) in scripted.asked
    # The row of sizes, curves, three cards, the closer look.
    assert len(at.get("vega_lite_chart")) == 6
    assert "| training | 500 |" in texts(at)
    assert [metric.label for metric in at.metric] == [
        "Accuracy gap, your network",
        "Training loss, your network",
        "Keras's training accuracy, your network",
    ]


def test_the_closer_look_at_sizes_asks_for_the_runs_of_the_slider(
    monkeypatch: pytest.MonkeyPatch, scripted: ScriptedEngine
) -> None:
    offered: list[RunConfig] = []
    monkeypatch.setattr(Against, "offer", lambda self, name, configs: offered.extend(configs))
    opened("overfitting", {"train_size": "20", "section": "sizes"})
    row = row_of(LESSON, LESSON.start | {"train_size": 20})
    assert row is not None
    asked = {config.train_size: config for config in offered}
    # Twenty images are one batch of 20, and no other run has to do with as few.
    assert (asked[20].batch_size, asked[500].batch_size) == (20, 32)
    assert asked.items() == {c.train_size: c for c in row.configs if c.train_size in asked}.items()


def test_the_gap_meter_shows_what_it_says_in_large_type() -> None:
    run = noisy(0.9, 0.95, 0.7)
    (row,) = figures.gap_rows([run]).table.to_pandas().to_dict("records")
    gap = comparing.gap(run)
    assert gap is not None
    assert row["label"] == points(gap)
    assert row["training"] - row["validation"] == pytest.approx(gap.value)
    assert "Filled: training, 800 images." in gap_bars([run.record])


def test_the_garments_beside_the_curves_count_what_is_repeated_after_each_epoch() -> None:
    run = noisy(0.9, 1.0, 0.7)
    record, sample = run.record, memory.training_sample(run.record.config)
    answers = np.random.default_rng(1).integers(0, 10, (4, len(sample.told))).astype(np.uint8)
    run = run._replace(record=replace(record, train_predictions=answers))
    (row,) = garments.wrong_labels(run, lambda caption: caption.figures["repeated"])
    for epoch in range(4):
        repeated = int(((answers[epoch] == sample.told) & sample.wrong).sum())
        assert row.titles[epoch] == str(repeated)
    assert all(tile.told != tile.truth for tile in row.tiles)


@pytest.mark.parametrize(
    "query",
    [
        {"label_noise": "0.2"},
        {"label_noise": "1", "hidden": "none"},
        {"label_noise": "0.01", "train_size": "20", "patience": "2"},
        {"section": "sizes", "test": "true"},
        {"train_size": "33", "hidden": "8-8"},
    ],
)
def test_the_page_opens_in_every_corner(scripted: ScriptedEngine, query: dict[str, str]) -> None:
    at = opened("overfitting", query)
    assert "{{" not in texts(at)
    true = query.get("label_noise", "0.01") != "0.01"  # a hundredth of 20 labels is none
    label = f"Accuracy gap{' on true labels' if true else ''}, your network"
    assert label in [metric.label for metric in at.metric]


def test_before_the_guess_the_story_is_not_told() -> None:
    at = opened("overfitting", guesses=True)
    assert "Predict, then see" in texts(at)
    assert "How many new ones?" not in texts(at)


# What the lesson claims, on real runs


@pytest.fixture(scope="module")
def runs() -> dict[str, list[Shown]]:
    """Every preset's runs, as the page shows them: the twin and the network."""
    wanted = {p.name: LESSON.runs_of(LESSON.state_of(p)) for p in LESSON.presets}
    configs = list(dict.fromkeys(c for pair in wanted.values() for c in pair.values()))
    records = dict(zip(configs, as_shown(configs), strict=True))
    return {
        name: [Shown(role, records[c], None, c.epochs) for role, c in pair.items()]
        for name, pair in wanted.items()
    }


def said(runs: list[Shown]) -> list[str]:
    return [c.section for c in says.of_runs(runs, Judging(), done=True)]


def gap_change(runs: list[Shown]) -> Comparison:
    """The network's gap − its twin's."""
    twin, own = (run.record.gap(run.kept) for run in runs)
    return significance.separate(own, twin)


def beyond_noise(change: Comparison | None) -> bool:
    return change is not None and change.sign > 0


def validation_gain(better: Shown, worse: Shown) -> Comparison:
    labels = data.load().validation.labels
    return significance.paired(
        better.record.val_predictions[-1] == labels, worse.record.val_predictions[-1] == labels
    )


def test_five_hundred_images_are_fitted_and_do_not_suffice(runs: dict[str, list[Shown]]) -> None:
    twin, own = runs["gap"]
    assert own.record.at("train_accuracy", own.kept) > 0.99
    assert beyond_noise(comparing.gap(own))
    assert LESSON.answer is not None
    assert LESSON.answer([twin, own]) == 2
    # Cross-entropy on validation images rises long before the end.
    assert own.record.best_epoch
    assert own.record.best_epoch <= 30
    assert says.loss(own)[0].section == "loss rises"


@pytest.mark.parametrize(("preset", "sign"), [("gap", 1), ("twenty", 1), ("many", -1)])
def test_more_images_make_a_smaller_gap(
    runs: dict[str, list[Shown]], preset: str, sign: int
) -> None:
    change = gap_change(runs[preset])
    assert sign * change.value > 0
    assert not change.could_be_noise
    # From few to many, whichever of the two the twin is.
    assert {"more images, gap lower", "more images, validation higher"} <= set(said(runs[preset]))


def test_from_size_to_size_the_gap_falls(runs: dict[str, list[Shown]]) -> None:
    """The sweep of the page, those of its sizes that the presets train."""
    pairs = [*runs["gap"], *runs["many"], runs["twenty"][-1]]
    records = sorted((run.record for run in pairs), key=lambda r: r.config.train_size)
    assert [r.config.train_size for r in records] == [20, 500, 1_000, 5_000, 10_000]
    sections = [c.section for c in says.learning_curve(records)]
    assert sections == ["sweep lower", "sweep steady"]


def test_twenty_images_bring_the_loss_to_about_zero(runs: dict[str, list[Shown]]) -> None:
    own = runs["twenty"][-1].record
    assert own.at_end("train_accuracy") == 1
    assert own.at_end("train_crossentropy") < 0.02
    assert own.at_end("val_accuracy") < 0.7


def test_noise_is_memorised_and_late(runs: dict[str, list[Shown]]) -> None:
    twin, own = runs["noise"]
    memorised = own.record.at("corrupted_accuracy", own.kept)
    assert memorised > 0.8
    assert own.record.at("clean_accuracy", own.kept) > 0.95
    assert own.record.at("corrupted_accuracy", own.record.best_epoch) < 0.6
    assert beyond_noise(validation_gain(twin, own))
    assert {"memorised", "memorised late", "clean gap", "truth higher"} <= set(said([twin, own]))
    found = memory.by_heart(own.record, own.record.epochs)
    assert len(found.memorised) == round(memorised * own.record.examples["corrupted"])


def test_a_narrow_network_lets_the_noise_go_and_does_better(runs: dict[str, list[Shown]]) -> None:
    wide, narrow = runs["noise"][-1], runs["narrow"][-1]
    assert narrow.record.at("corrupted_accuracy", narrow.kept) < 0.4
    assert narrow.record.at("clean_accuracy", narrow.kept) > 0.85
    assert beyond_noise(validation_gain(narrow, wide))
    assert {"memorised few", "not memorised"} & set(said(runs["narrow"]))


def test_every_label_wrong_is_memorised_and_worse_than_guessing(
    runs: dict[str, list[Shown]],
) -> None:
    own = runs["all wrong"][-1]
    assert own.record.at("corrupted_accuracy", own.kept) > 0.8
    assert {"memorised", "all wrong, below", "truth higher"} <= set(said(runs["all wrong"]))
    told = says.of_runs(runs["all wrong"], LESSON.start.view, done=True)
    # That the twin does better is no news there.
    assert [each.section for each in told if each.leads] == ["memorised", "all wrong, below"]


def test_the_page_tells_of_the_real_runs(
    runs: dict[str, list[Shown]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {run.record.config: run.record for pair in runs.values() for run in pair}

    def answered(configs: Sequence[RunConfig]) -> list[Update]:
        if any(config not in known for config in configs):
            return [made_up(configs)]  # of the page that AppTest opens first
        records = tuple(known[config] for config in configs)
        return [Update("done", records, ("store",) * len(configs), "", 0.0)]

    engine = ScriptedEngine(answered)
    monkeypatch.setattr(live, "engine", lambda: engine)
    state = {"train_size": "1000", "label_noise": "0.2", "hidden": "256", "section": "memory"}
    at = opened("overfitting", state)
    own = runs["noise"][-1].record
    assert f"of {own.examples['corrupted']} wrong labels" in texts(at)
    # Those learnt by heart stand beside the curves too; and there is the image of the course.
    *beside, repeated, others, _ = (picture.proto.imgs for picture in at.get("image"))
    assert len(beside) == 1
    for image in beside[0]:
        told, says, truth = re.fullmatch("told (.+), says (.+), is (.+)", image.caption).groups()
        assert told == says != truth
    count = round(own.at_end("corrupted_accuracy") * own.examples["corrupted"])
    assert f"It repeats {count} of {own.examples['corrupted']} wrong labels" in texts(at)
    # Where none is wrong, pairs: one that it knows above one that it gets wrong.
    at = opened("overfitting")
    learnt, new, *_ = (picture.proto.imgs for picture in at.get("image"))
    for known, missed in zip(learnt, new, strict=True):
        told, says, truth = re.fullmatch("told (.+), says (.+), is (.+)", known.caption).groups()
        assert told == says == truth
        says, same = re.fullmatch("says (.+), is (.+)", missed.caption).groups()
        assert says != same == truth
    assert all("since epoch" in image.caption for image in repeated)
    for image in others:
        told, says, _ = re.fullmatch("told (.+), says (.+), is (.+)", image.caption).groups()
        assert told != says
