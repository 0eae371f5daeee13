"""From a picture to 28 × 28: what the data set has is given back, and nothing else can come out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import stats

from benchmarks import garments
from fmviz.analysis import network
from fmviz.pictures.preparing import prepare
from fmviz.pictures.reading import Colours, PictureError
from fmviz.run import data
from fmviz.run.measure import accuracy
from fmviz.run.record import RunRecord


def on_ground(garment: np.ndarray, ground: float = 255, margins: tuple[int, ...] = (20,) * 4):
    """Grey values, (height, width), on even ground with margins: left, upper, right, lower."""
    left, upper, right, lower = margins
    grey = np.pad(garment, ((upper, lower), (left, right)), constant_values=ground)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


GARMENT = np.full((56, 28), 60)
GARMENT[:28] = 120


def test_it_is_cropped_centred_and_negated() -> None:
    prepared = prepare(on_ground(GARMENT, margins=(33, 5, 7, 81)))
    assert prepared.negated
    assert np.abs(np.array(prepared.box) - (33, 5, 61, 61)).max() <= 1
    # Twice as high as wide: 28 × 14 in the middle.
    lit = prepared.grey > 100
    assert lit[:, 7:21].mean() > 0.95
    assert prepared.grey[:, :6].max() == prepared.grey[:, 22:].max() == 0
    # Shares of the way from the ground to black.
    assert prepared.grey[20, 14] == pytest.approx(255 * (1 - 60 / 255), abs=2)
    assert prepared.grey[5, 14] == pytest.approx(255 * (1 - 120 / 255), abs=2)
    np.testing.assert_allclose(prepared.pixels, prepared.grey.reshape(-1) / 255, rtol=1e-6)


def test_on_dark_ground_light_stays_light() -> None:
    prepared = prepare(on_ground(255 - GARMENT, ground=0))
    assert not prepared.negated
    light = prepare(on_ground(GARMENT)).grey
    assert np.abs(prepared.grey.astype(int) - light).max() <= 3


def test_a_light_table_is_white_and_its_shade_is_no_garment() -> None:
    """The same garment, and three quarters of the light on one side."""
    even = prepare(on_ground(GARMENT))
    colours = on_ground(GARMENT)
    width = colours.shape[1]
    fall = np.linspace(0.9, 0.68, width)[None, :, None] * [1, 0.97, 0.9]
    shaded = np.rint(colours * fall).astype(np.uint8)
    assert np.abs(prepare(shaded).grey.astype(int) - even.grey).max() <= 4
    grain = np.random.default_rng(0).normal(0, 4, shaded.shape)
    grainy = prepare(np.clip(shaded + grain, 0, 255).astype(np.uint8))
    # But for where its outline falls, by a pixel of the picture.
    assert np.median(np.abs(grainy.grey.astype(int) - even.grey)) <= 2
    assert np.abs(np.array(grainy.box) - even.box).max() <= 1


def test_dust_is_left_out_and_a_pair_is_kept() -> None:
    colours = on_ground(GARMENT, margins=(40, 40, 40, 40))
    dusty = colours.copy()
    dusty[5:8, 5:8] = 0
    assert prepare(dusty).box == prepare(colours).box
    pair = on_ground(np.concatenate([GARMENT, np.full((56, 10), 255), GARMENT], axis=1))
    left, _, right, _ = prepare(pair).box
    assert right - left == pytest.approx(66, abs=2)


@pytest.mark.parametrize("grey", [0, 7, 128, 255])
def test_a_picture_of_nothing_gets_a_sentence(grey: int) -> None:
    with pytest.raises(PictureError, match="nothing to be seen"):
        prepare(np.full((40, 60, 3), grey, np.uint8))
    noise = np.random.default_rng(0).normal(0, 3, (200, 200, 3))
    with pytest.raises(PictureError, match="nothing to be seen"):
        prepare(np.clip(128 + noise, 0, 255).astype(np.uint8))


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(8, 90),
    width=st.integers(8, 90),
    kind=st.sampled_from(["noise", "blocks", "even", "lines"]),
)
def test_any_picture_is_28_by_28_or_a_sentence(
    seed: int, height: int, width: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    small = {"noise": (height, width), "blocks": (3, 4), "even": (1, 1), "lines": (height, 1)}
    few = Image.fromarray(rng.integers(0, 256, (*small[kind], 3), np.uint8))
    colours = np.asarray(few.resize((width, height), Image.Resampling.NEAREST))
    try:
        prepared = prepare(colours)
    except PictureError:
        return
    assert prepared.grey.shape == (28, 28)
    assert prepared.grey.dtype == np.uint8
    left, upper, right, lower = prepared.box
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    # Its longest edge fills the picture, and what is beside the other is ground.
    long, short = max(right - left, lower - upper), min(right - left, lower - upper)
    side = 28 - max(1, round(28 * short / long))
    flat = prepared.grey if right - left == long else prepared.grey.T
    assert not flat[: side // 2].any()
    assert not flat[28 - (side - side // 2) :].any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), left=st.integers(15, 60), upper=st.integers(15, 60))
def test_where_a_garment_lies_and_how_bright_the_light_is_do_not_matter(
    seed: int, left: int, upper: int
) -> None:
    rng = np.random.default_rng(seed)
    blocks = Image.fromarray(rng.integers(0, 160, (3, 3), np.uint8))
    garment = np.asarray(blocks.resize((60, 90), Image.Resampling.NEAREST))
    reference = prepare(on_ground(garment)).grey.astype(int)
    moved = prepare(on_ground(garment, margins=(left, upper, 30, 50))).grey
    assert np.abs(moved - reference).max() <= 3
    dim = prepare(np.rint(on_ground(garment) * 0.7).astype(np.uint8)).grey
    assert np.abs(dim - reference).max() <= 5


# What networks say to images of the data set that went through the preparation


COUNT = 150


@pytest.fixture(scope="module")
def records() -> list[RunRecord]:
    return garments.networks()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return data.load().validation[:COUNT].grey.reshape(-1, 28, 28)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least"), [("untouched", 0.9), ("enlarged", 0.9), ("photographed", 0.8)]
)
def test_the_preparation_gives_back_what_networks_say(
    kind: str, least: float, records: list[RunRecord], images: np.ndarray
) -> None:
    """And more often than that of the data set's makers, which was for a studio's photographs."""
    pictures = garments.degraded(kind, images)
    ways: dict[str, list[np.ndarray]] = {}
    for name in ("as the page does it", "as the data set was made"):
        made = garments.prepared(garments.WAYS[name], pictures)
        ways[name] = [
            garments.predicted(record, made) == garments.predicted(record, images)
            for record in records
        ]
    ours, theirs = (np.concatenate(same) for same in ways.values())
    assert ours.mean() - 2 * accuracy(float(ours.mean()), COUNT).error > least
    if kind == "photographed":
        # Paired by image: a sign test, on one network's answers.
        better, worse = (ours & ~theirs)[:COUNT].sum(), (theirs & ~ours)[:COUNT].sum()
        assert stats.binomtest(int(better), int(better + worse)).pvalue < 1e-6


def test_networks_are_asked_as_keras_would_be(records: list[RunRecord]) -> None:
    """The answers behind that are those that TensorFlow recorded."""
    validation = data.load().validation
    for record in records:
        answers = network.predict(record.weights, record.config.activation, validation.pixels)
        recorded = record.answers("val", record.epochs)
        assert (answers == recorded).mean() > 0.999


@pytest.mark.slow
def test_the_page_s_way_is_one_of_the_ways_that_are_measured(images: np.ndarray) -> None:
    pictures: list[Colours] = garments.degraded("photographed", images[:20])
    page = garments.prepared(garments.chosen, pictures)
    same = garments.prepared(garments.otherwise, pictures)
    np.testing.assert_array_equal(page, same)
