"""A record as a value, as bytes, and its figures against independent ones."""

from __future__ import annotations

import io
import json
import math
import pickle
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.run import archive, data
from fmviz.run.config import RECORD_SCHEMA, RunConfig
from fmviz.run.measure import TOLERANCES
from fmviz.run.record import (
    ANSWERS,
    HIDDEN_MEASURES,
    HISTORY,
    KERNEL_MEASURES,
    NO_SNAPSHOTS,
    Divergence,
    RecordError,
    RunRecord,
    n_weights,
)
from tests.support.records import SHIPPED, same_figures, shipped, synthetic, tiny, untested


def assert_the_same(a: RunRecord, b: RunRecord) -> None:
    assert same_figures(a, b)
    np.testing.assert_array_equal(a.history["seconds"], b.history["seconds"])
    assert (a.start["seconds"], a.examples, a.made) == (b.start["seconds"], b.examples, b.made)


RECORDS: dict[str, Callable[[], RunRecord]] = {
    "finished": synthetic,
    "going on": lambda: synthetic(epochs=2),
    "not begun": lambda: synthetic(epochs=0),
    "diverged": lambda: synthetic(epochs=1, diverged=Divergence(2, 3, 0, "gradient")),
    "diverged at once": lambda: synthetic(epochs=0, diverged=Divergence(1, 0, 2, "loss")),
    "with its best weights before the last": lambda: synthetic(val_crossentropy=[0.5, 0.1, 0.3]),
    "with its best weights at the end": lambda: synthetic(val_crossentropy=[0.5, 0.3, 0.1]),
    "with equally good epochs": lambda: synthetic(val_crossentropy=[0.5, 0.1, 0.1]),
    "with layers wider than a snapshot": lambda: synthetic(tiny(hidden=(20,))),
    "of many epochs": lambda: synthetic(tiny(epochs=100)),
    "diverged with its best before the last": lambda: synthetic(
        tiny(epochs=9),
        epochs=5,
        diverged=Divergence(6, 0, 0, "loss"),
        val_crossentropy=[0.5, 0.1, 0.3, 0.4, 0.2],
    ),
    "without hidden layers": lambda: synthetic(tiny(hidden=())),
    "without test figures": lambda: untested(synthetic()),
    "going on without test figures": lambda: untested(synthetic(epochs=2)),
    "brief": lambda: synthetic().brief(),
    "with pictures in place of weights": lambda: synthetic().pictured(),
    "in outline": lambda: synthetic().outline(),
    "in outline without test figures": lambda: untested(synthetic()).outline(),
    "with figures that are no numbers": lambda: synthetic(corrupted_accuracy=math.nan),
}


def test_test_figures_that_were_not_measured_are_never_numbers() -> None:
    record = untested(synthetic())
    assert not record.has_test
    for ask in (
        lambda: record.at("test_accuracy", 0),
        lambda: record.at_end("test_crossentropy"),
        lambda: record.estimate("test_accuracy", 1),
        lambda: record.answers("test", 0),
    ):
        with pytest.raises(LookupError, match="ask for the run with test=True"):
            ask()


def test_a_record_covers_another_where_it_lacks_nothing_that_that_has() -> None:
    whole = synthetic()
    kinds = [
        whole,
        whole.pictured(),
        whole.brief(),
        whole.outline(),
        untested(whole),
        untested(whole).brief(),
    ]
    covers = [[a.covers(b) for b in kinds] for a in kinds]
    assert covers == [
        [True, True, True, True, True, True],
        [False, True, True, True, False, True],
        [False, False, True, True, False, True],
        [False, False, False, True, False, False],
        [False, False, False, False, True, True],
        [False, False, False, False, False, True],
    ]


@pytest.mark.parametrize("kind", sorted(RECORDS))
@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_record_survives_the_way_through_bytes(kind: str, level: int) -> None:
    record = RECORDS[kind]()
    back = archive.unpack(archive.pack(record, level=level))
    assert_the_same(back, record)
    assert back.config == record.config
    assert back.diverged == record.diverged
    assert back.complete == record.complete
    for name in ("weights", "best_weights"):
        arrays = [(w.dtype, w.shape) for w in getattr(record, name)]
        assert [(w.dtype, w.shape) for w in getattr(back, name)] == arrays
        for ours, theirs in zip(getattr(back, name), getattr(record, name), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for name in (*ANSWERS, *NO_SNAPSHOTS):
        ours, theirs = getattr(back, name), getattr(record, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert list(back.layers) == list(record.layers)
    for name in record.layers:
        np.testing.assert_array_equal(back.layers[name], record.layers[name])
        np.testing.assert_array_equal(back.start_layers[name], record.start_layers[name])
    for name in record.history:
        np.testing.assert_array_equal(back.history[name], record.history[name])
        np.testing.assert_array_equal(back.start[name], record.start[name])


def test_what_was_read_cannot_be_changed() -> None:
    back = archive.unpack(archive.pack(synthetic()))
    for array in (
        *back.weights,
        *back.best_weights,
        *back.history.values(),
        *back.layers.values(),
        *back.start_layers.values(),
        back.val_predictions,
        back.test_predictions,
        back.val_confidences,
        back.snapshots,
        back.snapshot_scales,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_bytes_hold_no_pickle() -> None:
    with zipfile.ZipFile(io.BytesIO(archive.pack(synthetic()))) as file:
        for name in file.namelist():
            np.lib.format.read_array(io.BytesIO(file.read(name)), allow_pickle=False)


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=4, max_size=4),
    st.sampled_from([0, 1]),
)
@settings(max_examples=60, deadline=None)
def test_any_predictions_survive_the_way_through_bytes(rows: list[list[int]], level: int) -> None:
    record = synthetic()
    predictions = record.test_predictions.copy()
    predictions[:, :6] = rows
    changed = replace(record, test_predictions=predictions)
    back = archive.unpack(archive.pack(changed, level=level))
    np.testing.assert_array_equal(back.test_predictions, predictions)
    np.testing.assert_array_equal(back.val_predictions, record.val_predictions)


def test_weights_that_are_the_best_and_the_last_are_kept_once() -> None:
    last, earlier = (
        archive.pack(synthetic(tiny(hidden=(200,)), val_crossentropy=values), level=0)
        for values in ([0.3, 0.2, 0.1], [0.1, 0.2, 0.3])
    )
    assert len(earlier) - len(last) == pytest.approx(4 * (784 * 200 + 200 + 2_000 + 10), abs=2_000)
    back = archive.unpack(last)
    for ours, theirs in zip(back.best_weights, back.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    back = archive.unpack(earlier)
    assert (back.best_weights[0] != back.weights[0]).any()


# Completeness and figures


@pytest.mark.parametrize(
    ("values", "best"),
    [([0.3, 0.1, 0.2], 2), ([0.1, 0.1, 0.1], 1), ([0.3, 0.2, 0.1], 3), ([0.2, 0.1, 0.1], 2)],
)
def test_the_best_epoch_is_the_first_with_the_lowest_cross_entropy(
    values: list[float], best: int
) -> None:
    assert synthetic(val_crossentropy=values).best_epoch == best
    assert synthetic(epochs=0).best_epoch == 0


def test_the_first_weights_are_read_at_any_epoch_on_its_own_scale() -> None:
    record = synthetic(tiny(hidden=(20,), epochs=3))
    for epoch in range(4):
        expected = record.snapshots[epoch] / 127 * record.snapshot_scales[epoch]
        np.testing.assert_allclose(record.snapshot(epoch), expected, rtol=1e-6)
    assert record.snapshot(0).shape == (784, 16)
    for epoch in range(4):
        # Three numbers of 127 at most, on the same scale.
        off = np.abs(record.pictured().snapshot(epoch) - record.snapshot(epoch))
        assert off.max() <= record.snapshot_scales[epoch] * (3 / 127 + 1e-6)
    with pytest.raises(IndexError, match="from 0 to 3, not 4"):
        record.snapshot(4)
    for none in (record.brief(), synthetic(epochs=2)):
        with pytest.raises(ValueError, match="no pictures of its weights"):
            none.snapshot(1)


def test_confidences_are_probabilities_and_brief_records_keep_them() -> None:
    record = synthetic().brief()
    for epoch in range(4):
        expected = record.val_confidences[epoch].astype(float) / 255
        np.testing.assert_array_equal(record.confidences(epoch), expected)
        assert record.confidences(epoch).shape == (2_500,)
    with pytest.raises(ValueError, match="at its end"):
        synthetic(epochs=2).confidences(1)


@given(st.lists(st.integers(26, 255), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_coarse_confidences_are_near_the_others_and_pack_into_less(values: list[int]) -> None:
    record = synthetic()
    sure = np.resize(np.array(values, np.uint8), record.val_confidences.shape)
    record = replace(record, val_confidences=sure)
    coarse = record.coarse()
    p, near = sure / 255, coarse.val_confidences / 255
    assert coarse.val_confidences.dtype == np.uint8
    # Half a step of √(1 − p) to either side, and a byte's own rounding.
    assert (np.abs(near - p) <= np.sqrt(1 - p) / 16 + 1 / 1024 + 1 / 510 + 1e-9).all()
    assert len(np.unique(coarse.val_confidences)) <= 17
    np.testing.assert_array_equal(coarse.coarse().val_confidences, coarse.val_confidences)


def test_what_is_kept_of_every_epoch_takes_a_megabyte_and_a_half_in_the_longest_run() -> None:
    record = synthetic(RunConfig(epochs=100))
    assert record.snapshots.nbytes + record.val_confidences.nbytes < 1.53e6
    assert record.nbytes - record.brief().nbytes > record.snapshots.nbytes


@pytest.mark.parametrize(
    ("kind", "complete", "epochs"),
    [
        ("finished", True, 3),
        ("going on", False, 2),
        ("not begun", False, 0),
        ("diverged", True, 1),
        ("diverged at once", True, 0),
    ],
)
def test_a_run_ends_with_its_last_epoch_or_by_diverging(
    kind: str, complete: bool, epochs: int
) -> None:
    record = RECORDS[kind]()
    assert record.complete is complete
    assert record.epochs == epochs


def test_the_gap_is_read_at_an_epoch_or_before_the_first_step() -> None:
    record = synthetic(
        tiny(train_size=10_000),
        train_accuracy=[0.5, 0.9, 1.0],
        val_accuracy=[0.4, 0.8, 0.7],
        examples={"train": 900, "validation": 1_600},
    )
    gap = record.gap(2)
    assert gap.value == pytest.approx(0.1)
    drawn = 9_100 / 9_999  # 900 of 10,000
    assert gap.error == pytest.approx(math.sqrt(drawn * 0.9 * 0.1 / 900 + 0.8 * 0.2 / 1_600))
    start = record.gap(0)
    assert start.value == pytest.approx(
        record.start["train_accuracy"] - record.start["val_accuracy"]
    )


@pytest.mark.parametrize(
    ("name", "examples", "population"),
    [
        ("train_accuracy", 100, 500),
        ("val_accuracy", 400, None),
        ("test_accuracy", 1_600, None),
        ("corrupted_accuracy", 25, 100),
        ("clean_accuracy", 75, 400),
    ],
)
def test_an_accuracy_has_the_error_of_the_images_it_is_measured_on(
    name: str, examples: int, population: int | None
) -> None:
    counts = {"train": 100, "validation": 400, "test": 1_600, "corrupted": 25}
    config = tiny(train_size=500, label_noise=0.2)
    record = synthetic(config, examples=counts, **{name: 0.5})
    assert record.measured_on(name) == (examples, population)
    estimate = record.estimate(name, 2)
    assert estimate.value == 0.5
    # Of a sample of so many there are, the finite-population factor takes its part off.
    factor = 1 if population is None else (population - examples) / (population - 1)
    assert estimate.error == pytest.approx(0.5 * math.sqrt(factor / examples))


def test_where_all_training_images_are_measured_their_accuracy_has_no_error() -> None:
    record = synthetic(
        tiny(train_size=20), train_accuracy=0.85, val_accuracy=0.5, examples={"train": 20}
    )
    assert record.estimate("train_accuracy", 2).error == 0
    assert record.gap(2).error == record.estimate("val_accuracy", 2).error


@pytest.mark.parametrize(
    ("hidden", "weights"), [((), 7_840), ((128,), 101_632), ((4, 3), 784 * 4 + 4 * 3 + 3 * 10)]
)
def test_kernel_weights_are_counted_without_biases(hidden: tuple[int, ...], weights: int) -> None:
    assert n_weights(RunConfig(hidden=hidden)) == weights


def test_sparsity_is_counted_at_listed_tolerances_alone() -> None:
    record = synthetic()
    counts = record.layers["near_zeros"][2, :, TOLERANCES.index(1e-3)]
    assert record.sparsity(1e-3, 3) == pytest.approx(counts.sum() / (784 * 4 + 12 + 30))
    start = record.start_layers["near_zeros"][:, 0]
    assert record.sparsity(0.0, 0) == pytest.approx(start.sum() / (784 * 4 + 12 + 30))
    with pytest.raises(ValueError, match="tolerance must be one of"):
        record.sparsity(1.5e-3, 2)


# The shipped runs are real: their figures must agree with each other and with the images.


@pytest.mark.parametrize("config", SHIPPED, ids=lambda c: c.penalty)
def test_a_shipped_runs_test_accuracy_is_that_of_its_predictions(config: RunConfig) -> None:
    record = shipped(config)
    right = (record.test_predictions == data.load().test.labels).mean(axis=1)
    np.testing.assert_allclose(record.history["test_accuracy"], right[1:], atol=1e-6)
    assert record.start["test_accuracy"] == pytest.approx(right[0], abs=1e-6)


@pytest.mark.parametrize("config", SHIPPED, ids=lambda c: c.penalty)
def test_a_shipped_runs_last_figures_are_those_of_its_weights(config: RunConfig) -> None:
    record = shipped(config)
    (w1, b1, w2, b2), images = record.weights, data.load()
    for name, part in (("val", images.validation), ("test", images.test)):
        logits = np.tanh(part.pixels.astype(float) @ w1 + b1) @ w2 + b2
        assert record.history[f"{name}_accuracy"][-1] == pytest.approx(
            (logits.argmax(axis=1) == part.labels).mean(), abs=5e-4
        )
        normaliser = np.log(np.exp(logits).sum(axis=1))
        nats = (normaliser - logits[np.arange(len(part)), part.labels]).mean()
        assert record.history[f"{name}_crossentropy"][-1] == pytest.approx(nats, rel=1e-4)
    penalty = (
        config.lam / (2 * config.train_size) * sum((w.astype(float) ** 2).sum() for w in (w1, w2))
    )
    assert record.history["penalty"][-1] == pytest.approx(penalty, rel=1e-4)
    assert record.history["val_loss"][-1] == pytest.approx(
        record.history["val_crossentropy"][-1] + penalty, rel=1e-4
    )
    for index, kernel in enumerate((w1, w2)):
        for tolerance, count in zip(TOLERANCES, record.layers["near_zeros"][-1, index]):
            assert count == (np.abs(kernel) <= np.float32(tolerance)).sum()
        norm = np.linalg.norm(kernel.astype(float))
        assert record.layers["kernel_norm"][-1, index] == pytest.approx(norm, rel=1e-5)
    probe = np.tanh(images.validation.pixels[: record.examples["probe"]].astype(float) @ w1 + b1)
    flat = np.abs(probe) > 0.99
    assert record.layers["saturation"][-1, 0] == pytest.approx(flat.mean(), abs=1e-4)
    assert record.layers["dead_units"][-1, 0] == pytest.approx(flat.all(axis=0).mean(), abs=1e-3)


def test_the_shipped_pair_is_matched_and_its_penalty_closes_the_gap() -> None:
    free, penalised = map(shipped, SHIPPED)
    assert free.config == penalised.config.baseline
    for name in ("train_accuracy", "val_crossentropy", "test_accuracy"):
        assert free.start[name] == penalised.start[name]
    assert penalised.gap(penalised.epochs).value < free.gap(penalised.epochs).value
    assert penalised.layers["kernel_norm"][-1].sum() < free.layers["kernel_norm"][-1].sum()
    # A fresh, unsaturated network of 10 classes.
    assert free.start["val_crossentropy"] == pytest.approx(math.log(10), abs=0.05)


# Equality


CHANGES: dict[str, Callable[[RunRecord], RunRecord]] = {
    "config": lambda r: replace(r, config=r.config.replace(seed=1)),
    "a figure of the history": lambda r: replace(
        r, history={**r.history, "val_loss": r.history["val_loss"] + 1e-15}
    ),
    "an epoch less": lambda r: replace(r, history={n: v[:-1] for n, v in r.history.items()}),
    "a layer's figure": lambda r: replace(
        r, layers={**r.layers, "kernel_norm": r.layers["kernel_norm"] + 1e-15}
    ),
    "a figure of the start": lambda r: replace(r, start={**r.start, "val_loss": 9.0}),
    "a layer's figure at the start": lambda r: replace(
        r, start_layers={**r.start_layers, "saturation": r.start_layers["saturation"] / 2}
    ),
    "a prediction": lambda r: replace(r, test_predictions=(r.test_predictions + 1) % 10),
    "a validation prediction": lambda r: replace(r, val_predictions=(r.val_predictions + 1) % 10),
    "a confidence": lambda r: replace(r, val_confidences=r.val_confidences - 1),
    "a snapshot": lambda r: replace(r, snapshots=r.snapshots + np.int8(1)),
    "a snapshot's scale": lambda r: replace(r, snapshot_scales=r.snapshot_scales + 1e-15),
    "a snapshot less": lambda r: replace(r, snapshots=r.snapshots[:-1]),
    "a best kernel": lambda r: replace(
        r, best_weights=(r.best_weights[0] + 1, *r.best_weights[1:])
    ),
    "no best weights": lambda r: replace(r, best_weights=()),
    **{
        f"a figure of {name}": lambda r, name=name: replace(  # type: ignore[misc]
            r, layers={**r.layers, name: r.layers[name] + 1}
        )
        for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
    },
    "a bias": lambda r: replace(r, weights=(*r.weights[:-1], r.weights[-1] + 1)),
    "no weights": lambda r: replace(r, weights=()),
    "divergence": lambda r: replace(r, diverged=Divergence(1, 0, 0, "loss")),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_one_figure_changed_is_another_record(change: str) -> None:
    record = synthetic()
    assert same_figures(record, synthetic())
    assert not same_figures(record, CHANGES[change](record))
    assert not same_figures(CHANGES[change](record), record)


def test_the_order_in_which_measures_are_kept_is_left_aside() -> None:
    record = synthetic()
    turned = replace(
        record,
        history=dict(reversed(record.history.items())),
        layers=dict(reversed(record.layers.items())),
    )
    assert same_figures(record, turned)
    assert same_figures(turned, record)


def test_when_and_where_a_run_was_made_is_left_aside() -> None:
    record = synthetic()
    later = replace(
        record,
        made={"date": "2030-01-01"},
        history={**record.history, "seconds": record.history["seconds"] + 5},
        start={**record.start, "seconds": 5.0},
    )
    assert same_figures(record, later)


# Bytes that are no record


@cache
def sound_bytes() -> bytes:
    return archive.pack(synthetic(tiny(hidden=(3,)), val_crossentropy=[0.2, 0.1, 0.3]))


@cache
def sound_table() -> dict[str, Any]:
    with np.load(io.BytesIO(sound_bytes())) as file:
        return {name: file[name] for name in file.files}


@cache
def plain_bytes() -> bytes:
    record = synthetic(tiny(hidden=(3,)), val_crossentropy=[0.2, 0.1, 0.3])
    return archive.pack(record, level=0)


def check_damaged(content: bytes, sound: bytes) -> None:
    """Damaged bytes are a RecordError or read as the very record they were."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what NumPy says of odd headers
            record = archive.unpack(content)
    except RecordError:
        return
    assert_the_same(record, archive.unpack(sound))


@pytest.mark.slow
@given(st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_random_damage_is_a_record_error_or_an_equal_record(
    compress: bool, draw: st.DataObject
) -> None:
    sound = sound_bytes() if compress else plain_bytes()
    size = len(sound)
    content = bytearray(sound)
    # Anywhere, and often in the last two kilobytes: the directory of the archive.
    places = st.integers(0, size - 1) | st.integers(size - 2_000, size - 1)
    for place in draw.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] ^= 1 << draw.draw(st.integers(0, 7))
    check_damaged(bytes(content), sound)


@pytest.mark.slow
def test_every_kind_of_single_flipped_bit_is_a_record_error_or_an_equal_record() -> None:
    sound = sound_bytes()
    rng = np.random.default_rng(0)
    for place in sorted({*range(0, len(sound), 41), *range(len(sound) - 1_800, len(sound), 3)}):
        content = bytearray(sound)
        content[place] ^= 1 << int(rng.integers(8))
        check_damaged(bytes(content), sound)


def test_flipped_bits_in_the_headers_of_uncompressed_arrays_are_noticed() -> None:
    sound = plain_bytes()
    for start in (m for m in range(len(sound)) if sound.startswith(b"\x93NUMPY", m)):
        for place in range(start, start + 80):
            content = bytearray(sound)
            content[place] ^= 1 << (place % 8)
            check_damaged(bytes(content), sound)


@given(st.floats(0, 1, exclude_max=True), st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_truncated_record_is_a_record_error(share: float, compress: bool) -> None:
    sound = sound_bytes() if compress else plain_bytes()
    with pytest.raises(RecordError):
        archive.unpack(sound[: int(share * len(sound))])


@given(st.binary(max_size=300))
@settings(max_examples=80, deadline=None)
def test_arbitrary_bytes_are_a_record_error(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(RecordError):
                archive.unpack(start + content)


def test_a_pickle_is_refused_unopened() -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (pytest.fail, ("a pickle was opened",))

    with pytest.raises(RecordError):
        archive.unpack(pickle.dumps(Bomb()))
    buffer = io.BytesIO()
    np.savez(buffer, meta=np.array([Bomb()], object))
    with pytest.raises(RecordError):
        archive.unpack(buffer.getvalue())


def rewritten(arrays: dict[str, Any] | None = None, drop: str | None = None, **meta: Any) -> bytes:
    """A sound record's bytes with some arrays or some of its JSON replaced."""
    table = dict(sound_table())
    told = json.loads(table["meta"].tobytes()) | meta
    table["meta"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
    table |= arrays or {}
    if drop:
        del table[drop]
    buffer = io.BytesIO()
    np.savez(buffer, **table)
    return buffer.getvalue()


def test_a_record_rewritten_unchanged_is_read() -> None:
    assert_the_same(archive.unpack(rewritten()), archive.unpack(sound_bytes()))


def test_a_record_of_another_schema_is_refused_and_both_are_named() -> None:
    with pytest.raises(RecordError, match=rf"schema 999, expected {RECORD_SCHEMA}"):
        archive.unpack(rewritten(schema=999))


FOREIGN: dict[str, Callable[[], bytes]] = {
    "no meta": lambda: rewritten(drop="meta"),
    "meta that is no JSON": lambda: rewritten({"meta": np.frombuffer(b"{", np.uint8)}),
    "meta that is no object": lambda: rewritten({"meta": np.frombuffer(b"[1]", np.uint8)}),
    "meta that is not UTF-8": lambda: rewritten({"meta": np.frombuffer(b"\xff\xff", np.uint8)}),
    "a config out of bounds": lambda: rewritten(
        config={**tiny(hidden=(3,)).model_dump(), "epochs": 1_000}
    ),
    "no config": lambda: rewritten(config=None),
    "examples that are no numbers": lambda: rewritten(examples={"train": "many"}),
    "examples beyond numbers": lambda: rewritten(examples={"train": math.inf}),
    "no examples": lambda: rewritten(examples=None),
    "examples without the validation split": lambda: rewritten(examples={"train": 100}),
    "a divergence of three parts": lambda: rewritten(diverged=[1, 2, 3]),
    "a divergence that is a number": lambda: rewritten(diverged=7),
    "no history": lambda: rewritten(drop="history"),
    **{
        f"no {name}": lambda name=name: rewritten(drop=f"layers/{name}")  # type: ignore[misc]
        for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
    },
    **{
        f"{name} without its last layer": lambda name=name: rewritten(  # type: ignore[misc]
            {f"layers/{name}": sound_table()[f"layers/{name}"][:, :-1]}
        )
        for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
    },
    **{
        f"{name} of an epoch less": lambda name=name: rewritten(  # type: ignore[misc]
            {f"layers/{name}": sound_table()[f"layers/{name}"][:-1]}
        )
        for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES)
    },
    **{
        f"{name} with a bin less": lambda name=name: rewritten(  # type: ignore[misc]
            {f"layers/{name}": sound_table()[f"layers/{name}"][..., :-1]}
        )
        for name in ("near_zeros", "weight_histogram", "activation_histogram")
    },
    **{
        f"no {name}": lambda name=name: rewritten(drop=name)  # type: ignore[misc]
        for name in (*ANSWERS, *NO_SNAPSHOTS)
    },
    "snapshots of fewer epochs": lambda: rewritten({"snapshots": sound_table()["snapshots"][:-1]}),
    "snapshots of fewer units": lambda: rewritten(
        {"snapshots": sound_table()["snapshots"][..., :-1]}
    ),
    "snapshots of fewer pixels": lambda: rewritten(
        {"snapshots": sound_table()["snapshots"][:, 1:]}
    ),
    "a scale of snapshots too few": lambda: rewritten(
        {"snapshot_scales": sound_table()["snapshot_scales"][1:]}
    ),
    "confidences of fewer epochs": lambda: rewritten(
        {"val_confidences": sound_table()["val_confidences"][:, :-1]}
    ),
    "confidences of fewer images": lambda: rewritten(
        {"val_confidences": sound_table()["val_confidences"][:-1]}
    ),
    "predictions of fewer epochs": lambda: rewritten(
        {"val_predictions": sound_table()["val_predictions"][:-1]}
    ),
    "best weights that do not fit": lambda: rewritten({"best/2": np.zeros((3, 9))}),
    "no second kernel": lambda: rewritten(drop="weights/2"),
    "a weight array too many": lambda: rewritten({"weights/4": np.zeros(3)}),
    "a history of a figure less": lambda: rewritten({"history": sound_table()["history"][:-1]}),
    "a history of a figure too many": lambda: rewritten(
        {"history": np.repeat(sound_table()["history"], [2] + [1] * (len(HISTORY) - 1), axis=0)}
    ),
    "an epoch too many": lambda: rewritten({"history": np.zeros((len(HISTORY), 5))}),
    "an epoch too few": lambda: rewritten({"history": np.zeros((len(HISTORY), 3))}),
    "no epoch, not even the start": lambda: rewritten({"history": np.zeros((len(HISTORY), 0))}),
    "a history that is one number": lambda: rewritten({"history": np.float64(1)}),
    "a layer measure that is one number": lambda: rewritten({"layers/saturation": np.float64(1)}),
    "a history that is text": lambda: rewritten({"history": np.array([["a"] * 4] * len(HISTORY))}),
    "a table in place of a curve": lambda: rewritten({"history": np.zeros((len(HISTORY), 4, 2))}),
    "layers that do not fit": lambda: rewritten({"layers/saturation": np.zeros((4, 2))}),
    "kernels that do not fit": lambda: rewritten({"weights/0": np.zeros((784, 4))}),
    "predictions for other images": lambda: rewritten({"test_predictions": np.zeros((4, 10))}),
    "another run's config": lambda: rewritten(config=tiny(hidden=(5,)).model_dump(mode="json")),
    "another npz": lambda: _npz(x=np.zeros(3)),
    "a bare array": lambda: _npy(np.zeros(3)),
    "a zip of something else": lambda: _zip("meta.npy", b"hello"),
    "nothing": lambda: b"",
}


def _npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _zip(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", sorted(FOREIGN))
def test_foreign_bytes_are_a_record_error(kind: str) -> None:
    with pytest.raises(RecordError):
        archive.unpack(FOREIGN[kind]())


def test_a_record_never_holds_more_epochs_than_its_run() -> None:
    longer = archive.pack(synthetic(tiny(hidden=(3,), epochs=5)))
    with np.load(io.BytesIO(longer)) as file:
        arrays = {name: file[name] for name in file.files if name != "meta"}
    with pytest.raises(RecordError, match="5 epochs in a run of 3"):
        archive.unpack(rewritten(arrays))
