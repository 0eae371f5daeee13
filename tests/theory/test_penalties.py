"""Closed forms against the lesson's figures, SciPy's tails and Keras's own regularisers."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import scipy.stats

from fmviz.run import measure
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, PENALTIES
from fmviz.run.config import RunConfig
from fmviz.theory import penalties
from fmviz.theory.initializers import initial_sigma
from fmviz.theory.saturation import predicted_saturation


@pytest.mark.parametrize(
    ("activation", "scale", "share"),
    [
        ("tanh", math.sqrt(501), "90.6%"),
        ("sigmoid", math.sqrt(501), "83.7%"),
        ("tanh", math.sqrt(1.5), "3.1%"),
    ],
)
def test_nielsens_case_is_saturated_as_the_lesson_says(
    activation: str, scale: float, share: str
) -> None:
    assert f"{100 * predicted_saturation(activation, scale):.1f}%" == share


def test_nielsens_cure_leaves_sigmoid_units_unsaturated() -> None:
    predicted = predicted_saturation("sigmoid", math.sqrt(1.5))
    assert f"{100 * predicted:.2f}%" == "0.02%"


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0, 10.0, 1_000.0])
@pytest.mark.parametrize(("activation", "threshold"), [("tanh", 2.6466524), ("sigmoid", 4.5951199)])
def test_predicted_saturation_is_the_tails_of_a_normal(
    activation: str, threshold: float, scale: float
) -> None:
    expected = 2 * scipy.stats.norm.sf(threshold, scale=scale)
    assert predicted_saturation(activation, scale) == pytest.approx(expected, rel=1e-6)


def test_predicted_saturation_of_many_images_is_their_mean() -> None:
    scales = np.array([0.0, 1.0, 5.0], np.float32)
    expected = (0 + 2 * scipy.stats.norm.sf([2.6466524, 2.6466524 / 5]).sum()) / 3
    assert predicted_saturation("tanh", scales) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scale", [0.5, 3.0, 50.0])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_what_is_predicted_is_the_measure_of_the_flat_part(activation: str, scale: float) -> None:
    z = scipy.stats.norm.ppf(np.linspace(0, 1, 200_001)[1:-1], scale=scale)[:, None]
    measured = measure.saturation(measure.flat(z, activation))
    assert predicted_saturation(activation, scale) == pytest.approx(measured, abs=2e-5)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS.keys() - {"leaky_relu"}))
def test_what_is_predicted_is_what_is_measured_on_random_weights(activation: str) -> None:
    rng = np.random.default_rng(0)
    images = rng.random((40, 300)) * (rng.random((40, 300)) < 0.5)
    z = images @ rng.normal(0, 0.5, (300, 6_000))
    predicted = predicted_saturation(activation, 0.5 * np.sqrt((images**2).sum(axis=1)))
    assert 0.03 < predicted < 0.9
    measured = measure.saturation(measure.flat(z, activation))
    assert measured == pytest.approx(predicted, abs=0.01)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_no_initial_weights_saturate_nothing_but_relu(activation: str) -> None:
    expected = measure.saturation(measure.flat(np.zeros((1, 1)), activation))
    assert predicted_saturation(activation, 0.0) == expected == (activation == "relu")


def test_half_of_relu_is_zero_whatever_the_scale_and_leaky_relu_is_never_flat() -> None:
    for scale in (0.01, 1.0, 1e6):
        assert predicted_saturation("relu", scale) == pytest.approx(0.5)
        assert predicted_saturation("leaky_relu", scale) == 0


def test_an_activation_that_is_not_known_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ValueError, match=r"tanh, sigmoid, relu, .*, not 'softmax'"):
        predicted_saturation("softmax", 1.0)


@pytest.mark.parametrize("shape", [(700, 300), (300, 700)])
@pytest.mark.parametrize("name", sorted(INITIALIZERS.keys() - {"normal", "xavier"}))
def test_the_initial_sigma_is_that_of_keras_initialisers(name: str, shape: tuple[int, int]) -> None:
    seed = {} if name == "zeros" else {"seed": 1}
    sample = keras.initializers.get({"class_name": name, "config": seed})(shape)
    sigma = initial_sigma(RunConfig(initializer=name), *shape)
    assert sigma == pytest.approx(np.std(np.asarray(sample)), rel=0.01)


def test_the_initial_sigma_of_the_notes_is_hand_worked() -> None:
    assert initial_sigma(RunConfig(initializer="xavier"), 784, 128) == pytest.approx(1 / 28)
    assert initial_sigma(RunConfig(init_std=0.7), 784, 128) == 0.7


# λ


def test_the_same_strength_on_a_larger_set_takes_a_larger_lambda() -> None:
    small = RunConfig(penalty="l2", lam=0.1, train_size=1_000)
    large = RunConfig(penalty="l2", lam=5, train_size=50_000, dataset="full")
    for config in (small, large):
        assert penalties.coefficients(config).l2 == pytest.approx(5e-5, rel=1e-12)
        assert penalties.coefficients(config).l1 == 0
        assert penalties.pytorch_weight_decay(config) == pytest.approx(1e-4, rel=1e-12)


def test_no_penalty_has_no_coefficient() -> None:
    assert penalties.coefficients(RunConfig()) == (0, 0, 0, 0)
    assert penalties.pytorch_weight_decay(RunConfig()) == 0


def test_the_l1_coefficient_is_lambda_over_n_and_no_weight_decay() -> None:
    config = RunConfig(penalty="l1", lam=2.0, train_size=4_000)
    assert penalties.coefficients(config) == (pytest.approx(5e-4, rel=1e-12), 0, 0, 0)
    assert penalties.pytorch_weight_decay(config) == 0


@pytest.mark.parametrize(
    ("penalty", "parts"),
    [
        # λ/n = 5e-4; α = 0.8 of it in L1, the rest halved.
        ("l1_l2", (4e-4, 5e-5, 0, 0)),
        ("weight_decay", (0, 0, 5e-4, 0)),
        ("l1_proximal", (0, 0, 0, 5e-4)),
    ],
)
def test_each_penalty_acts_in_its_own_place(penalty: str, parts: tuple[float, ...]) -> None:
    config = RunConfig(penalty=penalty, lam=2.0, train_size=4_000, l1_share=0.8)
    assert penalties.coefficients(config) == pytest.approx(parts, rel=1e-12)


@pytest.mark.parametrize("penalty", sorted(PENALTIES.keys() - {"none"}))
def test_strengths_are_proportional_to_lambda_over_n(penalty: str) -> None:
    one = RunConfig(penalty=penalty, lam=3.0, train_size=300)
    other = RunConfig(penalty=penalty, lam=60.0, train_size=6_000)
    assert penalties.coefficients(one) == pytest.approx(penalties.coefficients(other), rel=1e-12)
    double = penalties.coefficients(one.replace(lam=6.0))
    assert double == pytest.approx([2 * part for part in penalties.coefficients(one)], rel=1e-12)


@pytest.mark.parametrize("penalty", ["l1", "l2", "l1_l2"])
def test_keras_regularisers_with_these_coefficients_are_the_notes_penalty(penalty: str) -> None:
    config = RunConfig(penalty=penalty, lam=7.0, train_size=200)
    kernel = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    notes = {
        "l1": 7.0 / 200 * np.abs(kernel).sum(),
        "l2": 7.0 / (2 * 200) * (kernel**2).sum(),
        # Half of λ each.
        "l1_l2": 3.5 / 200 * np.abs(kernel).sum() + 3.5 / (2 * 200) * (kernel**2).sum(),
    }[penalty]
    l1, l2, *_ = penalties.coefficients(config)
    assert float(keras.regularizers.L1L2(l1, l2)(kernel)) == pytest.approx(notes, rel=1e-5)


@pytest.mark.parametrize(
    ("penalty", "weight", "after"),
    [
        # ηλ/n = 0.5 · 100 / 1,000 = 0.05
        ("l2", 2.0, 1.9),
        ("l2", -2.0, -1.9),
        ("l2", 0.0, 0.0),
        ("l1", 2.0, 1.95),
        ("l1", -2.0, -1.95),
        ("l1", 0.01, -0.04),
        ("l1", 0.0, 0.0),
        ("none", 2.0, 2.0),
        # Half of it each: 2 − 0.025 − 0.05.
        ("l1_l2", 2.0, 1.925),
        ("l1_l2", -2.0, -1.925),
        ("weight_decay", 2.0, 1.9),
        ("weight_decay", -2.0, -1.9),
        ("l1_proximal", 2.0, 1.95),
        ("l1_proximal", -2.0, -1.95),
        # Where L1 throws the weight across zero, soft-thresholding stops at it.
        ("l1_proximal", 0.01, 0.0),
        ("l1_proximal", -0.01, 0.0),
        ("l1_proximal", 0.0, 0.0),
    ],
)
def test_one_weight_shrinks_by_hand_worked_steps(penalty: str, weight: float, after: float) -> None:
    config = RunConfig(penalty=penalty, lam=100.0, train_size=1_000, learning_rate=0.5)
    assert penalties.shrink(weight, config) == pytest.approx(after, abs=1e-15)


@pytest.mark.parametrize("penalty", ["l1", "l2", "l1_l2"])
@pytest.mark.parametrize("weight", [0.7, -0.3])
def test_a_shrink_is_a_gradient_step_on_the_penalty(penalty: str, weight: float) -> None:
    config = RunConfig(penalty=penalty, lam=3.0, train_size=50, learning_rate=0.2)
    l1, l2, *_ = penalties.coefficients(config)

    def cost(w: float) -> float:
        return l1 * abs(w) + l2 * w * w

    slope = (cost(weight + 1e-6) - cost(weight - 1e-6)) / 2e-6
    assert penalties.shrink(weight, config) == pytest.approx(weight - 0.2 * slope, rel=1e-6)


@pytest.mark.parametrize("weight", [0.7, -0.3, 0.005, 0.0])
def test_a_proximal_shrink_minimises_distance_and_penalty_together(weight: float) -> None:
    # S(w, t) is the least of (x − w)²/2 + t |x|: the definition of a proximal step.
    config = RunConfig(penalty="l1_proximal", lam=3.0, train_size=50, learning_rate=0.2)
    threshold = 0.2 * 3.0 / 50
    x = np.linspace(-1, 1, 2_000_001)
    best = x[np.argmin((x - weight) ** 2 / 2 + threshold * np.abs(x))]
    assert penalties.shrink(weight, config) == pytest.approx(best, abs=1e-6)


def test_the_pull_is_what_a_shrink_takes_off() -> None:
    for penalty, taken in (("l1", 0.05), ("l2", 0.1), ("weight_decay", 0.1), ("l1_proximal", 0.05)):
        config = RunConfig(penalty=penalty, lam=100.0, train_size=1_000, learning_rate=0.5)
        assert penalties.pull(config) == pytest.approx(0.05)
        assert 2.0 - penalties.shrink(2.0, config) == pytest.approx(taken)


PATHS = [
    {"penalty": "l1"},
    {"penalty": "l2"},
    {"penalty": "l1_l2", "l1_share": 0.3},
    {"penalty": "l1_l2", "l1_share": 0.8},
    {"penalty": "l1_proximal"},
    {"penalty": "weight_decay"},
    {"penalty": "none"},
]


@pytest.mark.parametrize("weight", [0.7310, -0.3137, 0.0])
# ηλ/n: 0.00037, 0.037, 0.37, and beyond 1, where L2 overshoots.
@pytest.mark.parametrize("lam", [0.037, 3.7, 37.0, 130.0])
@pytest.mark.parametrize("settings", PATHS, ids=str)
def test_a_path_is_the_shrink_repeated(
    settings: dict[str, float], lam: float, weight: float
) -> None:
    config = RunConfig(train_size=100, learning_rate=1.0, lam=lam, **settings)
    expected = [weight]
    for _ in range(60):
        expected.append(penalties.shrink(expected[-1], config))
    path = penalties.shrink_path(weight, config, np.arange(61))
    assert path == pytest.approx(np.array(expected), rel=1e-9, abs=1e-12)


def test_a_path_needs_no_steps_in_between() -> None:
    config = RunConfig(penalty="l1", lam=1.0, train_size=1_000, learning_rate=0.001)
    # ηλ/n = 1e-6: the weight is at zero after 0.5/1e-6 steps, and then never further than 1e-6.
    path = penalties.shrink_path(0.5, config, np.array([0, 100_000, 400_000, 10_000_000]))
    assert path[:3] == pytest.approx([0.5, 0.4, 0.1])
    assert abs(path[3]) <= 1.0001e-6
    ridge = penalties.shrink_path(0.5, config.replace(penalty="l2"), np.array([1_000_000]))
    assert ridge == pytest.approx(0.5 * math.exp(-1), rel=1e-5)


def test_l2_takes_large_weights_faster_and_l1_small_ones() -> None:
    ridge, lasso = (
        RunConfig(penalty=p, lam=10.0, train_size=1_000, learning_rate=0.1) for p in ("l2", "l1")
    )
    step = np.array([1])
    assert penalties.shrink_path(2.0, ridge, step) < penalties.shrink_path(2.0, lasso, step)
    assert penalties.shrink_path(0.5, ridge, step) > penalties.shrink_path(0.5, lasso, step)


# λ in every spelling


def test_the_lessons_two_lambdas_are_one_keras_coefficient() -> None:
    for lam, n in ((0.1, 1_000), (5, 50_000)):
        assert penalties.spellings(lam, n, 0.5)["keras_l2"] == pytest.approx(5e-5)


@pytest.mark.parametrize("spelling", sorted(penalties.SPELLINGS))
def test_a_strength_survives_the_way_there_and_back(spelling: str) -> None:
    for lam in (0.0, 0.03, 7.0, 10_000.0):
        amount = penalties.spellings(lam, 1_234, 0.02)[spelling]
        assert penalties.lam_of(spelling, amount, 1_234, 0.02) == pytest.approx(lam)


def test_the_spellings_are_those_of_a_run() -> None:
    config = RunConfig(penalty="l2", lam=30.0, train_size=600, learning_rate=0.4)
    said = penalties.spellings(30.0, 600, 0.4)
    assert said["keras_l2"] == penalties.coefficients(config).l2
    assert said["keras_l1"] == penalties.coefficients(config.replace(penalty="l1")).l1
    assert said["weight_decay"] == penalties.pytorch_weight_decay(config)
    assert said["pull"] == pytest.approx(penalties.pull(config))
    assert 1 - said["pull"] == pytest.approx(penalties.shrink(1.0, config))


def test_keras_sgd_steps_are_what_the_translator_says() -> None:
    # One step of keras.optimizers.SGD on L2(c) alone, and one with weight_decay, from w = 1.
    lam, n, eta = 50.0, 1_000, 0.2
    said = penalties.spellings(lam, n, eta)
    w = keras.Variable(np.ones(1, np.float32))
    gradient = 2 * said["keras_l2"] * np.ones(1, np.float32)
    keras.optimizers.SGD(eta).apply([keras.ops.convert_to_tensor(gradient)], [w])
    assert float(w.numpy()[0]) == pytest.approx(1 - said["pull"])
    w = keras.Variable(np.ones(1, np.float32))
    decay = keras.optimizers.SGD(eta, weight_decay=said["weight_decay"])
    decay.apply([keras.ops.zeros(1)], [w])
    assert float(w.numpy()[0]) == pytest.approx(1 - said["pull"])


def test_a_spelling_that_is_not_known_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ValueError, match="lam, keras_l2, keras_l1, weight_decay, pull, not 'c'"):
        penalties.lam_of("c", 1.0, 100, 0.1)
