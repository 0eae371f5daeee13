"""Calibration against an independent computation, and against luck by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from fmviz.analysis import calibration
from fmviz.analysis.comparing import labels
from fmviz.run.record import RunRecord
from tests.support.records import synthetic

BYTES = st.integers(26, 255)


def by_hand(right: npt.NDArray[np.bool_], p: npt.NDArray[np.floating]) -> float:
    """Guo's formula, bin by bin."""
    total = 0.0
    for b in range(10):
        inside = [k for k in range(len(p)) if b / 10 < round(p[k], 9) <= (b + 1) / 10]
        if inside:
            hits = sum(bool(right[k]) for k in inside) / len(inside)
            total += len(inside) / len(p) * abs(hits - sum(p[k] for k in inside) / len(inside))
    return total


ANSWERS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(arrays.arrays(bool, n), arrays.arrays(np.uint8, n, elements=BYTES))
)


@given(ANSWERS)
@settings(max_examples=100, deadline=None)
def test_it_is_what_guo_writes(
    answers: tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint8]],
) -> None:
    right, p = answers[0], answers[1] / 255
    found = calibration.measure(right, p)
    assert found.ece.value == pytest.approx(by_hand(right, p))
    edges = np.linspace(0, 1, 11)
    with_edges = np.clip(p - 1e-9, 0, 1)
    for statistic, values in (("confidence", p), ("share", right)):
        means, *_ = stats.binned_statistic(with_edges, values.astype(float), "mean", edges)
        ours = [b.confidence if statistic == "confidence" else b.accuracy.value for b in found.bins]
        assert ours == pytest.approx(means[~np.isnan(means)])
    assert sum(each.images for each in found.bins) == len(p)
    assert found.excess.value == pytest.approx(p.mean() - right.mean())
    # A mean is nowhere further from calibrated than its bins are.
    assert abs(found.excess.value) <= found.ece.value + 1e-12


@given(ANSWERS, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_images_does_not_matter(
    answers: tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint8]], random: object
) -> None:
    right, p = answers[0], answers[1] / 255
    order = np.random.default_rng(len(p)).permutation(len(p))
    one, other = (calibration.measure(r, q) for r, q in ((right, p), (right[order], p[order])))
    assert other.ece == pytest.approx(one.ece)
    assert other.luck == pytest.approx(one.luck)
    assert [b.images for b in other.bins] == [b.images for b in one.bins]


@pytest.mark.parametrize(("byte", "where"), [(51, 1), (52, 2), (153, 5), (154, 6), (255, 9)])
def test_an_edge_belongs_to_the_bin_below(byte: int, where: int) -> None:
    assert calibration.bins_of(np.array([byte / 255])) == [where]


SHAPES = {
    "spread out": lambda rng: rng.uniform(0.1, 1, 2_500),
    "mostly sure": lambda rng: 1 - rng.beta(0.4, 3, 2_500) * 0.7,
    "few images": lambda rng: rng.uniform(0.3, 1, 60),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_luck_is_what_simulated_calibrated_networks_show(shape: str) -> None:
    rng = np.random.default_rng(0)
    p = SHAPES[shape](rng)
    found = [calibration.measure(rng.random(len(p)) < p, p) for _ in range(1_500)]
    values = np.array([each.ece.value for each in found])
    luck = found[0].luck
    assert luck.mean == pytest.approx(values.mean(), rel=0.05)
    assert luck.deviation == pytest.approx(values.std(), rel=0.15)
    # What is beyond luck is so for no more calibrated networks than the level has it.
    beyond = np.mean([each.beyond_luck.real and each.ece.value > luck.mean for each in found])
    assert beyond < 0.05
    assert np.mean([each.too_sure.real for each in found]) == pytest.approx(0.05, abs=0.02)


def test_the_error_of_the_ece_is_how_much_it_varies_from_sample_to_sample() -> None:
    rng = np.random.default_rng(1)

    def one() -> calibration.Calibration:
        p = 1 - rng.beta(0.4, 3, 2_500) * 0.7
        return calibration.measure(rng.random(2_500) < p - 0.15, p)

    found = [one() for _ in range(400)]
    spread = np.std([each.ece.value for each in found])
    assert found[0].ece.error == pytest.approx(spread, rel=0.15)
    assert all(each.beyond_luck.real and each.too_sure.sign == 1 for each in found)


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not 2 and 3"):
        calibration.measure(np.array([True, False]), np.array([0.5, 0.6, 0.7]))
    with pytest.raises(ValueError, match="not 0 and 0"):
        calibration.measure(np.array([], bool), np.array([]))


def answered(seed: int = 0) -> RunRecord:
    """A record of answers that are right now and then."""
    record = synthetic(seed=seed)
    rng = np.random.default_rng(seed)
    truth = labels(record.config, "val")
    shape = record.val_predictions.shape
    lucky = rng.random(shape) < 0.7
    answers = np.where(lucky, truth, (truth + 1) % 10).astype(np.uint8)
    return replace(record, val_predictions=answers)


def test_of_a_record_every_epoch_is_measured_on_its_validation_images() -> None:
    record = answered()
    truth = labels(record.config, "val")
    for epoch, found in enumerate(calibration.by_epoch(record)):
        right = record.val_predictions[epoch] == truth
        assert found == calibration.measure(right, record.val_confidences[epoch] / 255)
    with pytest.raises(ValueError, match="at its end"):
        calibration.of_epoch(synthetic(epochs=2), 1)


def test_two_epochs_are_compared_image_by_image() -> None:
    record = answered()
    first, last = calibration.by_epoch(record)[1], calibration.by_epoch(record)[3]
    found = calibration.change(record, 3, 1)
    assert found.value == pytest.approx(last.ece.value - first.ece.value)
    assert 0 < found.error < math.hypot(first.ece.error, last.ece.error) * 1.2
    same = calibration.change(record, 2, 2)
    assert (same.value, same.real) == (0, False)


def test_cross_entropy_is_what_right_answers_cost_and_what_wrong_ones_do() -> None:
    record = answered()
    truth = labels(record.config, "val")
    right = record.val_predictions[2] == truth
    p = record.val_confidences[2] / 255
    # Of three classes at most: what an answer leaves goes to one other, which is true or is not.
    nats = np.where(right, -np.log(p), 3.0)
    record = replace(
        record, history={**record.history, "val_crossentropy": np.full(3, nats.mean())}
    )
    found = calibration.parts(record, 2)
    assert found.mistakes == np.count_nonzero(~right)
    assert found.right.value == pytest.approx(nats[right].sum() / len(nats))
    assert found.wrong == pytest.approx(3.0 * found.mistakes / len(nats))
    assert found.share == pytest.approx(nats[~right].sum() / nats.sum())
    assert found.sure.value == pytest.approx(p[~right].mean())
    expected = stats.sem(p[~right], ddof=0)
    assert found.sure.error == pytest.approx(expected)


def test_where_nothing_is_wrong_all_of_it_is_right_answers() -> None:
    record = answered()
    truth = labels(record.config, "val").astype(np.uint8)
    record = replace(record, val_predictions=np.tile(truth, (4, 1)))
    found = calibration.parts(record, 1)
    assert found.mistakes == 0
    assert math.isnan(found.sure.value)
