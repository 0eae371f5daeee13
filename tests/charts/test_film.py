"""A film shows after each epoch what the record has of it, computed here in another way."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves, film
from fmviz.page.guessing import Judged, Question, Span
from fmviz.run.measure import TOLERANCES, WEIGHT_EDGES
from fmviz.run.record import Divergence
from tests.support.charts import pair
from tests.support.records import synthetic, tiny


@pytest.fixture(scope="module")
def runs() -> list[Shown]:
    return pair()


def test_every_epoch_of_the_curves_is_the_records(runs: list[Shown]) -> None:
    reel = film.curves(runs, 100)
    assert [(line["run"], line["name"]) for line in reel["lines"]] == [
        (0, "training"),
        (0, "validation"),
        (1, "training"),
        (1, "validation"),
    ]
    for line, name in zip(reel["lines"], ("train_accuracy", "val_accuracy") * 2, strict=True):
        history = runs[line["run"]].record.history[name]
        assert line["values"][0] is None
        assert line["values"][1:] == pytest.approx(history.tolist(), rel=1e-4)
        assert line["labels"][1:] == [f"{100 * value:.1f}%" for value in history]
    low, high = reel["y"]["ends"]
    seen = [value for line in reel["lines"] for value in line["values"][1:]]
    assert low <= min(seen)
    assert high >= max(seen)
    upper, lower = (reel["lines"][index] for index in reel["band"])
    assert (upper["run"], upper["name"]) == (1, "training")
    assert (lower["run"], lower["name"]) == (1, "validation")


def test_the_run_before_is_whole_and_moves_with_nothing(runs: list[Shown]) -> None:
    reel = film.curves(runs, 100, ghost=curves.Ghost.of(runs[0]))
    assert [ghost["name"] for ghost in reel["ghosts"]] == ["before, training", "before, validation"]
    for ghost, name in zip(reel["ghosts"], ("train_accuracy", "val_accuracy"), strict=True):
        history = runs[0].record.history[name]
        assert ghost["values"][1:] == pytest.approx(history.tolist(), rel=1e-4)
        assert ghost["label"] == f"{100 * history[-1]:.1f}%"
    assert film.curves(runs, 100)["ghosts"] == []


def test_every_epoch_of_the_gap_is_training_minus_validation(runs: list[Shown]) -> None:
    reel = film.gap(runs)
    low, high = reel["x"]["ends"]
    for run, rows in zip(runs, reel["rows"], strict=True):
        history = run.record.history
        for epoch in range(1, run.record.epochs + 1):
            training, validation = (history[f"{s}_accuracy"][epoch - 1] for s in ("train", "val"))
            assert rows["training"][epoch] == pytest.approx(training, abs=1e-4)
            assert rows["validation"][epoch] == pytest.approx(validation, abs=1e-4)
            # All 1,000 training images are measured: only validation has an error.
            error = (validation * (1 - validation) / 2_500) ** 0.5
            assert rows["errors"][epoch] == pytest.approx([0, error], abs=1e-5)
            text = f"{100 * (training - validation):.1f} ± {100 * error:.1f}".replace("-", "−")
            assert rows["labels"][epoch] == text
            assert low <= validation - error
            assert high >= training


def test_the_large_figure_has_a_text_for_every_epoch(runs: list[Shown]) -> None:
    head = film.head(runs, "Gap", "What it is.", lambda run, epoch: f"{run.name} {epoch}")
    assert head["run"] == 1
    assert head["values"] == ["", *(f"with penalty {epoch}" for epoch in range(1, 101))]


def test_sparsity_counts_the_weights_of_every_epoch(runs: list[Shown]) -> None:
    reel = film.sparsity(runs, 1e-3)
    assert reel["rule"] == 1e-3
    assert film.sparsity(runs, 0.0)["rule"] is None
    for run, line in zip(runs, reel["lines"], strict=True):
        assert line["x"] == list(TOLERANCES[1:])
        counts = run.record.layers["near_zeros"].sum(axis=1)[:, 1:] / (784 * 128 + 128 * 10)
        assert np.array(line["y"][1:]) == pytest.approx(counts, abs=1e-4)
    # The last row, from the weights themselves.
    kernels = np.concatenate([kernel.ravel() for kernel in runs[1].record.kernels])
    share = np.mean(np.abs(kernels) <= np.float32(1e-3))
    last = dict(zip(reel["lines"][1]["x"], reel["lines"][1]["y"][100]))
    assert last[1e-3] == pytest.approx(share, abs=1e-4)


def test_the_distribution_of_the_last_epoch_is_that_of_its_weights(runs: list[Shown]) -> None:
    reel = film.distribution(runs)
    low, high = reel["x"]["ends"]
    for run, line in zip(runs, reel["lines"], strict=True):
        assert len(line["y"]) == run.record.epochs + 1
        assert all(len(row) == len(line["x"]) - 1 for row in line["y"])
        edges = np.array(line["x"])
        assert edges[0] <= low
        assert edges[-1] >= high
        # Bins are joined of those of the record, so its own edges count exactly.
        nearest = np.abs(WEIGHT_EDGES[1:-1][:, None] - edges).argmin(axis=0)
        edges = WEIGHT_EDGES[1:-1][nearest]
        kernels = np.concatenate([kernel.ravel() for kernel in run.record.kernels])
        counts = np.histogram(kernels, edges)[0]
        density = counts / kernels.size / np.diff(edges)
        drawn = [value or 0.0 for value in line["y"][run.record.epochs]]
        assert drawn == pytest.approx(density.tolist(), rel=6e-3)


def test_saturation_has_every_epoch_of_every_layer_and_its_start() -> None:
    runs = [
        Shown(name, synthetic(tiny(hidden=(7, 5)), seed=i), None, 3)
        for i, name in ((1, "a"), (2, "b"))
    ]
    bars = film.saturation(runs)["bars"]
    assert [(bar["group"], bar["note"], bar["run"]) for bar in bars] == [
        ("layer 1", "7 units", 0),
        ("layer 1", "7 units", 1),
        ("layer 2", "5 units", 0),
        ("layer 2", "5 units", 1),
    ]
    for bar in bars:
        record = runs[bar["run"]].record
        layer = int(bar["group"][-1]) - 1
        start, *epochs = bar["values"]
        assert start == pytest.approx(record.start_layers["saturation"][layer], abs=1e-4)
        assert epochs == pytest.approx(record.layers["saturation"][:, layer].tolist(), abs=1e-4)


def test_kernels_are_those_of_every_epoch_a_byte_a_weight(runs: list[Shown]) -> None:
    reel = film.kernels(runs, 0.1, runs)
    assert reel["limit"] == 0.1
    for run, picture in zip(runs, reel["pictures"], strict=True):
        record = run.record
        assert picture["units"] == 16
        assert len(picture["scales"]) == record.epochs + 1
        assert len(picture["pixels"]) < 600_000
        packed = zlib.decompress(base64.b64decode(picture["pixels"]))
        steps = np.frombuffer(packed, np.uint8).reshape(record.epochs + 1, 16, 784)
        pixels = np.cumsum(steps, 0, np.uint8).view(np.int8)
        for epoch, weights in ((record.best_epoch, record.best_weights), (100, record.weights)):
            kernel = weights[0][:, :16].T
            drawn = pixels[epoch] / 127 * picture["scales"][epoch]
            assert drawn == pytest.approx(record.snapshot(epoch).T, abs=1e-5)
            # These ship in coarser steps: off by 3½ of 127 at most.
            assert drawn == pytest.approx(kernel, abs=3.51 / 127 * picture["scales"][epoch])


def test_a_film_rests_where_the_words_are_about() -> None:
    runs = pair(patience=5, restore=True)
    clock = film.clock("regularisation", runs)
    assert clock["rest"] == runs[1].kept < 100
    assert [run["kept"] for run in clock["runs"]] == [run.kept for run in runs]
    assert [run["stop"] for run in clock["runs"]] == [
        None if run.stop is None else run.stop.stopped for run in runs
    ]
    assert (clock["first"], clock["last"]) == (1, 100)
    other = film.clock("regularisation", pair())
    assert other["key"] != clock["key"]


def test_what_can_be_played_are_finished_runs_of_two_epochs() -> None:
    finished = Shown("a", synthetic(), None, 3)
    short = Shown("b", synthetic(tiny(epochs=1)), None, 1)
    never = Shown("c", synthetic(epochs=0, diverged=Divergence(1, 0, 0, "loss")), None, 0)
    assert film.playable([finished, short])
    assert not film.playable([short])
    assert not film.playable([finished, never])
    assert not film.playable([])


def test_a_run_that_diverged_or_has_no_figure_is_sent_as_json() -> None:
    record = synthetic(epochs=2, diverged=Divergence(3, 0, 0, "loss"))
    layers = dict(record.layers)
    layers["saturation"] = np.full_like(layers["saturation"], np.nan)
    history = {**record.history, "train_crossentropy": np.array([np.nan, 1.0])}
    runs = [Shown("a", replace(record, layers=layers, history=history), None, 2)]
    reels = [
        film.curves(runs, 3),
        film.gap(runs),
        film.distribution(runs),
        film.saturation(runs),
        film.lines(film.both_splits(runs, "crossentropy", str), 3, kind="log"),
    ]
    for reel in reels:
        json.dumps(film.reel(film.clock("page", runs), "kind", "alt", reel), allow_nan=False)
    assert reels[3]["bars"][0]["values"][1:] == [None, None]
    assert reels[4]["lines"][0]["values"] == [None, None, 1.0]


def test_a_logarithm_has_no_zero() -> None:
    (drawn,) = film.lines([film.line(0, [0.0, 0.5], str)], 2, kind="log")["lines"]
    assert drawn["values"] == [None, None, 0.5]


def test_a_guess_is_marked_as_right_or_wrong() -> None:
    question = Question("?", ("it widens", "it narrows"), lambda runs: 1)
    wrong = {"guess": "it widens", "answer": "it narrows", "right": False, "spans": []}
    assert film.verdict(Judged(question, 0, 1), []) == wrong
    assert film.verdict(Judged(question, 1, 1), [])["right"]


def test_a_guess_of_a_range_is_marked_on_its_axis() -> None:
    bounds = [None, 0.2, None]
    question = Question(
        "?", ("low", "high"), lambda runs: 1, lambda runs, k: Span("y", *bounds[k : k + 2])
    )
    low = {"of": "guess", "axis": "y", "low": None, "high": 0.2}
    high = {"of": "answer", "axis": "y", "low": 0.2, "high": None}
    assert film.verdict(Judged(question, 0, 1), [])["spans"] == [low, high]
    # What is right is marked once.
    assert film.verdict(Judged(question, 1, 1), [])["spans"] == [{**high, "of": "guess"}]
