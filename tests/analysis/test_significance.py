"""One statistics: each p-value beside SciPy's, and what chance alone is called real."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis import significance
from fmviz.analysis.significance import LEVEL, MANY, SAME, Comparison
from fmviz.run.measure import Estimate, accuracy

# P-values beside SciPy's


@given(st.integers(0, 60), st.integers(0, 60), st.integers(121, 5_000))
@settings(max_examples=200, deadline=None)
def test_networks_on_the_same_images_are_told_apart_by_mcnemars_test(
    b: int, c: int, m: int
) -> None:
    found = significance.mcnemar(b, c, m)
    if b + c < MANY:
        expected = scipy.stats.binomtest(b, b + c).pvalue if b + c else 1.0
    else:
        expected = scipy.stats.chi2.sf((b - c) ** 2 / (b + c), 1)
    assert found.p == pytest.approx(expected)
    assert (found.value, found.only, found.source) == ((b - c) / m, (b, c), "paired")
    assert found.error > 0


@given(st.integers(1, 2_000), st.floats(0, 1), st.floats(0.001, 0.5), st.integers(1_000, 10_000))
@settings(max_examples=200, deadline=None)
def test_a_share_of_few_is_above_another_only_where_chance_would_hardly_show_as_many(
    examples: int, part: float, luck: float, elsewhere: int
) -> None:
    right = round(part * examples)
    found = significance.more_often(right / examples, examples, accuracy(luck, elsewhere))
    assert found.value == pytest.approx(right / examples - luck)
    if found.sign > 0:
        by_luck = scipy.stats.binomtest(right, examples, luck, alternative="greater").pvalue
        assert 2 * by_luck < LEVEL
        z = found.value / found.error
        assert 2 * scipy.stats.norm.sf(z) < LEVEL


@pytest.mark.parametrize(
    ("right", "examples", "sign"), [(1, 1, 0), (2, 4, 0), (3, 4, 1), (50, 100, 1)]
)
def test_of_few_labels_those_that_are_repeated_may_be_luck(
    right: int, examples: int, sign: int
) -> None:
    luck = Estimate(0.0571, 0.0008)
    assert significance.more_often(right / examples, examples, luck).sign == sign


@pytest.mark.parametrize(
    ("b", "p", "real"), [(4, 0.125, False), (5, 0.0625, False), (6, 1 / 32, True)]
)
def test_few_images_are_counted_out(b: int, p: float, real: bool) -> None:
    found = significance.mcnemar(b, 0, 1_000)
    assert found.p == pytest.approx(p)
    assert found.real is real
    assert found.sign == (1 if real else 0)
    assert significance.mcnemar(0, b, 1_000).sign == (-1 if real else 0)


def test_a_census_leaves_nothing_to_chance() -> None:
    right = np.arange(20) < 15
    other = np.arange(20) < 16
    found = significance.paired(other, right, population=0)
    assert (found.value, found.error, found.source, found.sign) == (0.05, 0.0, "census", 1)
    assert significance.paired(right, right, population=0).sign == 0
    # Half of the images measured: √((N − m)/(N − 1)) of the error.
    shrunk = significance.mcnemar(90, 60, 1_000, math.sqrt(1_000 / 1_999))
    assert shrunk.error == pytest.approx(
        significance.mcnemar(90, 60, 1_000).error / math.sqrt(1.999)
    )
    assert shrunk.p < significance.mcnemar(90, 60, 1_000).p


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.1))
def test_separate_images_are_judged_by_the_normal_distribution(value: float, error: float) -> None:
    found = significance.separate(Estimate(0.5 + value, error), Estimate(0.5, 2 * error))
    assert found.error == pytest.approx(math.sqrt(5) * error)
    assert found.p == pytest.approx(2 * scipy.stats.norm.sf(abs(found.value) / found.error))
    assert found.margin == pytest.approx(1.959964 * found.error)


@given(st.integers(1, 200), st.data())
@settings(deadline=None)
def test_an_accuracy_is_held_against_what_guessing_gets(examples: int, draw: st.DataObject) -> None:
    right = draw.draw(st.integers(0, examples))
    found = significance.against_chance(right / examples, examples)
    guess = scipy.stats.binom(examples, 0.1)
    assert found.p == pytest.approx(min(1, 2 * min(guess.cdf(right), guess.sf(right - 1))))
    assert (found.value > 0) == (right / examples > 0.1)


@given(st.lists(st.floats(-0.05, 0.05), min_size=2, max_size=8))
def test_seeds_are_judged_by_students_t(differences: list[float]) -> None:
    found = significance.of_seeds(differences, 1_000)
    assert found.df == len(differences) - 1
    if np.std(differences, ddof=1) > 0.001:
        expected = scipy.stats.ttest_1samp(differences, 0)
        assert found.p == pytest.approx(expected.pvalue)
        low, high = expected.confidence_interval()
        assert found.margin == pytest.approx((high - low) / 2)
        assert found.value == pytest.approx((high + low) / 2, abs=1e-9)


def test_two_seeds_have_to_be_far_apart_and_may_not_agree_by_accident() -> None:
    two = significance.of_seeds([0.02, 0.03], 2_500)
    assert two.margin / two.error == pytest.approx(12.706, rel=1e-4)
    assert not two.real
    # To the image the same in both: their spread is not taken for less than one image.
    assert significance.of_seeds([0.05, 0.05], 20).could_be_noise
    with pytest.raises(ValueError, match="at least two seeds, not 1"):
        significance.of_seeds([0.05], 20)


def test_the_pooled_spread_is_that_of_a_two_way_analysis_of_variance() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(9, 4)) + rng.normal(size=(9, 1)) + 3 * rng.normal(size=(1, 4))
    found = significance.pooled_spread(table)
    assert found is not None
    # By least squares on indicator columns.
    cell, seed = np.indices(table.shape)
    design = np.column_stack([np.eye(9)[cell.ravel()], np.eye(4)[seed.ravel()]])
    fit, _, rank, _ = np.linalg.lstsq(design, table.ravel())
    rest = table.ravel() - design @ fit
    assert found.df == table.size - rank
    assert found.deviation == pytest.approx(math.sqrt(2 * rest @ rest / found.df))
    # Of two settings it is the deviation of their differences.
    two = significance.pooled_spread(table[:2])
    assert two == pytest.approx(((table[0] - table[1]).std(ddof=1), 3))
    assert significance.pooled_spread(table[:1]) is None
    assert significance.pooled_spread(table[:, :1]) is None


def test_draws_are_judged_by_the_error_of_their_mean() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(0.005, 0.01, 20)
    assert significance.of_draws(draws).p == pytest.approx(scipy.stats.ttest_1samp(draws, 0).pvalue)
    assert significance.of_draws(draws[:1]).could_be_noise
    assert significance.of_draws(np.zeros(5)).could_be_noise


def test_what_was_chosen_for_being_ahead_is_hardly_evidence_of_it() -> None:
    ahead, behind = significance.mcnemar(90, 60, 1_000), significance.mcnemar(60, 90, 1_000)
    assert (ahead.sign, behind.sign) == (1, -1)
    found = significance.chosen(ahead, 20)
    assert (found.source, found.sign, found.value) == ("chosen", 0, ahead.value)
    assert significance.chosen(behind, 20) == behind
    assert significance.chosen(behind, 20, both=True).sign == 0
    assert significance.chosen(SAME, 20) is SAME
    assert significance.chosen(significance.mcnemar(200, 60, 1_000), 20).sign == 1


def test_of_equal_epochs_the_best_is_hardly_ever_called_better_than_the_last() -> None:
    """Epochs of one worth, each as right as the last on its own share of the images."""
    rng, tries, epochs = np.random.default_rng(0), 400, 20
    called = 0
    for _ in range(tries):
        right = rng.random((epochs, 500)) < rng.beta(0.8, 0.2, 500)
        best = right[right[:-1].sum(axis=1).argmax()]
        called += significance.chosen(significance.paired(best, right[-1]), epochs).sign > 0
    assert called / tries <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / tries)


def test_one_of_several_is_held_to_a_stricter_level() -> None:
    found = significance.mcnemar(90, 60, 1_000)
    assert found.real
    assert significance.among(found, 7).p == pytest.approx(7 * found.p)
    assert not significance.among(found, 7).real
    assert significance.among(found, 1_000).p == 1


# What chance alone is called real

TRIES = 2_000
# Of 2,000 tries at the level so many more may come out by the luck of the draw: three deviations.
ALLOWED = LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / TRIES)
# How much the luck of initial weights moves a difference from seed to seed; less where the two
# networks hardly ever differ.
LUCK = 0.006

Images = pytest.mark.parametrize("images", [20, 1_000, 2_500])
Accuracy = pytest.mark.parametrize("share", [0.1, 0.8, 0.995])


def compared(
    images: int, share: float, seeds: int, ahead: float, rng: np.random.Generator
) -> list[Comparison]:
    """Made-up pairs of networks of the same accuracy, the first ahead by so much.

    Their mistakes go together: on six tenths of what independent ones would give, one is right
    where the other is wrong. Of several seeds the difference has a luck of its own each.
    """
    apart = 0.6 * 2 * share * (1 - share)
    deviation = min(LUCK, apart / 3) if seeds > 1 else 0
    luck = rng.normal(0, deviation, (TRIES, seeds))
    lead = np.clip(ahead + luck, -apart, apart)
    chances = np.stack([(apart + lead) / 2, (apart - lead) / 2, np.full_like(lead, 1 - apart)], -1)
    only_a, only_b = np.moveaxis(rng.multinomial(images, chances)[..., :2], -1, 0)
    if seeds == 1:
        counts = zip(only_a[:, 0].tolist(), only_b[:, 0].tolist(), strict=True)
        return [significance.mcnemar(b, c, images) for b, c in counts]
    return [significance.of_seeds(row, images) for row in (only_a - only_b) / images]


def called_real(found: list[Comparison]) -> float:
    return sum(each.real for each in found) / len(found)


@Images
@Accuracy
@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_networks_that_do_not_differ_are_told_apart_as_often_as_the_level_says(
    images: int, share: float, seeds: int
) -> None:
    rng = np.random.default_rng([images, int(1_000 * share), seeds])
    assert called_real(compared(images, share, seeds, 0.0, rng)) <= ALLOWED


@Images
@Accuracy
def test_two_accuracies_on_different_images_are_told_apart_as_often_as_the_level_says(
    images: int, share: float
) -> None:
    rng = np.random.default_rng([images, int(1_000 * share)])
    pairs = rng.binomial(images, share, (TRIES, 2)) / images
    found = [significance.separate(*(accuracy(p, images) for p in pair)) for pair in pairs.tolist()]
    # The normal distribution is an approximation, on 20 images a rough one.
    assert called_real(found) <= ALLOWED + (0.02 if images == 20 else 0)


def power_of_counts(images: int, apart: float, lead: float) -> float:
    """How often McNemar's test, exact or normal, finds a lead: every outcome with its chance."""
    both = np.arange(images + 1)
    chance = scipy.stats.binom.pmf(both, images, apart)
    total = 0.0
    for n in both[chance > 1e-9]:
        b = np.arange(n + 1)
        if n < MANY:
            tail = np.minimum(scipy.stats.binom.cdf(b, n, 0.5), scipy.stats.binom.sf(b - 1, n, 0.5))
            real = 2 * tail < LEVEL
        else:
            real = np.abs(2 * b - n) > 1.959964 * math.sqrt(n)
        total += chance[n] * scipy.stats.binom.pmf(b[real], n, (1 + lead / apart) / 2).sum()
    return total


@pytest.mark.parametrize(
    ("images", "share"), [(20, 0.8), (1_000, 0.1), (1_000, 0.8), (1_000, 0.995), (2_500, 0.995)]
)
def test_a_difference_of_three_errors_is_found_as_often_as_theory_says(
    images: int, share: float
) -> None:
    rng = np.random.default_rng([images, 3])
    apart = 0.6 * 2 * share * (1 - share)
    lead = min(3 * math.sqrt(apart / images), apart)
    found = called_real(compared(images, share, 1, lead, rng))
    theory = power_of_counts(images, apart, lead)
    assert found == pytest.approx(theory, abs=3 * math.sqrt(theory * (1 - theory) / TRIES) + 1e-9)
    if images * apart > 100:
        # P(|Z + 3| > 1.96) = 0.85, the error being a little less where there is a lead.
        assert theory == pytest.approx(scipy.stats.norm.sf(1.96 - 3), abs=0.02)


@pytest.mark.parametrize("seeds", [2, 5])
def test_a_difference_of_three_errors_over_seeds_is_found_as_often_as_theory_says(
    seeds: int,
) -> None:
    rng = np.random.default_rng(seeds)
    deviation = math.sqrt(0.6 * 2 * 0.8 * 0.2 / 2_500 + LUCK**2)
    found = called_real(compared(2_500, 0.8, seeds, 3 * deviation / math.sqrt(seeds), rng))
    edge = scipy.stats.t.ppf(0.975, seeds - 1)
    theory = scipy.stats.nct.sf(edge, seeds - 1, 3) + scipy.stats.nct.cdf(-edge, seeds - 1, 3)
    assert found == pytest.approx(theory, abs=3 * math.sqrt(theory * (1 - theory) / TRIES))
