"""Ever wider networks: what counts as a peak, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.overfitting import widths, widths_charts, widths_says
from fmviz.lessons.overfitting.widths import WIDTHS, Descent, Width
from fmviz.run.config import RunConfig
from fmviz.run.record import layer_sizes
from fmviz.ui import live
from fmviz.words.prose import Caption
from tests.support.charts import fields
from tests.support.lessons import made_up, opened, texts
from tests.support.records import synthetic
from tests.support.scripted import ScriptedEngine

LESSON = LESSONS["overfitting"]
IMAGES = 2_500
PRESET = next(preset for preset in LESSON.presets if preset.name == "widths")


def descent(
    means: Sequence[float], by_heart: int = 3, spread: float = 0.002, seed: int = 0
) -> Descent:
    """Widths with these errors over five seeds, which from the `by_heart`-th on have learnt all."""
    draws = np.random.default_rng(seed).normal(0, spread, (len(means), 5))
    return Descent(
        [
            Width(
                WIDTHS[place],
                np.full(5, 1.0 if place >= by_heart else 0.8),
                np.clip(mean + draws[place], 0, 1),
            )
            for place, mean in enumerate(means)
        ],
        IMAGES,
    )


PEAKED = (0.4, 0.3, 0.35, 0.4, 0.3, 0.28)
FALLING = (0.4, 0.35, 0.3, 0.28, 0.26, 0.24)
FLAT = (0.3,) * 6


def said(section: str, means: Sequence[float], by_heart: int = 3) -> Callable[[], Caption]:
    found = {0.2: descent(means, by_heart)}
    return lambda: next(c for c in widths_says.told(found, "error") if c.section == section)


BRANCHES: dict[str, Callable[[], Caption]] = {
    "widths peak": said("widths peak", PEAKED),
    "widths no peak": said("widths no peak", FALLING),
    "widths past, falls": said("widths past, falls", FALLING),
    "widths past, same": said("widths past, same", FLAT),
    "widths past, rises": said("widths past, rises", FALLING[::-1]),
    "widths never by heart": said("widths never by heart", FLAT, by_heart=9),
    "widths only the widest": said("widths only the widest", FLAT, by_heart=5),
    "widths too few": lambda: widths_says.told({}, "error")[0],
    "about widths": lambda: widths_says.about(RunConfig(train_size=500)),
    "widths intro": lambda: widths_says.intro(RunConfig()),
}


def test_every_width_is_trained_with_true_and_with_wrong_labels_over_the_seeds() -> None:
    config = LESSON.state_of(PRESET).config
    runs = widths.runs(config)
    assert len(runs) == len(set(runs)) == len(WIDTHS) * 2 * 5
    for run in runs:
        assert run == config.replace(hidden=run.hidden, label_noise=run.label_noise, seed=run.seed)
    # Without wrong labels of its own the page has the usual share beside none.
    assert widths.noises(config.replace(label_noise=0)) == (0.0, 0.2)
    assert widths.noises(config.replace(label_noise=0.4)) == (0.0, 0.4)


@pytest.mark.parametrize("images", [100, 500, 2_000])
def test_at_the_threshold_of_counting_there_is_a_weight_for_every_answer(images: int) -> None:
    units = widths.units_at_threshold(images)

    def parameters(width: int) -> int:
        (pixels, hidden, classes) = layer_sizes(RunConfig(hidden=(width,)))
        return (pixels + 1) * hidden + (hidden + 1) * classes

    below, above = (parameters(int(count)) for count in (np.floor(units), np.ceil(units)))
    assert below <= 10 * images <= above
    share = units - np.floor(units)
    assert below + share * (above - below) == pytest.approx(10 * images)


def test_a_peak_is_higher_than_both_sides_and_the_highest_of_several() -> None:
    peak = descent(PEAKED).peak
    assert peak is not None
    assert [w.units for w in (peak.narrow, peak.top, peak.wide)] == [
        WIDTHS[place] for place in (1, 3, 5)
    ]
    assert peak.rise.value == pytest.approx(0.1, abs=0.005)
    assert peak.fall.value == pytest.approx(-0.12, abs=0.005)
    for means in (FALLING, FALLING[::-1], FLAT, PEAKED[:4]):
        assert descent(means).peak is None


def test_of_equal_widths_a_peak_is_seen_in_at_most_one_of_twenty_sweeps() -> None:
    seen = [descent((0.3,) * 7, spread=0.01, seed=seed).peak is not None for seed in range(400)]
    assert np.mean(seen) < 0.05


def test_the_interval_is_students() -> None:
    width = descent(FLAT).widths[0]
    low, high = scipy.stats.t.interval(
        0.95, 4, width.held_out.mean(), scipy.stats.sem(width.held_out)
    )
    mean = width.mean
    assert (mean.value - mean.margin, mean.value + mean.margin) == pytest.approx((low, high))


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=2, max_size=7),
    st.integers(0, 7),
    st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_widths_do_what_is_said_is_so(
    means: list[float], by_heart: int, seed: int
) -> None:
    found = descent(means, by_heart, seed=seed)
    sections = {caption.section for caption in widths_says.told({0.2: found}, "error")}
    assert len(sections) == 2
    if "widths peak" in sections:
        # Some width is higher than one before it and than one after it.
        assert any(
            min(means[:k]) < means[k] > min(means[k + 1 :]) for k in range(1, len(means) - 1)
        )
    learnt = by_heart < len(means)
    assert ("widths never by heart" in sections) == (not learnt)
    if learnt and by_heart < len(means) - 1:
        change = means[-1] - means[by_heart]
        # Of equal widths one pair in twenty is told apart.
        if change:
            assert ("widths past, falls" in sections) == (change < 0)
            assert ("widths past, rises" in sections) == (change > 0)
        assert widths.answer(found) == {True: 2, False: 0}.get(change < 0) if change else 1
    else:
        assert widths.answer(found) is None


def test_a_width_of_which_a_run_is_missing_waits() -> None:
    config = RunConfig(train_size=100, epochs=2, label_noise=0.2)
    known = [
        synthetic(run, train_accuracy=1.0, val_accuracy=0.7)
        for run in widths.runs(config)
        if run.hidden == (8,) or (run.hidden == (16,) and run.seed < 3) or run.hidden == (512,)
    ]
    found = widths.descents(known, "error")
    assert {noise: [w.units for w in each.widths] for noise, each in found.items()} == {
        0.0: [8, 512],
        0.2: [8, 512],
    }
    names = {noise: widths_says.labels(noise) for noise in found}
    rows = widths_charts.widths_rows(found, names, "error")
    spec = widths_charts.widths_spec(tuple(names.values()), "error", False)
    assert fields(spec) <= set(rows.table.column_names)
    drawn = [row for row in rows.values if row["kind"] == "width"]
    assert len(drawn) == 2 * 2 * 2
    assert {row["split"] for row in drawn} == {"training", "validation"}
    loss = widths_charts.widths_rows(widths.descents(known, "crossentropy"), names, "crossentropy")
    assert {row["split"] for row in loss.values if row["kind"] == "width"} == {"validation"}


# The page


@pytest.mark.slow
def test_the_guess_comes_before_the_widths(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine(
        lambda configs: [made_up(configs, train_accuracy=1.0, val_accuracy=0.7)]
    )
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("overfitting", guesses=True)
    at.button(key="overfitting/guess none").click().run()
    at.button(key="overfitting/preset widths").click().run()
    assert not at.exception
    many = tuple(dict.fromkeys(widths.runs(LESSON.state_of(PRESET).config)))
    assert many not in engine.asked
    assert "no peak" not in texts(at)
    at.button(key="overfitting/wider 0").click().run()
    assert not at.exception
    assert many in engine.asked
    assert "no peak stands out" in texts(at)
    assert "You guessed *It rises" in texts(at)


def test_the_sweep_of_that_step_has_the_same_runs() -> None:
    sweep = LESSONS["sweep"]
    (preset,) = (preset for preset in sweep.presets if preset.name == "widths")
    runs = widths.runs(LESSON.state_of(PRESET).config)
    assert set(sweep.runs_of(sweep.state_of(preset)).values()) == set(runs)
