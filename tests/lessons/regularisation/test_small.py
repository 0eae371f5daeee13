"""Why small weights help: nudged images against Keras, a line through ten points against SciPy."""

from __future__ import annotations

import re
from collections.abc import Callable

import keras
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis.stopping import Shown
from fmviz.lessons.regularisation import nudge, small_charts, small_says, wiggle
from fmviz.lessons.regularisation.nudge import Certainty, Nudged
from fmviz.lessons.regularisation.small_says import Steadiness
from fmviz.run import data
from fmviz.run.data import Images
from fmviz.run.measure import Estimate
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.records import SHIPPED, shown, tiny
from tests.support.trained import as_shown

M = 1_000


def first_of(count: int) -> np.ndarray:
    return np.arange(M) < count


def steadiness(
    moved: int, right: int = 500, *, epsilon: float = 0.2, classes: int = 10, training: float = 0.9
) -> Steadiness:
    here = Nudged(epsilon, first_of(moved), first_of(right))
    run = shown(training, 0.8, config=tiny(seed=moved))
    return Steadiness(run, here, Certainty(Estimate(0.7, 0.01), classes))


def nudged(index: int, run: Steadiness, baseline: Steadiness | None) -> Callable[[], list[Caption]]:
    networks = [run] if baseline is None else [baseline, run]
    return lambda: small_says.nudged(networks)[index : index + 1]


def line(lam: float, number: int = 1) -> Callable[[], list[Caption]]:
    return lambda: [small_says.line(lam, wiggle.points(number))]


SHARES = np.eye(10)[[3, 5]]
# Each paragraph that can be said, with what makes it be said.
BRANCHES: dict[str, Callable[[], list[Caption]]] = {
    "nudge by nothing": nudged(0, steadiness(0, epsilon=0.0), steadiness(0, epsilon=0.0)),
    "nudge alone": nudged(0, steadiness(300), None),
    "nudge steadier": nudged(0, steadiness(100), steadiness(300)),
    "nudge shakier": nudged(0, steadiness(300), steadiness(100)),
    "nudge could be noise": nudged(0, steadiness(100), steadiness(101)),
    "nudge none move": nudged(0, steadiness(0), steadiness(0)),
    "nudge one answer": nudged(0, steadiness(0, classes=1), steadiness(300)),
    "nudged right, more": nudged(1, steadiness(100, 600), steadiness(300, 400)),
    "nudged right, fewer": nudged(1, steadiness(100, 400), steadiness(300, 600)),
    "nudged right, unclear": nudged(1, steadiness(100), steadiness(300)),
    "nudge price": nudged(2, steadiness(100, training=0.8), steadiness(300)),
    "nudge no price": nudged(2, steadiness(100), steadiness(300)),
    "line exact": line(0.0),
    "line calmer": line(1e-4),
    "line best": lambda: [small_says.line(best_lambda(), wiggle.points(1))],
    "line stiff": line(0.1),
    "line worse": line(100.0),
}
OTHERS: dict[str, Callable[[], list[Caption]]] = {
    "nudge parted": lambda: [
        small_says.parted(
            Nudged(0.2, first_of(3), first_of(9)), Nudged(0.2, first_of(20), first_of(9))
        )
    ],
    "nudged image": lambda: [
        small_says.one_image(0, 0.2, [("no penalty", SHARES), ("L2", SHARES)])
    ],
    "nudged image alone": lambda: [small_says.one_image(0, 0.2, [("no penalty", SHARES)])],
}


# Nudge


def network(seed: int = 0) -> tuple[list[np.ndarray], keras.Sequential]:
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(12, "tanh"), keras.layers.Dense(10)]
    )
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 0.1, w.shape).astype(np.float32) for w in model.get_weights()]
    model.set_weights(weights)
    return weights, model


def some_images(count: int) -> Images:
    return data.load().validation[:count]


def test_nudged_answers_are_those_of_keras_on_pixels_with_that_noise() -> None:
    weights, model = network()
    images = some_images(300)
    z = np.random.default_rng(nudge.SEED).standard_normal((M, 784), np.float32)[:300]
    assert abs(z.std() - 1) < 0.01

    def answers(epsilon: float) -> np.ndarray:
        return np.asarray(model(images.pixels + np.float32(epsilon) * z)).argmax(axis=1)

    epsilons = (0.0, 0.1, 0.5)
    for point, epsilon in zip(
        nudge.curve(weights, "tanh", images, epsilons), epsilons, strict=True
    ):
        np.testing.assert_array_equal(point.moved, answers(epsilon) != answers(0.0))
        np.testing.assert_array_equal(point.right, answers(epsilon) == images.labels)
    assert not nudge.curve(weights, "tanh", images, [0.0])[0].moved.any()


def test_an_image_keeps_its_noise_however_many_there_are() -> None:
    images = some_images(M)
    alone = nudge.nudge(images.pixels[:7], 0.3)
    np.testing.assert_array_equal(alone, nudge.nudge(images.pixels, 0.3)[:7])
    with pytest.raises(ValueError, match=r"epsilon must be at least 0, not -0\.1"):
        nudge.nudge(images.pixels, -0.1)


def test_a_network_is_not_steadier_for_being_less_sure() -> None:
    weights, _ = network()
    images = some_images(200)
    surer = [*weights[:-2], weights[-2] * 8, weights[-1] * 8]
    own, other = (nudge.curve(w, "tanh", images, [0.3])[0] for w in (surer, weights))
    np.testing.assert_array_equal(own.moved, other.moved)
    sure, less = (nudge.certainty(w, "tanh", images).mean.value for w in (surer, weights))
    assert less < sure / 2


def test_certainty_is_the_share_of_the_answer() -> None:
    weights, model = network()
    images = some_images(100)
    shares = np.asarray(keras.ops.softmax(model(images.pixels)))
    found = nudge.certainty(weights, "tanh", images)
    assert found.mean.value == pytest.approx(shares.max(axis=1).mean(), abs=1e-5)
    assert found.mean.error == pytest.approx(shares.max(axis=1).std() / 10, abs=1e-5)
    assert found.classes == len(set(shares.argmax(axis=1).tolist()))
    nothing = [np.zeros_like(w) for w in weights]
    assert nudge.certainty(nothing, "tanh", images)[0] == pytest.approx((0.1, 0), abs=1e-6)
    assert nudge.certainty(nothing, "tanh", images).classes == 1


@given(st.integers(0, M), st.integers(0, M), st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_a_nudge_is_what_was_counted(now: int, before: int, classes: int) -> None:
    section = small_says.nudged([steadiness(before), steadiness(now, classes=classes)])[0].section
    if section == "nudge steadier":
        assert now < before
        assert classes > 1
    if section == "nudge shakier":
        assert now > before
    if section == "nudge could be noise":
        # One within the other: 5 images that one network alone moves are heads 5 times in a row,
        # as one in sixteen is; 6 are beyond noise.
        assert abs(now - before) < 6
    assert (section == "nudge one answer") == (classes == 1)
    if section == "nudge none move":
        assert now == before == 0


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_price_is_what_a_second_reading_of_the_records_finds(now: float, before: float) -> None:
    networks = [steadiness(300, training=before), steadiness(100, training=now)]
    for which, name in zip((0, 1), ("no penalty", "with penalty"), strict=True):
        networks[which] = networks[which]._replace(run=networks[which].run._replace(name=name))
    assert confirm(small_says.nudged(networks), [each.run for each in networks]) == 1


def test_images_on_which_the_networks_part_are_named_by_theirread() -> None:
    (caption,) = OTHERS["nudge parted"]()
    assert caption.figures["only_now"] == "none"
    assert caption.figures["only_before"] == "3, 4, 5, 6, 7, 8, 9, 10, …"


def test_both_measures_are_drawn_with_their_error() -> None:
    points = [Nudged(0.2, first_of(100), first_of(900))]
    for measure, share in ((small_charts.moved, 0.1), (small_charts.right, 0.9)):
        rows = small_charts.nudge_rows({"no penalty": measure(points)}, 0.2).table.to_pandas()
        drawn = rows[rows["kind"] == "curve"].iloc[0]
        assert drawn["share"] == share
        assert drawn["high"] - drawn["low"] == pytest.approx(2 * np.sqrt(0.09 / M))


def test_fewer_answers_of_the_shipped_network_with_l2_move() -> None:
    images = nudge.first(data.load().validation)
    networks = []
    for record in as_shown(SHIPPED, weights=SHIPPED):
        curve = nudge.curve(record.weights, record.config.activation, images, [0.2])
        sure = nudge.certainty(record.weights, record.config.activation, images)
        networks.append(Steadiness(Shown("", record, None, record.epochs), curve[0], sure))
    sections = [caption.section for caption in small_says.nudged(networks)]
    assert sections == ["nudge steadier", "nudged right, more", "nudge price"]


# A wiggly line


def best_lambda() -> float:
    values = wiggle.points(1)
    return min(wiggle.LAMBDAS, key=lambda lam: wiggle.errors(lam, values).held_out)


def by_scipy(lam: float, values: np.ndarray) -> np.ndarray:
    """Bias and weights by least squares on rows for the penalty: √λ times each weight is 0."""
    powers = np.vander(wiggle.X, wiggle.DEGREE + 1, increasing=True)
    penalty = np.sqrt(lam) * np.eye(wiggle.DEGREE + 1)[1:]
    rows = np.vstack([powers, penalty])
    return scipy.linalg.lstsq(rows, np.concatenate([values, np.zeros(wiggle.DEGREE)]))[0]


@given(st.one_of(st.just(0.0), st.floats(1e-8, 1e3)), st.integers(1, wiggle.SETS))
@settings(max_examples=60, deadline=None)
def test_the_line_is_that_of_least_squares_with_rows_for_the_penalty(
    lam: float, which: int
) -> None:
    values = wiggle.points(which)
    found, expected = wiggle.fit(lam, values), by_scipy(lam, values)
    scale = np.abs(expected).max()
    assert found.bias == pytest.approx(expected[0], abs=1e-7 * scale)
    np.testing.assert_allclose(found.weights, expected[1:], atol=1e-7 * scale)


def test_without_lambda_the_line_meets_its_points_and_with_all_of_it_is_their_mean() -> None:
    for which in range(1, wiggle.SETS + 1):
        values = wiggle.points(which)
        np.testing.assert_allclose(wiggle.fit(0.0, values).at(wiggle.X), values, atol=1e-9)
        # The bias is not penalised.
        flat = wiggle.fit(1e12, values)
        np.testing.assert_allclose(flat.at(wiggle.X), values.mean(), atol=1e-6)


def test_the_error_on_new_points_is_that_of_an_integral() -> None:
    values = wiggle.points(3)
    for lam in (0.0, 1e-3, 10.0):
        line_ = wiggle.fit(lam, values)

        def squared(x: float, line_: wiggle.Line = line_) -> float:
            f = line_.bias + sum(w * x ** (k + 1) for k, w in enumerate(line_.weights))
            return float((f - np.sin(np.pi * x)) ** 2)

        mean = scipy.integrate.quad(squared, -1, 1, limit=200)[0] / 2
        found = wiggle.errors(lam, values)
        assert found.held_out == pytest.approx(np.sqrt(mean + wiggle.SIGMA**2), rel=1e-6)
        fitted = line_.at(wiggle.X)
        assert found.training == pytest.approx(np.sqrt(((fitted - values) ** 2).mean()))


def test_more_lambda_means_smaller_weights_and_more_error_on_its_own_points() -> None:
    for which in (1, 2, 3):
        values = wiggle.points(which)
        sizes = [np.linalg.norm(wiggle.fit(lam, values).weights) for lam in wiggle.LAMBDAS]
        own = [wiggle.errors(lam, values).training for lam in wiggle.LAMBDAS]
        assert sizes == sorted(sizes, reverse=True)
        assert own == sorted(own)


@given(st.one_of(st.just(0.0), st.floats(1e-7, 100)), st.integers(1, wiggle.SETS))
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_a_line_holds(lam: float, which: int) -> None:
    values = wiggle.points(which)
    caption = small_says.line(lam, values)
    here, free = wiggle.errors(lam, values), wiggle.errors(0.0, values)
    best = min(wiggle.errors(at, values).held_out for at in wiggle.LAMBDAS)
    if lam == 0:
        assert caption.section == "line exact"
        return
    assert here.training > free.training
    better = here.held_out < free.held_out
    assert better == (caption.section != "line worse")
    if caption.section == "line best":
        # As it is told: the curve is flat there.
        assert here.held_out <= best + 0.01
        assert caption.figures["held_out"] == f"{min(best, here.held_out):.2f}"
    elif better:
        # Which way the better λ lies.
        named = float(wiggle.errors(read(caption.figures["best"]), values).held_out)
        assert f"{named:.2f}" < caption.figures["held_out"]
        assert (read(caption.figures["best"]) > lam) == (caption.section == "line calmer")


def read(text: str) -> float:
    """A figure as `settings.number` writes it."""
    mantissa, _, exponent = re.sub(r"^10(?=[⁰¹²³⁴⁵⁶⁷⁸⁹⁻])", "1 × 10", text).partition(" × 10")
    raised = exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(f"{mantissa}e{raised or 0}")


def test_a_moderate_lambda_helps_most_sets_of_points_and_a_huge_one_few() -> None:
    shares = {lam: wiggle.better_than_free(lam) for lam in wiggle.LAMBDAS}
    assert shares[0.0] == 0
    assert shares[0.01] > 0.95
    assert shares[100.0] < 0.5
    # And the first set, which the page opens with, is a usual one.
    free = [wiggle.errors(0.0, wiggle.points(which)).held_out for which in (1, 2, 3)]
    assert 0.4 < free[0] < 0.8


def test_a_set_of_points_that_is_none_is_refused() -> None:
    for number in (0, wiggle.SETS + 1):
        with pytest.raises(ValueError, match=f"number must be from 1 to 20, not {number}"):
            wiggle.points(number)
    with pytest.raises(ValueError, match=r"lam must be at least 0, not -1"):
        wiggle.fit(-1, wiggle.points(1))


def test_the_line_is_drawn_through_its_points_at_lambda_zero() -> None:
    rows = small_charts.line_rows(0.0, 1).table.to_pandas()
    points = rows[rows["kind"] == "point"]
    assert points["y"].tolist() == pytest.approx(wiggle.points(1).tolist())
    errors = small_charts.errors_rows(0.02, 1).table.to_pandas()
    own = errors[errors["on"] == "its ten points"]
    assert own["lam"].min() == 0
    assert own["error"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert 0.02 in own["lam"].tolist()
