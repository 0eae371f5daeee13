"""Images from disk, their split, and noise on their labels."""

from __future__ import annotations

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.data import DataError, read_idx, read_pair
from scripts.make_compact import build, check
from tests.support.needs import require
from tests.support.records import locked_folder

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
COMPACT = Path(data.__file__).parents[1] / "datasets" / "compact"
Bytes = npt.NDArray[np.uint8]


def image_bytes(n: int, magic: int = 2051, rows: int = 28, columns: int = 28) -> bytes:
    """An IDX file of images, written by hand as yann.lecun.com describes it."""
    header = struct.pack(">IIII", magic, n, rows, columns)
    return header + bytes(i % 251 for i in range(n * rows * columns))


def label_bytes(labels: list[int], magic: int = 2049) -> bytes:
    return struct.pack(">II", magic, len(labels)) + bytes(labels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The four files of a sound set of 20 + 20 images."""
    labels = [i % 10 for i in range(20)]
    for images, names in ((IMAGES, LABELS), (TEST_IMAGES, TEST_LABELS)):
        (tmp_path / images).write_bytes(gzip.compress(image_bytes(20)))
        (tmp_path / names).write_bytes(gzip.compress(label_bytes(labels)))
    return tmp_path


def full_set() -> Path:
    """The folder of the full set on this machine."""
    require(
        "full" in data.available(),
        "needs full Fashion-MNIST: apt-get install dataset-fashion-mnist",
    )
    return data._folder_of_full()


# Reading


def test_images_and_labels_are_read_as_they_were_written(folder: Path) -> None:
    images, labels = read_pair(folder, "train")
    assert images.shape == (20, 28, 28)
    assert images.tobytes() == image_bytes(20)[16:]
    assert labels.tolist() == [i % 10 for i in range(20)]


def test_what_is_written_is_read_back_and_its_bytes_depend_on_nothing_else(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8)
    for name in ("a.gz", "b.gz"):
        data.write_idx(tmp_path / name, images)
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz", 2051), images)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    data.write_idx(tmp_path / "labels.gz", np.arange(10, dtype=np.uint8))
    assert gzip.decompress((tmp_path / "labels.gz").read_bytes()) == label_bytes(list(range(10)))


BAD_IMAGES = {
    "magic": (gzip.compress(image_bytes(20, magic=2052)), "magic number 2052, expected 2051"),
    "labels in place of images": (
        gzip.compress(label_bytes([i % 10 for i in range(20)])),
        "magic number 2049, expected 2051",
    ),
    "cut short": (gzip.compress(image_bytes(20))[:-30], "truncated"),
    "cut after the gzip header": (gzip.compress(image_bytes(20))[:10], "truncated"),
    "cut within the gzip header": (gzip.compress(image_bytes(20))[:5], "truncated"),
    "not gzip": (image_bytes(20), "gzip"),
    "wrong checksum": (
        gzip.compress(image_bytes(20))[:-8] + b"\0\0\0\0" + gzip.compress(image_bytes(20))[-4:],
        "gzip",
    ),
    "one image too few": (gzip.compress(image_bytes(20)[:-784]), "declares 20 items"),
    "one byte too many": (gzip.compress(image_bytes(20) + b"\0"), "declares 20 items"),
    "more images declared than memory": (
        gzip.compress(struct.pack(">IIII", 2051, 2**32 - 1, 28, 28)),
        "declares 4,294,967,295 items",
    ),
    "wrong shape": (gzip.compress(image_bytes(20, rows=32, columns=30)), "32 x 30 pixels"),
    "short header": (gzip.compress(image_bytes(20)[:12]), "12 bytes, too few"),
    "empty": (gzip.compress(b""), "0 bytes, too few"),
    "nothing at all": (b"", "too few"),
}


@pytest.mark.parametrize("damage", sorted(BAD_IMAGES))
def test_a_damaged_file_is_an_error_that_names_it_and_says_what_is_wrong(
    folder: Path, damage: str
) -> None:
    content, reason = BAD_IMAGES[damage]
    (folder / IMAGES).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_pair(folder, "train")
    assert str(folder / IMAGES) in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError) as caught:
        read_pair(folder, "train")
    assert f"{folder / name} is missing" in str(caught.value)


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / IMAGES).unlink()
    (folder / IMAGES).mkdir()
    with pytest.raises(DataError) as caught:
        read_pair(folder, "train")
    assert f"{folder / IMAGES} cannot be read" in str(caught.value)


def test_files_in_an_unreadable_folder_are_an_error_that_names_the_file() -> None:
    with locked_folder(0o000) as (_, locked), pytest.raises(DataError) as caught:
        read_pair(locked, "train")
    assert f"{locked / IMAGES} cannot be read: Permission denied" in str(caught.value)


def test_images_without_as_many_labels_are_an_error_that_names_both_files(folder: Path) -> None:
    (folder / LABELS).write_bytes(gzip.compress(label_bytes([1] * 19)))
    with pytest.raises(DataError) as caught:
        read_pair(folder, "train")
    for part in (str(folder / IMAGES), str(folder / LABELS), "20 images", "19 labels"):
        assert part in str(caught.value)


def test_a_label_beyond_the_classes_is_an_error_that_names_the_file(folder: Path) -> None:
    (folder / LABELS).write_bytes(gzip.compress(label_bytes([9] * 19 + [10])))
    with pytest.raises(DataError) as caught:
        read_pair(folder, "train")
    assert str(folder / LABELS) in str(caught.value)
    assert "label 10, expected 0 to 9" in str(caught.value)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_random_damage_is_a_data_error_or_does_no_harm(
    tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    sound = gzip.compress(label_bytes([i % 10 for i in range(50)]), mtime=0)
    content = bytearray(sound)
    for place in draw.draw(st.lists(st.integers(0, len(sound) * 8 - 1), max_size=4)):
        content[place // 8] ^= 1 << place % 8
    content = content[: draw.draw(st.just(len(sound)) | st.integers(0, len(sound)))]
    path = tmp_path_factory.getbasetemp() / "damaged.gz"
    path.write_bytes(content)
    try:
        labels, said = read_idx(path, 2049).tolist(), str(path)
    except DataError as error:
        labels, said = [i % 10 for i in range(50)], str(error)
    assert labels == [i % 10 for i in range(50)]
    assert str(path) in said


# Where the full set comes from


def test_full_with_too_few_images_is_an_error_that_names_file_and_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FMVIZ_DATA", str(folder))
    assert data.available() == ["compact", "full"]
    with pytest.raises(DataError) as caught:
        data.load("full")
    for part in (str(folder / IMAGES), "holds 20 images", "expected 60,000", "'full'"):
        assert part in str(caught.value)


def test_a_folder_that_fmviz_data_names_in_vain_is_an_error_and_no_other_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "nowhere"
    monkeypatch.setenv("FMVIZ_DATA", str(missing))
    assert data.available() == ["compact"]
    with pytest.raises(DataError) as caught:
        data.load("full")
    assert "FMVIZ_DATA" in str(caught.value)
    assert str(missing) in str(caught.value)


def test_a_folder_that_lacks_a_file_is_an_error_that_names_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / TEST_LABELS).unlink()
    monkeypatch.setenv("FMVIZ_DATA", str(folder))
    assert data.available() == ["compact"]
    with pytest.raises(DataError) as caught:
        data.load("full")
    for part in ("FMVIZ_DATA", str(folder), TEST_LABELS):
        assert part in str(caught.value)
    assert IMAGES not in str(caught.value)


def test_fmviz_data_may_name_a_folder_from_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("FMVIZ_DATA", f"~/{folder.name}")
    assert data.available() == ["compact", "full"]


@pytest.mark.parametrize("below", ["", "inside"])
def test_an_unreadable_folder_in_fmviz_data_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    with locked_folder(0o000) as (_, locked):
        monkeypatch.setenv("FMVIZ_DATA", str(locked / below))
        with pytest.raises(DataError) as caught:
            data.load("full")
        assert data.available() == ["compact"]
    assert str(locked / below) in str(caught.value)


def test_an_unreadable_home_does_not_hide_the_compact_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with locked_folder(0o000) as (_, locked):
        monkeypatch.delenv("KERAS_HOME", raising=False)
        monkeypatch.setenv("HOME", str(locked))
        assert "compact" in data.available()


def test_keras_cache_is_used_and_where_nothing_is_found_all_places_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "no-debian")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert data.available() == ["compact"]
    with pytest.raises(DataError) as caught:
        data.load("full")
    for part in ("FMVIZ_DATA", "dataset-fashion-mnist", str(tmp_path / "no-debian")):
        assert part in str(caught.value)
    cache = tmp_path / "keras" / "datasets" / "fashion-mnist"
    cache.mkdir(parents=True)
    for name in (IMAGES, LABELS, TEST_IMAGES, TEST_LABELS):
        (cache / name).write_bytes((folder / name).read_bytes())
    assert data.available() == ["compact", "full"]


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="compact, full, not 'mnist'"):
        data.load("mnist")


# Split


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_every_first_n_images_of_a_part_are_balanced_by_class(part: str) -> None:
    labels = getattr(data.load(), part).labels
    running = np.cumsum(labels[:, None] == np.arange(10), axis=0)
    assert (running.max(axis=1) - running.min(axis=1)).max() <= 1
    assert len(labels) == getattr(DATASETS["compact"], part)


def test_parts_have_each_image_of_the_files_once_with_its_label() -> None:
    loaded = data.load()
    for parts, name in (((loaded.train, loaded.validation), "train"), ((loaded.test,), "test")):
        content = [
            (image / np.float32(255)).tobytes() + bytes([label])
            for image, label in zip(*read_pair(COMPACT, name))
        ]
        found = [
            pixels.tobytes() + bytes([label])
            for part in parts
            for pixels, label in zip(part.pixels, part.labels)
        ]
        assert sorted(found) == sorted(content)


def test_pixels_are_float32_between_0_and_1_and_nothing_can_be_changed() -> None:
    train = data.load().train
    assert train.pixels.dtype == np.float32
    assert train.labels.dtype == np.int32
    assert train.pixels.shape == (10_000, 784)
    assert (train.pixels.min(), train.pixels.max()) == (0.0, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        train.grey[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        train.labels[0] = 1


def test_pixels_are_the_nearest_float32_to_grey_over_255_and_some_are_made_alone() -> None:
    images = data.load().validation
    exact = (images.grey.astype(np.float64) / 255).astype(np.float32)
    np.testing.assert_array_equal(images.pixels, exact)
    for which in (slice(3, 9), [7, 2], np.array([5])):
        some = images[which]
        np.testing.assert_array_equal(some.pixels, images.pixels[which])
        np.testing.assert_array_equal(some.labels, images.labels[which])


def test_a_data_set_is_read_once() -> None:
    assert data.load() is data.load("compact")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_prefixes_of_a_stratified_order_are_balanced_while_all_classes_last(
    classes: list[int], seed: int
) -> None:
    labels = np.array(classes)
    order = data.stratified_order(labels, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(classes)))
    totals = np.bincount(labels, minlength=5)
    for n in range(1, len(classes) + 1):
        counts = np.bincount(labels[order[:n]], minlength=5)
        # A class may lag behind the fullest by more than one only where it has no more to give.
        lagging = (counts < counts.max() - 1) & (counts < totals)
        assert not lagging.any(), (n, counts, totals)


def test_a_stratified_order_is_random_and_repeatable() -> None:
    labels = np.repeat(np.arange(10), 30)
    first, again, other = (
        data.stratified_order(labels, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9
    # Which image of a class comes first is drawn too, and not in the order of the file.
    assert (np.diff(first[labels[first] == 3]) < 0).any()


# Order of an epoch


def test_an_epoch_sees_every_image_once_in_an_order_of_its_own() -> None:
    orders = [data.epoch_order(1_000, epoch) for epoch in range(4)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(1_000))
    for a in range(4):
        for b in range(a):
            assert (orders[a] == orders[b]).mean() < 0.05
    np.testing.assert_array_equal(orders[2], data.epoch_order(1_000, 2))


# Label noise


@given(
    st.integers(1, 400),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 2**31 - 1),
)
@settings(max_examples=150, deadline=None)
def test_label_noise_is_wrong_nested_and_of_the_size_asked_for(
    n: int, one_share: float, other_share: float, seed: int
) -> None:
    labels = (np.arange(n) % 10).astype(np.int32)
    small, large = sorted((one_share, other_share))
    noisy_small, few = data.with_noise(labels, small, seed)
    noisy_large, many = data.with_noise(labels, large, seed)
    assert len(few) == round(small * n)
    assert len(many) == round(large * n)
    assert set(few) <= set(many)
    np.testing.assert_array_equal(noisy_small[few], noisy_large[few])
    for noisy, corrupted in ((noisy_small, few), (noisy_large, many)):
        assert np.flatnonzero(noisy != labels).tolist() == corrupted.tolist()
        assert noisy.min() >= 0
        assert noisy.max() <= 9
        assert noisy.dtype == np.int32
    np.testing.assert_array_equal(labels, np.arange(n) % 10)


def test_wrong_labels_come_evenly_from_the_other_nine_classes() -> None:
    labels = np.full(9_000, 4, np.int32)
    noisy, _ = data.with_noise(labels, 1.0, seed=3)
    counts = np.bincount(noisy, minlength=10)
    assert counts[4] == 0
    assert scipy.stats.chisquare(np.delete(counts, 4)).pvalue > 1e-4


def test_another_seed_corrupts_other_examples() -> None:
    labels = np.zeros(1_000, np.int32)
    _, one = data.with_noise(labels, 0.2, seed=0)
    _, other = data.with_noise(labels, 0.2, seed=1)
    assert 10 < len(set(one) & set(other)) < 80  # 40 expected by chance


# What ships


def test_the_shipped_set_is_balanced_and_of_the_promised_size() -> None:
    for part, at_least in (("train", 12_000), ("test", 5_000)):
        images, labels = read_pair(COMPACT, part)
        assert len(images) >= at_least
        assert len(set(np.bincount(labels, minlength=10).tolist())) == 1


def test_the_shipped_set_takes_at_most_8_megabytes_with_its_notice() -> None:
    files = list(COMPACT.iterdir())
    assert sum(file.stat().st_size for file in files) <= 8 * 10**6
    notice = (COMPACT / "NOTICE").read_text(encoding="utf-8")
    assert "MIT License" in notice
    assert "Zalando" in notice
    assert "WITHOUT WARRANTY" in notice


def test_no_shipped_test_image_is_also_trained_on() -> None:
    loaded = data.load()
    trained = {pixels.tobytes() for pixels in loaded.train.pixels}
    # Fashion-MNIST itself has a few duplicates across its two files; more would be a leak.
    shared = sum(pixels.tobytes() in trained for pixels in loaded.test.pixels)
    assert shared <= 5


def test_the_listed_indices_pick_the_shipped_images_out_of_the_full_set() -> None:
    source = full_set()
    with gzip.open(COMPACT / "indices.csv.gz", "rt", encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    for part in ("train", "test"):
        mine = [row for row in rows if row["part"] == part]
        images, labels = read_pair(COMPACT, part)
        assert [int(row["compact_index"]) for row in mine] == list(range(len(images)))
        picked = [int(row["full_index"]) for row in mine]
        full_images, full_labels = read_pair(source, part)
        np.testing.assert_array_equal(full_images[picked], images)
        np.testing.assert_array_equal(full_labels[picked], labels)
        assert len(set(picked)) == len(picked)


@pytest.mark.slow
def test_the_shipped_set_is_what_its_script_makes(tmp_path: Path) -> None:
    build(full_set(), tmp_path)
    made = {path.name: gzip.decompress(path.read_bytes()) for path in tmp_path.iterdir()}
    assert set(made) == {IMAGES, LABELS, TEST_IMAGES, TEST_LABELS, "indices.csv.gz"}
    for name, content in made.items():
        assert content == gzip.decompress((COMPACT / name).read_bytes()), name


def test_check_tells_a_set_that_its_script_did_not_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_up(source: Path, target: Path) -> None:
        data.write_idx(target / LABELS, np.zeros(10, np.uint8))

    monkeypatch.setattr("scripts.make_compact.build", made_up)
    data.write_idx(tmp_path / LABELS, np.zeros(10, np.uint8))
    check(tmp_path, tmp_path)
    data.write_idx(tmp_path / LABELS, np.ones(10, np.uint8))
    with pytest.raises(SystemExit, match="differs in content"):
        check(tmp_path, tmp_path)


@pytest.mark.slow
def test_the_full_set_is_split_as_stated() -> None:
    full_set()
    full = data.load("full")
    assert (len(full.train), len(full.validation), len(full.test)) == (55_000, 5_000, 10_000)
    for part in (full.train, full.validation, full.test):
        assert len(set(np.bincount(part.labels, minlength=10).tolist())) == 1
