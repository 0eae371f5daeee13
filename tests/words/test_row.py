"""What is said of the row of points below a slider."""

from __future__ import annotations

from dataclasses import replace

from fmviz.analysis.stopping import look
from fmviz.page.view import Judging
from fmviz.words import prose
from fmviz.words.row import WORDS, alt, described, short
from tests.support.records import shown, synthetic, tiny

RUN = shown(0.9, 0.8, images=500)


def test_every_section_fits_a_row() -> None:
    assert set(prose.sections(WORDS)) == {
        "gap", "accuracy", "one each", "one each, all", "short, gap", "short, accuracy",
    }  # fmt: skip
    for gap in (False, True):
        for trained in (2, 5):
            assert "{{" not in described([RUN], trained, 5, gap=gap)
            assert f"{trained} of 5" in short(trained, 5, gap=gap)


def test_it_says_on_how_many_images_of_which_seed_and_how_many_are_there_yet() -> None:
    said = described([RUN], 3, 14, gap=True)
    assert said == (
        "Filled: training, on 500 images; hollow: validation, on 500; ± one standard error. "
        "One training each, seed 0; 3 of 14 settings so far."
    )
    assert "so far" not in described([RUN], 14, 14, gap=False)


def test_samples_that_differ_are_told_by_the_least_and_the_most() -> None:
    runs = [
        replaced
        for images in (20, 1_250, 50)
        for replaced in [RUN._replace(record=replace(RUN.record, examples=examples(images)))]
    ]
    assert "on 20 to 1,250 images" in described(runs, 3, 14, gap=True)


def examples(images: int) -> dict[str, int]:
    return {**RUN.record.examples, "train": images}


def test_noise_in_the_labels_and_early_stopping_are_told() -> None:
    noisy = synthetic(tiny(label_noise=0.2))
    stopped = look(noisy, "a", **Judging(patience=1).early_stopping)
    said = described([stopped], 2, 5, gap=True)
    assert "training as it was told" in said
    assert "as early stopping leaves it" in said
    assert "told" not in described([RUN], 2, 5, gap=True)


def test_the_picture_is_told_to_those_who_do_not_see_it() -> None:
    text = alt("Strength, λ", ("a",), 3, 14, "At λ = 20: validation 80.0 ± 0.8%")
    assert text == (
        "Accuracy along the slider Strength, λ, at 3 of its 14 positions. "
        "At λ = 20: validation 80.0 ± 0.8%."
    )
    assert "of a, b along" in alt("η", ("a", "b"), 3, 14, "")
