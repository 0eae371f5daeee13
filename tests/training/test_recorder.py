"""A record grown row by row from made-up arrays, its figures against NumPy and SciPy."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from fmviz.run import archive, data, measure
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.record import ANSWERS, HISTORY, NO_SNAPSHOTS, Divergence, RunRecord
from fmviz.theory.initializers import initial_weights
from fmviz.training.recorder import Measured, Recorder, evaluation_slices
from tests.support.records import tiny

IMAGES = 2_500 + 1_250 + 5_000  # validation, training sample, test


def measured(config: RunConfig, seed: int = 0, **changes: Any) -> Measured:
    """Arrays as the trainer would hand them over, different in every number."""
    rng = np.random.default_rng(seed)
    zs = [rng.normal(0, 3, (data.PROBE_IMAGES, u)).astype(np.float32) for u in config.hidden]
    layers = len(config.hidden) + 1
    return Measured(
        figures={
            "running_accuracy": rng.random(),
            "running_crossentropy": rng.random(),
            "learning_rate": rng.random(),
            "seconds": float(seed),
        },
        predicted=rng.integers(0, 10, IMAGES).astype(np.uint8),
        crossentropy=rng.random(IMAGES).astype(np.float32),
        confidence=rng.integers(26, 256, IMAGES).astype(np.uint8),
        pre_activations=zs,
        activations=[np.tanh(z) for z in zs],
        weights=[
            w + rng.normal(0, 0.1, w.shape).astype(np.float32) for w in initial_weights(config)
        ],
        gradient_norms=rng.random(layers).astype(np.float32),
        update_norms=rng.random(layers).astype(np.float32),
    )._replace(**changes)


def grown(
    config: RunConfig, rows: list[Measured], ended: bool = True, test: bool = True
) -> RunRecord:
    recorder = Recorder(config, test)
    for row in rows:
        assert recorder.add(row)
    if ended and recorder.rows < config.epochs + 1:
        recorder.diverged = Divergence(recorder.rows - 1, 0, 0, "loss")
    return recorder.record({"keras": "3.0"})


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_the_parts_of_the_evaluation_touch_and_leave_nothing_out(dataset: str) -> None:
    parts = evaluation_slices(dataset)
    info = DATASETS[dataset]
    sizes = {"val": info.validation, "train": info.train_sample, "test": info.test}
    assert {name: part.stop - part.start for name, part in parts.items()} == sizes
    ends = sorted((part.start, part.stop) for part in parts.values())
    assert ends[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(ends))


@pytest.mark.parametrize("train_size", [100, 1_250, 4_000])
def test_accuracies_are_shares_of_the_labels_as_told(train_size: int) -> None:
    config = tiny(train_size=train_size, label_noise=0.3, seed=4)
    row = measured(config)
    record = grown(config, [row])
    images = data.load()
    told, corrupted = data.with_noise(images.train.labels[:train_size], 0.3, 4)
    sample = min(train_size, 1_250)
    val, train, test = np.split(row.predicted, [2_500, 3_750])
    nats = np.split(row.crossentropy.astype(float), [2_500, 3_750])
    wrong = np.zeros(train_size, bool)
    wrong[corrupted] = True
    right = train[:sample] == told[:sample]
    expected = {
        "val_accuracy": (val == images.validation.labels).mean(),
        "test_accuracy": (test == images.test.labels).mean(),
        "train_accuracy": right.mean(),
        "clean_accuracy": right[~wrong[:sample]].mean(),
        "corrupted_accuracy": right[wrong[:sample]].mean(),
        "val_crossentropy": nats[0].mean(),
        "train_crossentropy": nats[1][:sample].mean(),
        "test_crossentropy": nats[2].mean(),
    }
    for name, value in expected.items():
        assert record.at(name, 0) == pytest.approx(value, rel=1e-12)
    assert record.examples == {
        "train": sample,
        "corrupted": wrong[:sample].sum(),
        "validation": 2_500,
        "test": 5_000,
        "probe": data.PROBE_IMAGES,
    }
    np.testing.assert_array_equal(record.val_predictions, val[None])
    np.testing.assert_array_equal(record.test_predictions, test[None])


@pytest.mark.parametrize("images", [3_750, IMAGES])
def test_test_images_are_not_looked_at_unless_asked_for(images: int) -> None:
    config = tiny(epochs=2)
    rows = [measured(config, seed) for seed in range(3)]
    cut = [
        row._replace(predicted=row.predicted[:images], crossentropy=row.crossentropy[:images])
        for row in rows
    ]
    without, whole = grown(config, cut, test=False), grown(config, rows)
    assert whole.has_test
    assert not without.has_test
    assert set(whole.history) - set(without.history) == {"test_accuracy", "test_crossentropy"}
    assert set(whole.examples) - set(without.examples) == {"test"}
    assert without.test_predictions.shape == (0, 0)
    for name, values in without.history.items():
        np.testing.assert_array_equal(values, whole.history[name])
    for name, layers in without.layers.items():
        np.testing.assert_array_equal(layers, whole.layers[name])
    np.testing.assert_array_equal(without.val_predictions, whole.val_predictions)


def test_a_run_diverges_alike_whether_test_images_are_measured_or_not() -> None:
    config = tiny()
    row = measured(config)
    row.crossentropy[-1] = np.inf
    for test in (False, True):
        assert Recorder(config, test).add(row)
    row.crossentropy[0] = np.inf
    for test in (False, True):
        assert not Recorder(config, test).add(row)


@pytest.mark.parametrize(
    ("penalty", "value"),
    [
        ("none", lambda w: 0.0),
        ("l1", lambda w: 7 / 100 * np.abs(w).sum()),
        ("l2", lambda w: 7 / 200 * (w**2).sum()),
        ("l1_l2", lambda w: 0.2 * 7 / 100 * np.abs(w).sum() + 0.8 * 7 / 200 * (w**2).sum()),
        # Outside of the loss: Keras's val_loss does not contain them.
        ("weight_decay", lambda w: 0.0),
        ("l1_proximal", lambda w: 0.0),
    ],
)
def test_val_loss_is_cross_entropy_plus_what_keras_would_add(penalty: str, value: Any) -> None:
    config = tiny(penalty=penalty, lam=7.0, l1_share=0.2)
    row = measured(config)
    record = grown(config, [row])
    expected = sum(value(kernel.astype(float)) for kernel in row.weights[::2])
    assert record.at("penalty", 0) == pytest.approx(expected, rel=1e-6)
    total = record.at("val_crossentropy", 0) + record.at("penalty", 0)
    assert record.at("val_loss", 0) == pytest.approx(total, rel=1e-12)


def test_layers_are_measured_by_kernel_and_by_hidden_layer() -> None:
    config = tiny(activation="sigmoid")
    row = measured(config)
    row = row._replace(activations=[expit(z) for z in row.pre_activations])
    record = grown(config, [row])
    layers = record.start_layers
    for i, kernel in enumerate(row.weights[::2]):
        norm = np.linalg.norm(kernel.astype(float))
        assert layers["kernel_norm"][i] == pytest.approx(norm, rel=1e-12)
        assert layers["gradient_norm"][i] == pytest.approx(float(row.gradient_norms[i]))
        assert layers["update_ratio"][i] == pytest.approx(float(row.update_norms[i]) / norm)
        assert layers["weight_histogram"][i].sum() == kernel.size
        for tolerance, count in zip(measure.TOLERANCES, layers["near_zeros"][i], strict=True):
            assert count == (np.abs(kernel) <= np.float32(tolerance)).sum()
    for i, (z, a) in enumerate(zip(row.pre_activations, row.activations, strict=True)):
        saturated = (a < 0.01) | (a > 0.99)
        assert layers["saturation"][i] == pytest.approx(saturated.mean(), abs=1e-12)
        assert layers["dead_units"][i] == saturated.all(axis=0).mean()
        edges = np.linspace(0, 1, 41)
        # Rounding decides of what lies on an edge alone.
        expected = np.histogram(a, edges)[0]
        assert np.abs(layers["activation_histogram"][i] - expected).sum() <= 4
        assert z.size == layers["activation_histogram"][i].sum()


def test_a_kernel_of_zeros_has_no_update_ratio() -> None:
    config = tiny()
    row = measured(config)
    row.weights[2][:] = 0
    ratio = grown(config, [row]).start_layers["update_ratio"]
    assert np.isnan(ratio).tolist() == [False, True, False]


def test_a_network_without_hidden_layers_has_empty_measures_of_them() -> None:
    config = tiny(hidden=())
    record = grown(config, [measured(config)] * 4)
    assert record.layers["saturation"].shape == (3, 0)
    assert record.layers["activation_histogram"].shape == (3, 0, measure.ACTIVATION_BINS)
    assert archive.unpack(archive.pack(record)).epochs == 3


def test_rows_come_in_order_and_the_first_is_the_start() -> None:
    config = tiny()
    rows = [measured(config, seed) for seed in range(4)]
    record = grown(config, rows)
    assert record.epochs == 3
    assert record.at("seconds", 0) == 0
    assert record.history["seconds"].tolist() == [1, 2, 3]
    assert set(record.history) == set(record.start) == set(HISTORY)
    rates = [row.figures["learning_rate"] for row in rows]
    assert [record.at("learning_rate", e) for e in (0, 1, 2, 3)] == rates
    np.testing.assert_array_equal(record.val_predictions, [r.predicted[:2_500] for r in rows])
    np.testing.assert_array_equal(record.test_predictions, [r.predicted[3_750:] for r in rows])


def of_crossentropy(config: RunConfig, values: list[float]) -> list[Measured]:
    """Rows with these validation cross-entropies, after a start that beats them all."""
    return [
        measured(config, seed, crossentropy=np.full(IMAGES, value, np.float32))
        for seed, value in enumerate([0.0, *values])
    ]


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([0.3, 0.1, 0.2], 2),
        ([0.3, 0.2, 0.1], 3),
        ([0.1, 0.1, 0.2], 1),
        ([0.3, 0.1, 0.1], 2),
    ],
)
def test_the_weights_of_the_best_epoch_are_kept(values: list[float], best: int) -> None:
    config = tiny()
    rows = of_crossentropy(config, values)
    record = grown(config, rows)
    assert record.best_epoch == best
    for kept, given in zip(record.best_weights, rows[best].weights, strict=True):
        np.testing.assert_array_equal(kept, given)
    for kept, given in zip(record.weights, rows[-1].weights, strict=True):
        np.testing.assert_array_equal(kept, given)


def test_a_record_so_far_stays_as_it_was_when_the_run_goes_on() -> None:
    config = tiny(epochs=3)
    rows = [measured(config, seed) for seed in range(4)]
    recorder = Recorder(config)
    for row in rows[:2]:
        assert recorder.add(row)
    so_far = recorder.record({})
    before = archive.pack(so_far, level=0)
    assert so_far.epochs == 1
    for row in rows[2:]:
        assert recorder.add(row)
    assert recorder.record({}).epochs == 3
    assert archive.pack(so_far, level=0) == before
    with pytest.raises(ValueError, match="read-only"):
        so_far.history["val_accuracy"][0] = 1.0


def test_a_picture_of_the_first_weights_is_taken_of_every_epoch() -> None:
    config = tiny(hidden=(20,), epochs=4)
    rows = [measured(config, seed) for seed in range(5)]
    record = grown(config, rows)
    for epoch, row in enumerate(rows):
        given = row.weights[0][:, :16]
        error = np.abs(record.snapshot(epoch) - given).max()
        assert error <= 0.0047 * np.abs(given).max()


def test_confidences_are_those_of_the_validation_images() -> None:
    config = tiny(epochs=2)
    rows = [measured(config, seed) for seed in range(3)]
    record = grown(config, rows)
    np.testing.assert_array_equal(record.val_confidences, [row.confidence[:2_500] for row in rows])


@pytest.mark.parametrize(
    "spoilt",
    [
        *(f"{kind} {where}" for kind in ("nan", "inf") for where in ("kernel", "validation")),
        "nan training",
        "inf running",
        "a norm beyond single precision",
    ],
)
def test_a_row_that_is_not_finite_is_refused_and_nothing_of_it_is_kept(spoilt: str) -> None:
    config = tiny()
    rows = [measured(config, seed) for seed in range(2)]
    bad = measured(config, 2)
    value = math.nan if "nan" in spoilt else math.inf
    if "kernel" in spoilt:
        bad.weights[2][0, 0] = value
    elif "validation" in spoilt:
        bad.crossentropy[7] = value
    elif "training" in spoilt:
        bad.crossentropy[2_500 + 7] = value
    elif "test" in spoilt:
        bad.crossentropy[-1] = value
    elif "running" in spoilt:
        bad.figures["running_crossentropy"] = value
    else:
        bad.weights[0][:] = 1e38
    recorder = Recorder(config)
    for row in rows:
        assert recorder.add(row)
    before = recorder.record({})
    assert not recorder.add(bad)
    assert recorder.rows == 2
    recorder.diverged = Divergence(2, 0, 0, "loss")
    record = recorder.record({})
    assert record.epochs == 1
    for name, values in before.history.items():
        np.testing.assert_array_equal(record.history[name], values)
    for kept, given in zip(record.weights, rows[-1].weights, strict=True):
        np.testing.assert_array_equal(kept, given)


def test_running_figures_of_the_start_are_not_asked_to_be_finite() -> None:
    config = tiny()
    start = measured(config)
    start.figures.update(running_accuracy=math.nan, running_crossentropy=math.nan)
    record = grown(config, [start])
    assert math.isnan(record.at("running_crossentropy", 0))


def test_training_pixels_beyond_the_training_set_count_nothing() -> None:
    config = tiny()
    row = measured(config)
    spoilt = row.crossentropy.copy()
    spoilt[2_500 + 100 : 3_750] = math.nan
    predicted = row.predicted.copy()
    predicted[2_500 + 100 : 3_750] = 0
    one = grown(config, [row])
    other = grown(config, [row._replace(crossentropy=spoilt, predicted=predicted)])
    assert one.start["train_crossentropy"] == other.start["train_crossentropy"]
    assert one.start["train_accuracy"] == other.start["train_accuracy"]


def test_a_run_that_goes_on_holds_figures_and_no_large_arrays() -> None:
    config = tiny()
    record = grown(config, [measured(config, seed) for seed in range(3)], ended=False)
    assert not record.complete
    assert (record.weights, record.best_weights, record.made) == ((), (), {})
    large = [getattr(record, name) for name in (*ANSWERS, *NO_SNAPSHOTS)]
    assert not any(array.size for array in large)
    back = archive.unpack(archive.pack(record))
    assert back.epochs == 2


@pytest.mark.parametrize("epochs", [0, 2])
def test_a_run_that_diverged_holds_its_last_finite_state(epochs: int) -> None:
    config = tiny()
    rows = [measured(config, seed) for seed in range(epochs + 1)]
    record = grown(config, rows)
    assert record.complete
    assert record.epochs == epochs
    assert record.made == {"keras": "3.0"}
    for kept, given in zip(record.weights, rows[-1].weights, strict=True):
        np.testing.assert_array_equal(kept, given)
    if not epochs:
        for kept, given in zip(record.best_weights, rows[0].weights, strict=True):
            np.testing.assert_array_equal(kept, given)
    assert record.snapshots.shape == (epochs + 1, 784, 4)
    back = archive.unpack(archive.pack(record))
    assert back.diverged == record.diverged
    assert len(back.best_weights) == 6


def test_what_was_recorded_does_not_change_with_the_trainers_arrays() -> None:
    config = tiny()
    rows = [measured(config, seed) for seed in range(4)]
    record = grown(config, rows)
    kept = record.test_predictions.copy()
    for row in rows:
        row.predicted[:] = 0
    np.testing.assert_array_equal(record.test_predictions, kept)


def test_a_run_is_told_its_labels_with_its_own_noise() -> None:
    config = tiny(label_noise=0.3, seed=4)
    labels, _ = data.with_noise(data.load().train.labels[:100], 0.3, 4)
    np.testing.assert_array_equal(Recorder(config).labels, labels)


def test_what_pages_may_import_leaves_tensorflow_alone() -> None:
    script = (
        "import sys, fmviz.training.recorder, fmviz.theory.initializers, fmviz.words.shared\n"
        "found = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "sys.exit(f'imported: {found}' if found else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
