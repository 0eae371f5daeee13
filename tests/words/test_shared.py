"""What is said of runs: claims that the figures bear out, in words with the right numbers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fmviz.analysis import significance
from fmviz.analysis.stopping import Shown, look
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.naming import run_name
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.theory.saturation import Prediction
from fmviz.training import stock as model
from fmviz.words import prose, shared
from fmviz.words.numbers import around, percent, points, short_points, small_percent, spread
from fmviz.words.prose import Caption
from tests.support.records import shown, synthetic, tiny

# Numbers in words


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.851, "85.1%"), (0.0, "0.0%"), (1.0, "100.0%"), (0.12345, "12.3%")],
)
def test_a_percentage_has_one_decimal(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (1e-9, "<0.01%"),
        (0.00009, "<0.01%"),
        (0.0003, "0.03%"),
        (0.0092, "0.92%"),
        (0.031, "3.1%"),
        (0.835, "83.5%"),
        (1.0, "100.0%"),
    ],
)
def test_a_small_share_is_not_rounded_to_nothing(share: float, text: str) -> None:
    assert small_percent(share) == text


@pytest.mark.parametrize(
    ("estimate", "signed", "text"),
    [
        (Estimate(0.147, 0.009), False, "14.7 ± 0.9"),
        (Estimate(-0.147, 0.009), False, "−14.7 ± 0.9"),
        (Estimate(0.147, 0.009), True, "+14.7 ± 0.9"),
        (Estimate(-0.147, 0.0312), True, "−14.7 ± 3.1"),
        (Estimate(0.147, 0.0), False, "14.7"),
    ],
)
def test_points_come_with_their_error_and_a_true_minus(
    estimate: Estimate, signed: bool, text: str
) -> None:
    assert points(estimate, signed) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10.0, "10"),
        (0.05, "0.05"),
        (0.1, "0.1"),
        (0.0, "0"),
        (0.0001, "0.0001"),
        (5e-5, "5 × 10⁻⁵"),
        (1e-5, "10⁻⁵"),
        (2.5e-12, "2.5 × 10⁻¹²"),
        (10_000.0, "10⁴"),
        (1_500.0, "1,500"),
    ],
)
def test_a_setting_is_written_as_a_person_writes_it(value: float, text: str) -> None:
    assert number(value) == text


def test_a_run_is_called_by_its_penalty() -> None:
    assert run_name(RunConfig()) == "no penalty"
    assert run_name(RunConfig(penalty="l1", lam=0.5)) == "L1, λ = 0.5"
    assert run_name(RunConfig(penalty="l2", lam=10)) == "L2, λ = 10"
    assert run_name(RunConfig(penalty="l1_l2", lam=2)) == "L1 + L2, λ = 2"
    assert run_name(RunConfig(penalty="weight_decay", lam=2)) == "weight decay, λ = 2"


# The gap


def test_a_gap_beyond_two_errors_is_told_with_its_figures() -> None:
    caption = shared.gap(shown(0.95, 0.85))
    assert caption.section == "gap"
    # Of all training images nothing is left to chance: √(0.85·0.15) / 100 = 0.0036.
    assert caption.figures["gap"] == "10.0 ± 0.4 points"
    assert caption.figures["training"] == "95.0%"
    assert caption.figures["validation"] == "85.0%"
    assert caption.figures["val_images"] == "10,000"


@pytest.mark.parametrize(
    ("training", "validation", "images", "section"),
    [
        (0.95, 0.85, 10_000, "gap"),
        (0.95, 0.85, 40, "gap could be noise"),
        (0.85, 0.85, 10_000, "gap could be noise"),
        (0.85, 0.854, 10_000, "gap could be noise"),
        (0.85, 0.95, 10, "gap could be noise"),
        (0.85, 0.95, 10_000, "gap reversed"),
        # 1.96 · √(0.8 · 0.2 / 10,000) = 0.784 points.
        (0.8, 0.8 - 0.0077, 10_000, "gap could be noise"),
        (0.8, 0.8 - 0.0081, 10_000, "gap"),
    ],
)
def test_a_gap_is_told_as_its_error_allows(
    training: float, validation: float, images: int, section: str
) -> None:
    assert shared.gap(shown(training, validation, images=images)).section == section


def test_a_reversed_gap_is_told_without_its_sign() -> None:
    assert shared.gap(shown(0.85, 0.95)).figures["gap"] == "10.0 ± 0.2 points"


def test_the_kept_epoch_is_the_one_told_of() -> None:
    run = shown([0.9, 0.5, 0.5], [0.6, 0.5, 0.5])
    assert shared.gap(run._replace(kept=1)).figures["gap"].startswith("30.0 ")
    assert shared.gap(run._replace(kept=3)).section == "gap could be noise"


# Against the baseline: (training, validation) of the run and of the baseline


def penalised(training: float, validation: float, **of: Any) -> Shown:
    return shown(training, validation, config=tiny(penalty="l2", lam=1.0), **of)


def test_a_network_that_answers_as_its_baseline_does_is_not_said_to_differ_by_noise() -> None:
    run = shown(0.95, 0.85)
    assert shared.against_baseline(run, run).section == "same answers"


AGAINST = [
    ((0.70, 0.80), (0.75, 0.80), "gap below zero"),
    ((0.90, 0.85), (0.99, 0.85), "gap narrows"),
    ((0.99, 0.85), (0.90, 0.85), "gap widens"),
    ((0.95, 0.85), (0.95, 0.85), "change could be noise"),
    ((0.951, 0.851), (0.95, 0.85), "change could be noise"),
    ((0.95, 0.88), (0.99, 0.85), "learns more"),
    ((0.99, 0.88), (0.95, 0.85), "validation rises"),
    ((0.95, 0.80), (0.95, 0.85), "validation falls"),
    # Both know all their training images: nothing is memorised less.
    ((1.00, 0.88), (1.00, 0.85), "learns more"),
    ((0.99, 0.80), (0.95, 0.85), "validation falls"),
    ((0.74, 0.70), (0.95, 0.85), "underfits"),
    # Training is hardly lower: that is not underfitting.
    ((0.915, 0.88), (0.95, 0.93), "both fall"),
    # A gap of 8 points is left.
    ((0.87, 0.79), (0.95, 0.83), "both fall"),
    ((0.94, 0.80), (0.95, 0.85), "both fall"),
    ((0.95, 0.94), (0.95, 0.945), "change could be noise"),
]


@pytest.mark.parametrize(("run", "baseline", "section"), AGAINST)
def test_what_a_penalty_did_is_told_as_the_errors_allow(
    run: tuple[float, float], baseline: tuple[float, float], section: str
) -> None:
    caption = shared.against_baseline(penalised(*run), shown(*baseline))
    assert caption.section == section


def test_figures_against_the_baseline_are_differences_with_their_errors() -> None:
    figures = shared.against_baseline(
        shown(0.75, 0.70, config=tiny(penalty="l1", lam=0.5)), shown(0.95, 0.85)
    ).figures
    # In points; all training images are measured.
    errors = {p: math.sqrt(p * (1 - p)) for p in (0.70, 0.85)}
    assert figures["run"] == "L1, λ = 0.5"
    assert (figures["gap"], figures["baseline_gap"]) == ("5.0", "10.0")
    both = math.hypot(*errors.values())
    for name, value, error in (("change", 5.0, both), ("val_change", 15.0, both)):
        assert figures[name] == f"{value} ± {error:.1f} points"
    assert figures["train_change"] == "20.0 points"


def test_on_few_images_nothing_is_claimed() -> None:
    for run, baseline, _ in AGAINST:
        caption = shared.against_baseline(penalised(*run, images=20), shown(*baseline, images=20))
        assert caption.section == "change could be noise"


def test_a_gap_that_grows_below_zero_is_not_said_to_narrow() -> None:
    # With noisy labels training can be below validation: from 5 points below to 10 below.
    caption = shared.against_baseline(penalised(0.70, 0.80), shown(0.75, 0.80))
    assert caption.section not in ("gap narrows", "learns more")


def test_a_penalty_is_not_named_as_the_cause_where_the_epochs_differ() -> None:
    run, baseline = shown(0.95, 0.80), shown(0.95, 0.85)
    unlike = shared.against_baseline(run._replace(kept=2), baseline)
    assert unlike.section == "other epochs, validation differs"
    assert (unlike.figures["epoch"], unlike.figures["baseline_epoch"]) == ("2", "3")
    assert unlike.figures["val_direction"] == "lower"
    like = shared.against_baseline(baseline, baseline._replace(kept=1))
    assert like.section == "other epochs, validation unclear"


@pytest.mark.parametrize(
    ("training", "validation", "section"),
    [
        (0.1, 0.1, "nothing learnt"),
        (0.104, 0.097, "nothing learnt"),
        (0.2, 0.1, "gap"),
        (0.12, 0.12, "gap could be noise"),
    ],
)
def test_a_network_that_guesses_has_learnt_nothing(
    training: float, validation: float, section: str
) -> None:
    assert shared.gap(shown(training, validation)).section == section


@pytest.mark.parametrize(
    ("accuracies", "epoch"),
    [
        ([0.1, 0.1, 0.5], "2"),
        ([0.1, 0.1, 0.1, 0.5, 0.1, 0.5], "3"),
        ([0.1, 0.5, 0.5], None),
        ([0.5, 0.1, 0.5], None),
        ([0.1, 0.1, 0.1], None),
    ],
)
def test_who_guesses_for_some_epochs_learns_late(
    accuracies: list[float], epoch: str | None
) -> None:
    run = shown(accuracies, accuracies, config=tiny(epochs=len(accuracies)))
    caption = shared.learns_late(run)
    assert (caption and caption.figures["epoch"]) == epoch


@pytest.mark.parametrize("images", [1, 4, 20, 100, 250, 251, 2_500])
@pytest.mark.parametrize("chance", [0.1, 1 / 9])
def test_what_a_guess_may_get_is_binomial(images: int, chance: float) -> None:
    for right in {0, images // 10, images // 8, images // 5, images // 2, images}:
        found = significance.against_chance(right / images, images, chance)
        tails = stats.binom.cdf(right, images, chance), stats.binom.sf(right - 1, images, chance)
        assert found.p == pytest.approx(min(1, 2 * min(tails)))


def test_wrong_labels_are_told_of_where_there_are_any() -> None:
    assert shared.label_noise(Shown("a", synthetic(), None, 1)) is None
    record = synthetic(
        tiny(train_size=25_000, dataset="full", label_noise=0.36),
        corrupted_accuracy=[0.1, 0.36, 0.9],
        clean_accuracy=[0.2, 0.95, 1.0],
        examples={"corrupted": 900, "train": 2_500},
    )
    caption = shared.label_noise(Shown("a", record, None, 2))
    assert caption is not None
    # √(0.36 · 0.64 / 900) · √(8,100/8,999) = 0.015: 900 of 9,000.
    on = "900 wrong labels, ± 1.5 points"
    figures = {"on": on, "memorised": "36.0%", "clean": "95.0%"}
    assert caption.section == "label noise"
    # Nine labels are not true: (1 − 0.3)/9.
    assert caption.figures == figures | {"mistake": "7.8%"}


def test_memory_is_what_goes_beyond_mistakes() -> None:
    def of(repeated: float, validation: float) -> str:
        record = synthetic(
            corrupted_accuracy=repeated,
            clean_accuracy=0.9,
            val_accuracy=validation,
            examples={"corrupted": 1_000, "train": 2_500},
        )
        caption = shared.label_noise(Shown("a", record, None, 2))
        assert caption is not None
        return caption.section

    # Fewer than one in nine, yet more than a network that is right on 80% would hit.
    assert of(0.08, 0.8) == "label noise"
    assert of(0.03, 0.8) == "label noise, hardly"
    assert of(0.08, 0.3) == "label noise, hardly"


@given(
    value=st.floats(0, 1),
    error=st.one_of(st.just(0.0), st.floats(1e-6, 1)),
)
def test_an_error_alone_is_that_of_its_figure_and_left_out_where_there_is_none(
    value: float, error: float
) -> None:
    estimate = Estimate(value, error)
    alone = spread(estimate)
    assert (alone == "") == (error == 0)
    assert points(estimate) == f"{short_points(estimate)} {alone}".removesuffix(" points").strip()


def test_near_two_errors_a_difference_has_two_decimals() -> None:
    assert around(Estimate(0.0122, 0.0058)) == "1.22 ± 0.58 points"
    assert around(Estimate(0.0122, 0.0029)) == "1.2 ± 0.3 points"
    assert around(Estimate(0.0122, 0.0001)) == "1.22 ± 0.01 points"
    assert around(Estimate(0.0122, 0.0)) == "1.2 points"


@given(
    value=st.floats(-1, 1),
    error=st.floats(1e-6, 1),
    digits=st.integers(1, 3),
)
def test_an_error_is_never_told_as_nothing(value: float, error: float, digits: int) -> None:
    told, _, spread = (
        points(Estimate(value, error), digits=digits).replace("−", "-").partition(" ± ")
    )
    decimals = len(told.partition(".")[2])
    assert len(spread.partition(".")[2]) == decimals >= digits
    unit = 10.0**-decimals
    assert float(spread) > 0
    assert abs(float(spread) - 100 * error) <= 0.5001 * unit
    assert abs(float(told) - 100 * value) <= 0.5001 * unit


# Early stopping


def stopped(values: list[float], patience: int | None, restore: bool) -> Caption:
    record = synthetic(tiny(epochs=len(values)), val_loss=values)
    run = look(record, "a", patience=patience, monitor="val_loss", restore_best_weights=restore)
    return shared.early_stopping(run, patience, "val_loss")


def test_stopping_is_told_in_epochs_counted_from_one() -> None:
    values = [0.5, 0.4, 0.45, 0.46, 0.1, 0.1]
    fired = stopped(values, 2, restore=False)
    assert fired.section == "stopping fired"
    assert fired.figures == {
        "patience": "2",
        "needed": "2 epochs",
        "monitor": "val_loss",
        "epochs": "6 epochs",
        "planned": "6",
        "kept": "4",
        "stopped": "4",
        "saved": "2 epochs",
    }
    restored = stopped(values, 2, restore=True)
    assert restored.section == "stopping restored"
    assert (restored.figures["kept"], restored.figures["stopped"]) == ("2", "4")
    assert stopped(values[:5], 2, restore=True).figures["saved"] == "1 epoch"
    assert stopped(values[:4], 2, restore=True).figures["saved"] == "no epochs"


def test_stopping_that_never_fired_and_stopping_that_is_off_are_told_so() -> None:
    never = stopped([0.5, 0.1, 0.2], 9, restore=True)
    assert never.section == "stopping never, restored"
    assert never.figures["kept"] == "2"
    assert stopped([0.5, 0.1, 0.2], 9, restore=False).section == "stopping never"
    assert stopped([0.5, 0.2, 0.1], 9, restore=True).section == "stopping never"
    assert stopped([0.5, 0.1, 0.2], None, restore=True).section == "stopping off"


# Saturation


def saturated(config: RunConfig, start: float, now: float, dead: float = 0.0) -> Any:
    run = shown(0.9, 0.8, config=config)
    record = run.record
    layers, start_layers = dict(record.layers), dict(record.start_layers)
    for table, row, value in (
        (layers, -1, {"saturation": now, "dead_units": dead}),
        (start_layers, None, {"saturation": start}),
    ):
        for name, share in value.items():
            table[name] = table[name].copy()
            if row is None:
                table[name][0] = share
            else:
                table[name][row, 0] = share
    return run._replace(record=replace(record, layers=layers, start_layers=start_layers))


def test_the_first_layers_saturation_is_told_before_and_after_training() -> None:
    caption = shared.saturation(saturated(tiny(init_std=0.25), 0.906, 0.5), None)
    assert caption.section == "saturation"
    assert caption.figures["start"] == "90.6%"
    assert caption.figures["now"] == "50.0%"
    assert caption.figures["probe"] == "500"


def test_a_prediction_is_told_beside_the_measurement() -> None:
    caption = shared.saturation(saturated(tiny(), 0.03, 0.01), Prediction(0.0002, 1 / 28))
    assert caption.section == "saturation predicted"
    assert caption.figures["predicted"] == "0.02%"
    assert caption.figures["sigma"] == "0.03571"
    assert caption.figures["start"] == "3.0%"


def test_relu_has_zeros_and_dead_units_in_place_of_saturation() -> None:
    caption = shared.saturation(saturated(tiny(activation="relu"), 0.5, 0.6, dead=0.25), None)
    assert caption.section == "zero activations"
    assert caption.figures["dead"] == "25.0%"


@pytest.mark.parametrize(
    ("activation", "label"), [("elu", "ELU"), ("selu", "SELU"), ("gelu", "GELU"), ("silu", "SiLU")]
)
def test_an_activation_flat_at_one_end_is_told_by_its_name(activation: str, label: str) -> None:
    run = saturated(tiny(activation=activation), 0.5, 0.6, dead=0.25)
    # Whether or not there is a prediction: none of these saturates at both ends.
    for predicted in (None, Prediction(0.4, 0.05)):
        caption = shared.saturation(run, predicted)
        assert caption.section == "flat activations"
        told = {"activation": label, "start": "50.0%", "now": "60.0%", "dead": "25.0%"}
        assert told.items() <= caption.figures.items()


def test_leaky_relu_is_said_never_to_be_flat() -> None:
    caption = shared.saturation(saturated(tiny(activation="leaky_relu"), 0.0, 0.0), None)
    assert caption.section == "never flat"


def test_without_hidden_layers_nothing_saturates() -> None:
    caption = shared.saturation(shown(0.9, 0.8, config=tiny(hidden=())), None)
    assert caption == Caption("no hidden layer", {})


# The rule


def test_the_l2_rule_has_the_runs_own_numbers() -> None:
    config = RunConfig(penalty="l2", lam=10, learning_rate=0.5, train_size=5_000, optimizer="sgd")
    (caption,) = shared.rule(config)
    assert caption.section == "rule l2"
    # ηλ/n = 0.5 · 10 / 5,000 = 0.001; λ/2n = 0.001
    assert caption.figures["factor"] == "1 − 0.001"
    assert float(caption.figures["keras"]) == pytest.approx(0.001)
    assert caption.figures["n"] == "5,000"
    assert (caption.figures["lam"], caption.figures["eta"]) == ("10", "0.5")


@pytest.mark.parametrize(
    ("lam", "rate", "section", "factor"),
    [
        (0.001, 0.001, "rule l2", "1 − 10⁻⁹"),
        (1.0, 100.0, "rule l2", "0.9"),
        (9.0, 100.0, "rule l2", "0.1"),
        (15.0, 100.0, "rule l2 overshoots", "−0.5"),
        (300.0, 100.0, "rule l2 overshoots", "−29"),
    ],
)
def test_the_factor_of_a_step_is_told_however_near_one_or_beyond_zero(
    lam: float, rate: float, section: str, factor: str
) -> None:
    config = RunConfig(penalty="l2", lam=lam, learning_rate=rate, train_size=1_000)
    caption = shared.rule(config)[0]
    assert caption.section == section
    assert caption.figures["factor"] == factor


def test_the_l1_rule_has_the_runs_own_numbers() -> None:
    config = RunConfig(penalty="l1", lam=10, learning_rate=0.5, train_size=5_000)
    caption = shared.rule(config)[0]
    assert caption.section == "rule l1"
    assert caption.figures["step"] == "0.001"
    assert float(caption.figures["keras"]) == pytest.approx(0.002)
    weak = RunConfig(penalty="l1", lam=1, learning_rate=0.001, train_size=5_000)
    assert shared.rule(weak)[0].figures["step"] == "2 × 10⁻⁷"


def test_the_elastic_net_has_both_its_coefficients_and_its_share() -> None:
    config = RunConfig(penalty="l1_l2", lam=2, l1_share=0.25, train_size=5_000, optimizer="sgd")
    (caption,) = shared.rule(config)
    assert caption.section == "rule l1_l2"
    # α λ/n = 0.25 · 2 / 5,000; (1 − α) λ/2n = 0.75 · 2 / 10,000.
    assert caption.figures["keras_l1"] == "0.0001"
    assert caption.figures["keras_l2"] == "0.00015"
    assert (caption.figures["share"], caption.figures["lam"]) == ("0.25", "2")


def test_the_proximal_rule_has_its_threshold() -> None:
    config = RunConfig(penalty="l1_proximal", lam=10, learning_rate=0.5, optimizer="sgd")
    (caption,) = shared.rule(config)
    assert caption.section == "rule l1_proximal"
    assert caption.figures["step"] == "0.001"


@pytest.mark.parametrize(
    ("lam", "section", "factor"),
    [
        (1.0, "rule weight_decay", "1 − 0.0005"),
        (1_000.0, "rule weight_decay", "0.5"),
        (2_000.0, "rule weight_decay", "0"),
        (3_000.0, "rule weight_decay overshoots", "−0.5"),
    ],
)
def test_weight_decay_has_its_factor_however_near_one_or_beyond_zero(
    lam: float, section: str, factor: str
) -> None:
    config = RunConfig(penalty="weight_decay", lam=lam, learning_rate=0.5, train_size=1_000)
    config = config.replace(optimizer="sgd")
    (caption,) = shared.rule(config)
    assert caption.section == section
    assert caption.figures["factor"] == factor
    assert float(caption.figures["weight_decay"]) == pytest.approx(lam / 1_000)


CODED = [
    RunConfig(penalty=penalty, lam=lam, optimizer=optimizer, learning_rate=rate)
    for penalty in ("l1", "l2", "l1_l2", "l1_proximal", "weight_decay")
    for optimizer in OPTIMIZERS
    for lam, rate in ((10.0, 0.5), (1.0, 0.001))
]


def code_of(config: RunConfig) -> str:
    caption = shared.rule(config)[0]
    text = prose.text("regularisation", caption.section, caption.figures)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return code


@pytest.mark.slow
@pytest.mark.parametrize(
    "config", CODED, ids=lambda c: f"{c.penalty}-{c.optimizer}-{c.learning_rate}"
)
def test_the_lessons_code_is_code_and_does_what_the_run_does(config: RunConfig) -> None:
    code = code_of(config)
    strength = penalties.coefficients(config)
    stock = model.as_keras(config)
    names: dict[str, Any] = {"keras": keras, "Dense": keras.layers.Dense, "units": 3}
    if config.penalty == "l1_proximal":
        exec(code, names)
        w = np.array([0.5, 1.5e-7, -0.01, 0.0005, -0.0005, 0.0], np.float32)
        ours = [penalties.shrink(float(value), config) for value in w]
        np.testing.assert_allclose(np.asarray(names["SoftThreshold"]()(w)), ours, atol=1e-9)
    elif config.penalty == "weight_decay":
        made = f"keras.optimizers.{type(stock.optimizer).__name__}(..., "
        assert f"{made}weight_decay={strength.weight_decay:g})" in code
        exec(code.replace("...", "learning_rate=0.1"), names)
        assert names["optimizer"].weight_decay == pytest.approx(stock.optimizer.weight_decay)
    else:
        layer = eval(code, names)
        assert layer.kernel_regularizer.get_config() == pytest.approx(
            stock.layers[0].kernel_regularizer.get_config()
        )


def test_the_lessons_own_pair_has_the_same_keras_coefficient() -> None:
    for lam, n in ((0.1, 1_000), (5, 50_000)):
        config = RunConfig(penalty="l2", lam=lam, train_size=n, dataset="full")
        assert shared.rule(config)[0].figures["keras"] == "5e-05"


@pytest.mark.parametrize(
    ("optimizer", "schedule", "added"),
    [
        ("sgd", "constant", []),
        ("adam", "constant", ["rule under adam"]),
        ("momentum", "constant", ["rule under momentum"]),
        ("nesterov", "cosine", ["rule under momentum", "rule under a schedule"]),
        ("sgd", "exponential", ["rule under a schedule"]),
        ("nadam", "plateau", ["rule under adam", "rule under a schedule"]),
        ("rmsprop", "constant", ["rule under adam"]),
        ("adagrad", "constant", ["rule under adam"]),
        ("lion", "constant", ["rule under lion"]),
    ],
)
def test_what_makes_the_plain_rule_untrue_is_told_beside_it(
    optimizer: str, schedule: str, added: list[str]
) -> None:
    config = RunConfig(penalty="l2", lam=1, optimizer=optimizer, schedule=schedule)
    assert [caption.section for caption in shared.rule(config)] == ["rule l2", *added]


@pytest.mark.parametrize("penalty", ["weight_decay", "l1_proximal"])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_a_penalty_apart_from_the_gradient_acts_as_it_stands(penalty: str, optimizer: str) -> None:
    config = RunConfig(penalty=penalty, lam=1, optimizer=optimizer)
    sections = [caption.section for caption in shared.rule(config)]
    kind = {"weight_decay": "decay", "l1_proximal": "proximal"}[penalty]
    added = [f"rule under apart, {kind}"] if optimizer != "sgd" else []
    assert sections == [f"rule {penalty}", *added]
    named = shared.rule(config)[-1].figures["optimizer"]
    assert named == OPTIMIZERS[config.optimizer].label


def test_what_acts_apart_is_summed_over_the_run() -> None:
    # 1,200 steps of 1 − ηλ/n = 1 − 2e-5, and as many thresholds of 2e-5.
    decay = RunConfig(penalty="weight_decay", lam=100)
    assert shared.rule(decay)[1].figures["total"] == f"{100 * (1 - (1 - 2e-5) ** 1_200):.1f}%"
    proximal = RunConfig(penalty="l1_proximal", lam=100)
    assert shared.rule(proximal)[1].figures["total"] == "0.024"
    cosine = RunConfig(penalty="l1_proximal", lam=100, schedule="cosine", final_rate=1e-6)
    assert float(shared.rule(cosine)[1].figures["total"]) == pytest.approx(0.012, rel=0.01)


def test_the_elastic_net_overshoots_by_its_l2_part_alone() -> None:
    config = RunConfig(
        penalty="l1_l2", lam=10_000, l1_share=0.1, learning_rate=1.0, optimizer="sgd"
    )
    (caption,) = shared.rule(config)
    # 1 − 0.9 · 10,000 / 5,000.
    assert (caption.section, caption.figures["factor"]) == ("rule l1_l2 overshoots", "−0.8")
    (caption,) = shared.rule(config.replace(l1_share=0.9))
    assert caption.section == "rule l1_l2"


def test_a_run_whose_labels_are_all_wrong_has_no_true_ones_to_tell_of() -> None:
    record = synthetic(
        corrupted_accuracy=0.5, clean_accuracy=math.nan, examples={"corrupted": 100, "train": 100}
    )
    caption = shared.label_noise(Shown("a", record, None, 2))
    assert caption is not None
    assert caption.section == "label noise, all wrong"


def test_a_change_that_rounds_to_zero_has_no_sign() -> None:
    assert points(Estimate(-0.0002, 0.02)) == "0.0 ± 2.0"


def test_no_penalty_has_a_rule_of_its_own() -> None:
    assert [caption.section for caption in shared.rule(RunConfig())] == ["rule none"]
